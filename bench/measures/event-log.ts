// What a CRITICAL call costs where each is also reported to an event log that takes 50 ms: no more
// than an INFO call, since the report is made in a later turn.

import { pause } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { batchCalls, pauseMs, timeBatch, warmUpBatches } from './call.ts'

const titles = { info: 'INFO', critical: 'CRITICAL, reported to the event log' } as const
type Level = keyof typeof titles

export const eventLog: Measure = {
  name: 'event-log',
  title: 'What a call costs with a slow event log',
  about:
    'Mean time of a call with the enforcement entry, untyped, ns, as in the table of calls, with an event log that ' +
    'takes 50 ms for each CRITICAL entry (a timer in place of the Windows Event Log).',
  metrics: [{ name: 'mean_ns', title: 'ns per call', better: 'lower' }],

  variantTitle: (variant) => titles[variant as Level],

  plan: (scale: Scale) =>
    (Object.keys(titles) as Level[]).map((variant): Job => ({
      measure: 'event-log',
      variant,
      subject: 'ringlog-untyped',
      count: batchCalls * (scale === 'quick' ? 10 : 30),
    })),

  async run(job: Job, directory: string): Promise<Outcome> {
    // Loaded here: every process loads all measures, and a rival's must not load ringlog.
    const { withSlowEventLog } = await import('../subjects/reporting.ts')
    const subject = withSlowEventLog(job.variant as Level, directory)
    const log = (i: number): void => subject.entry(i)
    const from = warmUpBatches * batchCalls
    let ns = 0
    for (let i = 0; i < from + job.count; i += batchCalls) {
      const batchNs = timeBatch(log, i)
      if (i >= from) ns += batchNs
      await pause(pauseMs)
    }
    await subject.end()
    return { metrics: { mean_ns: ns / job.count }, logged: from + job.count }
  },
}
