// A batch on its way into a file: which of its bytes are there, which the thread pool has, which
// are on the device. What is known, is known from the file (append-file.ts), never from a promise
// alone.
//
//   0 ─── on the device ─── synced ─── in the file ─── written ─── with the thread pool ─── handed
//
// What lies between `synced` and `written` is in one file, and at its end.
//
// A file is *contested* when another writer may have taken the directory over (append-file.ts).
// Lines behind its `bound`, the size that this writer has noted, do not count: they are covered by
// a mark (entry/taken-back.ts) and written again with other numbers.

import type { AppendFile } from './append-file.ts'

const lineEnd = 0x0a

/** A batch on its way. */
export class WriteProgress {
  batch: Buffer
  /** Bytes that are in the file. */
  written = 0
  /** End of the piece that the stream has been given; equals `written` when it has none. */
  handed = 0
  /** Bytes that are on the device, as far as that is asked for. */
  synced = 0
  /**
   * Bytes that were found in the file behind those of another writer, and stay: entries of both
   * may have the same numbers.
   */
  late = 0
  /** Bytes that came to the file when another writer had taken over, and were taken back. */
  takenBack = 0
  /** Bytes that are in files before the one that we hold. */
  #before = 0

  constructor(batch: Buffer) {
    this.batch = batch
  }

  get isWhole(): boolean {
    return this.written === this.batch.length
  }

  /** Bytes of the piece that the stream has and whose fate is not known. */
  get pending(): number {
    return this.handed - this.written
  }

  get isPending(): boolean {
    return this.handed > this.written
  }

  /**
   * Looks how much of the pending piece has come to the file; whether it is more than before.
   *
   * @param isOver Nothing more of it will come.
   */
  advance(file: AppendFile, isOver: boolean = false): boolean {
    if (!this.isPending) return false
    const growth = file.growth()
    // Asked behind that: what has come was there before.
    if (file.isContested) return this.#find(file, isOver)
    if (growth < 0) return this.#landedAnew(file)
    const grown = Math.min(growth, this.pending)
    file.size += grown
    this.written += grown
    return grown > 0
  }

  /**
   * After the stream's word that the piece is written: looks whether it is.
   *
   * @returns false when the stream is better opened anew: it did not write all, or not to the file
   *   of that name.
   */
  verify(file: AppendFile): boolean {
    if (file.isContested) {
      this.settle(file)
      return false
    }
    // What is usual takes one look.
    if (this.isPending && file.hasGrownBy(this.pending)) {
      file.size += this.pending
      this.written = this.handed
      return true
    }
    const whereabouts = file.whereabouts()
    if (whereabouts === 'removed') {
      this.written = this.handed = this.#before
      this.synced = Math.min(this.synced, this.written)
      return false
    }
    const isOurs = whereabouts === 'ours'
    if (!this.isPending) return isOurs
    const growth = file.growth()
    if (growth >= 0 && growth < this.pending) {
      if (this.#landedAnew(file)) return isOurs
      // A short write, which the stream does not notice: what is missing is written again.
      this.advance(file)
      this.handed = this.written
      return false
    }
    file.size += growth
    this.written = this.handed
    return isOurs
  }

  /** The stream is gone: of the piece, what is in a file is written, and the rest is not. */
  settle(file: AppendFile): void {
    const isThere = this.isPending && file.whereabouts() !== 'removed'
    const isAnew = isThere && file.endsWith(this.batch, this.written, this.handed)
    // Asked behind that: what has come was there before.
    if (isAnew && !file.isContested) this.#landedAnew(file)
    else if (isThere) this.advance(file, true)
    // Others have gone on behind our half of a line.
    if (file.isContested) {
      this.written = this.#lineStart
      this.synced = Math.min(this.synced, this.written)
    }
    this.handed = this.written
  }

  /**
   * Looks for the piece in a contested file. Only whole lines count, and only those in front of the
   * bound: the other writer has given the numbers of later ones to entries of its own.
   */
  #find(file: AppendFile, isOver: boolean): boolean {
    const from = this.#lineStart
    const lines = this.batch.subarray(from, this.handed)
    const found = file.find(lines, this.written - from)
    if (found === undefined || found.landed === 0) return false
    const { start, landed, isLate } = found
    const { bound } = file
    const counted = wholeLinesIn(lines, Math.min(landed, bound - start))
    if (counted < landed) {
      if (landed < lines.length && !isOver) return false
      if (file.cover(lines.subarray(counted, landed), start + counted)) {
        this.takenBack += landed - counted
        this.written = this.handed = from + counted
        this.synced = Math.min(this.synced, this.written)
        return true
      }
    }
    this.written = this.handed = from + landed
    if (counted < landed || (isLate && bound === Infinity)) this.late += landed
    return true
  }

  /** Whether the piece is at the end of a file that has been truncated under us. */
  #landedAnew(file: AppendFile): boolean {
    if (!file.endsWith(this.batch, this.written, this.handed)) return false
    file.look()
    this.written = this.handed
    return true
  }

  /** Appends up to `end` through our own descriptor, or as much of it as is taken at once. */
  append(file: AppendFile, end: number): void {
    const { size } = file
    this.handed = this.written + file.write(this.batch, this.written, end)
    if (!file.isContested) {
      this.written = this.handed
      return
    }
    // This process was paused on the way.
    file.size = size
    this.settle(file)
    if (!this.isWhole) throw new Error('another writer had taken over')
  }

  /** In the middle of a line. */
  get inLine(): boolean {
    return this.written > 0 && this.batch[this.written - 1] !== lineEnd
  }

  /**
   * Takes back the beginning of a line that has no room in the file, so that it goes whole into the
   * next one.
   */
  takeBackLine(file: AppendFile): void {
    const start = this.#lineStart
    try {
      if (file.growth() !== 0 || !file.endsWith(this.batch, start, this.written)) return
      file.cut(this.written - start)
    } catch {
      // It stays, and the line begins again in the next file.
      return
    }
    this.handed = this.written = start
    this.synced = Math.min(this.synced, start)
  }

  /**
   * Goes on in another file.
   *
   * @param isRemoved The old one has been removed, with all that is in it.
   * @param isSynced What is in the old one and not on the device is out of reach, and missing.
   */
  moveOn(isRemoved: boolean, isSynced: boolean): void {
    // The line begins again, so that none is split over two files.
    const whole = isRemoved ? this.#before : this.#lineStart
    this.written = isSynced ? Math.min(whole, this.synced) : whole
    this.handed = this.#before = this.written
    this.synced = Math.min(this.synced, this.written)
  }

  /** Where the line begins in whose middle we are; where we are, if in none. */
  get #lineStart(): number {
    return this.inLine ? this.batch.lastIndexOf(lineEnd, this.written - 1) + 1 : this.written
  }

  /** Takes back what is in the file and not on the device. */
  takeBack(file: AppendFile): void {
    try {
      file.look()
      // Others may have truncated it: then no more of it is there.
      const from = Math.max(this.synced, this.written - file.size)
      if (file.endsWith(this.batch, from, this.written)) file.cut(this.written - from)
    } catch {
      // It stays in both files then: rather twice than not at all.
    }
    this.handed = this.written = this.synced
  }
}

/** How many of the first bytes are whole lines. */
function wholeLinesIn(lines: Buffer, bytes: number): number {
  return bytes <= 0 ? 0 : lines.lastIndexOf(lineEnd, bytes - 1) + 1
}
