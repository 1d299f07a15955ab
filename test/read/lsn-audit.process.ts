// verifyLogs() and the numbers of a process that was killed.

import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { createLogger, verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

describe('verifyLogs()', () => {
  test('finds nothing after SIGKILL but how much was lost, beside a writer nothing, and after a restart the same', async (t) => {
    const log_path = logDirectory(t)
    const script = `
      import { createLogger } from ${JSON.stringify(library)}
      const log = createLogger({ log_path: ${JSON.stringify(log_path)}, durability: { audit: 'written' } })
      for (let n = 0; n < 50; n++) {
        log.system.info('waits')
        log.audit.info('is written')
      }
      process.kill(process.pid, 'SIGKILL')`
    for (let run = 1; run <= 2; run++) {
      spawnSync(process.execPath, [...loader, '--input-type=module', '-e', script])
    }
    assert.deepEqual((await verifyLogs({ log_path })).faults, [])
    const log = createLogger({ log_path })
    log.sdk.info('beside')
    const beside = await verifyLogs({ log_path })
    assert.deepEqual(beside.faults, [])
    await log.close()
    const { faults, killed } = await verifyLogs({ log_path })
    assert.deepEqual(faults, [])
    // Of 50 that waited, all; the last one is above what was written, and its number was given
    // again.
    assert.ok(killed >= 98 && killed <= 100, `${killed}`)
  })
})
