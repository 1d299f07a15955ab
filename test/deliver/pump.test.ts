// When the pump moves what is in the ring: with sinks in memory and a rest that never ends by
// itself.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { captureContext } from '../../lib/capture/context.ts'
import { Ring, entryPlacesMax } from '../../lib/capture/ring.ts'
import { Category, type CategoryTemplate, type Durability } from '../../lib/deliver/category.ts'
import { Counters } from '../../lib/deliver/counters.ts'
import { Route } from '../../lib/deliver/route.ts'
import { type Clock, Pump } from '../../lib/deliver/pump.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { templateOf } from '../../lib/encode/line-template.ts'
import type { MadeEntry } from '../../lib/entry/made-entry.ts'
import type { EntrySink, LastResort } from '../../lib/sinks/sink.ts'
import { ERROR, INFO, WARNING } from '../../lib/entry/level.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { MemorySink } from '../fakes/memory-sink.ts'

const forEver = 2 ** 31 - 1

/** One for all: its tables took a third of the time of the cases below. */
const encoder = new LineEncoder(new Redactor({ keys: [], allow: [] }), 1 << 20)

/** A pump with the files `system.log` and `error.log`, and a category that goes to the first. */
function pumpWith(
  options: {
    durability?: Durability
    flushMs?: number
    entries?: number
    ring?: Ring<CategoryTemplate>
    lastResort?: LastResort
    beside?: readonly EntrySink[]
    showAlways?: boolean
    waitingBytesMax?: number
    sliceMs?: number
    clock?: Clock
  } = {},
) {
  const ring = options.ring ?? new Ring<CategoryTemplate>(options.entries ?? 4096, 1 << 26, 1 << 20)
  const counters = new Counters()
  const routes = [new Route('system.log'), new Route('error.log')] as const
  const pump = new Pump({
    ring,
    encoder,
    numbering: { lsnBase: 0 },
    counters,
    routes,
    tees: [{ route: routes[1], threshold: ERROR }],
    lastResort: options.lastResort,
    showAlways: options.showAlways ?? false,
    beside: options.beside ?? [],
    waitingBytesMax: options.waitingBytesMax ?? 1 << 26,
    dropOld: false,
    flushMs: options.flushMs ?? forEver,
    sliceMs: options.sliceMs ?? forEver,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    tell: () => {},
    report: () => {},
  })
  const sinks = routes.map((route) => new MemorySink(pump.eventsOf(route)))
  routes.forEach((route, i) => {
    route.sink = sinks[i]!
  })
  const owner = new Category({
    name: 'system',
    index: 0,
    route: routes[0],
    threshold: INFO,
    own: false,
    durability: options.durability ?? 'buffered',
  })
  const log = (severity: number, context: object = {}): void => {
    assert.ok(ring.hasRoom(0))
    ring.lanes.begin(entryPlacesMax)
    captureContext(ring.lanes, context)
    const template = templateOf<Category>(owner, severity)
    ring.commit(template, 0, undefined, 'm', ++owner.accepted)
    counters.levels[severity]!++
    pump.schedule(template)
  }
  const fail = (): void => pump.eventsOf(routes[0]).failed(new Error('no disk'))
  return { pump, fail, routes, ring, counters, log, sink: sinks[0]!, errors: sinks[1]! }
}

/** The turns that a pump which is awake needs for everything, and some more. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise(setImmediate)
}

/** The same, each of which throws. */
async function throwingTurns(): Promise<void> {
  const { max } = Math
  Math.max = () => {
    throw new Error('replaced')
  }
  try {
    await turns()
  } finally {
    Math.max = max
  }
}

describe('Pump', () => {
  test('a turn that throws is counted, tried again, and loses nothing', async () => {
    let retry: (() => void) | undefined
    const clock: Clock = {
      monotonicMs: () => 0,
      setTimeout: (turn) => {
        retry = turn
        return { refresh: () => {}, unref: () => {} }
      },
      clearTimeout: () => {},
    }
    const { ring, pump, counters, sink, log } = pumpWith({ clock })
    log(INFO)
    pump.wake()
    await throwingTurns()
    assert.deepEqual([ring.size, counters.failures], [1, 1])
    retry!()
    await turns()
    assert.deepEqual([ring.size, sink.batches.length], [0, 1])
  })

  test('turns that throw are tried again by one timer, which close() ends', async () => {
    const timers = new Map<object, () => void>()
    const clock: Clock = {
      monotonicMs: () => 0,
      setTimeout: (turn, delayMs) => {
        const timer = { refresh: () => {}, unref: () => {} }
        // Not that of the rest.
        if (delayMs === 1_000) timers.set(timer, turn)
        return timer
      },
      clearTimeout: (timer) => {
        if (timer !== undefined) timers.delete(timer)
      },
    }
    const { pump, counters, log } = pumpWith({ clock })
    const throwing = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        log(INFO)
        pump.wake()
        await throwingTurns()
      }
    }
    await throwing(3)
    assert.deepEqual([counters.failures, timers.size], [3, 1])
    const [[timer, retry]] = [...timers] as [[object, () => void]]
    timers.delete(timer)
    retry()
    // That it has run out does not keep the next one from being set.
    await throwing(1)
    assert.equal(timers.size, 1)
    pump.close()
    assert.equal(timers.size, 0)
  })

  test('a quiet file is not held back for company by a ring that never runs empty', async () => {
    let now = 0
    const clock: Clock = {
      monotonicMs: () => now++,
      setTimeout: () => ({ refresh() {}, unref() {} }),
      clearTimeout: () => {},
    }
    const { log, ring, sink, errors } = pumpWith({ flushMs: 50, sliceMs: 0, clock })
    log(ERROR)
    for (let turn = 0; turn < 400 && errors.batches.length === 0; turn++) {
      if (sink.isBusy) sink.land()
      while (ring.size < 2048) log(INFO)
      await new Promise(setImmediate)
      assert.ok(ring.size > 0, 'the ring has run empty')
    }
    assert.ok(errors.batches.length > 0)
    assert.ok(now >= 50, `held back for company until ${now} ms`)
  })

  test('schedule() lets entries below ERROR wait for company', async () => {
    const { log, sink, ring, pump } = pumpWith()
    log(INFO)
    log(WARNING)
    await turns()
    assert.equal(ring.size, 2)
    assert.deepEqual(sink.batches, [])
    pump.close()
  })

  test('schedule() moves everything in one batch when the rest is over', async () => {
    const { log, sink } = pumpWith({ flushMs: 1 })
    for (let i = 0; i < 3; i++) log(INFO)
    while (!sink.isBusy) await new Promise(setImmediate)
    assert.equal(sink.batches.length, 1)
    assert.equal(sink.lines.length, 3)
  })

  test('schedule() rests again after each slice', async () => {
    const { log, sink } = pumpWith({ flushMs: 1 })
    for (let round = 1; round <= 3; round++) {
      log(INFO)
      while (!sink.isBusy) await new Promise(setImmediate)
      sink.land()
      assert.equal(sink.batches.length, round)
    }
  })

  const urgent: readonly (readonly [string, Parameters<typeof pumpWith>[0], number])[] = [
    ['an ERROR', {}, ERROR],
    ['an entry that is synced', { durability: 'synced' }, INFO],
    ['any entry when flush_ms is 0', { flushMs: 0 }, INFO],
  ]
  for (const [what, options, severity] of urgent) {
    test(`schedule() does not let ${what} wait, nor what came before it`, async () => {
      const { log, sink, pump } = pumpWith(options)
      if (severity === ERROR) log(INFO)
      log(severity)
      await turns()
      assert.equal(sink.lines.length, severity === ERROR ? 2 : 1)
      pump.close()
    })
  }

  test('schedule() wakes the pump for 64 KiB of lines, learnt from the lines before', async () => {
    const { log, sink, pump } = pumpWith()
    const context = { text: 'x'.repeat(1_000) }
    for (let i = 0; i < 66; i++) {
      log(INFO, context)
      await turns()
      if (sink.isBusy) break
      assert.ok(i < 65, 'no more than 66 lines of 1 000 characters wait')
    }
    sink.land()
    const { length } = sink.lines
    for (let i = 0; i < 70; i++) log(INFO, { n: i })
    await turns()
    assert.equal(sink.lines.length, length, 'short lines wait longer')
    pump.close()
  })

  test('schedule() wakes the pump for a quarter of the ring', async () => {
    const { log, sink, pump } = pumpWith({ entries: 64 })
    for (let i = 0; i < 15; i++) log(INFO)
    await turns()
    assert.deepEqual(sink.batches, [])
    log(INFO)
    await turns()
    assert.equal(sink.lines.length, 16)
    pump.close()
  })

  test('flush() does not wait, and resolves when the batch has landed', async () => {
    const { log, sink, pump } = pumpWith()
    log(INFO)
    const flushed = pump.flush()
    await turns()
    assert.equal(sink.lines.length, 1)
    sink.land()
    await flushed
    pump.close()
  })

  test('what was gathered while a write was under way follows it, though the ring rests', async () => {
    const { log, sink, pump } = pumpWith()
    log(INFO, { n: 1 })
    pump.wake()
    await turns()
    log(INFO, { n: 2 })
    pump.wake()
    await turns()
    assert.equal(sink.batches.length, 1)
    log(INFO, { n: 3 })
    sink.land()
    await turns()
    assert.equal(sink.lines.length, 3)
    pump.close()
  })
})

test('Pump.flush() rejects with the reason of the file that it names', async () => {
  const { pump, log, routes } = pumpWith()
  pump.eventsOf(routes[0]).failed(new Error('of the first'))
  pump.eventsOf(routes[1]).failed(new Error('of the second'))
  log(ERROR)
  await assert.rejects(pump.flush(), { message: 'Cannot write system.log: of the first' })
  pump.close()
})

// Every order of three entries, every moment of the failure, every answer of the console: what is
// counted is what happened to each entry.
describe('Pump.giveUp() counts as shown what the console has taken, and no other', () => {
  const levels = [INFO, WARNING, ERROR]
  const orders = levels.flatMap((a) => levels.flatMap((b) => levels.map((c) => [a, b, c])))
  const sent = [0, 1, 2, 3]

  /** The numbers of the entries that an answer of the console was yes for. */
  interface Seen {
    readonly taken: Set<number>
    readonly asked: number[]
  }

  function seer(answers: number): { seen: Seen; lastResort: LastResort } {
    const seen: Seen = { taken: new Set(), asked: [] }
    const show = (line: string): boolean => {
      const number = (JSON.parse(line) as { seq: number }).seq
      const isTaken = ((answers >> seen.asked.length) & 1) === 1
      seen.asked.push(number)
      if (isTaken) seen.taken.add(number)
      return isTaken
    }
    const take = ({ line }: MadeEntry): boolean => show(line)
    return { seen, lastResort: { threshold: WARNING, take, takeWaiting: show } }
  }

  function check(order: readonly number[], landed: number, seen: Seen, counters: Counters): void {
    const lost = order.map((severity, i) => ({ severity, number: i + 1 })).slice(landed)
    const isShown = ({ number }: { number: number }): boolean => seen.taken.has(number)
    const expected = [INFO, WARNING, ERROR].map(
      (level) => lost.filter((entry) => entry.severity === level && !isShown(entry)).length,
    )
    const { written, diverted, dropped, accepted } = counters
    const found = [INFO, WARNING, ERROR].map((level) => dropped[level])
    const what = JSON.stringify({ order, landed, asked: seen.asked, taken: [...seen.taken] })
    assert.deepEqual([diverted, found], [lost.filter(isShown).length, expected], what)
    assert.equal(written + diverted + counters.droppedTotal, accepted, what)
    assert.ok(
      seen.asked.every((number) => order[number - 1]! >= WARNING),
      what,
    )
  }

  for (const showAlways of [false, true]) {
    test(showAlways ? 'console: always' : 'console: fallback', async () => {
      // One for all cases: to collect a thousand of them took 2 s of the processor.
      const ring = new Ring<CategoryTemplate>(16, 1 << 26, 1 << 20)
      for (const order of orders) {
        for (const inFlight of sent) {
          for (const landed of sent.slice(0, inFlight + 1)) {
            for (const answers of [0b000, 0b010, 0b101, 0b111]) {
              const { seen, lastResort } = seer(answers)
              const { pump, counters, log, fail, sink } = pumpWith({
                lastResort,
                showAlways,
                ring,
              })
              for (const severity of order.slice(0, inFlight)) log(severity)
              const flushed = pump.flush().catch(() => {})
              if (inFlight > 0) while (!sink.isBusy) await new Promise(setImmediate)
              sink.hasFailed = true
              fail()
              for (const severity of order.slice(inFlight)) log(severity)
              pump.flushSync()
              sink.landed = sink.lines
                .slice(0, landed)
                .reduce((bytes, line) => bytes + Buffer.byteLength(line) + 1, 0)
              pump.giveUp(false)
              await flushed
              pump.close()
              check(order, landed, seen, counters)
              assert.equal(ring.size, 0)
              // The pump may have a turn left, in which it must not find the next one's entries.
              await new Promise(setImmediate)
            }
          }
        }
      }
    })
  }
})
