// `npm run test:sink`: explores the file sink on a simulated disk, every way in which things can
// happen, and then the same sink with one line broken, which must be found. Exit code 1 when a
// promise is broken, or a broken line is not found.

import { availableParallelism } from 'node:os'
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { simulate } from './environment.ts'
import { type Exploration, explore } from './explore.ts'
import { lib, load } from './library.ts'
import { type Mutant, mutants, withMutant } from './mutants.ts'
import { type Plan, plans } from './variants.ts'

/** A variant has its end by then, or is given up, and that is told. */
const cpuMsMax = 120_000
/** A broken line is found by then. */
const mutantCpuMsMax = 60_000

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    part: { type: 'string' },
    deeper: { type: 'string', default: '0' },
    'no-mutants': { type: 'boolean', default: false },
  },
})

/** So many steps more, where there is a bound: for whoever has the time. */
const deeper = Number(options.deeper)

/** What is done, each in a process of its own: first the variants, then the broken lines. */
const names = [...plans.map(({ variant }) => variant.name), ...mutants.map(({ breaks }) => breaks)]

interface Result {
  readonly line: string
  readonly isRight: boolean
}

async function main(): Promise<void> {
  const parts = names.flatMap((name, part) => {
    const isLeft = options['no-mutants'] && part >= plans.length
    const isMeant = options.only.length === 0 || options.only.some((word) => name.includes(word))
    return isMeant && !isLeft ? [part] : []
  })
  let isRight = parts.length > 0
  const total = { states: 0, transitions: 0 }
  const work = async (): Promise<void> => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      const { code, text } = await start(part)
      console.log(text.trimEnd())
      if (code !== 0) isRight = false
      const [, states, transitions] = /: (\d+) states, (\d+) transitions/.exec(text) ?? []
      total.states += Number(states ?? 0)
      total.transitions += Number(transitions ?? 0)
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
  console.log(`${total.states} states, ${total.transitions} transitions in all`)
  console.log(isRight ? 'All promises hold.' : 'A promise is broken, or a broken line not found.')
  if (!isRight) process.exitCode = 1
}

function start(part: number): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [import.meta.filename, '--part', `${part}`, '--deeper', options.deeper],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, text }))
  })
}

async function runPart(part: number): Promise<void> {
  simulate()
  const plan = plans[part]
  const { line, isRight } =
    plan === undefined ? await mutantOf(mutants[part - plans.length]) : await variantOf(plan)
  const { user, system } = process.cpuUsage()
  console.log(`${line} (${((user + system) / 1e6).toFixed(1)} s)`)
  if (!isRight) process.exitCode = 1
}

async function variantOf({ variant, faults, depth: usual }: Plan): Promise<Result> {
  const depth = usual + deeper
  const cpuMs = deeper > 0 ? Infinity : cpuMsMax
  const found = await explore(await load(), variant, { faults, depth, cpuMs })
  const { states, transitions, broken } = found
  const far =
    found.depth < depth ? `all there are, ${found.depth} steps deep` : `to a depth of ${depth}`
  const end = found.isComplete ? far : `given up at a depth of ${found.depth}`
  const seen = [...found.sinkStates].map(([state, count]) => `${state} ${count}`).join(', ')
  const line = `${variant.name}, up to ${faults} faults: ${states} states, ${transitions} transitions, ${end}; ${seen}`
  if (broken === undefined) return { line, isRight: found.isComplete }
  return { line: `${line}\n${brokenOf(found)}`, isRight: false }
}

async function mutantOf(mutant: Mutant | undefined): Promise<Result> {
  const plan = plans.find(({ variant }) => variant.name === mutant?.variant)
  if (mutant === undefined || plan === undefined) throw new Error('expected a part, got none')
  const found = await withMutant(lib, mutant, async (copy) =>
    explore(await load(copy), plan.variant, { ...plan, cpuMs: mutantCpuMsMax }),
  )
  const { broken } = found
  if (broken === undefined) return { line: `NOT FOUND: ${mutant.breaks}`, isRight: false }
  const why = broken.why.split('\n')[0]!
  return {
    line: `found: ${mutant.breaks}: ${why}, after ${found.depth + 1} steps and ${found.states} states`,
    isRight: true,
  }
}

function brokenOf({ broken }: Exploration): string {
  if (broken === undefined) return ''
  return [`BROKEN: ${broken.why}`, ...broken.steps.map((step) => `  ${step}`)].join('\n')
}

if (options.part === undefined) await main()
else await runPart(Number(options.part))
