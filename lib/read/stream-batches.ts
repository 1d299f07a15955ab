// A log as whole lines, for whoever sends them on: each category in the order of its numbers, each
// entry once, and nothing parsed.
//
//   files of a base ─► lines at known places ─► merged by lsn ─► held copies ─► batches by category
//
// The files are found, held and followed as for streamLogs(). A line is taken by a sieve, which
// leaves nothing of it to be decoded.
//
// Of an entry and its copy in `error.log` one goes out. A copy whose number is next stands for its
// entry: it is the same bytes. Another waits until its category shows, by a later number in its own
// file, that the entry will not come there any more: it was rotated away.

import { readdirSync } from 'node:fs'
import type { Checkpoint } from '../directory/checkpoint.ts'
import { watchHolder } from '../directory/holder-watch.ts'
import { logIdOf, stateOf } from '../directory/lock-files.ts'
import { levelNames } from '../entry/level.ts'
import { LineLook } from '../entry/line-places.ts'
import { parseLine } from '../entry/line.ts'
import { isCover } from '../entry/taken-back.ts'
import { type Base, closeAll, findBases, tailOf } from './base-files.ts'
import { Descriptors } from './descriptors.ts'
import { namesIn } from './file-walk.ts'
import type { Span } from './history.ts'
import { HeldCopies } from './held-copies.ts'
import { BatchBuilder, type BatchLimits, type LineBatch, type TakenLine } from './line-batch.ts'
import type { RawLine } from './line-splitter.ts'
import { mergeNumbered } from './merge.ts'
import { type Passed, passedFiles } from './passed-files.ts'
import { readForwards } from './read-lines.ts'
import { Remarks, type Tell } from './remark.ts'
import { SeriesFinder } from './series.ts'
import type { Sieve } from './sieve.ts'
import type { Follower } from './tail-directory.ts'
import { onceOnly } from '../entry/inherited-members.ts'

export type { LineBatch } from './line-batch.ts'
export { lineOf } from './line-batch.ts'

/** A line that is no entry with a number: torn, human, foreign. */
export interface OddLine {
  /** Without its `\n`. Bytes that are no UTF-8 have become U+FFFD. */
  readonly raw: string
  readonly file: string
  /** Where it begins, in bytes, uncompressed. */
  readonly offset: number
}

/** What has been read together. */
export interface Arrival {
  /**
   * Those of one category in the order of their numbers. Where a batch does not begin behind the
   * one before, what is between them is not in the files.
   */
  readonly batches: readonly LineBatch[]
  readonly odd: readonly OddLine[]
  /** All that was there when it was looked last has been given out. */
  readonly isCaughtUp: boolean
}

/** What is wanted. */
export interface BatchOptions {
  /** Begins behind these numbers; with all that is there for a category that is not among them. */
  readonly after?: ReadonlyMap<string, Passed>
  /** Go on with what is written from now on. @default false */
  readonly follow?: boolean
  /** @default 256 KiB, 2,000 lines */
  readonly limits?: BatchLimits
  /**
   * The identity of the log that the numbers are of. When the directory is begun anew, the
   * iteration throws a {@link LogBegunAnew}.
   *
   * @default it is not looked at
   */
  readonly logId?: string
  /** Gets what cannot be read, each trouble once. */
  readonly tell?: Tell
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal
}

/** The directory holds another log than before: its numbers begin with 1 again. */
export class LogBegunAnew extends Error {
  readonly code = 'RINGLOG_BEGUN_ANEW'

  constructor(directory: string) {
    super(`The log in ${directory} has been begun anew`)
    this.name = 'LogBegunAnew'
  }
}

const limitsDefault: BatchLimits = { bytes: 1 << 18, lines: 2000 }

/**
 * The lines of one log directory in batches, past and future, across rotation, compression and
 * take-over.
 *
 * Lines are known by their two ends ({@link LineLook}); one that is damaged in between comes as it
 * is, so whoever needs JSON looks for it. With `follow` an arrival comes four times a second at
 * least, an empty one if need be. It goes on reading when it is asked for the next, so memory does
 * not grow with a slow consumer, as long as rotation does not outrun it; what is lost that way is
 * missing between two batches.
 *
 * @throws the system's error when the directory cannot be read; with `follow` it is waited for.
 */
export async function* streamBatches(
  directory: string,
  options: BatchOptions = {},
): AsyncGenerator<Arrival> {
  const given = new Map([...(options.after ?? [])].map(([category, { seq }]) => [category, seq]))
  const state: State = { directory, options, given, passed: new Map(options.after) }
  for (let isWhole = false; ; isWhole = true) {
    const reading = new Reading(state, isWhole)
    try {
      yield* reading.run()
      return
    } catch (error) {
      yield reading.rest()
      // Files that were passed over may hold what is missing in front of the first.
      if (!(error instanceof MissingInFront)) throw error
    } finally {
      reading.close()
    }
  }
}

class MissingInFront extends Error {}

/** What stays when everything is read anew. */
interface State {
  readonly directory: string
  readonly options: BatchOptions
  /** By category the last number that was given out. */
  readonly given: Map<string, number>
  readonly passed: ReadonlyMap<string, Passed>
}

class Reading {
  readonly #state: State
  readonly #isWhole: boolean
  readonly #descriptors = new Descriptors()
  readonly #remarks: Remarks
  readonly #finder: SeriesFinder
  readonly #takers = new Map<string, Taker>()
  readonly #builders = new Map<string, BatchBuilder>()
  readonly #copies = new HeldCopies()
  #bases: readonly Base[] = []
  #passedFiles: ReadonlySet<Span> = new Set()
  #follower: Follower | undefined
  #batches: LineBatch[] = []
  /** Categories of which a line has been given out. */
  readonly #begun = new Set<string>()
  #lsn = 0

  constructor(state: State, isWhole: boolean) {
    this.#state = state
    this.#isWhole = isWhole
    const { directory, options } = state
    const { signal, tell = () => {} } = options
    this.#remarks = new Remarks((remark) => {
      // Who has left has closed the files amid a read.
      if (signal?.aborted !== true) tell(remark)
    })
    this.#finder = new SeriesFinder(directory, () => true, this.#remarks)
  }

  async *run(): AsyncGenerator<Arrival> {
    const { options } = this.#state
    const { follow = false, signal } = options
    if (this.#isEnded) return
    const end = (): void => this.close()
    signal?.addEventListener('abort', end, onceOnly)
    try {
      await this.#open(follow)
      if (this.#isEnded) return
      const sources = this.#bases.map((base) => this.#linesOf(base))
      for await (const lines of mergeNumbered(sources)) {
        for (const line of lines) this.#take(line)
        if (this.#isEnded) return
        if (this.#batches.length > 0 || this.#hasOdd) yield this.#arrival(false)
      }
      closeAll(this.#bases, false)
      if (!follow) await this.#releaseCopies()
      yield this.#arrival(true)
      if (follow) yield* this.#following()
    } finally {
      signal?.removeEventListener('abort', end)
    }
  }

  /** What has been taken and not been given out. */
  rest(): Arrival {
    return { ...this.#arrival(true), isCaughtUp: false }
  }

  close(): void {
    closeAll(this.#bases, this.#follower === undefined)
    this.#follower?.close()
  }

  /** Finds all files at one moment, and prepares to follow them. */
  async #open(follow: boolean): Promise<void> {
    const { directory, passed } = this.#state
    const [descriptors, remarks] = [this.#descriptors, this.#remarks]
    const names = follow ? namesIn(directory, remarks) : readdirSync(directory)
    const series = this.#finder.find(names)
    this.#bases = findBases(series, { directory, follow, descriptors, remarks }, false)
    const checkpoint = this.#isWhole ? undefined : checkpointOf(directory)
    this.#passedFiles = passedFiles(this.#bases, passed, checkpoint)
    if (!follow) return
    // Loaded here, when the files are open, as for streamLogs(): one that does not follow waits
    // less.
    const { Follower } = await import('./tail-directory.ts')
    if (this.#isEnded) return
    const everything = { hasBase: () => true, sieve: undefined }
    const sieveOf = (base: string): Sieve => this.#takerOf(base).sieve
    this.#follower = new Follower(directory, everything, descriptors, remarks, { sieveOf })
    for (const base of this.#bases) tailOf(base, this.#follower.add(base.name), remarks)
  }

  async *#linesOf({ name, spans }: Base): AsyncGenerator<TakenLine[]> {
    const taker = this.#takerOf(name)
    for (const span of spans) {
      const { log, end, held } = span
      if (!this.#passedFiles.has(span)) {
        try {
          for await (const lines of readForwards(log.current(), { end }, taker.sieve)) {
            taker.takeOdd(lines, log.name)
            yield taker.take()
          }
        } catch (error) {
          this.#remarks.unread(log.name, error)
          yield taker.take()
        }
      }
      if (!held) log.close()
    }
  }

  async *#following(): AsyncGenerator<Arrival> {
    const follower = this.#follower!
    for (const taker of this.#takers.values()) taker.follow()
    while (!this.#isEnded) {
      let found = false
      const tails = follower.tails()
      const sources = tails.map((tail) => this.#comingTo(tail, follower))
      for await (const lines of mergeNumbered(sources)) {
        found = true
        for (const line of lines) this.#take(line)
        if (this.#isEnded) return
        if (this.#batches.length > 0) yield this.#arrival(false)
      }
      this.#takeAll(this.#copies.ownerless(tails.map(({ base }) => base)))
      yield this.#arrival(true)
      await follower.changed(found)
    }
  }

  async *#comingTo(
    tail: ReturnType<Follower['add']>,
    follower: Follower,
  ): AsyncGenerator<TakenLine[]> {
    const taker = this.#takerOf(tail.base)
    try {
      for await (const { lines, file } of tail.available()) {
        taker.takeOdd(lines, file.name)
        yield taker.take()
      }
    } catch (error) {
      follower.unread(tail, error)
    }
  }

  #takerOf(base: string): Taker {
    let taker = this.#takers.get(base)
    if (taker === undefined) {
      taker = new Taker(base, this.#state.given)
      this.#takers.set(base, taker)
    }
    return taker
  }

  #take(line: TakenLine): void {
    const { category, seq, lsn } = line
    const last = this.#state.given.get(category) ?? 0
    if (lsn === 1 && this.#lsn > 1) this.#checkIdentity()
    if (seq <= last) {
      // A copy, or one that was written again; or the first of another log.
      if (seq === 1) this.#checkIdentity()
      return
    }
    if (this.#copies.isCopy(line)) {
      if (seq === last + 1) this.#add(line)
      else this.#takeAll(this.#copies.hold(line))
      return
    }
    if (!this.#copies.isEmpty) this.#takeAll(this.#copies.upTo(line))
    this.#takeAll([line])
  }

  #takeAll(lines: readonly TakenLine[]): void {
    for (const line of lines) {
      if (line.seq > (this.#state.given.get(line.category) ?? 0)) this.#add(line)
    }
  }

  #add(line: TakenLine): void {
    const { category, seq, lsn } = line
    const { given, options } = this.#state
    if (!this.#begun.has(category)) {
      const isMissing = seq !== (given.get(category) ?? 0) + 1
      if (isMissing && this.#passedFiles.size > 0) throw new MissingInFront()
      this.#begun.add(category)
    }
    given.set(category, seq)
    this.#lsn = Math.max(this.#lsn, lsn)
    let builder = this.#builders.get(category)
    if (builder === undefined) {
      builder = new BatchBuilder(category, options.limits ?? limitsDefault)
      this.#builders.set(category, builder)
    }
    const full = builder.add(line)
    if (full !== undefined) this.#batches.push(full)
  }

  /** Copies whose entries will not come, as nobody writes there. */
  async #releaseCopies(): Promise<void> {
    if (this.#copies.isEmpty) return
    const { holder } = await watchHolder(this.#state.directory)
    if (holder === undefined) this.#takeAll(this.#copies.all())
  }

  get #isEnded(): boolean {
    return this.#state.options.signal?.aborted === true
  }

  get #hasOdd(): boolean {
    return [...this.#takers.values()].some(({ odd }) => odd.length > 0)
  }

  #arrival(isCaughtUp: boolean): Arrival {
    if (isCaughtUp) {
      for (const builder of this.#builders.values()) {
        const rest = builder.take()
        if (rest !== undefined) this.#batches.push(rest)
      }
    }
    const batches = this.#batches
    this.#batches = []
    const odd = [...this.#takers.values()].flatMap((taker) => taker.odd.splice(0))
    return { batches, odd, isCaughtUp }
  }

  #checkIdentity(): void {
    const { directory, options } = this.#state
    if (options.logId === undefined) return
    let id: string | undefined
    try {
      id = logIdOf(directory)
    } catch {
      // It is just being made.
    }
    if (id !== undefined && id !== options.logId) throw new LogBegunAnew(directory)
  }
}

/** Takes the lines of one base that have not been given out. */
class Taker {
  /** Lines that are no entries. */
  readonly odd: OddLine[] = []
  readonly #base: string
  readonly #given: ReadonlyMap<string, number>
  readonly #look = new LineLook()
  #lines: TakenLine[] = []
  #lsn = 0
  /** The last entry has been given out before, and so has what follows it and is none. */
  #isPassing = false

  constructor(base: string, given: ReadonlyMap<string, number>) {
    this.#base = base
    this.#given = given
  }

  readonly sieve: Sieve = (bytes, from, to) => {
    const places = this.#look.at(bytes, from, to) ?? this.#parsed(bytes, from, to)
    if (places === undefined) return this.#isPassing
    if (places === 'nothing') return true
    const { category, severity, time, seq, lsn } = places
    this.#lsn = lsn
    this.#isPassing = seq <= (this.#given.get(category) ?? 0)
    if (this.#isPassing && seq !== 1) return true
    this.#lines.push({ category, severity, time, seq, lsn, base: this.#base, bytes, from, to })
    return true
  }

  /** What comes from now on has not been given out. */
  follow(): void {
    this.#isPassing = false
  }

  /** What it has taken, good until the next bytes are read. */
  take(): TakenLine[] {
    const lines = this.#lines
    this.#lines = []
    return lines
  }

  takeOdd(lines: readonly RawLine[], file: string): void {
    for (const { raw, offset } of lines) this.odd.push({ raw, file, offset })
  }

  /** What does not look as usual, and may be an entry all the same. */
  #parsed(
    bytes: Buffer,
    from: number,
    to: number,
  ): Omit<TakenLine, 'base' | 'bytes' | 'from' | 'to'> | 'nothing' | undefined {
    const entry = parseLine(bytes.toString('utf8', from, to))
    if (entry === undefined) return undefined
    if (isCover(entry)) return 'nothing'
    const { category, level, timestamp, seq, lsn = this.#lsn } = entry
    if (seq === undefined) return undefined
    return {
      category,
      severity: levelNames.indexOf(level),
      time: Date.parse(timestamp),
      seq,
      lsn,
    }
  }
}

function checkpointOf(directory: string): Checkpoint | undefined {
  try {
    return stateOf(directory).checkpoint
  } catch {
    // No directory, or a lock that cannot be read.
    return undefined
  }
}
