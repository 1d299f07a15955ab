// What is read from the bytes of a line is what parsing it gives; what looks otherwise is not read.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { severityOf } from '../../lib/entry/level.ts'
import { LineLook, type LinePlaces } from '../../lib/entry/line-places.ts'

const entry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'WARNING',
  category: 'my.cat-1_x',
  message: 'm',
  context: { seq: 9, lsn: 8 },
  seq: 42,
  lsn: 1087,
}

function look(text: string, looker = new LineLook()): LinePlaces | undefined {
  const bytes = Buffer.from(`before ${text}\nbehind`)
  return looker.at(bytes, 7, 7 + Buffer.byteLength(text))
}

function textOf(changes: object = {}): string {
  return JSON.stringify({ ...entry, ...changes })
}

describe('LineLook.at()', () => {
  test('gives time, level, category and numbers as parsing does', () => {
    for (const changes of [
      {},
      { level: 'CRITICAL', category: 'a', seq: 0, lsn: 1 },
      { level: 'DEBUG', message: '{"timestamp' },
      { level: 'ERROR', category: 'c'.repeat(64), seq: 999_999_999_999_999 },
      { level: 'INFO', timestamp: '2024-02-29T23:59:59.999+00:00' },
      { timestamp: '1969-12-31T00:00:00.000+00:00' },
    ]) {
      const expected = { ...entry, ...changes }
      assert.deepEqual(look(textOf(changes)), {
        time: Date.parse(expected.timestamp),
        severity: severityOf(expected.level),
        category: expected.category,
        seq: expected.seq,
        lsn: expected.lsn,
      })
    }
  })

  test('takes over nothing wrong from the line before', () => {
    const looker = new LineLook()
    for (const [day, category] of [
      ['2025-10-17', 'system'],
      ['2025-10-18', 'system'],
      ['2025-10-17', 'system2'],
      ['2025-10-17', 'sys'],
    ]) {
      const timestamp = `${day}T00:00:00.000+00:00`
      const found = look(textOf({ timestamp, category }), looker)
      assert.deepEqual([found?.time, found?.category], [Date.parse(timestamp), category])
    }
  })

  for (const [what, text] of [
    ['a day that is none', textOf({ timestamp: '2025-02-30T00:00:00.000+00:00' })],
    ['an hour that is none', textOf({ timestamp: '2025-02-28T24:00:00.000+00:00' })],
    ['a minute that is none', textOf({ timestamp: '2025-02-28T23:60:00.000+00:00' })],
    ['a second that is none', textOf({ timestamp: '2025-02-28T23:00:60.000+00:00' })],
    ['letters in a time', textOf({ timestamp: '2025-02-28T23:0x:00.000+00:00' })],
    ['other marks in a time', textOf({ timestamp: '2025-02-28 23:00:00.000+00:00' })],
    ['another zone', textOf({ timestamp: '2025-02-28T23:00:00.000+01:00' })],
    ['another level', textOf({ level: 'FATAL' })],
    ['no category', textOf({ category: '' })],
    ['a category that is too long', textOf({ category: 'c'.repeat(65) })],
    ['a category of other letters', textOf({ category: 'Ab' })],
    ['a number that is not exact', textOf({ seq: 1e15 })],
    ['a zero in front', textOf().replace(':42,', ':042,')],
    ['no number', textOf().replace(':42,', ':,')],
    ['no lsn', textOf().replace(',"lsn":1087', '')],
    ['other numbers', textOf().replace(',"lsn":1087', ',"lsx":1087')],
    ['a torn end', textOf().slice(0, -1)],
    ['a blank in front', ` ${textOf()}`],
    ['another entry within it', `${textOf().slice(0, 120)}${textOf()}`],
    ['nothing between its ends', '{"timestamp":"2025-10-17T14:23:45.123+00:00","seq":1,"lsn":1}'],
    ['hardly anything', '{}'],
  ] as const) {
    test(`leaves ${what} to whoever parses`, () => {
      assert.equal(look(text), undefined)
    })
  }

  test('sees another entry within a line, wherever it looks first', () => {
    const lines = [textOf(), `${textOf().slice(0, 130)}${textOf()}`, textOf({ seq: 43 })]
    const bytes = Buffer.from(lines.join('\n'))
    const looker = new LineLook()
    const at = (index: number): LinePlaces | undefined => {
      const from = lines.slice(0, index).reduce((sum, line) => sum + line.length + 1, 0)
      return looker.at(bytes, from, from + lines[index]!.length)
    }
    for (const index of [0, 1, 2, 1, 0]) {
      assert.equal(at(index)?.seq, [42, undefined, 43][index], `line ${index}`)
    }
  })
})
