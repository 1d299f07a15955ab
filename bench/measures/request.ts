// A server's use: each request has a logger of its own with the request's fields, and logs three
// lines with it.

import { performance } from 'node:perf_hooks'
import { pause, turn } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { openSubject, rotatesFor, type SubjectName, subjects } from '../subjects/catalog.ts'

const compared: readonly SubjectName[] = [
  'ringlog-untyped',
  'pino-async',
  'winston',
  'bunyan',
  'logtape',
]
const quickSubjects: readonly SubjectName[] = ['ringlog-untyped', 'pino-async']
const linesPerRequest = 3
/** Requests handled in a turn: what a busy server finds when it comes back to the loop. */
const requestsPerTurn = 4
const warmUpRequests = 10_000
const restMs = 200

export const request: Measure = {
  name: 'request',
  title: 'A logger for each request',
  about:
    'A child with two fields is made for each request and logs three lines of three fields, 4 requests a turn, as ' +
    'fast as it goes: processor time of the process until all is in the file, and the time of the calls alone, µs ' +
    'per request.',
  metrics: [
    { name: 'request_cpu_us', title: 'CPU µs per request', better: 'lower' },
    { name: 'request_calls_us', title: 'of it in the calls, µs', better: 'lower' },
  ],

  variantTitle: () => 'A child and three lines',

  plan: (scale: Scale) =>
    (scale === 'quick' ? quickSubjects : compared).map((subject): Job => ({
      measure: 'request',
      variant: 'request',
      subject,
      count: scale === 'quick' ? 3000 : 20_000,
      seconds: 2,
      ...(subjects[subject].kind === 'rival' && subject !== 'pino-async' && { roundsMax: 1 }),
    })),

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, { directory, rotation: rotatesFor(job.subject) })
    if (subject.request === undefined) throw new Error('Expected a subject with children')
    let i = 0
    let callsMs = 0
    const handle = async (requests: number): Promise<void> => {
      const end = i + requests
      while (i < end) {
        const start = performance.now()
        for (let k = 0; k < requestsPerTurn; k++) subject.request?.(i++)
        callsMs += performance.now() - start
        await turn()
      }
    }
    await handle(warmUpRequests)
    await pause(restMs)
    callsMs = 0
    const cpuStart = process.cpuUsage()
    await handle(job.count)
    await subject.end()
    const { user, system } = process.cpuUsage(cpuStart)
    return {
      metrics: {
        request_cpu_us: (user + system) / job.count,
        request_calls_us: (callsMs * 1000) / job.count,
      },
      logged: i * linesPerRequest,
    }
  },
}
