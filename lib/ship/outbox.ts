// The way of one log into an engine. Whatever goes wrong, what is known is thrown away and the
// engine is asked: how far has each category come? What is there is dropped from the queue, the
// rest is sent.
//
//             ┌───────────────── acknowledged ◄─┐
//   push ─► queue ─► batch ─► append ───────────┤
//                      ▲                        │ anything else
//                      └── judged ◄─ last() ◄───┘
//
// What the engine tells is one of four things for a category. It is where we have left it: go on.
// It is the end of a batch of ours, whose acknowledgement was lost: go on behind it. It is less:
// the engine has lost its end, and the files are read again from there. It is anything else:
// somebody else has appended. A shipper that has appended before, and now finds the entries of
// another, gives way: of two shippers the newer one stays. Before the first acknowledgement the
// other may be our own predecessor, whose last batch was still under way when it was killed.

import { clearInterval, monotonicMs, setImmediate, setInterval, sleep } from '../entry/clock.ts'
import { BackOff } from './back-off.ts'
import {
  type Engine,
  EngineRefusal,
  type LastEntry,
  NotNextError,
  type Shipment,
} from './engine.ts'
import type { ShipReport } from './events.ts'
import { SendQueue } from './send-queue.ts'
import { onceOnly } from '../entry/inherited-members.ts'

/** What waits in memory at most: then reading waits. One entry may be larger. */
const waitingBytesMax = 2 << 20
const waitingEntriesMax = 5_000

/** An engine to which nothing is sent is asked so often whether all is still there. */
const checkMs = 30_000

/**
 * Appends that fail one after the other before it is told: some may, when a server is restarted.
 */
const troublesTold = 5
/** Or so long, where each takes its time: a server whose disk is full need not say so. */
const troubleMsTold = 4000

/** Why an outbox has ended: the engine has less than it had, or it cannot go on. */
export type Ending = { readonly kind: 'lost' } | { readonly kind: 'failed'; readonly error: Error }

/** What an outbox tells. */
export interface OutboxEvents {
  away(error: Error): void
  back(seconds: number): void
  lost(category: string, from: number, to: number): void
  other(category: string, from: number, to: number): void
}

/** What an outbox is made with. */
export interface OutboxSettings {
  readonly events: OutboxEvents
  readonly report: ShipReport
  /** So long an engine may be away; Infinity: for ever. Milliseconds. */
  readonly patienceMs: number
  readonly signal: AbortSignal
  readonly backOff?: BackOff
  /**
   * So long appends may fail, at least two of them, before it is told. @default 4000 milliseconds
   */
  readonly troubleMs?: number
}

/** Sends. */
export class Outbox {
  readonly #engine: Engine
  readonly #settings: OutboxSettings
  readonly #backOff: BackOff
  readonly #queues = new Map<string, SendQueue>()
  /** How far each category has come, as acknowledged or told. */
  readonly #confirmed = new Map<string, number>()
  /**
   * Where batches end of which nobody knows whether they are stored, or will be: one that is late
   * can come until the next one is acknowledged.
   */
  readonly #tried = new Map<string, Set<number>>()
  /** Categories in which we have appended. */
  readonly #own = new Set<string>()
  #inFlight = 0
  #settling: Promise<void> | undefined
  #hasAnswered = false
  #ending: Ending | undefined
  /** Woken whenever something is done. */
  #waiting: (() => void)[] = []
  /**
   * When the engine was first found away; undefined while it answers, and takes what it is sent.
   */
  #awayMs: number | undefined
  /** Appends that have failed since the last that did not, and since when. */
  #troubles = 0
  #troubleMs = 0
  /** It is told that it takes nothing: an answer alone does not mend that. */
  #takesNothing = false
  #check: NodeJS.Timeout | undefined
  #ended: (() => void) | undefined

  constructor(engine: Engine, settings: OutboxSettings) {
    this.#engine = engine
    this.#settings = settings
    this.#backOff = settings.backOff ?? new BackOff()
    settings.signal.addEventListener('abort', () => this.#wake(), onceOnly)
  }

  /** Why it has ended; undefined while it works. */
  get ending(): Ending | undefined {
    return this.#ending
  }

  /**
   * Begins, or begins again: forgets what waits, and asks how far the engine has come.
   *
   * @param ended Called when it has ended.
   * @returns undefined when it has ended already, or was told to.
   */
  async begin(ended: () => void): Promise<ReadonlyMap<string, LastEntry> | undefined> {
    this.#ended = ended
    await this.#quiet()
    this.#ending = undefined
    for (const queue of this.#queues.values()) queue.clear()
    const last = await this.#ask()
    if (last === undefined) return undefined
    this.#confirmed.clear()
    for (const [category, { seq }] of last) this.#confirmed.set(category, seq)
    this.#check ??= setInterval(() => this.#checkIdle(), checkMs)
    return last
  }

  /** How far a category has come. */
  confirmed(category: string): number {
    return this.#confirmed.get(category) ?? 0
  }

  push(shipment: Shipment): void {
    if (this.#ending !== undefined || shipment.seq <= this.confirmed(shipment.category)) return
    const name = this.#engine.order === 'log' ? '*' : shipment.category
    let queue = this.#queues.get(name)
    if (queue === undefined) this.#queues.set(name, (queue = new SendQueue(name)))
    queue.push(shipment)
    if (queue.isBusy) return
    queue.isBusy = true
    void this.#send(queue)
  }

  /** Resolves when there is room for more, or it has ended. */
  async room(): Promise<void> {
    while (!this.#isOver && this.isFull) await this.#something()
  }

  /** Resolves when all is acknowledged, or it has ended. */
  async drained(): Promise<void> {
    while (
      !this.#isOver &&
      [...this.#queues.values()].some(({ size, isBusy }) => size > 0 || isBusy)
    )
      await this.#something()
  }

  /** Sends nothing more; resolves when what was under way is over. */
  async close(): Promise<void> {
    clearInterval(this.#check)
    this.#check = undefined
    for (const queue of this.#queues.values()) queue.clear()
    await this.#quiet()
  }

  get #isOver(): boolean {
    return this.#ending !== undefined || this.#settings.signal.aborted
  }

  /** There is no room for more. */
  get isFull(): boolean {
    let [bytes, entries] = [0, 0]
    for (const queue of this.#queues.values()) {
      bytes += queue.bytes
      entries += queue.size
    }
    return bytes >= waitingBytesMax || entries >= waitingEntriesMax
  }

  async #send(queue: SendQueue): Promise<void> {
    // What else is read in this turn goes along.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (queue.size > 0 && !this.#isOver) {
      if (this.#settling !== undefined) {
        await this.#settling
        continue
      }
      const batch = queue.batch()
      this.#inFlight++
      let trouble: unknown
      try {
        await this.#engine.append(queue.name, batch)
        this.#acknowledge(queue, batch)
      } catch (error) {
        trouble = error
        if (!(error instanceof NotNextError)) this.#noteTried(batch)
      }
      this.#inFlight--
      this.#wake()
      if (trouble === undefined) continue
      if (trouble instanceof EngineRefusal) this.#end({ kind: 'failed', error: trouble })
      else await this.#settle(trouble)
    }
    queue.isBusy = false
    this.#wake()
  }

  #acknowledge(queue: SendQueue, batch: readonly Shipment[]): void {
    queue.shift(batch.length)
    this.#backOff.reset()
    this.#troubles = 0
    this.#takesNothing = false
    this.#tellBack()
    for (const { category, seq, time } of lastsOf(batch)) {
      this.#confirmed.set(category, seq)
      this.#tried.delete(category)
      this.#own.add(category)
      this.#settings.report.last_time = Math.max(this.#settings.report.last_time ?? 0, time)
    }
    const { report } = this.#settings
    report.sent += batch.length
    report.batches++
    for (const { line } of batch) report.bytes += line.length
  }

  /** Asks how far it has come, once for all queues, and goes on from there. */
  #settle(trouble?: unknown): Promise<void> {
    this.#settling ??= this.#askAndJudge(trouble).finally(() => {
      this.#settling = undefined
    })
    return this.#settling
  }

  async #askAndJudge(trouble: unknown): Promise<void> {
    // An acknowledgement that came behind the answer would make it an old one.
    await this.#quiet()
    if (trouble !== undefined) await this.#noteTrouble(trouble)
    const last = await this.#ask()
    if (last === undefined) return
    for (const category of new Set([...this.#confirmed.keys(), ...last.keys()])) {
      this.#judge(category, last.get(category)?.seq ?? 0)
    }
    for (const queue of this.#queues.values())
      queue.dropUpTo((category) => this.confirmed(category))
    this.#wake()
  }

  #judge(category: string, seq: number): void {
    const { events, report } = this.#settings
    const before = this.confirmed(category)
    if (seq === before) return
    if (seq < before) {
      events.lost(category, seq + 1, before)
      this.#end({ kind: 'lost' })
      return
    }
    this.#confirmed.set(category, seq)
    if (this.#triedOf(category).has(seq)) {
      report.sent += seq - before
      this.#own.add(category)
      return
    }
    report.already += seq - before
    if (!this.#own.has(category)) {
      events.other(category, before + 1, seq)
      return
    }
    const error = new Error(
      `Cannot go on: expected to be the only shipper of this log, got ${category} entries ${before + 1} to ${seq} from another one, which began later; run one at a time`,
    )
    this.#end({ kind: 'failed', error })
  }

  /** Asks until there is an answer; undefined when it has ended before. */
  async #ask(): Promise<ReadonlyMap<string, LastEntry> | undefined> {
    const { patienceMs } = this.#settings
    while (!this.#isOver) {
      try {
        const last = await this.#engine.last()
        this.#hasAnswered = true
        if (!this.#takesNothing) this.#tellBack()
        return last
      } catch (caught) {
        const error = errorOf(caught)
        // One that has answered may refuse while it starts again.
        if (error instanceof EngineRefusal && !this.#hasAnswered) {
          this.#end({ kind: 'failed', error })
          return undefined
        }
        this.#tellAway(error)
        if (monotonicMs() - this.#awayMs! >= patienceMs) {
          this.#end({ kind: 'failed', error })
          return undefined
        }
        await this.#pause()
      }
    }
    return undefined
  }

  /** One that answers and takes nothing is as good as away. */
  async #noteTrouble(trouble: unknown): Promise<void> {
    const { patienceMs, troubleMs = troubleMsTold } = this.#settings
    if (this.#troubles++ === 0) this.#troubleMs = monotonicMs()
    const ms = monotonicMs() - this.#troubleMs
    if (this.#troubles >= troublesTold || (this.#troubles > 1 && ms >= troubleMs)) {
      this.#takesNothing = true
      this.#tellAway(errorOf(trouble))
    }
    if (ms >= patienceMs) this.#end({ kind: 'failed', error: errorOf(trouble) })
    else await this.#pause()
  }

  #tellAway(error: Error): void {
    if (this.#awayMs !== undefined) return
    this.#awayMs = monotonicMs()
    this.#settings.events.away(error)
  }

  #tellBack(): void {
    if (this.#awayMs === undefined) return
    this.#settings.events.back(Math.round((monotonicMs() - this.#awayMs) / 1000))
    this.#awayMs = undefined
  }

  /** Longer each time, until something is acknowledged. */
  async #pause(): Promise<void> {
    const { signal } = this.#settings
    // Told to end, it wakes.
    await sleep(this.#backOff.next(), undefined, { signal }).catch(() => {})
  }

  #checkIdle(): void {
    const isIdle = [...this.#queues.values()].every(({ isBusy }) => !isBusy)
    if (isIdle && !this.#isOver) void this.#settle()
  }

  #noteTried(batch: readonly Shipment[]): void {
    for (const { category, seq } of lastsOf(batch)) this.#triedOf(category).add(seq)
  }

  #triedOf(category: string): Set<number> {
    let tried = this.#tried.get(category)
    if (tried === undefined) this.#tried.set(category, (tried = new Set()))
    return tried
  }

  #end(ending: Ending): void {
    this.#ending ??= ending
    this.#wake()
    this.#ended?.()
  }

  /** Resolves when no append is under way. */
  async #quiet(): Promise<void> {
    while (this.#inFlight > 0) await this.#something()
  }

  #something(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

/** The last entry of each category of a batch. */
function lastsOf(batch: readonly Shipment[]): Iterable<Shipment> {
  const lasts = new Map<string, Shipment>()
  for (const shipment of batch) lasts.set(shipment.category, shipment)
  return lasts.values()
}
