import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ERROR, INFO } from '../../lib/entry/level.ts'
import { HeldCopies } from '../../lib/read/held-copies.ts'
import type { TakenLine } from '../../lib/read/line-batch.ts'

function line(category: string, seq: number, base = 'error.log', severity = ERROR): TakenLine {
  const bytes = Buffer.from(`<${category} ${seq}>`)
  return { category, severity, time: 0, seq, lsn: seq, base, bytes, from: 1, to: bytes.length - 1 }
}

function shown(lines: readonly TakenLine[]): string[] {
  return lines.map(({ bytes, from, to }) => bytes.toString('utf8', from, to))
}

describe('HeldCopies', () => {
  test('isCopy() is true of errors in error.log whose category has a file elsewhere', () => {
    const held = new HeldCopies()
    assert.equal(held.isCopy(line('system', 1)), true)
    assert.equal(held.isCopy(line('system', 1, 'system.log')), false)
    assert.equal(held.isCopy(line('error', 1)), false, 'that is its own file')
    assert.equal(held.isCopy(line('mine', 1, 'error.log', INFO)), false)
    assert.equal(held.isCopy(line('mine', 2)), false, 'no error was there: so it is its own file')
  })

  test('hold() keeps the bytes as they are, and each number once, in order', () => {
    const held = new HeldCopies()
    const first = line('system', 1)
    assert.equal(held.isEmpty, true)
    assert.deepEqual(held.hold(first), [])
    first.bytes.fill('x')
    held.hold(line('system', 2))
    held.hold(line('system', 2))
    held.hold(line('system', 1))
    assert.equal(held.isEmpty, false)
    assert.deepEqual(shown(held.all()), ['system 1', 'system 2'])
    assert.deepEqual([held.isEmpty, held.all()], [true, []])
  })

  test('upTo() releases those of the category up to a number', () => {
    const held = new HeldCopies()
    for (const seq of [1, 3, 5]) held.hold(line('system', seq))
    held.hold(line('sdk', 1))
    assert.deepEqual(shown(held.upTo(line('system', 3))), ['system 1', 'system 3'])
    assert.deepEqual(held.upTo(line('system', 4)), [])
    assert.deepEqual(held.upTo(line('audit', 9)), [])
    assert.deepEqual(shown(held.all()), ['system 5', 'sdk 1'])
  })

  test('hold() lets the oldest go when it would hold too much', () => {
    const held = new HeldCopies()
    const large = Buffer.alloc(9 << 20, 'x')
    const of = (seq: number): TakenLine => ({ ...line('sdk', seq), bytes: large, to: large.length })
    assert.deepEqual(held.hold(of(1)), [])
    assert.deepEqual(
      held.hold(of(2)).map(({ seq }) => seq),
      [1, 2],
    )
    assert.equal(held.isEmpty, true)
  })

  test('ownerless() gives nothing of a category that has, or may have, a file of its own', () => {
    const held = new HeldCopies()
    assert.deepEqual(held.ownerless([]), [])
    held.isCopy(line('seen', 1, 'seen.log'))
    for (const category of ['system', 'seen', 'mine', 'late']) held.hold(line(category, 1))
    assert.deepEqual(held.ownerless(['mine.log']), [], 'late: it has not waited long enough')
  })
})
