// Methods without the object they come from: every one of them works by itself.

import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, type Logger, Type } from '../../lib/index.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

const event = defineEvent({
  category: 'system',
  level: 'INFO',
  message: 'event {n}',
  context: Type.Object({ n: Type.Number() }),
})

/** Calls everything that a logger has, and gives what then stands in system.log. */
async function messagesOf(
  t: Parameters<typeof logDirectory>[0],
  around: (log: Logger) => Logger,
): Promise<string[]> {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, categories: { orders: { file: 'system.log' } } })
  const given = around(log)
  const { system, error, category, event: eventOf, logSystem, logEnforcement, logError } = given
  const { logAudit, with: bind, setLevel, isEnabled, flush, flushSync, stats, close } = given
  const { debug, info, warning, error: logged, critical } = system
  setLevel('debug')
  assert.equal(isEnabled('debug'), true)
  debug('debug')
  info('info')
  warning('warning')
  logged('error')
  critical('critical')
  ;({ ...system }).info('spread')
  error.error('elsewhere')
  logSystem('info', 'logSystem')
  logError('logError')
  logAudit('a', 'b', {})
  logEnforcement('A', 'r', 'a', {})
  category('orders').info('category')
  const { orders } = given as Logger & { orders: Logger['system'] }
  orders.info('orders')
  eventOf(event)({ n: 1 })
  const { system: bound, with: bindAgain } = bind({ a: 1 })
  bound.info('bound')
  bindAgain({ b: 2 }).system.info('bound again')
  await flush()
  flushSync()
  // Sixteen calls, and the entry of the change of level.
  assert.equal(stats().written, 17)
  await close()
  const lines = linesOf(directory, 'system.log')
  assert.deepEqual(lines.at(-1)!.context, { a: 1, b: 2 })
  return lines.map(({ message }) => message)
}

const expected = [
  'debug',
  'info',
  'warning',
  'error',
  'critical',
  'spread',
  'logSystem',
  'category',
  'orders',
  'event 1',
  'bound',
  'bound again',
]

describe('the methods of a logger', () => {
  const ways: Readonly<Record<string, (log: Logger) => Logger>> = {
    'as they are': (log) => log,
    'through a Proxy': (log) => new Proxy(log, {}),
    'through a Proxy around a Proxy that reads by itself': (log) =>
      new Proxy(new Proxy(log, { get: (of, key) => Reflect.get(of, key) as unknown }), {}),
    'from an object that inherits from it': (log) => Object.create(log) as Logger,
    'from a logger of a class derived from its class': (log) => {
      class Derived extends (log.with({}).constructor as new () => object) {}
      return Object.setPrototypeOf(log, Derived.prototype) as Logger
    },
  }
  for (const [way, around] of Object.entries(ways)) {
    test(`work detached, ${way}`, async (t) => {
      assert.deepEqual(await messagesOf(t, around), expected)
    })
  }

  test('are listeners, handlers and callbacks', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    await Promise.reject(new Error('rejected')).catch(log.system.error)
    const emitter = new EventEmitter()
    emitter.on('error', log.system.warning)
    emitter.emit('error', new Error('emitted'))
    const later: (message: string) => void = log.system.info
    setImmediate(later, 'called later')
    await new Promise(setImmediate)
    ;['a', 'b'].forEach(log.system.info)
    await once(process, 'tick', { signal: AbortSignal.abort() }).catch(log.logError)
    await log.close()
    const lines = linesOf(directory, 'system.log')
    assert.deepEqual(
      lines.map(({ message, exception }) => [message, exception?.message]),
      [
        ['rejected', 'rejected'],
        ['emitted', 'emitted'],
        ['called later', undefined],
        ['a', '0'],
        ['b', '1'],
      ],
    )
    assert.equal(linesOf(directory, 'error.log').at(-1)!.exception!.type, 'AbortError')
  })

  test('are the same ones each time, and show nothing of the logger', (t) => {
    const log = createLogger({ log_path: logDirectory(t) })
    assert.equal(log.system, log.system)
    assert.equal(log.logError, log.logError)
    assert.equal(log.system, log.category('system'))
    assert.deepEqual(Object.keys(log), [])
    assert.equal(JSON.stringify(log), '{}')
    return log.close()
  })
})
