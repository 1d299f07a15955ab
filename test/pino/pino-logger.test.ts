// The face of pino: what it makes of calls, and with the real Fastify, and the real pino-http on
// Express.

import assert from 'node:assert/strict'
import {
  createServer,
  type IncomingMessage,
  request,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { describe, it, mock } from 'node:test'
import Fastify, { type FastifyBaseLogger } from 'fastify'
import { type Options, pinoHttp } from 'pino-http'
import type { LogEntry } from '../../lib/entry/entry.ts'
import { pinoLogger } from '../../lib/pino.ts'
import { createTestLogger } from '../../lib/testing.ts'

/** An entry as [level, message, context]. */
function shortOf({ level, message, context }: LogEntry): unknown[] {
  return context === undefined ? [level, message] : [level, message, context]
}

/** Calls, and the entry that each makes, its exception as the message of that. */
const calls: readonly (readonly [readonly unknown[], unknown])[] = [
  [['text'], { message: 'text' }],
  [
    ['%s is %d, %i, %f, %j, %o, %%', 'a', '4', 4.5, '4.5', { b: 1 }, 'c'],
    { message: `a is 4, 4, 4.5, {"b":1}, 'c', %` },
  ],
  [['%s and %s', 'one'], { message: 'one and %s' }],
  [['100%'], { message: '100%' }],
  [['%d', undefined], { message: '%d' }],
  [[{ a: 1 }, 'text'], { message: 'text', context: { a: 1 } }],
  [[{ a: 1 }, 'n = %d', 2], { message: 'n = 2', context: { a: 1 } }],
  [[{ a: 1, msg: 'in it' }], { message: 'in it', context: { a: 1 } }],
  [[{ a: 1, msg: 'in it' }, 'text'], { message: 'text', context: { a: 1, msg: 'in it' } }],
  [[{ a: 1 }], { message: '', context: { a: 1 } }],
  [[new Error('bad')], { message: 'bad', exception: 'bad' }],
  [[new Error('bad'), 'text %s', 'b'], { message: 'text b', exception: 'bad' }],
  [[{ err: new Error('bad'), a: 1 }], { message: 'bad', context: { a: 1 }, exception: 'bad' }],
  [[{ err: new Error('bad') }, 'text'], { message: 'text', exception: 'bad' }],
  [
    [{ err: { message: 'bad', stack: 'Error: bad' } }],
    { message: 'bad', context: { err: { message: 'bad', stack: 'Error: bad' } } },
  ],
  [[undefined, 'text'], { message: 'text' }],
  [[null, 'text'], { message: 'text' }],
  [[null], { message: '' }],
  [[], { message: '' }],
  [[42], { message: '42' }],
  // What pino drops.
  [['text', { a: 1 }], { message: 'text', context: { a: 1 } }],
  [['text', new Error('bad')], { message: 'text', exception: 'bad' }],
  [['text', 1, 'b'], { message: 'text', context: { arguments: [1, 'b'] } }],
  [[{ a: 1 }, 'text', { b: 2 }], { message: 'text', context: { a: 1, arguments: [{ b: 2 }] } }],
  // What throws at pino.
  [
    ['%s', Object.create(null)],
    { message: '[Throws: TypeError: Cannot convert object to primitive value]' },
  ],
  [['%d', Symbol('s')], { message: 'NaN' }],
]

describe('pinoLogger()', () => {
  it('understands calls as pino does, and loses nothing that pino drops', () => {
    const log = createTestLogger()
    const face = pinoLogger(log)
    for (const [args, expected] of calls) {
      log.clear()
      face.info(...(args as [string]))
      const { entries } = log
      assert.equal(entries.length, 1)
      const { message, context, exception } = entries[0]!
      const got = { message, context, exception: exception?.message }
      assert.deepEqual(JSON.parse(JSON.stringify(got)), expected, JSON.stringify(args))
    }
    assert.equal(log.stats().dropped.total, 0)
  })

  it('has the levels of pino, and tells trace from debug', () => {
    const log = createTestLogger()
    const face = pinoLogger(log, { category: 'sdk', level: 'trace' })
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const) {
      face[level](level)
    }
    assert.deepEqual(log.entries.map(shortOf), [
      ['DEBUG', 'trace', { pino_level: 'trace' }],
      ['DEBUG', 'debug'],
      ['INFO', 'info'],
      ['WARNING', 'warn'],
      ['ERROR', 'error'],
      ['CRITICAL', 'fatal'],
    ])
    assert.ok(log.entries.every(({ category }) => category === 'sdk'))
  })

  it('follows the level of its category, also when that changes, until it has its own', () => {
    const log = createTestLogger({ log_level: 'warning' })
    const face = pinoLogger(log)
    const child = face.child({ a: 1 })
    assert.equal(face.level, 'warn')
    face.info('no')
    log.setLevel('debug')
    assert.equal(child.level, 'debug')
    assert.equal(face.isLevelEnabled('trace'), false)
    child.debug('yes')
    face.level = 'error'
    assert.equal(child.level, 'error')
    child.level = 'trace'
    assert.equal(face.level, 'error')
    face.warn('no')
    child.trace('yes, below the category')
    assert.equal(log.entries.filter(({ category }) => category === 'system').length, 2)
    assert.throws(() => {
      face.level = 'loud'
    }, /expected one of trace, .*, silent, got loud/)
  })

  it('tells of a change of the level', () => {
    const face = pinoLogger(createTestLogger())
    const told: unknown[] = []
    face.on('level-change', (...args) => told.push(args.slice(0, 4)))
    face.level = 'error'
    assert.deepEqual(told, [['error', 50, 'info', 30]])
  })

  it('binds the fields of children, with the values of the moment, a call’s own winning', () => {
    const log = createTestLogger()
    const fields = { reqId: 'r1', deep: { n: 1 }, account_id: 'ABC', password: 'p' }
    const child = pinoLogger(log.with({ service: 's' })).child(fields)
    fields.deep.n = 2
    child.info({ reqId: 'r2' }, 'a')
    const grandchild = child.child({ step: 1 }, { msgPrefix: '[x] ' })
    child.setBindings({ late: true })
    grandchild.info('b')
    const [a, b] = log.entries
    assert.deepEqual(a?.context, {
      service: 's',
      reqId: 'r2',
      deep: { n: 1 },
      password: '[REDACTED]',
    })
    assert.equal(a?.account_id, 'ABC')
    assert.equal(b?.message, '[x] b')
    assert.deepEqual(Object.keys(b?.context ?? {}), [
      'service',
      'reqId',
      'deep',
      'password',
      'step',
    ])
    assert.deepEqual(Object.keys(child.bindings()), [...Object.keys(fields), 'late'])
  })

  it('takes the error for the exception, unless a serializer has something else to tell of it', () => {
    const log = createTestLogger()
    const face = pinoLogger(log)
    const error = Object.assign(new TypeError('bad', { cause: new Error('why') }), {
      code: 'E',
      a: 1,
    })
    const withholding = face.child(
      {},
      { serializers: { err: (e: Error) => ({ said: e.message }) } },
    )
    withholding.error({ err: error }, 'text')
    withholding.error(error)
    const throwing = face.child(
      {},
      {
        serializers: {
          user: () => {
            throw new RangeError('no user')
          },
        },
      },
    )
    throwing.error({ user: {}, err: error })
    const [one, two, three] = log.entries
    assert.deepEqual([one?.exception, one?.context], [undefined, { err: { said: 'bad' } }])
    assert.deepEqual([two?.exception, two?.message], [undefined, 'bad'])
    assert.deepEqual(three?.context, { user: '[Throws: RangeError: no user]' })
    assert.equal(three?.exception?.code, 'E')
    assert.deepEqual(three.exception.details, { a: 1 })
  })

  it('has methods that work by themselves, and that a spy can take the place of', async () => {
    const log = createTestLogger()
    const face = pinoLogger(log).child({ a: 1 })
    await Promise.reject(new Error('b')).catch(face.error)
    const spy = mock.method(face, 'info')
    face.info('c')
    assert.equal(spy.mock.callCount(), 1)
    assert.deepEqual(log.entries.map(shortOf), [
      ['ERROR', 'b', { a: 1 }],
      ['INFO', 'c', { a: 1 }],
    ])
  })

  it('works for what inherits from it or stands in for it, as libraries make', () => {
    const log = createTestLogger()
    const face = pinoLogger(log)
    const heir = Object.create(face) as typeof face
    heir.info('heir')
    new Proxy(face, {}).child({ a: 1 }).info('proxy')
    assert.deepEqual(log.entries.map(shortOf), [
      ['INFO', 'heir'],
      ['INFO', 'proxy', { a: 1 }],
    ])
  })

  it('flush() calls back when all is written, fatal() has written when it returns', async () => {
    const log = createTestLogger()
    const face = pinoLogger(log)
    face.info('a')
    await new Promise<void>((resolve, reject) => {
      face.flush((error) => (error === undefined ? resolve() : reject(error)))
    })
    assert.equal(log.stats().written, 1)
    face.fatal('b')
    assert.equal(log.stats().written, 2)
  })

  it('refuses at the start what would be passed over later', () => {
    const log = createTestLogger()
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ category: 'htpp' }, /Cannot find the category/],
      [{ level: 'loud' }, /expected one of trace/],
      [{ redact: ['a.b'] }, /no option redact \(in its place: logging\.redact\.keys/],
      [{ customLevels: { foo: 1 } }, /no option customLevels/],
      [{ mixin: () => ({}) }, /options to be only category, .* got mixin/],
      [{ serialisers: {} }, /did you mean serializers\?/],
    ]
    for (const [options, message] of wrong) {
      assert.throws(() => pinoLogger(log, options as object), message)
    }
    assert.throws(() => pinoLogger({} as never), /expected one made by createLogger, got/)
    assert.throws(() => pinoLogger(log).child({}, { redact: ['a'] } as never), /no option redact/)
  })

  it('throws nothing at whoever logs, whatever is logged', () => {
    const log = createTestLogger()
    const face = pinoLogger(log)
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const throwing = {
      get err(): never {
        throw new Error('no')
      },
    }
    for (const value of [proxy, throwing, [1, 2], new Map([['a', 1]]), () => 1, Symbol('a'), 1n]) {
      face.info(value, 'a')
      face.info('a', value)
      face.child(value).info(value)
    }
    assert.equal(log.entries.length, 21)
  })
})

describe('pinoLogger() in Fastify', () => {
  it('has the request id on every line, errors with their stack, levels per route, and loses nothing', async () => {
    const log = createTestLogger({ categories: { http: {} } })
    const loggerInstance: FastifyBaseLogger = pinoLogger(log, { category: 'http' })
    const app = Fastify({ loggerInstance })
    app.get('/', (req, reply) => {
      req.log.info({ user: 7 }, 'in the %s', 'handler')
      req.log.child({ part: 'b' }).warn('in a child')
      void reply.send('ok')
    })
    app.get('/bad', () => {
      throw Object.assign(new RangeError('no such order', { cause: new Error('why') }), {
        order: 5,
      })
    })
    app.get('/quiet', { logLevel: 'error' }, (req, reply) => {
      req.log.info('no')
      void reply.send('ok')
    })
    app.get('/loud', { logLevel: 'debug' }, (req, reply) => {
      req.log.debug('yes')
      void reply.send('ok')
    })
    const headers = { authorization: 'Bearer abcdefghijklmnopqrst' }
    await app.inject({ url: '/', headers })
    await app.inject('/bad')
    await app.inject('/quiet')
    await app.inject('/loud')
    await app.close()
    const { entries } = log
    assert.ok(entries.every(({ category, context }) => category === 'http' && context?.['reqId']))
    const of = (id: string): string[] =>
      entries.filter(({ context }) => context?.['reqId'] === id).map(({ message }) => message)
    assert.deepEqual(of('req-1'), [
      'incoming request',
      'in the handler',
      'in a child',
      'request completed',
    ])
    assert.deepEqual(of('req-2'), ['incoming request', 'no such order', 'request completed'])
    assert.deepEqual(of('req-3'), [])
    assert.deepEqual(of('req-4'), ['incoming request', 'yes', 'request completed'])
    const incoming = (entries[0]?.context?.['req'] ?? {}) as { method?: string; url?: string }
    assert.deepEqual([incoming.method, incoming.url], ['GET', '/'])
    const bad = entries.find(({ level }) => level === 'ERROR')
    assert.equal(bad?.exception?.type, 'RangeError')
    assert.match(bad.exception.stack_trace, /RangeError: no such order\n\s+at /)
    assert.deepEqual(bad.exception.details, { order: 5 })
    assert.equal((bad.exception.cause as { message: string }).message, 'why')
    assert.deepEqual(Object.keys(bad.context ?? {}), ['reqId', 'req', 'res'])
  })
})

/** As much of Express as is used: its types are a package of their own. */
interface Express extends RequestListener {
  use(handler: unknown): void
  get(
    path: string,
    handler: (req: IncomingMessage, res: ServerResponse & { err?: Error }) => void,
  ): void
}
const express = createRequire(import.meta.url)('express') as () => Express

/** One request to a server, to its end. */
function get(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ port, path, headers: { authorization: 'Bearer abcdefghijklmnopqrst' } }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode))
    })
      .on('error', reject)
      .end()
  })
}

describe('pinoLogger() in pino-http on Express', () => {
  it('logs each request with its id, and errors as exceptions, also with properties of the user', async () => {
    const log = createTestLogger()
    const options: Options = {
      logger: pinoLogger(log, { category: 'service' }) as never,
      customProps: () => ({ tenant: 't1' }),
    }
    const app = express()
    app.use(pinoHttp(options))
    app.get('/', (req, res) => {
      req.log.info('in the handler')
      res.end('ok')
    })
    app.get('/bad', (_req, res) => {
      res.err = new RangeError('no such order')
      res.statusCode = 500
      res.end('no')
    })
    const server = createServer(app).listen(0)
    const { port } = server.address() as AddressInfo
    assert.equal(await get(port, '/?a=1'), 200)
    assert.equal(await get(port, '/bad'), 500)
    await new Promise((resolve) => server.close(resolve))
    const { entries } = log
    assert.deepEqual(
      entries.map(({ message }) => message),
      ['in the handler', 'request completed', 'request errored'],
    )
    for (const { context } of entries) {
      const { id, url, headers } = (context?.['req'] ?? {}) as Record<string, unknown>
      assert.equal(typeof id, 'number')
      assert.match(String(url), /^\/(?:\?a=1|bad)$/)
      assert.equal(JSON.stringify(headers).includes('abcdefghijklmnopqrst'), false)
      assert.equal(context?.['tenant'], 't1')
    }
    const [, completed, errored] = entries
    const { statusCode } = (completed?.context?.['res'] ?? {}) as { statusCode?: number }
    assert.equal(statusCode, 200)
    assert.equal(errored?.exception?.type, 'RangeError')
    assert.equal(errored.exception.message, 'no such order')
  })
})
