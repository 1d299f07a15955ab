// What the errors of this library say: one line for each thing, harmless to a terminal.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { ConfigError, LockedError, NotWrittenError, errorCodes } from '../lib/errors.ts'
import { EngineRefusal } from '../lib/ship/engine.ts'

describe('ConfigError', () => {
  test('has a line for each problem, and keeps the values as they are', () => {
    const problem = { path: 'logging.a', expected: 'a number', actual: '"\u001b"' }
    const cause = new Error('inner')
    const error = new ConfigError('Cannot use a\nb.json', [problem, problem], {
      file: 'a\nb.json',
      cause,
    })
    assert.equal(
      error.message,
      ['Cannot use a\\nb.json', ...Array(2).fill('logging.a: expected a number, got "\\x1b"')].join(
        '\n',
      ),
    )
    assert.deepEqual(
      [error.problems, error.file, error.cause],
      [[problem, problem], 'a\nb.json', cause],
    )
    assert.ok(error instanceof TypeError && error.name === 'ConfigError')
    assert.equal('cause' in new ConfigError('x', []), false)
  })

  test('uncaught, prints each problem once, on a line of its own', () => {
    const library = new URL('../lib/index.js', import.meta.url).href
    const program = `import { createLogger } from '${library}'
createLogger({ log_path: 7, log_level: 'loud' }, { logPath: 'nowhere' })`
    const args = ['--input-type=module', '--eval', program]
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(status, 1)
    for (const path of ['log_level', 'log_path']) {
      const lines = stderr.split('\n').filter((line) => line.includes(`logging.${path}`))
      assert.equal(lines.length, 1, stderr)
      assert.match(lines[0] ?? '', /^logging\.log_\w+: expected .*, got /)
    }
    assert.match(stderr, /\{\n {2}code: 'RINGLOG_CONFIG'\n\}/)
  })

  test('shows the file it came from beside the code', () => {
    const problem = { path: 'logging.a', expected: 'a number', actual: '7' }
    const shown = inspect(new ConfigError('Cannot use a.json', [problem], { file: 'a.json' }))
    assert.match(shown, / \{\n {2}code: 'RINGLOG_CONFIG',\n {2}file: 'a.json'\n\}$/)
  })
})

describe('NotWrittenError', () => {
  test('names the file, and why', () => {
    const { message, file } = new NotWrittenError('a.log', 'ENOSPC: \u0007')
    assert.deepEqual([message, file], ['Cannot write a.log: ENOSPC: \\x07', 'a.log'])
    assert.equal(
      new NotWrittenError('a.log', undefined).message,
      'Cannot write a.log: it has failed',
    )
  })
})

describe('LockedError', () => {
  const locker = {
    pid: 7,
    isOurs: false,
    since: '2026-11-24T00:00:00Z',
    isCertain: true,
    absentS: 0,
  }

  test('says who writes, where it is, and what to do', () => {
    const remedy = 'or give each process a directory of its own (log_path)'
    for (const [more, text] of [
      [{}, `7, since ${locker.since}; end it, ${remedy}`],
      [{ isOurs: true }, `7 (this very one), since ${locker.since}; close that logger, ${remedy}`],
      [
        { isCertain: false, absentS: 12 },
        `7 (in another container or on another machine), since ${locker.since}; it took over when this one had stood still for 12 s; end it, ${remedy}`,
      ],
    ] as const) {
      const error = new LockedError('/logs', { ...locker, ...more })
      assert.equal(
        error.message,
        `Cannot write to /logs: expected no other writer, got process ${text}`,
      )
      assert.deepEqual([error.directory, error.pid], ['/logs', 7])
    }
    assert.equal(new LockedError('/logs', { ...locker, isCertain: false }).certain, false)
  })
})

test('errorCodes are those of the errors', () => {
  const errors = [
    new ConfigError('x', []),
    new NotWrittenError('a', undefined),
    new LockedError('d', { pid: 1, isOurs: true, since: '', isCertain: true, absentS: 0 }),
    new EngineRefusal('Cannot use it'),
  ]
  assert.deepEqual(
    errors.map(({ code }) => code),
    errorCodes,
  )
})

test('EngineRefusal says what a server has said with visible escapes', () => {
  const { name, message } = new EngineRefusal('Cannot use it: \u001b[2J')
  assert.deepEqual([name, message], ['EngineRefusal', 'Cannot use it: \\x1b[2J'])
})
