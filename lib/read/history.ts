// History: what is there when the reading begins. It is read forwards, all of it or from a moment
// on; or backwards, until enough of the last lines have been found. A file that fails is reported
// and left, the others go on.

import type { Stretch } from '../directory/checkpoint.ts'
import { type Copies, type Place, isCopy, isInErrorFile } from './copies.ts'
import { Backwards, Forwards, type LogLine, type TimedLine } from './time-order.ts'
import { merge } from './merge.ts'
import type { LogFile } from './log-file.ts'
import { filesSince } from './needed-files.ts'
import { readBackwards, readForwards } from './read-lines.ts'
import type { Remarks } from './remark.ts'
import type { Wanted } from './query.ts'

/**
 * Lines kept beyond those asked for, with the timestamp of the first of these: an entry and its
 * copy in error.log have equal timestamps, and both are needed to tell the copy.
 */
const tiesMax = 1000
/** UTF-16 units that these lines may come to. */
const tiesCharsMax = 1 << 24

/** A file, as much of it as was there when it was listed. */
export interface Span {
  readonly log: LogFile
  /** Where it begins, in bytes, uncompressed. @default 0 */
  readonly begin?: number
  /** In bytes. */
  readonly end: number
  /** Where its last whole line ends, if that is known: it may be going on. */
  readonly whole?: number
  /** Whether a tail holds it, and closes it. */
  readonly held: boolean
}

/** The files of a base, oldest first. */
export interface Files {
  readonly base: string
  readonly spans: readonly Span[]
  /**
   * The time of the line in front of the first one: a line that tells no time has it. Milliseconds
   * since 1970. @default -Infinity
   */
  readonly time?: number
  /** The `lsn` of that line. */
  readonly lsn?: number | undefined
  /** Whether a line was given before, as long as all in front of it were; with a cursor. */
  readonly isPassed?: ((timed: TimedLine, span: number) => boolean) | undefined
}

/** A line in the order of the history. */
export interface HistoryLine extends TimedLine {
  /** Not a copy of what has been given out. */
  readonly isShown: boolean
}

/** What all of a history's parts need. */
export interface Reading {
  readonly wanted: Wanted
  readonly copies: Copies
  readonly remarks: Remarks
  /** Numbers that may stand behind higher ones in their file. */
  readonly late: readonly Stretch[]
  readonly ended: AbortSignal
}

/** The lines that are there, in batches. */
export async function* history(
  files: readonly Files[],
  reading: Reading,
): AsyncGenerator<HistoryLine[]> {
  const { wanted, copies } = reading
  if (wanted.lines === 0) return
  const needed = files.map((each): Files => {
    const logs = filesSince(
      each.spans.map(({ log }) => log),
      wanted.since,
    )
    return { ...each, spans: each.spans.filter(({ log }) => logs.includes(log)) }
  })
  if (wanted.lines !== Infinity) {
    yield await lastOf(needed, reading)
    return
  }
  let isFront = true
  for await (const lines of merge(needed.map((each) => forwardsOf(each, reading)))) {
    const rest: HistoryLine[] = []
    for (const timed of lines) {
      const { isPassed } = timed
      // What stands behind one that was not given was not given either, whatever its time: the
      // clock may have been set back between them.
      if (isPassed === false) isFront = false
      const isShown = copies.seen(timed.line) === undefined
      if (!isFront || isPassed !== true) rest.push({ ...timed, isShown })
    }
    yield rest
  }
}

/** A line of a base; `isPassed` is told where its time tells whether it was given before. */
interface JudgedLine extends TimedLine {
  readonly isPassed?: boolean
}

/** The last of some lines. */
export async function lastLines(
  batches: AsyncIterable<HistoryLine[]>,
  count: number,
): Promise<HistoryLine[]> {
  let last: HistoryLine[] = []
  for await (const lines of batches) {
    // One by one: of a million, as many arguments would be too many.
    for (const line of lines) if (line.isShown) last.push(line)
    if (last.length > 2 * count) last = last.slice(-count)
  }
  return count === 0 ? [] : last.slice(-count)
}

/** The last lines of all files together. */
async function lastOf(files: readonly Files[], reading: Reading): Promise<HistoryLine[]> {
  const { wanted, copies } = reading
  const last: (Place & { readonly timed: TimedLine })[] = []
  let count = 0
  let copyTime: number | undefined
  const sources = files.map(({ spans }) => backwardsOf(spans, reading))
  search: for await (const lines of merge(sources, true)) {
    for (const timed of lines) {
      const { line, time } = timed
      if (count >= wanted.lines && time !== copyTime) break search
      const place = { line: line as LogLine | undefined, timed }
      const before = copies.seen(line, place)
      if (before !== undefined) {
        if (before.line === undefined || !isInErrorFile(before.line)) continue
        before.line = undefined
        count--
      } else if (isCopy(line)) copyTime = time
      last.push(place)
      count++
      // Of the same time as a copy, the entry itself may come: it has its place among those of its
      // own file. With no copy, what lies before is not read: it may be a hole of gigabytes.
      if (count >= wanted.lines && time !== copyTime) break search
    }
  }
  const shown = last.flatMap(({ line, timed }) => (line === undefined ? [] : timed))
  return shown
    .slice(0, wanted.lines)
    .toReversed()
    .map((timed) => ({ ...timed, isShown: true }))
}

async function* forwardsOf(
  { spans, time, lsn, isPassed }: Files,
  { wanted, copies, remarks, ended }: Reading,
): AsyncGenerator<JudgedLine[]> {
  const times = new Forwards(time, lsn)
  let isPassing = isPassed !== undefined
  for (const [i, { log, begin = 0, end, held }] of spans.entries()) {
    try {
      for await (const lines of readForwards(log.current(), { begin, end }, wanted.sieve)) {
        if (ended.aborted) return
        const timed: JudgedLine[] = times.timed(lines, log)
        for (let at = 0; isPassing && at < timed.length; at++) {
          isPassing = isPassed?.(timed[at]!, i) === true
          timed[at] = { ...timed[at]!, isPassed: isPassing }
          if (isPassing && !wanted.matches(timed[at]!)) copies.seen(timed[at]!.line)
        }
        yield timed.filter(wanted.matches)
      }
    } catch (error) {
      remarks.unread(log.name, error)
    }
    if (!held) log.close()
  }
}

async function* backwardsOf(spans: readonly Span[], reading: Reading): AsyncGenerator<TimedLine[]> {
  const { wanted, remarks, ended, late } = reading
  const times = new Backwards(late)
  for (const span of spans.toReversed()) {
    try {
      const log = span.log.current()
      if (log.compressed) {
        const { lines, time, lsn } = await lastOfCompressed(log, reading)
        yield times.end(time, lsn).filter(wanted.matches)
        yield lines
        continue
      }
      for await (const lines of readBackwards(log, span, wanted.sieve)) {
        if (ended.aborted) return
        yield times.timed(lines, span.log).filter(wanted.matches)
      }
    } catch (error) {
      remarks.unread(span.log.name, error)
    }
  }
  yield times.end().filter(wanted.matches)
}

/**
 * The last lines of a compressed file that are wanted, the last one first: it can only be read
 * forwards.
 */
async function lastOfCompressed(
  log: LogFile,
  { wanted, remarks, ended, late }: Reading,
): Promise<{
  readonly lines: TimedLine[]
  readonly time: number
  readonly lsn: number | undefined
}> {
  const times = new Forwards(-Infinity, undefined, late)
  let last: TimedLine[] = []
  let chars = 0
  try {
    for await (const lines of readForwards(log, {}, wanted.sieve)) {
      if (ended.aborted) break
      for (const line of times.timed(lines, log)) {
        if (!wanted.matches(line)) continue
        last.push(line)
        chars += line.line.raw.length
      }
      // Seldom, so that it costs little however many are wanted.
      if (last.length <= 2 * (wanted.lines + tiesMax) && chars <= 2 * tiesCharsMax) continue
      last = lastWanted(last, wanted.lines)
      chars = 0
    }
  } catch (error) {
    remarks.unread(log.name, error)
  }
  const { time, lsn } = times
  return { lines: lastWanted(last, wanted.lines).toReversed(), time, lsn }
}

/** The last `count` lines, and before them those with the same time as the first one. */
function lastWanted(lines: TimedLine[], count: number): TimedLine[] {
  let first = Math.max(0, lines.length - count)
  const least = Math.max(0, first - tiesMax)
  for (let chars = 0; first > least; first--) {
    const { line, time } = lines[first - 1]!
    chars += line.raw.length
    if (time !== lines[first]?.time || chars > tiesCharsMax) break
  }
  return lines.slice(first)
}
