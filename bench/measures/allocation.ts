// How many bytes a call allocates: the growth of the heap over 100 000 calls in one turn, into a
// buffer with room for all of them, with a young generation so large that no collection comes
// between. The context is made beforehand, so that what is found is the library's own.

import { PerformanceObserver } from 'node:perf_hooks'
import { pause, turn } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { openSubject, type SubjectName } from '../subjects/catalog.ts'
import { methodOf } from './call.ts'

const calls = 100_000
/** pino makes some kilobytes of strings per call: 100 000 calls do not fit any young generation. */
const callsOfRivals = 10_000
const warmUpCalls = 25_000
const warmUps = 4

const quickSubjects: readonly SubjectName[] = ['ringlog-typed', 'lanes']
const fullSubjects: readonly SubjectName[] = [
  ...quickSubjects,
  'ringlog-untyped',
  'pino-async',
  'nothing',
]

export const allocation: Measure = {
  name: 'allocation',
  title: 'What a call allocates',
  about:
    'Growth of the heap, bytes per call, over 100 000 calls in one turn without a garbage collection between ' +
    'them (pino: 10 000), into a buffer that holds them all; the context object is made beforehand. Reading ' +
    'the clock with Date.now() is itself an allocation of a number, as the limit shows.',
  metrics: [{ name: 'call_bytes', title: 'bytes per call', better: 'lower' }],

  variantTitle: () => 'The enforcement entry in full',

  plan: (scale: Scale) =>
    (scale === 'quick' ? quickSubjects : fullSubjects).map((subject): Job => ({
      measure: 'allocation',
      variant: 'entry',
      subject,
      count: subject === 'pino-async' ? callsOfRivals : calls,
      // 1 GiB of young generation: pino's 100 000 lines fit.
      flags: ['--expose-gc', '--max-semi-space-size=1024', '--min-semi-space-size=1024'],
    })),

  async run(job: Job, directory: string): Promise<Outcome> {
    let collections = 0
    const observer = new PerformanceObserver((list) => {
      collections += list.getEntries().length
    })
    const subject = await openSubject(job.subject, {
      directory,
      rotation: true,
      entriesMax: 1 << 18,
    })
    const log = methodOf(subject, 'repeated')
    for (let k = 0; k < warmUps; k++) {
      repeat(log, warmUpCalls)
      // Until they are out of the way: ringlog needs about 4 µs for each.
      await pause(warmUpCalls / 100)
    }
    globalThis.gc?.()
    await turn()
    observer.observe({ entryTypes: ['gc'] })
    const before = process.memoryUsage().heapUsed
    repeat(log, job.count)
    const after = process.memoryUsage().heapUsed
    // The observer is told of collections in a later turn.
    await turn()
    await turn()
    const seen = collections
    observer.disconnect()
    await subject.end()
    return {
      metrics: { call_bytes: (after - before) / job.count },
      logged: undefined,
      ...(seen > 0 && { fault: `${seen} garbage collections came between` }),
    }
  },
}

function repeat(log: (i: number) => void, count: number): void {
  for (let i = 0; i < count; i++) log(i)
}
