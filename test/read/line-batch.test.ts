import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BatchBuilder, type LineBatch, lineOf } from '../../lib/read/line-batch.ts'

/** Adds lines of these numbers, each of so many bytes; what is full. */
function added(builder: BatchBuilder, numbers: readonly number[], length = 4): LineBatch[] {
  return numbers.flatMap((seq) => {
    const bytes = Buffer.from(`<${String(seq).padEnd(length, '.')}>`)
    const line = { category: 'c', severity: 1, time: 10 * seq, seq, lsn: seq, base: 'c.log' }
    return builder.add({ ...line, bytes, from: 1, to: 1 + length }) ?? []
  })
}

function numbersOf(batch: LineBatch | undefined): string[] {
  return (batch?.ends ?? []).map((_, i) => lineOf(batch!, i).toString())
}

describe('BatchBuilder', () => {
  test('gathers lines whose numbers follow each other, with their ends and times', () => {
    const builder = new BatchBuilder('c', { bytes: 1000, lines: 100 })
    assert.equal(builder.take(), undefined)
    assert.deepEqual(added(builder, [7, 8, 9]), [])
    const batch = builder.take()!
    assert.deepEqual([batch.category, batch.first, batch.last], ['c', 7, 9])
    assert.equal(batch.bytes.toString(), '7...\n8...\n9...\n')
    assert.deepEqual(
      [batch.ends, batch.times],
      [
        [5, 10, 15],
        [70, 80, 90],
      ],
    )
    assert.deepEqual(numbersOf(batch), ['7...', '8...', '9...'])
    assert.equal(builder.take(), undefined)
  })

  test('ends a batch at a gap, at so many lines, at so many bytes', () => {
    for (const [limits, numbers, expected] of [
      [{ bytes: 1000, lines: 100 }, [1, 2, 4, 3], [['1...', '2...'], ['4...']]],
      [{ bytes: 1000, lines: 2 }, [1, 2, 3], [['1...', '2...']]],
      [{ bytes: 10, lines: 100 }, [1, 2, 3], [['1...', '2...']]],
      [{ bytes: 3, lines: 100 }, [1, 2], [['1...']]],
    ] as const) {
      const builder = new BatchBuilder('c', limits)
      assert.deepEqual(added(builder, numbers).map(numbersOf), expected)
      assert.deepEqual(numbersOf(builder.take()), [`${numbers.at(-1)}...`])
    }
  })

  test('has room at once for as much as the batch before had, and grows no memory for it', () => {
    const builder = new BatchBuilder('c', { bytes: 1 << 20, lines: 1000 })
    const sizes = [1, 6].map((first) => {
      added(builder, [first, first + 1, first + 2, first + 3, first + 4], 3000)
      const { bytes } = builder.take()!
      return [bytes.length, bytes.buffer.byteLength]
    })
    assert.deepEqual(sizes, [
      [15_005, 16_384],
      [15_005, 15_005],
    ])
    added(builder, [11])
    assert.equal(builder.take()!.bytes.toString(), '11..\n')
  })

  test('keeps what it has while it grows, and hands out memory of its own', () => {
    const builder = new BatchBuilder('c', { bytes: 1 << 20, lines: 1000 })
    added(builder, [1, 2, 3, 4, 5], 3000)
    const batch = builder.take()!
    added(builder, [6])
    assert.deepEqual(
      numbersOf(batch),
      [1, 2, 3, 4, 5].map((seq) => String(seq).padEnd(3000, '.')),
    )
  })
})
