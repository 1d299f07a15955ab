// How late the application's own work runs when 100 000 entries come at once and drain.

import { latenessColumns, latenessMetrics, runLoad } from '../application.ts'
import { pause, turn } from '../loop.ts'
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
/** Entries logged in one turn of the loop, until the burst is over. */
const turnCalls = 1000
/** Of the whole window, calm included: 100 000 entries and 2 s. */
const entriesPerMs = 50
const quickSubjects: readonly SubjectName[] = ['nothing', 'ringlog-typed']

export const burst: Measure = {
  name: 'burst',
  title: 'How late the application runs in a burst',
  about:
    '1 000 events per second whose handlers do not log, and 100 000 enforcement entries (--quick: 50 000) logged in between, 1 000 ' +
    'per turn of the loop, from the start. Lateness, µs, over 2 s (1 s) from the start of the burst on. ringlog has ' +
    'buffer.entries for the whole burst; the others know no limit, and need ' +
    'not rotate.',
  metrics: latenessColumns,

  variantTitle: () => 'Entries all at once',

  plan: (scale: Scale) =>
    (scale === 'quick' ? quickSubjects : ['nothing' as const, ...pathNames]).map(
      (subject): Job => ({
        measure: 'burst',
        variant: 'entry',
        subject,
        count: scale === 'quick' ? 50_000 : 100_000,
        ...(subjects[subject].kind === 'rival' && { roundsMax: 1 }),
      }),
    ),

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, {
      directory,
      rotation: rotatesFor(job.subject),
      entriesMax: 1 << 18,
    })
    let i = 0
    while (i < warmUpBatches * batchCalls) {
      for (let k = 0; k < batchCalls; k++) subject.entry(i++)
      await pause(pauseMs)
    }
    const end = i + job.count
    let logged: Promise<void> | undefined
    const lateness = await runLoad({
      eventsPerS,
      durationMs: job.count / entriesPerMs,
      handle: () => {
        logged ??= logAll()
      },
    })
    await logged
    await subject.end()
    return { metrics: latenessMetrics(lateness), logged: i }

    async function logAll(): Promise<void> {
      while (i < end) {
        for (let k = 0; k < turnCalls; k++) subject.entry(i++)
        await turn()
      }
    }
  },
}
