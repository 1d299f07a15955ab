// Types only: what must compile, and what must not. Checked by `npm run types`, never run.

import { createTestLogger } from '../../lib/testing.ts'
import {
  createLogger,
  defineEvent,
  type Logger,
  type LoggingConfig,
  Type,
} from '../../lib/index.ts'

export function compiles(): void {
  const plain: Logger = createLogger()
  plain.system.info('message', { any: 'object' })
  plain.error.error('message', new Error('e'), { a: 1 })
  createLogger({ log_level: 'INFO', levels: { sdk: 'debug' } }).sdk.debug('message')
  createLogger(new URL('file:///system.json')).audit.info('message')

  const extended = createLogger({ categories: { latency: { file: 'perf.log' }, flush: {} } })
  extended.latency.info('message')
  extended.with({ a: 1 }).latency.info('message')
  extended.with({ a: 1 }).with({ b: 2 }).system.info('message')
  // @ts-expect-error -- a category that is not configured, behind bindings
  extended.with({ a: 1 }).latancy.info('message')
  extended.flush().catch(() => {})
  const { with: bind, category } = extended
  bind({ a: 1 })
    .flush()
    .catch(() => {})
  category('latency').info('message')
  category('any string').info('message')
  const base: Logger = extended
  base.category('any string').info('message')
  extended.setLevel('debug', 'latency', { for_s: 1 })
  const config: LoggingConfig = {
    levels: { own: 'debug', sdk: 'off' },
    durability: { own: 'synced' },
  }
  createLogger(config).sdk.info('message')
  const anything: string | URL | LoggingConfig = config
  createLogger(anything as string | URL | LoggingConfig).sdk.info('message')
  const tested = createTestLogger({ categories: { latency: {} } })
  tested.with({ a: 1 }).latency.info('message')
  tested.clear()
  // @ts-expect-error -- a level that is none, of a category that is known
  createLogger({ levels: { sdk: 'loud' } })
  // @ts-expect-error -- the same of one that is configured
  createLogger({ categories: { latency: {} }, levels: { latency: 'loud' } })
  // @ts-expect-error -- and of any
  createLogger({ durability: { other: 'sometimes' } })

  const filled = defineEvent({
    category: 'sdk',
    level: 'INFO',
    message: '{id}',
    context: Type.Object({ id: Type.String(), price: Type.Optional(Type.Number()) }),
  })
  const logFilled = plain.event(filled)
  logFilled({ id: 'a' })
  logFilled({ id: 'a', price: 1 }, 'account')
  logFilled({ id: 'a' }, 'account', new Error('e'))
  logFilled({ id: 'a' }, undefined, 'anything thrown')

  // @ts-expect-error -- a property that is missing
  logFilled({ price: 1 })
  // @ts-expect-error -- a property of the wrong type
  logFilled({ id: 1 })
  // @ts-expect-error -- a category that is not configured
  plain.latency.info('message')
  // @ts-expect-error -- a key that is misspelt
  createLogger({ log_path: 'x', log_levle: 'debug' })
  // @ts-expect-error -- a key that is misspelt, beside categories
  createLogger({ log_levle: 'debug', categories: { latency: {} } })
  // @ts-expect-error -- a value that is out of the list
  createLogger({ console: 'sometimes' })
  // @ts-expect-error -- a message that is no string
  plain.system.info(17)
}
