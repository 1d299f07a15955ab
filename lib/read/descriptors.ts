// The descriptors of files that are open for what they held before: not as many as there are files,
// but those used last. A log may have a hundred rotated files of each of its bases; and a process
// that reads logs may have other things to do with its descriptors.

import { readFileSync } from 'node:fs'

/** Files that are open at once at most. The ordinary directory of five bases has 55. */
const openMax = 64
/**
 * Below this, so many are open at once: with fewer, files that are merged would take turns at each
 * line.
 */
const openMin = 8

/** What may be closed in between, and opens itself when it is needed again. */
export interface Openable {
  /** Whether something is just being read from it. */
  readonly isBusy: boolean
  /** Closes its descriptor. */
  rest(): void
}

/** The descriptors of one reading. */
export class Descriptors {
  /** Those that are open, the one that was used last at the end. */
  readonly #open = new Set<Openable>()
  #max = Math.min(openMax, Math.max(openMin, Math.floor(limitOfProcess() / 4)))

  /** Whether one more can be open without closing another. */
  get hasRoom(): boolean {
    return this.#open.size < this.#max
  }

  /**
   * Opens something, and closes others when the system has no descriptor left. Throws what `open`
   * throws.
   */
  open(open: () => number): number {
    for (;;) {
      try {
        return open()
      } catch (error) {
        if (!isExhausted(error) || !this.#makeRoom()) throw error
      }
    }
  }

  /** Has been used just now. */
  use(log: Openable): void {
    this.#open.delete(log)
    if (this.#open.size >= this.#max) this.#closeDownTo(this.#max - 1)
    this.#open.add(log)
  }

  /** Is closed, or must not be closed any more. */
  forget(log: Openable): void {
    this.#open.delete(log)
  }

  /** Half of them; false when there was none that could be closed. */
  #makeRoom(): boolean {
    const before = this.#open.size
    this.#max = Math.max(openMin, Math.min(this.#max, before >> 1))
    this.#closeDownTo(before >> 1)
    return this.#open.size < before
  }

  #closeDownTo(count: number): void {
    for (const log of this.#open) {
      if (this.#open.size <= count) return
      if (log.isBusy) continue
      this.#open.delete(log)
      log.rest()
    }
  }
}

/**
 * How many descriptors the process may have. Elsewhere than on Linux it is found out when there is
 * none left.
 */
function limitOfProcess(): number {
  if (process.platform !== 'linux') return Infinity
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1')
    return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity)
  } catch {
    return Infinity
  }
}

function isExhausted(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EMFILE' || code === 'ENFILE'
}
