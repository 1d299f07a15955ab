// What others do to a directory while we log into it: files removed, renamed, truncated, and the
// clock turned.

import {
  copyFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Job } from './job.ts'
import { type Source, modeFaults, sourcesOf } from './judge.ts'
import { assess, type Run, type Scenario, type Tools } from './scenario.ts'
import { Subject, type Workplace } from './subject.ts'

const runsEach = 20
const controlRuns = 5

/** Logs for about half a second, with a rotation or two. */
const job: Partial<Job> = {
  config: { rotation: { max_size_mb: 1, max_files: 20 } },
  categories: ['audit', 'sdk'],
  entries: 6000,
  perTurn: 20,
  pauseMs: 1,
  padding: 500,
  errorEvery: 50,
  settleMs: 10_000,
}

interface Tampering {
  readonly title: string
  /**
   * Does it while the process stands still; returns what is elsewhere afterwards, to be read at the
   * end.
   */
  readonly act: (workplace: Workplace) => () => Source[]
}

const victim = 'audit.log'

const tamperings: readonly Tampering[] = [
  {
    title: 'file removed',
    act: ({ logs }) => {
      const gone = snapshot(logs).filter(({ name }) => name === victim)
      unlinkSync(join(logs, victim))
      return () => gone
    },
  },
  {
    title: 'directory removed',
    act: ({ logs }) => {
      const gone = snapshot(logs)
      rmSync(logs, { recursive: true })
      return () => gone
    },
  },
  {
    title: 'file renamed',
    act: ({ disk, logs }) => {
      const away = join(disk, 'away.log')
      const put = placing(logs)
      renameSync(join(logs, victim), away)
      return () => put(away)
    },
  },
  {
    title: 'directory renamed',
    act: ({ disk, logs }) => {
      const away = join(disk, 'away')
      renameSync(logs, away)
      return () => sourcesOf(away).map((source) => ({ ...source, index: source.index + 1000 }))
    },
  },
  {
    title: 'file truncated',
    act: ({ logs }) => {
      const gone = snapshot(logs).filter(({ name }) => name === victim)
      truncateSync(join(logs, victim))
      return () => gone
    },
  },
  {
    title: 'file copied, then truncated (copytruncate)',
    act: ({ disk, logs }) => {
      const copy = join(disk, 'copy.log')
      const put = placing(logs)
      copyFileSync(join(logs, victim), copy)
      truncateSync(join(logs, victim))
      return () => put(copy)
    },
  },
]

export const tampered: readonly Scenario[] = [
  ...tamperings.map((tampering): Scenario => ({
    title: `${tampering.title} under us`,
    whyNot: () =>
      process.platform === 'linux' ? undefined : 'needs /proc to see a process stand still',
    runs: (tools) => tamper(tools, tampering, tools.scale(runsEach), {}),
    // Where a file is truncated or put elsewhere, what is written there is what a plain writer does
    // as well.
    ...(tampering.title.includes('removed')
      ? { control: (tools: Tools) => tamper(tools, tampering, controlRuns, { writer: 'bare' }) }
      : {}),
  })),
  {
    title: 'umask 000, 022, 077, 777',
    runs: (tools) => umasks(tools, {}),
    control: (tools) => umasks(tools, { writer: 'bare' }),
  },
  { title: 'clock set back an hour, forward a day', whyNot: whyNoClock, runs: clockLeaps },
]

async function* tamper(
  tools: Tools,
  { title, act }: Tampering,
  count: number,
  change: Partial<Job>,
): AsyncGenerator<Run> {
  for (let n = 1; n <= count; n++) {
    yield await tools.at(async (workplace) => {
      const subject = new Subject(workplace, { ...job, ...change })
      const pid = await subject.running()
      await pause(tools.random.integer(20, 300))
      subject.signal('SIGSTOP')
      let elsewhere: (() => Source[]) | undefined
      try {
        if (
          pid !== undefined &&
          (await standsStill(pid)) &&
          existsSync(join(workplace.logs, victim))
        ) {
          elsewhere = act(workplace)
        }
      } finally {
        subject.signal('SIGCONT')
      }
      const ended = await subject.ended
      const run = assess(`${title} ${n}`, ended, workplace.logs, {
        promised: 'complete',
        elsewhere: elsewhere?.() ?? [],
      })
      return run
    })
  }
}

/**
 * A file put elsewhere belongs between those that were rotated before and those that were after.
 */
function placing(logs: string): (path: string) => Source[] {
  const older = rotatedIn(logs)
  return (path) => [
    { base: victim, index: rotatedIn(logs) - older + 0.5, name: path, bytes: readFileSync(path) },
  ]
}

function rotatedIn(logs: string): number {
  return readdirSync(logs).filter((name) => /^audit\.log\.\d+$/.test(name)).length
}

/** What is in the files now, and is about to be taken away. */
function snapshot(logs: string): Source[] {
  return sourcesOf(logs).map((source) => ({ ...source, isGone: true }))
}

/** Resolves when all threads have stopped, so that nothing is written between a look and an act. */
async function standsStill(pid: number): Promise<boolean> {
  for (;;) {
    try {
      const tasks = readdirSync(`/proc/${pid}/task`)
      const states = tasks.map(
        (task) => /\) (\S)/.exec(readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8'))?.[1],
      )
      if (states.every((state) => state === 'T')) return true
      if (states.includes('Z')) return false
    } catch {
      // It has ended before it could be stopped.
      return false
    }
    await pause(1)
  }
}

async function* umasks(tools: Tools, change: Partial<Job>): AsyncGenerator<Run> {
  for (const umask of ['000', '022', '077', '777']) {
    yield await tools.at(async (workplace) => {
      const subject = new Subject(
        workplace,
        { ...job, pauseMs: 0, ...change },
        { prefix: ['sh', '-c', `umask ${umask}; exec "$@"`, 'sh'] },
      )
      const ended = await subject.ended
      return assess(`umask ${umask}`, ended, workplace.logs, {
        promised: 'complete',
        also: () => modeFaults(workplace.logs),
      })
    })
  }
}

const clockLibraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu', ''].map((place) =>
  join('/usr/lib', place, 'faketime/libfaketimeMT.so.1'),
)

function whyNoClock(): string | undefined {
  return clockLibraries.some((library) => existsSync(library))
    ? undefined
    : 'libfaketime is not installed'
}

async function* clockLeaps(tools: Tools): AsyncGenerator<Run> {
  for (let n = 1; n <= 3; n++) {
    yield await tools.at(async (workplace) => {
      const clock = join(workplace.notes, 'clock')
      writeFileSync(clock, '+0')
      const stops = [2000, 4000]
      const subject = new Subject(
        workplace,
        { ...job, entries: 6000, pauseMs: 0, stops },
        {
          env: {
            LD_PRELOAD: clockLibraries.find((library) => existsSync(library)),
            FAKETIME_TIMESTAMP_FILE: clock,
            FAKETIME_NO_CACHE: '1',
            DONT_FAKE_MONOTONIC: '1',
          },
        },
      )
      for (const [i, stop] of stops.entries()) {
        if (await subject.stopped(stop)) writeFileSync(clock, ['-1h', '+1d'][i]!)
        subject.go()
      }
      const ended = await subject.ended
      return assess(`clock ${n}`, ended, workplace.logs, {
        promised: 'complete',
        also: ({ outcome }) =>
          (outcome?.clockLeapMs ?? 0) > 80_000_000 ? [] : ['the process saw no leap of the clock'],
      })
    })
  }
}
