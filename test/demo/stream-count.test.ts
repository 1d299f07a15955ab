import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogEntry, LogLine } from 'ringlog'
import { StreamCount } from '../../scripts/demo/stream-count.ts'

function line(file: string, offset: number, category: string, seq: number, bytes = 10): LogLine {
  const entry: LogEntry = {
    timestamp: '2025-10-17T14:23:45.123+00:00',
    level: 'INFO',
    category,
    message: 'x',
    seq,
  }
  return { raw: 'x'.repeat(bytes - 1), entry, file: `/logs/${file}`, offset, cursor: '' }
}

describe('StreamCount', () => {
  it('notices a rotation where the lines of a file begin again, with the size put aside', () => {
    const count = new StreamCount()
    const rotations = [
      count.add(line('system.log', 0, 'system', 1)),
      count.add(line('audit.log', 0, 'audit', 1)),
      count.add(line('system.log', 10, 'system', 2, 30)),
      count.add(line('system.log', 0, 'system', 3)),
      count.add(line('system.log.1', 10, 'system', 4)),
      count.add(line('system.log', 0, 'system', 5)),
    ]
    const first = { file: 'system.log', bytes: 40 }
    const second = { file: 'system.log', bytes: 20 }
    assert.deepEqual(rotations, [undefined, undefined, undefined, first, undefined, second])
    assert.deepEqual([count.rotations, count.missing(), count.late], [2, 0, 0])
  })

  it('counts bytes, not characters', () => {
    const count = new StreamCount()
    count.add({ ...line('system.log', 0, 'system', 1), raw: 'ä€' })
    assert.deepEqual(count.add(line('system.log', 0, 'system', 2)), {
      file: 'system.log',
      bytes: 6,
    })
  })

  for (const [fault, seqs, expected] of [
    ['nothing', [1, 2, 3], { missing: 0, repeated: 0, late: 0 }],
    ['what is missing', [1, 4, 5], { missing: 2, repeated: 0, late: 0 }],
    ['what is repeated', [1, 2, 2], { missing: 0, repeated: 1, late: 0 }],
    ['what is late', [1, 3, 2], { missing: 0, repeated: 0, late: 1 }],
  ] as const) {
    it(`reports ${fault}`, () => {
      const count = new StreamCount()
      seqs.forEach((seq, i) => count.add(line('system.log', i * 10, 'system', seq)))
      const { repeated, late, entries } = count
      assert.deepEqual({ missing: count.missing(), repeated, late }, expected)
      assert.equal(entries, 3)
    })
  }

  it('reports an entry that comes behind a later one of another file', () => {
    const count = new StreamCount()
    const at = (file: string, category: string, lsn: number): LogLine => {
      const { entry, ...rest } = line(file, lsn * 10, category, lsn)
      return { ...rest, entry: { ...entry!, lsn } }
    }
    count.add(at('system.log', 'system', 1))
    count.add(at('audit.log', 'audit', 3))
    assert.equal(count.late, 0)
    count.add(at('error.log', 'system', 2))
    assert.equal(count.late, 1)
    count.add(at('audit.log', 'audit', 4))
    assert.equal(count.late, 1)
  })

  it('takes a copy in error.log for the entry, whenever it comes', () => {
    const count = new StreamCount()
    count.add(line('error.log', 0, 'system', 3))
    count.add(line('system.log', 0, 'system', 1))
    count.add(line('system.log', 10, 'system', 2))
    count.add(line('system.log', 30, 'system', 4))
    assert.deepEqual([count.entries, count.missing(), count.late], [4, 0, 0])
  })
})
