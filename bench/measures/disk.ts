// What an entry costs until it is in a file: entries per second from the first call to the last byte, processor
// time of the whole process with all its threads, and the memory it took.

import { type Job, type Measure, type Outcome, type Scale, pause, turn } from '../measure.ts'
import { pathNames, openSubject, type SubjectName, subjects } from '../subjects/catalog.ts'

const quickSubjects: readonly SubjectName[] = ['ringlog-typed', 'ringlog-untyped', 'pino-async']

/** Entries logged in one turn of the loop. */
const burstCalls = 100
/** Until what runs is compiled: 10⁴ entries would show that, and not their cost. */
export const warmUpCalls = 30_000

const variantTitles: Readonly<Record<string, string>> = {
  entry: 'The enforcement entry in full, rotation at 50 MB where there is one',
  unrotated: 'The same without rotation, for those which rotate',
}

export const disk: Measure = {
  name: 'disk',
  title: 'Until it is in the files',
  about:
    'The enforcement entry, as fast as it goes, 100 calls per turn of the loop, until the library says that ' +
    'everything is in the files (checked afterwards, line by line). Processor time is user + system of the whole ' +
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
    const costs = await costOf(log, () => subject.end(), job.count, warmUpCalls)
    return {
      metrics: {
        entries_per_s: 1e6 / costs.wallUs,
        entry_cpu_us: costs.cpuUs,
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

/** Time and processor time per entry, from the first call to the end, the warm-up not counted. */
export async function costOf(
  log: (i: number) => void,
  end: () => Promise<void>,
  count: number,
  warmUp: number,
): Promise<{ readonly wallUs: number; readonly cpuUs: number }> {
  await logInBursts(log, 0, warmUp)
  await pause(150)
  const cpuStart = process.cpuUsage()
  const start = process.hrtime.bigint()
  await logInBursts(log, warmUp, warmUp + count)
  await end()
  const ns = Number(process.hrtime.bigint() - start)
  const { user, system } = process.cpuUsage(cpuStart)
  return { wallUs: ns / 1000 / count, cpuUs: (user + system) / count }
}

async function logInBursts(log: (i: number) => void, from: number, end: number): Promise<void> {
  for (let i = from; i < end;) {
    const burstEnd = Math.min(i + burstCalls, end)
    for (; i < burstEnd; i++) log(i)
    await turn()
  }
}
