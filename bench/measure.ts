// What a measure is: a plan of jobs, each run in a process of its own, and what a job tells when it
// is done.

import type { SubjectName } from './subjects/catalog.ts'

/** How much is done. `quick`: the whole bench in about a minute, one round, for a look. */
export type Scale = 'quick' | 'full'

/** One configuration of one measure: what a process is told to do. */
export interface Job {
  readonly measure: string
  /** The table within the measure. */
  readonly variant: string
  readonly subject: SubjectName
  /** Entries, calls or events, as the measure says. */
  readonly count: number
  /** Flags for node. */
  readonly flags?: readonly string[]
  /** Rounds, if fewer than the others have. */
  readonly roundsMax?: number
  /** How long it takes, about; 4 if not given. */
  readonly seconds?: number
  /** Less of the same, for a quick run. */
  readonly isQuick?: boolean
  /** Delay of each write to the subject's file, injected from outside, milliseconds. */
  readonly writeDelayMs?: number
}

/** What a job found. */
export interface Outcome {
  readonly metrics: Readonly<Record<string, number>>
  /** Where the figures are uncertain within one run: the interval of each. */
  readonly intervals?: Readonly<Record<string, readonly [low: number, high: number]>>
  /**
   * Entries that must be in the files, the warm-up included; undefined: there are none to be
   * checked.
   */
  readonly logged: number | undefined
  /** What spoils the figures although all entries arrived. */
  readonly fault?: string
}

/** A column of a measure's tables. */
export interface Metric {
  /** Ends in its unit: `mean_ns`. */
  readonly name: string
  readonly title: string
  readonly better: 'lower' | 'higher'
  /** The table that it is a column of, when a measure has several of the same rows. */
  readonly table?: string
  /** Kept for the pictures and for comparisons, not shown in the tables. */
  readonly hidden?: boolean
}

export interface Measure {
  readonly name: string
  readonly title: string
  /** What is measured, on what, in one paragraph. */
  readonly about: string
  readonly metrics: readonly Metric[]
  /** How a variant is called above its table. */
  variantTitle(variant: string): string
  plan(scale: Scale): Job[]
  run(job: Job, directory: string): Promise<Outcome>
}
