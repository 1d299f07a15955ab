// `--since` and `--until`. What is read on the screen can be typed here: times without a zone are UTC, as the screen
// shows them, and local time with `--local`, as it shows them then.

import { momentOf } from '../read/moment.ts'
import { UsageError } from './failure.ts'

const zoned = /\d[T ].*(?:Z|[+-]\d\d:?\d\d)$/i

/**
 * The moment that an option names.
 *
 * @param option For the error: `-S, --since`.
 * @param now Milliseconds since 1970.
 * @throws {UsageError} when the text names no moment.
 */
export function momentOfOption(option: string, text: string, now: number, local: boolean): Date {
  try {
    if (!local || zoned.test(text.trim())) return new Date(momentOf(text, now))
    return fromWallClock(momentOf(text, toWallClock(now)))
  } catch {
    const expected = '2026-11-24T14:30, 14:30, today, yesterday, 15m, 2h or 3d (ago)'
    throw new UsageError(`option '${option}': expected ${expected}, got '${text}'`)
  }
}

/** What the local clock shows, as if it were UTC. */
function toWallClock(time: number): number {
  return time - new Date(time).getTimezoneOffset() * 60_000
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
