// Cursors of shipped lines: what was given and what comes behind a cursor is everything, each once.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { type StreamOptions, wantedOfFleet } from '../../lib/read/query.ts'
import type { LogLine } from '../../lib/read/time-order.ts'
import type { Fleet } from '../../lib/ship/fleet.ts'
import { parseFleetCursor } from '../../lib/ship/fleet-cursor.ts'
import { fleetOf as fleetWith } from '../../lib/ship/fleet-lines.ts'
import { MemoryReader } from '../fakes/memory-reader.ts'
import { runs } from '../runs.ts'
import { series } from './series-of-host.ts'

const timeout = 60_000

function fleetOf(
  reader: MemoryReader,
  options: StreamOptions = {},
  told: string[] = [],
  signal: AbortSignal = new AbortController().signal,
): Fleet {
  const tell = (text: string): unknown => told.push(text)
  return fleetWith(reader, { options, ...wantedOfFleet(options, 0), tell, signal })
}

async function linesOf(fleet: Fleet): Promise<LogLine[]> {
  const lines: LogLine[] = []
  for await (const line of fleet.lines()) lines.push(line)
  return lines
}

function messagesOf(lines: readonly LogLine[]): string[] {
  return lines.map(({ entry }) => entry!.message)
}

async function messages(reader: MemoryReader, options: StreamOptions): Promise<string[]> {
  return messagesOf(await linesOf(fleetOf(reader, options)))
}

/** Numbers that are the same in each run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Logs of hosts whose entries arrive in turns, some late, with clocks that are set back. */
class Writers {
  readonly reader = new MemoryReader()
  readonly #random: (below: number) => number
  readonly #logs: { host: string; id: string; lsn: number; clock: number; seqs: number[] }[] = []

  readonly #isSetBack: boolean

  constructor(random: (below: number) => number, isSetBack = true) {
    this.#random = random
    this.#isSetBack = isSetBack
  }

  store(count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#random(8) === 0 || this.#logs.length === 0) {
        const host = `host-${this.#random(3)}`
        const id = String.fromCharCode(97 + this.#logs.length)
        this.#logs.push({ host, id, lsn: 0, clock: this.#random(60), seqs: [0, 0, 0] })
      }
      const log = this.#logs[this.#random(this.#logs.length)]!
      const kind = this.#random(3)
      const isBack = this.#random(6) === 0 && this.#isSetBack
      log.clock += isBack ? -this.#random(20) : this.#random(4)
      const name = series(log.host, ['system', 'audit', 'sdk'][kind], log.id)
      const level = this.#random(3) === 0 ? 'ERROR' : 'INFO'
      const seq = ++log.seqs[kind]!
      const message = `${log.id} ${name.category} ${seq}`
      this.reader.store(name, seq, ++log.lsn, log.clock, { level, message })
    }
  }
}

describe('LogLine.cursor of shipped lines', () => {
  test('goes on behind each line of the history: nothing twice, nothing missing, late ones too', async () => {
    for (let seed = 1; seed <= runs(60); seed++) {
      const random = numbersFrom(seed)
      const isSetBack = seed % 3 > 0
      const writers = new Writers(random, isSetBack)
      const { reader } = writers
      writers.store(40)
      const ways: readonly StreamOptions[] = [
        {},
        { level: 'error' },
        { categories: ['audit', 'sdk'] },
        { since: new Date(Date.UTC(2025, 9, 17) + 30_000) },
      ]
      const options = ways[seed % ways.length]!
      const given = await linesOf(fleetOf(reader, options))
      const cursors = given.map(({ cursor }) => cursor)
      writers.store(20)
      const all = await messages(reader, options)
      const before = messagesOf(given)
      for (const [i, after] of cursors.entries()) {
        const rest = await messages(reader, { ...options, after })
        const both = [...before.slice(0, i + 1), ...rest]
        assert.deepEqual(both.toSorted(), all.toSorted(), `seed ${seed}, line ${i}`)
        const few = await messages(reader, { ...options, after, lines: 3 })
        // Which are the last, of hosts whose clocks were set back, is not told by their ends.
        if (isSetBack) assert.ok(few.every((each) => rest.includes(each)))
        else assert.deepEqual(few, rest.slice(-3), `seed ${seed}, line ${i}, the last`)
      }
    }
  })

  test('goes on behind the last lines, and behind the end, from cursor to cursor', async () => {
    for (let seed = 1; seed <= runs(60); seed++) {
      const writers = new Writers(numbersFrom(seed))
      const { reader } = writers
      writers.store(30)
      const told: string[] = []
      let fleet = fleetOf(reader, { lines: 4 }, told)
      const last = await linesOf(fleet)
      assert.equal(last.length, 4)
      for (const [i, { cursor: after }] of last.entries()) {
        const rest = await messages(reader, { after })
        assert.deepEqual(rest, messagesOf(last.slice(i + 1)), `seed ${seed}, line ${i}`)
      }
      const seen = [...(await messages(reader, {}))]
      for (let round = 0; round < 5; round++) {
        writers.store(round * 3)
        fleet = fleetOf(reader, { after: fleet.cursor }, told)
        seen.push(...messagesOf(await linesOf(fleet)))
      }
      assert.deepEqual(seen.toSorted(), (await messages(reader, {})).toSorted(), `seed ${seed}`)
      assert.deepEqual(told, [])
      assert.equal(fleet.isWhole, true)
    }
  })

  test('with other conditions: what stands in front of the line is passed, what is behind it comes', async () => {
    const reader = new MemoryReader()
    for (let seq = 1; seq <= 9; seq++) {
      reader.store(series('a'), seq, 2 * seq, seq, { level: seq % 3 === 0 ? 'ERROR' : 'INFO' })
      reader.store(series('a', 'audit'), seq, 2 * seq + 1, seq)
      reader.store(series('b'), seq, seq, seq)
    }
    const all = await messages(reader, {})
    const errors = await linesOf(fleetOf(reader, { level: 'error' }))
    assert.deepEqual(messagesOf(errors), ['a system 3', 'a system 6', 'a system 9'])
    for (const { entry, cursor: after } of errors) {
      const at = all.indexOf(entry!.message)
      assert.deepEqual(await messages(reader, { after }), all.slice(at + 1))
      const [line] = await linesOf(fleetOf(reader, { after, lines: 1 }))
      assert.deepEqual(messagesOf([line!]), all.slice(-1))
    }
    // A category that was not asked for: in front of the line is passed, what came later is not.
    const fleet = fleetOf(reader, { categories: ['system'] })
    const system = await linesOf(fleet)
    assert.equal(messagesOf(system).at(-1), 'b system 9')
    reader.store(series('b', 'audit'), 1, 10, 0)
    reader.store(series('a', 'audit'), 10, 30, 0)
    assert.deepEqual(await messages(reader, { after: fleet.cursor }), ['a audit 10', 'b audit 1'])
    // Behind the cursor of that the errors alone, and then again all.
    const [of] = await linesOf(fleetOf(reader, { after: system[4]!.cursor, level: 'error' }))
    const at = all.indexOf(of!.entry!.message)
    const rest = await messages(reader, { after: of!.cursor })
    assert.deepEqual(rest.toSorted(), [...all.slice(at + 1), 'a audit 10', 'b audit 1'].toSorted())
  })

  test('keeps the order of a log whose clock was set back: no line counts as in front', async () => {
    const reader = new MemoryReader()
    reader.store(series('a'), 1, 1, 10)
    reader.store(series('a', 'audit'), 1, 2, 5)
    reader.store(series('b'), 1, 1, 7)
    const [first] = await linesOf(fleetOf(reader))
    assert.equal(first!.entry!.message, 'b system 1')
    for (const more of [{}, { level: 'info' as const }]) {
      const rest = await messages(reader, { after: first!.cursor, ...more })
      assert.deepEqual(rest, ['a system 1', 'a audit 1'])
    }
    const lines = await linesOf(fleetOf(reader, { level: 'info' }))
    assert.equal(lines[1]!.entry!.message, 'a system 1')
    assert.deepEqual(await messages(reader, { after: lines[1]!.cursor }), ['a audit 1'])
  })

  test('with until: what is later has not been passed', async () => {
    const reader = new MemoryReader()
    for (let seq = 1; seq <= 6; seq++) reader.store(series('a'), seq, seq, seq)
    reader.store(series('b'), 1, 1, 5)
    const until = new Date(Date.UTC(2025, 9, 17) + 3000)
    for (const lines of [Infinity, 2]) {
      const fleet = fleetOf(reader, { until, lines })
      assert.equal(messagesOf(await linesOf(fleet)).at(-1), 'a system 3')
      const rest = await messages(reader, { after: fleet.cursor })
      assert.deepEqual(rest, ['a system 4', 'a system 5', 'b system 1', 'a system 6'])
    }
  })

  test('goes on behind what was followed, exactly', { timeout }, async (t) => {
    const random = numbersFrom(7)
    const writers = new Writers(random)
    const { reader } = writers
    writers.store(10)
    const given: LogLine[] = []
    const lines = following(t, reader, {})
    for (let i = 0; i < 10; i++) given.push(await next(lines))
    for (let round = 0; round < 4; round++) {
      writers.store(5)
      for (let i = 0; i < 5; i++) given.push(await next(lines))
    }
    writers.store(5)
    const all = await messages(reader, {})
    for (const [i, { cursor: after }] of given.entries()) {
      const rest = await messages(reader, { after })
      const both = [...messagesOf(given.slice(0, i + 1)), ...rest]
      assert.deepEqual(both.toSorted(), all.toSorted(), `line ${i}`)
    }
    // And follows itself.
    const again = following(t, reader, { after: given[12]!.cursor })
    const rest: LogLine[] = []
    for (let i = 13; i < 35; i++) rest.push(await next(again))
    writers.store(1)
    rest.push(await next(again))
    const both = [...messagesOf(given.slice(0, 13)), ...messagesOf(rest)]
    assert.deepEqual(both.toSorted(), (await messages(reader, {})).toSorted())
  })

  test('tells what is not there any more, once, and gives nothing twice', async () => {
    const reader = new MemoryReader()
    for (let seq = 1; seq <= 9; seq++) reader.store(series('a'), seq, seq, seq)
    const given = await linesOf(fleetOf(reader))
    const told: string[] = []
    // The engine has deleted the first ones.
    const later = new MemoryReader()
    for (let seq = 6; seq <= 9; seq++) later.store(series('a'), seq, seq, seq)
    const fleet = fleetOf(later, { after: given[2]!.cursor }, told)
    assert.deepEqual(messagesOf(await linesOf(fleet)).at(0), 'a system 6')
    assert.equal(fleet.isWhole, false)
    assert.deepEqual(told, [
      'Cannot go on exactly behind the line of the cursor: of a/system the engine does not have 4 to 5 any more',
    ])
    // It has lost its end, which is shipped again.
    const less = new MemoryReader()
    for (let seq = 1; seq <= 5; seq++) less.store(series('a'), seq, seq, seq)
    const shorter = fleetOf(less, { after: given[7]!.cursor }, told)
    assert.deepEqual(await linesOf(shorter), [])
    assert.match(told[1]!, /: of a\/system 5 is the last, not 8$/)
    for (let seq = 6; seq <= 10; seq++) less.store(series('a'), seq, seq, seq)
    const rest = await messages(less, { after: shorter.cursor })
    assert.deepEqual(rest, ['a system 9', 'a system 10'])
    // Another engine.
    const other = new MemoryReader()
    other.store(series('z'), 1, 1, 1)
    const elsewhere = fleetOf(other, { after: given[7]!.cursor }, told)
    assert.deepEqual(messagesOf(await linesOf(elsewhere)), ['z system 1'])
    assert.match(told[2]!, /: none of its logs is there; going on from the beginning$/)
    // What it did not have is remembered.
    for (let seq = 1; seq <= 9; seq++) other.store(series('a'), seq, seq, seq)
    assert.deepEqual(await messages(other, { after: elsewhere.cursor }), ['a system 9'])
  })

  test('of an empty engine leads to all that comes', async () => {
    const reader = new MemoryReader()
    const fleet = fleetOf(reader)
    assert.deepEqual(await linesOf(fleet), [])
    reader.store(series('a'), 1, 1, 1)
    assert.deepEqual(await messages(reader, { after: fleet.cursor }), ['a system 1'])
  })

  test('has room for hundreds of series, and does not hold the lines', async () => {
    const reader = new MemoryReader()
    const random = numbersFrom(3)
    for (let log = 0; log < 100; log++) {
      const digits = (): string => random(16).toString(16)
      const log_id = Array.from({ length: 32 }, digits).join('')
      for (const category of ['system', 'audit', 'sdk', 'enforcement', 'service']) {
        reader.store({ host: `trader-${log}.example`, log_id, category }, 1, 1, random(1000))
      }
    }
    const fleet = fleetOf(reader)
    const lines = await linesOf(fleet)
    assert.equal(lines.length, 500)
    assert.ok(fleet.cursor.length < 8000, `${fleet.cursor.length} characters for 500 series`)
    const rest = await messages(reader, { after: lines[250]!.cursor })
    assert.deepEqual(rest, messagesOf(lines.slice(251)))
  })
})

function following(
  t: TestContext,
  reader: MemoryReader,
  options: StreamOptions,
): AsyncIterator<LogLine> {
  const leave = new AbortController()
  t.after(() => leave.abort())
  return fleetOf(reader, { follow: true, lines: Infinity, ...options }, [], leave.signal).lines()
}

async function next(lines: AsyncIterator<LogLine>): Promise<LogLine> {
  const { value, done } = await lines.next()
  assert.ok(done !== true)
  return value
}

describe('parseFleetCursor()', () => {
  test('refuses what is none, was cut, or is of a directory', async () => {
    const reader = new MemoryReader()
    reader.store(series('ü.example', 'a"b'), 1, 1, 1)
    const fleet = fleetOf(reader)
    await linesOf(fleet)
    const { cursor } = fleet
    assert.equal(parseFleetCursor(` ${cursor}\n`).places.size, 1)
    const [name, body, sum] = cursor.split('.') as [string, string, string]
    const wrong = ['', 'x', 'e1', 'e1..', cursor.slice(1), cursor.slice(0, -1), `${cursor}.x`]
    const swapped = `${name}.${body.slice(1)}${body[0]}.${sum}`
    for (const text of [...wrong, swapped, 'r1.abc.def']) {
      assert.throws(() => parseFleetCursor(text), {
        name: 'RangeError',
        message:
          /^Cannot go on behind a line: expected the cursor of a line of an engine, as e1\.…/,
      })
    }
  })
})
