import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LogEntry } from '../../lib/index.ts'
import { Copies, isCopy, isInErrorFile } from '../../lib/read/copies.ts'
import type { LogLine } from '../../lib/read/time-order.ts'

function line(changes: Partial<LogEntry> = {}, file = 'system.log'): LogLine {
  const entry = {
    timestamp: '2025-10-17T14:23:45.123+00:00',
    level: 'ERROR',
    category: 'system',
    message: 'm',
    seq: 1,
    ...changes,
  } as LogEntry
  return { raw: JSON.stringify(entry), entry, file, offset: 0, cursor: '' }
}

describe('Copies', () => {
  test('seen() knows an entry that comes again, by category, number, time and length', () => {
    const copies = new Copies(false)
    const place = { line: undefined }
    assert.equal(copies.seen(line(), place), undefined)
    assert.equal(copies.seen(line({}, 'error.log')), place)
    assert.equal(copies.has(line({}, 'error.log.3')), true)
    for (const other of [
      { seq: 2 },
      { category: 'sdk' },
      { timestamp: '2025-10-17T14:23:45.124+00:00' },
      { message: 'longer' },
    ]) {
      assert.equal(copies.has(line(other)), false, JSON.stringify(other))
      assert.equal(copies.seen(line(other)), undefined, JSON.stringify(other))
    }
  })

  test('seen() follows errors of other files only, or all entries', () => {
    const [some, all] = [new Copies(false), new Copies(true)]
    for (const other of [line({ level: 'INFO' }), line({ category: 'error' })]) {
      some.seen(other)
      assert.equal(some.seen(other), undefined)
      all.seen(other)
      assert.notEqual(all.seen(other), undefined)
    }
    const { seq: _, ...unnumbered } = line().entry!
    const without = { ...line(), entry: unnumbered as LogEntry }
    all.seen(without)
    assert.deepEqual([all.seen(without), all.has(without)], [undefined, false])
    assert.equal(all.seen({ ...line(), entry: undefined }), undefined)
  })

  test('remembers tens of thousands, and forgets what is far', () => {
    const copies = new Copies(true)
    for (let seq = 1; seq <= 2 * 32_768 + 1; seq++) copies.seen(line({ seq }))
    assert.equal(copies.has(line({ seq: 1 })), false)
    assert.equal(copies.has(line({ seq: 32_769 })), true)
    assert.notEqual(copies.seen(line({ seq: 32_770 })), undefined)
  })
})

test('isInErrorFile() and isCopy() go by the file, rotated and of an instance as well', () => {
  for (const file of ['error.log', 'error.log.2.gz', 'a/b/error.log.1']) {
    assert.deepEqual([isInErrorFile(line({}, file)), isCopy(line({}, file))], [true, true], file)
  }
  assert.equal(isCopy(line({}, 'system.log')), false)
  assert.equal(isInErrorFile(line({}, 'error.log/x')), false)
  assert.equal(isCopy(line({ category: 'error' }, 'error.log')), false)
  assert.equal(isCopy(line({ level: 'INFO' }, 'error.log')), false)
  assert.equal(isCopy({ ...line({}, 'error.log'), entry: undefined }), false)
})
