// The one place where the parts of the read side are joined.
//
//   what is there ─► forwards or backwards ─► merge ─┐
//                                                    ├─► each entry once ─► the caller
//   what comes ───► tails ─► merge ──────────────────┘

import { wallMs } from '../entry/clock.ts'
import { readdirSync } from 'node:fs'
import { visible } from '../entry/visible-text.ts'
import { Copies } from './copies.ts'
import { Descriptors } from './descriptors.ts'
import { namesIn, walkFiles } from './file-walk.ts'
import { type Span, history } from './history.ts'
import type { LogFile } from './log-file.ts'
import { settledLineEnd } from './read-lines.ts'
import { type Series, SeriesFinder } from './series.ts'
import type { Follower } from './tail-directory.ts'
import type { LogLine } from './time-order.ts'
import { Remarks, type Tell } from './remark.ts'
import { type StreamOptions, type Wanted, checkedOptions, wantedOf } from './query.ts'
import type { Tail } from './tail-series.ts'

/** How long after its moment an entry may reach its file: as long as the writer's buffer is held up. */
const arrivalMsMax = 2000

/** Files of each base that a tail is told of: the live one, and as many as can be rotated before it looks. */
const knownMax = 16

interface Base {
  readonly name: string
  /** Oldest first. */
  readonly spans: readonly Span[]
}

/** What all parts of one iteration need. */
interface Iteration {
  readonly directory: string
  readonly wanted: Wanted
  readonly follow: boolean
  readonly remarks: Remarks
  readonly descriptors: Descriptors
  readonly finder: SeriesFinder
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
      const remarks = new Remarks(tell)
      const finder = new SeriesFinder(directory, wanted.hasBase, remarks)
      const iteration = { directory, wanted, follow, remarks, finder }
      const lines = linesOf({ ...iteration, descriptors: new Descriptors() }, leave, signal)
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
  iteration: Iteration,
  ended: AbortController,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogLine, undefined> {
  if (signal?.aborted === true) return
  const { directory, wanted, follow, remarks, descriptors, finder } = iteration
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
    findFiles(iteration, bases)
    if (follow) {
      // Loaded here, when the files are open: who does not follow has the first line sooner.
      const { Follower } = await import('./tail-directory.ts')
      if (ended.signal.aborted) return
      follower = new Follower(directory, wanted, descriptors, remarks, finder)
      for (const base of bases) tailOf(base, follower.add(base.name), remarks)
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

/**
 * Finds all files at one moment: what is in them is history; what comes later belongs to the tails. Those that grow are
 * held. Of the others as many are opened as is decent, the newest first: they can be read whatever rotation does.
 */
function findFiles(iteration: Iteration, bases: Base[]): void {
  const { directory, wanted, follow, remarks, descriptors, finder } = iteration
  const names = follow ? namesIn(directory, remarks) : readdirSync(directory)
  for (const series of finder.find(names)) {
    const spans = spansOf(series, iteration)
    bases.push({ name: series.base, spans })
  }
  if (wanted.lines !== Infinity) return
  const oldest = Math.max(0, ...bases.map(({ spans }) => spans.length))
  for (let age = 1; age <= oldest && descriptors.hasRoom; age++) {
    for (const { spans } of bases) {
      if (!descriptors.hasRoom) return
      attempt(spans.at(-age)?.log, (log) => log.current(), remarks)
    }
  }
}

function spansOf({ base, files }: Series, iteration: Iteration): Span[] {
  const { directory, follow, remarks, descriptors } = iteration
  const logs = walkFiles({ directory, base, files, how: 'list', descriptors, remarks })
  // Amid a rotation the newest file bears a number, and grows nevertheless; and so does the one before while the
  // newest is empty.
  const growing = logs.slice(logs.at(-1)?.size === 0 ? -2 : -1).filter((log) => !log.compressed)
  return logs.flatMap((log): Span[] => {
    if (!follow || !growing.includes(log)) return [{ log, end: log.size, held: false }]
    const end = attempt(log, () => (log.hold(), settledLineEnd(log)), remarks)
    return end === undefined ? [] : [{ log, end, held: true }]
  })
}

/** Does something with a file; where that fails it is told. */
function attempt<T>(
  log: LogFile | undefined,
  work: (log: LogFile) => T,
  remarks: Remarks,
): T | undefined {
  if (log === undefined) return undefined
  try {
    return work(log)
  } catch (error) {
    remarks.unread(log.name, error)
    return undefined
  }
}

/** What is history is known to the tail; it goes on where that ends. */
function tailOf({ spans }: Base, tail: Tail, remarks: Remarks): void {
  // A rotation that has come meanwhile is met by the newest; older ones need not be known.
  for (const { log, end, held } of spans.slice(-knownMax)) {
    if (held) tail.hold(log, end)
    else attempt(log, () => tail.pass(log), remarks)
  }
}

/** @param held Also those that would be a tail's. */
function closeAll(bases: readonly Base[], held: boolean): void {
  for (const span of bases.flatMap(({ spans }) => spans)) {
    if (held || !span.held) span.log.close()
  }
}
