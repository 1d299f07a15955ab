import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { batchBytesMax, batchEntriesMax, type Shipment } from '../../lib/ship/engine.ts'
import { Lane } from '../../lib/ship/lane.ts'

function shipment(category: string, seq: number, bytes = 3): Shipment {
  return { category, seq, time: 0, line: Buffer.alloc(bytes, 'x') }
}

function laneOf(
  ...entries: readonly (readonly [category: string, seq: number, bytes?: number])[]
): Lane {
  const lane = new Lane('*')
  for (const [category, seq, bytes] of entries) lane.push(shipment(category, seq, bytes))
  return lane
}

function told(lane: Lane): string[] {
  return lane.batch().map(({ category, seq }) => `${category} ${seq}`)
}

describe('Lane', () => {
  test('batch() has no gap of a category, and leaves everything in the queue', () => {
    const lane = laneOf(['a', 1], ['b', 7], ['a', 2], ['a', 4], ['b', 8])
    assert.deepEqual(told(lane), ['a 1', 'b 7', 'a 2'])
    assert.deepEqual(told(lane), ['a 1', 'b 7', 'a 2'])
    lane.shift(3)
    assert.deepEqual([told(lane), lane.size, lane.bytes], [['a 4', 'b 8'], 2, 6])
    lane.shift(2)
    assert.deepEqual([told(lane), lane.size, lane.bytes], [[], 0, 0])
  })

  test('batch() ends at so many bytes, line ends counted, unless one entry alone is larger', () => {
    const half = batchBytesMax / 2
    assert.equal(laneOf(['a', 1, half - 1], ['a', 2, half - 1]).batch().length, 2)
    assert.equal(laneOf(['a', 1, half], ['a', 2, half - 1]).batch().length, 1)
    assert.equal(laneOf(['a', 1, 2 * batchBytesMax], ['a', 2]).batch().length, 1)
  })

  test('batch() ends at so many entries, and shift() takes out exactly these', () => {
    const lane = new Lane('a')
    for (let seq = 1; seq <= 3 * batchEntriesMax; seq++) lane.push(shipment('a', seq, 1))
    for (let round = 0; round < 3; round++) {
      const batch = lane.batch()
      assert.deepEqual(
        [batch.length, batch[0]?.seq],
        [batchEntriesMax, 1 + round * batchEntriesMax],
      )
      lane.shift(batch.length)
      assert.equal(lane.size, (2 - round) * batchEntriesMax)
      assert.equal(lane.bytes, lane.size)
    }
    lane.push(shipment('a', 9, 1))
    assert.deepEqual(told(lane), ['a 9'])
  })

  test('dropUpTo() takes out what the engine has, wherever it stands', () => {
    const lane = laneOf(['a', 1], ['a', 2], ['b', 5], ['a', 3], ['b', 6])
    lane.shift(1)
    lane.dropUpTo((category) => (category === 'a' ? 2 : 5))
    assert.deepEqual([told(lane), lane.size, lane.bytes], [['a 3', 'b 6'], 2, 6])
    lane.shift(1)
    // What was shifted does not come again, though the engine is said to have nothing.
    lane.dropUpTo(() => 0)
    assert.deepEqual([told(lane), lane.size, lane.bytes], [['b 6'], 1, 3])
    lane.clear()
    assert.deepEqual([told(lane), lane.size, lane.bytes], [[], 0, 0])
  })
})
