// What an entry takes from the process at the rates people live at: processor time and time of the
// event loop, all in, from the call to the file. The same program without logging runs beside it in
// the same process, and is subtracted: what the timers of the program cost is not the logger's.

import { performance } from 'node:perf_hooks'
import { pause, turn } from '../loop.ts'
import { type Job, type Measure, type Metric, type Outcome, type Scale } from '../measure.ts'
import {
  openSubject,
  pathNames,
  rotatesFor,
  type SubjectName,
  subjects,
} from '../subjects/catalog.ts'
import { batchCalls, pauseMs, warmUpBatches } from './call.ts'

/** Entries per second. */
export const rates = [10, 100, 1000, 10_000, 100_000] as const
type Rate = (typeof rates)[number]
/** Rates of a quick run, of other rivals, and of one entry a turn. */
const fewRates: readonly Rate[] = [100, 1000]
/**
 * How a rate is measured: so many times, for so long, each time without logging first. What a
 * program takes for its timers wanders by 2 % of a processor in a virtual machine, and what others
 * on it do adds to it: the least of the times with logging, less the least of those without.
 */
const stretches: Readonly<Record<Rate, readonly [times: number, ms: number]>> = {
  10: [1, 800],
  100: [3, 400],
  1000: [3, 400],
  10_000: [3, 250],
  100_000: [3, 120],
}
/** How often for those that are measured at few rates. */
const timesFew = 2
/** Turns a second and how long, until V8 has compiled what runs in a turn of few entries. */
const warmUpTurnsPerS = 1000
const warmUpMs = 1000
/** Entries logged as fast as it goes, some in each turn. */
const maxEntries = 30_000
const maxTurnEntries = 100
/** Until what was logged is in the file, and the loop is at rest. */
const restMs = 70
/** Until V8 has swept what it has collected, in threads of its own. */
const sweptMs = 20
const warmedUpMs = 400
/** Batches before, for those that are measured at few rates: some take 60 µs an entry. */
const warmUpBatchesFew = 20
/** Compared by both numbers of entries a turn, in all rounds. */
const main: readonly SubjectName[] = ['ringlog-typed', 'ringlog-untyped', 'pino-async']
/**
 * With one entry a turn, where a turn costs most; the rings differ in the call (`mixed`, `call`).
 */
const byOne: readonly SubjectName[] = [...main, 'ringlog-thread']

/** How a rate is measured. */
interface Stretch {
  readonly times: number
  readonly ms: number
  readonly entriesPerTurn: number
}

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
    'process without logging, which runs before each stretch, the least of up to three of each. After 60 000 entries (other rivals: 20 000) and a second of 1 000 turns; ' +
    'ringlog rotates at 50 MB, rivals need not.',
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
      hidden: rate === 10 || rate === 10_000,
    })),
    { name: 'loop_max_us', title: 'max, loop µs', better: 'lower' },
  ],

  variantTitle: (variant) => (variant === '1' ? 'One entry a turn' : `${variant} entries a turn`),

  plan: (scale: Scale) => {
    if (scale === 'quick') return main.map((subject) => jobOf(subject, '5', { isQuick: true }))
    const once = { isQuick: true, roundsMax: 1 }
    const others = pathNames.filter(
      (name) => subjects[name].kind === 'rival' && !main.includes(name),
    )
    return [
      ...main.map((subject) => jobOf(subject, '5')),
      ...others.map((subject) => jobOf(subject, '5', once)),
      ...byOne.map((subject) => jobOf(subject, '1', once)),
    ]
  },

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, { directory, rotation: rotatesFor(job.subject) })
    const bare = await openSubject('nothing', { directory, rotation: false })
    let i = 0
    const log = (): void => subject.entry(i++)
    let k = 0
    const skip = (): void => bare.entry(k++)
    const isFew = job.isQuick === true
    const isOther = isFew && !byOne.includes(job.subject)
    await warmUp(isOther ? warmUpBatchesFew : warmUpBatches, log, skip)
    const metrics: Record<string, number> = {}
    for (const rate of isFew ? fewRates : rates) {
      const [times, ms] = stretches[rate]
      const stretch = { times: isOther ? timesFew : times, ms, entriesPerTurn: job.count }
      const { cpuUs, loopUs } = await costAt(rate, stretch, log, skip)
      metrics[`cpu_${rate}_us`] = cpuUs
      metrics[`loop_${rate}_us`] = loopUs
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

function jobOf(subject: SubjectName, variant: string, more: Partial<Job> = {}): Job {
  return {
    measure: 'rates',
    variant,
    subject,
    count: Number(variant),
    flags: ['--expose-gc'],
    seconds: more.isQuick !== true ? 15 : byOne.includes(subject) ? 10 : 7,
    ...more,
  }
}

/** As in a process that has run for a while, with and without logging. */
async function warmUp(batches: number, log: () => void, skip: () => void): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    for (let call = 0; call < batchCalls; call++) log()
    for (let call = 0; call < batchCalls; call++) skip()
    await pause(pauseMs)
  }
  const turns = (warmUpTurnsPerS * warmUpMs) / 1000
  await paced(warmUpTurnsPerS, turns / 2, 1, skip)
  await paced(warmUpTurnsPerS, turns, 1, log)
  // V8 compiles for a while after the last call.
  await pause(warmedUpMs)
}

/** What an entry takes at a rate, some in each turn. */
async function costAt(
  rate: Rate,
  { times, ms, entriesPerTurn }: Stretch,
  log: () => void,
  skip: () => void,
): Promise<Cost> {
  const turnsPerS = rate / entriesPerTurn
  const turns = Math.max(1, Math.round((turnsPerS * ms) / 1000))
  const [less, more]: [Cost[], Cost[]] = [[], []]
  for (let time = 0; time < times; time++) {
    less.push(await costOf(() => paced(turnsPerS, turns, entriesPerTurn, skip)))
    more.push(await costOf(() => paced(turnsPerS, turns, entriesPerTurn, log)))
  }
  const net = (of: (cost: Cost) => number): number =>
    (Math.min(...more.map(of)) - Math.min(...less.map(of))) / (turns * entriesPerTurn)
  return { cpuUs: net(({ cpuUs }) => cpuUs), loopUs: net(({ loopUs }) => loopUs) }
}

/** What some work takes from the process, from rest to rest. */
async function costOf(work: () => Promise<void>): Promise<Cost> {
  // What was thrown away before is collected before, not in the midst of ten entries.
  globalThis.gc?.()
  await pause(sweptMs)
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
