// Several hosts as one log, out of an engine in memory.

import { strict as assert } from 'node:assert'
import { test, type TestContext } from 'node:test'
import { type StreamOptions, wantedOf } from '../../lib/read/query.ts'
import type { LogLine } from '../../lib/read/time-order.ts'
import { Fleet } from '../../lib/ship/fleet.ts'
import { MemoryReader } from '../fakes/memory-reader.ts'
import { series } from './series-of-host.ts'

const timeout = 60_000

function fleetOf(
  reader: MemoryReader,
  options: StreamOptions = {},
  told: string[] = [],
  signal: AbortSignal = new AbortController().signal,
): Fleet {
  const { follow = false, categories } = options
  return new Fleet(reader, {
    wanted: wantedOf(
      {
        lines: Infinity,
        ...options,
      },
      0,
    ),
    follow,
    categories,
    levels: undefined,
    accounts: undefined,
    tell: (text) => told.push(text),
    signal,
    patienceMs: 0,
  })
}

async function messages(fleet: Fleet): Promise<string[]> {
  const found: string[] = []
  for await (const { entry } of fleet.lines()) found.push(entry!.message)
  return found
}

/** Reads on until so many lines have come. */
async function next(lines: AsyncIterator<LogLine>, count: number): Promise<string[]> {
  const found: string[] = []
  while (found.length < count) {
    const { value, done } = await lines.next()
    assert.ok(done !== true)
    found.push(value.entry!.message)
  }
  return found
}

function following(
  t: TestContext,
  reader: MemoryReader,
  options: StreamOptions = {},
  told: string[] = [],
): AsyncIterator<LogLine> {
  const leave = new AbortController()
  t.after(() => leave.abort())
  return fleetOf(reader, { follow: true, ...options }, told, leave.signal).lines()
}

test('Fleet says once that nothing is there where it waits for it, and only there', async (t) => {
  const reader = new MemoryReader()
  const leave = new AbortController()
  t.after(() => leave.abort())
  let told = 0
  const fleetThat = (follow: boolean): Fleet =>
    new Fleet(reader, {
      wanted: wantedOf({ lines: Infinity }, 0),
      follow,
      categories: ['system'],
      levels: undefined,
      accounts: undefined,
      tell: () => {},
      waiting: () => {
        told++
        reader.store(series('a'), 1, 1, 10)
      },
      signal: leave.signal,
      patienceMs: 0,
    })
  reader.store(series('a', 'audit'), 1, 1, 10)
  assert.deepEqual(await messages(fleetThat(false)), [])
  assert.equal(told, 0, 'what does not follow ends')
  assert.deepEqual(await next(fleetThat(true).lines(), 1), ['a system 1'])
  assert.equal(told, 1)
  assert.deepEqual(await next(fleetThat(true).lines(), 1), ['a system 1'])
  assert.equal(told, 1, 'it is there')
})

test('Fleet merges hosts by time, of one time by their names, and a log by lsn whatever its clock did', async () => {
  const reader = new MemoryReader()
  reader.store(series('b'), 1, 1, 10)
  reader.store(series('b', 'audit'), 1, 2, 5)
  reader.store(series('b'), 2, 3, 12)
  reader.store(series('a.example', 'system'), 1, 1, 10)
  reader.store(series('ü'), 1, 1, 11)
  assert.deepEqual(await messages(fleetOf(reader)), [
    'a.example system 1',
    'b system 1',
    'b audit 1',
    'ü system 1',
    'b system 2',
  ])
})

test('Fleet calls a line by its host, and by its log as well where the host has several', async () => {
  const reader = new MemoryReader()
  reader.store(series('one.example'), 1, 1, 1)
  reader.store(series('two'), 1, 1, 2)
  reader.store(series('two', 'system', 'b'), 1, 1, 3)
  const files: string[] = []
  for await (const { file } of fleetOf(reader).lines()) files.push(file)
  assert.deepEqual(files, ['one.example/system', 'two/aaaaaaaa/system', 'two/bbbbbbbb/system'])
})

test('Fleet gives the last lines that are wanted of all hosts, however far back they are', async () => {
  const reader = new MemoryReader()
  for (let i = 1; i <= 1000; i++) {
    reader.store(series('a'), i, i, i, i === 3 ? { account_id: 'X' } : {})
    reader.store(series('b'), i, i, i + 0.5)
  }
  assert.deepEqual(await messages(fleetOf(reader, { lines: 3 })), [
    'b system 999',
    'a system 1000',
    'b system 1000',
  ])
  assert.deepEqual(await messages(fleetOf(reader, { lines: 3, account_id: 'X' })), ['a system 3'])
  assert.deepEqual(await messages(fleetOf(reader, { lines: 0 })), [])
})

test('Fleet asks for the series of a category alone, and for the moments that are wanted', async () => {
  const reader = new MemoryReader()
  reader.store(series('a'), 1, 1, 1)
  reader.store(series('a', 'audit'), 1, 2, 2)
  const since = new Date(Date.UTC(2025, 9, 17))
  const fleet = fleetOf(reader, { categories: ['audit'], since })
  assert.deepEqual(await messages(fleet), ['a audit 1'])
  assert.deepEqual(
    reader.queries.map((query) => [query.series?.map(({ category }) => category), query.since]),
    [[['audit'], since.getTime()]],
  )
})

test('Fleet of nothing gives nothing, and a log of no entry hinders nobody', async () => {
  assert.deepEqual(await messages(fleetOf(new MemoryReader())), [])
  const reader = new MemoryReader()
  for (let host = 0; host < 100; host++) {
    for (const category of ['system', 'audit'])
      reader.store(series(`h${host}`, category), 1, 1, host)
  }
  assert.equal((await messages(fleetOf(reader))).length, 200)
  assert.equal((await messages(fleetOf(reader, { lines: 5 }))).length, 5)
  const long = 'x'.repeat(5_000_000)
  reader.store(series('long'), 1, 1, 1000, { context: { long } })
  const lines: LogLine[] = []
  for await (const line of fleetOf(reader, { lines: 1 }).lines()) lines.push(line)
  assert.equal(lines[0]!.entry!.context!['long'], long)
})

test(
  'Fleet follows: what comes is in order, new hosts too, also where a clock is an hour behind',
  { timeout },
  async (t) => {
    const reader = new MemoryReader()
    reader.store(series('a'), 1, 1, 10_000)
    const lines = following(t, reader)
    assert.deepEqual(await next(lines, 1), ['a system 1'])
    const coming = next(lines, 4)
    reader.store(series('a', 'audit'), 1, 3, 10_002)
    reader.store(series('a'), 2, 2, 10_003)
    reader.store(series('new'), 1, 1, 6000)
    reader.store(series('a'), 3, 4, 10_004)
    const found = await coming
    // What has come together is in order; that may be all of it.
    assert.deepEqual(found.toSorted(), ['a audit 1', 'a system 2', 'a system 3', 'new system 1'])
    assert.deepEqual(
      found.filter((each) => each.startsWith('a system')),
      ['a system 2', 'a system 3'],
    )
  },
)

test(
  'Fleet goes on where it was when the engine was away, and says both',
  { timeout },
  async (t) => {
    const reader = new MemoryReader()
    reader.store(series('a'), 1, 1, 1)
    const told: string[] = []
    const lines = following(t, reader, {}, told)
    await next(lines, 1)
    reader.store(series('a'), 2, 2, 2)
    assert.deepEqual(await next(lines, 1), ['a system 2'])
    const coming = next(lines, 61)
    reader.goAway()
    for (let i = 3; i <= 62; i++) reader.store(series('a'), i, i, i)
    reader.store(series('b'), 1, 1, 70)
    assert.equal(told.length, 0)
    reader.isAway = false
    const found = await coming
    assert.deepEqual(found, [
      ...Array.from({ length: 60 }, (_, i) => `a system ${i + 3}`),
      'b system 1',
    ])
    assert.match(
      told[0]!,
      /^the engine is away, and asked until it answers: the connection was lost$/,
    )
    assert.match(told[1]!, /^the engine is back after \d+ s$/)
  },
)

test(
  'Fleet waits for an engine that is away at the beginning when it follows, and fails otherwise',
  { timeout },
  async (t) => {
    const reader = new MemoryReader()
    reader.store(series('a'), 1, 1, 1)
    reader.isAway = true
    await assert.rejects(messages(fleetOf(reader)), /nobody is there/)
    const told: string[] = []
    const coming = next(following(t, reader, {}, told), 1)
    while (told.length === 0) await new Promise((resolve) => setImmediate(resolve))
    reader.isAway = false
    assert.deepEqual(await coming, ['a system 1'])
  },
)

test('Fleet asks for the last lines of those series alone that end late enough, and gives the same', async () => {
  const reader = new MemoryReader()
  const names = Array.from({ length: 40 }, (_, i) => series(`host-${String(i).padStart(2, '0')}`))
  for (let i = 0; i < 40; i++) {
    for (let seq = 1; seq <= 5; seq++) reader.store(names[i]!, seq, seq, ((i * 7) % 40) * 10 + seq)
  }
  const all = await messages(fleetOf(reader))
  for (const lines of [1, 3, 5, 7, 199, 300]) {
    reader.queries.length = 0
    assert.deepEqual(await messages(fleetOf(reader, { lines })), all.slice(-lines))
    // Eight are asked at a time, and then those that may hold more.
    const asked = reader.queries.length
    assert.ok(asked <= 8 + lines, `${asked} questions for ${lines} lines`)
  }
})

test('Fleet asks for more of a series while what it gives does not match, and no further than it goes', async () => {
  const reader = new MemoryReader()
  for (let seq = 1; seq <= 1000; seq++) {
    reader.store(series('a'), seq, seq, seq, { level: seq % 100 === 1 ? 'ERROR' : 'INFO' })
  }
  assert.deepEqual(await messages(fleetOf(reader, { lines: 3, level: 'error' })), [
    'a system 701',
    'a system 801',
    'a system 901',
  ])
  assert.deepEqual(
    reader.queries.map(({ lines }) => lines),
    [3, 24, 192, 1536],
  )
  reader.queries.length = 0
  assert.equal((await messages(fleetOf(reader, { lines: 2000 }))).length, 1000)
  assert.equal(reader.queries.length, 1)
})
