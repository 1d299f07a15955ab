// How long to wait before an engine is asked again: twice as long each time, up to ten seconds, and
// anything between half of it and all of it, so that many shippers do not come back at one moment.

const firstMs = 50
const longestMs = 10_000

/** Waits that grow. */
export class BackOff {
  readonly #random: () => number
  #ms = firstMs

  /** @param random From 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** The next wait, in milliseconds. */
  next(): number {
    const ms = this.#ms
    this.#ms = Math.min(longestMs, ms * 2)
    return Math.round(ms * (0.5 + this.#random() / 2))
  }

  /** It has answered: the next trouble begins anew. */
  reset(): void {
    this.#ms = firstMs
  }
}
