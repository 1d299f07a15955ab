// What people call in other ways than meant: nothing is lost, nothing is reduced to a word, nothing
// is thrown.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { createLogger, formatEntry, type LogEntry, type Logger } from '../../lib/index.ts'
import { isValidLine } from '../line-schema.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

/** A logger as a program without types has it. */
// oxlint-disable-next-line no-explicit-any -- calls that types forbid are the point
type Untyped = any

const boom = Object.assign(new Error('boom', { cause: new TypeError('deeper') }), { code: 'E1' })
const other = new RangeError('other')
const shownBoom = {
  type: 'Error',
  message: 'boom',
  code: 'E1',
  cause: { type: 'TypeError', message: 'deeper' },
}
const shownOther = { type: 'RangeError', message: 'other' }

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Calls, and what stands in the line beside time, level, category and number. */
const calls: readonly (readonly [string, (log: Untyped) => void, object])[] = [
  // As meant.
  ['a text', (log) => log.system.info('m'), { message: 'm' }],
  ['a context', (log) => log.system.info('m', { a: 1 }), { message: 'm', context: { a: 1 } }],
  ['an error', (log) => log.system.info('m', boom), { message: 'm', exception: shownBoom }],
  [
    'an error and a context',
    (log) => log.system.info('m', boom, { a: 1 }),
    { message: 'm', context: { a: 1 }, exception: shownBoom },
  ],
  [
    'no error and a context',
    (log) => log.system.info('m', undefined, { a: 1 }),
    { message: 'm', context: { a: 1 } },
  ],
  // An error in another place.
  ['an error alone', (log) => log.error.error(boom), { message: 'boom', exception: shownBoom }],
  [
    'an error alone at INFO',
    (log) => log.sdk.info(boom),
    { message: 'boom', exception: shownBoom },
  ],
  [
    'an error without a message',
    (log) => log.error.error(new TypeError('')),
    { message: 'TypeError', exception: { type: 'TypeError', message: '' } },
  ],
  [
    'an error, then a text',
    (log) => log.error.error(boom, 'text'),
    { message: 'text', exception: shownBoom },
  ],
  [
    'an error, then a context',
    (log) => log.error.error(boom, { a: 1 }),
    { message: 'boom', context: { a: 1 }, exception: shownBoom },
  ],
  [
    'an error, then a context and a text',
    (log) => log.error.error(boom, { a: 1 }, 'text'),
    { message: 'text', context: { a: 1 }, exception: shownBoom },
  ],
  [
    'a context, then an error',
    (log) => log.sdk.error('m', { a: 1 }, boom),
    { message: 'm', context: { a: 1 }, exception: shownBoom },
  ],
  [
    'no message, but an error',
    (log) => log.error.error(undefined, boom),
    { message: 'boom', exception: shownBoom },
  ],
  [
    'two errors',
    (log) => log.error.error('m', boom, other),
    { message: 'm', context: { error: shownOther }, exception: shownBoom },
  ],
  [
    'two errors alone',
    (log) => log.error.error(boom, other),
    { message: 'boom', context: { error: shownOther }, exception: shownBoom },
  ],
  [
    'an error of another realm',
    (log) => log.error.error(runInNewContext('new RangeError("other")')),
    { message: 'other', exception: shownOther },
  ],
  [
    'what an error becomes in JSON',
    (log) => log.error.error({ name: 'E', message: 'm', stack: 's', status: 404 }),
    { message: 'm', exception: { type: 'E', message: 'm', details: { status: 404 } } },
  ],
  [
    'a DOMException',
    (log) => log.error.error(new DOMException('gone', 'AbortError')),
    { message: 'gone', exception: { type: 'AbortError', message: 'gone', code: '20' } },
  ],
  // A context in another place.
  ['a context alone', (log) => log.system.info({ a: 1 }), { message: '', context: { a: 1 } }],
  [
    'a context, then a text',
    (log) => log.system.info({ a: 1, password: 'p' }, 'text'),
    { message: 'text', context: { a: 1, password: '[REDACTED]' } },
  ],
  [
    'a context with a message of its own',
    (log) => log.system.info({ msg: 'text', a: 1 }),
    { message: 'text', context: { msg: 'text', a: 1 } },
  ],
  [
    'a context, a text and a value',
    (log) => log.system.info({ a: 1 }, 'text', 5),
    { message: 'text', context: { arguments: [5], a: 1 } },
  ],
  [
    'two contexts in the place of the message',
    (log) => log.system.info({ a: 1 }, { b: 2 }),
    { message: '', context: { arguments: [{ b: 2 }], a: 1 } },
  ],
  [
    'a context and an account',
    (log) => log.system.info({ account_id: 'A', a: 1 }, 'text'),
    { account_id: 'A', message: 'text', context: { a: 1 } },
  ],
  [
    'a list',
    (log) => log.system.info(['a', { b: 1 }]),
    { message: '', context: { 0: 'a', 1: { b: 1 } } },
  ],
  [
    'what has a word for itself',
    (log) => log.system.info(new URL('https://h/a')),
    { message: 'https://h/a', context: { value: 'https://h/a' } },
  ],
  [
    'an object that says nothing of itself in JSON',
    (log) => log.system.info(/a+/),
    { message: '/a+/' },
  ],
  [
    'a revoked Proxy',
    (log) => log.system.info(revoked()),
    {
      message: "[Throws: TypeError: Cannot perform 'get' on a proxy that has been revoked]",
      context: {
        context:
          "[Throws: TypeError: Cannot perform 'getPrototypeOf' on a proxy that has been revoked]",
      },
    },
  ],
  // Values in the place of the error.
  [
    'a text for a place of a format at INFO',
    (log) => log.sdk.info('hello %s', 'world'),
    { message: 'hello %s', context: { value: 'world' } },
  ],
  [
    'a number at INFO',
    (log) => log.sdk.info('count', 5),
    { message: 'count', context: { value: 5 } },
  ],
  [
    'false at DEBUG',
    (log) => log.sdk.debug('is', false),
    { message: 'is', context: { value: false } },
  ],
  ['a BigInt at INFO', (log) => log.sdk.info('n', 5n), { message: 'n', context: { value: '5' } }],
  [
    'a text that was thrown',
    (log) => log.sdk.error('m', 'thrown'),
    { message: 'm', exception: { type: 'string', message: 'thrown' } },
  ],
  [
    'a text that was thrown, with a context, at INFO',
    (log) => log.sdk.info('m', 'thrown', { a: 1 }),
    { message: 'm', context: { a: 1 }, exception: { type: 'string', message: 'thrown' } },
  ],
  [
    'an object that was thrown, with a context',
    (log) => log.sdk.error('m', { reason: 'r' }, { a: 1 }),
    { message: 'm', context: { a: 1 }, exception: { type: 'Object', message: '{"reason":"r"}' } },
  ],
  [
    'a function at INFO',
    (log) => log.sdk.info('m', isNaN),
    { message: 'm', context: { value: String(isNaN) } },
  ],
  [
    'a symbol at INFO',
    (log) => log.sdk.info('m', Symbol('s')),
    { message: 'm', context: { value: 'Symbol(s)' } },
  ],
  [
    'a context, then a number',
    (log) => log.sdk.info('m', { a: 1 }, 5),
    { message: 'm', context: { arguments: [5], a: 1 } },
  ],
  // More than three.
  [
    'more values than places',
    (log) => log.sdk.info('m', 1, 'two', [3], { four: 4 }, undefined, null),
    { message: 'm', context: { arguments: [1, 'two', { four: 4 }], 0: 3 } },
  ],
  [
    'an error behind everything',
    (log) => log.sdk.info('m', { a: 1 }, 'x', 'y', boom),
    { message: 'm', context: { arguments: ['x', 'y'], a: 1 }, exception: shownBoom },
  ],
  [
    'a context that has the name already',
    (log) => log.sdk.info('m', { arguments: 1 }, 2, 3),
    { message: 'm', context: { arguments_: [2, 3], arguments: 1 } },
  ],
  // What is no text in the place of the message.
  ['nothing', (log) => log.system.info(), { message: 'undefined' }],
  ['null', (log) => log.system.info(null), { message: 'null' }],
  [
    'undefined and a context',
    (log) => log.system.info(undefined, { a: 1 }),
    { message: 'undefined', context: { a: 1 } },
  ],
  ['a number', (log) => log.system.info(5, { a: 1 }), { message: '5', context: { a: 1 } }],
  ['a symbol', (log) => log.system.info(Symbol('s')), { message: 'Symbol(s)' }],
  ['a function', (log) => log.system.info(isNaN), { message: String(isNaN) }],
  // The methods of the logger.
  [
    'logError: an error alone',
    (log) => log.logError(boom),
    { message: 'boom', exception: shownBoom },
  ],
  [
    'logError: an error and a context',
    (log) => log.logError(boom, { a: 1 }),
    { message: 'boom', context: { a: 1 }, exception: shownBoom },
  ],
  [
    'logError: a context before the error',
    (log) => log.logError('m', { a: 1 }, boom),
    { message: 'm', context: { a: 1 }, exception: shownBoom },
  ],
  [
    'logError: an object that was thrown',
    (log) => log.logError('m', { reason: 'r' }),
    { message: 'm', exception: { type: 'Object', message: '{"reason":"r"}' } },
  ],
  [
    'logError: a number that was thrown',
    (log) => log.logError('m', 5),
    { message: 'm', exception: { type: 'number', message: '5' } },
  ],
  [
    'logError: no error',
    (log) => log.logError('m', null, { a: 1 }),
    { message: 'm', context: { a: 1 } },
  ],
  [
    'logSystem: an error for the message',
    (log) => log.logSystem('info', boom),
    { message: 'boom', exception: shownBoom },
  ],
  [
    'logSystem: an error behind the context',
    (log) => log.logSystem('ERROR', 'm', { a: 1 }, boom),
    { message: 'm', context: { a: 1 }, exception: shownBoom },
  ],
  [
    'logSystem: no level',
    (log) => log.logSystem('m', { a: 1 }),
    { message: 'm', context: { a: 1 } },
  ],
  [
    'logSystem: an error alone',
    (log) => log.logSystem(boom),
    { message: 'boom', exception: shownBoom },
  ],
  [
    'logSystem: a level that is none',
    (log) => log.logSystem('loud', 'm', { a: 1 }),
    { message: 'm', context: { level: 'loud', a: 1 } },
  ],
  [
    'logAudit: objects',
    (log) => log.logAudit({ id: 7, kind: 'limit' }, { name: 'ann', role: 'admin' }, { x: 1 }),
    {
      message: 'Audit: 7 by ann',
      context: { action: { id: 7, kind: 'limit' }, actor: { name: 'ann', role: 'admin' }, x: 1 },
    },
  ],
  [
    'logAudit: an error behind the details',
    (log) => log.logAudit('a', 'b', { action: 'forged', x: 1 }, boom),
    { message: 'Audit: a by b', context: { action: 'a', actor: 'b', x: 1 }, exception: shownBoom },
  ],
  [
    'logAudit: a Map that would forge',
    (log) =>
      log.logAudit(
        'a',
        'b',
        new Map([
          ['actor', 'forged'],
          ['x', '1'],
        ]),
      ),
    { message: 'Audit: a by b', context: { action: 'a', actor: 'b', x: '1' } },
  ],
  [
    'logAudit: a symbol and a function',
    (log) => log.logAudit(Symbol('a'), isNaN, undefined),
    {
      message: `Audit: Symbol(a) by ${String(isNaN)}`,
      context: { action: 'Symbol(a)', actor: String(isNaN) },
    },
  ],
  [
    'logEnforcement: objects everywhere',
    (log) => log.logEnforcement({ id: 'A' }, { name: 'Loss', v: 1 }, { id: 2 }, { x: 1 }, 'more'),
    {
      message: 'Enforcement action: 2 for rule Loss',
      context: {
        account_id: { id: 'A' },
        rule: { name: 'Loss', v: 1 },
        action: { id: 2 },
        arguments: ['more'],
        x: 1,
      },
    },
  ],
  [
    'logEnforcement: an account that is a number',
    (log) => log.logEnforcement(17, 'r', 'a', { account_id: 'forged' }),
    {
      account_id: '17',
      message: 'Enforcement action: a for rule r',
      context: { rule: 'r', action: 'a' },
    },
  ],
]

const places = ['system', 'sdk', 'error', 'audit', 'enforcement'] as const

/**
 * Makes one call, and gives the line that came of it, without what is always there, and without
 * stacks.
 */
async function lineOf(
  t: Parameters<typeof logDirectory>[0],
  call: (log: Logger) => void,
): Promise<unknown> {
  const directory = logDirectory(t)
  const log = createLogger({
    log_path: directory,
    log_level: 'debug',
    console: 'off',
    buffer: { entries: 64 },
  })
  call(log)
  await log.close()
  const lines = places.flatMap((name) =>
    name === 'sdk'
      ? []
      : linesOf(directory, `${name}.log`).filter(
          ({ category }) => name !== 'error' || category === 'error',
        ),
  )
  assert.equal(lines.length, 1)
  const [line] = lines
  assert.ok(isValidLine(line), JSON.stringify(isValidLine.errors))
  formatEntry(line as unknown as LogEntry, { expand: true })
  const { timestamp: _t, level: _l, category: _c, seq: _s, lsn: _n, ...rest } = line!
  return JSON.parse(JSON.stringify(rest), (key, value: unknown) =>
    key === 'stack_trace' ? undefined : value,
  )
}

describe('a call is understood:', { concurrency: 4 }, () => {
  for (const [what, call, expected] of calls) {
    test(what, async (t) => assert.deepEqual(await lineOf(t, call), expected))
  }

  test('bound fields give way to what a call brings, however it brings it', async (t) => {
    const line = await lineOf(t, (log) => {
      ;(log.with({ value: 'bound', arguments: 'bound', b: 1 }) as Untyped).sdk.info('m', 'own')
    })
    assert.deepEqual(line, { message: 'm', context: { arguments: 'bound', b: 1, value: 'own' } })
  })

  test('an enforcement that is logged from within a getter has its rule and action', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.system.info('outer', {
      get inner() {
        log.logEnforcement('A', 'r', 'a', { x: 1 })
        return 1
      },
    })
    await log.close()
    const [line] = linesOf(directory, 'enforcement.log')
    assert.deepEqual(line!.context, { rule: 'r', action: 'a', x: 1 })
  })
})
