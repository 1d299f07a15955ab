// A sink that writes to standard output and never waits for its reader.
//
//   write() ──► as much as is taken now ──► all of it: written
//                        │    ▲
//            the rest ◄──┘    └── a timer: 1 ms after, then 2, 4, … up to 50 ms
//
// It is a disk that may be slow: who has taken nothing for 2 s, or is gone, has failed; the batch
// is kept and tried on, from the very byte that comes next, and what comes meanwhile waits in
// memory. The timer keeps the process alive as long as somebody seems to read: a program that has
// come to its end has not written everything yet.

import { clearTimeout, monotonicMs, setTimeout } from '../entry/clock.ts'
import { AnswerWatch, type Patience, answerMsMax } from './disk-timeout.ts'
import type { Sink, SinkEvents } from './sink.ts'
import type { StdoutTarget } from './stdout-target.ts'

/** Pause before what is full is tried again: at first, at most, and at most once it has failed. */
const pauseMsMin = 1
const pauseMsMax = 50
const failedPauseMsMax = 1_000

/** As many of the sink's events as can happen to standard output. */
export type StdoutEvents = Pick<SinkEvents, 'written' | 'failed' | 'recovered'>

/** Standard output as a sink. */
export class StdoutSink implements Sink {
  readonly #target: StdoutTarget
  readonly #events: StdoutEvents
  readonly #watch: AnswerWatch
  #batch: Buffer | undefined
  /** Bytes of the batch that have been taken. */
  #done = 0
  #failed = false
  /** When anything was taken last. */
  #answeredAt = 0
  #pauseMs = pauseMsMin
  #timer: NodeJS.Timeout | undefined
  /** What is with the thread pool: where the file ends when it is written. */
  #flight: { readonly bytes: number; readonly end: number } | undefined

  constructor(target: StdoutTarget, events: StdoutEvents) {
    this.#target = target
    this.#events = events
    this.#watch = new AnswerWatch(
      () => (this.#flight === undefined ? undefined : target.position()),
      () => this.#fail(silence()),
    )
  }

  /** Nothing is opened before the first batch: nobody may be reading yet. */
  open(): void {}

  get landed(): number {
    return this.#done
  }

  get isQuiet(): boolean {
    return this.#flight === undefined
  }

  replace(batch: Buffer): void {
    this.#batch = batch
  }

  revisit(): void {}

  write(batch: Buffer): void {
    this.#begin(batch)
    this.#goOn()
  }

  writeSync(batch: Buffer, patience: Patience): boolean {
    clearTimeout(this.#timer)
    if (this.#batch !== undefined) {
      if (!this.#finish(this.#batch, patience)) return false
      this.#settle()
    }
    if (batch.length === 0) return true
    this.#begin(batch)
    if (!this.#finish(batch, patience)) return false
    this.#recover()
    this.#batch = undefined
    return true
  }

  close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#watch.end()
    this.#batch = undefined
    this.#target.close()
    return Promise.resolve()
  }

  #begin(batch: Buffer): void {
    this.#batch = batch
    this.#done = 0
    this.#answeredAt = monotonicMs()
  }

  /** Writes what is taken now, and comes back for the rest. */
  #goOn(): void {
    const batch = this.#batch
    if (batch === undefined || this.#flight !== undefined) return
    if (this.#target.isFile) {
      this.#handOver(batch)
      return
    }
    const error = this.#push(batch)
    if (error === undefined) {
      this.#settle()
      return
    }
    if (!isFull(error)) this.#fail(error)
    else if (monotonicMs() - this.#answeredAt >= answerMsMax) this.#fail(silence())
    this.#comeBack()
  }

  /** Writes as much as is taken; returns what keeps it from going on, if anything does. */
  #push(batch: Buffer): Error | undefined {
    try {
      while (this.#done < batch.length) {
        this.#took(this.#target.write(batch, this.#done))
      }
      return undefined
    } catch (error) {
      return error as Error
    }
  }

  #took(bytes: number): void {
    if (bytes === 0) return
    this.#done += bytes
    this.#answeredAt = monotonicMs()
    this.#pauseMs = pauseMsMin
  }

  #comeBack(): void {
    const pauseMs = this.#pauseMs
    this.#pauseMs = Math.min(pauseMs * 2, this.#failed ? failedPauseMsMax : pauseMsMax)
    this.#timer = setTimeout(() => this.#goOn(), pauseMs)
    if (this.#failed) this.#timer.unref()
  }

  /** Gives the rest of the batch to the thread pool. */
  #handOver(batch: Buffer): void {
    const bytes = batch.length - this.#done
    const position = this.#target.position()
    const flight = { bytes, end: position + bytes }
    this.#flight = flight
    this.#watch.begin(position)
    // A copy: where others write to the file as well, it can be taken for written too early.
    const piece = Buffer.from(batch.subarray(this.#done))
    this.#target.writeLater(piece, (error, taken) => {
      // It has been waited for in the meantime.
      if (this.#flight !== flight) return
      this.#flight = undefined
      if (error === null) {
        this.#took(taken)
        if (this.#done === batch.length) this.#settle()
        else this.#goOn()
      } else {
        this.#fail(error)
        this.#comeBack()
      }
    })
  }

  /** Writes all of a batch before it returns; false when it has failed, and is tried on. */
  #finish(batch: Buffer, patience: Patience): boolean {
    if (this.#flight !== undefined && !this.#awaitFlight(patience)) return false
    for (;;) {
      const before = this.#done
      const error = patience.spend(() => this.#push(batch))
      if (this.#done > before) patience.answered()
      if (error === undefined) return true
      if (!isFull(error)) this.#fail(error)
      else if (this.#hasPatience(patience)) continue
      else this.#fail(silence())
      this.#comeBack()
      return false
    }
  }

  /** Waits for the thread pool, whose answer cannot come before this turn has ended. */
  #awaitFlight(patience: Patience): boolean {
    const { bytes, end } = this.#flight!
    while (this.#target.position() < end) {
      if (this.#hasPatience(patience)) continue
      this.#fail(silence())
      return false
    }
    this.#flight = undefined
    this.#took(bytes)
    return true
  }

  /** At the end of the process nobody is waited for a second time. */
  #hasPatience(patience: Patience): boolean {
    return !(this.#failed && patience.isLast) && patience.nap()
  }

  #settle(): void {
    this.#recover()
    this.#batch = undefined
    this.#events.written()
  }

  #recover(): void {
    if (!this.#failed) return
    this.#failed = false
    this.#events.recovered()
  }

  #fail(error: Error): void {
    if (this.#failed) return
    this.#failed = true
    this.#events.failed(error)
  }
}

function isFull({ code }: NodeJS.ErrnoException): boolean {
  return code === 'EAGAIN' || code === 'EWOULDBLOCK'
}

function silence(): Error {
  return Object.assign(new Error(`nothing was taken for ${answerMsMax / 1000} s`), {
    code: 'ETIMEDOUT',
  })
}
