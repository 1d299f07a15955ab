// An audit of the numbers of all entries together: what is missing though no category shows it,
// what comes twice or late.
//
// The files are read one after the other, and each holds every fifth number or so. So a bit is kept
// for each, in pages; of a page that is full nothing is kept but that. A log of 3 GB takes some MB.
//
// Gaps are looked for only where all must be there: behind the first entry of each category whose
// earlier ones have been rotated away, and up to the number that the writer has left as settled.
// What stands in a stretch in which a writer was killed is counted, and is no fault: so much may be
// lost then. What comes late in one that its writer has left as late is none either.

import type { LogEntry } from '../entry/entry.ts'
import type { Checkpoint, Stretch } from '../directory/checkpoint.ts'
import type { VerifyFault } from './verify-fault.ts'

const pageBits = 1 << 15
/** Pages that are kept, 64 MB: a forged number on each line would take one each. */
const pagesMax = 1 << 14
/** Stretches that are reported. */
const toldMax = 20

interface Page {
  readonly bits: Uint32Array
  count: number
}

/** Numbers that are missing: from, to. */
interface Gap {
  readonly from: number
  to: number
}

/** What is known from the numbers of the categories, and from the last writer. */
export interface Known {
  /** Numbers that are missing within categories. */
  readonly missing: number
  /** Entries that the logger has reported as lost. */
  readonly reported: number
  /** Whether something is out of order in a file that a category tells of. */
  readonly isDisordered: (file: string) => boolean
  readonly checkpoint: Checkpoint | undefined
}

/** Follows the `lsn` of all files. */
export class LsnAudit {
  readonly #found: (fault: VerifyFault) => void
  /** `undefined`: full. */
  readonly #pages = new Map<number, Page | undefined>()
  /** Of each file, the last number. */
  readonly #last = new Map<string, number>()
  /** Of each category, the last `seq`, and whether an entry of it has had an `lsn`. */
  readonly #seqs = new Map<string, { seq: number; isNumbered: boolean }>()
  readonly #late: VerifyFault[] = []
  #mayBeLate: readonly Stretch[] = []
  /** Below this, entries may have been rotated away. */
  #first = 1
  #highest = 0
  /** What is there does not tell all numbers. */
  #isUnsure = false

  constructor(found: (fault: VerifyFault) => void) {
    this.#found = found
  }

  /** Stretches of which entries may stand behind higher ones; told before the first line. */
  expectLate(stretches: readonly Stretch[]): void {
    this.#mayBeLate = stretches
  }

  /** Lines that have taken numbers without telling them, or files that were not read. */
  passUnknown(): void {
    this.#isUnsure = true
  }

  /** The next line of a file. `isOwn`: an entry of this file, not a copy. */
  check(
    { category, seq, lsn }: LogEntry,
    file: string,
    line: number,
    base: string,
    isOwn: boolean,
  ): void {
    const before = this.#seqs.get(category)?.seq ?? 0
    if (isOwn && seq !== undefined) this.#note(category, seq, lsn)
    if (lsn === undefined || lsn < 1) return
    const last = this.#last.get(base) ?? 0
    this.#last.set(base, Math.max(last, lsn))
    const isNew = this.#set(lsn)
    // What is wrong with the numbers of its category has been reported.
    if (!isOwn || seq === undefined || seq <= before) return
    if (!isNew) {
      const message = `The entry with lsn ${lsn}: there is another one already`
      this.#found({ file, line, kind: 'duplicate', category, message })
    } else if (lsn < last && !isIn(this.#mayBeLate, lsn)) {
      const message = `The entry with lsn ${lsn}: it comes late; expected more than ${last}`
      if (this.#late.length < toldMax) {
        this.#late.push({ file, line, kind: 'disorder', category, message })
      }
    }
  }

  /**
   * Tells what is missing.
   *
   * @returns how many entries are missing where a writer was killed.
   */
  end(directory: string, { missing, reported, isDisordered, checkpoint }: Known): number {
    for (const fault of this.#late) if (!isDisordered(fault.file)) this.#found(fault)
    const isGone = Object.entries(checkpoint?.seq ?? {}).some(
      ([category, seq]) => seq > 0 && this.#seqs.get(category)?.isNumbered !== true,
    )
    if (this.#isUnsure || isGone || checkpoint?.settled === undefined) return 0
    const { broken = [], settled } = checkpoint
    const gaps = this.#gapsUpTo(checkpoint.ended === true ? (checkpoint.lsn ?? settled) : settled)
    const untold = broken.reduce<Gap[]>(
      (all, [from, to]) => all.flatMap((gap) => without(gap, from, to)),
      gaps,
    )
    const count = sizeOf(untold)
    if (count > Math.max(missing, reported)) {
      for (const { from, to } of untold.slice(0, toldMax)) {
        const what =
          from === to ? `The entry with lsn ${from} is` : `Entries with lsn ${from} to ${to} are`
        const message = `${what} missing, and no category tells of it`
        this.#found({ file: directory, line: undefined, kind: 'gap', message })
      }
    }
    return sizeOf(gaps) - count
  }

  #note(category: string, seq: number, lsn: number | undefined): void {
    const known = this.#seqs.get(category)
    if (known !== undefined) {
      known.seq = Math.max(known.seq, seq)
      known.isNumbered ||= lsn !== undefined
      return
    }
    this.#seqs.set(category, { seq, isNumbered: lsn !== undefined })
    if (seq > 1 && lsn !== undefined) this.#first = Math.max(this.#first, lsn)
  }

  /** False when the number was there. */
  #set(lsn: number): boolean {
    this.#highest = Math.max(this.#highest, lsn)
    const index = Math.floor((lsn - 1) / pageBits)
    let page = this.#pages.get(index)
    if (page === undefined) {
      if (this.#pages.has(index)) return false
      if (this.#pages.size >= pagesMax) {
        this.#isUnsure = true
        return true
      }
      page = { bits: new Uint32Array(pageBits / 32), count: 0 }
      this.#pages.set(index, page)
    }
    const bit = (lsn - 1) % pageBits
    const mask = 1 << (bit & 31)
    if ((page.bits[bit >> 5]! & mask) !== 0) return false
    page.bits[bit >> 5]! |= mask
    if (++page.count === pageBits) this.#pages.set(index, undefined)
    return true
  }

  #has(lsn: number): boolean {
    const index = Math.floor((lsn - 1) / pageBits)
    const page = this.#pages.get(index)
    if (page === undefined) return this.#pages.has(index)
    const bit = (lsn - 1) % pageBits
    return (page.bits[bit >> 5]! & (1 << (bit & 31))) !== 0
  }

  #gapsUpTo(end: number): Gap[] {
    const gaps: Gap[] = []
    for (let lsn = this.#first; lsn <= end; lsn++) {
      const index = Math.floor((lsn - 1) / pageBits)
      const isFull = this.#pages.has(index) && this.#pages.get(index) === undefined
      if (isFull) {
        lsn = (index + 1) * pageBits
        continue
      }
      if (this.#has(lsn)) continue
      const last = gaps.at(-1)
      // A page that is not there at all is passed over at once.
      const to = this.#pages.has(index) ? lsn : Math.min(end, (index + 1) * pageBits)
      if (last?.to === lsn - 1) last.to = to
      else gaps.push({ from: lsn, to })
      lsn = to
    }
    return gaps
  }
}

function isIn(stretches: readonly Stretch[], lsn: number): boolean {
  return stretches.some(([from, to]) => lsn >= from && lsn <= to)
}

/** What is left of a gap outside a stretch. */
function without(gap: Gap, from: number, to: number): Gap[] {
  if (to < gap.from || from > gap.to) return [gap]
  return [
    { from: gap.from, to: Math.min(gap.to, from - 1) },
    { from: Math.max(gap.from, to + 1), to: gap.to },
  ].filter((each) => each.from <= each.to)
}

function sizeOf(gaps: readonly Gap[]): number {
  return gaps.reduce((sum, { from, to }) => sum + to - from + 1, 0)
}
