// How the cost of an entry grows: with the number of entries, of context fields and of categories,
// and with rotation. ringlog alone, and beside the numbers of entries their bytes, ready-made: what
// the system takes for them.

import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { openSubject, type SubjectName } from '../subjects/catalog.ts'
import type { Subject } from '../subjects/subject.ts'
import { type Cost, costOf, logInTurns, timed, warmUpCalls } from './disk.ts'

const defaultCounts: Readonly<Record<Scale, number>> = { quick: 40_000, full: 100_000 }

/**
 * Entries in all, at least, where few are logged at a time: the system counts processor time in
 * steps of 4 ms.
 */
const countMin = 200_000
/**
 * Bursts before the first that counts, each followed by a flush. V8 has to see both: code compiled
 * while the ring was never empty is thrown away when it is for the first time, and 40 ms go into
 * compiling it anew (Node 20.20, 2026-11).
 */
const warmUpBursts: readonly number[] = [
  ...Array.from({ length: 100 }, () => 1000),
  ...Array.from({ length: 10 }, () => 10_000),
  100_000,
  ...Array.from({ length: 10 }, () => 10_000),
]

/** Bytes of a line with the enforcement entry, about. */
const lineBytes = 600

/** A variant is `entries/1000000`, `bytes/1000000`, `fields/10`, `categories/20`, `rotation/0`. */
const steps: Readonly<Record<string, Readonly<Record<Scale, readonly number[]>>>> = {
  entries: { quick: [1e4, 1e5], full: [1e4, 1e5, 1e6, 1e7] },
  bytes: { quick: [1e5], full: [1e4, 1e5, 1e6, 1e7] },
  fields: { quick: [100], full: [1, 10, 100, 1000] },
  categories: { quick: [20], full: [1, 5, 20] },
  rotation: { quick: [], full: [0, 1] },
}
const subjectNames: Readonly<Record<string, SubjectName>> = {
  bytes: 'ready-bytes',
  fields: 'ringlog-untyped',
}
const titles: Readonly<Record<string, (n: number) => string>> = {
  entries: (n) => `${spaced(n)} entries at a time, typed`,
  bytes: (n) => `_limit: the bytes of ${spaced(n)} entries, ready, 256 KiB each_`,
  fields: (n) => `untyped context of ${n} fields`,
  categories: (n) => `typed events in ${n} categories, a file each`,
  rotation: (n) => (n === 1 ? 'rotation at 50 MB' : 'no rotation'),
}

export const growth: Measure = {
  name: 'growth',
  title: 'How the cost of an entry grows',
  about:
    'Cost of an entry of ringlog until it is in its file, µs: processor time of the whole process outside the ' +
    "system's calls, with them, and time passed. The enforcement entry as a typed event, 100 000 times, but for what " +
    'the line says. The numbers of entries are logged at once, to the last byte in the file, after bursts of other ' +
    'sizes; 10 000 and 100 000 several times. Before, a file as large was written and removed, so that the system has ' +
    'the memory for its pages; what it takes for the bytes alone, the limits show.',
  metrics: [
    { name: 'entry_user_us', title: 'CPU µs per entry, without the system', better: 'lower' },
    { name: 'entry_cpu_us', title: 'CPU µs per entry', better: 'lower' },
    { name: 'entry_wall_us', title: 'µs per entry', better: 'lower' },
  ],

  variantTitle: (variant) => {
    const [kind, n] = partsOf(variant)
    return titles[kind]?.(n) ?? variant
  },

  plan: (scale: Scale) =>
    Object.entries(steps).flatMap(([kind, { [scale]: numbers }]) =>
      numbers.map((n): Job => ({
        measure: 'growth',
        variant: `${kind}/${n}`,
        subject: subjectNames[kind] ?? 'ringlog-typed',
        count: countOf(kind, n, scale),
        // 6 GB, and their lines are checked.
        ...(n === 1e7 && { roundsMax: 1 }),
      })),
    ),

  async run(job: Job, directory: string): Promise<Outcome> {
    const [kind, n] = partsOf(job.variant)
    const subject = await subjectOf(kind, n, job.subject, directory)
    if (kind === 'entries' || kind === 'bytes') {
      touchPages(directory, job.count * lineBytes)
      return runBursts(subject, n, job.count)
    }
    const warmUp = kind === 'fields' ? job.count : warmUpCalls
    const cost = await costOf(
      (i) => subject.entry(i),
      () => subject.end(),
      job.count,
      warmUp,
      directory,
    )
    return { metrics: metricsOf(cost), logged: job.count + warmUp }
  },
}

/**
 * Lets the system find room for the pages of so large a file, and frees it. Memory that a virtual
 * machine has not had before, or has given back, is brought by its host page by page: of 6 GB that
 * took 1.2 µs of the processor for 600 bytes, whoever wrote them, 0.1 when it had been in use just
 * before (Linux 6.18, 2026-11).
 */
function touchPages(directory: string, bytes: number): void {
  const path = join(directory, 'pages')
  const file = openSync(path, 'w')
  const piece = Buffer.alloc(1 << 20)
  for (let written = 0; written < bytes; written += piece.length) writeSync(file, piece)
  closeSync(file)
  rmSync(path)
}

/** Logs `count` entries, `n` at a time. */
async function runBursts(subject: Subject, n: number, count: number): Promise<Outcome> {
  const log = (i: number): void => subject.entry(i)
  let i = 0
  const burst = async (length: number): Promise<void> => {
    await logInTurns(log, i, i + length)
    i += length
    await subject.flush?.()
  }
  for (const length of warmUpBursts) await burst(length)
  const cost = await timed(count, async () => {
    for (let logged = 0; logged < count; logged += n) await burst(n)
  })
  await subject.end()
  return { metrics: metricsOf(cost), logged: i }
}

function metricsOf({ userUs, cpuUs, wallUs }: Cost): Outcome['metrics'] {
  return { entry_user_us: userUs, entry_cpu_us: cpuUs, entry_wall_us: wallUs }
}

function spaced(n: number): string {
  return n.toLocaleString('en').replaceAll(',', ' ')
}

function partsOf(variant: string): [kind: string, n: number] {
  const [kind = '', n = ''] = variant.split('/')
  return [kind, Number(n)]
}

function countOf(kind: string, n: number, scale: Scale): number {
  if (kind === 'entries' || kind === 'bytes') return Math.max(n, countMin)
  const defaultCount = defaultCounts[scale]
  return kind === 'fields' ? Math.max(500, Math.round(defaultCount / n)) : defaultCount
}

async function subjectOf(
  kind: string,
  n: number,
  name: SubjectName,
  directory: string,
): Promise<Subject> {
  if (kind === 'fields' || kind === 'categories') {
    // Loaded here: every process loads all measures, and a rival's must not load ringlog.
    const { withFields, withCategories } = await import('../subjects/growing.ts')
    return kind === 'fields' ? withFields(n, directory) : withCategories(n, directory)
  }
  return openSubject(name, {
    directory,
    rotation: kind !== 'rotation' || n === 1,
    // 10⁷ entries come to 6 GB, and 100 files are kept.
    ...(kind === 'entries' && { rotationMb: 100 }),
  })
}
