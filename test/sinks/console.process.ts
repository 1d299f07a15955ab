// stderr that nobody reads: a log call neither waits for it nor dies of it.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, test } from 'node:test'
import { logDirectory } from '../log-directory.ts'
import { importInWorker, library, loader } from '../loader.ts'

/**
 * Logs more warnings than a pipe holds, to files that cannot be written, and says how many the
 * console took.
 */
const program = (directory: string): string => `async ({ createLogger }) => {
  const log = createLogger({ log_path: ${JSON.stringify(directory)} })
  for (let i = 0; i < 3000; i++) log.system.warning('n ' + i)
  await log.close().catch(() => {})
  const { accepted, written, queued, diverted, dropped } = log.stats()
  console.log(JSON.stringify({ accepted, written, queued, diverted, dropped: dropped.total }))
}`

const inMainThread = (directory: string): string =>
  `import(${JSON.stringify(library)}).then(${program(directory)})`
const inWorker = (directory: string): string => {
  const start = `${importInWorker(library)}.then(${program(directory)})`
  return `new (require('node:worker_threads').Worker)(${JSON.stringify(start)}, { eval: true })`
}

describe('Console.write()', { concurrency: 2 }, () => {
  for (const [where, scriptOf] of [
    ['the main thread', inMainThread],
    ['a worker', inWorker],
  ] as const) {
    for (const state of ['full', 'closed'] as const) {
      test(`in ${where}, stderr ${state}: what it does not take is counted as dropped`, async (t) => {
        const directory = logDirectory(t)
        mkdirSync(dirname(directory), { recursive: true })
        writeFileSync(directory, 'in the way')
        const child = spawn(process.execPath, [...loader, '-e', scriptOf(directory)], {
          stdio: ['ignore', 'pipe', 'pipe'],
          timeout: 30_000,
        })
        // A pipe that is not read is full after 64 KiB; one that has been closed takes nothing.
        if (state === 'closed') child.stderr.destroy()
        let text = ''
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
          child.on('exit', (...end) => resolve(end))
        })
        assert.deepEqual([code, signal], [0, null])
        const { accepted, written, queued, diverted, dropped } = JSON.parse(text) as Record<
          string,
          number
        >
        assert.equal(accepted, diverted! + dropped!)
        assert.deepEqual([written, queued], [0, 0])
        if (state === 'closed') assert.equal(diverted, 0)
        child.stderr.destroy()
      })
    }
  }
})
