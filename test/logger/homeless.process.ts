// A logger whose directory cannot be said: no home for its `~`, no working directory for a relative
// path. That is a directory that cannot be used, and no error: one line on stderr, the console, and
// the process goes on.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { logDirectory } from '../log-directory.ts'
import { whyNoStrangers } from '../strangers.ts'

const isWindows = process.platform === 'win32'

/** Runs a program in a directory of its own; with what it may not do there. */
function run(
  t: TestContext,
  code: string,
  options: { readonly uid?: number; readonly env?: NodeJS.ProcessEnv } = {},
): { directory: string; out: string; err: string; code: number | null } {
  const directory = logDirectory(t)
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  const library = JSON.stringify(resolve('dist/index.js'))
  const text = `import { createLogger, cleanLogs, streamLogs } from ${library}
    import { rmdirSync } from 'node:fs'
    ${code}`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', text],
    { cwd: directory, encoding: 'utf8', ...options },
  )
  return { directory, out: stdout, err: stderr, code: status }
}

const logging = `const log = createLogger({ windows_event_log: { enabled: false } })
  log.system.info('a')
  log.system.error('b')
  const told = await log.close().then(() => 'closed', (error) => error.name)
  const { accepted, written, healthy, dropped, diverted } = log.stats()
  console.log(JSON.stringify({ told, accepted, written, sum: dropped.total + diverted }))`

const lost = { told: 'NotWrittenError', accepted: 2, written: 0, sum: 2 }

describe(
  'createLogger() without a home',
  { skip: isWindows && 'the home is not HOME there' },
  () => {
    it('says so once, writes to the console, and makes no directory called ~', (t) => {
      const env = { ...process.env, HOME: 'relative' }
      const { directory, out, err, code } = run(t, logging, { env })
      assert.equal(code, 0, err)
      assert.deepEqual(JSON.parse(out), lost)
      const lines = err.trimEnd().split('\n')
      assert.match(
        lines[0]!,
        /^ringlog: cannot write [a-z]+\.log: Cannot find the home directory for ~\/\.risk_manager\/logs\/: expected HOME to be absolute, got "relative"/,
      )
      assert.match(lines[1] ?? '', /\] ERROR \| system {6}\| b$/)
      assert.ok(!existsSync(join(directory, '~')))
    })

    it(
      'goes on as a user without an entry in the password file',
      { skip: whyNoStrangers() },
      (t) => {
        const { HOME: _, ...env } = process.env
        const { out, err, code } = run(t, logging, { uid: 54_321, env })
        assert.equal(code, 0, err)
        assert.deepEqual(JSON.parse(out), lost)
        assert.match(err, /HOME is not set, and the user has no entry in the password file/)
      },
    )

    it('does not miss it where it needs none, and says so to who reads', (t) => {
      const env = { ...process.env, HOME: 'relative' }
      const code = `const log = createLogger({ log_path: 'logs' })
      log.system.info('a')
      await log.close()
      for await (const { entry } of streamLogs({ log_path: 'logs' })) console.log(entry.message)
      try { streamLogs() } catch (error) { console.log(error.message) }
      await cleanLogs().catch((error) => console.log(error.message))`
      const { out, err } = run(t, code, { env })
      const missing =
        'Cannot find the home directory for ~/.risk_manager/logs/: expected HOME to be absolute, got "relative"'
      assert.deepEqual(out.split('\n'), ['a', missing, missing, ''])
      assert.equal(err, '')
    })
  },
)

describe('createLogger() without a working directory', () => {
  it(
    'says so once, and writes to the console',
    { skip: isWindows && 'it cannot be removed' },
    (t) => {
      const { directory, out, err, code } = run(
        t,
        `const here = process.cwd()
      process.chdir(here)
      rmdirSync(here)
      ${logging.replace('createLogger({', `createLogger({ log_path: 'logs',`)}`,
      )
      assert.equal(code, 0, err)
      assert.deepEqual(JSON.parse(out), lost)
      assert.match(
        err,
        /^ringlog: cannot write [a-z]+\.log: Cannot find the working directory for logs: /,
      )
      assert.ok(!existsSync(join(dirname(directory), 'logs', 'logs')))
    },
  )
})
