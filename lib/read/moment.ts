// What a person means by a moment: `since` and `until`. Times without a zone are UTC, as in the files and on
// the screen, so that what was read there can be typed here.

const minuteMs = 60_000
const dayMs = 86_400_000

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: minuteMs,
  h: 60 * minuteMs,
  d: dayMs,
}

/**
 * A moment in milliseconds since 1970.
 *
 * @param value A Date; or ISO 8601, UTC when it names no zone (`2025-10-17`, `2025-10-17T14:23`); `HH:MM` or
 *   `HH:MM:SS` of today; `today` or `yesterday`, which begin at 00:00; or how long ago: `30s`, `15m`, `2h`, `3d`.
 * @param now Milliseconds since 1970.
 * @throws {RangeError} when it is none of these.
 */
export function momentOf(value: Date | string, now: number): number {
  const moment = value instanceof Date ? value.getTime() : parseMoment(value.trim(), now)
  if (!Number.isNaN(moment)) return moment
  throw new RangeError(
    `Cannot read a moment: expected a Date, ISO 8601, HH:MM, today, yesterday, 15m or 2h, got ${JSON.stringify(value)}`,
  )
}

function parseMoment(text: string, now: number): number {
  const today = Math.floor(now / dayMs) * dayMs
  if (text === 'today') return today
  if (text === 'yesterday') return today - dayMs
  const ago = /^(\d{1,9})([smhd])$/.exec(text)
  if (ago !== null) return now - Number(ago[1]) * unitMs[ago[2]!]!
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text)
  if (clock !== null) {
    const [, hours, minutes, seconds = 0] = clock
    return today + (Number(hours) * 60 + Number(minutes)) * minuteMs + Number(seconds) * 1000
  }
  // Date.parse alone takes `1` for a year and a time without zone for local.
  const iso =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/i
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
