// A disk that is slow, and one that does not answer: the caller does not notice, memory keeps its
// bounds, the process can end.

import type { Job } from './job.ts'
import { assess, type Expected, type Run, type Scenario, type Tools } from './scenario.ts'
import { hasDelayed, hasMet, tracing, whyNoStrace, writeCalls } from './strace.ts'
import { Subject } from './subject.ts'

const mib = 1024 * 1024
/**
 * A call may be longer than without the slow disk by as much as the machine's own noise, in
 * nanoseconds.
 */
const noiseNs = 50_000
/** Of so many runs each the quietest counts: as many as it takes to show that it holds. */
const slowRuns = 5
/**
 * What a process may grow beside its buffer: text on its way, and what the collector has not taken
 * yet.
 */
const growthBytesMax = 96 * mib
/**
 * How long a write hangs: long enough to tell who waits for it from who is only given no processor
 * for a while.
 */
const hangMs = 6_000
/** How long the end may wait: 2 s, and time for the machine. */
const endMsMax = 4_000
/**
 * What the system itself blocks, nobody can cut short: where the caller's own write is the one that
 * hangs, the caller waits for it, and for 2 s more.
 */
const ownWriteMsMax = hangMs + endMsMax

const bursts: Partial<Job> = {
  categories: ['audit'],
  entries: 40_000,
  perTurn: 1_000,
  pauseMs: 8,
  timed: true,
  settleMs: 30_000,
}

const small = { entries: 4096, bytes: 2 * mib, entry_bytes: 64 * 1024 }
const stream: Partial<Job> = {
  categories: ['audit', 'sdk'],
  entries: 1e9,
  perTurn: 20,
  pauseMs: 1,
  errorEvery: 100,
}

interface Hang {
  readonly title: string
  readonly job: Partial<Job>
  readonly expected: Expected
  readonly callMsMax: number
  /** The file whose write hangs. @default audit.log */
  readonly file?: string
  /** Which of the writes, each in a run of its own. @default 1, 2, 4 */
  readonly writes?: readonly number[]
}

const hangs: readonly Hang[] = [
  {
    title: 'a write hangs for 6 s, the buffer holds',
    job: { ...stream, entries: 10_000, settleMs: 20_000 },
    expected: { promised: 'complete' },
    callMsMax: 2_000,
  },
  {
    title: 'a write hangs for 6 s, the buffer does not hold',
    job: { ...stream, entries: 60_000, perTurn: 100, config: { buffer: small }, settleMs: 20_000 },
    expected: { promised: 'counted', lossTold: true },
    callMsMax: endMsMax,
  },
  {
    title: 'process.exit() while a write hangs for 6 s',
    job: { ...stream, endAfterMs: 800, end: 'exit' },
    // What hangs at the end may land after all: nobody could know when it was counted.
    expected: { promised: 'counted', mayLandLate: true },
    callMsMax: 2_000,
  },
  {
    // The write of the thread that writes, not one of the thread pool: it does not hear any more.
    title: 'process.exit() whose own write hangs for 6 s',
    job: {
      ...stream,
      categories: ['audit', 'sdk', 'enforcement'],
      endAfterMs: 300,
      end: 'exit',
      parting: 10,
    },
    expected: { promised: 'counted', mayLandLate: true },
    callMsMax: 2_000,
    file: 'enforcement.log',
    writes: [1],
  },
]

export const slowDisks: readonly Scenario[] = [
  {
    title: 'SIGKILL under load, each write takes 300 ms',
    isAlone: true,
    whyNot: whyNoStrace,
    runs: killedUnderLoad,
  },
  { title: 'each write takes 50 ms', isAlone: true, whyNot: whyNoStrace, runs: slowWrites },
  ...hangs.map((hang): Scenario => ({
    title: hang.title,
    isAlone: true,
    whyNot: whyNoStrace,
    runs: (tools) => hanging(tools, hang),
  })),
]

async function* slowWrites(tools: Tools): AsyncGenerator<Run> {
  const quietest = { fast: Infinity, slow: Infinity }
  const runs: Run[] = []
  for (let n = 1; n <= slowRuns; n++) {
    if (n > tools.scale(slowRuns) && !isLate(quietest)) break
    for (const [kind, delayUs] of [
      ['fast', 1],
      ['slow', 50_000],
    ] as const) {
      runs.push(
        await tools.at(async (workplace) => {
          const action = `delay_enter=${delayUs}`
          const prefix = tracing(workplace, { calls: writeCalls, action })
          const ended = await new Subject(workplace, bursts, { prefix }).ended
          quietest[kind] = Math.min(quietest[kind], ended.outcome?.p999Ns ?? Infinity)
          const complaints = hasMet(workplace) ? [] : ['no write was delayed']
          return assess(`${kind} ${n}`, ended, workplace.logs, {
            promised: 'complete',
            also: () => complaints,
          })
        }),
      )
    }
  }
  const { fast, slow } = quietest
  const remark = `99.9 % of calls are shorter than ${us(slow)}, without the delay than ${us(fast)}`
  const last = runs.at(-1)!
  runs[runs.length - 1] = {
    ...last,
    remark,
    complaints: [
      ...last.complaints,
      ...(isLate(quietest) ? [`the caller is delayed: ${remark}`] : []),
    ],
  }
  yield* runs
}

/** Whether the caller is delayed by slow writes, in nanoseconds of 999 of 1000 calls. */
function isLate({ fast, slow }: { readonly fast: number; readonly slow: number }): boolean {
  return slow > fast + noiseNs
}

/**
 * What is lost is what `stats().queued` counted, and no more: whatever has been handed over may
 * have come to the file.
 */
async function* killedUnderLoad(tools: Tools): AsyncGenerator<Run> {
  for (let n = 1; n <= tools.scale(slowRuns); n++) {
    yield await tools.at(async (workplace) => {
      const prefix = tracing(workplace, {
        calls: writeCalls,
        action: 'delay_enter=300000',
        names: ['audit.log'],
      })
      const job: Partial<Job> = {
        categories: ['audit'],
        entries: 1e9,
        perTurn: 10,
        pauseMs: 1,
        end: 'kill',
        endAfterMs: 2_000,
      }
      const ended = await new Subject(workplace, job, { prefix }).ended
      const { accepted = 0, queued = 0 } = ended.outcome?.stats ?? {}
      const run = assess(`kill ${n}`, ended, workplace.logs, {
        promised: 'acknowledged',
        signal: 'SIGKILL',
        torn: 1,
        also: (_, { entries }) => [
          ...(hasMet(workplace) ? [] : ['no write was delayed']),
          ...(queued === 0 ? ['nothing was queued'] : []),
          ...(accepted - entries > queued
            ? [`${accepted - entries} entries are lost, and ${queued} were queued`]
            : []),
        ],
      })
      return { ...run, remark: `${queued} of ${accepted} entries were queued` }
    })
  }
}

function us(ns: number): string {
  return `${(ns / 1000).toFixed(1)} µs`
}

async function* hanging(tools: Tools, hang: Hang): AsyncGenerator<Run> {
  const { job, expected, callMsMax, file = 'audit.log', writes = [1, 2, 4] } = hang
  for (const n of writes) {
    yield await tools.at(async (workplace) => {
      const action = `delay_enter=${hangMs * 1000}`
      // strace counts per thread, and is not to hang the synchronous writes to other files as well.
      const prefix = tracing(workplace, {
        calls: writeCalls,
        action,
        when: `${n}`,
        names: [file],
      })
      const ended = await new Subject(workplace, job, {
        prefix,
        env: { UV_THREADPOOL_SIZE: '1' },
      }).ended
      const { longestCallMs = 0, grownBytes = 0, endMs = 0 } = ended.outcome ?? {}
      const isOwn = hasDelayed(workplace, ended.outcome?.pid ?? 0)
      const run = assess(`write ${n}`, ended, workplace.logs, {
        ...expected,
        also: ({ outcome }) => [
          ...(hasMet(workplace) ? [] : ['no write hung']),
          ...(longestCallMs > (isOwn ? ownWriteMsMax : callMsMax)
            ? [`a call took ${longestCallMs.toFixed(0)} ms`]
            : []),
          ...(endMs > (isOwn ? ownWriteMsMax : endMsMax)
            ? [`the end took ${endMs.toFixed(0)} ms`]
            : []),
          ...(grownBytes > growthBytesMax ? [`memory grew by ${mb(grownBytes)}`] : []),
          // The lowest levels go first.
          ...((outcome?.stats.dropped['ERROR'] ?? 0) > 0 &&
          (outcome?.stats.dropped['INFO'] ?? 0) < ended.outcome!.stats.accepted / 100
            ? ['errors were dropped before other entries']
            : []),
        ],
      })
      return {
        ...run,
        remark: `longest call ${longestCallMs.toFixed(1)} ms, end ${endMs.toFixed(0)} ms, memory + ${mb(grownBytes)}`,
      }
    })
  }
}

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
