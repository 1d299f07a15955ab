// `watch: true`: a configuration that changes on disk, in the ways in which files are changed.

import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { createLogger, type Logger } from '../../lib/index.ts'
import { linesOf, logDirectory } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

function text(logs: string, section: object): string {
  return JSON.stringify({ logging: { log_path: logs, watch: true, ...section } })
}

/** A logger with a watched file. */
function watched(t: TestContext): { log: Logger; file: string; logs: string; parent: string } {
  const logs = logDirectory(t)
  const parent = dirname(logs)
  const file = join(parent, 'system.json')
  writeFileSync(file, text(logs, {}))
  const log = createLogger(file)
  t.after(() => log.close())
  return { log, file, logs, parent }
}

/** Resolves when it holds; the test's own time limit is the end of the wait. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10))
}

function isLevel(log: Logger, level: string): () => boolean {
  return () => log.level() === level
}

describe('watch: true', { concurrency: true, timeout: 60_000 }, () => {
  it('a file that is written anew, renamed over, and away for a while', async (t) => {
    const { log, file, logs } = watched(t)
    writeFileSync(file, text(logs, { log_level: 'debug' }))
    await until(isLevel(log, 'DEBUG'))
    writeFileSync(`${file}.new`, text(logs, { log_level: 'warning' }))
    renameSync(`${file}.new`, file)
    await until(isLevel(log, 'WARNING'))
    // The way of vim: the old one is put aside first.
    renameSync(file, `${file}~`)
    writeFileSync(file, text(logs, { log_level: 'error' }))
    await until(isLevel(log, 'ERROR'))
    unlinkSync(file)
    log.system.error('it is away')
    await log.flush()
    assert.equal(log.level(), 'ERROR')
    writeFileSync(file, text(logs, { log_level: 'critical' }))
    await until(isLevel(log, 'CRITICAL'))
  })

  it('the symbolic links of a ConfigMap, exchanged in one step', async (t) => {
    const logs = logDirectory(t)
    const mount = join(dirname(logs), 'config')
    const version = (name: string, section: object): void => {
      mkdirSync(join(mount, name), { recursive: true })
      writeFileSync(join(mount, name, 'system.json'), text(logs, section))
      symlinkSync(name, join(mount, '..data_tmp'))
      renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
    }
    version('..2026_1', {})
    symlinkSync('..data/system.json', join(mount, 'system.json'))
    const log = createLogger(join(mount, 'system.json'))
    t.after(() => log.close())
    version('..2026_2', { log_level: 'debug' })
    rmSync(join(mount, '..2026_1'), { recursive: true })
    await until(isLevel(log, 'DEBUG'))
    version('..2026_3', { log_level: 'error' })
    rmSync(join(mount, '..2026_2'), { recursive: true })
    await until(isLevel(log, 'ERROR'))
  })

  it('many changes in quick succession end in the last', async (t) => {
    const { log, file, logs } = watched(t)
    for (let i = 0; i < 50; i++) writeFileSync(file, text(logs, { retention_days: i + 1 }))
    writeFileSync(file, text(logs, { log_level: 'error' }))
    await until(isLevel(log, 'ERROR'))
    await log.flush()
    const last = linesOf(logs, 'audit.log').at(-1)
    assert.ok(last !== undefined)
    assert.equal(linesOf(logs, 'system.log').length, 0)
  })

  it('a wrong file changes nothing, and is one WARNING with every problem', async (t) => {
    const { log, file, logs } = watched(t)
    const bound = log.with({ a: 1 })
    const wrong = text(logs, { log_level: 'debug', retention_days: 0, consol: 'off' })
    writeFileSync(file, wrong)
    const told = (): number => {
      log.flushSync()
      return linesOf(logs, 'system.log').length
    }
    await until(() => told() > 0)
    assert.equal(bound.level(), 'INFO')
    const [warning] = linesOf(logs, 'system.log')
    assert.equal(warning?.level, 'WARNING')
    assert.match(
      warning.message,
      /nothing has changed: logging\.retention_days: .*logging\.consol: /,
    )
    assert.equal((warning.context!['problems'] as string[]).length, 2)
    // The same again, and written by somebody who has not come to the end.
    writeFileSync(file, wrong)
    writeFileSync(file, '{')
    await until(() => told() > 1)
    assert.match(linesOf(logs, 'system.log')[1]!.message, /line 1, column 2/)
    writeFileSync(file, text(logs, { log_level: 'error' }))
    await until(isLevel(log, 'ERROR'))
    assert.equal(bound.isEnabled('warning'), false)
    assert.equal(told(), 2)
  })

  it('does not keep the process alive', (t) => {
    const logs = logDirectory(t)
    const file = join(dirname(logs), 'system.json')
    writeFileSync(file, text(logs, {}))
    const script = `import(${JSON.stringify(library)}).then(({ createLogger }) => {
      createLogger(${JSON.stringify(file)}).system.info('on')
    })`
    const { status, stderr } = spawnSync(process.execPath, [...loader, '-e', script], {
      timeout: 30_000,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    assert.equal(linesOf(logs, 'system.log').length, 1)
  })
})
