// `buffer.writer: "thread"`, as the caller's thread has it.
//
//   call → lanes → block ═══════════════► feed → ring → pump → sinks     the writer's thread
//                    ▲   shared memory      │
//                    └── released ◄─────────┘ written, or counted as lost
//
// A call captures its values as ever, and writes them as bytes into a block of shared memory: no
// turn of ours comes in this thread. The writer's thread has a logger of its own with all that
// belongs to it: the directory's lock, pump, sinks, maintenance. It reads the records into its ring
// with the numbers they have, so numbers are given in one place: here. What the writer wants to
// report itself it sends here, to be logged like any other entry.
//
// What needs this thread stays here: levels, the functions that are asked at each call, the
// capture. What needs the files is there: lines, secrets in them, numbers on from the files, stdout
// beside the files, the console as a last resort.
//
// A record stays in the block until the writer says that it is in its file. So when the writer
// ends, or does not answer, this thread takes over: it ends the writer's thread, takes the
// directory's lock, which a dead thread does not hold, writes what the files do not have, and goes
// on as a logger without a writer. It waits for the writer:
//
//   an exit                 1.8 s of the 2 s that it has; 0.8 s, when it does not even hear of it
//   flushSync, `written`    5 s without any progress: the writer itself waits 2 s for a disk
//   a block that is full    the same
//
// An idle writer does nothing; a busy one looks every `flush_ms`, more often when much comes, and
// is woken at a call only by what cannot wait, or when it was idle: a message costs some 20 µs of
// this thread, and a burst of them was a fifth of all it paid at 100 000 entries a second (Node
// 20.20, 2026-11). No message of it keeps the process alive, but for those who await flush() or
// close().

import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { clearInterval, monotonicMs, napSync, setInterval } from '../entry/clock.ts'
import { ERROR, INFO } from '../entry/level.ts'
import { LockedError, NotWrittenError } from '../errors.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import type { Category, CategoryTemplate } from '../deliver/category.ts'
import { Counters, type LoggerStats } from '../deliver/counters.ts'
import { lifeOf, self } from '../directory/lock-owner.ts'
import type { Block } from '../journal/block.ts'
import { definitionOf } from '../journal/definition.ts'
import { placesMax } from '../journal/layout.ts'
import type { Bases } from '../journal/handed-progress.ts'
import { type BlockEntry, BlockReader } from '../journal/read-block.ts'
import { RingUnavailable } from '../journal/ring-file.ts'
import { Patience } from '../sinks/disk-timeout.ts'
import {
  AWAKE,
  companyBytes,
  Control,
  DONE,
  DROPPED,
  IDLE,
  OPENED,
  READ,
  REFUSED,
  RELEASED,
  SIGN,
  STATE,
  URGENT,
} from './control.ts'
import { type Handing, HandedJournal, makeHanding } from './handed-journal.ts'
import { HandedRing, type Unplaced } from './handed-ring.ts'
import { Lifeline } from './lifeline.ts'
import {
  type Accepted,
  type Answer,
  type LargeEntry,
  type Question,
  question,
  type ToldError,
  type WriterData,
} from './messages.ts'

/** With `drop_new`, the part of the block in use with which entries are dropped. */
const fullShare = 7 / 8
/** An entry that would take a larger part of the block goes another way. */
const largeShare = 1 / 4
/** How long a writer is waited for that shows no sign of work, in milliseconds. */
const silentMsMax = 5_000
/** The same for its start: a machine may be slow. */
const startMsMax = 20_000
/**
 * At the end of the process a writer that hears nothing for so long is not waited for: the rest of
 * the time is for its work. In milliseconds.
 */
const hearingMsMax = 800
/** How long the end of a thread is waited for, in milliseconds. */
const deathMsMax = 500
/** The same where the process has no time left: one that only has to hear of it takes a few. */
const lastDeathMsMax = 100
/** How often reports that come while the process exits lead to another round. */
const roundsMax = 4

/** What is left of a writer that has ended. */
export interface Left {
  /** What it had not done with, with the numbers it bears among those of this run. */
  readonly entries: readonly BlockEntry[]
  readonly bases: Bases
}

/** What a hand is joined with. */
export interface HandParts {
  readonly categories: ReadonlyMap<string, Category>
  readonly counters: Counters
  readonly tell: (remark: string) => void
  /** Logs an entry of the logger's own. */
  readonly report: (template: CategoryTemplate, message: string, context: object) => void
  /**
   * The writer has ended: all goes on in this thread. `left`: undefined when it cannot have had the
   * directory.
   */
  readonly takeOver: (left: Left | undefined) => void
  /** The same for whoever waits for what he has logged. */
  readonly flush: () => Promise<void>
  /** Makes room in the ring, in this thread. */
  readonly makeRoom: () => void
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Hands entries to a writer thread. */
export class Hand {
  readonly ring: HandedRing<CategoryTemplate>
  readonly #config: ResolvedConfig
  readonly #control: Control
  readonly #words: Int32Array
  readonly #handing: Handing
  readonly #block: Block
  /** What survives the process, where that is configured. */
  readonly journal: HandedJournal | undefined
  #parts: HandParts | undefined
  #worker: Worker | undefined
  #port: MessagePort | undefined
  #asked = 0
  #wakeAt = companyBytes
  readonly #flushes = new Map<number, Waiter>()
  #closing: Waiter | undefined
  /** Runs while somebody waits for the writer. */
  #watch: NodeJS.Timeout | undefined
  /** It has ended, and what of is not known yet. */
  #isUnexplained = false
  /** The writer has come so far. */
  #mayHaveDirectory = true
  /** The writer is at work. */
  isActive = true

  /**
   * @param categories Their names.
   * @throws {RingUnavailable} where `ring` is `shared`, and there is no such memory.
   */
  constructor(config: ResolvedConfig, categories: Iterable<string>) {
    const { buffer } = config
    this.#config = config
    this.#handing = makeHanding(config, categories)
    const { block, progress, path } = this.#handing
    this.#block = block
    this.#control = new Control()
    this.#words = this.#control.words
    const full = buffer.on_full === 'drop_new' ? block.capacityBytes * fullShare : Infinity
    const isJournaling = path !== undefined
    this.ring = new HandedRing(buffer, block, this.#words, full, isJournaling, (entry) =>
      this.#place(entry),
    )
    this.journal = path === undefined ? undefined : new HandedJournal(this.ring, progress, path)
  }

  /**
   * Starts the writer, and waits until it has opened the directory.
   *
   * @param file The module that it is started with.
   * @throws {LockedError} when another logger has the directory, and it is not to be waited for.
   *   {RingUnavailable} when the writer cannot have the memory.
   */
  start(file: string, parts: HandParts): void {
    this.#parts = parts
    const { port1, port2 } = new MessageChannel()
    const lifeline = new Lifeline()
    this.#port = port1
    try {
      this.#worker = this.#begin(file, port2, lifeline.far)
    } catch (error) {
      // Node may not start threads here, or the system has none left.
      lifeline.close()
      this.#mayHaveDirectory = false
      this.#takeOver(`cannot be started: ${messageOf(error)}`)
      return
    }
    port1.on('message', (answer: Answer) => this.#answer(answer))
    port1.on('messageerror', (error) => this.#ended(`is not understood: ${messageOf(error)}`))
    port1.unref()
    const failure = this.#awaitOpen(lifeline)
    lifeline.close()
    if (failure !== undefined) this.#takeOver(failure)
    else if (Atomics.load(this.#words, OPENED) === REFUSED) this.#refused()
    // What a killed process has left is told before anything else.
    else this.#receive()
  }

  /** @throws where no thread can be started. */
  #begin(file: string, port: MessagePort, lifeline: MessagePort): Worker {
    const data: WriterData = {
      config: this.#config,
      control: this.#control.memory,
      handed: this.#handing.given,
      port,
      lifeline,
    }
    // Modules that the application has loaded in front of it are not for this thread: one of them
    // may make a logger.
    const isSource = file.endsWith('.ts')
    const { NODE_OPTIONS: _, ...env } = process.env
    const worker = new Worker(file, {
      workerData: data,
      transferList: [port, lifeline],
      name: 'ringlog',
      ...(isSource ? {} : { execArgv: [], env }),
    })
    worker.unref()
    const ended = (why: string): void => {
      this.#ended(`has ended${why}`)
      if (this.#isUnexplained) this.#parts!.tell(`the writer thread had ended${why}`)
      this.#isUnexplained = false
    }
    worker.on('error', (error) => ended(`: ${messageOf(error)}`))
    worker.on('exit', (code) => ended(this.#isUnexplained ? ` with code ${code}` : ''))
    return worker
  }

  /** Waits until the writer has opened the directory, or refused; what it says of a failure. */
  #awaitOpen(lifeline: Lifeline): string | undefined {
    const patience = new Patience(false, startMsMax)
    while (Atomics.load(this.#words, OPENED) === 0) {
      if (!patience.awaitChange(this.#words, OPENED, 0)) {
        return `has not started in ${startMsMax / 1000} s`
      }
      // Of its end no event tells while it is waited for.
      if (!lifeline.isCut || Atomics.load(this.#words, OPENED) !== 0) continue
      this.#isUnexplained = true
      this.#mayHaveDirectory = false
      return 'has ended before it was at work'
    }
    return undefined
  }

  #refused(): void {
    let told: ToldError | undefined
    for (let answer = this.#received(); answer !== undefined; answer = this.#received()) {
      if (answer.tell === 'refused') told = answer.error
    }
    if (told?.locked === undefined && told?.isUnavailable !== true) {
      // Whatever it is: where it is not the thread's own, this one will throw it.
      this.#takeOver(`cannot begin: ${told?.message}`)
      return
    }
    this.isActive = false
    void this.#worker?.terminate()
    this.journal?.end()
    this.#port!.close()
    throw errorOf(told)
  }

  /** HOT PATH: an entry has been handed on. */
  schedule({ severity, owner }: CategoryTemplate): void {
    const words = this.#words
    if (severity >= ERROR || owner.isSynced) this.wake()
    else if (Atomics.load(words, STATE) === IDLE) this.wake()
    else if (this.#block.tail >= this.#wakeAt) this.#wakeForMuch()
  }

  /** Wakes the writer when too much waits: it has most likely read what was there long ago. */
  #wakeForMuch(): void {
    const { tail } = this.#block
    const unread = (((tail / 8) | 0) - Atomics.load(this.#words, READ)) * 8
    if (unread >= companyBytes) this.wake()
    else this.#wakeAt = tail + companyBytes - unread
  }

  /** Something cannot wait. */
  wake(): void {
    const words = this.#words
    this.#wakeAt = this.#block.tail + companyBytes
    Atomics.store(words, URGENT, 1)
    // Awake, it looks once more when it is done.
    if (Atomics.exchange(words, STATE, AWAKE) !== AWAKE) this.#post({ ask: 'look' })
  }

  /** Resolves when everything logged so far is in the files; else it rejects. */
  flush(): Promise<void> {
    const id = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#flushes.set(id, { resolve, reject })
      this.#post({ ask: 'flush', id })
      this.#await()
    })
  }

  /** Has everything logged so far written; false when the writer is no more. */
  flushSync(patience: Patience = new Patience(false, silentMsMax)): boolean {
    return this.#ask((id) => ({ ask: 'sync', id, isLast: patience.isLast }), patience)
  }

  /** Has all written that goes to one file; false when the writer is no more. */
  writeThrough(file: string): boolean {
    const patience = new Patience(false, silentMsMax)
    return this.#ask((id) => ({ ask: 'through', id, file }), patience)
  }

  /** The process ends; false when the writer is no more. */
  exit(patience: Patience): boolean {
    for (let round = 0; round < roundsMax && this.#receive(); round++) {
      if (!this.flushSync(patience)) return false
    }
    const isDone = this.#ask((id) => ({ ask: 'exit', id, accepted: this.#accepted() }), patience)
    if (isDone) this.journal?.end()
    return isDone
  }

  /**
   * Ends the writer when it has written everything.
   *
   * @param closed Called when no more entries are taken.
   * @returns false when the writer is no more.
   */
  async close(closed: () => void): Promise<boolean> {
    const { dropped, diverted } = this.stats()
    // What was lost is reported here, and there is no later moment.
    if (dropped.total + diverted > 0) {
      if (!this.#ask((id) => ({ ask: 'lost', id }), new Patience(false, silentMsMax))) return false
    }
    this.#receive()
    closed()
    if (!this.isActive) return false
    await new Promise<void>((resolve, reject) => {
      this.#closing = { resolve, reject }
      this.#post({ ask: 'close', accepted: this.#accepted() })
      this.#await()
    })
    return !this.isActive && this.#closing === undefined
  }

  configure(config: ResolvedConfig): void {
    this.#post({ ask: 'config', config: { ...config, log_path: this.#config.log_path } })
  }

  /** The counters as they are now, what the writer has counted among them. */
  stats(): LoggerStats {
    const { counters } = this.#parts!
    const both = new Counters()
    both.mismatched = counters.mismatched
    both.folded = counters.folded
    both.entriesMost = counters.entriesMost
    counters.levels.forEach((entries, severity) => {
      both.levels[severity] = entries + this.#control.own(severity)
      both.dropped[severity] = counters.dropped[severity]! + this.#control.lost(severity)
    })
    this.#control.read(both)
    counters.entriesMost = both.entriesMost = Math.max(both.entriesMost, both.queued)
    return both.snapshot(this.#control.isHealthy)
  }

  /**
   * What the writer had not done with has been found: the rest is in the files, or was in its
   * memory alone, of which nobody knows the levels.
   */
  #countLeft(left: number): void {
    const { counters } = this.#parts!
    const settled = this.ring.lastNumber - counters.droppedTotal - counters.diverted - left
    const gone = settled - counters.written
    if (gone > 0) counters.drop(INFO, gone)
    // Some of what is left has been written, and will be found in the files.
    else counters.written += gone
  }

  /** The writer counts no more. */
  #takeCounters(): void {
    const { counters } = this.#parts!
    this.#control.read(counters)
    counters.dropped.forEach((own, severity) => {
      counters.dropped[severity] = own + this.#control.lost(severity)
      counters.levels[severity]! += this.#control.own(severity)
    })
  }

  #post(asked: Question): void {
    this.ring.publish()
    this.#parts!.counters.dropped.forEach((entries, severity) => {
      Atomics.store(this.#words, DROPPED + severity, entries)
    })
    question(this.#port!, asked)
  }

  /** Asks, and waits for the answer; false when the writer is no more. */
  #ask(asking: (id: number) => Question, patience: Patience): boolean {
    if (!this.isActive) return false
    const id = ++this.#asked
    this.#post(asking(id))
    const words = this.#words
    let released = Atomics.load(words, RELEASED)
    let since = monotonicMs()
    for (;;) {
      const done = Atomics.load(words, DONE)
      if (done === id) return true
      const now = Atomics.load(words, RELEASED)
      if (now !== released) {
        patience.answered()
        since = monotonicMs()
      }
      released = now
      const isHeard = Atomics.load(words, SIGN) >= id
      if (patience.isLast && !isHeard && monotonicMs() - since > hearingMsMax) {
        this.#takeOver('does not answer', patience)
        return false
      }
      if (!this.#waitOn(DONE, done, patience)) return false
    }
  }

  /** Waits for the writer to change a word; false when it is no more. */
  #waitOn(word: number, value: number, patience: Patience): boolean {
    if (!patience.awaitChange(this.#words, word, value)) this.#takeOver('does not answer', patience)
    else if (this.#isDead) this.#ended('has ended')
    return this.isActive
  }

  /** Its thread is no more. That it has closed may not have been heard. */
  #ended(reason: string): void {
    if (this.#closing !== undefined) this.#receive()
    if (this.isActive) this.#takeOver(reason)
  }

  /** Whether its thread is known to have ended; elsewhere than on Linux an event tells it. */
  get #isDead(): boolean {
    const thread = this.#control.thread
    return thread.started !== '' && lifeOf({ ...self(), ...thread }) === 'dead'
  }

  /** Takes what the writer has sent; false when there was nothing to log. */
  #receive(): boolean {
    let isLogged = false
    for (let answer = this.#received(); answer !== undefined; answer = this.#received()) {
      if (answer.tell === 'report') isLogged = true
      this.#answer(answer)
    }
    return isLogged
  }

  #received(): Answer | undefined {
    return this.#port && (receiveMessageOnPort(this.#port)?.message as Answer | undefined)
  }

  #answer(answer: Answer): void {
    const { categories, report } = this.#parts!
    if (answer.tell === 'report') {
      const { category, severity, message, context } = answer
      const template = categories.get(category)?.templates[severity]
      if (template === undefined) return
      this.ring.isReport = true
      try {
        report(template, message, context)
      } finally {
        this.ring.isReport = false
      }
    } else if (answer.tell === 'flushed') {
      this.#settle(this.#flushes.get(answer.id), answer.error)
      this.#flushes.delete(answer.id)
      if (this.#flushes.size === 0 && this.#closing === undefined) this.#awaitNothing()
    } else if (answer.tell === 'closed') {
      const closing = this.#closing
      this.#takeCounters()
      this.isActive = false
      this.#closing = undefined
      this.journal?.end()
      this.#awaitNothing()
      this.#port!.close()
      this.#settle(closing, answer.error)
    }
  }

  /** Somebody waits: the process stays alive, and the writer gives signs of life. */
  #await(): void {
    this.#port!.ref()
    if (this.#watch !== undefined) return
    let asked = 0
    this.#watch = setInterval(() => {
      if (Atomics.load(this.#words, SIGN) < asked) {
        this.#takeOver('does not answer')
        return
      }
      asked = ++this.#asked
      this.#post({ ask: 'sign', id: asked })
    }, silentMsMax)
  }

  #awaitNothing(): void {
    clearInterval(this.#watch)
    this.#watch = undefined
    this.#port?.unref()
  }

  #settle(waiter: Waiter | undefined, error: ToldError | undefined): void {
    if (error === undefined) waiter?.resolve()
    else waiter?.reject(errorOf(error))
  }

  #accepted(): Accepted {
    const seqs: number[] = []
    for (const { index, accepted } of this.#parts!.categories.values()) seqs[index] = accepted
    return { number: this.ring.lastNumber, seqs }
  }

  /** Finds a place for an entry that the block has no room for now; false: the ring keeps it. */
  #place(entry: Unplaced<CategoryTemplate>): boolean {
    const patience = new Patience(false, silentMsMax)
    const large = this.#isLarge(entry) ? largeOf(entry) : undefined
    if (large !== undefined) {
      if (this.#ask((id) => ({ ask: 'large', id, entry: large }), patience)) return true
    }
    while (this.isActive) {
      const released = Atomics.load(this.#words, RELEASED)
      if (entry.append()) return true
      this.wake()
      if (!this.#waitOn(RELEASED, released, patience)) break
      if (Atomics.load(this.#words, RELEASED) !== released) patience.answered()
    }
    for (let tries = 0; !this.ring.hasRoom(entry.message.length) && tries < 4; tries++) {
      this.#parts!.makeRoom()
    }
    return false
  }

  /** Whether an entry would take up too much of the block: then it goes another way. */
  #isLarge({ values: { tags, nums, refs }, template, chars }: Unplaced<CategoryTemplate>): boolean {
    const bytes =
      chars * 2 + tags.length + (nums.length + refs.length) * 8 + definitionOf(template).length * 2
    const isWide = Math.max(tags.length, nums.length, refs.length) > placesMax
    return isWide || bytes > this.#block.capacityBytes * largeShare
  }

  /**
   * Waits for its thread to end: until then it may write, and has the directory. One that hangs in
   * the system, or for whose write in the thread pool Node waits, does not end.
   *
   * @param patience Of an end of the process: the wait is a part of it.
   */
  #awaitDeath(patience: Patience): void {
    if (this.#control.thread.started === '') return
    const isHurried = patience.isLast && patience.isUsedUp
    const end = monotonicMs() + (isHurried ? lastDeathMsMax : deathMsMax)
    patience.spend(() => {
      while (!this.#isDead && monotonicMs() < end) napSync(1)
    })
  }

  /** Goes on in this thread. */
  #takeOver(reason: string, patience: Patience = new Patience(false)): void {
    const { tell, takeOver, flush } = this.#parts!
    void this.#worker?.terminate()
    this.#awaitDeath(patience)
    this.#takeCounters()
    this.ring.noteReleased()
    this.isActive = false
    this.ring.isHanding = false
    const entries: BlockEntry[] = []
    const { head, tail } = this.#block
    new BlockReader(Buffer.from(this.#handing.memory)).follow(head, tail, (entry) => {
      entries.push(entry)
      return true
    })
    this.#countLeft(entries.length)
    this.#awaitNothing()
    this.#port?.close()
    tell(`the writer thread ${reason}; its work goes on in the thread that logs`)
    const { bases } = this.#handing.progress
    takeOver(this.#mayHaveDirectory ? { entries, bases } : undefined)
    for (const { resolve, reject } of this.#flushes.values()) flush().then(resolve, reject)
    this.#flushes.clear()
    this.#closing?.resolve()
  }
}

/**
 * The module of the writer's thread, beside this one; undefined where it is not. In a bundle that
 * is a second entry, beside the bundle; where it is CommonJS, its path stands in for the URL.
 */
export function writerFile(): string | undefined {
  const { url = String(pathToFileURL(__filename)) } = import.meta as { readonly url?: string }
  const extensions = url.endsWith('.ts') ? ['.ts'] : ['.js', '.mjs', '.cjs']
  for (const place of ['.', '..']) {
    for (const extension of extensions) {
      const file = fileURLToPath(new URL(`${place}/writer-thread${extension}`, url))
      if (existsSync(file)) return file
    }
  }
  return undefined
}

function largeOf(entry: Unplaced<CategoryTemplate>): LargeEntry {
  const { template, values, time, accountId, message, seq, number } = entry
  return {
    definition: definitionOf(template),
    lsn: number,
    seq,
    time,
    message,
    accountId,
    tags: values.tags,
    nums: values.nums,
    refs: values.refs as readonly (string | undefined)[],
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function errorOf({ message, file, locked, isUnavailable }: ToldError): Error {
  if (isUnavailable === true) return new RingUnavailable(message)
  if (locked !== undefined) {
    const { directory, pid, certain } = locked
    const locker = { pid, isOurs: false, since: '', isCertain: certain, absentS: 0 }
    return Object.assign(new LockedError(directory, locker), { message })
  }
  if (file === undefined) return new Error(message)
  return Object.assign(new NotWrittenError(file, undefined), { message })
}
