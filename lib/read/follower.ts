// Follows a whole directory: a tail for each base, those that appear later too, and one order for their lines.
//
// It looks at every rename, whether or not somebody is reading: what has been opened in time is not lost to a
// slow reader. Lines that are there at the same time are merged; it never waits for a line that may yet come.

import { errorFile } from '../entry/category.ts'
import { filesByBase, parseName } from '../files/names.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { Forwards, type TimedLine } from './log-line.ts'
import { merge } from './merge.ts'
import { namesIn } from './open-log.ts'
import { Tail } from './tail.ts'

interface Followed {
  readonly tail: Tail
  /** The times go on from one round to the next. */
  readonly times: Forwards
}

/** Follows the bases of a directory. */
export class Follower {
  readonly #directory: string
  readonly #hasBase: (base: string) => boolean
  readonly #followed = new Map<string, Followed>()
  readonly #watch: DirectoryWatch
  #failure: { readonly error: unknown } | undefined
  #closed = false

  constructor(directory: string, hasBase: (base: string) => boolean) {
    this.#directory = directory
    this.#hasBase = hasBase
    this.#watch = new DirectoryWatch(directory, (name) => this.#look(name))
  }

  /** Adds a base whose tail has been told what is known of it. */
  add(tail: Tail): void {
    this.#followed.set(tail.base, { tail, times: new Forwards() })
  }

  /**
   * The lines to come, in batches. Ends when it is closed.
   *
   * @param idle Also an empty batch after each look that found nothing: four a second at least.
   * @throws the system's error when a file is there and cannot be read.
   */
  async *lines(idle: boolean = false): AsyncGenerator<TimedLine[]> {
    while (!this.#closed) {
      this.#look(undefined)
      if (this.#failure !== undefined) throw this.#failure.error
      const followed = [...this.#followed.values()].toSorted(errorFileLast)
      let found = false
      for await (const lines of merge(followed.map((each) => availableOf(each)))) {
        found = true
        yield lines
        if (this.#closed) return
      }
      if (found) continue
      if (idle) yield []
      await this.#watch.changed()
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.close()
    for (const { tail } of this.#followed.values()) tail.close()
  }

  /** Looks at the base that a name belongs to; at all of them without a name. */
  #look(name: string | undefined): void {
    if (this.#closed) return
    try {
      if (name === undefined) {
        for (const base of filesByBase(namesIn(this.#directory)).keys()) this.#discover(base)
        for (const { tail } of this.#followed.values()) tail.look()
      } else {
        const file = parseName(name)
        if (file === undefined) return
        this.#discover(file.base)
        this.#followed.get(file.base)?.tail.look()
      }
    } catch (error) {
      this.#failure ??= { error }
    }
  }

  #discover(base: string): void {
    if (!this.#followed.has(base) && this.#hasBase(base)) this.add(new Tail(this.#directory, base))
  }
}

async function* availableOf({ tail, times }: Followed): AsyncGenerator<TimedLine[]> {
  for await (const { lines, file } of tail.available()) yield times.timed(lines, file)
}

/** So that of an entry and its copy the entry is shown. */
function errorFileLast(a: Followed, b: Followed): number {
  return Number(a.tail.base === errorFile) - Number(b.tail.base === errorFile)
}
