import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { isByWallClock, momentOf } from '../../lib/read/moment.ts'

const now = Date.parse('2025-10-17T14:23:45.123Z')

test('momentOf() reads every spelling, in UTC', () => {
  const moments: Readonly<Record<string, string>> = {
    today: '2025-10-17T00:00:00.000Z',
    yesterday: '2025-10-16T00:00:00.000Z',
    '30s': '2025-10-17T14:23:15.123Z',
    '15m': '2025-10-17T14:08:45.123Z',
    '2h': '2025-10-17T12:23:45.123Z',
    '3d': '2025-10-14T14:23:45.123Z',
    '1h30m': '2025-10-17T12:53:45.123Z',
    '1d2h3m4s': '2025-10-16T12:20:41.123Z',
    '999999999d': '-271821-04-20T00:00:00.000Z',
    now: '2025-10-17T14:23:45.123Z',
    '@1760711025': '2025-10-17T14:23:45.000Z',
    '@1760711025.5': '2025-10-17T14:23:45.500Z',
    '@1760711025123': '2025-10-17T14:23:45.123Z',
    '@0': '1970-01-01T00:00:00.000Z',
    '09:30': '2025-10-17T09:30:00.000Z',
    '9:30': '2025-10-17T09:30:00.000Z',
    ' 23:59:58 ': '2025-10-17T23:59:58.000Z',
    '2025-10-01': '2025-10-01T00:00:00.000Z',
    '2025-10-01T08:00': '2025-10-01T08:00:00.000Z',
    '2025-10-01 08:00:01': '2025-10-01T08:00:01.000Z',
    '2025-10-01T08:00:01.5Z': '2025-10-01T08:00:01.500Z',
    '2025-10-01T08:00:00.123+00:00': '2025-10-01T08:00:00.123Z',
    '2025-10-01T08:00-0500': '2025-10-01T13:00:00.000Z',
    '2025-10-01T08:00-05': '2025-10-01T13:00:00.000Z',
    '2024-02-29': '2024-02-29T00:00:00.000Z',
  }
  for (const [text, iso] of Object.entries(moments)) {
    assert.equal(new Date(momentOf(text, now)).toISOString(), iso, text)
  }
  assert.equal(momentOf(new Date(5), now), 5)
})

test('momentOf() refuses everything else, and says what it expects', () => {
  for (const text of [
    '',
    '1',
    'tomorrow',
    '15',
    '15 m',
    '-2h',
    '30m1h',
    '1h1h',
    '1.5h',
    'h',
    '@',
    '@-1',
    '@soon',
    'Now',
    '24:00',
    '12:60',
    '2025-13-01',
    '2025-02-30',
    '2025-02-29T08:00',
    '2025-10-01T24:30',
  ]) {
    assert.throws(() => momentOf(text, now), RangeError, text)
  }
  assert.throws(() => momentOf('soon', now), {
    message:
      'Cannot read a moment: expected a Date, 2026-11-24T14:30, 14:30, today, yesterday, now, 15m, 1h30m or 3d (ago), or @1795530600, got "soon"',
  })
  assert.throws(() => momentOf(new Date('x'), now), RangeError)
})

test('isByWallClock() knows what is the same moment in every zone', () => {
  for (const text of [
    'now',
    '15m',
    '1h30m',
    ' 3d ',
    '@1760711025',
    '2025-10-01T08:00Z',
    '2025-10-01 08:00+02',
  ]) {
    assert.equal(isByWallClock(text), false, text)
  }
  for (const text of ['today', 'yesterday', '14:00', '2025-10-01', '2025-10-01T08:00', '']) {
    assert.equal(isByWallClock(text), true, text)
  }
})
