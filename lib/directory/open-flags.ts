// The flags with which a file is opened so that the process neither hangs nor is led elsewhere,
// whatever stands under its name. Windows has neither of the two flags.

import { constants } from 'node:fs'

/**
 * A named pipe would hang the process, or a thread of the pool, until somebody opens its other end.
 */
const withoutWaiting = constants.O_NONBLOCK ?? 0

/** For a file that must be ours: not through a link, either. To be joined with how it is opened. */
export const guards: number = withoutWaiting | (constants.O_NOFOLLOW ?? 0)

/** To read a file that must be ours. */
export const readOurs: number = constants.O_RDONLY | guards

/** To read a file that somebody points at: links lead to it. */
export const readAny: number = constants.O_RDONLY | withoutWaiting
