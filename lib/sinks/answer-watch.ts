// Whether a disk answers, watched while the event loop runs. The synchronous path has its own patience.

import { setTimeout, clearTimeout, setImmediate } from '../entry/clock.ts'
import { answerMsMax } from './patience.ts'

/** Notices when something given to the thread pool makes no progress for 2 s. */
export class AnswerWatch {
  readonly #progress: () => number | undefined
  readonly #silent: () => void
  #timer: NodeJS.Timeout | undefined
  #last = 0

  /**
   * @param progress A number that changes while the disk answers; undefined when nothing is awaited.
   * @param silent Called when it has not changed for 2 s.
   */
  constructor(progress: () => number | undefined, silent: () => void) {
    this.#progress = progress
    this.#silent = silent
  }

  /** From now on something is with the thread pool. */
  begin(progress: number): void {
    this.#last = progress
    // One timer, set again each time: an idle one does no harm when it runs out.
    this.#timer ??= setTimeout(() => this.#look(), answerMsMax).unref()
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
