// Bytes → lines. However the bytes are cut into chunks, the same lines come out; a byte is copied
// twice at most, so a line of any length costs linear time. What stands behind the last line end is
// kept back until its end comes.
//
// After a power loss, or where a writer without O_APPEND was truncated, NULs stand in front of an
// entry, up to gigabytes of them. No line of ours holds one. So NULs are pieces of their own, which
// are counted and not kept, and the entry behind them is a line like any other; so it is behind a
// byte order mark:
//
//   NUL NUL NUL {"timestamp":…}\n    ─►    "\0\0\0"   {"timestamp":…}
//   {"timestamp":"20 NUL … {"time…\n ─►    {"timestamp":"20   "[8192 NUL bytes]"   {"time…

import type { Sieve } from './sieve.ts'

/** A line as it stands in its file, or a piece of one. */
export interface RawLine {
  /**
   * Without its `\n`. Bytes that are no UTF-8 have become U+FFFD; many NULs are told by their
   * number.
   */
  readonly raw: string
  /** Where it begins, in bytes from the beginning of the file, uncompressed. */
  readonly offset: number
  /** Where that begins which comes behind it, in bytes likewise. */
  readonly end: number
  /** The line goes on with what comes behind it. */
  readonly isCut: boolean
  /** The bytes themselves, where `raw` may not tell them. */
  readonly bytes: Buffer | undefined
}

/**
 * A longer entry comes in pieces of this size: V8 has no string above 512 MiB, and memory has an
 * end.
 */
export const pieceBytesMax: number = 1 << 28
/** The same for a line that cannot be an entry: it does not begin with a brace. */
export const textBytesMax: number = 1 << 20

/** So many NULs within a text are a piece of their own. */
const nulRunMin = 4096
/** More are told by their number. */
const nulsShownMax = 64

const newline = 0x0a
const brace = 0x7b
/** The first byte of a byte order mark. */
const markFirst = 0xef
const mark = Buffer.from('\ufeff')
const zeros = Buffer.alloc(65_536)

/** Cuts the chunks of one file into lines. */
export class LineSplitter {
  readonly #pieceBytesMax: number
  readonly #textBytesMax: number
  readonly #sieve: Sieve | undefined
  readonly #isBare: boolean
  /** The piece that is not finished, in order. */
  #rest: Buffer[] = []
  #restBytes = 0
  /** NULs that stand behind it. */
  #nuls = 0
  /** Where the unfinished piece begins. */
  #offset: number
  #lines: RawLine[] = []

  /**
   * @param offset Where in the file the first chunk begins, in bytes.
   * @param sieve Lines that need not be given out. @default none
   * @param options `lineBytesMax`: above this a line is cut, 256 MiB for one that may be an entry
   *   and 1 MiB for another, if not given; `isBare`: lines are given without their text, but for
   *   runs of NULs.
   */
  constructor(
    offset = 0,
    sieve?: Sieve,
    options: { readonly lineBytesMax?: number; readonly isBare?: boolean } = {},
  ) {
    this.#offset = offset
    this.#sieve = sieve
    this.#pieceBytesMax = options.lineBytesMax ?? pieceBytesMax
    this.#textBytesMax = options.lineBytesMax ?? textBytesMax
    this.#isBare = options.isBare ?? false
  }

  /** Bytes of the unfinished line that is kept back. */
  get restBytes(): number {
    return this.#restBytes + this.#nuls
  }

  /** Takes the next chunk, of which it keeps nothing; returns the lines that it ended. */
  push(chunk: Buffer): RawLine[] {
    let nextNul = indexOrEnd(chunk, 0, 0)
    for (let from = 0; from < chunk.length;) {
      const at = indexOrEnd(chunk, newline, from)
      if (nextNul < from) nextNul = indexOrEnd(chunk, 0, from)
      if (this.#nuls === 0 && nextNul >= at) {
        if (this.#restBytes === 0 && at < chunk.length && at - from <= this.#textBytesMax) {
          // Nearly every line goes this way.
          this.#give(chunk, from, at, 1)
          from = at + 1
          continue
        }
        this.#keep(chunk, from, at)
      } else this.#keepWithNuls(chunk, from, at)
      if (at < chunk.length) this.#endLine()
      from = at + 1
    }
    return this.#taken()
  }

  /** Gives out the unfinished line, if there is one, in its pieces: nothing more will come. */
  end(): RawLine[] {
    if (this.restBytes > 0) this.#endLine(0)
    return this.#taken()
  }

  #taken(): RawLine[] {
    const lines = this.#lines
    this.#lines = []
    return lines
  }

  /** Adds a part of a line that holds NULs, or stands behind some. */
  #keepWithNuls(chunk: Buffer, from: number, to: number): void {
    let scan = from
    while (scan < to) {
      const nul = Math.min(to, this.#nuls > 0 ? scan : indexOrEnd(chunk, 0, scan))
      const end = endOfNuls(chunk, nul, to)
      const isLeading = this.#restBytes === 0 && nul === from
      if (end < to && !isLeading && this.#nuls + end - nul < nulRunMin && !opens(chunk[end]!)) {
        // A few NULs within a text belong to it.
        if (this.#nuls > 0) this.#endNulsAsText()
        scan = end
        continue
      }
      this.#keep(chunk, from, nul)
      this.#nuls += end - nul
      if (end < to) this.#endNuls()
      from = scan = end
    }
    this.#keep(chunk, from, to)
  }

  /**
   * The NULs behind the unfinished piece are a piece of their own, and so is what stands before
   * them.
   */
  #endNuls(): void {
    if (this.#restBytes > 0) this.#endPiece(true, 0)
    this.#giveNuls(true, 0)
  }

  #endNulsAsText(): void {
    const nuls = this.#nuls
    this.#nuls = 0
    this.#keep(zeros, 0, nuls)
  }

  #endLine(endBytes = 1): void {
    if (this.#nuls > 0 && this.#restBytes > 0) {
      if (this.#nuls < nulRunMin) this.#endNulsAsText()
      else this.#endPiece(true, 0)
    }
    if (this.#nuls > 0) this.#giveNuls(false, endBytes)
    else this.#endPiece(false, endBytes)
  }

  /** Adds bytes to the unfinished piece, and ends it each time when it is as long as it may be. */
  #keep(chunk: Buffer, from: number, to: number): void {
    while (from < to) {
      const first = this.#rest[0]?.[0] ?? chunk[from]
      const max = first === brace ? this.#pieceBytesMax : this.#textBytesMax
      const end = Math.min(to, from + max - this.#restBytes)
      this.#rest.push(Buffer.from(chunk.subarray(from, end)))
      this.#restBytes += end - from
      if (end < to) this.#endPiece(true, 0)
      from = end
    }
  }

  #endPiece(isCut: boolean, endBytes: number): void {
    const { length } = this.#rest
    const piece = length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest)
    this.#rest = []
    this.#restBytes = 0
    this.#give(piece, 0, piece.length, endBytes, isCut)
  }

  /** Gives out a piece. */
  #give(bytes: Buffer, from: number, to: number, endBytes: number, isCut = false): void {
    let offset = this.#offset
    if (bytes[from] === markFirst && beginsMarked(bytes, from, to)) {
      this.#offset = offset += mark.length
      from += mark.length
      this.#add(
        { raw: '\ufeff', offset: offset - 3, end: offset, isCut: true, bytes: undefined },
        mark,
      )
    }
    this.#offset += to - from + endBytes
    if (this.#sieve?.(bytes, from, to) === true) return
    this.#lines.push(
      this.#isBare
        ? { raw: '', offset, end: this.#offset, isCut, bytes: undefined }
        : rawLineOf(bytes, from, to, offset, this.#offset, isCut),
    )
  }

  #giveNuls(isCut: boolean, endBytes: number): void {
    const nuls = this.#nuls
    const offset = this.#offset
    this.#nuls = 0
    this.#offset += nuls + endBytes
    const raw = nuls > nulsShownMax ? `[${nuls} NUL bytes]` : '\0'.repeat(nuls)
    this.#add({ raw, offset, end: this.#offset, isCut, bytes: undefined }, zeros)
  }

  /** Gives out what is no entry, unless such lines are not wanted. */
  #add(line: RawLine, bytes: Buffer): void {
    if (this.#sieve?.(bytes, 0, 1) !== true) this.#lines.push(line)
  }
}

/** A line made of bytes without its line end. */
export function rawLineOf(
  bytes: Buffer,
  from: number,
  to: number,
  offset: number,
  end: number,
  isCut = false,
): RawLine {
  const raw = bytes.toString('utf8', from, to)
  // The bytes may have been others: U+FFFD stands for what is no UTF-8.
  const isUnsure = raw.includes('\ufffd')
  return {
    raw,
    offset,
    end,
    isCut,
    bytes: isUnsure ? Buffer.from(bytes.subarray(from, to)) : undefined,
  }
}

/**
 * Whether a line can be made of these bytes as it is: without NULs, and without a mark in front of
 * an entry.
 */
export function isPlain(bytes: Buffer): boolean {
  return !(bytes[0] === markFirst && beginsMarked(bytes, 0, bytes.length)) && !bytes.includes(0)
}

/** Whether a byte may be the first of an entry, or of the mark in front of it. */
function opens(byte: number): boolean {
  return byte === brace || byte === markFirst
}

function beginsMarked(bytes: Buffer, from: number, to: number): boolean {
  if (to - from <= mark.length || bytes[from + mark.length] !== brace) return false
  return bytes[from + 1] === mark[1] && bytes[from + 2] === mark[2]
}

function indexOrEnd(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from)
  return at === -1 ? bytes.length : at
}

/** Where the first byte stands that is no NUL. */
function endOfNuls(bytes: Buffer, from: number, to: number): number {
  let at = from
  for (let step = 4096; to - at >= step && bytes.compare(zeros, 0, step, at, at + step) === 0;) {
    at += step
  }
  while (at < to && bytes[at] === 0) at++
  return at
}
