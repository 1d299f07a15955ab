// Typed events as a logger has them: the account and the error of a call, beside its context.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, type EventDefinition, Type } from '../../lib/index.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

const definitions: { readonly [kind: string]: EventDefinition } = {
  'fixed places only': defineEvent({
    name: 'failed',
    category: 'sdk',
    level: 'WARNING',
    message: 'Order failed',
    context: Type.Object({ symbol: Type.String(), price: Type.Number() }),
  }),
  'places in the message': defineEvent({
    name: 'failed',
    category: 'sdk',
    level: 'WARNING',
    message: '{symbol} failed at {price}',
    context: Type.Object({ symbol: Type.String(), price: Type.Number() }),
  }),
  'loose values': defineEvent({
    name: 'failed',
    category: 'sdk',
    level: 'WARNING',
    message: '{symbol} failed',
    context: Type.Object({
      symbol: Type.String(),
      price: Type.Optional(Type.Number({ minimum: 0 })),
    }),
  }),
  'no values': defineEvent({
    name: 'failed',
    category: 'sdk',
    level: 'WARNING',
    message: 'failed',
    context: Type.Object({}),
  }),
}

/** What a call must leave of its error. */
const errors: { readonly [kind: string]: readonly [thrown: unknown, written: object] } = {
  'an error with a cause': [
    Object.assign(new TypeError('no', { cause: new Error('why') }), { code: 'E1', order: 7 }),
    { type: 'TypeError', message: 'no', code: 'E1', details: { order: 7 } },
  ],
  'a string': ['thrown text', { message: 'thrown text' }],
  'an error with a secret': [new Error('password=hunter2 failed'), { type: 'Error' }],
  'an error too wide for the lanes': [
    Object.assign(new Error('wide'), {
      wide: Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i])),
    }),
    { message: 'wide' },
  ],
  'an error longer than an entry': [new Error('x'.repeat(300_000)), { type: 'Error' }],
}

describe('event(): the error of a call', () => {
  for (const [kind, event] of Object.entries(definitions)) {
    for (const [name, [thrown, written]] of Object.entries(errors)) {
      test(`is the exception of an event with ${kind}: ${name}`, async (t) => {
        const directory = logDirectory(t)
        const log = createLogger({ log_path: directory, buffer: { entry_bytes: 65_536 } })
        const call = log.with({ bound: 1 }).event(event)
        call({ symbol: 'MNQ', price: 5 }, 'A', thrown)
        call({ symbol: 'MNQ', price: 5 }, 'A')
        call({ symbol: 5, price: 5 }, 'A', thrown)
        await log.close()
        const [first, second, third] = linesOf(directory, 'system.log')
        for (const line of [first!, third!]) {
          for (const [key, value] of Object.entries(written)) {
            assert.deepEqual((line.exception as unknown as Record<string, unknown>)[key], value)
          }
          assert.doesNotMatch(JSON.stringify(line), /hunter2/)
          assert.equal(line.account_id, 'A')
          assert.equal(line.event, 'failed')
          assert.equal(line.context!['bound'], 1)
        }
        if (name === 'an error with a cause') {
          assert.equal((first!.exception!.cause as { message: string }).message, 'why')
          const ending = ['event', 'context', 'exception', 'seq', 'lsn']
          assert.deepEqual(Object.keys(first!).slice(-5), ending)
        }
        assert.equal(second!.exception, undefined)
        assert.deepEqual(second!.context, { ...first!.context, bound: 1 })
      })
    }
  }

  test('is understood in the place of the account', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const call = log.event(definitions['fixed places only']!)
    call({ symbol: 'MNQ', price: 5 }, new Error('odd') as never)
    call({ symbol: 'MNQ', price: 5 }, undefined, null)
    await log.close()
    const [first, second] = linesOf(directory, 'system.log')
    assert.equal(first!.account_id, undefined)
    assert.equal(first!.exception!.message, 'odd')
    assert.equal(second!.exception, undefined)
  })

  test('is written from within another call, too', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const call = log.event(definitions['fixed places only']!)
    log.system.info('outer', {
      get inner() {
        call({ symbol: 'MNQ', price: 5 }, 'A', new Error('nested'))
        return 1
      },
    })
    await log.close()
    const inner = linesOf(directory, 'system.log').find(({ category }) => category === 'sdk')
    assert.equal(inner!.exception!.message, 'nested')
  })
})
