// A line as the reading side gives it out, and its place in time.
//
// A line that is no entry, a stack trace below a human line or a torn one, belongs to the line before it in its
// file: it has that line's time and stays behind it wherever files are merged.

import type { LogEntry } from '../entry/entry.ts'
import { parseLine } from '../entry/line.ts'
import type { RawLine } from './line-splitter.ts'

/** One line of a log file. */
export interface LogLine {
  /** The line as it stands in the file, without its `\n`. Bytes that are no UTF-8 have become U+FFFD. */
  readonly raw: string
  /** What it says; `undefined` when it is not the JSON of an entry. */
  readonly entry: LogEntry | undefined
  /** The file's name in the directory when it was opened: `system.log`, `system.log.3.gz`. */
  readonly file: string
  /** Where it begins, in bytes from the beginning of the file, uncompressed. */
  readonly offset: number
}

/** A line and its time. */
export interface TimedLine {
  readonly line: LogLine
  /** In milliseconds since 1970; -Infinity for what stands before the first line that has a time. */
  readonly time: number
}

/** How a human line begins; files hold such when `structured_format` is false. */
export const humanTime: RegExp = /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\] /

/** So many lines without a time are held back when reading backwards; then they get that of the line after. */
const untimedMax = 1000

/** Gives the lines of a base their times, in the order of the file. */
export class Forwards {
  #time = -Infinity

  /** The time of the last line so far. */
  get time(): number {
    return this.#time
  }

  timed(raw: readonly RawLine[], file: string): TimedLine[] {
    return raw.map((each) => {
      const line = lineOf(each, file)
      const time = timeOf(line)
      if (time !== undefined) this.#time = time
      return { line, time: this.#time }
    })
  }
}

/** Gives the lines of a base the same times when they come last line first. */
export class Backwards {
  #untimed: LogLine[] = []
  #time = Infinity

  timed(raw: readonly RawLine[], file: string): TimedLine[] {
    const timed: TimedLine[] = []
    for (const each of raw) {
      const line = lineOf(each, file)
      const time = timeOf(line)
      this.#untimed.push(line)
      if (time === undefined && this.#untimed.length < untimedMax) continue
      if (time !== undefined) this.#time = time
      this.#release(timed)
    }
    return timed
  }

  /** What is still held back: the beginning has been reached, or a file whose last line has a known time. */
  end(time: number = -Infinity): TimedLine[] {
    const timed: TimedLine[] = []
    this.#time = time
    this.#release(timed)
    return timed
  }

  #release(timed: TimedLine[]): void {
    for (const line of this.#untimed) timed.push({ line, time: this.#time })
    this.#untimed = []
  }
}

function lineOf({ raw, offset }: RawLine, file: string): LogLine {
  return { raw, entry: parseLine(raw), file, offset }
}

function timeOf({ entry, raw }: LogLine): number | undefined {
  if (entry !== undefined) return Date.parse(entry.timestamp)
  const match = humanTime.exec(raw)
  if (match === null) return undefined
  const time = Date.parse(`${match[1]}T${match[2]}Z`)
  return Number.isNaN(time) ? undefined : time
}
