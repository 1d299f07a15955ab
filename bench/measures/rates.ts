// What an entry takes from the process at the rates people live at: processor time and time of the
// event loop, all in, from the call to the file.
//
// The same program without logging is subtracted: what its timers cost is not the logger's. They
// cost about as much as what is measured, and wander by more: with what others do on the machine,
// and from one second to the next in a virtual one. So short stretches with logging and without
// take turns in one process, which of the two comes first changes, and each difference is one of
// neighbours. What is shown is the median of the differences, and the interval in which it lies;
// when that has zero in it, the noise of the measure is all that is known.
//
// Processor time is that of getrusage, all threads. Linux divides it between user and system by
// ticks, but its sum is what the scheduler has counted, in nanoseconds.

import { performance } from 'node:perf_hooks'
import { pause, turn } from '../loop.ts'
import { type Job, type Measure, type Metric, type Outcome, type Scale } from '../measure.ts'
import { medianInterval } from '../statistics.ts'
import {
  openSubject,
  pathNames,
  rotatesFor,
  type SubjectName,
  subjects,
} from '../subjects/catalog.ts'
import { batchCalls, pauseMs, warmUpBatches } from './call.ts'

/** How a program logs, and how that is measured. */
interface Load {
  /** `1000x5`: turns of the event loop a second, and entries in each. */
  readonly name: string
  readonly turnsPerS: number
  readonly entries: number
  /** Turns of a stretch. */
  readonly turns: number
  /** Stretches with logging, and as many without. */
  readonly pairs: number
  /** Pairs for those that are measured in less time. */
  readonly pairsFew: number
  /** Whether the time of the event loop is shown. */
  readonly isGoal: boolean
}

const load = (
  turnsPerS: number,
  entries: number,
  { turns, pairs, pairsFew = 0 }: { turns: number; pairs: number; pairsFew?: number },
): Load => ({
  name: `${turnsPerS}x${entries}`,
  turnsPerS,
  entries,
  turns,
  pairs,
  pairsFew,
  isGoal: pairsFew > 0,
})

/** The rates, in the order of the table. A stretch is as short as a pump of 50 ms lets it be. */
export const loads: readonly Load[] = [
  load(2, 5, { turns: 1, pairs: 2 }),
  load(20, 5, { turns: 4, pairs: 3 }),
  load(100, 5, { turns: 15, pairs: 7, pairsFew: 3 }),
  load(1000, 1, { turns: 100, pairs: 12, pairsFew: 3 }),
  load(1000, 5, { turns: 120, pairs: 6, pairsFew: 3 }),
  load(5000, 5, { turns: 400, pairs: 6, pairsFew: 2 }),
  load(20_000, 5, { turns: 800, pairs: 4 }),
]
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
/** Compared at all rates, in all rounds. */
const main: readonly SubjectName[] = ['ringlog-typed', 'ringlog-untyped', 'pino-async']
/** What differs in it is where entries wait: it has all rates, too. */
const paced: SubjectName = 'pino-periodic'

/** What a stretch of the program takes. */
interface Cost {
  readonly cpuUs: number
  readonly loopUs: number
}

export const rateMeasure: Measure = {
  name: 'rates',
  title: 'What an entry takes from the process, by rate',
  about:
    'Processor time of the whole process, µs per enforcement entry, all in, at so many turns of the event loop a ' +
    'second × entries in each, and as fast as it goes; and the part of it in which the event loop was busy. Net of ' +
    'the same program without logging: short stretches with and without it take turns in one process, and what is ' +
    'shown is the median of the differences of neighbours, with the interval in which it lies (sign test; 95 % ' +
    'where there are six pairs). `noise`: zero is in that interval, in all rounds, and no more is known than its end. After ' +
    '60 000 entries (other rivals: 20 000) and a second of 1 000 turns; ringlog rotates at 50 MB, rivals need not. ' +
    'ringlog has an entry in its file after 50 ms at most; pino keeps it until 4 096 bytes have come, but for the ' +
    'row with `periodicFlush`. The limit is what a wake every 50 ms costs alone, with nothing looked at and no line made.',
  metrics: [...metricsOf('cpu', 'Processor time'), ...metricsOf('loop', 'Time of the event loop')],

  variantTitle: () => 'The enforcement entry',

  plan: (scale: Scale) => {
    if (scale === 'quick') return main.map((subject) => jobOf(subject, 9, { isQuick: true }))
    const others = pathNames.filter(
      (name) => name === 'ringlog-thread' || (subjects[name].kind === 'rival' && name !== main[2]),
    )
    return [
      ...main.map((subject) => jobOf(subject, 16.5)),
      jobOf(paced, 16.5, { roundsMax: 1 }),
      ...[...others, 'ready-wakes' as const].map((subject) =>
        jobOf(subject, 6.6, { isQuick: true, roundsMax: 1 }),
      ),
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
    const isOther = isFew && !main.includes(job.subject)
    await warmUp(isOther ? warmUpBatchesFew : warmUpBatches, log, skip)
    const metrics: Record<string, number> = {}
    const intervals: Record<string, readonly [low: number, high: number]> = {}
    // The rarest last: what V8 compiles in its own threads meanwhile would be most of a stretch.
    for (const each of loads.toReversed()) {
      const pairs = isFew ? each.pairsFew : each.pairs
      if (pairs === 0) continue
      const costs = await differences(each, pairs, log, skip)
      for (const [part, of] of parts) {
        const { median, low, high } = medianInterval(costs.map(of))
        metrics[`${part}_${each.name}_us`] = median
        intervals[`${part}_${each.name}_us`] = [low, high]
      }
    }
    const less = await costOf(() => asFastAsItGoes(skip), 1)
    const more = await costOf(async () => {
      await asFastAsItGoes(log)
      await subject.end()
    }, restMs)
    for (const [part, of] of parts) {
      metrics[`${part}_max_us`] = (of(more) - of(less)) / maxEntries
    }
    return { metrics, intervals, logged: i }
  },
}

const parts = [
  ['cpu', ({ cpuUs }: Cost) => cpuUs],
  ['loop', ({ loopUs }: Cost) => loopUs],
] as const

function metricsOf(part: 'cpu' | 'loop', table: string): Metric[] {
  const one = (name: string, title: string, hidden: boolean): Metric => ({
    name: `${part}_${name}_us`,
    title: `${title}, µs`,
    better: 'lower',
    table,
    hidden,
  })
  return [
    ...loads.map(({ name, turnsPerS, entries, isGoal }) =>
      one(name, `${spaced(turnsPerS)} × ${entries}`, part === 'loop' && !isGoal),
    ),
    one('max', 'max', false),
  ]
}

function jobOf(subject: SubjectName, seconds: number, more: Partial<Job> = {}): Job {
  const flags = ['--expose-gc']
  return { measure: 'rates', variant: 'entry', subject, count: maxEntries, flags, seconds, ...more }
}

/** As in a process that has run for a while, with and without logging. */
async function warmUp(batches: number, log: () => void, skip: () => void): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    for (let call = 0; call < batchCalls; call++) log()
    for (let call = 0; call < batchCalls; call++) skip()
    await pause(pauseMs)
  }
  const turns = (warmUpTurnsPerS * warmUpMs) / 1000
  await atPace({ turnsPerS: warmUpTurnsPerS, turns: turns / 2, entries: 1 }, skip)
  await atPace({ turnsPerS: warmUpTurnsPerS, turns, entries: 1 }, log)
  // V8 compiles for a while after the last call.
  await pause(warmedUpMs)
}

/** What an entry takes more than none, by pairs of neighbouring stretches. */
async function differences(
  pace: Load,
  pairs: number,
  log: () => void,
  skip: () => void,
): Promise<Cost[]> {
  const found: Cost[] = []
  const entries = pace.turns * pace.entries
  const without = (): Promise<Cost> => costOf(() => atPace(pace, skip), 1)
  const withIt = (): Promise<Cost> => costOf(() => atPace(pace, log), restMs)
  for (let pair = 0; pair < pairs; pair++) {
    const before = pair % 2 === 0 ? await without() : undefined
    const more = await withIt()
    const less = before ?? (await without())
    found.push({
      cpuUs: (more.cpuUs - less.cpuUs) / entries,
      loopUs: (more.loopUs - less.loopUs) / entries,
    })
  }
  return found
}

/** What some work takes from the process, and what it has left to be done in the rest behind it. */
async function costOf(work: () => Promise<void>, endMs: number): Promise<Cost> {
  // What was thrown away before is collected before, not in the midst of ten entries.
  globalThis.gc?.()
  await pause(sweptMs)
  const cpuStart = process.cpuUsage()
  const loopStart = performance.eventLoopUtilization()
  await work()
  await pause(endMs)
  const { active } = performance.eventLoopUtilization(loopStart)
  const { user, system } = process.cpuUsage(cpuStart)
  return { cpuUs: user + system, loopUs: active * 1000 }
}

/**
 * So many turns of the loop at an even rate, each with some entries. One that falls behind catches
 * up.
 */
async function atPace(
  { turnsPerS, turns, entries }: Pick<Load, 'turnsPerS' | 'turns' | 'entries'>,
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
