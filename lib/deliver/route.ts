// A route, the way to one file: lines are gathered into a batch, full batches wait their turn, one
// is with the sink.

import { Batch } from './batch.ts'
import type { MadeEntry } from '../entry/made-entry.ts'
import type { Sink } from '../sinks/sink.ts'

/** What is written for an entry in the place of its line of JSON, line end included. */
export type LineForm = (entry: MadeEntry) => string

/**
 * A route that also gets the entries of others, from a severity up. They count where they are
 * entries.
 */
export interface Tee {
  readonly route: Route
  readonly threshold: number
}

/** One file's batches. */
export class Route {
  readonly file: string
  /** False for standard output and the memory of a test, which take lines in place of a file. */
  readonly isFile: boolean
  /** The categories whose entries go here, copies apart, by their place. */
  readonly categories: Map<string, { written: number }> = new Map()
  /** @default lines of JSON */
  form: LineForm | undefined = undefined
  #sink: Sink | undefined
  /** The batch being gathered. */
  gathered: Batch = new Batch()
  /** Full batches, oldest first. There are some only while the sink cannot write. */
  readonly waiting: Batch[] = []
  /** Bytes in `waiting`. */
  waitingBytes = 0
  /** The batch the sink has. */
  inFlight: Batch | undefined
  /** The sink has failed and not recovered. */
  down = false
  /**
   * Another writer has the directory, and this one still waits for its turn: nothing has failed.
   */
  isInTurn = false
  /** What went wrong with this file last. */
  reason: string | undefined = undefined
  /** When it failed, in milliseconds since the epoch. */
  downSince = 0
  /** When a caller last tried it, though it had failed, in milliseconds since the epoch. */
  triedAt = 0
  /** The number among all entries of this run of the last line that is in the file. */
  lastNumber = 0
  /** Lines taken in, and lines whose fate is settled, since the start. */
  taken = 0
  settled = 0
  /** Gives a batch that has waited the numbers that hold now. */
  renumber: ((batch: Batch) => void) | undefined
  /** An empty batch, ready to gather. */
  #spare: Batch | undefined
  #era = 0

  constructor(file: string, isFile: boolean = true) {
    this.file = file
    this.isFile = isFile
  }

  get sink(): Sink {
    if (this.#sink === undefined)
      throw new Error(`Cannot write ${this.file}: expected a sink, got none`)
    return this.#sink
  }
  set sink(sink: Sink) {
    this.#sink = sink
  }

  /** Nothing can be written now: what comes waits, within the bounds of the buffer. */
  get isStuck(): boolean {
    return this.down || this.isInTurn
  }

  /** Lines that are neither written nor given up. */
  get pending(): number {
    return this.taken - this.settled
  }

  /**
   * Counts the line that has been written to the batch being gathered.
   *
   * @param seq Its number among those of its category of this run.
   * @param number The same among all entries of this run.
   * @param lsn As it stands in the line.
   */
  add(severity: number, place: number, seq: number, number: number, lsn: number): void {
    this.gathered.last[place] = seq
    this.#add(severity, number, lsn)
  }

  /** The same for a copy, which counts elsewhere. */
  addCopy(number: number, lsn: number): void {
    this.#add(-1, number, lsn)
  }

  #add(severity: number, number: number, lsn: number): void {
    const { gathered } = this
    gathered.add(severity)
    if (gathered.first === 0) gathered.first = lsn
    gathered.lastNumber = number
    this.taken++
  }

  /**
   * The lsn of the first line that is neither written nor given up; Infinity when there is none.
   */
  get firstPending(): number {
    let first = Infinity
    for (const batch of [this.inFlight, ...this.waiting, this.gathered]) {
      if (batch !== undefined && batch.lines > 0) first = Math.min(first, batch.first)
    }
    return first
  }

  /** From now on lines are made with other numbers. */
  beginEra(era: number): void {
    if (this.gathered.lines > 0) this.queue()
    this.#era = this.gathered.era = era
  }

  /** Puts the gathered batch behind those that wait. */
  queue(): void {
    this.waiting.push(this.gathered)
    this.waitingBytes += this.gathered.size
    this.gathered = this.#empty()
  }

  /** Joins waiting batches that have been shortened, as far as they stay within `bytesMax`. */
  compact(bytesMax: number): void {
    let kept = 0
    this.waitingBytes = 0
    for (const batch of this.waiting) {
      const last = kept > 0 ? this.waiting[kept - 1] : undefined
      this.waitingBytes += batch.size
      const isAlike = last !== undefined && last.era === batch.era
      if (isAlike && last.size + batch.size <= bytesMax) last.absorb(batch)
      else if (batch.lines > 0) this.waiting[kept++] = batch
    }
    this.waiting.length = kept
  }

  /** The next batch to be written, which is then in flight; undefined when there is none. */
  take(): Batch | undefined {
    let batch = this.waiting.shift()
    if (batch !== undefined) this.waitingBytes -= batch.size
    else if (this.gathered.lines > 0) {
      batch = this.gathered
      this.gathered = this.#empty()
    }
    this.inFlight = batch
    if (batch !== undefined && batch.era !== this.#era) this.renumber?.(batch)
    return batch
  }

  /** The batch in flight is written or given up; its buffer serves again. */
  settle(): void {
    const batch = this.inFlight
    if (batch === undefined) return
    this.inFlight = undefined
    this.settled += batch.lines
    let place = 0
    for (const category of this.categories.values()) {
      const number = batch.last[place++]
      if (number !== undefined) category.written = number
    }
    this.lastNumber = Math.max(this.lastNumber, batch.lastNumber)
    batch.clear()
    this.#spare = batch
  }

  /** Everything that is not written, oldest first; what is there afterwards is gone. */
  surrender(): Batch[] {
    const batches = [this.inFlight, ...this.waiting.splice(0), this.gathered].filter(
      (batch) => batch !== undefined,
    )
    this.waitingBytes = 0
    this.settled = this.taken
    this.inFlight = undefined
    this.gathered = new Batch()
    this.gathered.era = this.#era
    return batches
  }

  #empty(): Batch {
    const batch = this.#spare ?? new Batch()
    this.#spare = undefined
    batch.era = this.#era
    return batch
  }
}
