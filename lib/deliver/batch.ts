// Lines that are written together, as bytes in a buffer that serves again for later batches.

import { JsonBytes } from '../encode/json-bytes.ts'

/** Bytes of a new batch's buffer. It grows when a line does not fit. */
const bufferBytes = 288 * 1024

/** Lines that are written together. */
export class Batch {
  /** Lines in it. */
  lines = 0
  /** Entries whose own file this is, by severity; copies do not count. */
  readonly entries: number[] = [0, 0, 0, 0, 0]
  /** Where the next line is written. It belongs to the batch once `add` has been told. */
  readonly out: JsonBytes = new JsonBytes(bufferBytes)

  /** Bytes of it. */
  get size(): number {
    return this.out.size
  }

  /** Counts the line that has been written to `out`. `severity` -1: a copy of an entry that counts elsewhere. */
  add(severity: number): void {
    this.lines++
    if (severity >= 0) this.entries[severity]!++
  }

  /** All of it, as bytes that stay as they are until `clear`. */
  bytes(): Buffer {
    return this.out.bytes.subarray(0, this.out.size)
  }

  /** Keeps only its first bytes, to which it has been shortened: `lines` of a level are gone. */
  cut(bytes: number, lines: number, severity: number): void {
    this.out.size = bytes
    this.lines -= lines
    this.entries[severity] = 0
  }

  /** Takes the lines of another one behind its own. */
  absorb(other: Batch): void {
    this.out.append(other.bytes())
    this.lines += other.lines
    other.entries.forEach((entries, severity) => {
      this.entries[severity]! += entries
    })
  }

  /** Makes it empty, to be used again. */
  clear(): void {
    this.lines = 0
    this.entries.fill(0)
    this.out.clear()
  }
}
