// What an entry takes from the process at the rates people live at: processor time and time of the
// event loop, all in, from the call to the file. The same program without logging runs beside it in
// the same process, and is subtracted: what the timers of the program cost is not the logger's.

import { performance } from 'node:perf_hooks'
import { pause, turn } from '../loop.ts'
import { type Job, type Measure, type Metric, type Outcome, type Scale } from '../measure.ts'
import { openSubject, pathNames, rotatesFor, type SubjectName } from '../subjects/catalog.ts'
import { batchCalls, pauseMs, warmUpBatches } from './call.ts'

/** Entries per second. */
export const rates = [10, 100, 1000, 10_000, 100_000] as const
/** Rates of a quick run. */
const quickRates: readonly number[] = [100, 1000]
/** How long a rate is logged at, and how long the same goes on without logging. */
const loggedMs = 600
const bareMs = 300
/** Turns at least, with logging and without: at 10 entries a second there are few. */
const turnsMin = 3
/** Entries logged as fast as it goes, some in each turn. */
const maxEntries = 30_000
const maxTurnEntries = 100
/** Until what was logged before is in the file, and the loop is at rest. */
const restMs = 100
const warmedUpMs = 400
/** Compared by both numbers of entries a turn, in all rounds; the others by one, once. */
const main: readonly SubjectName[] = ['ringlog-typed', 'ringlog-untyped', 'pino-async']

/** What a stretch of the program takes. */
interface Cost {
  readonly cpuUs: number
  readonly loopUs: number
}

export const rateMeasure: Measure = {
  name: 'rates',
  title: 'What an entry takes from the process, by rate',
  about:
    'Processor time of the whole process, µs per enforcement entry, all in, at so many entries per second and as ' +
    'fast as it goes; and the part of it in which the event loop was busy. Net of the same program in the same ' +
    'process without logging. After 60 000 entries; ringlog rotates at 50 MB, rivals need not.',
  metrics: [
    ...rates.map((rate): Metric => ({
      name: `cpu_${rate}_us`,
      title: `${spaced(rate)}/s, CPU µs`,
      better: 'lower',
    })),
    { name: 'cpu_max_us', title: 'max, CPU µs', better: 'lower' },
    ...rates.map((rate): Metric => ({
      name: `loop_${rate}_us`,
      title: `${spaced(rate)}/s, loop µs`,
      better: 'lower',
      hidden: rate !== 100 && rate !== 1000,
    })),
    { name: 'loop_max_us', title: 'max, loop µs', better: 'lower' },
  ],

  variantTitle: (variant) => (variant === '1' ? 'One entry a turn' : `${variant} entries a turn`),

  plan: (scale: Scale) =>
    (scale === 'quick' ? ['5'] : ['5', '1']).flatMap((variant) => {
      const names = scale === 'full' && variant === '5' ? pathNames : main
      return names.map((subject): Job => ({
        measure: 'rates',
        variant,
        subject,
        count: Number(variant),
        flags: ['--expose-gc'],
        seconds: scale === 'quick' ? 4 : 10,
        ...(scale === 'quick' && { isQuick: true }),
        ...((variant === '1' || !main.includes(subject)) && { roundsMax: 1 }),
      }))
    }),

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, { directory, rotation: rotatesFor(job.subject) })
    const bare = await openSubject('nothing', { directory, rotation: false })
    let i = 0
    const log = (): void => subject.entry(i++)
    let k = 0
    const skip = (): void => bare.entry(k++)
    const metrics: Record<string, number> = {}
    for (let batch = 0; batch < warmUpBatches; batch++) {
      for (let call = 0; call < batchCalls; call++) log()
      for (let call = 0; call < batchCalls; call++) skip()
      await pause(pauseMs)
    }
    // V8 compiles for a while after the last call.
    await pause(warmedUpMs)
    for (const rate of job.isQuick === true ? quickRates : rates) {
      const turnsPerS = rate / job.count
      const turns = (ms: number): number => Math.max(turnsMin, Math.round((turnsPerS * ms) / 1000))
      const without = turns(bareMs)
      const less = await costOf(() => paced(turnsPerS, without, job.count, skip))
      const withLog = turns(loggedMs)
      const more = await costOf(() => paced(turnsPerS, withLog, job.count, log))
      const entries = withLog * job.count
      metrics[`cpu_${rate}_us`] = (more.cpuUs - (less.cpuUs * withLog) / without) / entries
      metrics[`loop_${rate}_us`] = (more.loopUs - (less.loopUs * withLog) / without) / entries
    }
    const less = await costOf(() => asFastAsItGoes(skip))
    const more = await costOf(async () => {
      await asFastAsItGoes(log)
      await subject.end()
    })
    metrics['cpu_max_us'] = (more.cpuUs - less.cpuUs) / maxEntries
    metrics['loop_max_us'] = (more.loopUs - less.loopUs) / maxEntries
    return { metrics, logged: i }
  },
}

/** What some work takes from the process, from rest to rest. */
async function costOf(work: () => Promise<void>): Promise<Cost> {
  // What was thrown away before is collected before, not in the midst of ten entries.
  globalThis.gc?.()
  await pause(restMs)
  const cpuStart = process.cpuUsage()
  const loopStart = performance.eventLoopUtilization()
  await work()
  // What it has left to be done later belongs to it.
  await pause(restMs)
  const { active } = performance.eventLoopUtilization(loopStart)
  const { user, system } = process.cpuUsage(cpuStart)
  return { cpuUs: user + system, loopUs: active * 1000 }
}

/**
 * So many turns of the loop at an even rate, each with some entries. One that falls behind catches
 * up.
 */
async function paced(
  turnsPerS: number,
  turns: number,
  entries: number,
  log: () => void,
): Promise<void> {
  const start = performance.now()
  for (let done = 0; done < turns;) {
    const due = Math.min(turns, Math.floor(((performance.now() - start) * turnsPerS) / 1000) + 1)
    for (; done < due; done++) {
      for (let k = 0; k < entries; k++) log()
      await turn()
    }
    const nextMs = start + (done * 1000) / turnsPerS - performance.now()
    if (done < turns) await pause(Math.max(1, Math.round(nextMs)))
  }
}

async function asFastAsItGoes(log: () => void): Promise<void> {
  for (let done = 0; done < maxEntries; done += maxTurnEntries) {
    for (let k = 0; k < maxTurnEntries; k++) log()
    await turn()
  }
}

function spaced(n: number): string {
  return n.toLocaleString('en').replaceAll(',', ' ')
}
