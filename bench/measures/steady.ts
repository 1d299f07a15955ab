// How late the application's own work runs while it logs at a steady rate.

import { latenessColumns, latenessMetrics, runLoad } from '../application.ts'
import { pause } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import {
  pathNames,
  openSubject,
  rotatesFor,
  type SubjectName,
  subjects,
} from '../subjects/catalog.ts'
import { batchCalls, pauseMs, warmUpBatches } from './call.ts'

const eventsPerS = 1000
const entriesPerEvent = 5
const quickSubjects: readonly SubjectName[] = ['nothing', 'ringlog-typed']

export const steady: Measure = {
  name: 'steady',
  title: 'How late the application runs while it logs',
  about:
    'An open loop: 1 000 events per second from another thread, whose handler logs 5 enforcement entries each; and ' +
    'a timer of 1 ms beside it. Lateness, µs, from the moment it was meant to happen to the moment it did.',
  metrics: latenessColumns,

  variantTitle: () => '1 000 events/s, 5 entries each',

  plan: (scale: Scale) =>
    (scale === 'quick' ? quickSubjects : ['nothing' as const, ...pathNames]).map(
      (subject): Job => ({
        measure: 'steady',
        variant: 'entry',
        subject,
        count: eventsPerS * (scale === 'quick' ? 1 : 2),
        ...(subjects[subject].kind === 'rival' && { roundsMax: 1 }),
      }),
    ),

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, { directory, rotation: rotatesFor(job.subject) })
    let i = 0
    while (i < warmUpBatches * batchCalls) {
      for (let k = 0; k < batchCalls; k++) subject.entry(i++)
      await pause(pauseMs)
    }
    const lateness = await runLoad({
      eventsPerS,
      durationMs: (job.count / eventsPerS) * 1000,
      handle: () => {
        for (let k = 0; k < entriesPerEvent; k++) subject.entry(i++)
      },
    })
    await subject.end()
    return { metrics: latenessMetrics(lateness), logged: i }
  },
}
