// `durability`: what is where when a call, or flush(), has returned.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, Type } from '../../lib/index.ts'
import { filesOf, linesOf, logDirectory, seqFaults } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

const messagesOf = (directory: string, file: string): string[] =>
  linesOf(directory, file).map(({ message }) => message)

describe('durability: written', () => {
  test('an entry is in its file when the call returns, what was logged before it first; a buffered one is not', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      durability: { sdk: 'written', audit: 'written' },
    })
    const typed = log.event(
      defineEvent({
        category: 'audit',
        level: 'INFO',
        message: 'typed {n}',
        context: Type.Object({ n: Type.Number() }),
      }),
    )
    const expected: string[] = []
    for (let i = 0; i < 50; i++) {
      log.system.info(`buffered ${i}`)
      assert.deepEqual(messagesOf(directory, 'system.log'), expected)
      log.sdk.info(`written ${i}`)
      expected.push(`buffered ${i}`, `written ${i}`)
      assert.deepEqual(messagesOf(directory, 'system.log'), expected)
      typed({ n: i })
      assert.equal(messagesOf(directory, 'audit.log').at(-1), `typed ${i}`)
      // Now and then the stream has something of its own to write to the same file.
      if (i % 5 === 0) await new Promise(setImmediate)
    }
    log.audit.info('outer', {
      get inner() {
        log.audit.info('inner')
        return 1
      },
    })
    assert.deepEqual(messagesOf(directory, 'audit.log').slice(-2), ['outer', 'inner'])
    await log.close()
    assert.deepEqual(messagesOf(directory, 'system.log'), expected)
    assert.equal(log.stats().written, 152)
  })

  test('rotates in the call, and no file exceeds its limit', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      durability: { audit: 'written' },
      rotation: { max_size_mb: 1, max_files: 20 },
    })
    const padding = 'x'.repeat(10_000)
    for (let i = 0; i < 320; i++) log.audit.info(`n ${i}`, { padding })
    const lines = linesOf(directory, 'audit.log')
    assert.deepEqual(seqFaults(lines), [])
    assert.equal(lines.length, 320)
    const files = filesOf(directory, 'audit.log')
    assert.equal(files.length, 4)
    for (const file of files) assert.ok(readFileSync(join(directory, file)).length <= 1024 * 1024)
    await log.close()
  })

  test('survives SIGKILL in the next instruction', (t) => {
    const directory = logDirectory(t)
    const script = `import(${JSON.stringify(library)}).then(({ createLogger }) => {
      const log = createLogger({ log_path: ${JSON.stringify(directory)}, durability: { audit: 'written' } })
      for (let i = 0; i < 1000; i++) log.audit.info('n ' + i)
      process.kill(process.pid, 'SIGKILL')
    })`
    const { signal } = spawnSync(process.execPath, [...loader, '-e', script])
    assert.equal(signal, 'SIGKILL')
    assert.equal(linesOf(directory, 'audit.log').length, 1000)
  })
})
