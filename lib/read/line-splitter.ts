// Bytes → lines. However the bytes are cut into chunks, the same lines come out; a byte is copied twice at most, so
// a line of any length costs linear time. What stands behind the last line end is kept back until its end comes.

import type { Sieve } from './sieve.ts'

/** A line as it stands in its file. */
export interface RawLine {
  /** Without its `\n`. Bytes that are no UTF-8 have become U+FFFD. */
  readonly raw: string
  /** Where it begins, in bytes from the beginning of the file, uncompressed. */
  readonly offset: number
}

/** A longer line comes in pieces of this size: V8 has no string above 512 MiB, and memory has an end. */
export const pieceBytesMax: number = 1 << 28

const newline = 0x0a

/** Cuts the chunks of one file into lines. */
export class LineSplitter {
  readonly #pieceBytesMax: number
  readonly #sieve: Sieve | undefined
  /** The unfinished line, in order. */
  #rest: Buffer[] = []
  #restBytes = 0
  #offset: number

  /**
   * @param offset Where in the file the first chunk begins, in bytes.
   * @param sieve Lines that need not be given out. @default none
   * @param lineBytesMax Above this a line is cut. @default 268435456 (256 MiB)
   */
  constructor(offset = 0, sieve?: Sieve, lineBytesMax: number = pieceBytesMax) {
    this.#offset = offset
    this.#sieve = sieve
    this.#pieceBytesMax = lineBytesMax
  }

  /** Bytes of the unfinished line that is kept back. */
  get restBytes(): number {
    return this.#restBytes
  }

  /** Takes the next chunk, of which it keeps nothing; returns the lines that it ended. */
  push(chunk: Buffer): RawLine[] {
    const lines: RawLine[] = []
    let from = 0
    for (;;) {
      const room = this.#pieceBytesMax - this.#restBytes
      const at = chunk.indexOf(newline, from)
      const end = at === -1 ? chunk.length : at
      if (end - from > room) {
        this.#take(chunk, from, from + room, 0, lines)
        from += room
      } else if (at === -1) {
        if (from < chunk.length) {
          this.#rest.push(Buffer.from(chunk.subarray(from)))
          this.#restBytes += chunk.length - from
        }
        return lines
      } else {
        this.#take(chunk, from, at, 1, lines)
        from = at + 1
      }
    }
  }

  /** Gives out the unfinished line, if there is one: nothing more will come. */
  end(): RawLine | undefined {
    const lines: RawLine[] = []
    if (this.#restBytes > 0) this.#take(Buffer.alloc(0), 0, 0, 0, lines)
    return lines[0]
  }

  /** Gives out the line that is made of what was kept back and of a part of the chunk. */
  #take(chunk: Buffer, from: number, to: number, endBytes: number, lines: RawLine[]): void {
    const offset = this.#offset
    this.#offset += this.#restBytes + to - from + endBytes
    if (this.#restBytes === 0) {
      if (this.#sieve?.(chunk, from, to) === true) return
      lines.push({ raw: chunk.toString('utf8', from, to), offset })
      return
    }
    this.#rest.push(chunk.subarray(from, to))
    const line = Buffer.concat(this.#rest)
    this.#rest = []
    this.#restBytes = 0
    if (this.#sieve?.(line, 0, line.length) !== true)
      lines.push({ raw: line.toString('utf8'), offset })
  }
}
