// A batch: lines that are written together, as bytes in a buffer that later batches use again.

import { JsonBytes } from '../encode/json-bytes.ts'

/** Bytes of a new batch's buffer. It grows when a line does not fit. */
const bufferBytes = 288 * 1024

/** Lines that are written together. */
export class Batch {
  /** Lines in it. */
  lines = 0
  /** Entries whose own file this is, by severity; copies do not count. */
  readonly entries: number[] = [0, 0, 0, 0, 0]
  /** By severity: how many of its entries, the oldest, have come to their file. */
  readonly #landed: number[] = [0, 0, 0, 0, 0]
  /** By severity: which of its entries the console has taken, by their order among these. */
  readonly #shown: Set<number>[] = [0, 1, 2, 3, 4].map(() => new Set())
  /**
   * The numbers of its last entries, by the place of their category in the file: see
   * `Category.place`.
   */
  readonly last: number[] = []
  /** The lsn of its first line, as it was when the line was made; 0 while it is empty. */
  first = 0
  /** The number among all entries of this run of its last line. */
  lastNumber = 0
  /** How often the numbers have been moved on (numbering.ts) before its lines were made. */
  era = 0
  /** Where the next line is written. It belongs to the batch once `add` has been called. */
  readonly out: JsonBytes = new JsonBytes(bufferBytes)

  /** Its bytes. */
  get size(): number {
    return this.out.size
  }

  /**
   * Counts the line that has been written to `out`. `severity` -1: a copy of an entry that counts
   * elsewhere.
   */
  add(severity: number): void {
    this.lines++
    if (severity >= 0) this.entries[severity]!++
  }

  /** Its bytes, which stay as they are until `clear`. */
  bytes(): Buffer {
    return this.out.bytes.subarray(0, this.out.size)
  }

  /** The oldest of its entries of a severity has come to its file. */
  land(severity: number): void {
    this.entries[severity]!--
    this.#landed[severity]!++
  }

  /** The console has taken an entry: which one among those of its severity, the oldest being 0. */
  show(severity: number, place: number): void {
    this.#shown[severity]!.add(place)
  }

  isShown(severity: number, place: number): boolean {
    return this.#shown[severity]!.has(place)
  }

  /** How many entries of a severity the console has taken that are not in their file. */
  shown(severity: number): number {
    let shown = 0
    for (const place of this.#shown[severity]!) if (place >= this.#landed[severity]!) shown++
    return shown
  }

  /** Keeps only its first bytes, to which it has been shortened: `lines` of a level are gone. */
  cut(bytes: number, lines: number, severity: number): void {
    this.out.size = bytes
    this.lines -= lines
    this.entries[severity] = 0
    this.#shown[severity]!.clear()
  }

  /** Puts other bytes in place of those behind `from`: the same lines. */
  rewrite(from: number, bytes: Buffer): void {
    this.out.size = from
    this.out.append(bytes)
  }

  /** Takes the lines of another one behind its own. */
  absorb(other: Batch): void {
    this.out.append(other.bytes())
    this.lines += other.lines
    other.entries.forEach((entries, severity) => {
      for (const place of other.#shown[severity]!)
        this.show(severity, this.entries[severity]! + place)
      this.entries[severity]! += entries
    })
    other.last.forEach((number, place) => {
      this.last[place] = number
    })
    if (this.first === 0) this.first = other.first
    this.lastNumber = Math.max(this.lastNumber, other.lastNumber)
  }

  /** Makes it empty, to be used again. */
  clear(): void {
    this.lines = 0
    this.entries.fill(0)
    this.#landed.fill(0)
    for (const shown of this.#shown) shown.clear()
    this.last.length = 0
    this.first = 0
    this.lastNumber = 0
    this.out.clear()
  }
}
