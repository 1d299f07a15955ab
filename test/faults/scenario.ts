// A fault, the runs under it, and what each run came to, measured against what was promised for it.

import { ringVariable } from './job.ts'
import { createLogger } from 'ringlog'
import type { Random } from './random.ts'
import { type Finding, judge, oldestFirst, type Source, sourcesOf } from './judge.ts'
import type { Ended, Workplace } from './subject.ts'

/**
 * What holds under a fault. `complete`: everything accepted is in the files, once and in order.
 * `counted`: the same of all but what the logger counts as dropped or diverted. `acknowledged`:
 * everything acknowledged is there, once.
 */
export type Promised = 'complete' | 'counted' | 'acknowledged'

/** One run, as it goes into the table. */
export interface Run {
  /** Which run it was, so that it can be found again. */
  readonly label: string
  /** Accepted, by the logger's own count; where it was killed, acknowledged. */
  readonly accepted: number
  readonly onDisk: number
  readonly lost: number
  readonly duplicated: number
  readonly torn: number
  readonly disordered: number
  /** Dropped or diverted, by the logger's own count. */
  readonly counted: number
  readonly recoveredMs: number | undefined
  /** Everything that breaks the promise, in words; empty when it holds. */
  readonly complaints: readonly string[]
  /** Whether the process came to the fault; of a sweep, whose last run does not. @default true */
  readonly isMet?: boolean
  /** A figure that belongs to the scenario, in words. */
  readonly remark?: string
}

/** What scenarios are given. */
export interface Tools {
  readonly random: Random
  /** How many runs where a number of random ones is wanted: this share of the complete number. */
  readonly scale: (runs: number) => number
  /** Does the run in a directory of its own, which is gone afterwards. */
  readonly at: (run: (workplace: Workplace) => Promise<Run>) => Promise<Run>
}

export interface Scenario {
  /** As it stands in the table. */
  readonly title: string
  /** Left out unless all are asked for: another scenario takes the same way through the code. */
  readonly isVariant?: boolean
  /** No other scenario runs at the same time: it takes time. */
  readonly isAlone?: boolean
  /** Why the fault cannot be injected here; undefined when it can. */
  readonly whyNot?: () => string | undefined
  readonly runs: (tools: Tools) => AsyncIterable<Run>
  /** The same fault on the known-bad writer, which has to break. */
  readonly control?: (tools: Tools) => AsyncIterable<Run>
}

export interface Expected {
  readonly promised: Promised
  /** Torn lines that may be there. @default 0 */
  readonly torn?: number
  /**
   * Entries may be there twice, in another place: they were written again since nobody knew whether
   * they are.
   */
  readonly mayRepeat?: boolean
  /** A write that hung at the end may have landed, although it was counted as lost. */
  readonly mayLandLate?: boolean
  /** @default exit code 0 */
  readonly code?: number
  readonly signal?: NodeJS.Signals
  /**
   * Files that somebody else has put elsewhere, or taken away; their index says between which they
   * belong.
   */
  readonly elsewhere?: readonly Source[]
  /** Losses must be told in the files, as many as were counted. */
  readonly lossTold?: boolean
  /** Further complaints about the run. */
  readonly also?: (ended: Ended, finding: Finding) => readonly string[]
}

/** Reads what is on disk after a run, and says what it came to. */
export function assess(label: string, ended: Ended, directory: string, expected: Expected): Run {
  const sources = [...(expected.elsewhere ?? []), ...sourcesOf(directory)]
  const finding = judge(sources.toSorted(oldestFirst))
  const { outcome } = ended
  const counted = (outcome?.stats.dropped.total ?? 0) + (outcome?.stats.diverted ?? 0)
  const accepted = outcome?.stats.accepted ?? sum(ended.acknowledged)
  const forgotten = missingOf(ended, finding)
  const isKilled = expected.promised === 'acknowledged'
  const balance = isKilled ? 0 : accepted - finding.entries - finding.gone - counted
  const lost = Math.max(0, balance, forgotten)

  const complaints = [...finding.wrong, ...endFaults(ended, expected)]
  if (lost > 0) complaints.push(`${lost} entries lost`)
  if (balance < 0 && !expected.mayLandLate)
    complaints.push(`${-balance} entries are there that were counted as lost`)
  if (!isKilled && outcome !== undefined && outcome.stats.queued !== 0)
    complaints.push(`${outcome.stats.queued} entries are queued for ever`)
  if (ended.job.settleMs > 0 && outcome !== undefined && !outcome.isSettled)
    complaints.push(`no recovery within ${ended.job.settleMs / 1000} s`)
  if (expected.promised === 'complete' && counted > 0) complaints.push(`${counted} entries dropped`)
  const hasCopies = ended.job.writer === 'ringlog'
  if (expected.promised === 'complete' && hasCopies && finding.copiesMissing > 0)
    complaints.push(`${finding.copiesMissing} copies missing in error.log`)
  if (!expected.mayRepeat && finding.duplicated > 0)
    complaints.push(`${finding.duplicated} entries twice`)
  if (!expected.mayRepeat && finding.disordered > 0)
    complaints.push(`${finding.disordered} entries out of order`)
  if (finding.torn > (expected.torn ?? 0)) complaints.push(`${finding.torn} torn lines`)
  const dropped = outcome?.stats.dropped.total ?? 0
  if (expected.lossTold && finding.lossTold !== dropped)
    complaints.push(`the files tell of ${finding.lossTold} lost entries, ${dropped} were counted`)
  complaints.push(...(expected.also?.(ended, finding) ?? []))
  return {
    label,
    accepted,
    onDisk: finding.entries,
    lost,
    duplicated: finding.duplicated,
    torn: finding.torn,
    disordered: finding.disordered,
    counted,
    recoveredMs: outcome?.recoveredMs,
    complaints,
  }
}

/** Acknowledged entries that are not there. */
function missingOf({ job, acknowledged }: Ended, { seqs }: Finding): number {
  let missing = 0
  job.categories.forEach((category, i) => {
    for (let n = 1; n <= acknowledged[i]!; n++) if (!seqs.get(category)?.has(n)) missing++
  })
  return missing
}

function endFaults(
  { code, signal, isTimedOut, stderr, outcome }: Ended,
  expected: Expected,
): string[] {
  if (isTimedOut) return ['the process hung']
  const isAsExpected =
    expected.signal === undefined ? code === (expected.code ?? 0) : signal === expected.signal
  if (isAsExpected && (outcome !== undefined || expected.signal !== undefined)) return []
  const said = stderr.trim().split('\n').slice(-8).join(' | ')
  return [`ended with ${signal ?? `exit code ${code}`}: ${said}`]
}

/**
 * What the next start makes of a directory: it must tell of each torn line, go on with the numbers,
 * and cut nothing.
 *
 * @returns complaints.
 */
export async function restartFaults(directory: string): Promise<string[]> {
  const before = judge(sourcesOf(directory))
  const unended = sourcesOf(directory).filter(
    ({ bytes, index }) => index === 0 && bytes.length > 0 && bytes.at(-1) !== 0x0a,
  )
  const log = createLogger({ log_path: directory, console: 'off', rotation: { max_files: 100 } })
  log.audit.info('Restarted')
  await log.close()
  const after = judge(sourcesOf(directory))
  const complaints: string[] = []
  const last = Math.max(0, ...(before.seqs.get('audit') ?? []))
  // Entries that were lost have had their numbers, and a start that knows of them leaves the gap to
  // be seen.
  const added = [...(after.seqs.get('audit') ?? [])].filter(
    (seq) => !before.seqs.get('audit')?.has(seq),
  )
  // A shared ring brings back what the process had accepted beyond that.
  const isOne = added.length === 1 || (added.length > 1 && process.env[ringVariable] === 'shared')
  if (!isOne || added.some((seq) => seq <= last))
    complaints.push(`after a restart the numbers do not go on from ${last}`)
  if (after.tornTold - before.tornTold !== unended.length)
    complaints.push(
      `the next start tells of ${after.tornTold - before.tornTold} torn lines, there are ${unended.length}`,
    )
  if (
    after.torn > before.torn ||
    after.duplicated > before.duplicated ||
    after.disordered > before.disordered
  )
    complaints.push('the next start has damaged the files')
  return complaints
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
