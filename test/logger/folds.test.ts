// Calls that repeat themselves, against a model that keeps all of them.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Ring } from '../../lib/capture/ring.ts'
import { Category, type CategoryTemplate } from '../../lib/deliver/category.ts'
import { Counters } from '../../lib/deliver/counters.ts'
import { Route } from '../../lib/deliver/route.ts'
import { JsonBytes } from '../../lib/encode/json-bytes.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { templateOf } from '../../lib/encode/line-template.ts'
import type { LogEntry } from '../../lib/entry/entry.ts'
import { levelNames } from '../../lib/entry/level.ts'
import { parseLine } from '../../lib/entry/line.ts'
import { compileEvent } from '../../lib/event/compile-encoder.ts'
import { defineEvent, Type } from '../../lib/index.ts'
import { Intake, type OnFull } from '../../lib/logger/intake.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { ManualClock } from '../fakes/manual-clock.ts'
import { runs } from '../runs.ts'

const foldS = 10
const names = ['system', 'audit', 'sdk'] as const
const texts = ['first text', 'second text'] as const
const tick = defineEvent({
  name: 'tick',
  category: 'sdk',
  level: 'INFO',
  message: 'Tick {n}',
  context: Type.Object({ n: Type.Number(), list: Type.Optional(Type.Array(Type.Number())) }),
})

/** The way from a call into the ring, and a reader at its end. */
/** For all: they keep nothing of an entry, and took most of the time to be made. */
const redactor = new Redactor({ keys: [], allow: [] })
const encoder = new LineEncoder(redactor, 1 << 20)
const tickCodec = compileEvent(tick, redactor)

class Rig {
  readonly clock = new ManualClock()
  readonly counters = new Counters()
  readonly lines: LogEntry[] = []
  readonly intake: Intake
  readonly #ring: Ring<CategoryTemplate>
  readonly #encoder = encoder
  readonly #categories = names.map(
    (name, index) =>
      new Category({
        name,
        index,
        route: new Route(`${name}.log`),
        threshold: 0,
        own: false,
        durability: 'buffered',
      }),
  )
  readonly #event = templateOf(this.#categories[2]!, 1, undefined, tickCodec)

  constructor(burst: number, onFull: OnFull = 'block', entriesMax = 128) {
    this.#ring = new Ring(entriesMax, 1 << 20, 1 << 20)
    this.intake = new Intake({
      ring: this.#ring,
      encoder: this.#encoder,
      counters: this.counters,
      onFull,
      charsMax: 1 << 20,
      schedule: () => {},
      wake: () => {},
      writeThrough: () => {},
      makeRoom: () => this.drain(),
      tellClosed: () => {},
      surroundings: undefined,
      clock: this.clock,
    })
    this.intake.fold({ fold_s: foldS, burst, max_level: 'warning', except: ['audit'] })
  }

  /** Of INFO entries of a category. */
  templateOf(category: number): CategoryTemplate {
    return this.#categories[category]!.templates[1]!
  }

  log(category: number, severity: number, text: number, n: number): void {
    const template = this.#categories[category]!.templates[severity]!
    // Contexts of all sizes: what is held takes the place of what was longer or shorter.
    const context = { n, list: Array.from({ length: n % 7 }, (_, i) => `${n} ${i}`) }
    this.intake.log(template, texts[text]!, n % 3 === 0 ? undefined : `A${n}`, undefined, context)
  }

  tick(n: number): void {
    const list = n % 2 === 0 ? [n, n] : undefined
    this.intake.log(this.#event, '', undefined, undefined, { n, list })
  }

  drain(): void {
    const out = new JsonBytes(1 << 16)
    while (this.#ring.size > 0) {
      out.clear()
      const { number } = this.#ring
      this.#encoder.write(out, this.#ring, number)
      this.#ring.shift()
      this.lines.push(parseLine(out.textFrom(0))!)
    }
  }
}

/** What a line comes to in the model: its text and its n; of a count, how many. */
function summaryOf({ category, level, message, context = {}, event }: LogEntry): string {
  const what = 'folded' in context ? `${Number(context['folded'])} folded` : Number(context['n'])
  const text = message.replace(/^.* folded: /, '')
  return `${category} ${level} ${event === 'tick' ? 'Tick' : text.replace(/Tick .*/, 'Tick')} ${what}`
}

/** All calls of one kind, until their time is over. */
interface Window {
  readonly begin: number
  readonly name: string
  calls: number
  /** Not written yet. */
  held: number[]
}

/** The same with nothing but lists. */
class Model {
  readonly lines: string[] = []
  readonly #burst: number
  #windows: Window[] = []

  constructor(burst: number) {
    this.#burst = burst
  }

  call(name: string, isFolded: boolean, n: number, now: number): void {
    const window = isFolded ? this.#windows.find((each) => each.name === name) : undefined
    if (window === undefined || ++window.calls <= this.#burst) this.lines.push(`${name} ${n}`)
    else window.held.push(n)
    if (isFolded && window === undefined) {
      this.#windows.push({ begin: now, name, calls: 1, held: [] })
    }
  }

  get held(): number {
    return this.#windows.filter(({ held }) => held.length > 0).length
  }

  /** Time has come to `now`. */
  pass(now: number): void {
    const isOver = ({ begin }: Window): boolean => begin + foldS * 1000 <= now
    this.#write(this.#windows.filter(isOver))
    this.#windows = this.#windows.filter((window) => !isOver(window))
  }

  flush(): void {
    this.#write(this.#windows)
  }

  #write(windows: readonly Window[]): void {
    for (const { name, held } of windows) {
      const last = held.at(-1)
      if (last === undefined) continue
      if (held.length > 1) this.lines.push(`${name} ${held.length - 1} folded`)
      this.lines.push(`${name} ${last}`)
      held.length = 0
    }
  }
}

const action = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('log' as const),
      category: fc.nat(2),
      severity: fc.nat(4),
      text: fc.nat(1),
      times: fc.nat(5),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('tick' as const), times: fc.nat(5) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 3000, 9999, 10_000, 25_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('drain' as const) }) },
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** Does it to both; `n` is the number of the call. */
function act(rig: Rig, model: Model, step: Action, n: number): number {
  const { clock, intake } = rig
  if (step.what === 'log') {
    const { category, severity, text } = step
    const name = `${names[category]} ${levelNames[severity]} ${texts[text]}`
    for (let i = 0; i <= step.times; i++) {
      rig.log(category, severity, text, ++n)
      model.call(name, severity <= 2 && names[category] !== 'audit', n, clock.nowMs)
    }
  } else if (step.what === 'tick') {
    for (let i = 0; i <= step.times; i++) {
      rig.tick(++n)
      model.call('sdk INFO Tick', true, n, clock.nowMs)
    }
  } else if (step.what === 'wait') {
    // Millisecond by millisecond where a window ends, so that the order is that of the ends.
    clock.advance(step.ms)
    model.pass(clock.nowMs)
  } else if (step.what === 'flush') {
    intake.writeHeld()
    model.flush()
  } else rig.drain()
  return n
}

/** That each line has the number behind the one before. */
function checkNumbers(lines: readonly LogEntry[]): void {
  assert.deepEqual(
    lines.map(({ lsn }) => lsn),
    lines.map((_, i) => i + 1),
  )
  for (const name of names) {
    const seqs = lines.filter(({ category }) => category === name).map(({ seq }) => seq)
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
      name,
    )
  }
}

describe('Folds', () => {
  for (const burst of [1, 3]) {
    it(`has the first ${burst}, how many were folded, and the last of each storm written; numbers have no gap`, () => {
      fc.assert(
        fc.property(fc.array(action, { maxLength: 40 }), (steps) => {
          const rig = new Rig(burst)
          const model = new Model(burst)
          let n = 0
          for (const step of steps) {
            n = act(rig, model, step, n)
            const { accepted, queued, folded } = rig.counters
            rig.drain()
            assert.equal(accepted, rig.lines.length + model.held + folded, 'accepted')
            assert.equal(queued, rig.lines.length + model.held, 'queued: none is written here')
          }
          rig.intake.writeHeld()
          model.flush()
          rig.drain()
          assert.deepEqual(rig.lines.map(summaryOf), model.lines)
          checkNumbers(rig.lines)
          const calls = rig.lines.filter(({ context = {} }) => !('folded' in context)).length
          assert.equal(calls + rig.counters.folded, n, 'each call is written or folded')
          assert.equal(
            rig.lines.reduce((sum, { context }) => sum + Number(context?.['folded'] ?? 0), 0),
            rig.counters.folded,
            'nothing is folded silently',
          )
        }),
        { numRuns: runs(300) },
      )
    })
  }

  it('counts what finds no room in the ring, and folds nothing silently', () => {
    for (const onFull of ['drop_new', 'drop_old', 'block'] as const) {
      fc.assert(
        fc.property(fc.array(action, { maxLength: 60 }), (steps) => {
          const rig = new Rig(1, onFull, 64)
          const model = new Model(1)
          let n = 0
          for (const step of steps) n = act(rig, model, step, n)
          rig.intake.writeHeld()
          rig.drain()
          const { accepted, folded, droppedTotal } = rig.counters
          assert.equal(rig.lines.length + folded + droppedTotal, accepted)
          const told = rig.lines.reduce((sum, { context }) => {
            return sum + Number(context?.['folded'] ?? 0)
          }, 0)
          if (onFull === 'block') assert.equal(told, folded)
          const { seq } = rig.lines.findLast(({ category }) => category === 'audit') ?? {}
          if (seq !== undefined) assert.ok(seq <= accepted)
        }),
        { numRuns: runs(100) },
      )
    }
  })

  it('waits for room rather than losing what is held, as long as the logger runs', () => {
    const rig = new Rig(1, 'drop_new', 64)
    rig.log(0, 1, 0, 1)
    rig.log(0, 1, 0, 2)
    rig.log(0, 1, 0, 3)
    for (let n = 0; n < 100; n++) rig.log(1, 4, 0, n)
    const dropped = rig.counters.droppedTotal
    rig.clock.advance(foldS * 1000)
    assert.equal(rig.counters.droppedTotal, dropped)
    rig.drain()
    rig.clock.advance(50)
    rig.drain()
    assert.deepEqual(rig.lines.slice(-2).map(summaryOf), [
      'system INFO first text 1 folded',
      'system INFO first text 3',
    ])
  })

  it('knows so many calls at a time, and writes what it cannot know', () => {
    const rig = new Rig(1)
    const template = rig.templateOf(0)
    const log = (message: string): void => {
      rig.intake.log(template, message, undefined, undefined, undefined)
    }
    log('storm')
    log('storm')
    for (let i = 0; i < 3000; i++) log(`Order ${i} filled`)
    for (let i = 0; i < 10; i++) log('storm')
    for (let i = 0; i < 2; i++) log('x'.repeat(2000))
    rig.intake.writeHeld()
    rig.drain()
    assert.equal(rig.lines.filter(({ message }) => message.startsWith('Order')).length, 3000)
    assert.equal(rig.lines.filter(({ message }) => message.startsWith('xx')).length, 2)
    assert.equal(rig.counters.folded, 10)
  })

  it('writes what would make all that is held too large', () => {
    const rig = new Rig(1)
    const template = rig.templateOf(0)
    for (let i = 0; i < 4; i++) {
      rig.intake.log(template, 'm', undefined, undefined, { text: 'x'.repeat(200_000) })
    }
    rig.intake.writeHeld()
    rig.drain()
    assert.deepEqual([rig.lines.length, rig.counters.folded], [4, 0])
  })
})
