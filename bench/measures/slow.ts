// What a slow disk does to the application: each write to the log file takes 50 ms longer, injected
// from outside with strace, so that nobody's code is changed. run.ts starts the process so, or
// skips the measure and says why.

import { performance } from 'node:perf_hooks'
import { latenessMetrics, runLoad } from '../application.ts'
import { pause } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { Samples } from '../statistics.ts'
import {
  pathNames,
  openSubject,
  rotatesFor,
  type SubjectName,
  subjects,
} from '../subjects/catalog.ts'

const eventsPerS = 100
const entriesPerEvent = 5
/**
 * A subject that blocks falls behind for ever: after this many times the planned time it logs no
 * more.
 */
const patience = 2
const quickSubjects: readonly SubjectName[] = ['ringlog-typed', 'pino-async']

export const slow: Measure = {
  name: 'slow',
  title: 'When the disk is slow',
  about:
    'Each write to the log file takes 50 ms longer (injected with strace). 100 events per second, 5 enforcement ' +
    'entries each. Time of single calls, µs; lateness of a 1 ms timer, µs; peak memory of the process. All entries ' +
    'logged are in the files afterwards, or the row says so.',
  metrics: [
    { name: 'call_p50_us', title: 'call p50, µs', better: 'lower' },
    { name: 'call_p99.9_us', title: 'call p99.9, µs', better: 'lower' },
    { name: 'call_max_us', title: 'call max, µs', better: 'lower' },
    { name: 'timer_p99.9_us', title: 'timer p99.9, µs', better: 'lower' },
    { name: 'timer_max_us', title: 'timer max, µs', better: 'lower' },
    { name: 'rss_mb', title: 'peak memory, MB', better: 'lower' },
    { name: 'end_ms', title: 'until all is written, ms', better: 'lower' },
  ],

  variantTitle: () => '50 ms per write',

  plan: (scale: Scale) =>
    (scale === 'quick' ? quickSubjects : ['nothing' as const, ...pathNames]).map(
      (subject): Job => ({
        measure: 'slow',
        variant: 'entry',
        subject,
        count: eventsPerS * (scale === 'quick' ? 1 : 2),
        writeDelayMs: 50,
        // What rivals do here differs by orders of magnitude: one round shows it.
        ...(subjects[subject].kind === 'rival' && { roundsMax: 1 }),
      }),
    ),

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, { directory, rotation: rotatesFor(job.subject) })
    // Few, since for some every call is a write.
    let i = 0
    for (; i < 20; i++) subject.entry(i)
    await pause(500)

    const durationMs = (job.count / eventsPerS) * 1000
    const giveUpAt = performance.now() + durationMs * patience
    const calls = new Samples(job.count * entriesPerEvent)
    const lateness = await runLoad({
      eventsPerS,
      durationMs,
      handle: () => {
        if (performance.now() > giveUpAt) return
        for (let k = 0; k < entriesPerEvent; k++) {
          const start = performance.now()
          subject.entry(i++)
          calls.record((performance.now() - start) * 1e6)
        }
      },
    })
    const endStart = performance.now()
    await subject.end()
    return {
      metrics: {
        ...latenessMetrics(lateness),
        ...calls.percentiles('us', 1000, 'call_'),
        rss_mb: (process.resourceUsage().maxRSS * 1024) / 1e6,
        end_ms: performance.now() - endStart,
      },
      logged: i,
    }
  },
}
