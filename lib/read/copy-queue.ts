// Copies wait for their entries. The files of a directory are written side by side, so while they
// are followed the copy in `error.log` may be seen before the entry itself, and before those that
// stand above it in its own file. Shown at once, it would put the numbers of its category out of
// order.
//
//   error.log   2e                    ─► waits ─► its entry has come: dropped
//   system.log        1  2e  3        ─► 1  2e  3
//
// What stands behind a waiting copy in `error.log` waits with it, so that each file keeps its
// order. The wait ends after a second: then the entry's own file cannot be written, or has been
// rotated away. A category of which no entry was ever seen elsewhere may be one that has
// `error.log` as its own file: after one vain wait it is not waited for.

import type { HistoryLine } from './history.ts'
import { type Copies, isCopy, isInErrorFile } from './copies.ts'
import type { TimedLine } from './time-order.ts'

/**
 * How long a copy waits, from its timestamp or from when it was seen, whichever is earlier.
 * Milliseconds.
 */
export const copyWaitMs = 1000

interface Waiting {
  readonly timed: TimedLine
  /** In milliseconds since 1970. */
  readonly until: number
}

/** Puts followed lines into the order of their categories, each entry once. */
export class CopyQueue {
  readonly #copies: Copies
  /** Lines of `error.log`; of those from `#head` on, the first is a copy that waits. */
  #waiting: Waiting[] = []
  #head = 0
  /** Categories whose entries were awaited in vain. */
  readonly #missed = new Set<string>()

  /** @param copies Knows what has been shown. */
  constructor(copies: Copies) {
    this.#copies = copies
  }

  /**
   * Takes the lines that have come, in order. There may be none: then it is only looked which wait
   * has ended.
   *
   * @param now Milliseconds since 1970.
   * @returns the lines that need not wait, and which of them are to be shown.
   */
  push(lines: readonly TimedLine[], now: number): HistoryLine[] {
    const passed: HistoryLine[] = []
    for (const timed of lines) {
      const { line, time } = timed
      if (isInErrorFile(line)) {
        this.#waiting.push({ timed, until: Math.min(time, now) + copyWaitMs })
      } else {
        if (line.entry !== undefined) this.#missed.delete(line.entry.category)
        this.#pass(timed, passed)
      }
      this.#release(passed, now)
    }
    this.#release(passed, now)
    return passed
  }

  /** Shows what need not wait any longer. */
  #release(passed: HistoryLine[], now: number): void {
    for (let first = this.#waiting[this.#head]; first !== undefined;) {
      if (this.#mustWait(first, now)) return
      this.#pass(first.timed, passed)
      first = this.#waiting[++this.#head]
    }
    if (this.#head > 0) {
      this.#waiting = []
      this.#head = 0
    }
  }

  #mustWait({ timed: { line }, until }: Waiting, now: number): boolean {
    // Without a number it could not be told from its entry.
    if (!isCopy(line) || line.entry?.seq === undefined || this.#copies.has(line)) return false
    const { category } = line.entry
    if (this.#missed.has(category)) return false
    if (now < until) return true
    this.#missed.add(category)
    return false
  }

  #pass(timed: TimedLine, passed: HistoryLine[]): void {
    passed.push({ ...timed, isShown: this.#copies.seen(timed.line) === undefined })
  }
}
