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

/**
 * What writes the entry of a straight call somewhere else, too, or only there: code that is
 * compiled into the call.
 */
export interface RecordCode {
  /** The values do not stand in the lanes. */
  readonly isAlone: boolean
  /**
   * The code. It leaves by `break recorded` what is to be committed as ever, before anything has
   * changed; else it counts the entry.
   *
   * @param numbers The values that stand in the lane of numbers, as expressions; and the strings.
   */
  readonly lines: (numbers: readonly string[], strings: readonly string[]) => readonly string[]
}

/** The code for the calls of one event, and what it refers to by name. */
export interface StraightRecord {
  readonly code: RecordCode
  readonly parts: object
}
