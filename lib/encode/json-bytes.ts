// JSON text as bytes, written value by value: no string is built on the way to the file.
//
// A line built as a string is a rope of about 60 pieces, each an allocation, which is flattened and
// encoded afterwards: 1,500 ns for the enforcement entry through fast-json-stringify, against 360
// ns here (Node 20.20, 2026-11). What makes the difference:
//
// - Text known beforehand is kept as float64 words, and eight of its bytes are stored by one
//   instruction. They never form a NaN, whose bits an engine may change: that takes a byte 0x7f or
//   0xff at the end of a word, and neither stands in text in which DEL is escaped.
// - A short string is looked at, copied and encoded in one pass over its characters; a long one
//   that a regular expression finds plain is copied whole.
// - Integers and decimals with up to four places are written digit by digit.
//
// Invariant: between `size` and the end of `bytes` there is room for whatever was reserved; what is
// written is valid UTF-8, and holds no character that drives or deceives a terminal.

import { escapeSteering } from '../entry/json-text.ts'

/** Text known beforehand, ready to be copied. */
export interface ReadyText {
  /** The bytes, eight to a word, the last one filled up with spaces. */
  readonly words: Float64Array
  /** Bytes of the text itself. */
  readonly length: number
}

/**
 * Room that is always left behind what was reserved: the filling of a word, a separator, a quote.
 */
const slack = 64
/** Room that a number may take: 24 for the longest double, and its separator. */
export const numberBytesMax = 32
/** A UTF-16 unit is at most this many bytes: `\u009b`. */
const unitBytesMax = 6
/**
 * Strings up to this length are copied by a loop; for longer ones the calls into the engine pay.
 * UTF-16 units.
 */
const shortMax = 48

/** From this length on a text's bytes are counted before room is made for them. UTF-16 units. */
const longMin = 16 * 1024

const quote = 0x22
const minus = 0x2d
const zero = 0x30
const dot = 0x2e

/** 1 for the ASCII characters that need an escape within a string. */
const needsEscape = new Uint8Array(128).map((_, code) =>
  Number(code < 0x20 || code === quote || code === 0x5c || code === 0x7f),
)

/** Makes text ready. Only JSON text: whatever could drive a terminal is escaped. */
export function readyText(text: string): ReadyText {
  const bytes = Buffer.from(escapeSteering(text))
  const words = new Float64Array(Math.ceil(bytes.length / 8))
  const filled = new Uint8Array(words.buffer).fill(0x20)
  filled.set(bytes)
  return { words, length: bytes.length }
}

/** A growing buffer of JSON text. */
export class JsonBytes {
  bytes: Buffer
  #view: DataView
  /** Bytes written. */
  size = 0
  readonly #bytesMin: number

  /** @param bytes How large it is at first, and again after `clear`. */
  constructor(bytes: number) {
    this.#bytesMin = bytes
    this.bytes = Buffer.allocUnsafeSlow(bytes)
    this.#view = viewOf(this.bytes)
  }

  /** Makes it empty; gives back what it has grown by. */
  clear(): void {
    this.size = 0
    if (this.bytes.length > this.#bytesMin) this.#replace(Buffer.allocUnsafeSlow(this.#bytesMin))
  }

  /** For generated code, which writes behind `size` by itself what it has reserved. */
  get view(): DataView {
    return this.#view
  }

  /** Makes sure of room for `count` more bytes. */
  reserve(count: number): void {
    if (this.size + count + slack > this.bytes.length) this.#grow(count)
  }

  /** What stands from `from` on, as a string. */
  textFrom(from: number): string {
    return this.bytes.toString('utf8', from, this.size)
  }

  /** One byte of ASCII. The room for it is the slack of whatever is written next to it. */
  byte(code: number): void {
    this.bytes[this.size++] = code
  }

  /** Text made ready before. */
  ready(text: ReadyText): void {
    this.reserve(text.length)
    this.size = putReady(this.#view, this.size, text)
  }

  /** Bytes as they are. */
  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.size)
    this.size += bytes.length
  }

  /** Text that already is JSON. */
  json(text: string): void {
    this.text(escapeSteering(text))
  }

  /** Text as it is: a line for people. */
  text(text: string): void {
    // Three bytes are the most that one UTF-16 unit becomes; for a long text that would be too much
    // to waste.
    this.reserve(text.length > longMin ? Buffer.byteLength(text) : text.length * 3)
    this.size += this.bytes.write(text, this.size)
  }

  /** A string: quoted, and escaped where it must be. */
  string(text: string): void {
    if (text.length > longMin) {
      this.json(JSON.stringify(text))
      return
    }
    this.reserve(text.length * unitBytesMax)
    this.size = putString(this.bytes, this.#view, this.size, text)
  }

  /** A finite number. */
  number(value: number): void {
    this.reserve(numberBytesMax)
    this.size = putNumber(this.bytes, this.size, value)
  }

  #grow(count: number): void {
    const larger = Buffer.allocUnsafeSlow(
      Math.max(this.size + count + slack, 2 * this.bytes.length),
    )
    this.bytes.copy(larger, 0, 0, this.size)
    this.#replace(larger)
  }

  #replace(bytes: Buffer): void {
    this.bytes = bytes
    this.#view = viewOf(bytes)
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

// The functions below write at `at`, where there must be room, and return the place behind what
// they wrote.

/** Writes text made ready before. */
function putReady(view: DataView, at: number, { words, length }: ReadyText): number {
  for (let i = 0; i < words.length; i++) view.setFloat64(at + 8 * i, words[i]!, true)
  return at + length
}

/** Writes a string with its quotes. */
function putString(bytes: Buffer, view: DataView, at: number, text: string): number {
  const { length } = text
  bytes[at] = quote
  if (length <= shortMax) {
    let special = 0
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      special |= code < 0x80 ? needsEscape[code]! : 1
      bytes[at + 1 + i] = code
    }
    if (special === 0) {
      bytes[at + 1 + length] = quote
      return at + length + 2
    }
  } else if (bytes.write(text, at + 1) === length && isPlain(view, at + 1, length)) {
    // As many bytes as characters: all are ASCII.
    bytes[at + 1 + length] = quote
    return at + length + 2
  }
  return at + bytes.write(escapeSteering(JSON.stringify(text)), at)
}

/**
 * Whether bytes of ASCII, at least four, need no escape within a string: none is below 0x20, a
 * quote, a backslash, 0x7f. Four at a time, each with its highest bit as the mark of one that does:
 * a pattern takes 140 ns for 140 characters, this and the write of the bytes 125 (Node 20.20,
 * 2026-11).
 */
function isPlain(view: DataView, from: number, length: number): boolean {
  // The last four overlap.
  const last = from + length - 4
  let marks = 0
  for (let at = from; ; at = at + 4 < last ? at + 4 : last) {
    const four = view.getInt32(at, true)
    const quotes = four ^ 0x22222222
    const slashes = four ^ 0x5c5c5c5c
    marks |=
      (four - 0x20202020) |
      (four + 0x01010101) |
      ((quotes - 0x01010101) & ~quotes) |
      ((slashes - 0x01010101) & ~slashes)
    if (at === last) return (marks & 0x80808080) === 0
  }
}

/** Writes a finite number as JSON has it. */
export function putNumber(bytes: Buffer, at: number, value: number): number {
  const whole = value | 0
  if (whole === value) {
    if (whole >= 0) return putDigits(bytes, at, whole)
    // The lowest has no counterpart above zero.
    if (whole !== -0x8000_0000) {
      bytes[at] = minus
      return putDigits(bytes, at + 1, -whole)
    }
  }
  if (value > 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) {
    const high = Math.floor(value / 1e9)
    return putNine(bytes, putDigits(bytes, at, high), value - high * 1e9)
  }
  // A quotient of two doubles is the double nearest to it: when `scaled / 1e4` is the value, the
  // digits of `scaled` are a decimal that means it, and so few of them that no shorter decimal
  // does.
  const scaled = Math.round(value * 1e4)
  if (scaled / 1e4 === value && scaled < 0x8000_0000 && scaled > -0x8000_0000) {
    return putScaled(bytes, at, scaled | 0)
  }
  const text = `${value}`
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i)
  return at + text.length
}

/** Writes an integer from 0 to 2^31 - 1. */
function putDigits(bytes: Buffer, at: number, value: number): number {
  const end = at + digitsOf(value)
  let rest = value
  for (let place = end - 1; place >= at; place--) {
    const tenth = (rest / 10) | 0
    bytes[place] = zero + rest - tenth * 10
    rest = tenth
  }
  return end
}

/** Writes an integer below 10^9 as nine digits. */
function putNine(bytes: Buffer, at: number, value: number): number {
  let rest = value
  for (let place = at + 8; place >= at; place--) {
    const tenth = (rest / 10) | 0
    bytes[place] = zero + rest - tenth * 10
    rest = tenth
  }
  return at + 9
}

/** Writes ten-thousandths, not all of them whole: -2105000 is -210.5. */
function putScaled(bytes: Buffer, at: number, scaled: number): number {
  if (scaled < 0) {
    bytes[at] = minus
    return putScaled(bytes, at + 1, -scaled)
  }
  const whole = (scaled / 10_000) | 0
  const point = putDigits(bytes, at, whole)
  bytes[point] = dot
  let rest = scaled - whole * 10_000
  let end = point + 1
  for (let unit = 1000; rest > 0; unit = (unit / 10) | 0) {
    const digit = (rest / unit) | 0
    bytes[end++] = zero + digit
    rest -= digit * unit
  }
  return end
}

function digitsOf(value: number): number {
  if (value < 10) return 1
  if (value < 100) return 2
  if (value < 1_000) return 3
  if (value < 10_000) return 4
  if (value < 100_000) return 5
  if (value < 1_000_000) return 6
  if (value < 10_000_000) return 7
  if (value < 100_000_000) return 8
  return value < 1_000_000_000 ? 9 : 10
}
