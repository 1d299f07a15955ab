// What a call costs where programs call: a few calls in a turn, then other turns, ours among them,
// with contexts and strings that are made anew for each. Code that is used once in a while is
// colder than that of a batch.

import { turn } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import {
  openSubject,
  pathNames,
  rotatesFor,
  type SubjectName,
  subjects,
} from '../subjects/catalog.ts'
import { makeFreshStrings } from '../workload.ts'

/** Calls in a turn. */
const callsPerTurn = [1, 10, 100] as const
const quickSubjects: readonly SubjectName[] = [
  'ringlog-typed',
  'ringlog-untyped',
  'pino-async',
  'nothing',
]

export const mixed: Measure = {
  name: 'mixed',
  title: 'What a call costs between other turns',
  about:
    'Mean time of a log call, ns, when 1, 10 or 100 calls are followed by a turn of the event loop, with contexts ' +
    'and strings made anew for each call. Making them is counted, for everyone, and so is a share of the clock, ' +
    'which is read twice a turn: the limit shows both.',
  metrics: callsPerTurn.map((calls) => ({
    name: `mean_${calls}_ns`,
    title: `${calls} a turn, ns`,
    better: 'lower' as const,
  })),

  variantTitle: () => 'The enforcement entry in full',

  plan: (scale: Scale) =>
    (scale === 'quick' ? quickSubjects : [...pathNames, 'nothing' as const]).map(
      (subject): Job => ({
        measure: 'mixed',
        variant: 'entry',
        subject,
        count: scale === 'quick' ? 5000 : 20_000,
        seconds: scale === 'quick' ? 1 : 1.8,
        ...(subjects[subject].kind === 'rival' &&
          subject !== 'pino-async' && { roundsMax: 1, count: 5000, seconds: 1.2 }),
      }),
    ),

  async run(job: Job, directory: string): Promise<Outcome> {
    makeFreshStrings()
    const subject = await openSubject(job.subject, { directory, rotation: rotatesFor(job.subject) })
    const metrics: Record<string, number> = {}
    let i = 0
    const timedCalls = async (calls: number): Promise<number> => {
      let ns = 0
      for (let done = 0; done < job.count; done += calls) {
        const start = process.hrtime.bigint()
        for (let k = 0; k < calls; k++) subject.entry(i++)
        ns += Number(process.hrtime.bigint() - start)
        await turn()
      }
      return ns / job.count
    }
    await timedCalls(100)
    for (const calls of callsPerTurn) metrics[`mean_${calls}_ns`] = await timedCalls(calls)
    await subject.end()
    return { metrics, logged: i }
  },
}
