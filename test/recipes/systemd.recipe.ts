// The units of docs/deployment.md and docs/shipping.md, judged by systemd itself.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { logDirectory } from '../log-directory.ts'
import { lacks, recipe, root } from './documents.ts'

const unit = recipe('risk-manager.service', { '/usr/bin/node': process.execPath })

/** What systemd-analyze says of a unit. */
function remarksOn(t: TestContext, text: string): string {
  const file = join(dirname(logDirectory(t)), 'risk-manager.service')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', file], {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_LOG_TARGET: 'console' },
  })
  return `${stdout}${stderr}${status === 0 ? '' : `ended with ${status}`}`
}

describe('ringlog-ship.service', { skip: lacks(['systemd-analyze']) }, () => {
  it('is understood by systemd, every line of it', (t) => {
    const text = recipe('ringlog-ship.service', { '/usr/bin/node': process.execPath })
    assert.equal(remarksOn(t, text), '')
  })
})

describe('risk-manager.service', { skip: lacks(['systemd-analyze']) }, () => {
  it('is understood by systemd, every line of it', (t) => {
    assert.equal(remarksOn(t, unit), '')
    assert.match(remarksOn(t, unit.replace('TimeoutStopSec', 'TimeoutStopSecs')), /Unknown key/)
  })
})

/** Prints what the journal has of a program whose output it reads, `[PRIORITY, MESSAGE]` a line. */
const journal = String.raw`
mount -t tmpfs none /run
mkdir -p /run/systemd/journal /run/log/journal
/lib/systemd/systemd-journald 2>/dev/null & journald=$!
until [ -S /run/systemd/journal/stdout ]; do sleep 0.02; done
systemd-cat -t risk-manager sh -c 'JOURNAL_STREAM=$(stat -Lc %d:%i /proc/$$/fd/1) exec "$@"' - "$@"
until journalctl -D /run/log/journal -t risk-manager -o cat --no-pager | grep -q '"the last"'; do
  sleep 0.02
done
journalctl -D /run/log/journal -t risk-manager -o json --no-pager
kill $journald`

const program = `
import { createLogger } from ${JSON.stringify(`file://${root}/dist/index.js`)}
const log = createLogger({ log_path: null, stdout: 'json' })
log.system.info('well')
log.system.warning('not so well')
log.sdk.error('failed', new Error('with a stack'))
log.system.critical('the last')
await log.close()`

describe('the journal', { skip: lacks(['systemd-cat', 'unshare'], true) }, () => {
  it('has the priority of each line of stdout, and the line', { timeout: 30_000 }, () => {
    const node = [process.execPath, '--input-type=module', '-e', program]
    const { stdout, stderr, status } = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', journal, 'sh', ...node],
      { encoding: 'utf8', timeout: 25_000 },
    )
    assert.equal(status, 0, stderr)
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => {
        const { PRIORITY, MESSAGE } = JSON.parse(line) as { PRIORITY: string; MESSAGE: string }
        return [PRIORITY, (JSON.parse(MESSAGE) as { message: string }).message]
      })
    assert.deepEqual(records, [
      ['6', 'well'],
      ['4', 'not so well'],
      ['3', 'failed'],
      ['2', 'the last'],
    ])
  })
})
