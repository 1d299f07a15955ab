// The benchmark of the specification ringlog comes from: 1 000 calls, synchronous against
// asynchronous, in a process that has just started. It claims 0.5 s against 0.010 s, for Python.

import { type Job, type Measure, type Outcome } from '../measure.ts'
import { openSubject, type SubjectName } from '../subjects/catalog.ts'

const compared: readonly SubjectName[] = [
  'ringlog-typed',
  'ringlog-untyped',
  'pino-async',
  'write-sync',
]

export const original: Measure = {
  name: 'original',
  title: 'The original benchmark: 1 000 calls',
  about:
    '1 000 enforcement entries in one turn, the first of a process that has just started: the time of the calls, ' +
    'and the time until everything is in the file.',
  metrics: [
    { name: 'calls_ms', title: 'the calls, ms', better: 'lower' },
    { name: 'all_ms', title: 'until in the file, ms', better: 'lower' },
  ],

  variantTitle: () => '1 000 entries, cold',

  plan: () =>
    compared.map((subject): Job => ({
      measure: 'original',
      variant: 'entry',
      subject,
      count: 1000,
    })),

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, { directory, rotation: true })
    const start = process.hrtime.bigint()
    for (let i = 0; i < job.count; i++) subject.entry(i)
    const called = process.hrtime.bigint()
    await subject.end()
    const ended = process.hrtime.bigint()
    return {
      metrics: { calls_ms: Number(called - start) / 1e6, all_ms: Number(ended - start) / 1e6 },
      logged: job.count,
    }
  },
}
