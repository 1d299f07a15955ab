// One log: a directory, its files as they were at one moment, and what comes to them.
//
//   what is there ─► forwards or backwards ─► merge ─┐
//                                                    ├─► each entry once, in the order of lsn
//   what comes ───► tails ─► merge ─► order ─► copies ┘
//
// A base is a log file with its rotated ones (base-files.ts); a tail follows one base
// (tail-series.ts). A copy is an ERROR or CRITICAL entry of another file in error.log: of the two
// one is shown (copies.ts).

import { readdirSync } from 'node:fs'
import { monotonicMs, wallMs } from '../entry/clock.ts'
import type { Stretch } from '../directory/checkpoint.ts'
import { stateOf } from '../directory/lock-files.ts'
import { Copies, isCopy } from './copies.ts'
import type { CopyQueue } from './copy-queue.ts'
import type { Cursor, Position } from './cursor.ts'
import { keyOf } from './cursor-logs.ts'
import { Descriptors } from './descriptors.ts'
import { type Base, type Listing, closeAll, findBases, spansOf, tailOf } from './base-files.ts'
import { namesIn } from './file-walk.ts'
import { type HistoryLine, history, lastLines } from './history.ts'
import type { OrderQueue } from './order-queue.ts'
import type { Wanted } from './query.ts'
import { Remarks, type Tell } from './remark.ts'
import { SeriesFinder } from './series.ts'
import { lsnAtEnd } from './sieve.ts'
import type { Follower } from './tail-directory.ts'
import { ReadLine, type TimedLine, baseOf } from './time-order.ts'

/** So many bases at most a cursor names as not read. */
const othersMax = 64

/** A line younger than this may have been written before others of its log have. Milliseconds. */
const youngMs = 3000

/** Bytes in which the numbers at the end of a line stand. */
const endBytes = 96

/** What is to be read, and how. */
export interface OneLogOptions {
  readonly directory: string
  /**
   * How it is called among others: in front of the names of its files. Empty: it is the only one.
   */
  readonly instance: string
  readonly wanted: Wanted
  readonly follow: boolean
  readonly tell: Tell
  readonly ended: AbortSignal
}

/** The lines of one log. */
export class OneLog {
  readonly directory: string
  readonly instance: string
  /** Files which were there and are not read. */
  readonly others: readonly string[]
  readonly #options: OneLogOptions
  readonly #bases: readonly Base[]
  readonly #copies: Copies
  readonly #descriptors = new Descriptors()
  readonly #remarks: Remarks
  readonly #finder: SeriesFinder
  #follower: Follower | undefined
  #order: OrderQueue<TimedLine | HistoryLine> | undefined
  #queue: CopyQueue | undefined

  /**
   * Finds its files. @throws the system's error when the directory cannot be read, and is not
   * followed.
   */
  constructor(options: OneLogOptions) {
    const { directory, instance, wanted, follow, tell, ended } = options
    this.#options = options
    this.directory = directory
    this.instance = instance
    this.#copies = new Copies(follow)
    this.#remarks = new Remarks(({ file, text }) => {
      // Who has left has closed the files amid a read.
      if (ended.aborted) return
      if (instance === '') tell({ file, text })
      else tell({ file: `${instance}/${file}`, text: `${instance}: ${text}` })
    })
    this.#finder = new SeriesFinder(directory, wanted.hasBase, this.#remarks)
    const names = follow ? namesIn(directory, this.#remarks) : readdirSync(directory)
    const series = this.#finder.find(names)
    this.#bases = findBases(series, this.#listing(this.#remarks), wanted.lines === Infinity)
    this.others = othersAmong(names, wanted)
  }

  /** Its files, as a cursor calls them. */
  get bases(): string[] {
    return this.#bases.map(({ name }) => this.keyOf(name))
  }

  /** How a cursor calls a file of this log. */
  keyOf(base: string): string {
    return keyOf(this.instance, base)
  }

  /** Prepares to follow: what comes from now on is not missed. */
  async follow(): Promise<void> {
    const { directory, wanted, ended } = this.#options
    // Loaded here, when the files are open: who does not follow has the first line sooner.
    const { Follower } = await import('./tail-directory.ts')
    const { OrderQueue } = await import('./order-queue.ts')
    const { CopyQueue } = await import('./copy-queue.ts')
    if (ended.aborted) return
    const order = new OrderQueue<TimedLine | HistoryLine>(
      ({ line }) => baseOf(line.file),
      this.#copies,
    )
    this.#order = order
    this.#queue = new CopyQueue(this.#copies)
    const follower = new Follower(directory, wanted, this.#descriptors, this.#remarks, {
      note: (lsn) => order.note(lsn),
    })
    this.#follower = follower
    for (const base of this.#bases) tailOf(base, follower.add(base.name), this.#remarks)
    this.#watchOthers(follower)
  }

  /**
   * What there is when it was found, in batches. What may not be in order yet is left to
   * `following`.
   */
  async *history(cursor: Cursor | undefined): AsyncGenerator<HistoryLine[]> {
    const order = this.#order
    const { wanted } = this.#options
    const isFromStart = wanted.lines === Infinity && cursor === undefined
    let last: number | undefined
    let isHeld = false
    for await (const batch of this.#historyOf(cursor)) {
      const lines = this.#named(batch)
      // Where lines are passed over it is not known which numbers have come.
      if (order === undefined || !wanted.isAll) {
        yield lines
        continue
      }
      const now = wallMs()
      const young = isHeld ? 0 : lines.findIndex(({ time }) => now - time < youngMs)
      const old = young === -1 ? lines : lines.slice(0, young)
      for (const { lsn } of old) if (lsn !== undefined) last = Math.max(last ?? 0, lsn)
      yield old
      if (young === -1) continue
      // One that has just begun is there from its first entry on.
      if (!isHeld && (last !== undefined || isFromStart)) order.begin(last ?? 0)
      isHeld = true
      yield order.push(lines.slice(young), monotonicMs()) as HistoryLine[]
    }
    if (this.#options.ended.aborted) return
    if (order !== undefined && order.waiting.length === 0) order.begin(this.#lastLsn())
  }

  /** Lines that have been read, and that `following` gives out. */
  get waiting(): readonly TimedLine[] {
    return this.#order?.waiting ?? []
  }

  /** What comes, in batches; an empty one four times a second at least. */
  async *following(): AsyncGenerator<HistoryLine[]> {
    const [follower, order, queue] = [this.#follower, this.#order, this.#queue]
    if (follower === undefined || order === undefined || queue === undefined) return
    const { matches } = this.#options.wanted
    for await (const lines of follower.lines(true)) {
      const passed: HistoryLine[] = []
      const now = wallMs()
      for (const timed of order.push(this.#named(lines), monotonicMs(), follower.lookedAt)) {
        if ('isShown' in timed) passed.push(timed)
        else if (matches(timed)) passed.push(...queue.push([timed], now))
      }
      passed.push(...queue.push([], now))
      yield passed
    }
  }

  /** Closes what was there. */
  closeHistory(): void {
    closeAll(this.#bases, false)
  }

  close(): void {
    closeAll(this.#bases, this.#follower === undefined)
    this.#follower?.close()
  }

  #named<T extends TimedLine>(lines: T[]): T[] {
    if (this.instance !== '') for (const { line } of lines) ReadLine.place(line, this.instance)
    return lines
  }

  /**
   * Files that hold no line that is wanted are followed all the same: their numbers tell that none
   * is missing.
   */
  #watchOthers(follower: Follower): void {
    const { directory, wanted } = this.#options
    if (wanted.isWhole) return
    const silent = new Remarks(() => {})
    const finder = new SeriesFinder(directory, (base) => !wanted.hasBase(base), silent)
    for (const series of finder.find(namesIn(directory, silent))) {
      const base = { name: series.base, spans: spansOf(series, this.#listing(silent)) }
      tailOf(base, follower.add(base.name), silent)
      closeAll([base], false)
    }
  }

  #listing(remarks: Remarks): Listing {
    const { directory, follow } = this.#options
    return { directory, follow, descriptors: this.#descriptors, remarks }
  }

  /** The highest number at the ends of the files: all below it is there, or is late. */
  #lastLsn(): number {
    let last = 0
    for (const { spans } of this.#bases) {
      for (const { log, end, held } of spans) {
        if (!held || end === 0) continue
        const bytes = log.readSync(Math.max(0, end - endBytes), Math.min(end, endBytes))
        last = Math.max(last, lsnAtEnd(bytes, 0, bytes.length - 1) ?? 0)
      }
    }
    return last
  }

  /** What is there: all of it, the last lines of it, or what stands behind a cursor. */
  async *#historyOf(after: Cursor | undefined): AsyncGenerator<HistoryLine[]> {
    const { wanted, ended } = this.#options
    const [bases, copies, remarks] = [this.#bases, this.#copies, this.#remarks]
    const late = wanted.lines === Infinity ? [] : lateIn(this.directory)
    const reading = { wanted, copies, remarks, ended, late }
    const { lines } = wanted
    let batches: AsyncIterable<HistoryLine[]>
    if (after === undefined) {
      batches = history(
        bases.map(({ name, spans }) => ({ base: name, spans })),
        reading,
      )
    } else {
      const { linesBefore, restOf } = await import('./resume.ts')
      const rests = await Promise.all(
        bases.map(async ({ name: base, spans }) => ({
          base,
          time: -Infinity,
          lsn: undefined as number | undefined,
          ...(await restOf({
            base: this.keyOf(base),
            spans,
            cursor: after,
            bases: this.bases,
            remarks,
          })),
        })),
      )
      for (const rest of rests) {
        try {
          for await (const { line, time, lsn } of linesBefore(rest.before, after)) {
            // What tells no time has that of the line in front of it.
            if (rest.time === -Infinity) {
              rest.time = time
              rest.lsn = lsn
            }
            // A copy may stand there, and its entry behind the cursor: that is still to be shown.
            if (!isCopy(line) || !isBehind(lsn, time, after)) copies.seen(line)
          }
        } catch (error) {
          remarks.unread(rest.base, error)
        }
      }
      // Read forwards, also where only the last are wanted: what was given before is known from its
      // beginning.
      batches = history(rests, { ...reading, wanted: { ...wanted, lines: Infinity } })
      if (lines !== Infinity) batches = once(await lastLines(batches, lines))
    }
    yield* batches
  }

  /** Whether a file of one of its bases, by the hash of its first line, is there. */
  holds(name: string, { file }: Position): boolean {
    const base = this.#bases.find((each) => each.name === name)
    return base?.spans.some(({ log }) => log.id === file) === true
  }

  /** Where each base begins. */
  begins(after: Cursor | undefined): [string, Position | undefined][] {
    return this.bases.map((base) => [base, after?.places.get(base)?.at])
  }

  /** Where what is there of each base ends: behind its last whole line. */
  ends(): [string, Position | undefined][] {
    return this.#bases.map(({ name, spans }) => {
      const last = spans.findLast(({ log }) => log.id !== undefined)
      if (last === undefined) return [this.keyOf(name), undefined]
      const offset = last.log.compressed ? -1 : (last.whole ?? last.end)
      return [this.keyOf(name), { file: last.log.id!, offset }]
    })
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

/** Whether an entry has its place behind the line of a cursor. */
function isBehind(lsn: number | undefined, time: number, cursor: Cursor): boolean {
  if (lsn === undefined || cursor.lsn === undefined) return time > cursor.time
  return lsn > cursor.lsn
}

/** Numbers of which the writer has left that they may stand behind higher ones. */
function lateIn(directory: string): readonly Stretch[] {
  try {
    return stateOf(directory).checkpoint?.late ?? []
  } catch {
    // No directory, or a lock that cannot be read.
    return []
  }
}

function othersAmong(names: readonly string[], { hasBase }: Wanted): string[] {
  const bases = names.filter((name) => name.endsWith('.log') && !hasBase(name))
  return bases.slice(0, othersMax)
}
