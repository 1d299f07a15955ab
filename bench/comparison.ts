// Which figures of two runs differ by more than noise. A figure has changed when the intervals of
// its rounds do not overlap and the medians are more than 5 % apart; two rounds or fewer know no
// noise and decide nothing.

import type { Results, Row } from './results.ts'
import { spreadOf } from './statistics.ts'
import type { SubjectName } from './subjects/catalog.ts'

export const thresholdPercent = 5
export const roundsMin = 3

/** Ratios are to this subject's row of the same run: it is a library we do not change. */
export const referenceSubject: SubjectName = 'pino-async'

export type Verdict =
  'better' | 'worse' | 'same' | 'undecided' | 'faulty' | 'mended' | 'gone' | 'new'

export interface Change {
  /** `call/entry/ringlog-typed/mean_ns` */
  readonly key: string
  readonly verdict: Verdict
  /** Medians; of ratios, where ratios were compared. */
  readonly before: number | undefined
  readonly after: number | undefined
  /** How much the median changed. */
  readonly percent: number | undefined
  readonly fault?: string
}

export interface Comparison {
  /**
   * Whether rows were compared as ratios to the reference, since the runs are of different
   * machines.
   */
  readonly asRatios: boolean
  readonly changes: readonly Change[]
}

/**
 * Compares all rows. Across machines, or versions of Node, only ratios mean something: rows without
 * a reference are undecided.
 */
export function compare(before: Results, after: Results): Comparison {
  const asRatios = !sameMachine(before, after)
  const valuesBefore = valuesOf(before, asRatios)
  const valuesAfter = valuesOf(after, asRatios)
  const rowsBefore = new Map(before.rows.map((row) => [keyOf(row), row]))
  const rowsAfter = new Map(after.rows.map((row) => [keyOf(row), row]))
  const keys = [...new Set([...rowsBefore.keys(), ...rowsAfter.keys()])]
  const changes = keys.map((key) => {
    const [a, b] = [rowsBefore.get(key), rowsAfter.get(key)]
    if (b === undefined) return bare(key, 'gone')
    if (a === undefined) return bare(key, 'new')
    if (b.fault !== undefined) return { ...bare(key, 'faulty'), fault: b.fault }
    if (a.fault !== undefined) return bare(key, 'mended')
    return changeOf(key, b.better, valuesBefore.get(key) ?? [], valuesAfter.get(key) ?? [])
  })
  return { asRatios, changes }
}

function changeOf(
  key: string,
  better: Row['better'],
  before: readonly number[],
  after: readonly number[],
): Change {
  if (before.length === 0 || after.length === 0) return bare(key, 'undecided')
  const a = spreadOf(before)
  const b = spreadOf(after)
  const percent = a.median === 0 ? undefined : ((b.median - a.median) / Math.abs(a.median)) * 100
  const known = { key, before: a.median, after: b.median, percent }
  if (Math.min(before.length, after.length) < roundsMin) return { ...known, verdict: 'undecided' }
  const apart = b.min > a.max || b.max < a.min
  if (!apart || (percent !== undefined && Math.abs(percent) <= thresholdPercent)) {
    return { ...known, verdict: 'same' }
  }
  const grew = b.median > a.median
  return { ...known, verdict: grew === (better === 'higher') ? 'better' : 'worse' }
}

function bare(key: string, verdict: Verdict): Change {
  return { key, verdict, before: undefined, after: undefined, percent: undefined }
}

function keyOf({ measure, variant, subject, metric }: Row): string {
  return `${measure}/${variant}/${subject}/${metric}`
}

function sameMachine({ machine: a }: Results, { machine: b }: Results): boolean {
  return a.cpu === b.cpu && a.cores === b.cores && a.node === b.node
}

/**
 * The values of all sound rows: as they are, or over the median of the reference in the same table.
 */
function valuesOf({ rows }: Results, asRatios: boolean): Map<string, readonly number[]> {
  const sound = rows.filter(({ values }) => values.length > 0)
  if (!asRatios) return new Map(sound.map((row) => [keyOf(row), row.values]))
  const references = new Map(
    sound
      .filter(({ subject }) => subject === referenceSubject)
      .map((row) => [keyOf(row), spreadOf(row.values).median]),
  )
  return new Map(
    sound.flatMap((row): [string, readonly number[]][] => {
      const reference = references.get(keyOf({ ...row, subject: referenceSubject }))
      if (reference === undefined || reference === 0) return []
      return [[keyOf(row), row.values.map((value) => value / reference)]]
    }),
  )
}
