// A million calls as no one should make them: none may throw, each gives one line that parses, and
// the secret planted in them comes out nowhere, in files, on the console, or in human lines. Before
// that every kind of secret in the corpus goes through every place that takes a text, and thousands
// of harmless lines come out as they went in. Runs on the built library:
//
//   npm run test:values              1 000 000 calls in two processes
//   npm run test:values -- 20000 7   20 000 calls, seed 7

import { fork } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import fc from 'fast-check'
import * as ringlog from 'ringlog'
import { hostileCalls } from '../test/hostile-calls.ts'
import { faultsOf, leaksOf } from '../test/hostile-run.ts'
import * as carriers from '../test/redact/carriers.ts'
import { isFormless, kindsOf } from '../test/redact/corpus.ts'
import { harmless } from '../test/redact/harmless.ts'

const processes = 2
/** Calls of one logger: their lines stay below the size at which files rotate. */
const callsPerLogger = 2_000
/** Harmless lines. */
const harmlessLines = 12_000
/** Faults that are shown; the first says most. */
const shownMax = 10

interface Outcome {
  readonly calls: number
  readonly faults: readonly string[]
}

/** Makes `count` calls with loggers of all formats, one after the other. */
async function work(count: number, seed: number): Promise<Outcome> {
  const parent = mkdtempSync(join(tmpdir(), 'ringlog-values-'))
  const faults: string[] = []
  let calls = 0
  try {
    for (let round = 0; calls < count; round++) {
      const numRuns = Math.min(callsPerLogger, count - calls)
      const sample = fc.sample(hostileCalls, { numRuns, seed: seed + round })
      const directory = join(parent, 'logs')
      const options = {
        structured: round % 4 !== 3,
        console: round % 2 === 0 ? 'always' : 'off',
      } as const
      const found = await faultsOf(ringlog, directory, sample, options)
      for (const fault of found) faults.push(`seed ${seed + round}: ${fault}`)
      rmSync(directory, { recursive: true, force: true })
      calls += numRuns
    }
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
  return { calls, faults }
}

/** The same in a process of its own, whose console is looked at as well. */
async function workElsewhere(count: number, seed: number): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-console-'))
  const file = join(directory, 'stderr')
  const stderr = openSync(file, 'w')
  const child = fork(process.argv[1]!, ['work', String(count), String(seed)], {
    stdio: ['ignore', 'inherit', stderr, 'ipc'],
  })
  closeSync(stderr)
  let outcome: Outcome = { calls: 0, faults: [`seed ${seed}: the process ended early`] }
  child.on('message', (message) => {
    outcome = message as Outcome
  })
  await new Promise((resolve) => child.once('close', resolve))
  const shown = readFileSync(file, 'utf8').split('\n')
  rmSync(directory, { recursive: true })
  const faults = [...outcome.faults, ...leaksOf('the console', shown)]
  if (outcome.calls >= callsPerLogger && shown.length < outcome.calls / 100) {
    faults.push(`the console shows ${shown.length} lines only: ${shown[0]}`)
  }
  return { calls: outcome.calls, faults }
}

/**
 * Every kind of secret in every carrier, and the harmless lines: what is wrong, each in one
 * sentence.
 */
async function secretFaults(seed: number): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-secrets-'))
  try {
    const kinds = kindsOf(seed).filter((kind) => !isFormless(kind))
    const { leaks, calls } = await carriers.leaksOf(ringlog, directory, kinds)
    const lines = [...harmless(harmlessLines, seed)]
    const changed = await carriers.changedOf(ringlog, directory, lines)
    console.log(
      `${kinds.length} kinds of secrets in ${calls} calls, ${lines.length} harmless lines`,
    )
    return [
      ...leaks.map(({ kind, carrier }) => `seed ${seed}: ${carrier} holds ${kind.text}`),
      ...changed.map((line) => `seed ${seed}: changed: ${line}`),
    ]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const [first, second, third] = process.argv.slice(2)
if (first === 'work') {
  process.send?.(await work(Number(second), Number(third)))
  process.disconnect?.()
} else {
  const total = Number(first ?? 1_000_000)
  const seed = Number(second ?? Date.now() % 1_000_000)
  const start = performance.now()
  const secrets = await secretFaults(seed)
  const outcomes = await Promise.all(
    Array.from({ length: processes }, (_, i) =>
      workElsewhere(Math.ceil(total / processes), seed + i * 1_000_000),
    ),
  )
  const calls = outcomes.reduce((sum, outcome) => sum + outcome.calls, 0)
  const faults = [...secrets, ...outcomes.flatMap((outcome) => outcome.faults)]
  for (const fault of faults.slice(0, shownMax)) console.log(fault)
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(`${calls} calls, seed ${seed}, ${faults.length} faults, ${seconds} s`)
  process.exitCode = faults.length === 0 && calls >= total ? 0 : 1
}
