// How the cost of an entry grows: with the number of entries, of context fields and of categories, and with
// rotation. ringlog alone.

import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { openSubject, type SubjectName } from '../subjects/catalog.ts'
import type { Subject } from '../subjects/subject.ts'
import { costOf, warmUpCalls } from './disk.ts'

const defaultCounts: Readonly<Record<Scale, number>> = { quick: 40_000, full: 100_000 }

/** A variant is `entries/1000000`, `fields/10`, `categories/20`, `rotation/0`. */
const steps: Readonly<Record<string, Readonly<Record<Scale, readonly number[]>>>> = {
  entries: { quick: [1e4, 1e5], full: [1e4, 1e5, 1e6, 1e7] },
  fields: { quick: [1, 100], full: [1, 10, 100, 1000] },
  categories: { quick: [20], full: [1, 5, 20] },
  rotation: { quick: [0], full: [0, 1] },
}
const titles: Readonly<Record<string, (n: number) => string>> = {
  entries: (n) => `${n.toLocaleString('en').replaceAll(',', ' ')} entries, typed`,
  fields: (n) => `untyped context of ${n} fields`,
  categories: (n) => `typed events in ${n} categories, a file each`,
  rotation: (n) => (n === 1 ? 'rotation at 50 MB' : 'no rotation'),
}

export const growth: Measure = {
  name: 'growth',
  title: 'How the cost of an entry grows',
  about:
    'Cost of an entry of ringlog until it is in its file: processor time of the whole process and time passed, µs. ' +
    'The enforcement entry as a typed event, 100 000 times, but for what the line says.',
  metrics: [
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
        subject: kind === 'fields' ? 'ringlog-untyped' : 'ringlog-typed',
        count: countOf(kind, n, scale),
        // 6 GB, and their lines are checked.
        ...(n === 1e7 && { roundsMax: 1 }),
      })),
    ),

  async run(job: Job, directory: string): Promise<Outcome> {
    const [kind, n] = partsOf(job.variant)
    const subject = await subjectOf(kind, n, job.subject, directory)
    const warmUp = kind === 'fields' ? job.count : warmUpCalls
    const { cpuUs, wallUs } = await costOf(
      (i) => subject.entry(i),
      () => subject.end(),
      job.count,
      warmUp,
    )
    return {
      metrics: { entry_cpu_us: cpuUs, entry_wall_us: wallUs },
      logged: job.count + warmUp,
    }
  },
}

function partsOf(variant: string): [kind: string, n: number] {
  const [kind = '', n = ''] = variant.split('/')
  return [kind, Number(n)]
}

function countOf(kind: string, n: number, scale: Scale): number {
  if (kind === 'entries') return n
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
