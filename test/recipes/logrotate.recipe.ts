// logrotate beside a logger: the rule of docs/deployment.md loses nothing, and copytruncate does.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { createLogger, streamLogs, verifyLogs, type VerifyReport } from '../../lib/index.ts'
import type { LoggingConfig } from '../../lib/config/schema.ts'
import { logDirectory } from '../log-directory.ts'
import { until } from './application.ts'
import { lacks, recipe } from './documents.ts'

const run = promisify(execFile)
const rounds = 4

interface Outcome {
  readonly logged: number
  readonly read: number
  readonly files: readonly string[]
  readonly report: VerifyReport
}

/** Logs without a pause while logrotate is told some times to rotate, whatever the size. */
async function rotated(t: TestContext, rule: string, command: readonly string[]): Promise<Outcome> {
  const directory = logDirectory(t)
  const { logging } = JSON.parse(recipe('logrotate.json')) as { logging: LoggingConfig }
  const file = join(dirname(directory), 'logrotate.conf')
  writeFileSync(file, rule.replaceAll('/var/log/risk-manager', directory), { mode: 0o600 })
  const log = createLogger({ ...logging, log_path: directory })
  let logged = 0
  const logs = setInterval(() => {
    for (let i = 0; i < 20; i++) log.system.info('entry', { n: logged++ })
  }, 5)
  for (let round = 0; round < rounds; round++) {
    const before = logged
    await until(() => logged >= before + 200, t.signal)
    await log.flush()
    const [tool, ...args] = [...command, '-f', '-s', `${file}.state`, file]
    await run(tool, args)
  }
  clearInterval(logs)
  await log.close()
  let read = 0
  for await (const line of streamLogs({ log_path: directory })) {
    if (line.entry?.message === 'entry') read++
  }
  const files = readdirSync(directory).filter((name) => name.startsWith('system.log'))
  const report = await verifyLogs({ log_path: directory })
  return { logged, read, files, report }
}

const rule = recipe('logrotate.conf', { 'su risk-manager risk-manager': 'su root root' })

describe('logrotate.conf', () => {
  it('renames, and every entry is there, once', { skip: lacks(['logrotate'], true) }, async (t) => {
    const { logged, read, files, report } = await rotated(t, rule, ['logrotate'])
    assert.equal(read, logged)
    assert.deepEqual(report.faults, [])
    assert.ok(files.includes('system.log.1') && files.includes('system.log.2.gz'), files.join(' '))
  })

  it(
    'with copytruncate in its place entries are lost, which verify finds',
    { skip: lacks(['logrotate', 'strace'], true) },
    async (t) => {
      // Between its copy and its cut logrotate is held up, as it is by a large file.
      const strace = '-f -o /dev/null -e inject=ftruncate:delay_enter=200000 logrotate'
      const other = rule.replace('nocreate', '').replace('nocopytruncate', 'copytruncate')
      const { logged, read, report } = await rotated(t, other, ['strace', ...strace.split(' ')])
      assert.ok(read < logged, `${read} of ${logged}`)
      assert.ok(report.faults.some(({ kind }) => kind === 'gap'))
    },
  )
})
