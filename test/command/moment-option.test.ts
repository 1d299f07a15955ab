// `--since` and `--until` around the changes of the clocks: what is judged by is the zone's own
// table, through Intl, which the code does not use.

import { strict as assert } from 'node:assert'
import { test, type TestContext } from 'node:test'
import { momentOfOption } from '../../lib/command/moment-option.ts'

const minuteMs = 60_000

function inZone(t: TestContext, zone: string): void {
  const before = process.env['TZ']
  process.env['TZ'] = zone
  t.after(() => {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  })
}

/** What the clock on the wall shows: `2026-03-29 03:10:00`. */
function shownIn(zone: string, moment: Date): string {
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(moment)
}

/**
 * Zones with a change of the clocks within the next two hours of each moment: forwards, and back.
 */
const changes = [
  ['Europe/Berlin', '2026-03-29T00:00:00Z'],
  ['Europe/Berlin', '2026-10-24T23:00:00Z'],
  ['America/New_York', '2026-03-08T06:00:00Z'],
  ['America/New_York', '2026-11-01T05:00:00Z'],
  // Half an hour only.
  ['Australia/Lord_Howe', '2026-10-03T15:00:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T14:00:00Z'],
  // Midnight is left out.
  ['Africa/Cairo', '2026-04-23T21:00:00Z'],
  ['UTC', '2026-03-29T00:00:00Z'],
  ['Asia/Kathmandu', '2026-03-29T00:00:00Z'],
] as const

for (const [zone, from] of changes) {
  test(`momentOfOption() counts durations from now in ${zone} around ${from}, local or not`, (t) => {
    inZone(t, zone)
    const durations = { '90s': 1.5, '15m': 15, '2h': 120, '1h30m': 90, '1d': 1440, now: 0 }
    for (let minute = 0; minute <= 240; minute += 10) {
      const now = Date.parse(from) + minute * minuteMs
      for (const [text, minutes] of Object.entries(durations)) {
        for (const local of [false, true]) {
          const moment = momentOfOption('-S, --since', text, now, local)
          assert.equal(now - moment.getTime(), minutes * minuteMs, `${text} at ${minute}`)
        }
      }
      assert.equal(momentOfOption('-S', '@1760711025', now, true).getTime(), 1_760_711_025_000)
    }
  })

  test(`momentOfOption() takes a local time in ${zone} around ${from} for what the clock shows then`, (t) => {
    inZone(t, zone)
    for (let minute = 0; minute <= 240; minute += 5) {
      const now = Date.parse(from) + minute * minuteMs
      const shown = shownIn(zone, new Date(now))
      const [date, time] = shown.split(' ') as [string, string]
      for (const text of [shown, `${date}T${time.slice(0, 5)}`, time]) {
        const moment = momentOfOption('-S, --since', text, now, true)
        assert.equal(shownIn(zone, moment), shown, text)
        assert.ok(moment.getTime() <= now, 'of two such moments the first')
      }
      const today = momentOfOption('-S, --since', 'today', now, true)
      assert.equal(shownIn(zone, today).slice(0, 10), date)
      assert.notEqual(shownIn(zone, new Date(today.getTime() - 1)).slice(0, 10), date)
    }
  })
}

test('momentOfOption() reads a zone where one is given, and names the option that is wrong', () => {
  const now = Date.parse('2026-11-24T12:00:00Z')
  const moment = momentOfOption('-U, --until', '2026-11-24T10:00+02:00', now, true)
  assert.equal(moment.toISOString(), '2026-11-24T08:00:00.000Z')
  assert.throws(() => momentOfOption('-U, --until', 'noon', now, false), {
    message:
      "option '-U, --until': expected 2026-11-24T14:30, 14:30, today, yesterday, now, 15m, 1h30m or 3d (ago), or @1795530600, got 'noon'",
  })
})
