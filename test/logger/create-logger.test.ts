// createLogger(): what it takes, what it makes in the directory, and where it goes on after a
// restart.

import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ConfigError, createLogger } from '../../lib/index.ts'
import {
  assertBalanced,
  filesOf,
  linesOf,
  logDirectory,
  modeOf,
  seqFaults,
} from '../log-directory.ts'

const files = ['audit.log', 'enforcement.log', 'error.log', 'service.log', 'system.log']
const inDirectory = [...files, 'ringlog.1.lock'].toSorted()

describe('createLogger()', () => {
  test('makes the five files, 0600, in a directory 0700, whatever the umask', async (t) => {
    for (const mask of [0o000, 0o022, 0o077, 0o777]) {
      const directory = logDirectory(t)
      const before = process.umask(mask)
      try {
        await createLogger({ log_path: directory }).close()
      } finally {
        process.umask(before)
      }
      assert.deepEqual(readdirSync(directory).toSorted(), inDirectory)
      assert.equal(modeOf(directory), 0o700)
      for (const file of inDirectory) assert.equal(modeOf(join(directory, file)), 0o600)
    }
  })

  test('takes permissions away from a file that others could read', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'system.log'), '')
    chmodSync(join(directory, 'system.log'), 0o644)
    await createLogger({ log_path: directory }).close()
    assert.equal(modeOf(join(directory, 'system.log')), 0o600)
  })

  test('writes each category to its file, and errors of all to error.log as well', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, log_level: 'debug' })
    for (const name of ['system', 'enforcement', 'error', 'audit', 'sdk', 'service'] as const) {
      log[name].debug(`${name} d`)
      log[name].warning(`${name} w`)
      log[name].error(`${name} e`)
      log[name].critical(`${name} c`)
    }
    await log.close()
    const messages = (file: string): string[] =>
      linesOf(directory, file).map(({ message }) => message)
    const all = (name: string): string[] => [`${name} d`, `${name} w`, `${name} e`, `${name} c`]
    const grave = (name: string): string[] => [`${name} e`, `${name} c`]
    assert.deepEqual(messages('system.log'), [...all('system'), ...all('sdk')])
    assert.deepEqual(messages('enforcement.log'), all('enforcement'))
    assert.deepEqual(messages('audit.log'), all('audit'))
    assert.deepEqual(messages('service.log'), all('service'))
    assert.deepEqual(messages('error.log'), [
      ...grave('system'),
      ...grave('enforcement'),
      ...all('error'),
      ...grave('audit'),
      ...grave('sdk'),
      ...grave('service'),
    ])
    assert.equal(log.stats().accepted, 24)
    assert.equal(log.stats().written, 24)
    assertBalanced(log.stats())
  })

  test('configured categories are members, may share a file, and never hide a method', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      categories: {
        latency: { file: 'perf.log' },
        memory: { file: 'perf.log' },
        orders: { file: 'enforcement.log' },
        flush: {},
      },
    })
    log.latency.info('l')
    log.memory.info('m')
    log.orders.error('o')
    log.category('flush').info('f')
    await log.flush()
    assert.deepEqual(
      linesOf(directory, 'perf.log').map(({ category, seq }) => [category, seq]),
      [
        ['latency', 1],
        ['memory', 1],
      ],
    )
    assert.equal(linesOf(directory, 'enforcement.log')[0]!.category, 'orders')
    assert.equal(linesOf(directory, 'error.log')[0]!.category, 'orders')
    assert.equal(linesOf(directory, 'flush.log')[0]!.message, 'f')
    await log.close()
  })

  test('numbers go on after a restart, per category, also from rotated files', async (t) => {
    const directory = logDirectory(t)
    const config = { log_path: directory, rotation: { max_size_mb: 1 } }
    for (let run = 0; run < 3; run++) {
      const log = createLogger(config)
      for (let i = 0; i < 100; i++) log.sdk.info(`sdk ${run}`)
      for (let i = 0; i < 3000; i++) log.system.info(`system ${run}`, { text: 'x'.repeat(400) })
      for (let i = 0; i < 10; i++) log.audit.error(`audit ${run}`)
      await log.close()
    }
    const lines = linesOf(directory, 'system.log')
    assert.ok(filesOf(directory, 'system.log').length > 1)
    assert.deepEqual(seqFaults(lines.filter(({ category }) => category === 'sdk')), [])
    assert.deepEqual(seqFaults(lines.filter(({ category }) => category === 'system')), [])
    assert.deepEqual(seqFaults(linesOf(directory, 'audit.log')), [])
    assert.equal(lines.length, 9300)
  })

  test('ends a torn last line, says so, and cuts nothing', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.audit.info('whole')
    await log.close()
    const torn = '{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","categ'
    const path = join(directory, 'audit.log')
    writeFileSync(path, torn, { flag: 'a' })
    const next = createLogger({ log_path: directory })
    next.audit.info('after')
    await next.close()
    const [first, second, third] = readFileSync(path, 'utf8').split('\n')
    assert.equal(JSON.parse(first!).message, 'whole')
    assert.equal(second, torn)
    assert.deepEqual([JSON.parse(third!).message, JSON.parse(third!).seq], ['after', 2])
    const [told] = linesOf(directory, 'system.log')
    assert.equal(told!.level, 'WARNING')
    assert.deepEqual(told!.context, { file: 'audit.log', torn_bytes: torn.length })
  })

  test('throws one ConfigError for a wrong configuration, before it touches the disk', (t) => {
    const directory = logDirectory(t)
    assert.throws(
      () =>
        createLogger({
          log_path: directory,
          log_level: 'loud',
          rotation: { max_size_mb: 900 },
        } as never),
      (error) => error instanceof ConfigError && error.problems.length === 2,
    )
    assert.throws(() => statSync(directory), { code: 'ENOENT' })
  })

  test('takes the logging section of a file', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { recursive: true })
    const file = join(directory, 'system.json')
    writeFileSync(
      file,
      JSON.stringify({
        daemon: { x: 1 },
        logging: { log_path: join(directory, 'logs'), log_level: 'error' },
      }),
    )
    const log = createLogger(file)
    assert.equal(log.isEnabled('warning'), false)
    await log.close()
    assert.deepEqual(readdirSync(join(directory, 'logs')).toSorted(), inDirectory)
  })
})
