// A stopwatch for signs of life: how long a value that another process changes has stayed the same,
// by our own monotonic clock. Wall clocks are not asked: they differ between machines, and are set;
// and a time of change is only a mark that is this one or another.
//
// Only time that was watched counts. A process that was itself stopped for a minute knows nothing
// of that minute.

import { monotonicMs } from '../entry/clock.ts'

/** The longest time between two looks that counts as watched, in milliseconds. */
export const stepMsMax = 2_500

interface Sight {
  mark: string
  lookedAt: number
  stillMs: number
  hasMoved: boolean
}

/** What was seen of others, each under a name. */
export class Standstill {
  readonly #sights = new Map<string, Sight>()
  readonly #now: () => number

  constructor(now: () => number = monotonicMs) {
    this.#now = now
  }

  /**
   * Looks once more.
   *
   * @param mark Anything that changes as long as there is life in it.
   * @returns for how long it has been watched without a change, in milliseconds.
   */
  look(name: string, mark: string): number {
    const now = this.#now()
    const sight = this.#sights.get(name)
    if (sight === undefined || sight.mark !== mark) {
      this.#sights.set(name, { mark, lookedAt: now, stillMs: 0, hasMoved: sight !== undefined })
      return 0
    }
    sight.stillMs += Math.min(now - sight.lookedAt, stepMsMax)
    sight.lookedAt = now
    return sight.stillMs
  }

  /** Whether it has changed since it was seen first. */
  hasMoved(name: string): boolean {
    return this.#sights.get(name)?.hasMoved === true
  }
}
