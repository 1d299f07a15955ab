// The pump against sinks in memory, in any order of what can happen to it: nothing is lost in
// silence, nothing comes twice, and each file has its entries in order.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { captureContext } from '../../lib/capture/context.ts'
import { Ring, entryPlacesMax } from '../../lib/capture/ring.ts'
import { Category, type CategoryTemplate } from '../../lib/deliver/category.ts'
import { Counters } from '../../lib/deliver/counters.ts'
import { Route } from '../../lib/deliver/route.ts'
import { Pump } from '../../lib/deliver/pump.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { parseLine } from '../../lib/entry/line.ts'
import { ERROR, INFO, WARNING } from '../../lib/entry/level.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { ManualClock } from '../fakes/manual-clock.ts'
import { ShortWriteSink } from '../fakes/short-write-sink.ts'
import { runs } from '../runs.ts'

const flushMs = 50
const entriesMax = 32
const files = ['system.log', 'audit.log', 'error.log'] as const

function nameOf(line: string): string {
  const { category, seq } = parseLine(line)!
  return `${category} ${seq}`
}

/**
 * A pump with three files, two categories, and a person at the console who takes every other entry.
 */
class Rig {
  readonly clock = new ManualClock()
  readonly counters = new Counters()
  readonly routes = files.map((file) => new Route(file))
  readonly shown = new Set<string>()
  readonly sinks: readonly ShortWriteSink[]
  readonly pump: Pump
  readonly #ring = new Ring<CategoryTemplate>(entriesMax, 1 << 20, 1 << 20)
  readonly #categories: readonly Category[]
  #asked = 0
  /** Entries of which error.log gets a copy. */
  #copied = 0

  constructor(waitingBytesMax: number) {
    const take = (line: string): boolean => {
      const entry = parseLine(line)!
      assert.ok(entry.level !== 'INFO', 'an INFO is shown')
      if (this.#asked++ % 2 === 1) return false
      const name = nameOf(line)
      assert.ok(!this.shown.has(name), `${name} is shown twice`)
      this.shown.add(name)
      return true
    }
    this.pump = new Pump({
      ring: this.#ring,
      encoder: new LineEncoder(new Redactor({ keys: [], allow: [] }), 1 << 20),
      numbering: { lsnBase: 0 },
      counters: this.counters,
      routes: this.routes,
      tees: [{ route: this.routes[2]!, threshold: ERROR }],
      lastResort: {
        threshold: WARNING,
        take: ({ line }) => take(line),
        takeWaiting: take,
      },
      showAlways: false,
      beside: [],
      waitingBytesMax,
      dropOld: false,
      flushMs,
      clock: this.clock,
      later: this.clock.later,
      sliceMs: 1,
      tell: () => {},
      report: () => {},
    })
    this.sinks = this.routes.map((route) => {
      const sink = new ShortWriteSink(this.pump.eventsOf(route))
      route.sink = sink
      return sink
    })
    this.#categories = ['system', 'audit'].map(
      (name, index) =>
        new Category({
          name,
          index,
          route: this.routes[index]!,
          threshold: INFO,
          own: false,
          durability: 'buffered',
        }),
    )
  }

  /** What the intake does for a call. */
  log(category: number, severity: number, chars: number): void {
    const owner = this.#categories[category]!
    const template = owner.templates[severity]!
    if (!this.#ring.hasRoom(0)) this.pump.makeRoom()
    if (!this.#ring.hasRoom(0)) {
      this.counters.levels[severity]!++
      this.counters.drop(severity)
      return
    }
    this.#ring.lanes.begin(entryPlacesMax)
    captureContext(this.#ring.lanes, { text: 'x'.repeat(chars) })
    this.#ring.commit(template, 0, undefined, 'm', ++owner.accepted)
    this.counters.levels[severity]!++
    if (severity >= ERROR) this.#copied++
    this.pump.schedule(template)
  }

  /** Whatever happens, what is in a file is in order and once. */
  check(): void {
    for (const [i, { lines }] of this.sinks.entries()) {
      const last = new Map<string, number>()
      for (const line of lines) {
        const { category, seq } = parseLine(line)!
        assert.ok(seq! > (last.get(category) ?? 0), `${files[i]} has ${category} ${seq} too late`)
        last.set(category, seq!)
      }
    }
    const { accepted, written, diverted, droppedTotal } = this.counters
    assert.ok(written + diverted + droppedTotal <= accepted)
  }

  /** The end of the process: what cannot be written is counted, by what has become of it. */
  giveUp(): void {
    this.pump.flushSync()
    const there = new Set(
      this.sinks.slice(0, 2).flatMap(({ landedLines }) => landedLines.map(nameOf)),
    )
    this.pump.giveUp(false)
    const { accepted, written, diverted, droppedTotal } = this.counters
    assert.equal(written, there.size, 'written')
    assert.equal(diverted, [...this.shown].filter((name) => !there.has(name)).length, 'diverted')
    assert.equal(written + diverted + droppedTotal, accepted, 'nothing is lost in silence')
    const copies = this.sinks[2]!.landedLines.length
    assert.equal(copies + this.counters.copiesLost, this.#copied, 'copies, too')
    this.pump.close()
  }

  /** Everything works again. */
  async end(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      for (const sink of this.sinks) sink.recover()
      for (const sink of this.sinks) sink.land()
      this.clock.advance(flushMs)
      await this.clock.turn()
      if (!this.clock.isAwaited && !this.sinks.some(({ isBusy }) => isBusy)) break
    }
    const { counters } = this
    const own = this.sinks.slice(0, 2).reduce((sum, { lines }) => sum + lines.length, 0)
    assert.equal(counters.written, own, 'written')
    const { accepted, written, diverted, droppedTotal } = counters
    assert.equal(written + diverted + droppedTotal, accepted, 'nothing is lost in silence')
    const copies = this.sinks[2]!.lines.length
    assert.equal(copies + counters.copiesLost, this.#copied, 'copies, too')
    this.pump.close()
  }
}

const sinkNumber = fc.nat(2)
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant('log'),
      fc.nat(1),
      fc.constantFrom(1, 2, 3),
      fc.constantFrom(1, 10, 3_000),
    ),
  },
  { weight: 3, arbitrary: fc.tuple(fc.constant('turn')) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('rest')) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('land'), sinkNumber) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('landSome'), sinkNumber, fc.nat(400)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('fail'), sinkNumber) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('recover'), sinkNumber) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('flushSync')) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('flush')) },
) as fc.Arbitrary<readonly [name: string, ...words: number[]]>

async function act(
  rig: Rig,
  [name, first = 0, second = 0, third = 0]: readonly [string, ...number[]],
): Promise<void> {
  const sink = rig.sinks[first]!
  if (name === 'log') rig.log(first, second, third)
  else if (name === 'turn') await rig.clock.turn()
  else if (name === 'rest') rig.clock.advance(flushMs)
  else if (name === 'land' && !sink.hasFailed) sink.land()
  else if (name === 'landSome') sink.landSome(second)
  else if (name === 'fail') sink.fail()
  else if (name === 'recover') sink.recover()
  else if (name === 'flushSync') rig.pump.flushSync()
  else if (name === 'flush') rig.pump.flush().catch(() => {})
}

const bounds: readonly (readonly [what: string, bytes: number])[] = [
  ['with memory for all', 1 << 20],
  ['with memory for little', 2_048],
]
for (const [what, waitingBytesMax] of bounds) {
  test(`Pump: whatever happens, accepted = written + dropped + diverted, in order and once: ${what}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 60 }),
        fc.boolean(),
        async (actions, heals) => {
          const rig = new Rig(waitingBytesMax)
          for (const each of actions) {
            await act(rig, each)
            rig.check()
          }
          if (heals) await rig.end()
          else rig.giveUp()
        },
      ),
      { numRuns: runs(200) },
    )
  })
}
