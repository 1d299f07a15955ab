// Several files → one order. Each file keeps its own, whatever its clock did. Of the files of one
// log the lines that have an `lsn` come in that order, which is the order of the calls; others by
// time, and of the same time those of an earlier source first. So no effect stands before its
// cause, also where the clock was set back.
//
// Of several logs nothing but the clock tells what came first: they are merged by time alone.

import type { TimedLine } from './time-order.ts'

/** Sources that are asked at the same time. */
const togetherMax = 32

interface Cursor<T = TimedLine> {
  readonly batches: AsyncIterator<readonly T[]>
  /** Place among the sources. */
  readonly rank: number
  batch: readonly T[]
  next: number
}

/**
 * Merges the files of one log, in batches: as many lines as can be put in order before a source
 * must be asked for more.
 *
 * @param backwards The sources give their last line first, and so does the result: the same order,
 *   reversed.
 */
export async function* merge<T extends TimedLine>(
  sources: readonly AsyncIterable<readonly T[]>[],
  backwards = false,
): AsyncGenerator<T[]> {
  yield* mergeBy(sources, backwards ? lastOf : firstOf)
}

/** Merges logs by time, in batches. */
export async function* mergeLogs<T extends TimedLine>(
  sources: readonly AsyncIterable<readonly T[]>[],
): AsyncGenerator<T[]> {
  yield* mergeBy(sources, earliestOf)
}

/** Merges the files of one log, of lines that all have an `lsn`. */
export async function* mergeNumbered<T extends { readonly lsn: number }>(
  sources: readonly AsyncIterable<readonly T[]>[],
): AsyncGenerator<T[]> {
  yield* mergeBy(sources, lowestOf)
}

/** @param choose The source whose line is next. */
async function* mergeBy<T>(
  sources: readonly AsyncIterable<readonly T[]>[],
  choose: (cursors: readonly Cursor<T>[]) => Cursor<T>,
): AsyncGenerator<T[]> {
  const cursors: Cursor<T>[] = sources.map((source, rank) => ({
    batches: source[Symbol.asyncIterator](),
    rank,
    batch: [],
    next: 0,
  }))
  const all = [...cursors]
  try {
    // Asked together, they read at the same time; but thousands of them would have as many files
    // open.
    for (let from = 0; from < all.length; from += togetherMax) {
      const some = all.slice(from, from + togetherMax)
      await Promise.all(some.map((cursor) => fill(cursor, cursors)))
    }
    while (cursors.length > 0) {
      const merged: T[] = []
      let first = choose(cursors)
      for (;;) {
        merged.push(first.batch[first.next++]!)
        if (first.next === first.batch.length) break
        first = choose(cursors)
      }
      yield merged
      await fill(first, cursors)
    }
  } finally {
    await Promise.all(all.map(async ({ batches }) => batches.return?.()))
  }
}

/** Gets the next lines of a source, or takes it off the list. */
async function fill<T>(cursor: Cursor<T>, cursors: Cursor<T>[]): Promise<void> {
  for (;;) {
    const { value, done } = await cursor.batches.next()
    if (done === true) {
      cursors.splice(cursors.indexOf(cursor), 1)
      return
    }
    if (value.length === 0) continue
    cursor.batch = value
    cursor.next = 0
    return
  }
}

/**
 * Of those whose line has an `lsn` the lowest is the only one that may come next; it is compared by
 * time with those that have none. So these, lines of an earlier version, cannot put the others out
 * of order.
 */
function firstOf<T extends TimedLine>(cursors: readonly Cursor<T>[]): Cursor<T> {
  let numbered: Cursor<T> | undefined
  let timed: Cursor<T> | undefined
  for (const cursor of cursors) {
    const { lsn } = cursor.batch[cursor.next]!
    if (lsn === undefined) {
      if (timed === undefined || isBefore(cursor, timed)) timed = cursor
    } else if (numbered === undefined || lsn < lsnOf(numbered)) numbered = cursor
  }
  if (numbered === undefined || timed === undefined) return (numbered ?? timed)!
  return isBefore(numbered, timed) ? numbered : timed
}

/** The same from the end. */
function lastOf<T extends TimedLine>(cursors: readonly Cursor<T>[]): Cursor<T> {
  let numbered: Cursor<T> | undefined
  let timed: Cursor<T> | undefined
  for (const cursor of cursors) {
    const { lsn } = cursor.batch[cursor.next]!
    if (lsn === undefined) {
      if (timed === undefined || isBefore(timed, cursor)) timed = cursor
    } else if (numbered === undefined || lsn >= lsnOf(numbered)) numbered = cursor
  }
  if (numbered === undefined || timed === undefined) return (numbered ?? timed)!
  return isBefore(numbered, timed) ? timed : numbered
}

function earliestOf<T extends TimedLine>(cursors: readonly Cursor<T>[]): Cursor<T> {
  return cursors.reduce((first, cursor) => (isBefore(cursor, first) ? cursor : first))
}

function lowestOf<T extends { readonly lsn: number }>(cursors: readonly Cursor<T>[]): Cursor<T> {
  let first = cursors[0]!
  for (const cursor of cursors) {
    if (cursor.batch[cursor.next]!.lsn < first.batch[first.next]!.lsn) first = cursor
  }
  return first
}

function lsnOf({ batch, next }: Cursor): number {
  return batch[next]!.lsn!
}

function isBefore(a: Cursor, b: Cursor): boolean {
  const aTime = a.batch[a.next]!.time
  const bTime = b.batch[b.next]!.time
  return aTime < bTime || (aTime === bTime && a.rank < b.rank)
}
