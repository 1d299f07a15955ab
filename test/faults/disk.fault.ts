// Faults of a real disk: full and freed, without inodes, read-only; directories closed to us; no
// descriptors left.

import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job } from './job.ts'
import { mountTmpfs, remountTmpfs, unmount, whyNoMount } from './mount.ts'
import {
  assess,
  type Expected,
  restartFaults,
  type Run,
  type Scenario,
  type Tools,
} from './scenario.ts'
import { type StartOptions, Subject, type Workplace } from './subject.ts'

const runsEach = 10
const controlRuns = 3

/**
 * It works until the first stop; from there to the second it does not; afterwards it does again.
 */
const stops = [500, 3500]
const job: Partial<Job> = {
  config: { rotation: { max_size_mb: 1, max_files: 3 } },
  categories: ['audit', 'sdk'],
  entries: 4000,
  perTurn: 50,
  // With 1 MB a file, each is rotated once in the trouble.
  padding: 800,
  errorEvery: 50,
  stops,
  settleMs: 40_000,
}

interface Trouble {
  readonly title: string
  readonly whyNot?: () => string | undefined
  readonly job?: Partial<Job>
  readonly start?: (workplace: Workplace) => StartOptions
  /** Makes the trouble. */
  readonly begin: (workplace: Workplace, tools: Tools) => void
  /** Ends it. Missing: it stays until the process has ended. */
  readonly end?: (workplace: Workplace) => void
  /** What must be done afterwards, so that all can be read and removed. */
  readonly after?: (workplace: Workplace) => void
  readonly expected: Expected
  /**
   * What the known-bad writer needs to come to the trouble before it ends: it writes entry by
   * entry.
   */
  readonly bareJob?: Partial<Job>
  /** It is not hurt: it closes a file before it opens the next. */
  readonly isHarmless?: boolean
}

const complete: Expected = { promised: 'complete' }
/** What a full disk has taken of a line stays where it is. */
const counted: Expected = { promised: 'counted', torn: 3 }

/** A full disk has answered: nobody waits for it as for one that hangs, which is given 2,000 ms. */
const longestCallMs = 1000
const promptly: Pick<Expected, 'also'> = {
  also: ({ outcome }) => {
    const longest = outcome?.longestCallMs ?? 0
    return longest < longestCallMs ? [] : [`a call took ${longest.toFixed(0)} ms`]
  },
}

const kib = 1024
const ballast = 'ballast'

/** Fills a file system up to a number of bytes that is no multiple of a page. */
function fill({ disk }: Workplace, tools: Tools): void {
  const { bavail, bsize } = statfsSync(disk)
  try {
    writeFileSync(
      join(disk, ballast),
      Buffer.alloc(bavail * bsize - tools.random.integer(0, 500) * kib),
    )
  } catch (error) {
    // The subject still writes what it was given before: then it is full sooner.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

function free({ disk }: Workplace): void {
  rmSync(join(disk, ballast))
}

/** The modes of files do not hold for root, unless it gives up what makes it so. */
const withoutPrivilege: StartOptions =
  process.getuid?.() === 0
    ? { prefix: ['setpriv', '--bounding-set=-dac_override,-dac_read_search,-fowner'] }
    : {}

function whyNoModes(): string | undefined {
  const [file, ...words] = [...(withoutPrivilege.prefix ?? []), 'true']
  const { error, status } = spawnSync(file, words)
  if (error !== undefined) return `setpriv cannot be started (${error.message})`
  return status === 0 ? undefined : 'setpriv cannot give up privileges here'
}

const onTmpfs = (options: string): Pick<Trouble, 'whyNot' | 'start' | 'after'> => ({
  whyNot: whyNoMount,
  start: ({ disk }) => {
    mountTmpfs(disk, options)
    return {}
  },
})

const troubles: readonly Trouble[] = [
  {
    title: 'disk full, then freed',
    ...onTmpfs('size=9m'),
    begin: fill,
    end: free,
    expected: { ...complete, ...promptly },
  },
  {
    title: 'disk full for ever',
    ...onTmpfs('size=9m'),
    begin: fill,
    expected: { ...counted, ...promptly },
  },
  {
    title: 'disk full, the buffer as well, then freed',
    ...onTmpfs('size=9m'),
    job: {
      config: { ...job.config, buffer: { entries: 256, bytes: 128 * kib, entry_bytes: 16 * kib } },
    },
    begin: fill,
    end: free,
    expected: { promised: 'counted', lossTold: true, ...promptly },
  },
  {
    title: 'no inodes left, then freed',
    ...onTmpfs('size=9m,nr_inodes=40'),
    begin: ({ disk }) => {
      mkdirSync(join(disk, 'inodes'))
      try {
        for (let i = 0; ; i++) writeFileSync(join(disk, 'inodes', String(i)), '')
      } catch {
        // That was the last one.
      }
    },
    end: ({ disk }) => rmSync(join(disk, 'inodes'), { recursive: true }),
    expected: complete,
    bareJob: { pauseMs: 10 },
  },
  {
    title: 'file system read-only at the start, then writable',
    // One with files that are open for writing refuses to become read-only; strace sees to that.
    ...onTmpfs('size=20m,ro'),
    begin: () => {},
    end: ({ disk }) => remountTmpfs(disk, 'rw'),
    expected: complete,
  },
  ...[0o555, 0o000].map((mode): Trouble => ({
    title: `directory with mode ${mode.toString(8).padStart(3, '0')}, then 700`,
    whyNot: whyNoModes,
    start: () => withoutPrivilege,
    begin: ({ logs }) => chmodSync(logs, mode),
    end: ({ logs }) => chmodSync(logs, 0o700),
    after: ({ logs }) => chmodSync(logs, 0o700),
    expected: complete,
    bareJob: { pauseMs: 10 },
  })),
  {
    title: 'directory with mode 555 for ever',
    whyNot: whyNoModes,
    start: () => withoutPrivilege,
    begin: ({ logs }) => chmodSync(logs, 0o555),
    after: ({ logs }) => chmodSync(logs, 0o700),
    expected: complete,
    bareJob: { pauseMs: 10 },
  },
  {
    title: 'no descriptors left, then closed',
    whyNot: () => spawnSync('prlimit', ['--version']).error?.message,
    start: () => ({ prefix: ['prlimit', '--nofile=1000:1000'] }),
    job: { useUpDescriptors: true },
    // The process does it itself.
    begin: () => {},
    end: () => {},
    expected: complete,
    isHarmless: true,
  },
  {
    title: 'no file may grow beyond 600 KiB',
    whyNot: () => spawnSync('prlimit', ['--version']).error?.message,
    start: () => ({ prefix: ['prlimit', `--fsize=${600 * kib}`] }),
    begin: () => {},
    end: () => {},
    // A shared ring is a file as well, of half the bytes.
    job: { config: { rotation: { max_size_mb: 1, max_files: 20 }, buffer: { bytes: 1024 * kib } } },
    expected: complete,
  },
  {
    title: 'a file in the place of the directory, then removed',
    // It is there before the process is.
    start: ({ logs }) => {
      writeFileSync(logs, 'in the way')
      return {}
    },
    begin: () => {},
    end: ({ logs }) => rmSync(logs),
    expected: complete,
  },
]

export const disks: readonly Scenario[] = troubles.map((trouble) => ({
  title: trouble.title,
  ...(trouble.whyNot === undefined ? {} : { whyNot: trouble.whyNot }),
  runs: (tools: Tools) => repeat(tools, trouble, tools.scale(runsEach), {}),
  ...(trouble.isHarmless
    ? {}
    : {
        control: (tools: Tools) =>
          repeat(tools, trouble, controlRuns, { writer: 'bare', ...trouble.bareJob }),
      }),
}))

async function* repeat(
  tools: Tools,
  trouble: Trouble,
  count: number,
  change: Partial<Job>,
): AsyncGenerator<Run> {
  for (let n = 1; n <= count; n++) {
    yield await tools.at(async (workplace) => {
      const options = trouble.start?.(workplace) ?? {}
      try {
        return await runIn(workplace, tools, trouble, options, n, change)
      } finally {
        if (trouble.whyNot === whyNoMount) unmount(workplace.disk)
      }
    })
  }
}

async function runIn(
  workplace: Workplace,
  tools: Tools,
  trouble: Trouble,
  options: StartOptions,
  n: number,
  change: Partial<Job>,
): Promise<Run> {
  const isLasting = trouble.end === undefined
  const settleMs = isLasting || change.writer === 'bare' ? 0 : job.settleMs!
  const subject = new Subject(workplace, { ...job, settleMs, ...trouble.job, ...change }, options)
  const [first, second] = stops as [number, number]
  if (await subject.stopped(first)) trouble.begin(workplace, tools)
  subject.go()
  if ((await subject.stopped(second)) && trouble.end !== undefined) trouble.end(workplace)
  subject.go()
  const ended = await subject.ended
  trouble.after?.(workplace)
  const run = assess(`${n}`, ended, workplace.logs, trouble.expected)
  if (change.writer === 'bare') return run
  if (isLasting && trouble.begin === fill) free(workplace)
  const restart = await restartFaults(workplace.logs)
  return { ...run, complaints: [...run.complaints, ...restart] }
}
