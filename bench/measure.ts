// What a measure is: a plan of jobs, each run in a process of its own, and what a job tells when it is done.

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
  /** Delay of each write to the subject's file, injected from outside, milliseconds. */
  readonly writeDelayMs?: number
}

/** What a job found. */
export interface Outcome {
  readonly metrics: Readonly<Record<string, number>>
  /** Entries that must be in the files, the warm-up included; undefined: there are none to be checked. */
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

/**
 * Brings V8's young generation to the size it has in a process that has been running for a while. Until then each
 * object is made in memory that was never touched, and whoever is measured first pays for it: 85 page faults per
 * 1 000 contexts of the enforcement entry, 170 ns a call (Node 20.20 in a virtual machine, 2026-11).
 */
export function growYoungGeneration(): void {
  // It doubles when much survives; 100 rounds would do, and 400 take 70 ms.
  for (let round = 0, kept: object[] = []; round < 400; round++, kept = []) {
    for (let i = 0; i < 10_000; i++) kept.push({ i, values: [i] })
  }
}

/** Lets timers, pumps and streams of everyone have the loop for this long. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** Lets the loop turn once. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
