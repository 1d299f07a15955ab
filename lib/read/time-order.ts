// A line as the reading side gives it out, and its place in time.
//
// Entries have a place among all of their log as well, their `lsn`: it says what came first where
// times do not.
//
// A line that is no entry, a stack trace below a human line or a torn one, belongs to the line
// before it in its file: it has that line's time and stays behind it wherever files are merged.

import type { LogEntry } from '../entry/entry.ts'
import type { Stretch } from '../directory/checkpoint.ts'
import { parseName } from '../directory/names.ts'
import { lineHead, parseLine } from '../entry/line.ts'
import type { RawLine } from './line-splitter.ts'

/** One line of a log file. */
export interface LogLine {
  /**
   * The line as it stands in the file, without its `\n`. Bytes that are no UTF-8 have become
   * U+FFFD. NULs in front of an entry are a line of their own; more than 64 of them are told by
   * their number: `[4096 NUL bytes]`.
   */
  readonly raw: string
  /** What it says; `undefined` when it is not the JSON of an entry. */
  readonly entry: LogEntry | undefined
  /**
   * The file's name in the directory when it was opened: `system.log`, `system.log.3.gz`; of
   * several logs, with that of its own in front: `3/system.log`.
   */
  readonly file: string
  /** Where it begins, in bytes from the beginning of the file, uncompressed. */
  readonly offset: number
  /**
   * `streamLogs({ after: cursor })` goes on exactly behind this line: in all files, across
   * rotation, compression and restarts. A text of some 300 characters, made when it is asked for;
   * of an engine, of some 66 for each of its logs.
   */
  readonly cursor: string
}

/** The base of a file, with the name of its log in front where there are several. */
export function baseOf(file: string): string {
  const at = file.lastIndexOf('/') + 1
  return file.slice(0, at) + (parseName(file.slice(at))?.base ?? file.slice(at))
}

/** A line that an iteration gives out. */
export class ReadLine implements LogLine {
  readonly raw: string
  readonly entry: LogEntry | undefined
  file: string
  readonly offset: number
  #isPlaced = false
  #cursor: (() => string) | undefined

  constructor(raw: string, entry: LogEntry | undefined, file: string, offset: number) {
    this.raw = raw
    this.entry = entry
    this.file = file
    this.offset = offset
    this.#cursor = undefined
  }

  get cursor(): string {
    return this.#cursor?.() ?? ''
  }

  /** Says in the name of its file which of several logs it is of. */
  static place(line: LogLine, instance: string): void {
    if (!(line instanceof ReadLine) || line.#isPlaced) return
    line.#isPlaced = true
    line.file = `${instance}/${line.file}`
  }

  static giveCursor(line: LogLine, cursor: () => string): void {
    if (line instanceof ReadLine) line.#cursor = cursor
  }
}

/** The file of some lines. */
export interface LineSource {
  readonly name: string
  /** A hash of its first line, which stays what it is; undefined while there is none. */
  readonly id: string | undefined
}

/** A line and its time. */
export interface TimedLine {
  readonly line: LogLine
  /**
   * In milliseconds since 1970; -Infinity for what stands before the first line that has a time.
   */
  readonly time: number
  /**
   * Its place among all entries of its log, which is their order whatever the clock did; undefined
   * where none is told.
   */
  readonly lsn: number | undefined
  /** How much later it may have been written: a human line tells no milliseconds. */
  readonly slackMs: number
  /** The file, as {@link LineSource.id}. */
  readonly source: string | undefined
  /** Where in the file that begins which comes behind it, in bytes. */
  readonly end: number
}

/** How a human line begins; those of others that begin so have a time, too. */
const humanTime = /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\] /

/** Milliseconds that a human line does not tell. */
const humanSlackMs = 999

/**
 * So much without a time is held back when reading backwards; then it gets the time of the line
 * after.
 */
const untimedLinesMax = 1000
const untimedCharsMax = 1 << 24

/** Of lines that may come late in their file, so many are held back when reading backwards. */
const lateLinesMax = 10_000

/** The bytes of lines whose text may not tell them. */
const bytesByLine = new WeakMap<LogLine, Buffer>()

/** The bytes of a line without its `\n`, where `raw` may not tell them: it is no UTF-8. */
export function bytesOf(line: LogLine): Buffer | undefined {
  return bytesByLine.get(line)
}

/** Gives the lines of a base their times, in the order of the file. */
export class Forwards {
  readonly #late: readonly Stretch[]
  #time: number
  #lsn: number | undefined
  #slackMs = 0

  /**
   * @param time Of the line in front of the first.
   * @param lsn The same.
   * @param late Numbers that may stand behind higher ones, and then have their place there.
   *   @default none
   */
  constructor(time: number = -Infinity, lsn?: number, late: readonly Stretch[] = []) {
    this.#time = time
    this.#lsn = lsn
    this.#late = late
  }

  /** The time of the last line so far. */
  get time(): number {
    return this.#time
  }

  get lsn(): number | undefined {
    return this.#lsn
  }

  timed(raw: readonly RawLine[], { name, id: source }: LineSource): TimedLine[] {
    return raw.map((each) => {
      const line = lineOf(each, name)
      const time = timeOf(line)
      if (time !== undefined) {
        this.#time = time
        const lsn = line.entry?.lsn
        this.#lsn = mayBeLate(this.#late, lsn) ? Math.max(lsn!, this.#lsn ?? 0) : lsn
        this.#slackMs = line.entry === undefined ? humanSlackMs : 0
      }
      const { end } = each
      return { line, time: this.#time, lsn: this.#lsn, slackMs: this.#slackMs, source, end }
    })
  }
}

/**
 * Gives the lines of a base the same times when they come last line first.
 *
 * A line that came late to its file, behind a higher number, has its place there, as it has it
 * forwards: a merge that waits for its number would hold back all that stands in front of it. So
 * those that may have come late are held back until one in front of them tells.
 */
export class Backwards {
  readonly #late: readonly Stretch[]
  #held: TimedLine[] = []
  #untimed: Pick<TimedLine, 'line' | 'source' | 'end'>[] = []
  #untimedChars = 0
  #time = Infinity
  #lsn: number | undefined
  #slackMs = 0

  /** @param late Numbers that may stand behind higher ones. @default none */
  constructor(late: readonly Stretch[] = []) {
    this.#late = late
  }

  timed(raw: readonly RawLine[], { name, id: source }: LineSource): TimedLine[] {
    const timed: TimedLine[] = []
    for (const each of raw) {
      const line = lineOf(each, name)
      const time = timeOf(line)
      this.#untimed.push({ line, source, end: each.end })
      this.#untimedChars += line.raw.length
      if (time !== undefined) {
        this.#time = time
        this.#lsn = line.entry?.lsn
        this.#slackMs = line.entry === undefined ? humanSlackMs : 0
      } else if (this.#untimed.length < untimedLinesMax && this.#untimedChars < untimedCharsMax) {
        continue
      }
      this.#release(timed)
    }
    return this.#late.length === 0 ? timed : this.#placed(timed)
  }

  /**
   * What is still held back: the beginning has been reached, or a file whose last line has a known
   * time.
   */
  end(time: number = -Infinity, lsn?: number): TimedLine[] {
    const timed: TimedLine[] = []
    this.#time = time
    this.#lsn = lsn
    this.#release(timed)
    return [...this.#placed(timed), ...this.#places(lsn)]
  }

  /** Those of which it is known where they belong. */
  #placed(timed: readonly TimedLine[]): TimedLine[] {
    const placed: TimedLine[] = []
    for (const each of timed) {
      const { lsn } = each
      if (mayBeLate(this.#late, lsn) && this.#held.length < lateLinesMax) {
        this.#held.push(each)
        continue
      }
      placed.push(...this.#places(lsn), each)
    }
    return placed
  }

  /** Those that were held back; one that stands behind a higher number has its place there. */
  #places(before: number | undefined): TimedLine[] {
    const held = this.#held
    this.#held = []
    let place = before ?? 0
    for (let at = held.length - 1; at >= 0; at--) {
      const line = held[at]!
      if (line.lsn !== undefined && line.lsn < place) held[at] = { ...line, lsn: place }
      place = Math.max(place, line.lsn ?? 0)
    }
    return held
  }

  #release(timed: TimedLine[]): void {
    for (const each of this.#untimed) {
      timed.push({ ...each, time: this.#time, lsn: this.#lsn, slackMs: this.#slackMs })
    }
    this.#untimed = []
    this.#untimedChars = 0
  }
}

function mayBeLate(late: readonly Stretch[], lsn: number | undefined): boolean {
  return lsn !== undefined && late.some(([from, to]) => lsn >= from && lsn <= to)
}

function lineOf({ raw, offset, bytes }: RawLine, file: string): LogLine {
  const line = new ReadLine(raw, parseLine(raw), file, offset)
  if (bytes !== undefined) bytesByLine.set(line, bytes)
  return line
}

/**
 * The latest that a line may have been written, by what it tells; also the beginning of a long one.
 */
export function latestTimeOf(raw: string): number | undefined {
  const time = timeOf({ entry: parseLine(raw), raw })
  if (time !== undefined) return humanTime.test(raw) ? time + humanSlackMs : time
  const beginning = Date.parse(lineHead(raw)?.timestamp ?? '')
  return Number.isNaN(beginning) ? undefined : beginning
}

function timeOf({ entry, raw }: Pick<LogLine, 'entry' | 'raw'>): number | undefined {
  if (entry !== undefined) return Date.parse(entry.timestamp)
  const match = humanTime.exec(raw)
  if (match === null) return undefined
  const time = Date.parse(`${match[1]}T${match[2]}Z`)
  return Number.isNaN(time) ? undefined : time
}
