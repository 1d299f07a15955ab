// An audit of the numbers of each category: what is missing, what comes twice, what comes late.
//
// Of each category the stretches of numbers that have come are remembered, in order; of a sound one
// that is a single stretch, which grows. What is still between two of them at the end is a gap.
//
//   43 44 47 45 48      [43–44] [47]         47: 45 and 46 are missing so far
//                       [43–45] [47]         45: there is a later one, so it is out of order
//                       [43–45] [47–48]      the end: 46 is a gap, noticed at 47

import { builtinCategories, errorFile, namePattern } from '../entry/builtin-categories.ts'
import type { LogEntry } from '../entry/entry.ts'
import { ERROR, severityOf } from '../entry/level.ts'
import { isCover } from '../entry/taken-back.ts'
import type { VerifyFault } from './verify-fault.ts'

/**
 * Stretches that are remembered per category. Beyond, the lowest gap is reported, and its numbers
 * count as having come.
 */
const stretchesMax = 1000

/**
 * Categories that are followed. A directory of ours has a handful; a forged one may name a new one
 * on each line.
 */
const categoriesMax = 1000

/** Numbers that follow each other. */
interface Stretch {
  from: number
  to: number
  /** Where the first of them stands. */
  file: string
  line: number
  base: string
}

/** Consecutive duplicates, or consecutive late entries: reported as one fault. */
interface Run {
  readonly kind: 'duplicate' | 'disorder'
  readonly file: string
  readonly line: number
  readonly from: number
  to: number
  /** What should have come instead of the first. */
  readonly expected: number
}

/** The numbers of one category. */
interface CategoryNumbers {
  readonly base: string
  /** Ascending, never touching each other. */
  readonly stretches: Stretch[]
  /** The place in `stretches` of the last entry. */
  at: number
  /**
   * Lines since the last entry that have taken numbers without showing them: human lines, and those
   * of files that were deleted unread.
   */
  humanLines: number
  run: Run | undefined
}

/** Follows the numbers of all categories. */
export class SeqAudit {
  readonly #found: (fault: VerifyFault) => void
  readonly #series = new Map<string, CategoryNumbers>()
  #hasToldOfMax = false
  /** Entries that the logger itself has reported as lost. */
  #reported = 0
  /** Numbers that are missing. */
  #missing = 0

  constructor(found: (fault: VerifyFault) => void) {
    this.#found = found
  }

  /**
   * Entries that the logger itself has reported as lost, and numbers that are missing; known at the
   * end.
   */
  get sums(): { readonly reported: number; readonly missing: number } {
    return { reported: this.#reported, missing: this.#missing }
  }

  /**
   * The next entry of its category. `error.log` must come behind all other files.
   *
   * @returns whether it is an entry of its own: not a copy in `error.log`.
   */
  check(entry: LogEntry, file: string, line: number, base: string): boolean {
    const { category, seq } = entry
    const series = this.#series.get(category)
    if (series !== undefined ? isElsewhere(series, base, category) : isLikeCopy(entry, base)) {
      return false
    }
    if (isCover(entry)) return false
    if (category === 'system') this.#reported += reportedBy(entry)
    const fault = { file, line, kind: 'invalid', category } as const
    if (seq === undefined) {
      this.#found({ ...fault, message: 'The entry has no number' })
    } else if (series !== undefined) {
      this.#goOn(series, category, seq, file, line, base)
    } else if (!namePattern.test(category)) {
      const message = 'The entry is of a category that cannot be configured'
      this.#found({ file, line, kind: 'invalid', message })
    } else if (this.#series.size < categoriesMax) {
      // What was before has been rotated away.
      const stretches = [{ from: seq, to: seq, file, line, base }]
      this.#series.set(category, { base, stretches, at: 0, humanLines: 0, run: undefined })
    } else if (!this.#hasToldOfMax) {
      this.#hasToldOfMax = true
      const message = `This is the category behind the first ${categoriesMax}: its numbers and later ones are not checked`
      this.#found({ ...fault, message })
    }
    return true
  }

  /**
   * A line of `structured_format: false`, which has taken a number of its category but does not
   * tell it.
   */
  passHumanLine(category: string): void {
    const series = this.#series.get(category)
    if (series !== undefined) series.humanLines++
  }

  /**
   * Files of a base were deleted while it was read: the next entries need not join those before.
   */
  passUnseen(base: string): void {
    for (const series of this.#series.values()) {
      if (series.base === base) series.humanLines = Infinity
    }
  }

  /**
   * Tells what is still missing.
   *
   * @param last Per category the number that it has come to at least, as far as that is known.
   */
  end(last: { readonly [category: string]: number } = {}): void {
    for (const [category, series] of this.#series) this.#endRun(series, category)
    for (const [category, { stretches, humanLines, base }] of this.#series) {
      for (let i = 1; i < stretches.length; i++) {
        this.#tellGap(category, stretches[i - 1]!, stretches[i]!)
      }
      const to = stretches.at(-1)!.to + humanLines
      const end = Object.hasOwn(last, category) ? last[category]! : to
      if (end > to) this.#tellMissing(category, to + 1, end, base, undefined)
    }
  }

  #goOn(
    series: CategoryNumbers,
    category: string,
    seq: number,
    file: string,
    line: number,
    base: string,
  ): void {
    const { stretches, humanLines } = series
    const last = stretches[series.at]!
    const next = stretches[series.at + 1]
    series.humanLines = 0
    if (next === undefined && seq > last.to && seq <= last.to + 1 + humanLines) {
      last.to = seq
      this.#endRun(series, category)
      return
    }
    const expected = last.to + 1
    const before = stretches.findLastIndex(({ from }) => from <= seq)
    if (before !== -1 && seq <= stretches[before]!.to) {
      series.at = before
      this.#extendRun(series, category, {
        kind: 'duplicate',
        file,
        line,
        from: seq,
        to: seq,
        expected,
      })
      return
    }
    const above = stretches[before + 1]
    if (above === undefined) last.to += before === series.at ? humanLines : 0
    this.#insert(series, category, before, { from: seq, to: seq, file, line, base })
    // Where a category has been given another file, the files themselves have no order.
    if (above !== undefined && above.base === base) {
      this.#extendRun(series, category, {
        kind: 'disorder',
        file,
        line,
        from: seq,
        to: seq,
        expected,
      })
    } else this.#endRun(series, category)
  }

  /** Adds a number that has not come yet, above the stretch `before`. */
  #insert(series: CategoryNumbers, category: string, before: number, added: Stretch): void {
    const { stretches } = series
    const below = stretches[before]
    const above = stretches[before + 1]
    if (below !== undefined && below.to + 1 === added.from) {
      below.to = added.from
      if (above !== undefined && above.from === below.to + 1) {
        below.to = above.to
        stretches.splice(before + 1, 1)
      }
      series.at = before
    } else {
      series.at = before + 1
      if (above !== undefined && above.from === added.from + 1) {
        stretches[before + 1] = { ...added, to: above.to }
      } else stretches.splice(before + 1, 0, added)
    }
    if (stretches.length <= stretchesMax) return
    const [lowest, second] = stretches as [Stretch, Stretch]
    this.#tellGap(category, lowest, second)
    lowest.to = second.to
    stretches.splice(1, 1)
    series.at = Math.max(0, series.at - 1)
  }

  #extendRun(series: CategoryNumbers, category: string, run: Run): void {
    const { run: last } = series
    if (last?.kind === run.kind && last.file === run.file && last.to + 1 === run.from) {
      last.to = run.from
      return
    }
    this.#endRun(series, category)
    series.run = run
  }

  #endRun(series: CategoryNumbers, category: string): void {
    const { run } = series
    if (run === undefined) return
    series.run = undefined
    const { kind, file, line, from, to, expected } = run
    const one = from === to
    const what = one
      ? `Entry ${from} of ${category}: it`
      : `Entries ${from} to ${to} of ${category}: they`
    const verb =
      kind === 'disorder'
        ? one
          ? 'comes late'
          : 'come late'
        : `${one ? 'is' : 'are'} there already`
    this.#found({ file, line, kind, category, message: `${what} ${verb}; expected ${expected}` })
  }

  #tellGap(category: string, below: Stretch, { from, file, line }: Stretch): void {
    this.#tellMissing(category, below.to + 1, from - 1, file, line)
  }

  /** @param line The one before which they are missing; undefined at the end. */
  #tellMissing(
    category: string,
    from: number,
    to: number,
    file: string,
    line: number | undefined,
  ): void {
    const missing = to - from + 1
    this.#missing += missing
    const at = line === undefined ? ' at the end' : ''
    const what =
      missing === 1
        ? `Entry ${from} of ${category} is missing${at}`
        : `${missing} entries of ${category} are missing${at}, ${from} to ${to}`
    const reported =
      this.#reported === 0 ? '' : `; the logger has reported ${this.#reported} as lost`
    this.#found({ file, line, kind: 'gap', category, message: `${what}${reported}` })
  }
}

/** Whether an entry in `error.log` belongs to a category that has a file of its own. */
function isElsewhere(series: CategoryNumbers, base: string, category: string): boolean {
  return base === errorFile && series.base !== errorFile && category !== 'error'
}

/**
 * Whether an entry in `error.log`, of a category of which nothing is known yet, may be a copy. A
 * configured category may have `error.log` as its own file; then it has entries that are no errors
 * there, sooner or later.
 */
function isLikeCopy({ category, level }: LogEntry, base: string): boolean {
  if (base !== errorFile || category === 'error') return false
  return Object.hasOwn(builtinCategories, category) || severityOf(level)! >= ERROR
}

/** How many entries an entry of our own says were lost or reached the console only. */
export function reportedBy({ message, context }: LogEntry): number {
  if (!/^\d+ entries were lost/.test(message)) return 0
  const { dropped, diverted } = context ?? {}
  const counts = typeof dropped === 'object' && dropped !== null ? Object.values(dropped) : []
  return [...counts, diverted].reduce<number>(
    (sum, count) => sum + (typeof count === 'number' ? count : 0),
    0,
  )
}
