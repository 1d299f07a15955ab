// What compiling an event gives to the capture: its values copied at once, or a reason why not.

import type { Lanes } from './lanes.ts'

/**
 * The outcomes of a capture: all is in the lanes; the types do not match; it is too large for its
 * places.
 */
export const CAPTURED = 0
export const MISMATCHED = 1
export const UNFIT = 2

/**
 * Copies a context's values, and gives one of the three outcomes; unless CAPTURED, what is written
 * must be taken back.
 */
export type Capture = (lanes: Lanes, context: unknown) => number
