// The one place where the parts of the read side are joined.
//
//   what is there ─► forwards or backwards ─► merge ─┐
//                                                    ├─► each entry once ─► the caller
//   what comes ───► tails ─► merge ──────────────────┘

import { readdirSync } from 'node:fs'
import { errorFile } from '../entry/category.ts'
import { absolutePathOf, defaultLogPath } from '../files/log-path.ts'
import { filesByBase } from '../files/names.ts'
import { Copies, type Place, isCopy, isInErrorFile } from './copies.ts'
import { CopyQueue } from './copy-queue.ts'
import { Follower } from './follower.ts'
import { Backwards, Forwards, type LogLine, type TimedLine } from './log-line.ts'
import { merge } from './merge.ts'
import { type OpenLog, namesIn, openNewer } from './open-log.ts'
import { lastLineEnd, readBackwards, readForwards } from './reader.ts'
import { type StreamOptions, type Wanted, wantedOf } from './stream-options.ts'
import { Tail } from './tail.ts'

/** So many lines of one time are held beyond those asked for, to tell an entry from its copy. */
const tiesMax = 1000

/** How long after its moment an entry may reach its file: as long as the writer's buffer is held up. */
const arrivalMsMax = 2000

/** A file, as much of it as was there when it was opened. */
interface Span {
  readonly log: OpenLog
  /** In bytes. */
  readonly end: number
  /** Whether a tail holds it, and closes it. */
  readonly held: boolean
}

/**
 * The lines of a log directory, from all its files, by time: what is there, and with `follow` what comes.
 *
 * Rotated and compressed files are read as far as they are needed. Each file keeps its own order. A line that is
 * not JSON comes with `entry` undefined, behind the line before it, and stops nothing. Of an entry and its copy in
 * `error.log` one is shown. Rotation, truncation and removal of the files are followed without losing or repeating
 * a line, as long as no more than `max_files` rotations come before the event loop gets its turn.
 *
 * Memory does not grow with the files: only `lines` are held. Each iteration of the result begins anew.
 *
 * @throws {RangeError} at once when an option has a value that is not allowed; {SyntaxError} when `grep` is no
 *   regular expression. The iteration throws the system's error when a file or the directory cannot be read; with
 *   `follow` a directory that is not there is waited for.
 *
 * @example
 * ```ts
 * for await (const { entry } of streamLogs({ level: 'ERROR', since: '2h' })) {
 *   if (entry) console.log(formatEntry(entry))
 * }
 * ```
 */
export function streamLogs(options: StreamOptions = {}): AsyncIterable<LogLine> {
  const directory = absolutePathOf(options.log_path ?? defaultLogPath)
  const wanted = wantedOf(options, Date.now())
  const { follow = false, signal } = options
  return {
    [Symbol.asyncIterator]: () => {
      // Leaving the iteration must end a wait that is under way, which a generator alone would sit out.
      const leave = new AbortController()
      const lines = linesOf(directory, wanted, follow, leave, signal)
      return {
        next: () => lines.next(),
        return: () => {
          leave.abort()
          return lines.return(undefined)
        },
      }
    },
  }
}

async function* linesOf(
  directory: string,
  wanted: Wanted,
  follow: boolean,
  ended: AbortController,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogLine, undefined> {
  if (signal?.aborted === true) return
  const follower = follow ? new Follower(directory, wanted.hasBase) : undefined
  const spans: Span[][] = []
  const end = (): void => {
    ended.abort()
    follower?.close()
  }
  signal?.addEventListener('abort', end, { once: true })
  ended.signal.addEventListener('abort', end, { once: true })
  try {
    const copies = new Copies(follow)
    openSpans(directory, wanted, follower, spans)
    for await (const line of history(spans, wanted, copies, ended.signal)) {
      if (ended.signal.aborted) return
      yield line
    }
    closeSpans(spans)
    if (follower === undefined) return
    const queue = new CopyQueue(copies)
    for await (const lines of follower.lines(true)) {
      for (const line of queue.push(lines.filter(wanted.matches), Date.now())) {
        if (ended.signal.aborted) return
        yield line
      }
      if (Date.now() > wanted.until + arrivalMsMax) return
    }
  } finally {
    signal?.removeEventListener('abort', end)
    ended.signal.removeEventListener('abort', end)
    closeSpans(spans)
    follower?.close()
  }
}

/** Opens all files at one moment: what is in them is history; what comes later belongs to the tails. */
function openSpans(
  directory: string,
  wanted: Wanted,
  follower: Follower | undefined,
  spans: Span[][],
): void {
  const names = follower === undefined ? readdirSync(directory) : namesIn(directory)
  const bases = [...filesByBase(names).keys()].filter((base) => wanted.hasBase(base))
  for (const base of bases.toSorted(errorFileLast)) {
    const logs = openNewer(directory, base, () => false)
    const newest = logs.at(-1)
    // Amid a rotation the newest file bears a number, and grows nevertheless.
    const growing = newest?.compressed === false && follower !== undefined ? newest : undefined
    spans.push(
      logs.map((log) => {
        const held = log === growing
        return { log, end: held ? lastLineEnd(log) : log.size, held }
      }),
    )
    if (follower === undefined) continue
    const tail = new Tail(directory, base)
    for (const { log, end, held } of spans.at(-1)!) {
      if (held) tail.hold(log, end)
      else tail.pass(log)
    }
    follower.add(tail)
  }
}

function closeSpans(spans: readonly Span[][]): void {
  for (const { log, held } of spans.flat()) {
    if (!held) log.close()
  }
}

/** The lines that are there, each entry once. */
async function* history(
  spans: readonly Span[][],
  wanted: Wanted,
  copies: Copies,
  ended: AbortSignal,
): AsyncGenerator<LogLine> {
  if (wanted.lines === 0) return
  // A file that was last written before `since` has no entry from after it.
  const needed = spans.map((of) => of.filter(({ log }) => log.modifiedMs >= wanted.since))
  if (wanted.lines !== Infinity) {
    yield* await lastOf(needed, wanted, copies, ended)
    return
  }
  for await (const lines of merge(needed.map((of) => forwardsOf(of, wanted, ended)))) {
    for (const { line } of lines) {
      if (copies.seen(line) === undefined) yield line
    }
  }
}

/** The last lines of all files together. */
async function lastOf(
  spans: readonly Span[][],
  wanted: Wanted,
  copies: Copies,
  ended: AbortSignal,
): Promise<LogLine[]> {
  const last: Place[] = []
  let count = 0
  let copyTime: number | undefined
  const sources = spans.map((of) => backwardsOf(of, wanted, ended))
  search: for await (const lines of merge(sources, true)) {
    for (const { line, time } of lines) {
      // Of the same time as a copy, the entry itself may come: it has its place among those of its own file.
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
    }
  }
  const shown = last.flatMap(({ line }) => line ?? [])
  return shown.slice(0, wanted.lines).toReversed()
}

async function* forwardsOf(
  spans: readonly Span[],
  wanted: Wanted,
  ended: AbortSignal,
): AsyncGenerator<TimedLine[]> {
  const times = new Forwards()
  for (const { log, end } of spans) {
    for await (const lines of readForwards(log, end)) {
      if (ended.aborted) return
      yield times.timed(lines, log.name).filter(wanted.matches)
    }
  }
}

async function* backwardsOf(
  spans: readonly Span[],
  wanted: Wanted,
  ended: AbortSignal,
): AsyncGenerator<TimedLine[]> {
  const times = new Backwards()
  for (const { log, end } of spans.toReversed()) {
    if (log.compressed) {
      const { lines, time } = await lastOfCompressed(log, wanted, ended)
      yield times.end(time).filter(wanted.matches)
      yield lines
      continue
    }
    for await (const lines of readBackwards(log, end)) {
      if (ended.aborted) return
      yield times.timed(lines, log.name).filter(wanted.matches)
    }
  }
  yield times.end().filter(wanted.matches)
}

/** The last lines of a compressed file that are wanted, the last one first: it can only be read forwards. */
async function lastOfCompressed(
  log: OpenLog,
  wanted: Wanted,
  ended: AbortSignal,
): Promise<{ readonly lines: TimedLine[]; readonly time: number }> {
  const times = new Forwards()
  let last: TimedLine[] = []
  for await (const lines of readForwards(log)) {
    if (ended.aborted) break
    last.push(...times.timed(lines, log.name).filter(wanted.matches))
    let first = Math.max(0, last.length - wanted.lines)
    const least = first - tiesMax
    // Of the same time as the first, an entry may be needed to know its copy by.
    while (first > 0 && first > least && last[first - 1]!.time === last[first]?.time) first--
    last = last.slice(first)
  }
  return { lines: last.toReversed(), time: times.time }
}

/** So that of an entry and its copy the entry is shown. */
function errorFileLast(a: string, b: string): number {
  return Number(a === errorFile) - Number(b === errorFile)
}
