// What an entry costs until it is in a file: entries per second from the first call to the last
// byte, processor time of the whole process with all its threads, and the memory it took.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pause, turn } from '../loop.ts'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { pathNames, openSubject, type SubjectName, subjects } from '../subjects/catalog.ts'

const quickSubjects: readonly SubjectName[] = ['ringlog-typed', 'ringlog-untyped', 'pino-async']

/** Entries logged in one turn of the loop. */
const turnCalls = 100
/** Until what runs is compiled: 10⁴ entries would show that, and not their cost. */
export const warmUpCalls = 30_000
/**
 * In so many parts, after each of which nothing more comes to the files. V8 has to see that as
 * well: code compiled while there was always more to do is thrown away when there is nothing for
 * the first time; compiling it anew took ringlog 40 ms of the processor (Node 20.20, 2026-11).
 */
const warmUpParts = 3
/** The files must not have grown for so long, milliseconds. */
const calmMs = 150

const variantTitles: Readonly<Record<string, string>> = {
  entry: 'The enforcement entry in full, rotation at 50 MB where there is one',
  unrotated: 'The same without rotation, for those which rotate',
}

export const disk: Measure = {
  name: 'disk',
  title: 'Until it is in the files',
  about:
    'The enforcement entry, as fast as it goes, 100 calls per turn of the loop, until the library says that ' +
    'everything is in the files (checked afterwards, line by line), after 30 000 entries in three parts with nothing ' +
    'to do between them. Processor time is user + system of the whole ' +
    'process with all its threads. Those that rotate by size: ringlog, winston, log4js and rotating-file-stream.',
  metrics: [
    { name: 'entries_per_s', title: 'entries/s', better: 'higher' },
    { name: 'entry_cpu_us', title: 'CPU µs per entry', better: 'lower' },
    { name: 'rss_mb', title: 'peak memory, MB', better: 'lower' },
  ],

  variantTitle: (variant) => variantTitles[variant] ?? variant,

  plan: (scale: Scale) => {
    const rotating = pathNames.filter((name) => subjects[name].rotates)
    return [
      ...[...(scale === 'quick' ? quickSubjects : pathNames), 'ready-bytes' as const].map(
        (subject) => jobOf('entry', subject, scale),
      ),
      ...(scale === 'quick' ? [] : rotating.map((subject) => jobOf('unrotated', subject, scale))),
    ]
  },

  async run(job: Job, directory: string): Promise<Outcome> {
    const subject = await openSubject(job.subject, {
      directory,
      rotation: job.variant !== 'unrotated',
    })
    const log = (i: number): void => subject.entry(i)
    const { wallUs, cpuUs } = await costOf(
      log,
      () => subject.end(),
      job.count,
      warmUpCalls,
      directory,
    )
    return {
      metrics: {
        entries_per_s: 1e6 / wallUs,
        entry_cpu_us: cpuUs,
        // maxRSS is in KiB on every system.
        rss_mb: (process.resourceUsage().maxRSS * 1024) / 1e6,
      },
      logged: job.count + warmUpCalls,
    }
  },
}

function jobOf(variant: string, subject: SubjectName, scale: Scale): Job {
  // Beyond 50 MB in a full run, so that what can rotate does.
  return {
    measure: 'disk',
    variant,
    subject,
    count: scale === 'quick' ? 10_000 : 100_000,
    ...(variant === 'unrotated' && subjects[subject].kind === 'rival' && { roundsMax: 1 }),
  }
}

/** What an entry costs until it is in its file, microseconds. */
export interface Cost {
  readonly wallUs: number
  /** Processor time of the whole process. */
  readonly cpuUs: number
  /** Of it, outside the system's calls. */
  readonly userUs: number
}

/**
 * The cost of an entry from the first call to the end; the warm-up is not counted, and is in the
 * files before.
 */
export async function costOf(
  log: (i: number) => void,
  end: () => Promise<void>,
  count: number,
  warmUp: number,
  directory: string,
): Promise<Cost> {
  const part = Math.ceil(warmUp / warmUpParts)
  for (let from = 0; from < warmUp; from += part) {
    await logInTurns(log, from, Math.min(from + part, warmUp))
    await calm(directory)
  }
  return timed(count, async () => {
    await logInTurns(log, warmUp, warmUp + count)
    await end()
  })
}

/** Resolves when the files of a directory grow no more. */
async function calm(directory: string): Promise<void> {
  for (let before = -1, size = sizeOf(directory); size !== before; size = sizeOf(directory)) {
    before = size
    await pause(calmMs)
  }
}

function sizeOf(directory: string): number {
  const sizes = readdirSync(directory).map(
    // Gone meanwhile: renamed in a rotation.
    (name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0,
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** The cost per entry of work for `count` entries. */
export async function timed(count: number, work: () => Promise<void>): Promise<Cost> {
  const cpuStart = process.cpuUsage()
  const start = process.hrtime.bigint()
  await work()
  const ns = Number(process.hrtime.bigint() - start)
  const { user, system } = process.cpuUsage(cpuStart)
  return { wallUs: ns / 1000 / count, cpuUs: (user + system) / count, userUs: user / count }
}

/** Logs entries `from` to `end`, some in each turn of the loop. */
export async function logInTurns(
  log: (i: number) => void,
  from: number,
  end: number,
): Promise<void> {
  for (let i = from; i < end;) {
    const turnEnd = Math.min(i + turnCalls, end)
    for (; i < turnEnd; i++) log(i)
    await turn()
  }
}
