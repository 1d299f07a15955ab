// Follows a whole directory: a tail for each base, those that appear later too, and one order for their lines.
//
// It looks at every rename, whether or not somebody is reading: what has been opened in time is not lost to a
// slow reader. Lines that are there at the same time are merged; it never waits for a line that may yet come.

import { errorFile } from '../entry/category.ts'
import { parseName } from '../directory/names.ts'
import { basesIn } from './series.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { Forwards, type TimedLine } from './time-order.ts'
import { merge } from './merge.ts'
import { namesIn } from './log-file.ts'
import type { Remarks } from './remark.ts'
import type { Wanted } from './query.ts'
import { Tail } from './tail-series.ts'

interface Followed {
  readonly tail: Tail
  /** The times go on from one round to the next. */
  readonly times: Forwards
}

/** Follows the bases of a directory. */
export class Follower {
  readonly #directory: string
  readonly #wanted: Pick<Wanted, 'hasBase' | 'sieve'>
  readonly #remarks: Remarks
  readonly #followed = new Map<string, Followed>()
  readonly #watch: DirectoryWatch
  #closed = false

  /**
   * @param wanted Which bases are followed, and which of their lines need not be given out.
   * @param remarks Told of what cannot be read; it is tried again.
   */
  constructor(directory: string, wanted: Pick<Wanted, 'hasBase' | 'sieve'>, remarks: Remarks) {
    this.#directory = directory
    this.#wanted = wanted
    this.#remarks = remarks
    this.#watch = new DirectoryWatch(directory, (name) => this.#look(name))
  }

  /** Adds a base; its tail is to be told what is known of it. */
  add(base: string): Tail {
    const tail = new Tail(this.#directory, base, this.#remarks, this.#wanted.sieve)
    this.#followed.set(base, { tail, times: new Forwards() })
    return tail
  }

  /**
   * The lines to come, in batches. Ends when it is closed.
   *
   * @param idle Also an empty batch after each look that found nothing: four a second at least.
   */
  async *lines(idle: boolean = false): AsyncGenerator<TimedLine[]> {
    this.#look(undefined)
    while (!this.#closed) {
      const followed = [...this.#followed.values()].toSorted(errorFileLast)
      let found = false
      for await (const lines of merge(followed.map((each) => this.#availableOf(each)))) {
        found = true
        yield lines
        if (this.#closed) return
      }
      if (idle && !found) yield []
      // What came while the lines were read may have been told before they were.
      await this.#watch.changed(found)
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.close()
    for (const { tail } of this.#followed.values()) tail.close()
  }

  /** Looks at the base that a name belongs to; at all of them, and whether there are others, without a name. */
  #look(name: string | undefined): void {
    if (this.#closed) return
    const base = name === undefined ? undefined : parseName(name)?.base
    if (name !== undefined && base === undefined) return
    if (base === undefined || !this.#followed.has(base)) {
      const names = namesIn(this.#directory, this.#remarks)
      const isNew = (each: string): boolean =>
        !this.#followed.has(each) &&
        (each === base || base === undefined) &&
        this.#wanted.hasBase(each)
      for (const each of basesIn(this.#directory, names, isNew, this.#remarks)) this.add(each)
    }
    for (const { tail } of this.#followed.values()) {
      if (base !== undefined && base !== tail.base) continue
      try {
        tail.look()
      } catch (error) {
        // A disk that fails, perhaps for a moment.
        this.#remarks.unread(tail.base, error)
      }
    }
  }

  async *#availableOf({ tail, times }: Followed): AsyncGenerator<TimedLine[]> {
    try {
      for await (const { lines, file } of tail.available()) yield times.timed(lines, file)
    } catch (error) {
      this.#remarks.unread(tail.base, error)
    }
  }
}

/** So that of an entry and its copy the entry is shown. */
function errorFileLast(a: Followed, b: Followed): number {
  return Number(a.tail.base === errorFile) - Number(b.tail.base === errorFile)
}
