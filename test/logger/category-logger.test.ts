// A call of a category's method, and the line that then stands in the file.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { assertBalanced, linesOf, logDirectory } from '../log-directory.ts'
import { isValidLine } from '../line-schema.ts'

const files = ['audit.log', 'enforcement.log', 'error.log', 'service.log', 'system.log']

describe('CategoryLogger', () => {
  test('writes an entry as the format says, key by key', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const before = Date.now()
    log.enforcement.info('Position closed', {
      rule: 'Loss',
      account_id: 'ABC123',
      violation: { limit: -200 },
    })
    log.error.error('failed', Object.assign(new RangeError('bad'), { code: 'E1', cause: 'why' }), {
      a: 1,
    })
    await log.close()
    const [closed] = linesOf(directory, 'enforcement.log')
    assert.deepEqual(Object.keys(closed!), [
      'timestamp',
      'level',
      'category',
      'account_id',
      'message',
      'context',
      'seq',
      'lsn',
    ])
    assert.match(closed!.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/)
    assert.ok(
      Date.parse(closed!.timestamp) >= before && Date.parse(closed!.timestamp) <= Date.now(),
    )
    assert.deepEqual(
      { ...closed, timestamp: '' },
      {
        timestamp: '',
        level: 'INFO',
        category: 'enforcement',
        account_id: 'ABC123',
        message: 'Position closed',
        context: { rule: 'Loss', violation: { limit: -200 } },
        seq: 1,
        lsn: 1,
      },
    )
    const [failed] = linesOf(directory, 'error.log')
    assert.deepEqual(Object.keys(failed!), [
      'timestamp',
      'level',
      'category',
      'message',
      'context',
      'exception',
      'seq',
      'lsn',
    ])
    assert.deepEqual(Object.keys(failed!.exception!), [
      'type',
      'message',
      'stack_trace',
      'code',
      'cause',
    ])
  })

  test('accepts whatever is passed, and makes one valid line of it', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const hostile = {
      get a(): never {
        throw new Error('a')
      },
      toString(): never {
        throw new Error('b')
      },
    }
    const cyclic: Record<string, unknown> = {}
    cyclic['cyclic'] = cyclic
    const things: unknown[] = [
      undefined,
      null,
      0,
      -0,
      Number.NaN,
      17n,
      '',
      'text',
      true,
      Symbol('s'),
      () => 1,
      [],
      [1],
      {},
      hostile,
      cyclic,
      proxy,
      new Error('e'),
      new Map([[1, 2]]),
      new Set([1]),
      Buffer.from('b'),
      new Date(Number.NaN),
      Object.create(null),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('get')
          },
        },
      ),
      JSON.parse('{"__proto__":1}'),
      'x'.repeat(200_000),
      Array.from({ length: 3_000 }, (_, i) => i),
    ]
    let calls = 0
    for (const one of things) {
      for (const other of [undefined, one, new Error('other'), { context: one }]) {
        log.system.info(one as string, other, one as object)
        log.logEnforcement(one as string, other as string, one as string, one as object)
        log.logError(one as string, one, other as object)
        log.logAudit(one as string, one as string, other as object)
        log.logSystem(one as 'INFO', other as string, one as object)
        log.with(one as object).sdk.error(other as string, one)
        calls += 6
      }
    }
    assert.equal(log.stats().accepted, calls)
    await log.close()
    assert.equal(log.stats().written, calls)
    assertBalanced(log.stats())
    const lines = files.flatMap((file) =>
      linesOf(directory, file).filter(
        ({ category }) => file !== 'error.log' || category === 'error',
      ),
    )
    assert.equal(lines.length, calls)
    for (const line of lines) assert.ok(isValidLine(line), JSON.stringify(isValidLine.errors))
  })

  test('logs the values of the moment of the call', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const order = { id: 1, fills: [{ price: 1 }] }
    const error = new Error('before')
    log.system.info('order', order)
    log.system.error('error', error)
    order.id = 2
    order.fills[0]!.price = 2
    error.message = 'after'
    await log.close()
    const [first, second] = linesOf(directory, 'system.log')
    assert.deepEqual(first!.context, { id: 1, fills: [{ price: 1 }] })
    assert.equal(second!.exception!.message, 'before')
  })

  test('a call from within a getter that is being captured comes right after its caller', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.system.info('outer', {
      before: 1,
      get inner() {
        log.system.info('inner', new Error('e'), { n: 1 })
        return 'value'
      },
      after: 2,
    })
    log.system.info('next')
    await log.close()
    const lines = linesOf(directory, 'system.log')
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['outer', 'inner', 'next'],
    )
    assert.deepEqual(lines[0]!.context, { before: 1, inner: 'value', after: 2 })
    assert.equal(lines[1]!.exception!.message, 'e')
    assert.deepEqual(
      lines.map(({ seq }) => seq).toSorted((a, b) => a - b),
      [1, 2, 3],
    )
  })

  test('a getter that logs its own object ends', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const endless = {
      get self(): string {
        log.system.info('again', endless)
        return 's'
      },
    }
    log.system.info('first', endless)
    await log.close()
    assertBalanced(log.stats())
    assert.ok(log.stats().dropped.total >= 1)
    assert.equal(linesOf(directory, 'system.log')[0]!.message, 'first')
  })

  test('escapes what could drive a terminal, in keys and values, to the same values', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const nasty =
      'a\u001b[31m\u007f\u009b31m\u202e\u2066\u2028\u2029\u061c\u200f\u0085 é 漢 😀 \ud800'
    log.system.info(nasty, { [nasty]: nasty })
    log.system.info('del only \u007f')
    await log.close()
    const bytes = readFileSync(join(directory, 'system.log'), 'utf8')
    assert.doesNotMatch(
      bytes,
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
    )
    const [line, second] = linesOf(directory, 'system.log')
    assert.equal(line!.message, nasty)
    assert.deepEqual(line!.context, { [nasty]: nasty })
    assert.equal(second!.message, 'del only \u007f')
  })
})
