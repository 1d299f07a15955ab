// A sink that takes a batch in pieces of so many bytes.

import { FailingSink } from './failing-sink.ts'

/** A sink in memory of which a call writes a part. */
export class ShortWriteSink extends FailingSink {
  /** Writes some bytes more of the batch under way; it has landed when all of them are there. */
  landSome(bytes: number): void {
    if (!this.isBusy || this.hasFailed) return
    this.landed = Math.min(this.underWay, this.landed + bytes)
    if (this.landed === this.underWay) this.land()
  }
}
