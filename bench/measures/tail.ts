// How long the slow calls take: a clock around each call. The clock itself costs about as much as a
// cheap call, so what it costs is measured in the same process and shown, and nothing is
// subtracted.

import { performance } from 'node:perf_hooks'
import { pause } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { percentileName, percentilePoints, Samples } from '../statistics.ts'
import { pathNames, openSubject, rotatesFor, type SubjectName } from '../subjects/catalog.ts'
import { batchCalls, pauseMs, warmUpBatches } from './call.ts'

const quickSubjects: readonly SubjectName[] = ['ringlog-typed', 'pino-async', 'lanes']
const shown = new Set<number>([50, 99, 99.9, 100])

export const tail: Measure = {
  name: 'tail',
  title: 'How long the slow calls take',
  about:
    'Time of single calls with the enforcement entry, ns, a clock around each, in batches of 1 000 with 8 ms for ' +
    'the loop between them. The last column is two readings of the clock with nothing between them, median, in ' +
    'the same process; it is contained in all others. ringlog rotates at 50 MB; rivals need not.',
  metrics: [
    ...percentilePoints.map((point) => ({
      name: `${percentileName(point)}_ns`,
      title: percentileName(point),
      better: 'lower' as const,
      hidden: !shown.has(point),
    })),
    { name: 'clock_ns', title: 'the clock', better: 'lower' },
  ],

  variantTitle: () => 'The enforcement entry in full',

  plan: (scale: Scale) =>
    (scale === 'quick' ? quickSubjects : [...pathNames, 'lanes' as const, 'nothing' as const]).map(
      (subject): Job => ({
        measure: 'tail',
        variant: 'entry',
        subject,
        count: batchCalls * (scale === 'quick' ? 20 : 100),
      }),
    ),

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, { directory, rotation: rotatesFor(job.subject) })
    const log = (i: number): void => subject.entry(i)
    const warmUp = new Samples(batchCalls)
    let i = 0
    for (; i < warmUpBatches * batchCalls; i += batchCalls) {
      timeCalls(log, i, warmUp)
      await pause(pauseMs)
    }
    const samples = new Samples(job.count)
    const end = i + job.count
    for (; i < end; i += batchCalls) {
      timeCalls(log, i, samples)
      await pause(pauseMs)
    }
    await subject.end()
    const clock = new Samples(10 * batchCalls)
    for (let k = 0; k < 10; k++) timeCalls(nothing, 0, clock)
    return {
      metrics: { ...samples.percentiles('ns'), clock_ns: clock.median() },
      logged: i,
    }
  },
}

function nothing(): void {}

function timeCalls(log: (i: number) => void, from: number, samples: Samples): void {
  const end = from + batchCalls
  for (let i = from; i < end; i++) {
    const start = performance.now()
    log(i)
    samples.record((performance.now() - start) * 1e6)
  }
}
