// An audit of an engine: which entries are missing, host by host. Numbers have no gap, so those in
// the engine show what is missing between them, and those in the files of a host show what has not
// arrived yet.
//
// Two things it cannot see. The oldest entries, when neither the engine nor the host has them any
// more: the report says where a series begins. And the newest ones, without the host's files.

import { monotonicMs, sleep } from '../entry/clock.ts'
import { logIdOf } from '../directory/lock-files.ts'
import { parseLine } from '../entry/line.ts'
import { reportedBy } from '../read/seq-audit.ts'
import { streamBatches } from '../read/stream-batches.ts'
import {
  EngineMissing,
  type EngineReader,
  type LogName,
  type SeqStretch,
  type SeriesName,
  type ShippedNumbers,
} from './engine.ts'

/**
 * So long what a host has is given to arrive: a shipper that has caught up takes less.
 * Milliseconds.
 */
const arrivalMs = 5000
const lookMs = 250

/** What is found of one category of a log of a host. */
export interface SeriesReport extends SeriesName {
  /** What the engine has; undefined when it has nothing. */
  readonly there: SeqStretch | undefined
  /** Numbers that are not there, between those that are, and up to the last one in the files. */
  readonly missing: readonly SeqStretch[]
  /** Of the missing ones, those that the host's files still hold. */
  readonly held: readonly SeqStretch[]
  /** Numbers that are there twice, or behind a higher one. */
  readonly disordered: readonly SeqStretch[]
  readonly count: number
}

/** What a logger itself has told of its losses: the entries are in no file, and so in no engine. */
export interface ReportedLoss extends LogName {
  readonly entries: number
}

/** The losses that the loggers have told, host by host. */
export async function reportedLosses(reader: EngineReader): Promise<ReportedLoss[]> {
  const found = new Map<string, ReportedLoss>()
  try {
    for await (const lines of reader.read({ categories: ['system'], levels: ['WARNING'] })) {
      for (const { host, log_id, raw } of lines) {
        // Most lines are not parsed.
        const entry = raw.includes(' were lost') ? parseLine(raw) : undefined
        const more = entry === undefined ? 0 : reportedBy(entry)
        if (more === 0) continue
        const name = JSON.stringify([host, log_id])
        const entries = (found.get(name)?.entries ?? 0) + more
        found.set(name, { host, log_id, entries })
      }
    }
  } catch (error) {
    if (!(error instanceof EngineMissing)) throw error
  }
  return [...found.values()]
}

/** What the files of a log hold. */
interface HeldLog {
  readonly log_id: string
  readonly held: ReadonlyMap<string, readonly SeqStretch[]>
}

/**
 * Looks at all numbers of an engine.
 *
 * @param directories Logs of this host: what they hold must be there as well. Read first, so that
 *   what is written meanwhile is asked of nobody.
 */
export async function verifyFleet(
  reader: EngineReader,
  directories: readonly string[] = [],
): Promise<SeriesReport[]> {
  const logs: HeldLog[] = []
  for (const directory of directories) {
    const log_id = logIdOf(directory)
    if (log_id !== undefined) logs.push({ log_id, held: await heldIn(directory) })
  }
  const beganMs = monotonicMs()
  for (;;) {
    const reports = reportsOf(await numbersOf(reader), logs)
    // What has others of its category behind it does not come any more.
    const isBehind = reports.some(({ held, there }) => (held.at(-1)?.[1] ?? 0) > (there?.[1] ?? 0))
    if (!isBehind || monotonicMs() - beganMs >= arrivalMs) return reports
    await sleep(lookMs)
  }
}

/** Of an engine to which nothing has been shipped, none. */
async function numbersOf(reader: EngineReader): Promise<readonly ShippedNumbers[]> {
  try {
    return await reader.numbers()
  } catch (error) {
    if (error instanceof EngineMissing) return []
    throw error
  }
}

async function heldIn(directory: string): Promise<Map<string, SeqStretch[]>> {
  const held = new Map<string, SeqStretch[]>()
  for await (const { batches } of streamBatches(directory)) {
    for (const { category, first, last } of batches) {
      const stretches = held.get(category) ?? []
      held.set(category, stretches)
      const before = stretches.at(-1)
      if (before?.[1] === first - 1) stretches[stretches.length - 1] = [before[0], last]
      else stretches.push([first, last])
    }
  }
  return held
}

function reportsOf(series: readonly ShippedNumbers[], logs: readonly HeldLog[]): SeriesReport[] {
  const reports = series.map((each) => {
    const held = logs.find(({ log_id }) => log_id === each.log_id)?.held.get(each.category) ?? []
    return reportOf(each, each.stretches, each.count, held)
  })
  for (const { log_id, held } of logs) {
    const hosts = [...new Set(series.filter((each) => each.log_id === log_id).map(hostOf))]
    for (const host of hosts.length > 0 ? hosts : ['']) {
      for (const [category, stretches] of held) {
        const isThere = series.some(
          (each) => each.log_id === log_id && each.host === host && each.category === category,
        )
        if (!isThere) reports.push(reportOf({ host, log_id, category }, [], 0, stretches))
      }
    }
  }
  return reports.toSorted(byName)
}

function hostOf({ host }: SeriesName): string {
  return host
}

function reportOf(
  { host, log_id, category }: SeriesName,
  stretches: readonly SeqStretch[],
  count: number,
  files: readonly SeqStretch[],
): SeriesReport {
  const disordered: SeqStretch[] = []
  let highest = 0
  for (const [from, to] of stretches) {
    if (from <= highest) disordered.push([from, to])
    highest = Math.max(highest, to)
  }
  const ascending = stretches.toSorted(([a], [b]) => a - b)
  const missing: SeqStretch[] = []
  // Where the engine begins later than the files, it has never got the beginning, or lost it.
  const [begin, beginInFiles] = [ascending[0]?.[0], files[0]?.[0]]
  if (begin !== undefined && beginInFiles !== undefined && beginInFiles < begin) {
    missing.push([beginInFiles, begin - 1])
  }
  let [first, last] = [ascending[0]?.[0] ?? 0, (ascending[0]?.[0] ?? 1) - 1]
  // Of what the engine has nothing of, the host's files say where it begins.
  if (ascending.length === 0) {
    first = files[0]?.[0] ?? 1
    last = first - 1
  }
  for (const [from, to] of ascending) {
    if (from > last + 1) missing.push([last + 1, from - 1])
    last = Math.max(last, to)
  }
  const end = files.at(-1)?.[1] ?? 0
  if (end > last) missing.push([last + 1, end])
  const held = missing.flatMap((gap) => files.flatMap((stretch) => common(gap, stretch)))
  const there = ascending.length === 0 ? undefined : ([first, last] as const)
  return { host, log_id, category, there, missing, held, disordered, count }
}

/** What two stretches have in common. */
function common([a, b]: SeqStretch, [c, d]: SeqStretch): SeqStretch[] {
  const [from, to] = [Math.max(a, c), Math.min(b, d)]
  return from <= to ? [[from, to]] : []
}

function byName(a: SeriesName, b: SeriesName): number {
  const [one, other] = [a, b].map(({ host, log_id, category }) =>
    [host, log_id, category].join('\0'),
  )
  return one! < other! ? -1 : one! > other! ? 1 : 0
}
