// The numbers of the entries, followed per category: what is missing, what comes twice, what comes late.

import type { LogEntry } from '../entry/entry.ts'
import type { VerifyFault } from './verify-fault.ts'

/** Stretches of missing numbers that are remembered per category: one of them may still come. */
const gapsMax = 1000

interface Gap {
  /** The first and the last number that is missing. */
  from: number
  to: number
  /** Where it was noticed. */
  readonly file: string
  readonly line: number
}

interface Series {
  readonly base: string
  last: number
  gaps: Gap[]
}

/** Follows the numbers of all categories. */
export class SeqChecks {
  readonly #found: (fault: VerifyFault) => void
  readonly #series = new Map<string, Series>()
  /** Entries that the logger itself has reported as lost. */
  #reported = 0

  constructor(found: (fault: VerifyFault) => void) {
    this.#found = found
  }

  /** The next entry of its category. */
  check(entry: LogEntry, file: string, line: number, base: string): void {
    const { category, seq } = entry
    if (category === 'system') this.#reported += reportedBy(entry)
    if (seq === undefined) {
      const message = `The entry has no number`
      this.#found({ file, line, kind: 'invalid', category, message })
      return
    }
    const series = this.#series.get(category)
    if (series === undefined) {
      // What was before has been rotated away.
      this.#series.set(category, { base, last: seq, gaps: [] })
    } else if (seq > series.last) {
      if (seq > series.last + 1) {
        series.gaps.push({ from: series.last + 1, to: seq - 1, file, line })
        if (series.gaps.length > gapsMax) this.#tellGap(category, series.gaps.shift()!)
      }
      series.last = seq
    } else {
      const wasMissing = takeOut(series.gaps, seq)
      const kind = wasMissing ? 'disorder' : 'duplicate'
      const found = wasMissing ? 'it comes late' : 'it is there already'
      const message = `Entry ${seq} of ${category}: ${found}; expected ${series.last + 1}`
      this.#found({ file, line, kind, category, message })
    }
  }

  /** Lines without numbers: how many entries of this file's categories they are cannot be known. */
  interrupt(base: string): void {
    for (const [category, series] of this.#series) {
      if (series.base !== base) continue
      for (const gap of series.gaps) this.#tellGap(category, gap)
      this.#series.delete(category)
    }
  }

  /** Tells what is still missing. */
  end(): void {
    for (const [category, { gaps }] of this.#series) {
      for (const gap of gaps) this.#tellGap(category, gap)
    }
  }

  #tellGap(category: string, { from, to, file, line }: Gap): void {
    const missing = to - from + 1
    const what =
      missing === 1
        ? `Entry ${from} of ${category} is missing`
        : `${missing} entries of ${category} are missing, ${from} to ${to}`
    const reported =
      this.#reported === 0 ? '' : `; the logger has reported ${this.#reported} as lost`
    this.#found({ file, line, kind: 'gap', category, message: `${what}${reported}` })
  }
}

/** Whether a number was missing; from now on it is not. */
function takeOut(gaps: Gap[], seq: number): boolean {
  const at = gaps.findIndex(({ from, to }) => from <= seq && seq <= to)
  const gap = gaps[at]
  if (gap === undefined) return false
  if (gap.from === gap.to) gaps.splice(at, 1)
  else if (seq === gap.from) gap.from++
  else if (seq === gap.to) gap.to--
  else {
    gaps.splice(at + 1, 0, { ...gap, from: seq + 1 })
    gap.to = seq - 1
  }
  return true
}

/** How many entries an entry of our own says were lost or reached the console only. */
function reportedBy({ message, context }: LogEntry): number {
  if (!/^\d+ entries were lost/.test(message)) return 0
  const { dropped, diverted } = context ?? {}
  const counts = typeof dropped === 'object' && dropped !== null ? Object.values(dropped) : []
  return [...counts, diverted].reduce<number>(
    (sum, count) => sum + (typeof count === 'number' ? count : 0),
    0,
  )
}
