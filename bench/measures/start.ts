// What a library costs before it logs: its import, a logger that is ready, further ones, and one
// that is idle. Each figure is of a program of its own, net of a program that does nothing.

import { spawnSync } from 'node:child_process'
import { type Job, type Measure, type Outcome, type Scale } from '../measure.ts'
import { repository } from '../repository.ts'
import { spreadOf } from '../statistics.ts'
import { type SubjectInfo, type SubjectName, subjectNames, subjects } from '../subjects/catalog.ts'

/** Programs of which the median counts; of other rivals, and of a quick run, fewer. */
const starts = 5
const startsFew = 3
const furtherLoggers = 10
const idleMs = 1500
/** Until what a logger opens is open. */
const settled = 'await new Promise((resolve) => setTimeout(resolve, 300))'

export const start: Measure = {
  name: 'start',
  title: 'Before the first entry',
  about:
    `Processor time of the import, net of an empty program, median of up to ${starts} programs; resident memory with ` +
    `one logger by default settings, beyond the empty program's; of each of ${furtherLoggers} further ones; and the ` +
    `share of a core that one idle logger takes over ${idleMs / 1000} s, beyond a process without.`,
  metrics: [
    { name: 'import_cpu_ms', title: 'import, CPU ms', better: 'lower' },
    { name: 'ready_rss_mb', title: 'one logger, MB', better: 'lower' },
    { name: 'further_rss_mb', title: 'each further one, MB', better: 'lower' },
    { name: 'idle_percent', title: 'idle, % of a core', better: 'lower' },
  ],

  variantTitle: () => 'By default settings',

  plan: (scale: Scale) =>
    startingNames
      .filter((name) => scale === 'full' || name === 'ringlog-typed' || name === 'pino-async')
      .map((subject): Job => ({
        measure: 'start',
        variant: 'start',
        subject,
        count: scale === 'quick' ? startsFew : starts,
        seconds: 5,
        ...(subjects[subject].kind === 'rival' &&
          subject !== 'pino-async' && { roundsMax: 1, count: startsFew, seconds: 4 }),
      })),

  async run(job: Job, directory: string): Promise<Outcome> {
    const info: SubjectInfo = subjects[job.subject]
    if (info.start === undefined) throw new Error('Expected a subject with a start')
    const { load, create } = info.start
    const bare: number[] = []
    const loaded: number[] = []
    for (let k = 0; k < job.count; k++) {
      bare.push(report('', directory).cpuMs)
      loaded.push(report(load, directory).cpuMs)
    }
    const loggers = (count: number): string =>
      `${load}\nconst kept = []\nfor (let i = 0; i < ${count}; i++) kept.push(${create})\n${settled}\n`
    const wait = `await new Promise((resolve) => setTimeout(resolve, ${idleMs}))`
    const nothing = report(`rest()\n${wait}`, directory)
    const one = report(`${loggers(1)}rest()\n${wait}`, directory)
    const many = report(`${loggers(1 + furtherLoggers)}rest()`, directory)
    return {
      metrics: {
        import_cpu_ms: spreadOf(loaded).median - spreadOf(bare).median,
        ready_rss_mb: one.rssMb - nothing.rssMb,
        further_rss_mb: (many.rssMb - one.rssMb) / furtherLoggers,
        idle_percent: ((one.restCpuMs - nothing.restCpuMs) / idleMs) * 100,
      },
      logged: undefined,
    }
  },
}

/** Those of which the catalog knows how to start them. */
const startingNames: readonly SubjectName[] = subjectNames.filter(
  (name) => (subjects[name] as SubjectInfo).start !== undefined,
)

interface Report {
  /** From the start of the process to the end of the program. */
  readonly cpuMs: number
  /** From `rest()` on. */
  readonly restCpuMs: number
  readonly rssMb: number
}

/** Runs a program, which may call `rest()` and has its `directory`, and gives what it took. */
function report(program: string, directory: string): Report {
  const text = `${program}\nfinish()`
  const prelude = `
const directory = ${JSON.stringify(directory)}
const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
let restedAt = 0
const rest = () => { restedAt = cpuMs() }
const finish = () => {
  const end = cpuMs()
  const rssMb = process.memoryUsage.rss() / 1048576
  console.log(JSON.stringify({ cpuMs: end, restCpuMs: end - restedAt, rssMb }))
  process.exit()
}
`
  const words = ['--input-type=module', '-e', prelude + text]
  const options = { cwd: repository, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, words, options)
  if (status !== 0) throw new Error(`Expected a program to end well, got ${stderr.slice(0, 500)}`)
  return JSON.parse(stdout) as Report
}
