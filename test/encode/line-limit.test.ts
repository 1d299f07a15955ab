// What an entry may come to: every part of a line counts, and nothing is cut before its secrets are
// masked.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, type Logger, type LogEntry, Type } from '../../lib/index.ts'
import { isValidLine } from '../line-schema.ts'
import { logDirectory } from '../log-directory.ts'
import { isThorough } from '../runs.ts'
import { carriers, carrying, namedCarriers } from '../secrets.ts'

type Context = Parameters<typeof logDirectory>[0]

/** What a line of nothing but marks and escapes may have above the limit. */
const aboveMax = 1024

/** The lines of system.log, as text, after calls to a logger with a small limit. */
async function linesAfter(
  t: Context,
  entry_bytes: number,
  calls: (log: Logger) => void,
): Promise<string[]> {
  const directory = logDirectory(t)
  const log = createLogger({
    log_path: directory,
    console: 'off',
    buffer: { entries: 64, bytes: 1 << 20, entry_bytes },
  })
  calls(log)
  await log.close()
  const { accepted, written } = log.stats()
  assert.equal(written, accepted)
  return readFileSync(join(directory, 'system.log'), 'utf8').split('\n').slice(0, -1)
}

const long = 'é'.repeat(50_000)
const numbers = Array.from({ length: 5000 }, (_, i) => i / 7)
const manyFields = Object.fromEntries(
  Array.from({ length: 1000 }, (_, i) => [`field_${i}`, `v${i}`]),
)
const longKeys = Object.fromEntries(
  Array.from({ length: 300 }, (_, i) => [`${i}${'k'.repeat(900)}`, i]),
)

function eventOf(definition: object): Parameters<Logger['event']>[0] {
  const context = Type.Object({ a: Type.String() })
  return defineEvent({ category: 'system', level: 'INFO', message: 'm', context, ...definition })
}

function nested(log: Logger, times: number): Logger {
  return times === 0 ? log : nested(log.with({ [`level_${times}`]: 'x'.repeat(3000) }), times - 1)
}

/** Calls each of which would be far too long in one part or another. */
const parts: Readonly<Record<string, (log: Logger) => void>> = {
  'a message': (log) => log.system.info(long),
  'a message of escapes': (log) => log.system.info('\u0085'.repeat(50_000)),
  'a value': (log) => log.system.info('m', { long }),
  'many values': (log) => log.system.info('m', { numbers }),
  'long keys': (log) => log.system.info('m', longKeys),
  'an account': (log) => log.system.info('m', { account_id: long }),
  'a bound account': (log) => log.with({ account_id: long }).system.info('m'),
  'a bound value': (log) => log.with({ long }).system.info('m'),
  'many bound fields': (log) => log.with(manyFields).system.info('m'),
  'bound fields with long keys': (log) => log.with(longKeys).system.info('m'),
  'fields bound again and again': (log) => nested(log, 20).system.info('m', { long }),
  'an error': (log) => log.system.info('m', new Error(long, { cause: new Error(long) })),
  'details of an error': (log) => log.system.info('m', Object.assign(new Error('e'), { numbers })),
  'many errors': (log) =>
    log.system.info('m', new AggregateError(numbers.map((n) => new Error(String(n))))),
  'everything at once': (log) =>
    log.with({ ...manyFields, account_id: long }).system.info(long, new Error(long), longKeys),
  "an event's name": (log) => log.event(eventOf({ name: long }))({ a: 'a' }),
  "an event's message": (log) => log.event(eventOf({ message: long }))({ a: 'a' }),
  "an event's keys": (log) => {
    const properties = Object.fromEntries(Object.keys(longKeys).map((key) => [key, Type.Number()]))
    log.event(eventOf({ context: Type.Object(properties) }))(longKeys)
  },
  "an event's values": (log) => log.event(eventOf({}))({ a: long }),
  "an event's values that do not match": (log) => log.event(eventOf({}))({ a: numbers }),
  "an event's account": (log) => log.event(eventOf({}))({ a: 'a' }, long),
}

describe('buffer.entry_bytes', () => {
  for (const limit of [1024, 16_384]) {
    for (const [part, call] of Object.entries(parts)) {
      test(`${limit}: ${part} makes no longer line`, async (t) => {
        const lines = await linesAfter(t, limit, call)
        assert.equal(lines.length, 1)
        const bytes = Buffer.byteLength(lines[0]!) + 1
        assert.ok(bytes <= limit + (limit === 1024 ? aboveMax : 0), `${bytes} bytes`)
        assert.ok(isValidLine(JSON.parse(lines[0]!)), JSON.stringify(isValidLine.errors))
      })
    }
  }

  test('what is bound leaves the call its own message and context', async (t) => {
    const message =
      'Order 42 rejected by the exchange: the price is outside of the limits of the day'
    const context = { order: 42, reason: 'price '.repeat(100) }
    const lines = await linesAfter(t, 16_384, (log) => {
      for (const bound of [
        log.with({ one: 'x'.repeat(17_000) }),
        log.with(manyFields),
        nested(log, 20),
      ]) {
        bound.system.info(message, context)
      }
    })
    for (const line of lines) {
      const entry = JSON.parse(line) as LogEntry
      assert.equal(entry.message, message)
      assert.equal(entry.context?.['order'], 42)
      assert.equal(entry.context?.['reason'], context.reason)
    }
    const [one, many, again] = lines.map((line) => (JSON.parse(line) as LogEntry).context!)
    assert.match(one!['one'] as string, /^x{4000,}…\[\d+ more characters\]$/)
    assert.equal(many!['field_0'], 'v0')
    assert.equal(many!['…'], '[Truncated]')
    assert.match(again!['level_20'] as string, /^x+…\[\d+ more characters\]$/)
    assert.match(again!['level_1'] as string, /^x+…\[\d+ more characters\]$/)
  })

  test('fields that are within their share are bound as they are', async (t) => {
    const bound = { text: 'x'.repeat(7000), list: [1, 2], 'a\u0085': '\u0085' }
    const [line] = await linesAfter(t, 16_384, (log) => log.with(bound).system.info('m'))
    assert.deepEqual((JSON.parse(line!) as LogEntry).context, bound)
  })
})

const limit = 4096
const secret = 'S3cretP4ssw0rdXyZ'

/** Between two places. From 6 units of the secret on it is seen, at twelve places in a row. */
const step = isThorough ? 3 : 8

/** Whether a text holds so much of the secret that it helps. */
function leak(text: string): string | undefined {
  for (let at = 0; at + 6 <= secret.length; at++) {
    const piece = secret.slice(at, at + 6)
    if (text.includes(piece)) return piece
  }
  return undefined
}

/** So many that the text is cut behind what is kept of it for masking: 4096 units more. */
const behind = 4_200

/**
 * Texts in which the secret stands around a place, each a little further on. All that is cut is
 * masked by the same function: each carrier comes in one of three, so in four at least.
 *
 * @param turn Which third of the carriers.
 */
function* around(place: number, turn: number): Generator<string> {
  for (const [i, carrier] of [...carriers, ...namedCarriers].entries()) {
    if (i % 3 !== turn % 3) continue
    const text = carrying(carrier, 'password', secret)
    for (let before = place - text.length; before <= place; before += step) {
      yield `${'a'.repeat(before - 1)} ${text} ${'b'.repeat(behind)}`
    }
  }
}

describe('nothing is cut before it is masked', () => {
  const places: Readonly<Record<string, (log: Logger) => (text: string) => void>> = {
    'a message': (log) => (text) => log.system.info(text),
    'a value': (log) => (text) => log.system.info('m', { text }),
    'an element': (log) => (text) => log.system.info('m', { list: [text] }),
    'a bound field': (log) => (text) => log.with({ text }).system.info('m'),
    'the message of an error': (log) => (text) =>
      log.system.info('m', { message: text, stack: '' }, {}),
    "an event's value": (log) => {
      const call = log.event(eventOf({}))
      return (text) => call({ a: text })
    },
  }
  for (const [turn, [place, make]] of Object.entries(places).entries()) {
    test(place, async (t) => {
      const lines = await linesAfter(t, limit, (log) => {
        const call = make(log)
        for (const text of around(limit, turn)) call(text)
      })
      assert.ok(lines.length > 390 / step, `${lines.length} lines`)
      for (const line of lines) assert.equal(leak(line), undefined, line.slice(0, 6000))
    })
  }

  const short: Readonly<Record<string, (log: Logger) => (text: string) => void>> = {
    'a key': (log) => (text) => log.system.info('m', { [text]: 1 }),
    'a key of a Map': (log) => (text) => log.system.info('m', { map: new Map([[text, 1]]) }),
    'a bound key': (log) => (text) => log.with({ [text]: 1 }).system.info('m'),
    'a value when the entry is full': (log) => (text) =>
      log.system.info('m', { first: 'x'.repeat(2 * limit), text }),
    "an event's name": (log) => (text) => log.event(eventOf({ name: text }))({ a: 'a' }),
    "an event's key": (log) => (text) =>
      log.event(eventOf({ context: Type.Object({ [text]: Type.Number() }) }))({ [text]: 1 }),
  }
  for (const [turn, [place, make]] of Object.entries(short).entries()) {
    test(place, async (t) => {
      const lines = await linesAfter(t, limit, (log) => {
        const call = make(log)
        for (const text of around(1024, turn)) call(text)
      })
      assert.ok(lines.length > 390 / step, `${lines.length} lines`)
      for (const line of lines) assert.equal(leak(line), undefined, line.slice(0, 6000))
    })
  }

  test('the reason of what throws', async (t) => {
    const lines = await linesAfter(t, limit, (log) => {
      for (const text of [0, 1, 2].flatMap((turn) => [...around(200, turn)])) {
        log.system.info('m', {
          get field(): never {
            throw new Error(text)
          },
        })
      }
    })
    for (const line of lines) assert.equal(leak(line), undefined, line.slice(0, 1000))
  })
})
