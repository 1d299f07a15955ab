// What stats() says besides what balances: health, levels, the most that has waited.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, Type } from '../../lib/index.ts'
import { Counters } from '../../lib/deliver/counters.ts'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { logDirectory } from '../log-directory.ts'

describe('stats()', () => {
  test('counts what was accepted by level, however it came', async (t) => {
    const log = createLogger({ log_path: logDirectory(t), console: 'off', log_level: 'debug' })
    const event = log.event(
      defineEvent({ category: 'sdk', level: 'WARNING', message: 'm', context: Type.Object({}) }),
    )
    log.system.debug('m')
    log.system.info('m', {
      get inner() {
        log.audit.critical('m')
        return 1
      },
    })
    event({})
    event(5 as never)
    log.logError('m')
    await log.close()
    log.system.error('after the end')
    const { levels, accepted, dropped } = log.stats()
    assert.deepEqual(levels, { DEBUG: 1, INFO: 1, WARNING: 2, ERROR: 2, CRITICAL: 1 })
    assert.equal(accepted, 7)
    assert.equal(dropped.ERROR, 1)
  })

  test('knows the most that has waited', async (t) => {
    const log = createLogger({ log_path: logDirectory(t) })
    assert.deepEqual(log.stats().high_water, { entries: 0, bytes: 0 })
    for (let i = 0; i < 300; i++) log.system.info('a message', { i })
    await log.flush()
    const { entries, bytes } = log.stats().high_water
    assert.equal(entries, 300)
    assert.ok(bytes >= 300 * 10, `${bytes}`)
    log.system.info('one more')
    await log.close()
    assert.equal(log.stats().high_water.entries, 300)
  })

  test('is healthy while every file takes what it is given', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(join(directory, 'audit.log'), { recursive: true })
    const log = createLogger({ log_path: directory, console: 'off' })
    log.audit.info('m')
    await assert.rejects(log.flush())
    assert.equal(log.stats().healthy, false)
    rmSync(join(directory, 'audit.log'), { recursive: true })
    while (!log.stats().healthy) await new Promise(setImmediate)
    await log.close()
    const { healthy, written, accepted } = log.stats()
    assert.deepEqual([healthy, written], [true, accepted])
  })
})

test('Counters.waits() keeps the most of each', () => {
  const counters = new Counters()
  counters.levels[1] = 5
  counters.waits(100)
  counters.written = 4
  counters.waits(900)
  counters.written = 5
  counters.waits(1)
  assert.deepEqual(counters.snapshot(true).high_water, { entries: 5, bytes: 900 })
})
