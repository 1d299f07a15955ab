// The tests of the original specification, in TypeScript.

import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger, streamLogs } from '../lib/index.ts'
import { isValidLine } from './line-schema.ts'
import { filesOf, linesOf, logDirectory } from './log-directory.ts'

describe('the original specification', () => {
  test('an entry is valid JSON with level, message and context', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, log_level: 'DEBUG' })
    log.logSystem('INFO', 'Test message', { key: 'value' })
    await log.close()
    const [entry] = linesOf(directory, 'system.log')
    assert.equal(entry!.level, 'INFO')
    assert.equal(entry!.message, 'Test message')
    assert.equal(entry!.context!['key'], 'value')
    assert.ok(isValidLine(entry))
  })

  test('an enforcement entry has the required fields', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.logEnforcement('ABC123', 'UnrealizedLoss', 'close_position', {
      violation: { current_value: -210, limit: -200 },
      position: { symbol: 'MNQ', quantity: 2 },
      action: { type: 'close_position', result: 'success' },
    })
    await log.close()
    const [entry] = linesOf(directory, 'enforcement.log')
    assert.equal(entry!.category, 'enforcement')
    assert.equal(entry!.account_id, 'ABC123')
    const fields = Object.keys(entry!.context!)
    assert.ok(fields.includes('rule') && fields.includes('violation'))
    assert.ok(isValidLine(entry))
  })

  test('six messages of 10 MB rotate at 50 MB', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const large = 'x'.repeat(10 * 1024 * 1024)
    for (let i = 0; i < 6; i++) log.logSystem('INFO', large)
    await log.close()
    // Five lines of 10 MB and their keys are more than 50 MB, so four go into each file.
    assert.deepEqual(filesOf(directory, 'system.log'), ['system.log.1', 'system.log'])
    for (const file of filesOf(directory, 'system.log')) {
      assert.ok(statSync(join(directory, file)).size <= 50 * 1024 * 1024)
    }
    const lines = linesOf(directory, 'system.log')
    assert.deepEqual(
      lines.map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6],
    )
    assert.ok(lines.every(({ message }) => message === large))
  })

  test('an error is logged with type, message and stack trace', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    try {
      throw new RangeError('Test error')
    } catch (error) {
      log.logError('Error occurred', error)
    }
    await log.close()
    const [entry] = linesOf(directory, 'error.log')
    assert.equal(entry!.exception!.type, 'RangeError')
    assert.match(entry!.exception!.message, /Test error/)
    assert.match(
      entry!.exception!.stack_trace,
      /^RangeError: Test error\n {4}at .*original\.test\.[jt]s/,
    )
    assert.ok(isValidLine(entry))
  })

  test('the log streams as it is written', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.logSystem('INFO', 'Test streaming message')
    let seen = 0
    for await (const { entry } of streamLogs({
      log_path: directory,
      follow: true,
      categories: ['system'],
      lines: 5,
    })) {
      if (entry?.message.includes('Test streaming message') === true) {
        seen++
        break
      }
    }
    await log.close()
    assert.equal(seen, 1)
  })
})
