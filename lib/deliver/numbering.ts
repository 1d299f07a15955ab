// The numbers of entries that wait while another writer has the directory. Where the files end
// is known only at the moment of taking over; by then many lines have been made, with numbers that
// may be used up. So lines are made with numbers that hold if nobody else comes, and those that are
// not in a file yet are moved on by as much as the files have come further.
//
//   ours, written: 1 … 40    another's: 41 … 60    ours, waiting: 41 … 45, made anew as 61 … 65
//
// The lsn, the number among all entries, moves likewise, but for what waits below a number of ours
// that has been written, to whatever file: nobody else has used those, and they stay. So they come
// late to their file, behind higher ones of others; which they may be is left for readers.
//
// What waits is only marked then, and rewritten batch by batch when its turn comes: it may be as
// much as the buffer holds. A copy in `error.log` of an entry that has been written keeps its
// number, as the entry does.

import { napSync } from '../entry/clock.ts'
import { beforeValue } from '../entry/line.ts'
import { entriesIn } from './batch-entries.ts'
import type { Batch } from './batch.ts'
import type { Category } from './category.ts'
import type { FoundNumbers } from '../directory/last-numbers.ts'
import type { LastNumbers, Stretch } from '../directory/checkpoint.ts'
import type { Route } from './route.ts'

/** Numbers above one, and by how much they are moved on. */
export interface Move {
  readonly above: number
  readonly by: number
}

/** The moves of one moment. */
interface Moves {
  readonly seqs: ReadonlyMap<string, Move>
  readonly lsn: Move
}

/** What is known of the ring: how far the numbers of this run have come. */
export interface Numbers {
  /** Of the last entry. */
  readonly lastNumber: number
  /** Entries in it, and the number of the first. */
  readonly size: number
  readonly number: number
}

const { seq: seqKey, lsn: lsnKey } = beforeValue
const lineEnd = 0x0a
const brace = 0x7b
const nine = 0x39
const zero = 0x30

/**
 * How long pieces under way are waited for, in milliseconds: they are with the thread pool for 0.1
 * ms or so.
 */
const underWayMsMax = 100

/** The numbers of all categories of a logger. */
export class Numbering {
  readonly #categories: ReadonlyMap<string, Category>
  readonly #routes: readonly Route[]
  readonly #ring: Numbers
  readonly #history: Moves[] = []
  /**
   * What is added to an entry's number among all of this run when its line is made, as
   * `Category.seqBase` is.
   */
  lsnBase = 0
  #late: Stretch | undefined
  /** Called when numbers of this run that are not in a file are moved on. */
  moved: ((seqs: ReadonlyMap<string, Move>, lsn: Move) => void) | undefined

  constructor(categories: ReadonlyMap<string, Category>, routes: readonly Route[], ring: Numbers) {
    this.#categories = categories
    this.#routes = routes
    this.#ring = ring
    for (const route of routes) route.renumber = (batch) => this.#renumber(batch, 0)
  }

  /** The numbers of the last entries accepted, of which none waits. */
  accepted(): LastNumbers {
    const lsn = this.lsnBase + this.#ring.lastNumber
    const seq = this.#seqs(({ seqBase, accepted }) => seqBase + accepted)
    return { seq, lsn, settled: lsn, ended: true }
  }

  /** The numbers of the last entries that are in their files. */
  written(): LastNumbers {
    for (const route of this.#routes) this.#countLanded(route)
    return {
      seq: this.#seqs(({ seqBase, written }) => seqBase + written),
      lsn: this.lsnBase + this.#lastWritten,
      settled: this.settled,
    }
  }

  /** The highest number among all entries of this run that is in a file. */
  get #lastWritten(): number {
    return Math.max(...this.#routes.map(({ lastNumber }) => lastNumber))
  }

  /** Up to this `lsn` no entry waits: each is in its file, or has been counted as lost. */
  get settled(): number {
    const { size, number, lastNumber } = this.#ring
    const first = this.lsnBase + (size > 0 ? number : lastNumber + 1)
    return Math.min(first, ...this.#routes.map(({ firstPending }) => firstPending)) - 1
  }

  /**
   * The `lsn` below which entries of ours were written before others took over, and above which
   * some were not; once for each time that numbers have gone on.
   */
  takeLate(): Stretch | undefined {
    const late = this.#late
    this.#late = undefined
    return late
  }

  /**
   * Makes sure that what is not in a file now does not come there by itself, with its old number.
   *
   * @throws when something is under way that does not land.
   */
  awaitQuiet(): void {
    for (let naps = 0; this.#routes.some((route) => !isQuiet(route)); naps++) {
      if (naps === underWayMsMax) throw new Error('a write from before is still under way')
      napSync(1)
    }
  }

  /** Has the numbers go on behind those that are in the files. */
  goOnBehind(last: FoundNumbers): void {
    for (const route of this.#routes) this.#countLanded(route)
    const seqs = new Map<string, Move>()
    for (const [name, category] of this.#categories) {
      const above = category.seqBase + category.written
      const by = (last.seqs.get(name) ?? 0) - above
      if (by <= 0) continue
      category.seqBase += by
      seqs.set(name, { above, by })
    }
    const above = this.lsnBase + this.#lastWritten
    const lsn = { above, by: Math.max(0, last.lsn - above) }
    const { settled } = this
    if (lsn.by > 0 && settled < above) this.#late ??= [settled + 1, above]
    this.lsnBase += lsn.by
    if (seqs.size === 0 && lsn.by === 0) return
    this.#history.push({ seqs, lsn })
    this.moved?.(seqs, lsn)
    for (const route of this.#routes) {
      route.beginEra(this.#history.length)
      const batch = route.inFlight
      if (batch === undefined) continue
      const { sink } = route
      this.#renumber(batch, sink.landed)
      sink.replace(batch.bytes())
    }
  }

  /** Counts what has landed of a batch under way. */
  #countLanded(route: Route): void {
    const batch = route.inFlight
    if (batch === undefined) return
    const bytes = batch.bytes().subarray(0, route.sink.landed)
    const found = new Set<string>()
    for (const line of linesBackwards(bytes)) {
      const [entry] = entriesIn(line)
      const lsn = numbersOf(line)?.lsn?.value
      if (lsn !== undefined) route.lastNumber = Math.max(route.lastNumber, lsn - this.lsnBase)
      const category = this.#categories.get(entry?.category ?? '')
      if (category?.route !== route || found.has(category.name)) continue
      found.add(category.name)
      const seq = numbersOf(line)?.seq.value
      if (seq !== undefined) category.written = Math.max(category.written, seq - category.seqBase)
      if (found.size === route.categories.size) return
    }
  }

  /** Gives the lines of a batch, from a position on, the numbers that hold now. */
  #renumber(batch: Batch, from: number): void {
    const { length } = this.#history
    if (batch.era === length) return
    const bytes = batch.bytes()
    const pieces: Buffer[] = []
    for (const entry of entriesIn(bytes.subarray(from))) {
      const line = bytes.subarray(from + entry.from, from + entry.end)
      const numbers = numbersOf(line)
      if (numbers === undefined || entry.category === undefined) {
        pieces.push(line)
        continue
      }
      const { seq, lsn } = numbers
      const moves = this.#history.slice(batch.era)
      const newSeq = moved(
        seq.value,
        moves.map(({ seqs }) => seqs.get(entry.category!)),
      )
      pieces.push(line.subarray(0, seq.from), Buffer.from(String(newSeq)))
      if (lsn === undefined) pieces.push(line.subarray(seq.end))
      else {
        const newLsn = moved(
          lsn.value,
          moves.map((each) => each.lsn),
        )
        const text = Buffer.from(String(newLsn))
        pieces.push(line.subarray(seq.end, lsn.from), text, line.subarray(lsn.end))
      }
    }
    batch.rewrite(from, Buffer.concat(pieces))
    batch.era = length
  }

  #seqs(numberOf: (category: Category) => number): { readonly [category: string]: number } {
    return Object.fromEntries(
      [...this.#categories].map(([name, category]) => [name, numberOf(category)]),
    )
  }
}

function isQuiet(route: Route): boolean {
  return route.inFlight === undefined || route.sink.isQuiet
}

function* linesBackwards(bytes: Buffer): Generator<Buffer> {
  for (let end = bytes.length; end > 0;) {
    const from = end < 2 ? 0 : bytes.lastIndexOf(lineEnd, end - 2) + 1
    yield bytes.subarray(from, end)
    end = from
  }
}

/** A number after the moves that concern it. */
function moved(number: number, moves: readonly (Move | undefined)[]): number {
  return moves.reduce(
    (value, move) => (move !== undefined && value > move.above ? value + move.by : value),
    number,
  )
}

/** A number, and where it stands in a line. */
interface Place {
  readonly value: number
  readonly from: number
  readonly end: number
}

/** Where a line of JSON has its numbers. A key of such a name in the context stands before them. */
function numbersOf(
  line: Buffer,
): { readonly seq: Place; readonly lsn: Place | undefined } | undefined {
  const key = line[0] === brace ? line.lastIndexOf(seqKey) : -1
  if (key === -1) return undefined
  const seq = numberAt(line, key + seqKey.length)
  if (seq === undefined) return undefined
  const hasLsn = line.toString('latin1', seq.end, seq.end + lsnKey.length) === lsnKey
  return { seq, lsn: hasLsn ? numberAt(line, seq.end + lsnKey.length) : undefined }
}

function numberAt(line: Buffer, from: number): Place | undefined {
  let end = from
  while (line[end]! >= zero && line[end]! <= nine) end++
  return end === from ? undefined : { value: Number(line.toString('latin1', from, end)), from, end }
}
