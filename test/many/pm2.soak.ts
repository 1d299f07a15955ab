// PM2 itself: four instances that log as fast as they may, reloaded twenty times under that load.
// Every entry that an instance says it has logged is in the log, once, in the order of the calls.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { streamLogs, verifyLogs } from '../../lib/index.ts'

const run = promisify(execFile)
const instances = 4
const reloads = Number(process.env['RELOADS'] ?? 20)

/** Logs until it is asked to end, and then leaves how much it has logged. */
const program = (directory: string): string => `
import { writeFileSync } from 'node:fs'
import { createLogger } from ${JSON.stringify(pathToFileURL(resolve('dist/index.js')).href)}
const log = createLogger({ log_path: ${JSON.stringify(`${directory}/logs/{instance}`)}, rotation: { max_size_mb: 1, max_files: 100 } })
const run = process.env.NODE_APP_INSTANCE + ' ' + process.pid
const categories = [log.system, log.audit, log.enforcement, log.sdk]
let n = 0
const timer = setInterval(() => {
  for (let i = 0; i < 10; i++) categories[n % 4].info('entry', { run, n: n++ })
}, 10)
process.send?.('ready')
process.on('SIGINT', () => {
  clearInterval(timer)
  log.close().then(() => {
    writeFileSync(${JSON.stringify(`${directory}/done/`)} + process.pid, JSON.stringify({ run, n, stats: log.stats() }))
    process.exit()
  })
})
`

function place(t: TestContext, kill: () => Promise<unknown>): string {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-pm2-'))
  t.after(async () => {
    await kill()
    rmSync(directory, { recursive: true, force: true })
  })
  mkdirSync(join(directory, 'done'))
  writeFileSync(join(directory, 'app.mjs'), program(directory))
  const app = {
    name: 'app',
    script: 'app.mjs',
    instances,
    exec_mode: 'cluster',
    wait_ready: true,
    kill_timeout: 20_000,
  }
  writeFileSync(
    join(directory, 'app.config.cjs'),
    `module.exports = ${JSON.stringify({ apps: [app] })}`,
  )
  return directory
}

describe('PM2', { skip: process.platform === 'win32' && 'needs a Unix' }, () => {
  test(`${reloads} reloads of ${instances} instances lose nothing and repeat nothing`, async (t) => {
    const directory = place(t, () => pm2('kill'))
    const env = { ...process.env, PM2_HOME: join(directory, '.pm2'), NODE_TEST_CONTEXT: undefined }
    const cli = createRequire(import.meta.url).resolve('pm2/bin/pm2')
    const pm2 = (...args: string[]): Promise<unknown> =>
      run(process.execPath, [cli, ...args], { cwd: directory, env })
    await pm2('start', 'app.config.cjs')
    for (let i = 0; i < reloads; i++) await pm2('reload', 'app')
    await pm2('stop', 'app')

    const done = readdirSync(join(directory, 'done')).map(
      (name) =>
        JSON.parse(readFileSync(join(directory, 'done', name), 'utf8')) as {
          readonly run: string
          readonly n: number
          readonly stats: { readonly accepted: number; readonly written: number }
        },
    )
    assert.equal(done.length, instances * (reloads + 1))
    const next = new Map<string, number>()
    const lsns = new Map<string, number>()
    const logs = join(directory, 'logs')
    for await (const { entry, file } of streamLogs({ log_path: logs })) {
      assert.ok(entry !== undefined)
      const of = file.slice(0, file.lastIndexOf('/'))
      assert.ok(entry.lsn! > (lsns.get(of) ?? 0), `${file}: lsn ${entry.lsn}`)
      lsns.set(of, entry.lsn!)
      if (entry.message !== 'entry') continue
      const { run: of_, n } = entry.context as { run: string; n: number }
      assert.equal(n, next.get(of_) ?? 0, of_)
      next.set(of_, n + 1)
    }
    let total = 0
    for (const { run: of, n, stats } of done) {
      assert.ok(n > 0, `${of} has logged nothing`)
      assert.equal(next.get(of), n, of)
      assert.equal(stats.written, stats.accepted)
      total += n
    }
    assert.equal(next.size, done.length)
    assert.ok(total > reloads * 500, `${total} entries`)
    const { faults, killed, logs: found } = await verifyLogs({ log_path: logs })
    assert.deepEqual(faults, [])
    assert.deepEqual([killed, found.length], [0, instances])
  })
})
