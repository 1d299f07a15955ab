// Follows a whole directory: a tail for each base, those that appear later too, and one order for
// their lines.
//
// It looks at every rename, whether or not somebody is reading: what has been opened in time is not
// lost to a slow reader. Lines that are there at the same time are merged; it never waits for a
// line that may yet come.
//
// New bases are mostly told by the watch. The poll behind it lists the directory only when its time
// has changed, and in a large one seldom: it takes a small part of the time, whatever else lies
// there.

import { statSync } from 'node:fs'
import { errorFile } from '../entry/builtin-categories.ts'
import { monotonicMs } from '../entry/clock.ts'
import { type FileName, nameOf, parseName } from '../directory/names.ts'
import type { Descriptors } from './descriptors.ts'
import { DirectoryWatch } from './directory-watch.ts'
import { namesIn } from './file-walk.ts'
import { merge } from './merge.ts'
import type { Wanted } from './query.ts'
import { Remarks } from './remark.ts'
import { SeriesFinder } from './series.ts'
import { type Sieve, noting } from './sieve.ts'
import { Tail } from './tail-series.ts'
import { Forwards, type TimedLine } from './time-order.ts'

/** Of the time that passes, listing takes this part at most: 20,000 names take some 50 ms. */
const listingShare = 0.004
/**
 * And this part while nothing tells of a change. A listing costs twice the processor time that it
 * takes: what it throws away is collected beside it. With 0.004, 500 other files took 0.8 % of a
 * core (Node 20, 2026-11).
 */
const quietShare = 0.001
/**
 * So long after a change the time of a directory is not trusted: a file system may keep it in steps
 * of 2 s.
 */
const unsureMs = 3000
/** So often all names are looked at though nothing tells of a change. */
const againMs = 5000

interface Followed {
  readonly tail: Tail
  /** The times go on from one round to the next. */
  readonly times: Forwards
}

/** Follows the bases of a directory. */
export class Follower {
  readonly #directory: string
  readonly #wanted: Pick<Wanted, 'hasBase' | 'sieve'>
  readonly #note: ((lsn: number) => void) | undefined
  readonly #ownSieve: ((base: string) => Sieve) | undefined
  readonly #descriptors: Descriptors
  readonly #remarks: Remarks
  readonly #finder: SeriesFinder
  readonly #followed = new Map<string, Followed>()
  readonly #watch: DirectoryWatch
  #closed = false
  #lookedAt = -Infinity
  /** The directory as it was when it was listed. */
  #stamp = ''
  #changedMs = -Infinity
  #listedMs = -Infinity
  #listingMs = 0

  /**
   * @param wanted Which bases are followed, and which of their lines need not be given out.
   * @param remarks Gets what cannot be read; it is tried again.
   * @param options `note`: told of the `lsn` of lines that are not given out; then files that hold
   *   no line that is wanted are followed for these. `sieveOf`: asked for the sieve of each base.
   */
  constructor(
    directory: string,
    wanted: Pick<Wanted, 'hasBase' | 'sieve'>,
    descriptors: Descriptors,
    remarks: Remarks,
    options: {
      readonly note?: (lsn: number) => void
      readonly sieveOf?: (base: string) => Sieve
    } = {},
  ) {
    this.#directory = directory
    this.#wanted = wanted
    this.#descriptors = descriptors
    this.#remarks = remarks
    const { note } = options
    this.#note = note
    this.#ownSieve = options.sieveOf
    const isWanted = note === undefined ? wanted.hasBase : () => true
    this.#finder = new SeriesFinder(directory, isWanted, remarks)
    this.#watch = new DirectoryWatch(directory, (name) => this.#look(name))
  }

  /** Adds a base; its tail is to be told what is known of it. */
  add(base: string): Tail {
    const isWanted = this.#wanted.hasBase(base)
    const remarks = isWanted ? this.#remarks : new Remarks(() => {})
    const sieve = this.#ownSieve?.(base) ?? this.#sieveOf(isWanted)
    const tail = new Tail(this.#directory, base, this.#descriptors, remarks, sieve)
    this.#followed.set(base, { tail, times: new Forwards() })
    return tail
  }

  #sieveOf(isWanted: boolean): Sieve | undefined {
    const sieve = isWanted ? this.#wanted.sieve : () => true
    return sieve === undefined || this.#note === undefined ? sieve : noting(sieve, this.#note)
  }

  /**
   * The lines to come, in batches. Ends when it is closed.
   *
   * @param idle Also an empty batch after each look that found nothing: four a second at least.
   */
  async *lines(idle: boolean = false): AsyncGenerator<TimedLine[]> {
    while (!this.#closed) {
      let found = false
      for await (const lines of merge(this.tails().map((tail) => this.#availableOf(tail)))) {
        found = true
        yield lines
        if (this.#closed) return
      }
      if (idle && !found) yield []
      await this.changed(found)
    }
  }

  /** The tails of all bases, that of `error.log` last, to be asked for what there is now. */
  tails(): Tail[] {
    if (this.#lookedAt === -Infinity) this.#look(undefined)
    this.#lookedAt = monotonicMs()
    return [...this.#followed.values()].toSorted(errorFileLast).map(({ tail }) => tail)
  }

  /**
   * Resolves when there may be more.
   *
   * @param found Lines were read. What came meanwhile may have been told before they were.
   */
  changed(found: boolean): Promise<void> {
    return this.#watch.changed(found)
  }

  /** Something of a base cannot be read. */
  unread({ base }: Tail, error: unknown): void {
    this.#remarks.unread(base, error)
  }

  /** When it began to look at all files for the lines that it gives now. */
  get lookedAt(): number {
    return this.#lookedAt
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watch.close()
    for (const { tail } of this.#followed.values()) tail.close()
  }

  /**
   * Looks at the base that a name belongs to; at all of them, and whether there are others, without
   * a name.
   */
  #look(name: string | undefined): void {
    if (this.#closed) return
    if (name === undefined) {
      this.#lookForOthers()
      for (const { tail } of this.#followed.values()) this.#lookAt(tail)
      return
    }
    const file = parseName(name)
    if (file === undefined) return
    if (!this.#followed.has(file.base) && this.#finder.isLog(file.base, withLive(file))) {
      this.add(file.base)
    }
    const followed = this.#followed.get(file.base)
    if (followed !== undefined) this.#lookAt(followed.tail)
  }

  #lookAt(tail: Tail): void {
    try {
      tail.look()
    } catch (error) {
      // A disk that fails, perhaps for a moment.
      this.#remarks.unread(tail.base, error)
    }
  }

  #lookForOthers(): void {
    const nowMs = monotonicMs()
    const stamp = stampOf(this.#directory)
    if (stamp !== this.#stamp) this.#changedMs = nowMs
    this.#stamp = stamp
    const isUnsure = nowMs - this.#changedMs < unsureMs || this.#finder.hasGrown()
    const restMs = isUnsure
      ? this.#listingMs / listingShare
      : Math.max(againMs, this.#listingMs / quietShare)
    if (nowMs - this.#listedMs < restMs) return
    const names = namesIn(this.#directory, this.#remarks)
    for (const { base } of this.#finder.find(names, (each) => !this.#followed.has(each))) {
      this.add(base)
    }
    this.#listedMs = monotonicMs()
    this.#listingMs = this.#listedMs - nowMs
  }

  async *#availableOf(tail: Tail): AsyncGenerator<TimedLine[]> {
    const { times } = this.#followed.get(tail.base)!
    try {
      for await (const { lines, file } of tail.available()) yield times.timed(lines, file)
    } catch (error) {
      this.unread(tail, error)
    }
  }
}

/** The directory, and when names in it were last changed; empty while it is not there. */
function stampOf(directory: string): string {
  try {
    const { dev, ino, mtimeNs, ctimeNs } = statSync(directory, { bigint: true })
    return `${dev}:${ino} ${mtimeNs} ${ctimeNs}`
  } catch {
    return ''
  }
}

function withLive(file: FileName): FileName[] {
  const { base } = file
  return [{ name: nameOf(base, 0), base, index: 0, compressed: false }, file]
}

/** So that of an entry and its copy the entry is shown. */
function errorFileLast(a: Followed, b: Followed): number {
  return Number(a.tail.base === errorFile) - Number(b.tail.base === errorFile)
}
