// Bytes → lines. However the bytes are cut into chunks, the same lines come out; each byte is looked at once
// and copied at most once, so a line of any length costs linear time. What stands behind the last line end is
// kept back until its end comes.

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
  /** The unfinished line, in order. */
  #rest: Buffer[] = []
  #restBytes = 0
  #offset: number

  /**
   * @param offset Where in the file the first chunk begins, in bytes.
   * @param lineBytesMax Above this a line is cut. @default 268435456 (256 MiB)
   */
  constructor(offset = 0, lineBytesMax: number = pieceBytesMax) {
    this.#offset = offset
    this.#pieceBytesMax = lineBytesMax
  }

  /** Bytes of the unfinished line that is kept back. */
  get restBytes(): number {
    return this.#restBytes
  }

  /** Takes the next chunk, whose bytes must not change any more; returns the lines that it ended. */
  push(chunk: Buffer): RawLine[] {
    const lines: RawLine[] = []
    let from = 0
    for (;;) {
      const room = this.#pieceBytesMax - this.#restBytes
      const at = chunk.indexOf(newline, from)
      const end = at === -1 ? chunk.length : at
      if (end - from > room) {
        lines.push(this.#take(chunk, from, from + room, 0))
        from += room
      } else if (at === -1) {
        if (from < chunk.length) {
          this.#rest.push(chunk.subarray(from))
          this.#restBytes += chunk.length - from
        }
        return lines
      } else {
        lines.push(this.#take(chunk, from, at, 1))
        from = at + 1
      }
    }
  }

  /** Gives out the unfinished line, if there is one: nothing more will come. */
  end(): RawLine | undefined {
    return this.#restBytes === 0 ? undefined : this.#take(Buffer.alloc(0), 0, 0, 0)
  }

  /** The line that is made of what was kept back and of a part of the chunk. */
  #take(chunk: Buffer, from: number, to: number, endBytes: number): RawLine {
    const offset = this.#offset
    this.#offset += this.#restBytes + to - from + endBytes
    if (this.#restBytes === 0) return { raw: chunk.toString('utf8', from, to), offset }
    this.#rest.push(chunk.subarray(from, to))
    const raw = Buffer.concat(this.#rest).toString('utf8')
    this.#rest = []
    this.#restBytes = 0
    return { raw, offset }
  }
}
