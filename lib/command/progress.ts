// One line on a terminal that says how far long work is. It appears only when the work takes longer
// than a second, and is gone before anything else is written.

import { monotonicMs, setInterval, clearInterval } from '../entry/clock.ts'
import type { Writable } from 'node:stream'

const firstMs = 1000
const everyMs = 200

/** Back to the line's beginning, and all of it erased. */
const erase = '\r\u001b[K'

/** A line that changes. */
export class Progress {
  readonly #stream: Writable | undefined
  readonly #startMs = monotonicMs()
  #shownMs = 0
  #timer: NodeJS.Timeout | undefined

  /** @param stream The terminal; `undefined` when there is none: then nothing is ever shown. */
  constructor(stream: Writable | undefined) {
    this.#stream = stream
  }

  /** Says how far the work is; shown five times a second at most. */
  show(text: string): void {
    const nowMs = monotonicMs()
    if (this.#stream === undefined || nowMs - this.#startMs < firstMs) return
    if (nowMs - this.#shownMs < everyMs) return
    this.#shownMs = nowMs
    this.#stream.write(`${erase}${text}`)
  }

  /** Prints it again and again, for work that does not know its length. Ends with `clear`. */
  repeat(textAt: (seconds: number) => string): void {
    if (this.#stream === undefined) return
    this.#timer = setInterval(() => {
      this.show(textAt(Math.round((monotonicMs() - this.#startMs) / 1000)))
    }, everyMs).unref()
  }

  /** Takes the line away. */
  clear(): void {
    clearInterval(this.#timer)
    if (this.#shownMs === 0) return
    this.#shownMs = 0
    this.#stream?.write(erase)
  }
}
