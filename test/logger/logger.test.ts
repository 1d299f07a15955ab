// What a logger does beside logging: levels, bound fields, typed events, its flushes and its end.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, Type } from '../../lib/index.ts'
import { assertBalanced, linesOf, logDirectory, seqFaults } from '../log-directory.ts'

describe('Logger', () => {
  test('does nothing below the level, and changes levels while it runs', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      log_level: 'warning',
      levels: { sdk: 'debug' },
    })
    const child = log.with({ child: true })
    log.system.info('no')
    log.sdk.debug('yes 1')
    assert.equal(log.isEnabled('debug'), true)
    assert.equal(log.isEnabled('INFO', 'system'), false)
    log.setLevel('INFO')
    log.system.info('yes 2')
    child.system.info('yes 3')
    log.sdk.debug('yes 4')
    log.setLevel('critical', 'sdk')
    log.sdk.error('no')
    child.sdk.critical('yes 5')
    assert.throws(() => log.setLevel('loud' as 'info'), {
      name: 'RangeError',
      message: /expected one of DEBUG/,
    })
    assert.throws(() => log.setLevel('info', 'nowhere'), {
      name: 'RangeError',
      message: /got nowhere/,
    })
    assert.throws(() => log.category('nowhere'), RangeError)
    await log.close()
    assert.deepEqual(
      linesOf(directory, 'system.log').map(({ message }) => message),
      ['yes 1', 'yes 2', 'yes 3', 'yes 4', 'yes 5'],
    )
    assert.equal(log.stats().accepted, 7, 'with two changes of a level')
  })

  test("with(): bound fields stand in every entry, and account_id becomes the entry's", async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, categories: { latency: {} } })
    const bindings = { account_id: 'A', strategy: 's', token: 'CANARY' }
    const bound = log.with(bindings).with({ venue: 'v', strategy: 't' })
    bindings.strategy = 'changed'
    bound.enforcement.info('one')
    bound.enforcement.info('two', { strategy: 'own', n: 1 })
    bound.logEnforcement('B', 'R', 'a', {})
    bound.category('latency').info('three')
    ;(bound as unknown as { latency: typeof bound.system }).latency.info('four')
    await log.close()
    const [one, two, three] = linesOf(directory, 'enforcement.log')
    assert.equal(one!.account_id, 'A')
    assert.deepEqual(one!.context, { strategy: 't', token: '[REDACTED]', venue: 'v' })
    assert.deepEqual(two!.context, { token: '[REDACTED]', venue: 'v', strategy: 'own', n: 1 })
    assert.equal(three!.account_id, 'B')
    assert.equal(linesOf(directory, 'latency.log').length, 2)
    assert.ok(!readFileSync(join(directory, 'enforcement.log'), 'utf8').includes('CANARY'))
  })

  test('event(): typed entries, and a mismatch is logged as it is and counted', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const filled = defineEvent({
      name: 'filled',
      category: 'sdk',
      level: 'INFO',
      message: 'Order {id} filled',
      context: Type.Object({ id: Type.String(), price: Type.Number() }),
    })
    const logFilled = log.event(filled)
    logFilled({ id: 'a', price: 1 }, 'ABC')
    logFilled({ id: 'b', price: 'x' as unknown as number })
    logFilled(undefined as never)
    logFilled({
      get id(): string {
        throw new Error('no')
      },
      price: 2,
    })
    await log.close()
    const lines = linesOf(directory, 'system.log')
    assert.deepEqual(
      lines.map(({ message }) => message),
      [
        'Order a filled',
        'Order b filled',
        'Order undefined filled',
        'Order [Throws: Error: no] filled',
      ],
    )
    assert.equal(lines[0]!.account_id, 'ABC')
    assert.equal(lines[0]!.event, 'filled')
    assert.deepEqual(lines[1]!.context, { id: 'b', price: 'x' })
    assert.equal(log.stats().mismatched, 3)
    assert.throws(() => log.event({ ...filled, category: 'nowhere' }), RangeError)
  })

  test('is closed once, by await using too, and counts what comes after as dropped', async (t) => {
    const directory = logDirectory(t)
    const outside = await (async () => {
      await using log = createLogger({ log_path: directory })
      log.system.info('inside')
      return log
    })()
    assert.equal(linesOf(directory, 'system.log').length, 1)
    await outside.close()
    outside.system.info('late')
    outside.flushSync()
    await outside.flush()
    assert.equal(outside.stats().dropped.INFO, 1)
    assertBalanced(outside.stats())
  })
})

describe('Logger.flush()', () => {
  test('resolves when all entries accepted before it are in the files', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 500; i++) log[i % 2 === 0 ? 'system' : 'audit'].error(`r${round} ${i}`)
      await log.flush()
      assert.equal(linesOf(directory, 'system.log').length, (round + 1) * 250)
      assert.equal(linesOf(directory, 'audit.log').length, (round + 1) * 250)
      assert.equal(linesOf(directory, 'error.log').length, (round + 1) * 500)
    }
    await log.close()
  })
})

describe('Logger.flushSync()', () => {
  test('writes before it returns, in order with what was under way, also across rotations', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, rotation: { max_size_mb: 1, max_files: 50 } })
    let n = 0
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 300; i++) log.system.info(`n ${n++}`, { text: 'x'.repeat(300) })
      // At times a batch is in flight, at times a rotation is under way, at times nothing is.
      for (let turn = 0; turn < round % 4; turn++) await new Promise(setImmediate)
      log.flushSync()
      assert.equal(log.stats().written, n)
    }
    await log.close()
    const lines = linesOf(directory, 'system.log')
    assert.equal(lines.length, n)
    assert.deepEqual(seqFaults(lines), [])
  })
})
