// `npm run bench`: every library, the same entry, a process per configuration, rounds interleaved A
// B C A B C. Without options what an entry costs all in, at the rates people live at, in five
// minutes. Prints Markdown, writes bench/results/. Options after `--`: --help tells them.

import { mkdirSync } from 'node:fs'
import os from 'node:os'
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Job, Measure, Scale } from './measure.ts'
import { tablesOf } from './markdown.ts'
import { headline, measureOf, measures } from './measures/catalog.ts'
import { commitOf, machineOf, type Results, type Row, versionsOf, writeResults } from './results.ts'
import { runJob, type Run } from './runner.ts'
import { whyNotSlow } from './slow-disk.ts'
import { Estimate } from './estimate.ts'
import { groupBy } from './statistics.ts'

const usage = `npm run bench -- [options]
  --quick             less of it in a minute, one round: for a look
  --full              everything, in about half an hour
  --only a,b          of ${measures.map(({ name }) => name).join(', ')}
                      the rest stays, if commit, machine, versions and rounds are the same
  --rounds N          rounds, interleaved (2; with --quick 1)
  --directory DIR     write the logs below DIR (${os.tmpdir()})`

const roundsOf: Readonly<Record<Scale, number>> = { quick: 1, full: 2 }

interface Options {
  readonly scale: Scale
  readonly rounds: number
  readonly measures: readonly Measure[]
  readonly directory: string
}

/** A job with what its runs came to, in the order of the rounds. */
interface Checkpoint {
  readonly job: Job
  readonly runs: Run[]
}

const options = optionsIn(process.argv.slice(2))
if (options !== undefined) await bench(options)

async function bench({ scale, rounds, measures: chosen, directory }: Options): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const started = new Date()
  const skipped: Record<string, string> = {}
  const rows: Row[] = []
  const planned = chosen.filter((measure) => {
    const reason = measure.name === 'slow' ? whyNotSlow() : undefined
    if (reason !== undefined) skipped[measure.name] = reason
    return reason === undefined
  })
  const estimate = new Estimate(
    planned.flatMap((measure) => measure.plan(scale)),
    rounds,
  )
  console.error(`About ${estimate.left()}.`)
  for (const measure of planned) {
    const measureStarted = Date.now()
    const ledgers = await runMeasure(measure, scale, rounds, directory, estimate)
    progress('')
    const seconds = ((Date.now() - measureStarted) / 1000).toFixed(0)
    console.error(`${measure.name}: ${seconds} s, about ${estimate.left()} left`)
    rows.push(...ledgers.flatMap((checkpoint) => rowsOf(measure, checkpoint)))
  }
  const results: Results = {
    format: 1,
    date: started.toISOString(),
    commit: commitOf(),
    scale,
    rounds,
    machine: machineOf(directory),
    versions: versionsOf(),
    skipped,
    rows,
  }
  console.log(`${tablesOf(results)}\n`)
  const seconds = Math.round((Date.now() - started.getTime()) / 1000)
  const file = relative(process.cwd(), writeResults(results))
  console.error(`${rows.length} rows in ${seconds} s, written to ${file}`)
}

/** All jobs of a measure once per round, so that whatever changes with time changes for all. */
async function runMeasure(
  measure: Measure,
  scale: Scale,
  rounds: number,
  directory: string,
  estimate: Estimate,
): Promise<Checkpoint[]> {
  const ledgers = measure.plan(scale).map((job): Checkpoint => ({ job, runs: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const { job, runs } of ledgers) {
      if (round >= (job.roundsMax ?? rounds)) continue
      progress(
        `${measure.name} ${job.variant} ${job.subject}, round ${round + 1} of ${rounds}, ` +
          `about ${estimate.left()} left`,
      )
      runs.push(await runJob(job, directory))
      estimate.done(job)
    }
  }
  return ledgers
}

/** One row per metric. A fault in one round spoils the row: what is lost once in three is lost. */
function rowsOf(measure: Measure, { job, runs }: Checkpoint): Row[] {
  const faults = runs.flatMap(({ fault }) => (fault === undefined ? [] : [fault]))
  const fault = [...groupBy(faults, String).keys()].join('; ')
  const { variant, subject } = job
  const sound = fault === '' ? runs : []
  return measure.metrics.map(({ name, better }) => {
    const intervals = sound.flatMap(({ intervals: { [name]: interval } }) =>
      interval === undefined ? [] : [interval],
    )
    return {
      measure: measure.name,
      variant,
      subject,
      metric: name,
      better,
      values: sound.map(({ metrics }) => metrics[name] ?? Number.NaN),
      ...(intervals.length > 0 && { intervals }),
      ...(fault !== '' && { fault }),
    }
  })
}

/** Where one is, on one line of a terminal; nothing when there is none. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

function optionsIn(words: string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        quick: { type: 'boolean', default: false },
        full: { type: 'boolean', default: false },
        only: { type: 'string' },
        rounds: { type: 'string' },
        directory: { type: 'string', default: os.tmpdir() },
        help: { type: 'boolean', default: false },
      },
    })
    if (values.help) {
      console.log(usage)
      return undefined
    }
    const scale = values.quick ? 'quick' : 'full'
    const rounds = Number(values.rounds ?? roundsOf[scale])
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new RangeError(`Cannot run: expected --rounds 1 or more, got ${values.rounds}`)
    }
    const chosen = values.only?.split(',').map(measureOf) ?? (values.full ? measures : headline)
    return { scale, rounds, measures: chosen, directory: resolve(values.directory) }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
    process.exitCode = 2
    return undefined
  }
}
