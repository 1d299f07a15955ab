// A logger without files in the test runners whose users it is for: each runs a program of its own.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, describe, it } from 'node:test'
import { project, run } from './test-project.ts'

const root = mkdtempSync(join(tmpdir(), 'ringlog-testing-'))
after(() => rmSync(root, { recursive: true, force: true }))

/**
 * The same test for each runner: `fake` fakes its timers, before the library is loaded and after.
 */
function testText(imports: string, fake: string): string {
  return `${imports}
import { strict as assert } from 'node:assert'
const use = async (createTestLogger) => {
  const log = createTestLogger({ log_level: 'debug', categories: { latency: {} } })
  log.latency.debug('a', { rule: 'UnrealizedLoss', password: 'abcdefgh' })
  log.error.error('b', new Error('c'))
  const said = log.entries.map(({ category, message, seq }) => [category, message, seq])
  assert.deepEqual(said, [['latency', 'a', 1], ['error', 'b', 1]])
  assert.equal(log.entries[0].context.password, '[REDACTED]')
  log.clear()
  log.system.info('d')
  await log.flush()
  assert.equal(log.entries.length, 1)
  await log.close()
}
test('fakes before the library is loaded', async () => {
  ${fake}
  const { createTestLogger } = await import('ringlog/testing')
  await use(createTestLogger)
})
test('fakes afterwards', async () => {
  const { createTestLogger } = await import('ringlog/testing')
  ${fake}
  await use(createTestLogger)
})
test('and many of them', async () => {
  ${fake}
  const { createTestLogger } = await import('ringlog/testing')
  await Promise.all(Array.from({ length: 20 }, () => use(createTestLogger)))
})
`
}

describe('createTestLogger() in test runners with faked timers', () => {
  it('works in node:test', () => {
    const directory = project(root, 'node-test')
    const imports = `import { mock, test } from 'node:test'`
    const fake = `mock.timers.reset(); mock.timers.enable()`
    writeFileSync(join(directory, 'a.test.mjs'), testText(imports, fake))
    const { stdout } = run(['--test', '--test-reporter=tap', 'a.test.mjs'], directory)
    assert.match(stdout, /^# pass 3$/m)
  })

  it('works in vitest', () => {
    const directory = project(root, 'vitest')
    const imports = `import { afterEach, test, vi } from 'vitest'
afterEach(() => { vi.useRealTimers() })`
    const fake = `vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval',
    'setImmediate', 'clearImmediate', 'Date', 'performance', 'queueMicrotask'] })`
    for (const name of ['a', 'b']) {
      writeFileSync(join(directory, `${name}.test.mjs`), testText(imports, fake))
    }
    const program = resolve('node_modules/vitest/vitest.mjs')
    // Its own of 5 s is one of a machine that has nothing else to do.
    const timeout = '--testTimeout=100000'
    const args = ['run', '--pool=forks', '--maxWorkers=2', '--reporter=json', timeout]
    const { stdout } = run([program, ...args], directory)
    assert.match(stdout, /"numPassedTests":6\b/)
  })

  it('works in jest, which ends by itself', () => {
    const directory = project(root, 'jest')
    const imports = `import { afterEach, jest, test } from '@jest/globals'
afterEach(() => { jest.useRealTimers() })`
    writeFileSync(join(directory, 'a.test.mjs'), testText(imports, 'jest.useFakeTimers()'))
    symlinkSync(resolve('node_modules/@jest'), join(directory, 'node_modules', '@jest'), 'junction')
    const config = {
      testMatch: ['**/*.test.mjs'],
      transform: {},
      moduleFileExtensions: ['mjs', 'js'],
    }
    const program = resolve('node_modules/jest/bin/jest.js')
    const { stdout, stderr } = run(
      [
        '--experimental-vm-modules',
        '--no-warnings',
        program,
        '--json',
        '--testTimeout=100000',
        '--config',
        JSON.stringify(config),
      ],
      directory,
    )
    assert.match(stdout, /"numPassedTests":3\b/)
    assert.doesNotMatch(stderr, /did not exit/)
  })
})
