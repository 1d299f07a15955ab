// A sink that fails when the test says so, and keeps what it has until it works again.

import { MemorySink } from './memory-sink.ts'

/** A sink in memory that can fail. */
export class FailingSink extends MemorySink {
  fail(reason = 'no disk'): void {
    if (this.hasFailed) this.events.fault(new Error(reason))
    else {
      this.hasFailed = true
      this.events.failed(new Error(reason))
    }
  }

  /** It works again, and has written the batch that it kept. */
  recover(): void {
    if (!this.hasFailed) return
    this.hasFailed = false
    this.events.recovered()
    this.land()
  }
}
