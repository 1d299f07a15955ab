// A moment as a person writes it: `since` and `until`. Times without a zone are UTC, as in the
// files and on the screen, so that what was read there can be typed here.
//
// Some spellings name a moment by a clock on the wall: a date, a time of day, `today`. The others
// name the same moment in every zone: `15m` is 900 seconds ago, also in the night in which the
// clocks are changed.

const minuteMs = 60_000
const dayMs = 86_400_000

const ago = /^(?=\d)(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/
const epoch = /^@(\d{1,15}(?:\.\d{1,9})?)$/
const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/
// Date.parse alone takes `1` for a year and a time without zone for local.
const iso = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/i

/** The range of a Date, to both sides of 1970. */
const dateMsMax = 8.64e15

/** Seconds of 5138; above, the number behind `@` is in milliseconds. */
const epochSecondsMax = 1e11

/** What a text may be, for an error. */
export const momentExpected: string =
  '2026-11-24T14:30, 14:30, today, yesterday, now, 15m, 1h30m or 3d (ago), or @1795530600'

/**
 * A moment in milliseconds since 1970.
 *
 * @param value A Date; or ISO 8601, UTC when it names no zone (`2025-10-17`, `2025-10-17T14:23`);
 *   `HH:MM` or `HH:MM:SS` of today; `today` or `yesterday`, which begin at 00:00; how long ago:
 *   `30s`, `15m`, `1h30m`, `3d`; `now`; or `@` and the seconds since 1970.
 * @param now Milliseconds since 1970.
 * @throws {RangeError} for anything else.
 */
export function momentOf(value: Date | string, now: number): number {
  const moment = value instanceof Date ? value.getTime() : parseMoment(value.trim(), now)
  if (!Number.isNaN(moment)) return moment
  throw new RangeError(
    `Cannot read a moment: expected a Date, ${momentExpected}, got ${JSON.stringify(value)}`,
  )
}

/**
 * Whether a text names its moment by the clock on the wall, so that it is another one in another
 * zone.
 */
export function isByWallClock(text: string): boolean {
  const trimmed = text.trim()
  if (trimmed === 'now' || ago.test(trimmed) || epoch.test(trimmed)) return false
  return iso.exec(trimmed)?.[3] === undefined
}

function parseMoment(text: string, now: number): number {
  const today = Math.floor(now / dayMs) * dayMs
  if (text === 'now') return now
  if (text === 'today') return today
  if (text === 'yesterday') return today - dayMs
  const duration = ago.exec(text)
  if (duration !== null) {
    const [days, hours, minutes, seconds] = [1, 2, 3, 4].map((at) => Number(duration[at] ?? 0))
    const agoMs = days! * dayMs + (hours! * 60 + minutes!) * minuteMs + seconds! * 1000
    return Math.max(now - agoMs, -dateMsMax)
  }
  const sinceEpoch = epoch.exec(text)
  if (sinceEpoch !== null) {
    const count = Number(sinceEpoch[1])
    return count > epochSecondsMax ? count : count * 1000
  }
  const time = clock.exec(text)
  if (time !== null) {
    const [, hours, minutes, seconds = 0] = time
    return today + (Number(hours) * 60 + Number(minutes)) * minuteMs + Number(seconds) * 1000
  }
  return parseIso(text)
}

function parseIso(text: string): number {
  const match = iso.exec(text)
  if (match === null) return Number.NaN
  const [, date, time = '00:00', zone = 'Z'] = match
  // Date.parse takes 30 February for 2 March.
  if (new Date(date!).getUTCDate() !== Number(date!.slice(8))) return Number.NaN
  const colon = zone
    .replace(/^([+-]\d\d):?(\d\d)?$/, (_, hours, minutes = '00') => `${hours}:${minutes}`)
    .toUpperCase()
  return Date.parse(`${date}T${time.replace(',', '.')}${colon}`)
}
