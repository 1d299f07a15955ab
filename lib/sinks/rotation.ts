// The moment at which a file is full, and how it is put aside: with our own chain of synchronous
// renames (directory/rotate.ts), between two batches, in our own turn. rotating-file-stream's own
// takes some twenty steps through the event loop, amid which a synchronous write has no right
// place: the file that we hold is full and being renamed, and a new one would be renamed along.
// Ours takes 0.25 ms for ten names (Node 20.20, ext4, 2026-11), once in 50 MB; the next write finds
// a new file.

import { monotonicMs } from '../entry/clock.ts'
import { rotateSync } from '../directory/rotate.ts'

/**
 * A rotation that has failed is tried again after 100 ms, then after twice as long each time, up to
 * 60 s.
 */
const retryMsMin = 100
const retryMsMax = 60_000
/**
 * So many failures in a row are reported. On Windows a reader that has a file open keeps it from
 * being renamed.
 */
const failuresTold = 4

const lineEnd = 0x0a

export interface RotationOptions {
  readonly directory: string
  readonly name: string
  /** Bytes a file holds at most; a single longer line gets a file to itself. */
  readonly limitBytes: number
  /** Rotated files kept. */
  readonly keep: number
}

/** One file's rotation. */
export class Rotation {
  readonly #options: RotationOptions
  /** What the system allows. */
  #limitBytesMax = Infinity
  #failures = 0
  #notBefore = 0
  #isDemanded = false

  constructor(options: RotationOptions) {
    this.#options = options
  }

  /** The option may have been changed since the last look. */
  get #limitBytes(): number {
    return Math.min(this.#limitBytesMax, this.#options.limitBytes)
  }

  /**
   * Another file has been opened, of which nothing is demanded yet, and which may grow so large.
   */
  begin(bytesMax: number): void {
    this.#isDemanded = false
    this.lower(bytesMax)
  }

  /** The system lets no file grow beyond so many bytes. */
  lower(limitBytes: number): void {
    this.#limitBytesMax = Math.min(this.#limitBytesMax, limitBytes)
  }

  /** It has failed, and is not tried again yet. */
  get isResting(): boolean {
    return monotonicMs() < this.#notBefore
  }

  /**
   * Where to cut so that the file keeps its limit and no line is split; `from` when the file must
   * be put aside first. While that cannot be done, the file is written on.
   *
   * @param size Bytes in the file.
   */
  pieceEnd(bytes: Buffer, from: number, size: number): number {
    const room = this.#isDemanded ? 0 : this.#limitBytes - size
    if (bytes.length - from <= room || this.isResting) return bytes.length
    const end = room <= 0 ? 0 : bytes.lastIndexOf(lineEnd, from + room - 1) + 1
    if (end > from) return end
    if (size > 0 || this.#isDemanded) return from
    const next = bytes.indexOf(lineEnd, from) + 1
    return next === 0 ? bytes.length : next
  }

  /**
   * Puts the file aside.
   *
   * @returns whether it has been; if not, `pieceEnd` has it written on for a while.
   * @throws the system's error, when it has been so for a while.
   */
  run(): boolean {
    const { directory, name, keep } = this.#options
    try {
      rotateSync(directory, name, keep)
    } catch (error) {
      this.#notBefore = monotonicMs() + Math.min(retryMsMin * 2 ** this.#failures, retryMsMax)
      this.#failures++
      const isShared = process.platform === 'win32' && this.#failures < failuresTold
      if (isShared) return false
      throw error
    }
    this.#failures = 0
    this.#isDemanded = false
    return true
  }

  /** Has the file put aside before anything more is written to it. */
  demand(): void {
    this.#isDemanded = true
  }

  /** What stands in its way, in a few words. */
  inspect(): string {
    const demanded = this.#isDemanded ? ' demanded' : ''
    return `limit ${this.#limitBytes}${demanded}${this.isResting ? ` rests ${this.#failures}` : ''}`
  }
}
