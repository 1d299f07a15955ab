// `npm run test:faults`: puts the built library under every fault that can be injected here, counts
// what is in the files, and prints a table. Exit code 1 when a promise is broken, or when a fault
// does not bite the known-bad writer.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { format, resolveConfig } from 'prettier'
import { Random } from './random.ts'
import type { Run, Scenario, Tools } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { Workplace } from './subject.ts'
import { ringVariable, writerVariable } from './job.ts'
import {
  biteOf,
  controlTableOf,
  isNeverMet,
  remarksOf,
  type Row,
  tableOf,
  howToRead,
} from './table.ts'

const usage = `npm run test:faults -- [options]
  --quick           a tenth of the random runs, and not on the known-bad writer
  --full            all random runs (500 kills, 500 exits), and every error code of each kind
  --only WORD       faults whose title contains WORD; may be given several times
  --scale N         share of the random runs, 0.01 to 100 (0.2; 1 is 500 kills and 500 exits)
  --seed N          seed of the random moments
  --ring KIND       buffer.ring of every logger: memory or shared (memory)
  --writer KIND     buffer.writer of every logger: inline or thread (inline)
  --no-control      leave out the known-bad writer
  --report FILE     write the tables to FILE as well
  --directory DIR   work below DIR (${os.tmpdir()})`

/** Two processes at a time: a third would wait for the other two on a machine with two cores. */
const runsAtATime = 2

interface Task {
  readonly scenario: Scenario
  readonly isControl: boolean
}

interface Result extends Task {
  readonly row: Row
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    scale: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    ring: { type: 'string', default: 'memory' },
    writer: { type: 'string', default: 'inline' },
    'no-control': { type: 'boolean', default: false },
    report: { type: 'string' },
    directory: { type: 'string', default: os.tmpdir() },
    help: { type: 'boolean', default: false },
  },
})
if (options.help) console.log(usage)
else await main()

async function main(): Promise<void> {
  const started = Date.now()
  const chosen = scenarios.filter(
    ({ title, isVariant }) =>
      (options.full || !isVariant) &&
      (options.only.length === 0 ||
        options.only.some((word) => title.toLowerCase().includes(word.toLowerCase()))),
  )
  if (chosen.length === 0) {
    console.error(
      `Cannot run: expected a word in the title of a fault, got ${options.only.join(', ')}`,
    )
    process.exitCode = 1
    return
  }
  process.env[ringVariable] = options.ring
  process.env[writerVariable] = options.writer
  const withControl = !options.quick && !options['no-control']
  const tasks = chosen.flatMap((scenario): Task[] => [
    { scenario, isControl: false },
    ...(withControl && scenario.control !== undefined ? [{ scenario, isControl: true }] : []),
  ])
  mkdirSync(options.directory, { recursive: true })
  const root = mkdtempSync(join(resolve(options.directory), 'ringlog-faults-'))
  // Some subjects run as another user.
  chmodSync(root, 0o755)
  const results: Result[] = []
  try {
    const together = tasks.filter(({ scenario }) => scenario.isAlone !== true)
    const alone = tasks.filter(({ scenario }) => scenario.isAlone === true)
    const work = async (queue: Task[]): Promise<void> => {
      for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
        results.push({ ...task, row: await rowOf(task, root) })
      }
    }
    await Promise.all(Array.from({ length: runsAtATime }, () => work(together)))
    await work(alone)
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 3 })
  }
  // In the order of the list, not in that of their end.
  results.sort(
    (a, b) =>
      tasks.findIndex((task) => isSame(task, a)) - tasks.findIndex((task) => isSame(task, b)),
  )
  await report(results, (Date.now() - started) / 1000)
}

function isSame(a: Task, b: Task): boolean {
  return a.scenario === b.scenario && a.isControl === b.isControl
}

async function rowOf({ scenario, isControl }: Task, root: string): Promise<Row> {
  const { title } = scenario
  const skipped = scenario.whyNot?.()
  const runs: Run[] = []
  if (skipped !== undefined) {
    if (!isControl) progress(`skipped ${title}: ${skipped}`)
    return { title, runs, skipped }
  }
  const started = Date.now()
  const each = isControl ? scenario.control! : scenario.runs
  try {
    for await (const run of each(toolsAt(root))) runs.push(run)
  } catch (error) {
    runs.push(failed(error as Error))
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const broken = runs.filter(({ complaints }) => complaints.length > 0)
  const verdict = isControl
    ? `known-bad writer: ${biteOf(runs)}`
    : broken[0] === undefined
      ? 'holds'
      : `BROKEN in ${broken.length}: ${broken[0].label}: ${broken[0].complaints[0]}`
  progress(`${title}: ${runs.length} runs, ${seconds} s, ${verdict}`)
  return { title, runs }
}

/** The harness itself could not go on; that is no success. */
function failed(error: Error): Run {
  return {
    label: 'harness',
    accepted: 0,
    onDisk: 0,
    lost: 0,
    duplicated: 0,
    torn: 0,
    disordered: 0,
    counted: 0,
    recoveredMs: undefined,
    complaints: [error.stack ?? error.message],
  }
}

function toolsAt(root: string): Tools {
  const scale = Number(options.scale ?? (options.full ? 1 : options.quick ? 0.1 : 0.2))
  return {
    random: new Random(Number(options.seed)),
    scale: (runs) => Math.max(1, Math.round(runs * scale)),
    at: async (run) => {
      const workplace = new Workplace(root)
      try {
        return await run(workplace)
      } finally {
        workplace.remove()
      }
    },
  }
}

async function report(results: readonly Result[], seconds: number): Promise<void> {
  const rows = results.filter(({ isControl }) => !isControl).map(({ row }) => row)
  const controls = results.filter(({ isControl }) => isControl).map(({ row }) => row)
  const text = [
    '# What was done to the library, and what was in the files afterwards',
    '',
    `Node ${process.version.slice(1)}, Linux ${os.release()}, ${os.cpus().length} cores, ` +
      `${new Date().toISOString().slice(0, 10)}, ${seconds.toFixed(0)} s, seed ${options.seed}. Made by \`npm run test:faults\`.`,
    '',
    howToRead,
    '',
    tableOf(rows),
    remarksOf(rows),
    ...(controls.length === 0
      ? []
      : ['', '## The same on rotating-file-stream alone', '', controlTableOf(controls)]),
    '',
  ].join('\n')
  console.log(`\n${text}`)
  if (options.report !== undefined) {
    const style = await resolveConfig(options.report)
    writeFileSync(options.report, await format(text, { ...style, parser: 'markdown' }))
  }
  const broken = rows.filter(({ runs }) => runs.some(({ complaints }) => complaints.length > 0))
  const toothless = controls.filter(
    ({ runs, skipped }) => skipped === undefined && !isNeverMet(runs) && biteOf(runs) === '**no**',
  )
  for (const { title } of toothless)
    console.log(`No proof: the known-bad writer survives "${title}"`)
  console.log(
    broken.length + toothless.length === 0
      ? `All promises hold under ${rows.length} faults.`
      : `${broken.length} of ${rows.length} promises are broken.`,
  )
  if (broken.length + toothless.length > 0) process.exitCode = 1
}

function progress(text: string): void {
  console.error(text)
}
