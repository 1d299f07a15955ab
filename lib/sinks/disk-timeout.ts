// The limit for a disk that does not answer: after 2 s without any sign of it, it counts as failed.
//
// `AnswerWatch` notices while the event loop runs. `Patience` is for work that blocks it: the loop
// stands still meanwhile, so a write in the thread pool is watched by looking at its file, and the
// wait must have an end.

import { clearTimeout, monotonicMs, napSync, setImmediate, setTimeout } from '../entry/clock.ts'

/** A disk that has not answered for so long counts as failed, in milliseconds. */
export const answerMsMax = 2_000
/** Of the time that an exit has, so much is kept for writing to the disks that do answer. */
const reserveMs = 200
/** A wait for another thread is interrupted so often, to see whether it lives; in milliseconds. */
const lookMs = 20

/** The patience of one piece of blocking work, for all its files together. */
export class Patience {
  readonly #isLast: boolean
  readonly #allMs: number
  #leftMs: number

  /**
   * @param isLast The process is ending: an answer does not renew the patience, and the writes
   *   themselves use it up, so that the end comes within 2 s. Otherwise as long as the disk answers
   *   there is no hurry.
   * @param allMs How much there is of it, in milliseconds.
   */
  constructor(isLast: boolean, allMs: number = answerMsMax) {
    this.#isLast = isLast
    this.#allMs = this.#leftMs = allMs
  }

  /** There will be no later turn. */
  get isLast(): boolean {
    return this.#isLast
  }

  /** Nothing more may be begun. */
  get isOver(): boolean {
    return this.#isLast && this.#leftMs <= 0
  }

  /** What is left is kept for writing. */
  get isUsedUp(): boolean {
    return this.#leftMs <= (this.#isLast ? reserveMs : 0)
  }

  /** A disk has done something. */
  answered(): void {
    if (!this.#isLast) this.#leftMs = this.#allMs
  }

  /** Waits a millisecond, or more; false when it has waited long enough. */
  nap(ms: number = 1): boolean {
    if (this.isUsedUp) return false
    this.spend(() => napSync(ms))
    return true
  }

  /**
   * Waits until another thread gives a word another value, or some milliseconds have passed; false
   * when it has waited long enough.
   */
  awaitChange(words: Int32Array, index: number, value: number): boolean {
    const leftMs = this.#leftMs - (this.#isLast ? reserveMs : 0)
    if (leftMs <= 0) return false
    this.spend(() => Atomics.wait(words, index, value, Math.min(leftMs, lookMs)))
    return true
  }

  /** Does something that may take a while. */
  spend<T>(work: () => T): T {
    const start = monotonicMs()
    try {
      return work()
    } finally {
      this.#leftMs -= monotonicMs() - start
    }
  }
}

/** Notices when something given to the thread pool makes no progress for 2 s. */
export class AnswerWatch {
  readonly #progress: () => number | undefined
  readonly #silent: () => void
  readonly #silentMs: number
  #timer: NodeJS.Timeout | undefined
  #last = 0

  /**
   * @param progress A number that changes while the disk answers; undefined when nothing is
   *   awaited.
   * @param silent Called when it has not changed for so long.
   * @param silentMs How long that is, in milliseconds.
   */
  constructor(
    progress: () => number | undefined,
    silent: () => void,
    silentMs: number = answerMsMax,
  ) {
    this.#progress = progress
    this.#silent = silent
    this.#silentMs = silentMs
  }

  /** From now on something is with the thread pool. */
  begin(progress: number): void {
    this.#last = progress
    // One timer, set again each time: an idle one does no harm when it runs out.
    this.#timer ??= setTimeout(() => this.#look(), this.#silentMs).unref()
    this.#timer.refresh()
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  #look(): void {
    // An event loop that has been held up finds the answer in this turn: it comes after the timers.
    setImmediate(() => {
      const progress = this.#progress()
      if (progress === undefined) return
      if (progress === this.#last) this.#silent()
      else this.begin(progress)
    })
  }
}
