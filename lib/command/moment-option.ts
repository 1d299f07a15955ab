// `--since` and `--until`. What is read on the screen can be typed here: times without a zone are
// UTC, as the screen shows them, and local time with `--local`, as it shows them then.

import { isByWallClock, momentExpected, momentOf } from '../read/moment.ts'
import { UsageError } from './failure.ts'

/**
 * The moment that an option names.
 *
 * A local time that the clock shows twice, in the hour that is repeated in autumn, is the first of
 * the two.
 *
 * @param option For the error: `-S, --since`.
 * @param now Milliseconds since 1970.
 * @throws {UsageError} when the text names no moment.
 */
export function momentOfOption(option: string, text: string, now: number, local: boolean): Date {
  try {
    if (!local || !isByWallClock(text)) return new Date(momentOf(text, now))
    return fromWallClock(momentOf(text, toWallClock(now)))
  } catch {
    throw new UsageError(`option '${option}': expected ${momentExpected}, got '${text}'`)
  }
}

/** What the local clock shows, as if it were UTC. */
function toWallClock(time: number): number {
  const local = new Date(time)
  const parts = [
    local.getFullYear(),
    local.getMonth(),
    local.getDate(),
    local.getHours(),
    local.getMinutes(),
    local.getSeconds(),
    local.getMilliseconds(),
  ] as const
  return Date.UTC(...parts)
}

/** When the local clock shows it. */
function fromWallClock(shown: number): Date {
  const wall = new Date(shown)
  return new Date(
    wall.getUTCFullYear(),
    wall.getUTCMonth(),
    wall.getUTCDate(),
    wall.getUTCHours(),
    wall.getUTCMinutes(),
    wall.getUTCSeconds(),
    wall.getUTCMilliseconds(),
  )
}
