// The writer thread's side: looks for what has come, has the pump of its own logger write it, and
// says how far it is.
//
//          something has come                nothing for a second
//   idle ────────────────────► awake ◄──────► resting ──────────────► idle
//     a message wakes it               a timer, or a message
//
// Resting, it looks every `flush_ms`, or as often as 20 KiB come, and the caller's thread tells it
// nothing: so under a steady load nobody is woken at a call. Idle, it does nothing at all, and the
// next entry wakes it.

import type { MessagePort } from 'node:worker_threads'
import { clearTimeout, setImmediate, setTimeout } from '../entry/clock.ts'
import type { Ring } from '../capture/ring.ts'
import type { Category, CategoryTemplate } from '../deliver/category.ts'
import type { Counters } from '../deliver/counters.ts'
import type { Numbering } from '../deliver/numbering.ts'
import type { Pump } from '../deliver/pump.ts'
import type { Route } from '../deliver/route.ts'
import { asDefinition } from '../journal/definition.ts'
import { BlockReader } from '../journal/read-block.ts'
import { Patience } from '../sinks/disk-timeout.ts'
import {
  AWAKE,
  companyBytes,
  type Control,
  DONE,
  DROPPED,
  IDLE,
  READ,
  RELEASED,
  RESTING,
  SIGN,
  STATE,
  TAIL,
  URGENT,
} from './control.ts'
import type { Feed } from './feed.ts'
import type { Taking } from './handed-journal.ts'
import { type Accepted, answer, type Answer, type Question, toldOf } from './messages.ts'

/** It goes idle after so long without an entry, in milliseconds. */
const quietMsMax = 1_000
/**
 * Of the block, the part in use with which what has been read is let go of before it is written,
 * where a file fails, or the oldest may go.
 */
const heldShare = 1 / 2
/** Of what does not wait for company, the part that a rest is to bring. */
const paceShare = 1 / 3
/** Records between two places that are remembered as ends. */
const recordsPerEnd = 16
/**
 * How long the end of a process waits for a disk that hangs, in milliseconds: less than the other
 * thread waits for this one.
 */
const exitMs = 1_500

/** What a writer works with. */
export interface WriterParts {
  readonly port: MessagePort
  readonly control: Control
  readonly taking: Taking
  readonly feed: Feed
  readonly ring: Ring<CategoryTemplate>
  readonly pump: Pump
  readonly numbering: Numbering
  readonly counters: Counters
  readonly categories: ReadonlyMap<string, Category>
  readonly routes: ReadonlyMap<string, Route>
  readonly logger: {
    close(): Promise<void>
    exit(patience: Patience): void
    configure(config: Extract<Question, { ask: 'config' }>['config']): void
  }
  readonly flushMs: number
  /** With `drop_old` the other thread waits for no disk. */
  readonly dropOld: boolean
}

/** Writes what another thread has captured. */
export class Writer {
  readonly #parts: WriterParts
  readonly #words: Int32Array
  readonly #reader: BlockReader
  #flushMs: number
  #position = 0
  /** Numbers of entries, and where the records up to them end; the oldest first. */
  #ends: { readonly number: number; readonly end: number }[] = []
  #records = 0
  #released = 0
  #timer: NodeJS.Timeout | undefined
  /** How long it rests, in milliseconds. */
  #restMs = 1
  #quietMs = 0
  #dropped = [0, 0, 0, 0, 0]
  /** A look comes. */
  #isLooking = false
  /** Of the end of the process, for all that is asked then. */
  readonly #patience = new Patience(true, exitMs)
  /** The other thread logs no more: reports get numbers here. */
  isLast = false

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#words = parts.control.words
    this.#reader = new BlockReader(parts.taking.bytes)
    this.#flushMs = parts.flushMs
    parts.port.on('message', (question: Question) => this.#answer(question))
    this.look()
  }

  /** Looks for what has come. */
  look(): void {
    const words = this.#words
    Atomics.store(words, STATE, AWAKE)
    clearTimeout(this.#timer)
    Atomics.store(words, URGENT, 0)
    const before = this.#position
    const isRead = this.#read()
    this.#pace(this.#position - before)
    this.publish()
    const { control } = this.#parts
    if (this.#position !== before || !control.isHealthy) this.#quietMs = 0
    if (!isRead) {
      // The ring is full: the pump is at work, or its files are slow.
      this.#timer = setTimeout(() => this.look(), 1)
      return
    }
    const isIdle = control.isHealthy && (this.#flushMs === 0 || this.#quietMs >= quietMsMax)
    Atomics.store(words, STATE, isIdle ? IDLE : RESTING)
    // What came before the other thread could see that: it has told nobody.
    const isMissed = isIdle ? this.#tail !== this.#position : Atomics.load(words, URGENT) !== 0
    if (isMissed) this.lookLater()
    else if (!isIdle) {
      this.#timer = setTimeout(() => {
        this.#quietMs += this.#restMs
        this.look()
      }, this.#restMs)
    }
  }

  /** When much has come, it looks so often that the other thread need not wake it. */
  #pace(bytes: number): void {
    const share = (companyBytes * paceShare) / Math.max(bytes, 1)
    const wanted = this.#restMs * Math.min(share, 2)
    this.#restMs = Math.ceil(Math.max(1, Math.min(wanted, this.#flushMs)))
  }

  /** Looks when others have had their turn. */
  lookLater(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    Atomics.store(this.#words, STATE, AWAKE)
    setImmediate(() => {
      this.#isLooking = false
      this.look()
    })
  }

  /** The end of what has come. */
  get #tail(): number {
    const word = Atomics.load(this.#words, TAIL)
    return this.#position + ((word - ((this.#position / 8) | 0)) | 0) * 8
  }

  /** Takes what has come into the ring; false when there was no room for all of it. */
  #read(): boolean {
    this.#noteDropped()
    const tail = this.#tail
    const { feed, pump, ring } = this.#parts
    if (tail === this.#position) return true
    const position = this.#reader.follow(this.#position, tail, (entry, end) => {
      const template = feed.take(entry)
      if (template === undefined) return false
      pump.schedule(template)
      if (++this.#records % recordsPerEnd === 0) this.#ends.push({ number: ring.lastNumber, end })
      return true
    })
    this.#position = position
    Atomics.store(this.#words, READ, (position / 8) | 0)
    this.#ends.push({ number: ring.lastNumber, end: position })
    return position === tail
  }

  /** The same, all of it: room is made by writing. */
  #readAll(): void {
    for (let before = -1; !this.#read() && before !== this.#position;) {
      before = this.#position
      this.#parts.pump.makeRoom()
    }
  }

  /** What the other thread has dropped is told in the files by this one. */
  #noteDropped(): void {
    const { counters } = this.#parts
    this.#dropped = this.#dropped.map((before, severity) => {
      const now = Atomics.load(this.#words, DROPPED + severity)
      if (now !== before) counters.drop(severity, now - before)
      return now
    })
  }

  /** A batch is in its file. */
  written(): void {
    this.#publish()
    const { numbering } = this.#parts
    this.#release(numbering.settled - numbering.lsnBase)
  }

  /** Says what has been done. At the end, what is given up is left to the next start. */
  publish(): void {
    if (this.isLast) this.#publish()
    else this.written()
  }

  #publish(): void {
    const { control, counters, routes, feed } = this.#parts
    const own = counters.dropped.map((all, severity) => all - this.#dropped[severity]!)
    let isHealthy = true
    for (const route of routes.values()) if (route.isStuck) isHealthy = false
    control.publish(counters, own, feed.taken, isHealthy)
  }

  /** The other thread may use the room of the entries up to a number. */
  #release(settled: number): void {
    const words = this.#words
    const ends = this.#ends
    let count = 0
    while (count < ends.length && ends[count]!.number <= settled) count++
    let end = count === 0 ? undefined : ends[count - 1]!.end
    ends.splice(0, count)
    const first = end ?? this.#released
    const { taking, control, dropOld } = this.#parts
    const isMuch = this.#position - first > taking.blockBytes * heldShare
    // As long as its files work, the other thread waits for them, not for what only this one has.
    if (isMuch && (dropOld || !control.isHealthy)) end = this.#position
    if (end === undefined) return
    taking.released(end)
    this.#released = end
    Atomics.store(words, RELEASED, (end / 8) | 0)
    Atomics.notify(words, RELEASED)
  }

  #answer(question: Question): void {
    const { pump, routes, logger, ring } = this.#parts
    if ('id' in question) Atomics.store(this.#words, SIGN, question.id)
    switch (question.ask) {
      case 'look':
        this.look()
        return
      case 'sign':
        return
      case 'config': {
        const { config } = question
        this.#flushMs = config.buffer.flush_ms
        logger.configure(config)
        this.#parts.feed.forget()
        this.look()
        return
      }
      case 'flush':
        this.#flush(question.id)
        return
      case 'sync':
        this.#readAll()
        pump.flushSync(question.isLast ? this.#patience : undefined)
        break
      case 'through':
        this.#readAll()
        pump.writeThrough(routes.get(question.file)!)
        break
      case 'large': {
        this.#readAll()
        const definition = asDefinition(question.entry.definition)!
        if (!ring.hasRoom(0)) pump.makeRoom()
        this.#parts.feed.take({ ...question.entry, definition })
        pump.flushSync()
        break
      }
      case 'lost':
        this.#readAll()
        if (this.#parts.counters.droppedTotal > 0) pump.makeRoom()
        pump.reportDropped(true)
        break
      case 'exit':
        this.#end(question.accepted)
        logger.exit(this.#patience)
        break
      case 'close':
        this.#end(question.accepted)
        void logger.close().then(
          () => this.#closed(undefined),
          (error: unknown) => this.#closed(error),
        )
        return
    }
    this.publish()
    if ('id' in question) this.#done(question.id)
    this.lookLater()
  }

  #done(id: number): void {
    Atomics.store(this.#words, DONE, id)
    Atomics.notify(this.#words, DONE)
  }

  #flush(id: number): void {
    this.#readAll()
    const { pump } = this.#parts
    pump.flush().then(
      () => this.#tell({ tell: 'flushed', id }),
      (error: unknown) => this.#tell({ tell: 'flushed', id, error: toldOf(error) }),
    )
    this.lookLater()
  }

  #tell(told: Answer): void {
    this.publish()
    answer(this.#parts.port, told)
  }

  /** No more entries come, but those that are logged while the process exits. */
  #end({ number, seqs }: Accepted): void {
    this.#readAll()
    this.isLast = true
    const { ring, categories } = this.#parts
    // What was dropped at the end has numbers as well.
    ring.skipped += Math.max(0, number - ring.lastNumber)
    for (const category of categories.values()) {
      category.accepted = Math.max(category.accepted, seqs[category.index] ?? 0)
    }
  }

  #closed(error: unknown): void {
    clearTimeout(this.#timer)
    this.#tell({ tell: 'closed', error: error === undefined ? undefined : toldOf(error) })
    this.#parts.port.close()
  }
}
