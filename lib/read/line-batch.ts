// Lines of one category whose numbers follow each other, as bytes: what is sent on as it is.

/** Bytes of lines in a batch, and lines: at most, unless one line alone is larger. */
export interface BatchLimits {
  readonly bytes: number
  readonly lines: number
}

/** Lines of one category, each one number behind the one before: line `i` has `first + i`. */
export interface LineBatch {
  readonly category: string
  readonly first: number
  readonly last: number
  /** The lines as they stand in the file, each with its `\n`. */
  readonly bytes: Buffer
  /** Where each line ends in `bytes`, behind its `\n`. */
  readonly ends: readonly number[]
  /** The timestamp of each, in milliseconds since 1970. */
  readonly times: readonly number[]
}

/** A line that stands somewhere in some bytes. */
export interface TakenLine {
  readonly category: string
  readonly severity: number
  readonly time: number
  readonly seq: number
  readonly lsn: number
  /** The file it is from. */
  readonly base: string
  readonly bytes: Buffer
  readonly from: number
  /** Without the line end. */
  readonly to: number
}

const roomMin = 4096
const newline = 0x0a

/** A line of a batch without its `\n`. It shares the batch's memory. */
export function lineOf({ bytes, ends }: LineBatch, index: number): Buffer {
  return bytes.subarray(index === 0 ? 0 : ends[index - 1]!, ends[index]! - 1)
}

/** Gathers the lines of one category. */
export class BatchBuilder {
  readonly #category: string
  readonly #limits: BatchLimits
  #bytes = Buffer.alloc(0)
  #size = 0
  /** Of the batch before: most often the next one has as much. */
  #sizeBefore = 0
  #first = 0
  #ends: number[] = []
  #times: number[] = []

  constructor(category: string, limits: BatchLimits) {
    this.#category = category
    this.#limits = limits
  }

  /** Copies a line; returns the batch in which it has no place, if there is one. */
  add({ seq, time, bytes, from, to }: TakenLine): LineBatch | undefined {
    const length = to - from + 1
    const { length: count } = this.#ends
    const isFull = this.#size + length > this.#limits.bytes || count >= this.#limits.lines
    const full = count > 0 && (isFull || seq !== this.#first + count) ? this.take() : undefined
    if (this.#ends.length === 0) this.#first = seq
    this.#reserve(length)
    bytes.copy(this.#bytes, this.#size, from, to)
    this.#size += length
    this.#bytes[this.#size - 1] = newline
    this.#ends.push(this.#size)
    this.#times.push(time)
    return full
  }

  /** What has been gathered. */
  take(): LineBatch | undefined {
    if (this.#ends.length === 0) return undefined
    const first = this.#first
    const batch = {
      category: this.#category,
      first,
      last: first + this.#ends.length - 1,
      bytes: this.#bytes.subarray(0, this.#size),
      ends: this.#ends,
      times: this.#times,
    }
    this.#bytes = Buffer.alloc(0)
    this.#sizeBefore = this.#size
    this.#size = 0
    this.#ends = []
    this.#times = []
    return batch
  }

  #reserve(length: number): void {
    const needed = this.#size + length
    if (needed <= this.#bytes.length) return
    const more = this.#bytes.length === 0 ? this.#sizeBefore : 2 * this.#bytes.length
    const usual = Math.min(this.#limits.bytes, more)
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, usual, roomMin))
    this.#bytes.copy(grown, 0, 0, this.#size)
    this.#bytes = grown
  }
}
