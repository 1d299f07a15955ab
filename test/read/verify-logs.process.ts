// verifyLogs() beside a process that writes as fast as it can.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

describe('verifyLogs()', () => {
  test('has no false alarm beside a writer at full speed', async (t) => {
    const log_path = logDirectory(t)
    const fixture = join(import.meta.dirname, `../fixtures/rotating${extension}`)
    const args = [...loader, fixture, log_path, '20000', '200', '100']
    const writer = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const ended = once(writer, 'exit')
    let rounds = 0
    while (writer.exitCode === null) {
      try {
        const { faults } = await verifyLogs({ log_path })
        assert.deepEqual(faults, [])
        rounds++
      } catch (error) {
        // Before the writer has made it.
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT')
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.deepEqual(await ended, [0, null])
    assert.ok(rounds > 1)
    const { entries, faults } = await verifyLogs({ log_path })
    assert.deepEqual([entries, faults], [20_000, []])
  })
})
