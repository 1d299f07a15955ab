// The one place where the parts of the read side are joined.
//
//   what is there ─► forwards or backwards ─► merge ─┐
//                                                    ├─► each entry once ─► the caller
//   what comes ───► tails ─► merge ──────────────────┘

import { wallMs } from '../entry/clock.ts'
import { readdirSync } from 'node:fs'
import { visible } from '../entry/visible-text.ts'
import { basesIn } from './series.ts'
import { Copies } from './copies.ts'
import type { Follower } from './tail-directory.ts'
import { type Span, history } from './history.ts'
import type { LogLine } from './time-order.ts'
import { namesIn, openNewer } from './log-file.ts'
import { lastLineEnd } from './read-lines.ts'
import { Remarks, type Tell } from './remark.ts'
import { type StreamOptions, type Wanted, checkedOptions, wantedOf } from './query.ts'
import type { Tail } from './tail-series.ts'

/** How long after its moment an entry may reach its file: as long as the writer's buffer is held up. */
const arrivalMsMax = 2000

interface Base {
  readonly name: string
  /** Oldest first. */
  readonly spans: readonly Span[]
}

/**
 * The lines of a log directory, from all its files, by time: what is there, and with `follow` what comes.
 *
 * Rotated and compressed files are read as far as they are needed. Each file keeps its own order. A line that is
 * not JSON comes with `entry` undefined, behind the line before it, and stops nothing. Of an entry and its copy in
 * `error.log` one is shown. Rotation, truncation and removal of the files are followed without losing or repeating
 * a line, as long as no more than `max_files` rotations come before the event loop gets its turn. A file that cannot
 * be read is passed over, with a warning of the process (code `RINGLOG_UNREAD`).
 *
 * Memory does not grow with the files: only `lines` are held. Each iteration of the result begins anew.
 *
 * @throws {TypeError} at once when an option is unknown or of the wrong type; {RangeError} when its value is not
 *   allowed; {SyntaxError} when `grep` is no regular expression. The iteration throws the system's error when the directory cannot be read; with `follow` it
 *   is waited for.
 *
 * @example
 * ```ts
 * for await (const { entry } of streamLogs({ level: 'ERROR', since: '2h' })) {
 *   if (entry) console.log(formatEntry(entry))
 * }
 * ```
 */
export function streamLogs(options: StreamOptions = {}): AsyncIterable<LogLine> {
  return readLogs(options, ({ text }) => {
    process.emitWarning(visible(text), { type: 'RinglogWarning', code: 'RINGLOG_UNREAD' })
  })
}

/**
 * The same for a caller who has a place of its own for remarks.
 *
 * @param tell Told of what cannot be read, each trouble once an iteration.
 */
export function readLogs(given: StreamOptions, tell: Tell): AsyncIterable<LogLine> {
  const { directory, options } = checkedOptions(given)
  const wanted = wantedOf(options, wallMs())
  const { follow = false, signal } = options
  return {
    [Symbol.asyncIterator]: () => {
      // Leaving the iteration must end a wait that is under way, which a generator alone would sit out.
      const leave = new AbortController()
      const lines = linesOf(directory, wanted, follow, new Remarks(tell), leave, signal)
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
  remarks: Remarks,
  ended: AbortController,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogLine, undefined> {
  if (signal?.aborted === true) return
  const bases: Base[] = []
  let follower: Follower | undefined
  const end = (): void => {
    ended.abort()
    follower?.close()
  }
  signal?.addEventListener('abort', end, { once: true })
  ended.signal.addEventListener('abort', end, { once: true })
  try {
    const copies = new Copies(follow)
    openBases(directory, wanted, remarks, follow, bases)
    if (follow) {
      // Loaded here, when the files are open: who does not follow has the first line sooner.
      const { Follower } = await import('./tail-directory.ts')
      if (ended.signal.aborted) return
      follower = new Follower(directory, wanted, remarks)
      for (const base of bases) tailOf(base, follower.add(base.name))
    }
    const reading = { wanted, copies, remarks, ended: ended.signal }
    const spans = bases.map((base) => base.spans)
    for await (const lines of history(spans, reading)) {
      for (const line of lines) {
        if (ended.signal.aborted) return
        yield line
      }
    }
    closeAll(bases, false)
    if (follower === undefined) return
    const { CopyQueue } = await import('./copy-queue.ts')
    const queue = new CopyQueue(copies)
    for await (const lines of follower.lines(true)) {
      for (const line of queue.push(lines.filter(wanted.matches), wallMs())) {
        if (ended.signal.aborted) return
        yield line
      }
      if (wallMs() > wanted.until + arrivalMsMax) return
    }
  } finally {
    signal?.removeEventListener('abort', end)
    ended.signal.removeEventListener('abort', end)
    closeAll(bases, follower === undefined)
    follower?.close()
  }
}

/** Opens all files at one moment: what is in them is history; what comes later belongs to the tails. */
function openBases(
  directory: string,
  wanted: Wanted,
  remarks: Remarks,
  follow: boolean,
  bases: Base[],
): void {
  const names = follow ? namesIn(directory, remarks) : readdirSync(directory)
  for (const name of basesIn(directory, names, wanted.hasBase, remarks)) {
    const logs = openNewer(directory, name, () => false, remarks)
    const newest = logs.at(-1)
    // Amid a rotation the newest file bears a number, and grows nevertheless.
    const growing = newest?.compressed === false && follow ? newest : undefined
    const spans = logs.map((log): Span => {
      const held = log === growing
      return { log, end: held ? lastLineEnd(log) : log.size, held }
    })
    bases.push({ name, spans })
  }
}

/** What is history is known to the tail; it goes on where that ends. */
function tailOf({ spans }: Base, tail: Tail): void {
  for (const { log, end, held } of spans) {
    if (held) tail.hold(log, end)
    else tail.pass(log)
  }
}

/** @param held Also those that would be a tail's. */
function closeAll(bases: readonly Base[], held: boolean): void {
  for (const span of bases.flatMap(({ spans }) => spans)) {
    if (held || !span.held) span.log.close()
  }
}
