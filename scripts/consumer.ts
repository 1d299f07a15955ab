// A program as a user would write it. check-package.ts compiles it against the packed package and
// runs it with plain node, in an empty directory.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import {
  ConfigError,
  createLogger,
  defineEvent,
  formatEntry,
  loadConfig,
  streamLogs,
  Type,
  type LogEntry,
  type Logger,
} from 'ringlog'
import { pinoLogger } from 'ringlog/pino'
import { createTestLogger } from 'ringlog/testing'

writeFileSync('system.json', '{ "logging": { "log_path": "logs", "log_level": "debug" } }')
const { log_path, rotation } = loadConfig('system.json')
assert.equal(rotation.max_size_mb, 50)

const orderFilled = defineEvent({
  name: 'order_filled',
  category: 'latency',
  level: 'debug',
  message: 'Filled {quantity} {symbol}',
  context: Type.Object({ symbol: Type.String(), quantity: Type.Integer() }),
})

const accountSeen = defineEvent({
  category: 'latency',
  level: 'debug',
  message: 'Seen',
  context: Type.Object({ mail: Type.Optional(Type.String({ format: 'email' })) }),
})

const log = createLogger({ log_path, log_level: 'debug', categories: { latency: {} } })
log.latency.info('Order sent', { micros: 80 })
const logOrderFilled = log.event(orderFilled)
logOrderFilled({ symbol: 'MNQ', quantity: 2 }, 'ABC123')
const logAccountSeen = log.event(accountSeen)
logAccountSeen({ mail: 'a@example.org' })
logAccountSeen({ mail: 'nobody' })
const logger: Logger = log
logger.logError('Order rejected', new RangeError('No such symbol'))
await logger.close()
assert.equal(log.stats().mismatched, 1)

const lines = readFileSync('logs/latency.log', 'utf8').trimEnd().split('\n')
const [sent, filled, seen] = lines.map((line) => JSON.parse(line) as LogEntry)
assert.deepEqual(sent?.context, { micros: 80 })
assert.deepEqual(seen?.context, { mail: 'a@example.org' })
assert.ok(filled && formatEntry(filled).endsWith(' DEBUG | latency     | ABC123 | Filled 2 MNQ'))
assert.match(readFileSync('logs/error.log', 'utf8'), /"type":"RangeError"/)

const messages = new Set<string | undefined>()
for await (const { entry } of streamLogs({ log_path: log_path! })) messages.add(entry?.message)
assert.deepEqual(messages, new Set(['Order sent', 'Filled 2 MNQ', 'Seen', 'Order rejected']))

const test = createTestLogger({ categories: { latency: {} } })
test.event(orderFilled)({ symbol: 'MNQ', quantity: 3 })
test.latency.info('Order sent', { micros: 80 })
assert.deepEqual(
  test.entries.map(({ message, seq }) => [message, seq]),
  [['Order sent', 1]],
)

test.clear()
pinoLogger(test, { category: 'latency' }).child({ a: 1 }).info('%d filled', 2)
assert.deepEqual([test.entries[0]?.message, test.entries[0]?.context], ['2 filled', { a: 1 }])

// Never called: here only the compiler judges.
export function isRejectedByTheCompiler(): void {
  // @ts-expect-error -- a quantity is a number
  logOrderFilled({ symbol: 'MNQ', quantity: 'two' })
  // @ts-expect-error -- no such level
  createLogger({ log_level: 'loud' })
  // @ts-expect-error -- no such category
  log.latencies.info('Order sent')
}
assert.throws(() => createLogger({ log_path, retention_days: 0 }), ConfigError)
