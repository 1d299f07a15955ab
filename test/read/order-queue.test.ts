// What is followed, in the order of the calls: whatever order the files come in.

import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Copies } from '../../lib/read/copies.ts'
import { OrderQueue, orderWaitMs } from '../../lib/read/order-queue.ts'
import type { TimedLine } from '../../lib/read/time-order.ts'

function timed(file: string, lsn: number | undefined, category = 'system', text = ''): TimedLine {
  const timestamp = '2025-10-17T14:00:00.000+00:00'
  const level = category === 'error' || text === 'copied' ? 'ERROR' : 'INFO'
  const entry =
    lsn === undefined
      ? undefined
      : ({ timestamp, level, category, message: 'm', seq: lsn, lsn } as const)
  const line = {
    raw: entry === undefined ? text : JSON.stringify(entry),
    entry,
    file,
    offset: 0,
    cursor: '',
  }
  return { line, time: 0, lsn, slackMs: 0, source: undefined, end: 0 }
}

function queue() {
  const copies = new Copies(true)
  const made = new OrderQueue<TimedLine>(({ line }) => line.file, copies)
  const push = (now: number, ...lines: TimedLine[]): string[] => {
    const passed = made.push(lines, now)
    for (const { line } of passed) copies.seen(line)
    return passed.map(({ line: { raw, entry, file } }) => `${entry?.lsn ?? raw} ${file[0]}`)
  }
  return { push, queue: made }
}

describe('OrderQueue.push()', () => {
  test('holds what stands behind a number that has not come, and gives it when that comes', () => {
    const { push, queue: made } = queue()
    made.begin(4)
    assert.deepEqual(push(0, timed('audit', 7), timed('audit', 8)), [])
    assert.deepEqual(push(1, timed('system', 5)), ['5 s'])
    assert.deepEqual(push(2, timed('system', 6), timed('system', 9)), ['6 s', '7 a', '8 a', '9 s'])
  })

  test('waits no longer than so long for one that does not come, once for all behind it', () => {
    const { push, queue: made } = queue()
    made.begin(1)
    assert.deepEqual(push(0, timed('audit', 5)), [])
    assert.deepEqual(push(500, timed('audit', 6), timed('audit', 8)), [])
    assert.deepEqual(push(orderWaitMs - 1), [])
    assert.deepEqual(push(orderWaitMs), ['5 a', '6 a'])
    assert.deepEqual(push(orderWaitMs + 1, timed('system', 3)), ['3 s'], 'late, and not lost')
    assert.deepEqual(push(500 + orderWaitMs), ['8 a'])
  })

  test('gives up nothing before the files have been looked at again', () => {
    const made = new OrderQueue<TimedLine>(({ line }) => line.file, new Copies(true))
    made.begin(0)
    assert.deepEqual(made.push([timed('a', 2)], 0, 0), [])
    // A round of looks that takes long, of a reader that is slow.
    assert.deepEqual(made.push([timed('a', 3)], 10 * orderWaitMs, 0), [])
    const lsns = made.push([timed('b', 1)], 10 * orderWaitMs, 10 * orderWaitMs)
    assert.deepEqual(
      lsns.map(({ lsn }) => lsn),
      [1, 2, 3],
    )
  })

  test('counts numbers that have been passed over unread', () => {
    const { push, queue: made } = queue()
    made.begin(0)
    assert.deepEqual(push(0, timed('audit', 4)), [])
    for (const lsn of [3, 1, 2]) made.note(lsn)
    assert.deepEqual(push(1), ['4 a'])
  })

  test('has a copy wait for its entry, and no longer where it was awaited in vain', () => {
    const { push, queue: made } = queue()
    made.begin(0)
    const copy = (lsn: number): TimedLine => timed('error.log', lsn, 'audit', 'copied')
    assert.deepEqual(push(0, copy(1)), [])
    assert.deepEqual(push(1, timed('audit', 1, 'audit', 'copied')), ['1 a', '1 e'])
    assert.deepEqual(push(2, copy(2)), [])
    assert.deepEqual(push(2 + orderWaitMs), ['2 e'])
    assert.deepEqual(push(3 + orderWaitMs, copy(3)), ['3 e'])
  })

  test('keeps what is no entry behind the line above it', () => {
    const { push, queue: made } = queue()
    made.begin(0)
    assert.deepEqual(push(0, timed('b', 2), timed('b', undefined, '', 'stack')), [])
    assert.deepEqual(push(1, timed('a', undefined, '', 'torn')), ['torn a'])
    assert.deepEqual(push(2, timed('a', 1)), ['1 a', '2 b', 'stack b'])
  })

  test('begins anew where a directory does', () => {
    const { push, queue: made } = queue()
    made.begin(1000)
    assert.deepEqual(push(0, timed('a', 1001), timed('a', 1003)), ['1001 a'])
    assert.deepEqual(push(1, timed('b', 1), timed('b', 2)), ['1003 a', '1 b', '2 b'])
  })

  test('gives every line once and in order, however the files of a log come', () => {
    const files = fc.array(fc.nat(3), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(
        files,
        fc.array(fc.tuple(fc.nat(3), fc.nat(5)), { maxLength: 80 }),
        (of, reads) => {
          const { push, queue: made } = queue()
          made.begin(0)
          const rest = [0, 1, 2, 3].map((file) =>
            of.flatMap((each, i) => (each === file ? [timed(`f${file}`, i + 1)] : [])),
          )
          const passed: string[] = []
          const all = [...reads, ...[0, 1, 2, 3].map((file): [number, number] => [file, 99])]
          for (const [file, count] of all) passed.push(...push(0, ...rest[file]!.splice(0, count)))
          assert.deepEqual(
            passed.map((text) => Number.parseInt(text, 10)),
            of.map((_, i) => i + 1),
          )
        },
      ),
    )
  })
})
