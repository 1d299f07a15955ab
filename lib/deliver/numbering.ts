// The numbers of entries that wait while somebody else writes to the directory. Where the files end is known only at
// the moment of taking over; by then many lines have been made, with numbers that may be used up. So lines are
// made with numbers that hold if nobody else comes, and those that are not in a file yet are moved on by as much as
// the files have come further.
//
//   ours, written: 1 … 40      another's: 41 … 60        ours, waiting: 41 … 45, made anew as 61 … 65
//
// What waits is only marked then, and rewritten batch by batch when its turn comes: it may be as much as the buffer
// holds. A copy in `error.log` of an entry that has been written keeps its number, as the entry does.

import { napSync } from '../entry/clock.ts'
import { entriesIn } from './batch-entries.ts'
import type { Batch } from './batch.ts'
import type { Category } from './category.ts'
import type { Route } from './file-queue.ts'

/** Numbers above one, and by how much they are moved on. */
interface Move {
  readonly above: number
  readonly by: number
}

/** The moves of one moment, by category. */
type Moves = ReadonlyMap<string, Move>

const seqKey = ',"seq":'
const lineEnd = 0x0a
const brace = 0x7b
const nine = 0x39
const zero = 0x30

/** How long pieces under way are waited for, in milliseconds: they are with the thread pool for 0.1 ms or so. */
const underWayMsMax = 100

/** The numbers of all categories of a logger. */
export class Numbering {
  readonly #categories: ReadonlyMap<string, Category>
  readonly #routes: readonly Route[]
  readonly #history: Moves[] = []

  constructor(categories: ReadonlyMap<string, Category>, routes: readonly Route[]) {
    this.#categories = categories
    this.#routes = routes
    for (const route of routes) route.renumber = (batch) => this.#renumber(batch, 0)
  }

  /** Per category the number of the last entry accepted. */
  accepted(): { readonly [category: string]: number } {
    return this.#numbers(({ seqBase, accepted }) => seqBase + accepted)
  }

  /** Per category the number of the last entry that is in its file. */
  written(): { readonly [category: string]: number } {
    for (const route of this.#routes) this.#countLanded(route)
    return this.#numbers(({ seqBase, written }) => seqBase + written)
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

  /**
   * Has every category go on behind the last number that is in the files.
   *
   * @param last By category; one that is missing has none there.
   */
  goOnBehind(last: ReadonlyMap<string, number>): void {
    for (const route of this.#routes) this.#countLanded(route)
    const moves = new Map<string, Move>()
    for (const [name, category] of this.#categories) {
      const above = category.seqBase + category.written
      const by = (last.get(name) ?? 0) - above
      if (by <= 0) continue
      category.seqBase += by
      moves.set(name, { above, by })
    }
    if (moves.size === 0) return
    this.#history.push(moves)
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
      const category = this.#categories.get(entry?.category ?? '')
      if (category?.route !== route || found.has(category.name)) continue
      found.add(category.name)
      const seq = seqOf(line)?.seq
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
      const place = seqOf(line)
      if (place === undefined || entry.category === undefined) {
        pieces.push(line)
        continue
      }
      let { seq } = place
      for (let era = batch.era; era < length; era++) {
        const move = this.#history[era]!.get(entry.category)
        if (move !== undefined && seq > move.above) seq += move.by
      }
      pieces.push(line.subarray(0, place.from), Buffer.from(String(seq)), line.subarray(place.end))
    }
    batch.rewrite(from, Buffer.concat(pieces))
    batch.era = length
  }

  #numbers(numberOf: (category: Category) => number): { readonly [category: string]: number } {
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

/** Where a line of JSON has its number. A key of this name in the context stands before it. */
function seqOf(
  line: Buffer,
): { readonly seq: number; readonly from: number; readonly end: number } | undefined {
  const key = line[0] === brace ? line.lastIndexOf(seqKey) : -1
  if (key === -1) return undefined
  const from = key + seqKey.length
  let end = from
  while (line[end]! >= zero && line[end]! <= nine) end++
  return end === from ? undefined : { seq: Number(line.toString('latin1', from, end)), from, end }
}
