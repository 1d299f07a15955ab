// The one place where the parts of the read side are joined.
//
//   what is there ─► forwards or backwards ─► merge ─┐
//                                                    ├─► each entry once ─► the caller
//   what comes ───► tails ─► merge ──────────────────┘

import { wallMs } from '../entry/clock.ts'
import { readdirSync } from 'node:fs'
import { visible } from '../entry/visible-text.ts'
import { parseName } from '../directory/names.ts'
import { Copies } from './copies.ts'
import { Descriptors } from './descriptors.ts'
import { namesIn, walkFiles } from './file-walk.ts'
import { type Cursor, CursorTrack, type Position, type Step } from './cursor.ts'
import { type HistoryLine, type Reading, type Span, history, lastLines } from './history.ts'
import type { LogFile } from './log-file.ts'
import { lastLineEnd, settledLineEnd } from './read-lines.ts'
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

/** Bases that a cursor names as not read. */
const othersMax = 64

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
  /** Told, when what was there has been read, where to go on from. */
  readonly atEnd: ((cursor: string) => void) | undefined
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
 * @param atEnd Told, when what was there has been read, the cursor to go on from.
 */
export function readLogs(
  given: StreamOptions,
  tell: Tell,
  atEnd?: (cursor: string) => void,
): AsyncIterable<LogLine> {
  const { directory, options } = checkedOptions(given)
  const wanted = wantedOf(options, wallMs())
  const { follow = false, signal } = options
  return {
    [Symbol.asyncIterator]: () => {
      // Leaving the iteration must end a wait that is under way, which a generator alone would sit out.
      const leave = new AbortController()
      const remarks = new Remarks(tell)
      const finder = new SeriesFinder(directory, wanted.hasBase, remarks)
      const iteration = { directory, wanted, follow, remarks, finder, atEnd }
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
    const others = findFiles(iteration, bases)
    const track = new CursorTrack(beginsOf(bases, wanted.after), endsOf(bases), others)
    if (follow) {
      // Loaded here, when the files are open: who does not follow has the first line sooner.
      const { Follower } = await import('./tail-directory.ts')
      if (ended.signal.aborted) return
      follower = new Follower(directory, wanted, descriptors, remarks, finder)
      for (const base of bases) tailOf(base, follower.add(base.name), remarks)
    }
    const reading = { wanted, copies, remarks, ended: ended.signal }
    for await (const lines of historyOf(bases, reading, track)) {
      track.pass(lines.map((line) => stepOf(line, track)))
      for (const { line, isShown } of lines) {
        if (ended.signal.aborted) return
        if (isShown) yield line
      }
    }
    track.endHistory()
    iteration.atEnd?.(track.cursor)
    closeAll(bases, false)
    if (follower === undefined) return
    const { CopyQueue } = await import('./copy-queue.ts')
    const queue = new CopyQueue(copies)
    for await (const lines of follower.lines(true)) {
      const passed = queue.push(lines.filter(wanted.matches), wallMs())
      track.pass(passed.map((line) => stepOf(line, track)))
      for (const { line, isShown } of passed) {
        if (ended.signal.aborted) return
        if (isShown) yield line
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

/** What is there: all of it, the last lines of it, or what stands behind a cursor. */
async function* historyOf(
  bases: readonly Base[],
  reading: Reading,
  track: CursorTrack,
): AsyncGenerator<HistoryLine[]> {
  const { wanted, copies, remarks } = reading
  const { after, lines } = wanted
  let batches: AsyncIterable<HistoryLine[]>
  if (after === undefined) {
    batches = history(
      bases.map(({ name, spans }) => ({ base: name, spans })),
      reading,
    )
  } else {
    const { linesBefore, restOf } = await import('./resume.ts')
    const rankOf = (base: string): number => bases.findIndex(({ name }) => name === base)
    const rests = bases.map(({ name: base, spans }) => {
      const isEarlier = rankOf(base) < rankOf(after.base)
      return { base, time: -Infinity, ...restOf(base, spans, after, isEarlier, remarks) }
    })
    for (const rest of rests) {
      try {
        for await (const { line, time } of linesBefore(rest.before, after)) {
          // What tells no time has that of the line in front of it.
          if (rest.time === -Infinity) rest.time = time
          copies.seen(line)
        }
      } catch (error) {
        remarks.unread(rest.base, error)
      }
    }
    // Read forwards, also where only the last are wanted: what was given before is known from its beginning.
    batches = history(rests, { ...reading, wanted: { ...wanted, lines: Infinity } })
    if (lines !== Infinity) batches = once(await lastLines(batches, lines))
  }
  if (lines === Infinity) yield* batches
  else {
    for await (const last of batches) {
      track.beginAt(firstPlaces(last))
      yield last
    }
    // None was wanted.
    if (lines === 0) track.beginAt(new Map())
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

function stepOf({ line, time, source, end }: HistoryLine, track: CursorTrack): Step {
  const base = baseOf(line)
  const position = source === undefined ? source : track.place(base, { file: source, offset: end })
  return { line, time, base, position }
}

function baseOf({ file }: LogLine): string {
  return parseName(file)?.base ?? file
}

/** Where in each base the first of some lines begins. */
function firstPlaces(lines: readonly HistoryLine[]): Map<string, Position> {
  const places = new Map<string, Position>()
  for (const { line, source } of lines) {
    const base = baseOf(line)
    if (source !== undefined && !places.has(base)) {
      places.set(base, { file: source, offset: line.offset })
    }
  }
  return places
}

function beginsOf(
  bases: readonly Base[],
  after: Cursor | undefined,
): Map<string, Position | undefined> {
  return new Map(bases.map(({ name }) => [name, after?.places.get(name)?.at]))
}

/** Where what is there of each base ends: behind its last whole line. */
function endsOf(bases: readonly Base[]): Map<string, Position | undefined> {
  return new Map(
    bases.map(({ name, spans }) => {
      const last = spans.findLast(({ log }) => log.id !== undefined)
      if (last === undefined) return [name, undefined]
      const offset = last.log.compressed ? -1 : (last.whole ?? last.end)
      return [name, { file: last.log.id!, offset }]
    }),
  )
}

/**
 * Finds all files at one moment: what is in them is history; what comes later belongs to the tails. Those that grow are
 * held. Of the others as many are opened as is decent, the newest first: they can be read whatever rotation does.
 *
 * @returns the bases that are there and are not read.
 */
function findFiles(iteration: Iteration, bases: Base[]): string[] {
  const { directory, wanted, follow, remarks, descriptors, finder } = iteration
  const names = follow ? namesIn(directory, remarks) : readdirSync(directory)
  for (const series of finder.find(names)) {
    const spans = spansOf(series, iteration)
    bases.push({ name: series.base, spans })
  }
  const others = othersAmong(names, wanted)
  if (wanted.lines !== Infinity) return others
  const oldest = Math.max(0, ...bases.map(({ spans }) => spans.length))
  for (let age = 1; age <= oldest && descriptors.hasRoom; age++) {
    for (const { spans } of bases) {
      if (!descriptors.hasRoom) return others
      attempt(spans.at(-age)?.log, (log) => log.current(), remarks)
    }
  }
  return others
}

function othersAmong(names: readonly string[], { hasBase }: Wanted): string[] {
  const bases = names.filter((name) => name.endsWith('.log') && !hasBase(name))
  return bases.slice(0, othersMax)
}

function spansOf({ base, files }: Series, iteration: Iteration): Span[] {
  const { directory, follow, remarks, descriptors } = iteration
  const logs = walkFiles({ directory, base, files, how: 'list', descriptors, remarks })
  // Amid a rotation the newest file bears a number, and grows nevertheless; and so does the one before while the
  // newest is empty.
  const growing = logs.slice(logs.at(-1)?.size === 0 ? -2 : -1).filter((log) => !log.compressed)
  return logs.flatMap((log): Span[] => {
    if (!growing.includes(log)) return [{ log, end: log.size, held: false }]
    const span = attempt(
      log,
      (): Span => {
        if (follow) log.hold()
        const end = follow ? settledLineEnd(log) : log.size
        return { log, end, held: follow, whole: follow ? end : lastLineEnd(log, end) }
      },
      remarks,
    )
    return span === undefined ? [] : [span]
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
