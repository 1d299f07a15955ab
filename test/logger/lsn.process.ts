// The numbers of a log go on behind a process that was killed.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { type Line, linesOf, logDirectory } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

function lsnsOf(lines: readonly Line[]): number[] {
  return lines.map(({ lsn }) => lsn)
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

describe('lsn', () => {
  test('goes on behind the highest in any file after SIGKILL', (t) => {
    const directory = logDirectory(t)
    const script = `
      import { createLogger } from ${JSON.stringify(library)}
      const log = createLogger({ log_path: ${JSON.stringify(directory)}, durability: { audit: 'written' } })
      for (let n = 0; n < 50; n++) log.audit.info('call')
      process.kill(process.pid, 'SIGKILL')`
    for (let run = 1; run <= 3; run++) {
      spawnSync(process.execPath, [...loader, '--input-type=module', '-e', script])
      assert.deepEqual(lsnsOf(linesOf(directory, 'audit.log')), upTo(50 * run))
    }
  })
})
