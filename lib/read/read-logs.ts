// Joins the parts of the read side, the only place that does: one log, or several that are merged
// by time.

import { wallMs } from '../entry/clock.ts'
import { type Cursor, CursorTrack, type Position, type Step } from './cursor.ts'
import { cursorFor } from './cursor-logs.ts'
import { type HistoryLine, lastLines } from './history.ts'
import { type FoundLog, LogFinder } from '../directory/log-finder.ts'
import { mergeLogs } from './merge.ts'
import { OneLog } from './one-log.ts'
import { type StreamOptions, type Wanted, checkedOptions, wantedOf } from './query.ts'
import { Remarks, type Tell } from './remark.ts'
import { type LogLine, type TimedLine, baseOf } from './time-order.ts'
import { onceOnly } from '../entry/inherited-members.ts'

/**
 * How long after its moment an entry may reach its file: as long as the writer's buffer is held up.
 */
const arrivalMsMax = 2000

/** What all parts of one iteration need. */
interface Iteration {
  readonly paths: readonly string[]
  readonly wanted: Wanted
  readonly follow: boolean
  readonly tell: Tell
  /** The cursor that it goes on from, as it was given. */
  readonly after: string | undefined
  /**
   * Called when what was there has been read, with the cursor to go on from; and again at the end
   * of following, where that showed a line.
   */
  readonly atEnd: ((cursor: string) => void) | undefined
}

/**
 * The lines of the files, for a caller who has a place of its own for remarks.
 *
 * @param tell Gets what cannot be read, each trouble once an iteration.
 * @param atEnd Called when what was there has been read, with the cursor to go on from; and again
 *   at the end of following, where that showed a line.
 */
export function readLogs(
  given: StreamOptions,
  tell: Tell,
  atEnd?: (cursor: string) => void,
): AsyncIterable<LogLine> {
  const { directories: paths, options } = checkedOptions(given)
  const wanted = wantedOf(options, wallMs())
  const { follow = false, signal, after } = options
  return {
    [Symbol.asyncIterator]: () => {
      // Leaving the iteration must end a wait that is under way, which a generator alone would sit
      // out.
      const leave = new AbortController()
      const lines = linesOf({ paths, wanted, follow, tell, after, atEnd }, leave, signal)
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
  const { wanted, follow, atEnd, after } = iteration
  const reader = new Logs(iteration, ended.signal)
  const end = (): void => {
    ended.abort()
    reader.close()
  }
  signal?.addEventListener('abort', end, onceOnly)
  ended.signal.addEventListener('abort', end, onceOnly)
  try {
    await reader.open()
    if (ended.signal.aborted) return
    const { track } = reader
    for await (const lines of reader.history()) {
      track.pass(lines.map((line) => stepOf(line, track)))
      for (const { line, isShown } of lines) {
        if (ended.signal.aborted) return
        if (isShown) yield line
      }
    }
    // What is too late to be shown has not been passed.
    const behind = track.hasPassed ? track.cursor : (after ?? track.cursor)
    reader.endHistory()
    atEnd?.(wanted.until === Infinity ? track.cursor : behind)
    if (!follow) return
    let last: LogLine | undefined
    for await (const lines of reader.following()) {
      track.pass(lines.map((line) => stepOf(line, track)))
      for (const { line, isShown } of lines) {
        if (ended.signal.aborted) return
        if (isShown) yield (last = line)
      }
      if (wallMs() > wanted.until + arrivalMsMax) break
    }
    if (last !== undefined) atEnd?.(last.cursor)
  } finally {
    signal?.removeEventListener('abort', end)
    ended.signal.removeEventListener('abort', end)
    ended.abort()
    reader.close()
  }
}

/** A log that is followed, and the lines that it will give next. */
interface Followed {
  readonly log: OneLog
  readonly batches: AsyncIterator<HistoryLine[]>
  next: Promise<void> | undefined
  ready: HistoryLine[] | undefined
  /** The last batch was empty. */
  isIdle: boolean
}

/** All logs of one iteration. */
class Logs {
  readonly #iteration: Iteration
  readonly #ended: AbortSignal
  readonly #finder: LogFinder
  #logs: OneLog[] = []
  readonly #followed: Followed[] = []
  #track: CursorTrack | undefined
  #after: Cursor | undefined

  constructor(iteration: Iteration, ended: AbortSignal) {
    this.#iteration = iteration
    this.#ended = ended
    this.#finder = new LogFinder(iteration.paths)
  }

  get track(): CursorTrack {
    return this.#track!
  }

  /** Finds the logs, and all their files at one moment: what is in them is history. */
  async open(): Promise<void> {
    const { wanted, follow } = this.#iteration
    const logs = this.#finder.find().map((found) => this.#logOf(found))
    this.#logs = logs.filter((log) => log !== undefined)
    const { after: given } = wanted
    const after = given === undefined ? given : this.#cursorFor(given)
    this.#after = after
    this.#track = new CursorTrack(
      new Map(this.#logs.flatMap((log) => log.begins(after))),
      new Map(this.#logs.flatMap((log) => log.ends())),
      this.#logs.flatMap((log) => log.others.map((base) => log.keyOf(base))),
    )
    if (follow) for (const log of this.#logs) await log.follow()
  }

  async *history(): AsyncGenerator<HistoryLine[]> {
    const { wanted } = this.#iteration
    const { lines, until } = wanted
    const sources = this.#logs.map((log) => log.history(this.#after))
    const [only] = sources
    const batches = sources.length === 1 ? only! : mergeLogs(sources)
    if (lines === Infinity) {
      yield* batches
      return
    }
    const last = await lastLines(batches, lines)
    this.track.beginAt(firstPlaces([...last, ...this.#waiting]), until === Infinity)
    yield last
  }

  /** Lines that have been read and are still to be given out. */
  get #waiting(): TimedLine[] {
    return this.#logs.flatMap(({ waiting }) => waiting)
  }

  endHistory(): void {
    this.track.endHistory(new Set(this.#waiting.map(({ line }) => baseOf(line.file))))
    for (const log of this.#logs) log.closeHistory()
  }

  /**
   * What comes to any of them, in batches; those that there are at the same time merged by time.
   */
  async *following(): AsyncGenerator<HistoryLine[]> {
    for (const log of this.#logs) this.#addFollowed(log)
    while (!this.#ended.aborted) {
      await Promise.race(this.#followed.map((each) => (each.next ??= this.#advance(each))))
      const ready = this.#followed.flatMap((each) => {
        const { ready: lines } = each
        if (lines === undefined) return []
        each.next = each.ready = undefined
        each.isIdle = lines.length === 0
        return lines.length === 0 ? [] : [lines]
      })
      if (this.#ended.aborted) return
      if (ready.length === 1) yield ready[0]!
      else if (ready.length === 0) yield []
      else for await (const lines of mergeLogs(ready.map(once))) yield lines
      yield* this.#otherLogs()
    }
  }

  close(): void {
    for (const log of this.#logs) log.close()
  }

  #cursorFor(cursor: Cursor): Cursor {
    return cursorFor(cursor, this.#logs, (base, isOther) => {
      const goesOn = isOther ? 'the others go on where they were' : 'going on from the beginning'
      this.#iteration.tell({
        file: base,
        text: `Cannot go on in ${base} behind the line of the cursor: its log is not there; ${goesOn}`,
      })
    })
  }

  /** A log that was found below a parent, and cannot be read, is reported and left out. */
  #logOf(
    { directory, instance }: FoundLog,
    lines: number = this.#iteration.wanted.lines,
  ): OneLog | undefined {
    const { follow, tell } = this.#iteration
    const wanted = { ...this.#iteration.wanted, lines }
    try {
      return new OneLog({ directory, instance, wanted, follow, tell, ended: this.#ended })
    } catch (error) {
      if (instance === '') throw error
      new Remarks(tell).unread(instance, error)
      return undefined
    }
  }

  #addFollowed(log: OneLog): void {
    const batches = log.following()[Symbol.asyncIterator]()
    this.#followed.push({ log, batches, next: undefined, ready: undefined, isIdle: false })
  }

  async #advance(followed: Followed): Promise<void> {
    const { value, done } = await followed.batches.next()
    followed.ready = done === true ? [] : value
    if (done !== true || this.#ended.aborted) return
    // One that has ended gives nothing any more.
    await new Promise<void>((resolve) => {
      this.#ended.addEventListener('abort', () => resolve(), onceOnly)
    })
  }

  /** Logs that have been made since, all of which is new; and those that are not there any more. */
  async *#otherLogs(): AsyncGenerator<HistoryLine[]> {
    for (const found of this.#finder.findNew()) {
      const log = this.#logOf(found, Infinity)
      if (log === undefined) continue
      this.#logs.push(log)
      await log.follow()
      yield* log.history(undefined)
      log.closeHistory()
      this.#addFollowed(log)
    }
    // A copy: those that have gone are taken out.
    for (const followed of this.#followed.slice()) {
      if (followed.isIdle && this.#finder.isGone(followed.log)) {
        followed.log.close()
        this.#followed.splice(this.#followed.indexOf(followed), 1)
        this.#logs.splice(this.#logs.indexOf(followed.log), 1)
      }
    }
  }
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

function stepOf({ line, time, lsn, source, end }: HistoryLine, track: CursorTrack): Step {
  const base = baseOf(line.file)
  const position = source === undefined ? source : track.place(base, { file: source, offset: end })
  return { line, time, lsn, base, position }
}

/** Where in each base the first of some lines begins. */
function firstPlaces(lines: readonly TimedLine[]): Map<string, Position> {
  const places = new Map<string, Position>()
  for (const { line, source } of lines) {
    const base = baseOf(line.file)
    if (source !== undefined && !places.has(base)) {
      places.set(base, { file: source, offset: line.offset })
    }
  }
  return places
}
