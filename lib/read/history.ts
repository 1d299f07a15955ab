// What is there when the reading begins: forwards, all of it or from a moment on; or backwards, until enough of the
// last lines have been found. A file that fails is told and left, the others go on.

import { type Copies, type Place, isCopy, isInErrorFile } from './copies.ts'
import { Backwards, Forwards, type LogLine, type TimedLine } from './time-order.ts'
import { merge } from './merge.ts'
import type { LogFile } from './log-file.ts'
import { filesSince } from './needed-files.ts'
import { readBackwards, readForwards } from './read-lines.ts'
import type { Remarks } from './remark.ts'
import type { Wanted } from './query.ts'

/** So much of one time is held beyond the lines asked for, to tell an entry from its copy. */
const tiesMax = 1000
const tiesCharsMax = 1 << 24

/** A file, as much of it as was there when it was listed. */
export interface Span {
  readonly log: LogFile
  /** In bytes. */
  readonly end: number
  /** Whether a tail holds it, and closes it. */
  readonly held: boolean
}

/** What all of a history's parts need. */
interface Reading {
  readonly wanted: Wanted
  readonly copies: Copies
  readonly remarks: Remarks
  readonly ended: AbortSignal
}

/**
 * The lines that are there, each entry once, in batches.
 *
 * @param spans The files of each base, oldest first.
 */
export async function* history(
  spans: readonly (readonly Span[])[],
  reading: Reading,
): AsyncGenerator<LogLine[]> {
  const { wanted, copies } = reading
  if (wanted.lines === 0) return
  const needed = spans.map((of) => {
    const files = filesSince(
      of.map(({ log }) => log),
      wanted.since,
    )
    return of.filter(({ log }) => files.includes(log))
  })
  if (wanted.lines !== Infinity) {
    yield await lastOf(needed, reading)
    return
  }
  for await (const lines of merge(needed.map((of) => forwardsOf(of, reading)))) {
    yield lines.flatMap(({ line }) => (copies.seen(line) === undefined ? line : []))
  }
}

/** The last lines of all files together. */
async function lastOf(spans: readonly (readonly Span[])[], reading: Reading): Promise<LogLine[]> {
  const { wanted, copies } = reading
  const last: Place[] = []
  let count = 0
  let copyTime: number | undefined
  const sources = spans.map((of) => backwardsOf(of, reading))
  search: for await (const lines of merge(sources, true)) {
    for (const { line, time } of lines) {
      if (count >= wanted.lines && time !== copyTime) break search
      const place: Place = { line }
      const before = copies.seen(line, place)
      if (before !== undefined) {
        if (before.line === undefined || !isInErrorFile(before.line)) continue
        before.line = undefined
        count--
      } else if (isCopy(line)) copyTime = time
      last.push(place)
      count++
      // Of the same time as a copy, the entry itself may come: it has its place among those of its own file. With no
      // copy, what lies before is not read: it may be a hole of gigabytes.
      if (count >= wanted.lines && time !== copyTime) break search
    }
  }
  const shown = last.flatMap(({ line }) => line ?? [])
  return shown.slice(0, wanted.lines).toReversed()
}

async function* forwardsOf(
  spans: readonly Span[],
  { wanted, remarks, ended }: Reading,
): AsyncGenerator<TimedLine[]> {
  const times = new Forwards()
  for (const { log, end, held } of spans) {
    try {
      for await (const lines of readForwards(log.current(), { end }, wanted.sieve)) {
        if (ended.aborted) return
        yield times.timed(lines, log.name).filter(wanted.matches)
      }
    } catch (error) {
      remarks.unread(log.name, error)
    }
    if (!held) log.close()
  }
}

async function* backwardsOf(spans: readonly Span[], reading: Reading): AsyncGenerator<TimedLine[]> {
  const { wanted, remarks, ended } = reading
  const times = new Backwards()
  for (const span of spans.toReversed()) {
    try {
      const log = span.log.current()
      if (log.compressed) {
        const { lines, time } = await lastOfCompressed(log, reading)
        yield times.end(time).filter(wanted.matches)
        yield lines
        continue
      }
      for await (const lines of readBackwards(log, span, wanted.sieve)) {
        if (ended.aborted) return
        yield times.timed(lines, log.name).filter(wanted.matches)
      }
    } catch (error) {
      remarks.unread(span.log.name, error)
    }
  }
  yield times.end().filter(wanted.matches)
}

/** The last lines of a compressed file that are wanted, the last one first: it can only be read forwards. */
async function lastOfCompressed(
  log: LogFile,
  { wanted, remarks, ended }: Reading,
): Promise<{ readonly lines: TimedLine[]; readonly time: number }> {
  const times = new Forwards()
  let last: TimedLine[] = []
  let chars = 0
  try {
    for await (const lines of readForwards(log, {}, wanted.sieve)) {
      if (ended.aborted) break
      for (const line of times.timed(lines, log.name)) {
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
  return { lines: lastWanted(last, wanted.lines).toReversed(), time: times.time }
}

/** Of the same time as the first of them, an entry may be needed to know its copy by. */
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
