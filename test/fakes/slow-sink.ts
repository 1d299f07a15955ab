// A sink that takes its time: a batch lands so many milliseconds of a manual clock after it was
// handed over.

import type { SinkEvents } from '../../lib/sinks/sink.ts'
import type { ManualClock } from './manual-clock.ts'
import { MemorySink } from './memory-sink.ts'

/** A sink in memory that is slow. */
export class SlowSink extends MemorySink {
  readonly #clock: ManualClock
  readonly #delayMs: number

  constructor(events: SinkEvents, clock: ManualClock, delayMs: number) {
    super(events)
    this.#clock = clock
    this.#delayMs = delayMs
  }

  override write(batch: Buffer): void {
    super.write(batch)
    this.#clock.setTimeout(() => this.land(), this.#delayMs)
  }
}
