// The line that covers entries which were taken back.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseLine } from '../../lib/entry/line.ts'
import { coverOf, isCover } from '../../lib/entry/taken-back.ts'

function line(message: string): string {
  return `{"timestamp":"2026-11-27T10:00:00.000Z","level":"INFO","category":"system","message":"${message}","seq":7}\n`
}

describe('coverOf()', () => {
  for (const [what, lines] of Object.entries({
    'the shortest entry': line(''),
    'a long one': line('x'.repeat(500)),
    'many of them': line('some').repeat(50),
  })) {
    test(`is one entry without a number, as long as ${what}`, () => {
      const cover = coverOf(Buffer.from(lines)).toString()
      assert.equal(cover.length, lines.length)
      assert.equal(cover.indexOf('\n'), lines.length - 1)
      const entry = parseLine(cover.trimEnd())
      assert.equal(entry?.category, 'system')
      assert.equal(isCover(entry), true)
    })
  }

  test('keeps the columns of a human line, and is blank for any other', () => {
    const human = '[2026-11-27 10:00:00] INFO  | system | some message that is long enough\n'
    const cover = coverOf(Buffer.from(human)).toString()
    assert.match(
      cover,
      /^\[2026-11-27 10:00:00\] INFO {2}\| system \| Taken back: it came[^\n]*\n$/,
    )
    assert.equal(cover.length, human.length)
    assert.equal(coverOf(Buffer.from('a\nb\n')).toString(), '   \n')
  })
})

test('isCover() takes nothing else for one', () => {
  for (const other of [line('Taken back'), line('x').replace(',"seq":7', '')]) {
    assert.equal(isCover(parseLine(other)!), false)
  }
})
