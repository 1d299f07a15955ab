// The pump: ring → lines → batches → sinks, in our own turns of the event loop.
//
// It rests. A wake costs some 100 µs of the event loop, whether it moves one entry or a thousand;
// so an entry waits for company, `flush_ms` at the most, and the pump is woken early only by what
// cannot wait: ERROR and above, categories that are `synced`, 64 KiB of lines, a quarter of the
// ring, `flush()`, a file that works again.
//
//          first entry                 flush_ms over, or what cannot wait
//   idle ──────────────► resting (timer) ───────────────────────► awake ──slice──► idle
//     └──────────────────── what cannot wait ──────────────────────►┘ ◄──┘
//                                                                  its time is over
//
// Awake it works in slices: after a time budget it lets other work have its turn. Per file one
// batch is in flight, and the next is gathered meanwhile; when a file is slow, its full batch stops
// the pump, and the ring fills. When a file *fails*, entries for it go on being gathered, within
// the bounds of the buffer, until it recovers: other files are not held up.
//
// Nothing that happens here reaches the caller. Entries of our own (what was lost, what failed) are
// logged like any other, but only when the files work, so that no failure can feed itself.

import { clearTimeout, monotonicMs, setImmediate, setTimeout } from '../entry/clock.ts'
import { CRITICAL, DEBUG, ERROR } from '../entry/level.ts'
import type { LineEncoder } from '../encode/line-encoder.ts'
import type { MadeLine } from '../encode/made-line.ts'
import type { Refusal } from '../directory/attributes.ts'
import { publish } from './channels.ts'
import { LoadShedding } from './load-shedding.ts'
import { entriesIn, plainOf } from './batch-entries.ts'
import type { CategoryTemplate } from './category.ts'
import { FlushWaiters } from './flush-waiters.ts'
import { Outages, type OutagesOptions } from './outages.ts'
import type { Numbering } from './numbering.ts'
import type { Ring } from '../capture/ring.ts'
import type { Route, Tee } from './route.ts'
import { Patience } from '../sinks/disk-timeout.ts'
import type { EntrySink, LastResort, SinkEvents } from '../sinks/sink.ts'

/** A gathered batch of this size is handed over as soon as its sink is free, in bytes. */
const batchBytes = 64 * 1024
/** A gathered batch of this size takes no more. */
const batchBytesMax = 256 * 1024
/** Files written at a time: the thread pool has four threads, and the application needs some. */
const writingMax = 2
/** A batch that is not full is held back for company as long at least, in milliseconds. */
const companyMsMin = 10
/** Entries between two looks at the clock. */
const entriesPerLook = 16
/** Entries made room for at a time when a caller finds the ring full. */
const roomEntries = 512
/** Of the ring's entries, the part that wakes the pump. */
const wakeShare = 1 / 4
/** Bytes of a line that are assumed until lines have been made: those of the enforcement entry. */
const lineBytesFirst = 320
/** The mean length of a line is that of so many lines, the latest counting most. */
const lineBytesSpan = 64
/**
 * How often a failed file is tried by callers who would have their entry written at once, in
 * milliseconds.
 */
const triedMsMin = 100
/** When a turn that has thrown is tried again, in milliseconds. */
const brokenMs = 1_000

export interface PumpOptions extends OutagesOptions {
  readonly ring: Ring<CategoryTemplate>
  readonly encoder: LineEncoder
  readonly numbering: Pick<Numbering, 'lsnBase'>
  /**
   * The routes that get entries of others: error.log, which also has every ERROR and CRITICAL
   * entry.
   */
  readonly tees: readonly Tee[]
  /** Gets what a file that has failed holds back. */
  readonly lastResort: LastResort | undefined
  /** The last resort gets entries even while their file works. */
  readonly showAlways: boolean
  /** These get entries as well, each from its threshold up. */
  readonly beside: readonly EntrySink[]
  /** Bytes that may wait for files that have failed. */
  readonly waitingBytesMax: number
  /** Of entries of one level that cannot wait any more, the oldest go, not the newest. */
  readonly dropOld: boolean
  /** Whether an error says that another writer has the directory, and that this is waited for. */
  readonly isWaitedFor?: (error: Error) => boolean
  /**
   * How long an entry may wait for company, in milliseconds. 0: a slice follows each turn that
   * logs.
   */
  readonly flushMs: number
  /** Called when a batch is in its file. */
  readonly written?: (() => void) | undefined
  /** Has a slice run once the caller's turn has ended. @default setImmediate */
  readonly later?: ((slice: () => void) => void) | undefined
  /** What measures and times it; a test has its own. @default the clock of the system */
  readonly clock?: Clock
  /** How long a slice may take before other work has its turn. @default 0.5 milliseconds */
  readonly sliceMs?: number
}

/** What may change while a pump works. */
export type LivePumpOptions = Pick<PumpOptions, 'lastResort' | 'showAlways' | 'beside' | 'flushMs'>

/** A timer that is set again and again. */
interface RestTimer {
  refresh(): unknown
  unref(): unknown
}

/** What a pump needs of a clock. */
export interface Clock {
  readonly monotonicMs: () => number
  readonly setTimeout: (callback: () => void, delayMs: number) => RestTimer
  readonly clearTimeout: (timer: RestTimer | undefined) => void
}

/** The clock of the system. */
export const systemClock: Clock = {
  monotonicMs,
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
}

const nothing = Buffer.alloc(0)
/**
 * What waits for it runs when the caller's turn has ended. setImmediate wakes the event loop, which
 * takes the first call of a turn some 7 µs after a pause, as much as all the rest of it (Node
 * 20.20, 2026-11).
 */
const endOfTurn = Promise.resolve()

/**
 * What the pump does next. `idle`: nothing is in the ring, or a slow file has stopped the pump and
 * will wake it. `resting`: entries wait for company, and the timer runs. `awake`: a slice comes.
 */
type State = 'idle' | 'resting' | 'awake'

/** Moves entries from the ring to the files. */
export class Pump {
  readonly #options: PumpOptions
  readonly #clock: Clock
  readonly #sliceMs: number
  #flushMs: number
  #lastResort: LastResort | undefined
  #showAlways: boolean
  #beside: readonly EntrySink[]
  /** The lowest severity that any of the tees gets; that anybody beside the files gets. */
  readonly #teeMin: number
  #besideMin = Infinity
  readonly #slice: () => void
  readonly #arm: () => void
  #state: State = 'idle'
  /**
   * Made once, refreshed for each rest. It does not keep the process alive: the exit writes what
   * waits.
   */
  #timer: RestTimer | undefined
  /** Runs when a turn has thrown. */
  #retry: RestTimer | undefined
  /**
   * The position of the ring at which the entries that wait come to `batchBytes`, or to their share
   * of the ring.
   */
  #wakeTail: number
  /** Mean length of a line, in bytes, over the last slices. */
  #lineBytes = lineBytesFirst
  /** A slow file has stopped the pump, with entries in the ring: the end of its write wakes it. */
  #isStopped = false
  /** Since when batches that are not full have been held back for company. */
  #heldBackSince: number | undefined
  /** The route that is asked first when some have been held back too long. */
  #firstRoute = 0
  /** A synchronous path is at work: callbacks must not start batches meanwhile. */
  #synchronous = false
  readonly #waiters: FlushWaiters
  readonly #shedding: LoadShedding
  readonly #outages: Outages

  constructor(options: PumpOptions) {
    this.#options = options
    this.#outages = new Outages(options)
    this.#waiters = new FlushWaiters(options.routes)
    this.#shedding = new LoadShedding({
      routes: options.routes,
      bytesMax: options.waitingBytesMax,
      batchBytesMax,
      dropOld: options.dropOld,
      lose: (severity, entries, shown) => this.#lose(severity, entries, shown),
      loseCopies: (copies) => {
        options.counters.copiesLost += copies
      },
    })
    this.#clock = options.clock ?? systemClock
    this.#sliceMs = options.sliceMs ?? 0.5
    this.#teeMin = lowestOf(options.tees)
    this.#lastResort = options.lastResort
    this.#showAlways = options.showAlways
    this.#beside = options.beside
    this.#flushMs = options.flushMs
    this.reconfigure({})
    this.#wakeTail = this.#nextWakeTail()
    const later = options.later ?? setImmediate
    this.#arm = () => {
      later(this.#slice)
    }
    this.#slice = () => {
      this.#state = 'idle'
      try {
        options.ring.prepare()
        this.#noteWaiting()
        this.#drain(this.#clock.monotonicMs() + this.#sliceMs)
        this.#wakeTail = this.#nextWakeTail()
        this.#dispatch()
      } catch (error) {
        this.#recoverLater(error)
      }
    }
  }

  /**
   * A function of the language has been replaced by one that throws: nobody has called us here, so
   * the process would end by it. What waits waits on, and is counted.
   */
  #recoverLater(error: unknown): void {
    this.#options.counters.fail(error instanceof Error ? error : new Error(String(error)))
    // One for all turns that throw meanwhile.
    if (this.#retry !== undefined) return
    this.#retry = this.#clock.setTimeout(() => {
      this.#retry = undefined
      this.wake()
    }, brokenMs)
    this.#retry.unref()
  }

  /**
   * HOT PATH: takes note of an entry that has come into the ring. It is moved after `flushMs`, or
   * in the next turn when it, or what waits by now, cannot wait.
   */
  schedule({ severity, owner }: CategoryTemplate): void {
    if (this.#state === 'awake') return
    const { ring } = this.#options
    if (
      severity >= ERROR ||
      ring.tail >= this.#wakeTail ||
      ring.chars >= batchBytes ||
      owner.isSynced
    ) {
      this.wake()
    } else if (this.#state === 'idle') this.#rest()
  }

  /** Asks for a slice in a later turn, unless one is coming already. */
  wake(): void {
    if (this.#state === 'awake') return
    // In this order: when the caller's stack is so full that this call fails, the next one asks
    // again.
    void endOfTurn.then(this.#arm)
    this.#state = 'awake'
  }

  /** Takes other options, for the entries that it moves from now on. */
  reconfigure(options: Partial<LivePumpOptions>): void {
    if ('lastResort' in options) this.#lastResort = options.lastResort
    this.#showAlways = options.showAlways ?? this.#showAlways
    this.#beside = options.beside ?? this.#beside
    const lastResort = this.#lastResort
    this.#besideMin = lowestOf(
      lastResort === undefined ? this.#beside : [lastResort, ...this.#beside],
    )
    const { flushMs = this.#flushMs } = options
    if (flushMs === this.#flushMs) return
    this.#flushMs = flushMs
    // What rests has been promised the time that was.
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#state === 'resting') this.wake()
  }

  /** Ends the rest for good. */
  close(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#clock.clearTimeout(this.#retry)
  }

  #rest(): void {
    if (this.#flushMs === 0) {
      this.wake()
      return
    }
    if (this.#timer === undefined) {
      // A timer that comes too late, after something has woken the pump, finds it awake or idle.
      this.#timer = this.#clock.setTimeout(() => {
        if (this.#state === 'resting') this.#slice()
      }, this.#flushMs)
      this.#timer.unref()
    } else this.#timer.refresh()
    this.#state = 'resting'
  }

  /** Looks how much waits: before each slice, as the most is there then. */
  #noteWaiting(): void {
    const { ring, routes, counters } = this.#options
    let bytes = ring.chars
    for (const { gathered, waitingBytes, inFlight } of routes) {
      bytes += gathered.size + waitingBytes + (inFlight?.size ?? 0)
    }
    counters.waits(bytes)
  }

  /** Whether lines wait in a batch that no sink has. */
  get #hasGathered(): boolean {
    return this.#options.routes.some(
      ({ gathered, waiting }) => gathered.lines > 0 || waiting.length > 0,
    )
  }

  #nextWakeTail(): number {
    const { ring } = this.#options
    const entries = Math.min(batchBytes / this.#lineBytes, ring.entriesMax * wakeShare)
    return ring.head + Math.max(1, Math.floor(entries))
  }

  /**
   * Resolves when everything now in the ring is in the files.
   *
   * @returns a promise that rejects as soon as one of the files cannot be written.
   */
  flush(): Promise<void> {
    this.wake()
    return this.#waiters.add(this.#options.ring.tail)
  }

  /** Writes everything now in the ring before it returns; what a failed file refuses stays. */
  flushSync(patience: Patience = new Patience(false)): void {
    this.#inSync(() => {
      const { ring, routes } = this.#options
      // What is written may lead to entries of our own: that a file has recovered, or ended in a
      // torn line.
      for (let round = 0; round < 3 && (round === 0 || ring.size > 0); round++) {
        this.#drainSync(ring.size, patience)
        this.reportDropped()
        this.#drainSync(ring.size, patience)
        // A file whose disk hangs must not take the time of the others.
        for (const route of routes) {
          if (route.inFlight === undefined) this.#writeSync(route, patience)
        }
        for (const route of routes) this.#writeSync(route, patience)
      }
    })
    this.#settleWaiters()
  }

  /**
   * Writes everything in the ring that goes to one file before it returns; the rest goes on its
   * usual way.
   */
  writeThrough(route: Route): void {
    const now = this.#clock.monotonicMs()
    if (!route.isStuck || now - route.triedAt >= triedMsMin) {
      if (route.isStuck) route.triedAt = now
      this.#inSync(() => {
        const patience = new Patience(false)
        this.#drainSync(this.#options.ring.size, patience)
        this.#writeSync(route, patience)
      })
    }
    if (this.#state === 'idle' && (this.#options.ring.size > 0 || this.#hasGathered)) this.#rest()
  }

  /** Writes enough of the ring, synchronously, for a caller to go on. */
  makeRoom(): void {
    this.#inSync(() => this.#drainSync(roomEntries, new Patience(false)))
    this.wake()
  }

  /**
   * Gives up what cannot be written any more, and counts it. Entries for a person have been shown
   * on the console.
   *
   * @param isWaiting Another writer has the directory. Then nothing is wrong that a person could
   *   have mended: what is not for him is shown as well.
   */
  giveUp(isWaiting: boolean): void {
    for (const route of this.#options.routes) {
      this.#countLanded(route)
      if (route.pending > 0) this.#showPending(route, isWaiting)
      this.#loseCopies(route)
      for (const batch of route.surrender()) {
        batch.entries.forEach((count, severity) => {
          this.#lose(severity, count, batch.shown(severity))
        })
      }
    }
    this.#settleWaiters()
  }

  /** Counts and tells the copies that a route gives up; those that are in its file are not lost. */
  #loseCopies(route: Route): void {
    const { counters, tees, tell } = this.#options
    if (route.pending === 0 || !tees.some((tee) => tee.route === route)) return
    const landed = route.inFlight === undefined ? 0 : route.sink.landed
    let copies = 0
    for (const batch of [route.inFlight, ...route.waiting, route.gathered]) {
      if (batch === undefined) continue
      for (const { end, category } of entriesIn(batch.bytes())) {
        const isCopy = category !== undefined && !route.categories.has(category)
        if (isCopy && (batch !== route.inFlight || end > landed)) copies++
      }
    }
    if (copies === 0) return
    counters.copiesLost += copies
    const what = copies === 1 ? '1 copy of an entry' : `${copies} copies of entries`
    tell(`${what} did not reach ${route.file}; stats() counts them`)
  }

  /** The directory has been waited for long enough: files that wait for it count as failed. */
  endWait(error: Error): void {
    for (const route of this.#options.routes) {
      if (!route.isInTurn) continue
      route.isInTurn = false
      this.#fail(route, error)
    }
  }

  #fail(route: Route, error: Error): void {
    if (!this.#outages.begin(route, error)) return
    this.#showPending(route)
    this.#settleWaiters()
    this.wake()
  }

  /** The system refuses a file what it can do without. */
  refused(refusal: Refusal): void {
    this.#outages.refused(refusal)
  }

  /** What a route's sink tells. */
  eventsOf(route: Route): SinkEvents {
    const { counters } = this.#options
    const outages = this.#outages
    return {
      written: () => {
        this.#written(route)
        this.#settleWaiters()
        if (this.#isStopped || this.#hasGathered) this.wake()
      },
      failed: (error) => {
        if (this.#options.isWaitedFor?.(error) === true) {
          if (!route.isInTurn) publish('waiting', { file: route.file, reason: error.message })
          route.isInTurn = true
          this.wake()
        } else this.#fail(route, error)
      },
      fault: (error) => {
        if (!route.isInTurn) outages.fault(route, error)
      },
      recovered: () => {
        const wasInTurn = route.isInTurn
        route.isInTurn = false
        // The batch that has shown it still counts as in flight: what is reported must not be
        // written past it.
        const wasSynchronous = this.#synchronous
        this.#synchronous = true
        const isNews = outages.end(route)
        this.#synchronous = wasSynchronous
        if (isNews || wasInTurn) this.wake()
      },
      rotated: () => {
        counters.rotations++
        publish('rotated', { file: route.file })
      },
      torn: (bytes) => outages.torn(route, bytes),
      refused: (refusal) => outages.refused(refusal),
      late: (bytes, isTakenBack) => outages.late(route, bytes, isTakenBack),
    }
  }

  #written(route: Route): void {
    const { counters } = this.#options
    const batch = route.inFlight
    if (batch === undefined) return
    counters.bytes += batch.size
    for (const entries of batch.entries) counters.written += entries
    route.settle()
    this.#options.written?.()
  }

  /** Gathers lines until the ring is empty, a file is full up, or the time is over. */
  #drain(deadline: number): void {
    const { ring } = this.#options
    let untilLook = entriesPerLook
    this.#isStopped = false
    while (ring.size > 0) {
      const route = ring.template.owner.route
      if (!this.#takes(route)) {
        this.#isStopped = true
        return
      }
      this.#gatherNext()
      if (--untilLook === 0) {
        if (this.#clock.monotonicMs() > deadline) {
          this.wake()
          return
        }
        untilLook = entriesPerLook
      }
    }
    this.reportDropped()
  }

  /** Whether a route takes another line; a slow one stops the pump, a failed one does not. */
  #takes(route: Route): boolean {
    if (route.gathered.size >= batchBytesMax && !route.isStuck) return false
    const { tees } = this.#options
    for (let i = 0; i < tees.length; i++) {
      const tee = tees[i]!.route
      if (tee.gathered.size >= batchBytesMax && !tee.isStuck) return false
    }
    return true
  }

  #drainSync(entriesMax: number, patience: Patience): void {
    const { ring, routes } = this.#options
    this.#noteWaiting()
    for (let entries = 0; entries < entriesMax && ring.size > 0; entries++) {
      this.#gatherNext()
      if (entries % entriesPerLook === 0 || entries === entriesMax - 1) {
        for (const route of routes) {
          if (route.gathered.size >= batchBytesMax) this.#writeSync(route, patience)
        }
      }
    }
  }

  /**
   * Writes the line of the oldest entry to its file's batch, and gives the entry to the tees and to
   * the sinks beside the files.
   */
  #gatherNext(): void {
    const { ring, encoder, numbering } = this.#options
    const { lanes, template } = ring
    const { severity } = template
    const { route, place } = template.owner
    const { seq, number } = ring
    const lsn = numbering.lsnBase + number
    // Both before a line is written: what waits may be shortened for it.
    const isKept = this.#makeWay(route, severity)
    const teed = severity < this.#teeMin ? 0 : this.#teesFor(route, severity)
    const { out } = route.gathered
    const from = out.size
    const refsFrom = lanes.refHead
    try {
      encoder.write(out, ring, lsn)
    } catch (error) {
      // A line beyond the longest string of the engine, or a value that cannot be written after
      // all.
      this.#options.counters.fail(error as Error)
      this.#options.counters.drop(severity)
      ring.shift(refsFrom)
      return
    }
    ring.shift(refsFrom)
    const { made } = encoder
    this.#lineBytes += (out.size - from - this.#lineBytes) / lineBytesSpan
    let isShown = false
    if (severity >= this.#besideMin) {
      const lastResort = this.#lastResort
      const isMeant = route.down || this.#showAlways
      if (lastResort !== undefined && isMeant && severity >= lastResort.threshold) {
        isShown = lastResort.take(made)
      }
      for (const sink of this.#beside) if (severity >= sink.threshold) sink.take(made)
    }
    if (teed > 0) this.#tee(teed, made, out.bytes.subarray(from, out.size), number, lsn)
    if (route.form !== undefined) {
      const shaped = route.form(made)
      out.size = from
      out.text(shaped)
    }
    if (isKept) {
      if (isShown) route.gathered.show(severity, route.gathered.entries[severity]!)
      route.add(severity, place, seq, number, lsn)
    } else {
      out.size = from
      this.#lose(severity, 1, isShown ? 1 : 0)
    }
  }

  /** Which of the tees get an entry, as bits; they have made room for it. */
  #teesFor(route: Route, severity: number): number {
    const { tees } = this.#options
    let bits = 0
    for (let i = 0; i < tees.length; i++) {
      const tee = tees[i]!
      if (severity < tee.threshold || tee.route === route) continue
      if (this.#makeWay(tee.route, severity)) bits |= 1 << i
      else this.#options.counters.copiesLost++
    }
    return bits
  }

  /** Writes copies of an entry. They are no entries of their own, so they count nowhere. */
  #tee(bits: number, made: MadeLine, line: Buffer, number: number, lsn: number): void {
    const { tees } = this.#options
    for (let i = 0; i < tees.length; i++) {
      if ((bits & (1 << i)) === 0) continue
      const { route } = tees[i]!
      const { out } = route.gathered
      if (route.form === undefined) out.append(line)
      else out.text(route.form(made))
      route.addCopy(number, lsn)
    }
  }

  /**
   * Whether a line may be added to what a route has gathered: a failed one has only so much memory.
   */
  #makeWay(route: Route, severity: number): boolean {
    if (!route.isStuck) return true
    if (route.gathered.size >= batchBytesMax) route.queue()
    return this.#shedding.hasRoom(severity)
  }

  /**
   * Counts entries that will not reach their file; `shown`: how many of them the console has taken.
   */
  #lose(severity: number, entries: number, shown: number): void {
    const { counters } = this.#options
    counters.diverted += shown
    if (entries > shown) counters.drop(severity, entries - shown)
  }

  /**
   * Counts as written what of the batch in flight has come to its file, though not all of it did.
   */
  #countLanded(route: Route): void {
    const batch = route.inFlight
    if (batch === undefined) return
    const { counters } = this.#options
    const { landed } = route.sink
    counters.bytes += landed
    for (const { end, severity, category } of entriesIn(batch.bytes())) {
      if (end > landed) return
      if (severity === undefined || !route.categories.has(category!)) continue
      counters.written++
      batch.land(severity)
    }
  }

  /** Hands batches to the sinks that are free. */
  #dispatch(): void {
    if (this.#synchronous) return
    const { ring, routes } = this.#options
    // What is in the ring of a pump that rests is no company for what is gathered.
    const hasCompany = ring.size > 0 && this.#state === 'awake'
    const isOverdue = hasCompany && this.#isOverdue()
    let writing = 0
    let isLeft = false
    for (const route of routes) if (route.inFlight !== undefined && !route.isStuck) writing++
    if (isOverdue) this.#firstRoute++
    for (let i = 0; i < routes.length; i++) {
      const route = routes[(this.#firstRoute + i) % routes.length]!
      // What is with a sink that waits for its turn could not make room for what is more important.
      if (route.inFlight !== undefined || route.isInTurn) continue
      const full = route.waiting.length > 0 || route.gathered.size >= batchBytes
      if (!full && (route.gathered.lines === 0 || (hasCompany && !isOverdue))) continue
      if (writing >= writingMax) {
        isLeft = true
        continue
      }
      const batch = route.take()
      if (batch === undefined) continue
      writing++
      route.sink.write(batch.bytes())
    }
    if (!hasCompany || (isOverdue && !isLeft)) this.#heldBackSince = undefined
    this.#settleWaiters()
  }

  /**
   * Whether what is gathered has been held back as long as an entry may wait. A ring that never
   * runs empty, and files that are always full, would hold a quiet file back for ever: an entry of
   * it came 3 s after later ones of others, on a machine where the pump got a tenth of a core (Node
   * 20.20, 2026-11).
   */
  #isOverdue(): boolean {
    const now = this.#clock.monotonicMs()
    this.#heldBackSince ??= now
    return now - this.#heldBackSince >= Math.max(this.#flushMs, companyMsMin)
  }

  /** Writes what a route has, before it returns; stops when the sink fails. */
  #writeSync(route: Route, patience: Patience): void {
    // Nothing more than what is under way: the sink tells when it has finished that.
    if (route.inFlight !== undefined && !route.sink.writeSync(nothing, patience)) return
    for (let batch = route.take(); batch !== undefined; batch = route.take()) {
      if (!route.sink.writeSync(batch.bytes(), patience)) return
      this.#written(route)
    }
  }

  #inSync(work: () => void): void {
    if (this.#synchronous) return
    this.#synchronous = true
    try {
      work()
    } finally {
      this.#synchronous = false
    }
  }

  /**
   * Shows on the console what a file that has failed holds back, as far as it is meant for a person
   * and not shown yet.
   */
  #showPending(route: Route, isAll: boolean = false): void {
    const lastResort = this.#lastResort
    if (lastResort === undefined) return
    const lowest = isAll ? DEBUG : lastResort.threshold
    const landed = route.inFlight === undefined ? 0 : route.sink.landed
    for (const batch of [route.inFlight, ...route.waiting, route.gathered]) {
      if (batch === undefined || batch.entries.every((count, i) => i < lowest || count === 0))
        continue
      const places = [0, 0, 0, 0, 0]
      const bytes = batch.bytes()
      for (const { from, end, severity = CRITICAL, category } of entriesIn(bytes)) {
        // A copy is no entry of this file's, and is shown and counted where it is one.
        if (category === undefined || !route.categories.has(category)) continue
        const place = places[severity]!++
        if (severity < lowest || (batch === route.inFlight && end <= landed)) continue
        if (batch.isShown(severity, place)) continue
        const text = plainOf(bytes.toString('utf8', from, end))
        if (lastResort.takeWaiting(text)) batch.show(severity, place)
      }
    }
  }

  /**
   * Tells in the files what was lost, once all of them can be written; the last time, in any case.
   */
  reportDropped(isLast: boolean = false): void {
    this.#outages.reportDropped(isLast)
  }

  #settleWaiters(): void {
    const { ring } = this.#options
    this.#waiters.settle(ring.head)
  }
}

function lowestOf(all: readonly { readonly threshold: number }[]): number {
  return Math.min(...all.map(({ threshold }) => threshold))
}
