import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { batchBytesMax, batchEntriesMax, type Shipment } from '../../lib/ship/engine.ts'
import { SendQueue } from '../../lib/ship/send-queue.ts'

function shipment(category: string, seq: number, bytes = 3): Shipment {
  return { category, seq, time: 0, line: Buffer.alloc(bytes, 'x') }
}

function queueOf(
  ...entries: readonly (readonly [category: string, seq: number, bytes?: number])[]
): SendQueue {
  const queue = new SendQueue('*')
  for (const [category, seq, bytes] of entries) queue.push(shipment(category, seq, bytes))
  return queue
}

function told(queue: SendQueue): string[] {
  return queue.batch().map(({ category, seq }) => `${category} ${seq}`)
}

describe('SendQueue', () => {
  test('batch() has no gap of a category, and leaves everything in the queue', () => {
    const queue = queueOf(['a', 1], ['b', 7], ['a', 2], ['a', 4], ['b', 8])
    assert.deepEqual(told(queue), ['a 1', 'b 7', 'a 2'])
    assert.deepEqual(told(queue), ['a 1', 'b 7', 'a 2'])
    queue.shift(3)
    assert.deepEqual([told(queue), queue.size, queue.bytes], [['a 4', 'b 8'], 2, 6])
    queue.shift(2)
    assert.deepEqual([told(queue), queue.size, queue.bytes], [[], 0, 0])
  })

  test('batch() ends at so many bytes, line ends counted, unless one entry alone is larger', () => {
    const half = batchBytesMax / 2
    assert.equal(queueOf(['a', 1, half - 1], ['a', 2, half - 1]).batch().length, 2)
    assert.equal(queueOf(['a', 1, half], ['a', 2, half - 1]).batch().length, 1)
    assert.equal(queueOf(['a', 1, 2 * batchBytesMax], ['a', 2]).batch().length, 1)
  })

  test('batch() ends at so many entries, and shift() takes out exactly these', () => {
    const queue = new SendQueue('a')
    for (let seq = 1; seq <= 3 * batchEntriesMax; seq++) queue.push(shipment('a', seq, 1))
    for (let round = 0; round < 3; round++) {
      const batch = queue.batch()
      assert.deepEqual(
        [batch.length, batch[0]?.seq],
        [batchEntriesMax, 1 + round * batchEntriesMax],
      )
      queue.shift(batch.length)
      assert.equal(queue.size, (2 - round) * batchEntriesMax)
      assert.equal(queue.bytes, queue.size)
    }
    queue.push(shipment('a', 9, 1))
    assert.deepEqual(told(queue), ['a 9'])
  })

  test('dropUpTo() takes out what the engine has, wherever it stands', () => {
    const queue = queueOf(['a', 1], ['a', 2], ['b', 5], ['a', 3], ['b', 6])
    queue.shift(1)
    queue.dropUpTo((category) => (category === 'a' ? 2 : 5))
    assert.deepEqual([told(queue), queue.size, queue.bytes], [['a 3', 'b 6'], 2, 6])
    queue.shift(1)
    // What was shifted does not come again, though the engine is said to have nothing.
    queue.dropUpTo(() => 0)
    assert.deepEqual([told(queue), queue.size, queue.bytes], [['b 6'], 1, 3])
    queue.clear()
    assert.deepEqual([told(queue), queue.size, queue.bytes], [[], 0, 0])
  })
})
