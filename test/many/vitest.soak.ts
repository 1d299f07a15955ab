// Vitest itself, with several workers at the same time: processes, or threads. Each test file logs
// thousands of entries, with a directory for each instance, or all into one, where they wait for
// one another. ENTRIES says how many each.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, test } from 'node:test'
import { logDirectory } from '../log-directory.ts'
import { project, run } from '../logger/test-project.ts'
import { type Run, assertWhole } from './whole.ts'

const entries = Number(process.env['ENTRIES'] ?? 5000)
const files = 4
const workers = 3
const categories = 4

const places = ['{instance}', 'all'] as const

/** A test that logs to both places, and waits until all of it is in the files. */
const testText = (parent: string, name: string): string => `
import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { test } from 'vitest'
import { createLogger } from 'ringlog'
test.each(${JSON.stringify(places)})('logs to %s', async (place) => {
  const log_path = ${JSON.stringify(parent)} + '/' + place.replace(/\\W/g, '') + '/' + place
  const rotation = { max_size_mb: 1, max_files: 100 }
  const log = createLogger({ log_path, lock_wait_s: 600, rotation })
  const categories = [log.system, log.audit, log.enforcement, log.sdk]
  for (let n = 0; n < ${entries}; n++) {
    const level = n % 100 === 99 ? 'error' : 'info'
    categories[n % ${categories}][level]('entry', { run: ${JSON.stringify(name)}, n })
    if (n % 50 === 0) await setImmediate()
  }
  await log.close()
  const { accepted, written, dropped, diverted } = log.stats()
  assert.deepEqual([written, dropped.total, diverted], [accepted, 0, 0])
})
`

describe(`vitest --maxWorkers=${workers}`, () => {
  const root = mkdtempSync(join(tmpdir(), 'ringlog-vitest-'))
  after(() => rmSync(root, { recursive: true, force: true }))
  const program = resolve('node_modules/vitest/vitest.mjs')

  for (const pool of ['forks', 'threads'] as const) {
    test(`${pool}: {instance} and one directory for all get every entry once and in order`, async (t) => {
      const parent = logDirectory(t)
      const directory = project(root, pool)
      const runs = new Map<string, Run>()
      for (let i = 0; i < files; i++) {
        runs.set(`f${i}`, { flushed: entries, ended: entries })
        writeFileSync(join(directory, `f${i}.test.mjs`), testText(parent, `f${i}`))
      }
      const options = [`--pool=${pool}`, `--maxWorkers=${workers}`, '--reporter=json']
      // Its own of 5 s is one of a machine that has nothing else to do.
      const { stdout } = run([program, 'run', '--testTimeout=100000', ...options], directory)
      assert.match(stdout, new RegExp(`"numPassedTests":${files * places.length}\\b`))
      for (const place of places) {
        const log_path = join(parent, place.replaceAll(/\W/g, ''))
        const whole = await assertWhole(log_path, runs, categories)
        t.diagnostic(`${place}: ${JSON.stringify(whole)}`)
        assert.deepEqual([whole.entries, whole.killed], [files * entries, 0])
      }
    })
  }
})
