// The fields at fixed places of a line, read from its bytes: the line is neither decoded nor
// parsed. A line of 600 bytes costs 2 µs, reading and sorting into batches included, where
// streamLogs() takes 13 (Node 20.20 on one core of a busy machine, 2026-11). The serializer writes
// the keys in one order, so time, level and category stand at the beginning and the numbers at the
// end; line.ts owns that format.
//
//   {"timestamp":"2025-10-17T14:23:45.123+00:00","level":"INFO","category":"sys … ,"seq":4,"lsn":8}
//                 └ 14                                   └ 54
//
// A line that looks otherwise may be an entry all the same: the caller parses it. What stands
// between the two ends is not looked at, but for the beginning of another entry: a torn line and
// the next one without a line end between them are not taken for one.

import { levelNames } from './level.ts'
import { beforeValue } from './line.ts'

/** The fields at fixed places of a line. */
export interface LinePlaces {
  /** In milliseconds since 1970. */
  readonly time: number
  /** The place of the level in `levelNames`. */
  readonly severity: number
  readonly category: string
  readonly seq: number
  readonly lsn: number
}

const beginning = Buffer.from(beforeValue.timestamp)
const timeAt = beginning.length
const timeBytes = '2025-10-17T14:23:45.123'.length
const zone = Buffer.from(`+00:00${beforeValue.level}`)
const levelAt = timeAt + timeBytes + zone.length
const beforeCategory = Buffer.from(beforeValue.category)
const seqKey = Buffer.from(beforeValue.seq)
const lsnKey = Buffer.from(beforeValue.lsn)
const levels = levelNames.map((name) => Buffer.from(name))

/** A category ends with its quote, and another key follows. */
const categoryEnd = Buffer.from('","')
const categoryBytesMax = 64
/** Numbers of more digits may not be exact. */
const digitsMax = 15
/** What is shorter holds no entry. */
const lineBytesMin = levelAt + beforeCategory.length + seqKey.length + lsnKey.length

const zero = 0x30
const nine = 0x39
const endBrace = 0x7d

/** Looks at the lines of one file, one after the other: neighbours have much in common. */
export class LineLook {
  /** The day of the last line, as eight digits, and when it began. */
  #day = -1
  #dayMs = 0
  #category = ''
  #categoryBytes = Buffer.alloc(0)
  /** The bytes in which the next entry was searched for, from where, and where it begins. */
  #bytes: Buffer | undefined
  #searched = 0
  #next = 0

  /**
   * The fields of the line that stands in `bytes` from `from` to `to`, without its line end;
   * undefined when it does not look like an entry of ours.
   */
  at(bytes: Buffer, from: number, to: number): LinePlaces | undefined {
    if (to - from < lineBytesMin || bytes[to - 1] !== endBrace) return undefined
    if (!isAt(bytes, from, beginning) || !isAt(bytes, from + timeAt + timeBytes, zone)) {
      return undefined
    }
    const severity = severityAt(bytes, from + levelAt)
    if (severity === -1) return undefined
    const categoryAt = from + levelAt + levels[severity]!.length + beforeCategory.length
    if (!isAt(bytes, categoryAt - beforeCategory.length, beforeCategory)) return undefined
    const category = this.#categoryAt(bytes, categoryAt)
    const time = this.#timeAt(bytes, from + timeAt)
    if (category === '' || Number.isNaN(time)) return undefined
    const lsnAt = digitsBefore(bytes, to - 1)
    if (!isBefore(bytes, lsnAt, lsnKey) || !isNumber(bytes, lsnAt, to - 1)) return undefined
    const seqEnd = lsnAt - lsnKey.length
    const seqAt = digitsBefore(bytes, seqEnd)
    if (!isBefore(bytes, seqAt, seqKey) || !isNumber(bytes, seqAt, seqEnd)) return undefined
    if (seqAt <= categoryAt || this.#beginsAnother(bytes, from, to)) return undefined
    const seq = numberAt(bytes, seqAt, seqEnd)
    return { time, severity, category, seq, lsn: numberAt(bytes, lsnAt, to - 1) }
  }

  #categoryAt(bytes: Buffer, at: number): string {
    const { length } = this.#categoryBytes
    if (length > 0 && isAt(bytes, at, this.#categoryBytes)) return this.#category
    let end = at
    while (end - at < categoryBytesMax && isNameByte(bytes[end]!)) end++
    if (end === at || !isAt(bytes, end, categoryEnd)) return ''
    this.#category = bytes.toString('latin1', at, end)
    this.#categoryBytes = Buffer.from(bytes.subarray(at, end + categoryEnd.length))
    return this.#category
  }

  /** NaN when no time stands there. */
  #timeAt(bytes: Buffer, at: number): number {
    const day =
      number(bytes, at, 4) * 10_000 + number(bytes, at + 5, 2) * 100 + number(bytes, at + 8, 2)
    if (day !== this.#day) {
      const text = bytes.toString('latin1', at, at + 10)
      const ms = Date.parse(`${text}T00:00:00Z`)
      // Date.parse takes 30 February for 2 March.
      if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) return NaN
      this.#day = day
      this.#dayMs = ms
    }
    const hours = number(bytes, at + 11, 2)
    const minutes = number(bytes, at + 14, 2)
    const seconds = number(bytes, at + 17, 2)
    const isTime = hours < 24 && minutes < 60 && seconds < 60 && hasMarks(bytes, at)
    const ms = number(bytes, at + 20, 3)
    return isTime ? this.#dayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms : NaN
  }

  /**
   * Whether another entry begins within the line. Searched for once from one entry to the next: the
   * next one is found behind the line end.
   */
  #beginsAnother(bytes: Buffer, from: number, to: number): boolean {
    if (bytes !== this.#bytes || from < this.#searched || this.#next <= from) {
      this.#bytes = bytes
      const found = bytes.indexOf(beginning, from + 1)
      this.#next = found === -1 ? Infinity : found
    }
    this.#searched = from
    return this.#next < to
  }
}

function severityAt(bytes: Buffer, at: number): number {
  for (let severity = 0; severity < levels.length; severity++) {
    const name = levels[severity]!
    if (bytes[at] === name[0] && isAt(bytes, at, name)) return severity
  }
  return -1
}

function isAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) {
    if (bytes[at + i] !== expected[i]) return false
  }
  return true
}

function isBefore(bytes: Buffer, at: number, expected: Buffer): boolean {
  return at >= expected.length && isAt(bytes, at - expected.length, expected)
}

/** Where the digits begin that end in front of a place. */
function digitsBefore(bytes: Buffer, end: number): number {
  let at = end
  while (at > 0 && bytes[at - 1]! >= zero && bytes[at - 1]! <= nine) at--
  return at
}

/** As JSON has it: no zero in front. */
function isNumber(bytes: Buffer, from: number, to: number): boolean {
  const digits = to - from
  return digits > 0 && digits <= digitsMax && (digits === 1 || bytes[from] !== zero)
}

function numberAt(bytes: Buffer, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 10 + (bytes[i]! - zero)
  return value
}

/** The number of so many digits; NaN when something else stands there. */
function number(bytes: Buffer, from: number, digits: number): number {
  let value = 0
  for (let i = from; i < from + digits; i++) {
    const byte = bytes[i]!
    if (byte < zero || byte > nine) return NaN
    value = value * 10 + (byte - zero)
  }
  return value
}

/** What stands between the digits of a time. */
function hasMarks(bytes: Buffer, at: number): boolean {
  return (
    bytes[at + 4] === 0x2d &&
    bytes[at + 7] === 0x2d &&
    bytes[at + 10] === 0x54 &&
    bytes[at + 13] === 0x3a &&
    bytes[at + 16] === 0x3a &&
    bytes[at + 19] === 0x2e
  )
}

function isNameByte(byte: number): boolean {
  const isLetter = byte >= 0x61 && byte <= 0x7a
  const isDigit = byte >= zero && byte <= nine
  return isLetter || isDigit || byte === 0x2d || byte === 0x2e || byte === 0x5f
}
