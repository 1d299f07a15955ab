// How long a run still takes: what its jobs are said to take, corrected by what those took that are
// done.

import type { Job } from './measure.ts'

const secondsUsual = 4

export class Estimate {
  readonly #now: () => number
  readonly #started: number
  #saidDone = 0
  #saidLeft = 0

  /** @param now Milliseconds. */
  constructor(jobs: readonly Job[], rounds: number, now: () => number = Date.now) {
    this.#now = now
    this.#started = now()
    for (const job of jobs)
      this.#saidLeft += secondsOf(job) * Math.min(job.roundsMax ?? rounds, rounds)
  }

  /** A round of a job is done. */
  done(job: Job): void {
    this.#saidDone += secondsOf(job)
    this.#saidLeft -= secondsOf(job)
  }

  /** `40 s`, `4 min`. */
  left(): string {
    const taken = (this.#now() - this.#started) / 1000
    const factor = this.#saidDone === 0 ? 1 : taken / this.#saidDone
    const seconds = Math.max(0, Math.round(this.#saidLeft * factor))
    return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  }
}

function secondsOf({ seconds = secondsUsual }: Job): number {
  return seconds
}
