// The way to one file, as a queue: what is gathered, waits, is with the sink, and is settled.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Category } from '../../lib/deliver/category.ts'
import { Route } from '../../lib/deliver/route.ts'
import { INFO, WARNING } from '../../lib/entry/level.ts'
import { MemorySink } from '../fakes/memory-sink.ts'

/** A line of so many bytes, its end included, whose number is `number`. */
function add(route: Route, number: number, bytes = 10): void {
  route.gathered.out.text(`${String(number).padEnd(bytes - 1, '.')}\n`)
  route.add(INFO, 0, number, number, 100 + number)
}

function numbersOf(batch: { bytes(): Buffer } | undefined): number[] {
  const text = batch?.bytes().toString() ?? ''
  return text.split('\n').slice(0, -1).map(Number.parseFloat)
}

describe('Route', () => {
  test('take() gives what waits first, the oldest first, and then what is being gathered', () => {
    const route = new Route('a.log')
    for (const number of [1, 2]) {
      add(route, number)
      route.queue()
    }
    add(route, 3)
    assert.deepEqual([route.waiting.length, route.waitingBytes, route.pending], [2, 20, 3])
    for (const number of [1, 2, 3]) {
      assert.deepEqual(numbersOf(route.take()), [number])
      assert.equal(route.waitingBytes, 10 * Math.max(0, 2 - number))
      route.settle()
    }
    assert.equal(route.take(), undefined)
    assert.deepEqual([route.inFlight, route.pending, route.lastNumber], [undefined, 0, 3])
  })

  test('settle() counts lines and the last number of each category, and uses the buffer again', () => {
    const route = new Route('a.log')
    const [one, other] = ['one', 'other'].map(
      (name, index) =>
        new Category({ name, index, route, threshold: INFO, own: false, durability: 'buffered' }),
    )
    assert.deepEqual([one!.place, other!.place], [0, 1])
    route.settle()
    assert.equal(route.settled, 0, 'nothing was in flight')
    route.gathered.out.text('1\n2\n')
    route.add(INFO, 1, 7, 20, 120)
    route.addCopy(21, 121)
    const batch = route.take()!
    assert.deepEqual([batch.first, batch.lastNumber, batch.entries], [120, 21, [0, 1, 0, 0, 0]])
    route.settle()
    assert.deepEqual([one!.written, other!.written], [0, 7])
    assert.deepEqual([route.settled, route.taken, route.lastNumber], [2, 2, 21])
    assert.equal(batch.size, 0)
    add(route, 22)
    route.take()
    assert.equal(route.gathered, batch, 'its buffer gathers again')
  })

  test('lastNumber never goes back', () => {
    const route = new Route('a.log')
    add(route, 9)
    route.take()
    route.settle()
    add(route, 4)
    route.take()
    route.settle()
    assert.equal(route.lastNumber, 9)
  })

  test('firstPending is the lowest lsn of what is in flight, waits and is gathered', () => {
    const route = new Route('a.log')
    assert.equal(route.firstPending, Infinity)
    add(route, 3)
    assert.equal(route.firstPending, 103)
    route.queue()
    add(route, 1)
    assert.equal(route.firstPending, 101)
    route.queue()
    route.take()
    assert.equal(route.firstPending, 101, 'the other one is in flight')
    route.settle()
    assert.equal(route.firstPending, 101)
    route.take()
    route.settle()
    assert.equal(route.firstPending, Infinity)
  })

  test('compact() joins what waits up to a size, in order, and drops what is empty', () => {
    const route = new Route('a.log')
    for (let number = 1; number <= 6; number++) {
      add(route, number, number === 4 ? 25 : 10)
      route.queue()
    }
    const empty = route.waiting[2]!
    empty.cut(0, 1, INFO)
    route.compact(25)
    assert.deepEqual(route.waiting.map(numbersOf), [[1, 2], [4], [5, 6]])
    assert.equal(route.waitingBytes, 65)
    route.compact(1000)
    assert.deepEqual(route.waiting.map(numbersOf), [[1, 2, 4, 5, 6]])
    assert.deepEqual([route.waiting[0]!.lines, route.waitingBytes], [5, 65])
    route.waiting[0]!.cut(0, 5, INFO)
    route.compact(1000)
    assert.deepEqual([route.waiting, route.waitingBytes], [[], 0])
  })

  test('beginEra() parts lines made with other numbers; they are renumbered when their turn comes', () => {
    const route = new Route('a.log')
    const renumbered: number[][] = []
    route.renumber = (batch) => renumbered.push(numbersOf(batch))
    add(route, 1)
    route.beginEra(1)
    add(route, 2)
    route.queue()
    add(route, 3)
    route.queue()
    route.compact(1000)
    assert.deepEqual(route.waiting.map(numbersOf), [[1], [2, 3]], 'not joined')
    route.take()
    assert.deepEqual(renumbered, [[1]])
    route.settle()
    route.take()
    route.settle()
    add(route, 4)
    assert.deepEqual(numbersOf(route.take()), [4])
    assert.deepEqual(renumbered, [[1]])
    route.beginEra(2)
    assert.deepEqual([route.waiting.length, route.gathered.era], [0, 2], 'nothing was gathered')
  })

  test('surrender() hands out all that is not written, oldest first, and begins anew', () => {
    const route = new Route('a.log')
    route.beginEra(3)
    for (const number of [1, 2]) {
      add(route, number)
      route.queue()
    }
    add(route, 3)
    route.take()
    assert.deepEqual(route.surrender().map(numbersOf), [[1], [2], [3]])
    assert.deepEqual([route.pending, route.waitingBytes, route.inFlight], [0, 0, undefined])
    assert.deepEqual([route.gathered.size, route.gathered.era], [0, 3])
    assert.deepEqual(route.surrender().map(numbersOf), [[]])
  })

  test('isStuck while the sink has failed, or another writer has the directory', () => {
    const route = new Route('a.log')
    assert.equal(route.isStuck, false)
    route.down = true
    assert.equal(route.isStuck, true)
    route.down = false
    route.isInTurn = true
    assert.equal(route.isStuck, true)
  })

  test('sink is said to be missing as long as it is', () => {
    const route = new Route('a.log')
    assert.throws(() => route.sink, /Cannot write a\.log: expected a sink, got none/)
    const sink = new MemorySink({ written: () => {}, failed: () => {} } as never)
    route.sink = sink
    assert.equal(route.sink, sink)
    assert.deepEqual([route.isFile, new Route('stdout', false).isFile], [true, false])
  })
})

describe('Category', () => {
  test('takes the next place in its file, and knows what its entries survive', () => {
    const route = new Route('a.log')
    const [buffered, written, synced] = (['buffered', 'written', 'synced'] as const).map(
      (durability, index) =>
        new Category({ name: durability, index, route, threshold: WARNING, own: true, durability }),
    )
    assert.deepEqual([...route.categories.values()], [buffered, written, synced])
    assert.deepEqual(
      [buffered, written, synced].map((each) => [each!.place, each!.isWritten, each!.isSynced]),
      [
        [0, false, false],
        [1, true, false],
        [2, false, true],
      ],
    )
    assert.equal(buffered!.templates.length, 5)
    assert.equal(buffered!.templates[WARNING]!.severity, WARNING)
  })
})
