// What is followed comes file by file: of two entries of a log the later one may be seen first,
// when the write to its file is done and that to the other's is not. The `lsn` tells that one is
// missing; what stands behind it waits.
//
//   audit.log     7        ─► 7 waits: 6 has not come
//   system.log    5        ─► 5
//   system.log    6        ─► 6 7
//
// The wait ends after 3 s: then the entry is lost, or its file cannot be written. A copy in
// `error.log` does not stand for its entry, which is to be shown in its place; so it waits as well,
// but where it was awaited in vain before.
//
// Lines that are passed over unread are noted by their numbers. Lines without one wait for nothing,
// but for those that stand above them in their file.

import { type Copies, isCopy } from './copies.ts'
import type { TimedLine } from './time-order.ts'

/**
 * How long an entry is waited for, from when one behind it came: a file that the disk does not take
 * for 2 s counts as failed. Milliseconds.
 */
export const orderWaitMs = 3000
/** Lines that wait at most. */
const waitingMax = 262_144
/** Numbers of lines that were passed over, noted at most. */
const notedMax = 1 << 20

interface Waiting<T> {
  readonly timed: T
  /** The number by which it has its place. */
  readonly lsn: number
  readonly base: string
  /** The number is its own, and of an entry that stands for it. */
  readonly isArrival: boolean
  /** In milliseconds, by the clock of `push`. */
  readonly since: number
}

/** Puts the followed lines of one log into the order of their `lsn`. */
export class OrderQueue<T extends TimedLine> {
  readonly #baseOf: (timed: T) => string
  readonly #copies: Copies
  /**
   * By number; those of one number in the order in which they came, an entry in front of its copy.
   */
  #waiting: Waiting<T>[] = []
  /** The number that comes next; undefined as long as none is known. */
  #next: number | undefined
  /** Numbers from `#next` on that do not come, or have come unread. */
  readonly #noted = new Set<number>()
  /** Categories whose entries were awaited in vain. */
  readonly #missed = new Set<string>()

  /**
   * @param baseOf The file of a line.
   * @param copies Knows what has been shown.
   */
  constructor(baseOf: (timed: T) => string, copies: Copies) {
    this.#baseOf = baseOf
    this.#copies = copies
  }

  /** Takes it that all up to a number has come. */
  begin(lsn: number): void {
    this.#next = Math.max(this.#next ?? 0, lsn + 1)
  }

  /** A line with this number has been passed over. */
  note(lsn: number): void {
    if (this.#next !== undefined && lsn < this.#next) return
    if (this.#noted.size < notedMax) this.#noted.add(lsn)
  }

  /** Lines that wait, in their order. */
  get waiting(): readonly T[] {
    return this.#waiting.map(({ timed }) => timed)
  }

  /**
   * Takes lines as they come, those of each file in order.
   *
   * @param now Milliseconds, of a clock that is not set back.
   * @param lookedAt When all files were looked at last: what had come by then is here. A slow
   *   reader gives up nothing.
   * @returns the lines whose turn it is.
   */
  push(lines: readonly T[], now: number, lookedAt: number = now): T[] {
    const passed: T[] = []
    for (const timed of lines) this.#take(timed, now, passed)
    this.#release(passed, lookedAt)
    return passed
  }

  #take(timed: T, now: number, passed: T[]): void {
    const { line, lsn: place } = timed
    const base = this.#baseOf(timed)
    const own = line.entry?.lsn
    // A directory begun anew begins with 1.
    if (own === 1 && this.#next !== undefined && this.#next > 2) this.#beginAnew(passed)
    const lsn = own ?? this.#lastOf(base) ?? place
    if (lsn === undefined) {
      passed.push(timed)
      return
    }
    const waitsForEntry =
      isCopy(line) && !this.#copies.has(line) && !this.#missed.has(line.entry!.category)
    const waiting = {
      timed,
      lsn,
      base,
      isArrival: own !== undefined && !waitsForEntry,
      since: now,
    }
    let at = this.#waiting.length
    while (at > 0 && isBehind(this.#waiting[at - 1]!, waiting)) at--
    if (at === this.#waiting.length) this.#waiting.push(waiting)
    else this.#waiting.splice(at, 0, waiting)
  }

  /** The place of the last line of a file that waits. */
  #lastOf(base: string): number | undefined {
    return this.#waiting.findLast((each) => each.base === base)?.lsn
  }

  #beginAnew(passed: T[]): void {
    for (const { timed } of this.#waiting) passed.push(timed)
    this.#waiting = []
    this.#noted.clear()
    this.#next = undefined
  }

  #release(passed: T[], lookedAt: number): void {
    let count = 0
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[count]) {
      this.#passNoted()
      const next = this.#next ?? first.lsn
      const isDue = first.lsn < next || (first.lsn === next && first.isArrival)
      if (!isDue) {
        const isOver = lookedAt - first.since >= orderWaitMs
        if (!isOver && this.#waiting.length - count <= waitingMax) break
        if (!first.isArrival && isCopy(first.timed.line)) {
          this.#missed.add(first.timed.line.entry!.category)
        }
      }
      const { category } = first.timed.line.entry ?? {}
      if (category !== undefined && !isCopy(first.timed.line)) this.#missed.delete(category)
      this.#next = Math.max(next, first.lsn + 1)
      passed.push(first.timed)
      count++
    }
    if (count > 0) this.#waiting.splice(0, count)
    this.#passNoted()
  }

  /** Goes on behind numbers that have come unread. */
  #passNoted(): void {
    if (this.#noted.size === 0) return
    if (this.#next === undefined) return
    while (this.#noted.delete(this.#next)) this.#next++
  }
}

/** Whether one that waits has its place behind one that comes. */
function isBehind<T>(waiting: Waiting<T>, coming: Waiting<T>): boolean {
  if (waiting.lsn !== coming.lsn) return waiting.lsn > coming.lsn
  return !waiting.isArrival && coming.isArrival
}
