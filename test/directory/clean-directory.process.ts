// Deleting while another process renames the files.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { cleanDirectory } from '../../lib/directory/clean-directory.ts'
import { dayMs } from '../../lib/directory/retention.ts'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

describe('cleanDirectory()', () => {
  test('deletes only what is old, while another process renames the files as fast as it can', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const times = 100
    const fixture = join(import.meta.dirname, `../fixtures/renaming${extension}`)
    const child = spawn(process.execPath, [...loader, fixture, directory, String(times)])
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    let deleted = 0
    const clean = async (): Promise<void> => {
      const report = await cleanDirectory({
        directory,
        bases: new Set(['system.log']),
        limits: { keep: undefined, retentionMs: dayMs, now: Date.now() },
        leftovers: false,
        onlyOwn: false,
        compress: false,
        dryRun: false,
      })
      deleted += report.deleted.length
      assert.deepEqual(report.failed, [])
      // The other process is heard of.
      await new Promise(setImmediate)
    }
    while (child.exitCode === null && child.signalCode === null) await clean()
    assert.deepEqual(await ended, [0, null])
    await clean()
    const numbers = readdirSync(directory)
      .map((name) => Number(readFileSync(join(directory, name), 'utf8')))
      .toSorted((a, b) => a - b)
    assert.deepEqual(
      numbers,
      Array.from({ length: times / 2 }, (_, i) => 2 * i + 1),
    )
    t.diagnostic(`${deleted} deleted`)
    assert.ok(deleted > 0)
  })
})
