// What came to the viewer while it followed the files: every entry counted, each category's numbers
// checked for holes and repeats, and each rotation noticed where the lines begin again from the
// start.

import { basename } from 'node:path'
import type { LogLine } from 'ringlog'

/** A rotation, as the lines tell it. */
export interface Rotation {
  /** `system.log` */
  readonly file: string
  /** Bytes of the file that was put aside. */
  readonly bytes: number
}

export class StreamCount {
  /** Entries that arrived. */
  entries = 0
  /** Of those, the ones that were shown. */
  shown = 0
  rotations = 0
  /** Entries that came a second time. */
  repeated = 0
  /** Entries that came after a later one of their file, or of the whole log. */
  late = 0
  /** The highest number among all entries that has come. */
  #lastLsn = 0
  /** The numbers that have come, by category. */
  readonly #seqs = new Map<string, Set<number>>()
  /** The last number that came from the category's own file. */
  readonly #lastSeq = new Map<string, number>()
  /** Where the last line of each file ended. */
  readonly #end = new Map<string, number>()

  /**
   * Counts a line; returns the rotation that lies between it and the line before it in its file, if
   * any.
   */
  add({ entry, file, offset, raw }: LogLine): Rotation | undefined {
    // A line that was read late may already bear the name of a rotated file.
    const name = basename(file).replace(/\.log\.\d+(\.gz)?$/, '.log')
    if (entry?.seq !== undefined) this.#count(entry.category, entry.seq, name, entry.lsn)
    const previousEnd = this.#end.get(name) ?? 0
    this.#end.set(name, offset + Buffer.byteLength(raw) + 1)
    if (offset >= previousEnd) return undefined
    this.rotations++
    return { file: name, bytes: previousEnd }
  }

  /** Numbers that are missing below the highest of their category. */
  missing(): number {
    let missing = 0
    for (const seqs of this.#seqs.values()) {
      let highest = 0
      for (const seq of seqs) highest = Math.max(highest, seq)
      missing += highest - seqs.size
    }
    return missing
  }

  #count(category: string, seq: number, file: string, lsn: number | undefined): void {
    this.entries++
    let seqs = this.#seqs.get(category)
    if (seqs === undefined) {
      seqs = new Set()
      this.#seqs.set(category, seqs)
    }
    if (seqs.has(seq)) this.repeated++
    seqs.add(seq)
    if (this.#isLate(category, seq, file, lsn)) this.late++
  }

  #isLate(category: string, seq: number, file: string, lsn: number | undefined): boolean {
    if (lsn !== undefined) {
      // An effect before its cause, whatever files the two are in.
      const isLate = lsn < this.#lastLsn
      this.#lastLsn = Math.max(this.#lastLsn, lsn)
      return isLate
    }
    // The copy of an error may reach its file before the original reaches its own: it is no proof
    // of order.
    if (file === 'error.log' && category !== 'error') return false
    const isLate = seq < (this.#lastSeq.get(category) ?? 0)
    this.#lastSeq.set(category, seq)
    return isLate
  }
}
