// What a call costs its caller, without a clock around each: batches of 1 000 calls, and between
// them a pause in which the loop turns, so that whatever the library does later is done later, and
// not paid by the next batch.

import { pause } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { loggerNames, openSubject, type SubjectName, subjects } from '../subjects/catalog.ts'
import type { Subject, Variant } from '../subjects/subject.ts'

export const batchCalls = 1000
/** 1 000 entries of ringlog take about 1 ms of the pump. */
export const pauseMs = 8
/**
 * Until then V8 still compiles: a call of ringlog costs 400 ns in some of the first batches, 120 ns
 * from the 50th on.
 */
export const warmUpBatches = 60

const variantTitles: Readonly<Record<Exclude<Variant, 'repeated'>, string>> = {
  entry: 'The enforcement entry in full (11 numbers and booleans, 6 strings, 5 objects)',
  disabled: 'A level that is off',
  message: 'A message alone',
  small: 'A message with three fields',
  bound: 'The enforcement entry through a child with three bound fields',
  error: 'A message with three fields and an error with a cause',
}

/** They differ in the enforcement entry. */
const entryOnly: readonly SubjectName[] = ['ringlog-thread', 'ringlog-shared', 'ringlog-context']
/** Node's own parts have no levels, no children and no form of an error. */
const noLoggers: readonly SubjectName[] = ['rotating-file-stream', 'write-sync']

/** Subjects of each variant. */
const variantSubjects: Readonly<Record<keyof typeof variantTitles, readonly SubjectName[]>> = {
  entry: [...loggerNames, 'lanes', 'nothing'],
  disabled: without(['ringlog-bound', ...entryOnly, ...noLoggers], 'nothing'),
  message: without(['ringlog-typed', 'ringlog-bound', ...entryOnly], 'nothing'),
  small: without(['ringlog-bound', ...entryOnly], 'lanes', 'nothing'),
  bound: [
    'ringlog-context',
    ...without(['ringlog-typed', 'ringlog-untyped', ...entryOnly, ...noLoggers]),
  ],
  error: without(['ringlog-typed', 'ringlog-bound', ...entryOnly, ...noLoggers]),
}
const quickSubjects = new Set<SubjectName>(['ringlog-typed', 'ringlog-untyped'])
const quickVariants = new Set<string>(['entry', 'disabled', 'message'])

/** Of the rivals, a quick run has the one that is compared with most, and the entry itself only. */
function isQuick(name: SubjectName, variant: string): boolean {
  if (quickSubjects.has(name)) return quickVariants.has(variant)
  return variant === 'entry' && (name === 'pino-async' || subjects[name].kind === 'limit')
}

function without(names: readonly SubjectName[], ...limits: SubjectName[]): SubjectName[] {
  return [...loggerNames.filter((name) => !names.includes(name)), ...limits]
}

export const call: Measure = {
  name: 'call',
  title: 'What a call costs',
  about:
    'Mean time of a log call, ns, by batches of 1 000 calls without a clock around each; between batches the ' +
    'loop turns for 8 ms and is not counted. The making of the context object is counted, for everyone.',
  metrics: [{ name: 'mean_ns', title: 'ns per call', better: 'lower' }],

  variantTitle: (variant) => variantTitles[variant as keyof typeof variantTitles],

  plan: (scale: Scale) =>
    (Object.keys(variantTitles) as (keyof typeof variantTitles)[]).flatMap((variant) =>
      variantSubjects[variant]
        .filter((name) => scale === 'full' || isQuick(name, variant))
        .map((subject): Job => ({
          measure: 'call',
          variant,
          subject,
          count: batchCalls * (scale === 'quick' ? 10 : 30),
          ...(variant !== 'entry' && subjects[subject].kind === 'rival' && { roundsMax: 1 }),
        })),
    ),

  async run(job: Job, directory: string): Promise<Outcome> {
    const variant = job.variant as Variant
    const subject = await openSubject(job.subject, { directory, rotation: true })
    const log = methodOf(subject, variant)
    let i = 0
    for (; i < warmUpBatches * batchCalls; i += batchCalls) {
      timeBatch(log, i)
      await pause(pauseMs)
    }
    const end = i + job.count
    let ns = 0
    for (; i < end; i += batchCalls) {
      ns += timeBatch(log, i)
      await pause(pauseMs)
    }
    await subject.end()
    return {
      metrics: { mean_ns: ns / job.count },
      logged: variant === 'disabled' ? 0 : i,
    }
  },
}

/** @throws {Error} when the subject has no such way of logging: a fault in the plan. */
export function methodOf(subject: Subject, variant: Variant): (i: number) => void {
  const method = subject[variant]
  if (method === undefined)
    throw new Error(`Expected a subject that logs ${variant}, got one without`)
  return method
}

/** Nanoseconds of a batch of calls. */
export function timeBatch(log: (i: number) => void, from: number): number {
  const end = from + batchCalls
  const start = process.hrtime.bigint()
  for (let i = from; i < end; i++) log(i)
  return Number(process.hrtime.bigint() - start)
}
