// Going on behind a cursor: the files of a base that are still to be read, from where, and the
// lines that were given before.

import { type Cursor, type Place, type Position, hashOf, logOf } from './cursor.ts'
import type { Span } from './history.ts'
import type { LogFile } from './log-file.ts'
import { readBackwards, readForwards } from './read-lines.ts'
import type { Remarks } from './remark.ts'
import { type RawLine, textBytesMax } from './line-splitter.ts'
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

const newline = 0x0a
/** Of a byte order mark, the last. */
const markLast = 0xbf

/** Finds the rest of one base. */
export async function restOf(options: RestOptions): Promise<Rest> {
  const { base, spans, cursor, remarks } = options
  const place = cursor.places.get(base)
  if (base === cursor.base || place !== undefined || cursor.others.includes(base)) {
    const at = place?.at
    const found = at === undefined ? 0 : indexOf(spans, at)
    const first = Math.max(0, found)
    const hash = base === cursor.base ? cursor.hash : undefined
    const isLost = found === -1 || (at !== undefined && !(await isPlaced(spans[found]!, at, hash)))
    if (isLost) tellGone(base, spans[first], found === -1, remarks)
    const rest = spans.slice(first).map((span) => ({ ...span }))
    const isFound = at !== undefined && !isLost
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
    if (base === cursor.base || isLost) return { spans: rest, isPassed: undefined, before }
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

/**
 * Of files that begin with the same line, which no entry is, the oldest: rather twice than lost.
 */
function indexOf(spans: readonly Span[], { file }: Position): number {
  return spans.findIndex(({ log }) => log.id === file)
}

/**
 * Whether a line ends at a place, and the one of the hash where there is one. That is not so in a
 * copy of the file that has had other entries since, nor in a file that was cut. Where it cannot be
 * known, it is so.
 */
async function isPlaced(
  { log, end }: Span,
  { offset }: Position,
  hash: string | undefined,
): Promise<boolean> {
  if (offset <= 0) return true
  try {
    const file = log.current()
    if (file.compressed) {
      for await (const lines of readForwards(file, {})) {
        const line = lines.find((each) => each.end >= offset)
        if (line !== undefined) return line.end === offset && isOfHash(line, hash)
      }
      return false
    }
    if (offset > end || !isLineEnd(file, offset)) return false
    if (hash === undefined) return true
    for await (const [line] of readBackwards(file, { end: offset })) {
      if (line !== undefined) return isOfHash(line, hash)
    }
    return false
  } catch {
    // Whoever reads it tells why.
    return true
  }
}

function isOfHash({ raw }: RawLine, hash: string | undefined): boolean {
  return hash === undefined || hashOf(Buffer.from(raw)) === hash
}

/** Whether a line, or a piece of one, may end there: see {@link LineSplitter}. */
function isLineEnd(file: Pick<LogFile, 'readSync'>, offset: number): boolean {
  const around = file.readSync(offset - 1, 2)
  if (around[0] === newline || around.includes(0) || around[0] === markLast) return true
  const from = Math.max(0, offset - textBytesMax)
  return !file.readSync(from, offset - from).includes(newline)
}

function tellGone(
  base: string,
  next: Span | undefined,
  isFileGone: boolean,
  remarks: Remarks,
): void {
  const what = isFileGone ? 'its file is gone' : 'it is not there any more'
  const where =
    next === undefined
      ? 'nothing of it is there'
      : `going on from the beginning of ${next.log.name}`
  remarks.tell(base, `Cannot go on in ${base} behind the line of the cursor: ${what}; ${where}`)
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
