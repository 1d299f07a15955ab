// The way to one file: lines are gathered into a batch, full batches wait their turn, one is with the sink.

import { Batch } from './batch.ts'
import type { Sink } from '../sinks/sink.ts'

/** One file's batches. */
export class Route {
  readonly file: string
  /** The categories whose entries go here, copies apart. */
  readonly categories: Set<string> = new Set()
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
  /** When it failed, in milliseconds since the epoch. */
  downSince = 0
  /** When a caller last tried it, though it had failed, in milliseconds since the epoch. */
  triedAt = 0
  /** Lines taken in, and lines whose fate is settled, since the start. */
  taken = 0
  settled = 0
  /** An empty batch, ready to gather. */
  #spare: Batch | undefined

  constructor(file: string) {
    this.file = file
  }

  get sink(): Sink {
    if (this.#sink === undefined)
      throw new Error(`Cannot write ${this.file}: expected a sink, got none`)
    return this.#sink
  }
  set sink(sink: Sink) {
    this.#sink = sink
  }

  /** Lines that are neither written nor given up. */
  get pending(): number {
    return this.taken - this.settled
  }

  /** Counts the line that has been written to the batch being gathered. `severity` -1: a copy, counted elsewhere. */
  add(severity: number): void {
    this.gathered.add(severity)
    this.taken++
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
      if (last !== undefined && last.size + batch.size <= bytesMax) last.absorb(batch)
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
    return batch
  }

  /** The batch in flight has met its fate; its buffer serves again. */
  settle(): void {
    const batch = this.inFlight
    if (batch === undefined) return
    this.inFlight = undefined
    this.settled += batch.lines
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
    return batches
  }

  #empty(): Batch {
    const batch = this.#spare ?? new Batch()
    this.#spare = undefined
    return batch
  }
}
