// Going on behind a cursor: the files of a base that are still to be read, from where, and the
// lines that were given before.

import type { Cursor, Place, Position } from './cursor.ts'
import type { Span } from './history.ts'
import { readBackwards, readForwards } from './read-lines.ts'
import type { Remarks } from './remark.ts'
import { Backwards, Forwards, type TimedLine } from './time-order.ts'

/**
 * How long before the line of the cursor the entries may be whose copies are still to come.
 * Milliseconds.
 */
const copiesMs = 60_000
/** So many lines in front of the cursor are looked through for them at most. */
const copiesLinesMax = 5000

/** What of a base is still to be read. */
export interface Rest {
  readonly spans: readonly Span[]
  /** Whether a line was given before, as long as all in front of it were. */
  readonly isPassed: ((timed: TimedLine, span: number) => boolean) | undefined
  /** What stands in front of the cursor, the last file, up to the cursor, first. */
  readonly before: readonly Span[]
}

/** A base, among those of its log, and a cursor. */
export interface RestOptions {
  /** As the cursor calls it. */
  readonly base: string
  readonly spans: readonly Span[]
  readonly cursor: Cursor
  /** All bases of its log, in their order. */
  readonly bases: readonly string[]
  readonly remarks: Remarks
}

/** Finds the rest of one base. */
export function restOf(options: RestOptions): Rest {
  const { base, spans, cursor, remarks } = options
  const place = cursor.places.get(base)
  if (base === cursor.base || place !== undefined || cursor.others.includes(base)) {
    const at = place?.at
    const found = at === undefined ? 0 : indexOf(spans, at)
    if (found === -1) tellGone(base, spans, remarks)
    const first = Math.max(0, found)
    const rest = spans.slice(first).map((span) => ({ ...span }))
    const isFound = at !== undefined && found !== -1
    const begin = isFound ? (at.offset === -1 ? Infinity : at.offset) : 0
    if (rest[0] !== undefined && begin > 0) rest[0] = { ...rest[0], begin }
    const before = isFound
      ? [
          upTo(spans[found]!, begin),
          ...spans
            .slice(0, found)
            .toReversed()
            .map((span) => upTo(span, Infinity)),
        ]
      : []
    if (base === cursor.base || found === -1) return { spans: rest, isPassed: undefined, before }
    return { spans: rest, isPassed: passedOf(rest, place, options), before }
  }
  // It was made later.
  return { spans, isPassed: undefined, before: [] }
}

/**
 * The end of a compressed file is that of what lies on the disk; the cursor tells unpacked bytes.
 */
function upTo(span: Span, begin: number): Span {
  return { ...span, end: span.log.compressed ? begin : Math.min(begin, span.end) }
}

function passedOf(
  spans: readonly Span[],
  place: Place | undefined,
  { base, bases, cursor }: RestOptions,
): Rest['isPassed'] {
  const until = place?.until
  // While it was followed, lines were read as they came.
  if (place !== undefined && until === undefined) return undefined
  const last = until === undefined ? spans.length - 1 : indexOf(spans, until)
  const end = until === undefined || until.offset === -1 ? Infinity : until.offset
  const isOfSameLog = logOf(base) === logOf(cursor.base)
  const isEarlier = isOfSameLog
    ? bases.indexOf(base) < bases.indexOf(cursor.base)
    : logOf(base) < logOf(cursor.base)
  return ({ time, lsn, line }, span) => {
    if (span > last || (span === last && line.offset >= end)) return false
    const [own, its] =
      !isOfSameLog || lsn === undefined || cursor.lsn === undefined
        ? [time, cursor.time]
        : [lsn, cursor.lsn]
    return own < its || (own === its && isEarlier)
  }
}

/** Which of several logs a base is of. */
function logOf(base: string): string {
  return base.slice(0, Math.max(0, base.lastIndexOf('/')))
}

/**
 * Of files that begin with the same line, which no entry is, the oldest: rather twice than lost.
 */
function indexOf(spans: readonly Span[], { file }: Position): number {
  return spans.findIndex(({ log }) => log.id === file)
}

function tellGone(base: string, spans: readonly Span[], remarks: Remarks): void {
  const oldest = spans[0]?.log.name
  const where =
    oldest === undefined ? 'nothing of it is there' : `going on from the beginning of ${oldest}`
  remarks.tell(
    base,
    `Cannot go on in ${base} behind the line of the cursor: its file is gone; ${where}`,
  )
}

/**
 * The lines in front of a cursor, the last one first: that at least, and as far back as an entry
 * may stand whose copy is behind it.
 *
 * @throws the system's error.
 */
export async function* linesBefore(
  spans: readonly Span[],
  cursor: Cursor,
): AsyncGenerator<TimedLine> {
  const least = cursor.time - copiesMs
  let count = 0
  for (const span of spans) {
    for await (const timed of linesOf(span)) {
      if (count++ > 0 && (timed.time < least || count > copiesLinesMax)) return
      yield timed
    }
  }
}

/** The lines of a file up to its end, the last one first. */
async function* linesOf({ log, end }: Span): AsyncGenerator<TimedLine> {
  const file = log.current()
  if (file.compressed) {
    const times = new Forwards()
    let last: TimedLine[] = []
    for await (const lines of readForwards(file, {})) {
      const timed = times.timed(lines, log).filter(({ line }) => line.offset < end)
      last = [...last, ...timed].slice(-copiesLinesMax)
    }
    yield* last.toReversed()
    return
  }
  const times = new Backwards()
  for await (const lines of readBackwards(file, { end })) yield* times.timed(lines, log)
  yield* times.end()
}
