// A clock that stands still until the test moves it, and turns of the event loop that come when the
// test says so.

/** A timer of a manual clock. */
class ManualTimer {
  readonly #clock: ManualClock
  readonly #delayMs: number
  readonly callback: () => void
  dueMs: number

  constructor(clock: ManualClock, callback: () => void, delayMs: number) {
    this.#clock = clock
    this.#delayMs = delayMs
    this.callback = callback
    this.dueMs = clock.nowMs + delayMs
  }

  refresh(): this {
    this.dueMs = this.#clock.nowMs + this.#delayMs
    return this
  }

  unref(): this {
    return this
  }
}

/** Time and turns by hand. */
export class ManualClock {
  nowMs = 0
  readonly #timers = new Set<ManualTimer>()
  #later: (() => void)[] = []

  readonly monotonicMs = (): number => this.nowMs

  readonly setTimeout = (callback: () => void, delayMs: number): ManualTimer => {
    const timer = new ManualTimer(this, callback, delayMs)
    this.#timers.add(timer)
    return timer
  }

  readonly clearTimeout = (timer: unknown): void => {
    this.#timers.delete(timer as ManualTimer)
  }

  /** Has something done in the next turn. */
  readonly later = (work: () => void): void => {
    this.#later.push(work)
  }

  /** Moves the clock, and runs what is due, in its order. */
  advance(ms: number): void {
    const until = this.nowMs + ms
    for (;;) {
      const due = [...this.#timers].filter(({ dueMs }) => dueMs <= until)
      const next = due.toSorted((a, b) => a.dueMs - b.dueMs)[0]
      if (next === undefined) break
      this.nowMs = Math.max(this.nowMs, next.dueMs)
      next.dueMs = Infinity
      next.callback()
    }
    this.nowMs = until
  }

  /** One turn: what promises lead to, and then what was to be done later. */
  async turn(): Promise<void> {
    for (let i = 0; i < 4; i++) await Promise.resolve()
    const works = this.#later
    this.#later = []
    for (const work of works) work()
    for (let i = 0; i < 4; i++) await Promise.resolve()
  }

  /** Whether something is to be done in the next turn. */
  get isAwaited(): boolean {
    return this.#later.length > 0
  }
}
