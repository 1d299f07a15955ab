// A sink in memory, for tests of what stands before it: a batch lands when the test says so.

import type { Sink, SinkEvents } from '../../lib/sinks/sink.ts'

/** A sink that keeps what it is given. */
export class MemorySink implements Sink {
  /** The batches that were handed over, as text, the one under way last. */
  readonly batches: string[] = []
  /** Takes no more than it has. */
  hasFailed = false
  /** Bytes of the batch under way that are there. */
  landed = 0
  protected readonly events: SinkEvents
  #underWay: Buffer | undefined

  constructor(events: SinkEvents) {
    this.events = events
  }

  /** Whether a batch has been handed over and has not landed. */
  get isBusy(): boolean {
    return this.#underWay !== undefined
  }

  /** Bytes of the batch under way. */
  get underWay(): number {
    return this.#underWay?.length ?? 0
  }

  get lines(): string[] {
    return this.batches.join('').split('\n').slice(0, -1)
  }

  /** The lines that are there whole. */
  get landedLines(): string[] {
    const underWay = this.isBusy ? this.batches.at(-1)! : ''
    const whole = this.batches.slice(0, this.isBusy ? -1 : undefined).join('')
    return (whole + Buffer.from(underWay).toString('utf8', 0, this.landed)).split('\n').slice(0, -1)
  }

  write(batch: Buffer): void {
    if (this.isBusy) throw new Error('Cannot write: expected no batch under way, got one')
    this.batches.push(batch.toString())
    this.#underWay = batch
  }

  writeSync(batch: Buffer): boolean {
    if (this.hasFailed) {
      if (batch.length > 0) this.write(batch)
      return false
    }
    this.land()
    if (batch.length > 0) this.batches.push(batch.toString())
    return true
  }

  /** Tells that the batch under way is written, if there is one. */
  land(): void {
    if (this.#underWay === undefined) return
    if (this.#underWay.toString() !== this.batches.at(-1)) {
      throw new Error('Cannot land: expected the bytes that were handed over, got others')
    }
    this.#underWay = undefined
    this.landed = 0
    this.events.written()
  }

  get isQuiet(): boolean {
    return true
  }

  replace(batch: Buffer): void {
    this.#underWay = batch
    this.batches[this.batches.length - 1] = batch.toString()
  }

  revisit(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}
