// Several files → one order: by time. Each file keeps its own order, whatever its clock did, and of lines of the
// same time those of an earlier source come first. So within a category the lines stay in the order of `seq`.

import type { TimedLine } from './time-order.ts'

/** Sources that are asked at the same time. */
const togetherMax = 32

interface Cursor {
  readonly batches: AsyncIterator<readonly TimedLine[]>
  /** Place among the sources. */
  readonly rank: number
  batch: readonly TimedLine[]
  next: number
}

/**
 * Merges sources by time, in batches: as many lines as can be put in order before a source must be asked for more.
 *
 * @param backwards The sources give their last line first, and so does the result: the same order, reversed.
 */
export async function* merge(
  sources: readonly AsyncIterable<readonly TimedLine[]>[],
  backwards = false,
): AsyncGenerator<TimedLine[]> {
  const cursors: Cursor[] = sources.map((source, rank) => ({
    batches: source[Symbol.asyncIterator](),
    rank,
    batch: [],
    next: 0,
  }))
  const all = [...cursors]
  try {
    // Asked together, they read at the same time; but thousands of them would have as many files open.
    for (let from = 0; from < all.length; from += togetherMax) {
      const some = all.slice(from, from + togetherMax)
      await Promise.all(some.map((cursor) => fill(cursor, cursors)))
    }
    while (cursors.length > 0) {
      const merged: TimedLine[] = []
      let first = firstOf(cursors, backwards)
      for (;;) {
        merged.push(first.batch[first.next++]!)
        if (first.next === first.batch.length) break
        first = firstOf(cursors, backwards)
      }
      yield merged
      await fill(first, cursors)
    }
  } finally {
    await Promise.all(all.map(async ({ batches }) => batches.return?.()))
  }
}

/** Gets the next lines of a source, or takes it off the list. */
async function fill(cursor: Cursor, cursors: Cursor[]): Promise<void> {
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

function firstOf(cursors: readonly Cursor[], backwards: boolean): Cursor {
  let first = cursors[0]!
  for (let i = 1; i < cursors.length; i++) {
    const cursor = cursors[i]!
    if (backwards ? isBefore(first, cursor) : isBefore(cursor, first)) first = cursor
  }
  return first
}

function isBefore(a: Cursor, b: Cursor): boolean {
  const aTime = a.batch[a.next]!.time
  const bTime = b.batch[b.next]!.time
  return aTime < bTime || (aTime === bTime && a.rank < b.rank)
}
