// How old a file is: how long ago its first entry was logged, by the time as far as it is believed.
// A file whose first entry bears a time that has not come yet, or none, is as old as it has been
// seen here, by the monotonic clock.

import { monotonicMs } from '../entry/clock.ts'
import type { AppendFile } from './append-file.ts'

export interface FileAgeOptions {
  /** A file whose first entry is older is put aside, in milliseconds; Infinity: none is. */
  readonly maxMs: number
  /** The time, in milliseconds since 1970: see trusted-time.ts. */
  readonly now: () => number
  /** @default the monotonic clock */
  readonly monotonicMs?: () => number
}

/** The age of the file that one name leads to. */
export class FileAge {
  readonly #options: FileAgeOptions
  readonly #monotonicMs: () => number
  #inode = 0n
  #seenAt = 0

  constructor(options: FileAgeOptions) {
    this.#options = options
    this.#monotonicMs = options.monotonicMs ?? monotonicMs
  }

  /** In how many milliseconds it is too old; 0 or less when it is. An empty file never is. */
  dueInMs(file: Pick<AppendFile, 'size' | 'identity' | 'firstMoment'>): number {
    const { maxMs, now } = this.#options
    if (maxMs === Infinity) return Infinity
    if (file.size === 0) {
      this.#inode = 0n
      return maxMs
    }
    const at = this.#monotonicMs()
    if (file.identity.inode !== this.#inode) {
      this.#inode = file.identity.inode
      this.#seenAt = at
    }
    const first = file.firstMoment() ?? Infinity
    return maxMs - Math.max(at - this.#seenAt, now() - first)
  }
}
