// Typed events: what is defined, what it is compiled into, and what becomes of data that do not
// match.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { bind } from '../../lib/encode/bindings.ts'
import { compileEvent } from '../../lib/event/compile-encoder.ts'
import { CAPTURED } from '../../lib/capture/typed.ts'
import {
  defineEvent,
  messageParts,
  Type,
  type EventDefinition,
} from '../../lib/event/event-definition.ts'
import { JsonBytes } from '../../lib/encode/json-bytes.ts'
import { Lanes } from '../../lib/capture/lanes.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { captureContext } from '../../lib/capture/context.ts'
import { templateOf } from '../../lib/encode/line-template.ts'
import { harmlessText } from '../harmless-text.ts'
import { runs } from '../runs.ts'

const places = 1 << 12

interface Logged {
  line: Record<string, unknown>
  captured: boolean
  mismatched: number
}

/** Sends data through an event's capture and back, as a logger does. */
function logged(
  event: EventDefinition,
  data: unknown,
  bindings?: object,
  redactor = new Redactor(),
  isGenerated?: boolean,
): Logged {
  const lanes = new Lanes(places, 1 << 16)
  let mismatched = 0
  const encoder = new LineEncoder(redactor, 1 << 24, () => mismatched++)
  const codec = compileEvent(event, redactor, isGenerated)
  lanes.begin(places)
  const captured = codec.capture(lanes, data) === CAPTURED
  if (!captured) {
    assert.equal(lanes.tagTail, 0, 'a capture that refuses writes nothing')
    captureContext(lanes, data)
  }
  const bound = bindings === undefined ? undefined : bind(encoder, bindings, undefined, 1 << 16)
  const template = templateOf({ name: event.category, seqBase: 0 }, 1, bound, codec)
  const out = new JsonBytes(64)
  const { accountId, tagTail: tagEnd } = lanes
  encoder.write(out, { lanes, template, time: 0, accountId, message: '', seq: 7, tagEnd }, 7)
  const text = out.textFrom(0)
  assert.equal(lanes.tagHead, lanes.tagTail, 'all that was captured has been read')
  assert.equal(lanes.refHead, lanes.refTail)
  assert.equal(lanes.numHead, lanes.numTail)
  assert.ok(text.endsWith('\n') && text.indexOf('\n') === text.length - 1)
  return { line: JSON.parse(text) as Record<string, unknown>, captured, mismatched }
}

const violation = defineEvent({
  name: 'violation',
  category: 'enforcement',
  level: 'info',
  message: 'Rule {rule} of {limits.name}: {limits.value}',
  context: Type.Object({
    rule: Type.String(),
    limits: Type.Object({ name: Type.String(), value: Type.Number(), hard: Type.Boolean() }),
    note: Type.Optional(Type.String()),
    tags: Type.Array(Type.String()),
    side: Type.Union([Type.Literal('long'), Type.Literal('short')]),
    count: Type.Integer({ minimum: 0 }),
  }),
})
const data = {
  rule: 'R',
  limits: { name: 'L', value: -1.5, hard: true },
  tags: ['a', 'b'],
  side: 'long',
  count: 2,
}

describe('defineEvent()', () => {
  const good = {
    category: 'audit',
    level: 'INFO',
    message: 'm',
    context: Type.Object({ a: Type.String() }),
  } as const
  test('refuses what is no definition, saying what it expected', () => {
    const wrong: [object, RegExp][] = [
      [{ name: '' }, /name to be a non-empty string/],
      [{ category: '../x' }, /category to be a name that matches/],
      [{ level: 'fatal' }, /level to be one of DEBUG/],
      [{ message: 17 }, /message to be a string/],
      [{ message: 'a {b}' }, /places that name properties.*got \{b\}/],
      [{ message: 'a {a.b}' }, /got \{a\.b\}/],
      [{ message: 'a {toString}' }, /got \{toString\}/],
      [{ message: 'a { b' }, /each brace to have its partner/],
      [{ context: Type.String() }, /context to be a Type\.Object/],
      [{ context: undefined }, /context to be a Type\.Object/],
    ]
    for (const [part, reason] of wrong) {
      const definition: unknown = { ...good, ...part }
      assert.throws(() => defineEvent(definition as typeof good), {
        name: 'TypeError',
        message: reason,
      })
    }
  })
  test('accepts both spellings of a level', () => {
    assert.equal(defineEvent({ ...good, level: 'critical' }).level, 'CRITICAL')
  })
})

describe('messageParts()', () => {
  test('takes places out and doubled braces as themselves', () => {
    assert.deepEqual(messageParts('a {b.c} {{d}} {e}'), ['a ', ['b', 'c'], ' {d} ', ['e'], ''])
  })
})

describe('compileEvent()', () => {
  test('writes data that match, message filled in', () => {
    const { line, captured, mismatched } = logged(violation, { ...data, note: 'n' })
    assert.ok(captured)
    assert.equal(mismatched, 0)
    assert.equal(line['message'], 'Rule R of L: -1.5')
    assert.equal(line['event'], 'violation')
    assert.equal(line['seq'], 7)
    assert.deepEqual(line['context'], { ...data, note: 'n' })
  })

  test('leaves out an optional property that is not there', () => {
    assert.deepEqual(logged(violation, data).line['context'], data)
  })

  const wrong: [string, object][] = [
    ['a string for a number', { limits: { ...data.limits, value: 'x' } }],
    ['NaN for a number', { limits: { ...data.limits, value: Number.NaN } }],
    ['null for an object', { limits: null }],
    ['a missing string', { rule: undefined }],
    ['an object for a string', { rule: { a: 1 } }],
    ['a number for a boolean', { limits: { ...data.limits, hard: 1 } }],
    ['a wrong literal', { side: 'up' }],
    ['a number out of range', { count: -1 }],
    ['a fraction for an integer', { count: 1.5 }],
    ['a wrong element', { tags: [1] }],
    ['a wrong optional', { note: 3 }],
  ]
  for (const [what, part] of wrong) {
    test(`counts ${what}, and writes it as it is`, () => {
      const { line, captured, mismatched } = logged(violation, { ...data, ...part })
      assert.ok(!captured || mismatched === 1)
      const expected = JSON.parse(JSON.stringify({ ...data, ...part })) as object
      assert.deepEqual(line['context'], expected)
    })
  }

  test('masks keys that name a secret, whatever their type, without reading them', () => {
    const event = defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: '{user} {password}',
      context: Type.Object({
        user: Type.String(),
        password: Type.String(),
        pin: Type.Number(),
        list: Type.Array(Type.Object({ apiKey: Type.String() })),
        credentials: Type.Object({ a: Type.String() }),
      }),
    })
    const secret = {
      user: 'u',
      get password(): string {
        throw new Error('read')
      },
      pin: 4711,
      list: [{ apiKey: 'CANARY' }],
      credentials: { a: 'CANARY' },
    }
    const { line, captured } = logged(event, secret)
    assert.ok(captured)
    assert.equal(line['message'], 'u [REDACTED]')
    assert.deepEqual(line['context'], {
      user: 'u',
      password: '[REDACTED]',
      pin: '[REDACTED]',
      list: [{ apiKey: '[REDACTED]' }],
      credentials: '[REDACTED]',
    })
  })

  test('writes how fetch treats several secrets, and no secret behind the same key', () => {
    const event = defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: 'fetch {credentials}',
      context: Type.Object({ credentials: Type.String(), cookies: Type.Optional(Type.String()) }),
    })
    for (const isGenerated of [true, false]) {
      const of = (context: object): unknown =>
        logged(event, context, undefined, new Redactor(), isGenerated).line['context']
      const harmless = { credentials: 'same-origin', cookies: 'omit' }
      assert.deepEqual(of(harmless), harmless)
      const masked = { credentials: '[REDACTED]', cookies: '[REDACTED]' }
      assert.deepEqual(of({ credentials: 'bob:x', cookies: 'a=1' }), masked)
      const cookies = { a: 'CANARY' } as unknown as string
      assert.deepEqual(of({ credentials: 'bob:x', cookies }), masked)
    }
  })

  test('masks secrets inside strings, in values, message and account, and takes them for what they were', () => {
    const event = defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: 'Connected to {url}',
      context: Type.Object({
        account_id: Type.String(),
        url: Type.String({ pattern: '^wss://u:p' }),
        note: Type.Optional(Type.String()),
      }),
    })
    const url = 'wss://u:p@host/'
    const { line, mismatched } = logged(event, {
      account_id: 'pin=1234',
      url,
      note: 'Bearer abc123def',
    })
    assert.equal(mismatched, 0)
    assert.equal(line['account_id'], 'pin=[REDACTED]')
    assert.equal(line['message'], 'Connected to wss://[REDACTED]@host/')
    assert.deepEqual(line['context'], { url: 'wss://[REDACTED]@host/', note: 'Bearer [REDACTED]' })
    const flat = defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: 'At https://u:p@h',
      context: Type.Object({ url: Type.String() }),
    })
    assert.deepEqual(logged(flat, { url }, { 'at https://u:p@h': 'pwd: y' }).line['context'], {
      'at https://[REDACTED]@h': 'pwd: [REDACTED]',
      url: 'wss://[REDACTED]@host/',
    })
    assert.equal(logged(flat, { url }).line['message'], 'At https://[REDACTED]@h')
  })

  test('is written the same when all objects have a toJSON', () => {
    // oxlint-disable-next-line no-extend-native -- what others do to it is the point
    Object.defineProperty(Object.prototype, 'toJSON', {
      value: () => 'HIJACKED',
      configurable: true,
    })
    let result: Logged
    try {
      result = logged(violation, { ...data, note: 'n' })
    } finally {
      Reflect.deleteProperty(Object.prototype, 'toJSON')
    }
    assert.deepEqual(result.line['context'], { ...data, note: 'n' })
  })

  test('lifts account_id out of the context', () => {
    const event = defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: 'of {account_id}',
      context: Type.Object({ account_id: Type.String(), x: Type.Number() }),
    })
    const { line } = logged(event, { account_id: 'ABC', x: 1 })
    assert.equal(line['account_id'], 'ABC')
    assert.equal(line['message'], 'of ABC')
    assert.deepEqual(line['context'], { x: 1 })
  })

  test('is the same whatever has been given to all objects before', () => {
    const optional = { a: Type.Optional(Type.Array(Type.Number())), b: Type.Unknown() }
    const values = [data, { ...data, a: [1], b: { c: 1 } }, { ...data, count: -1 }, {}]
    const redactor = new Redactor()
    const lines = (): unknown[] => {
      const { properties } = violation.context
      const event = defineEvent({
        category: 'sdk',
        level: 'INFO',
        message: 'At {rule}',
        context: Type.Object({ ...properties, ...optional }),
      })
      return values.map((value) => logged(event, value, undefined, redactor))
    }
    const expected = lines()
    const inherited: Readonly<Record<string, unknown>> = {
      x: { a: 1 },
      name: 'H',
      kind: 'loose',
      keys: 1,
      type: 'string',
      properties: { z: { type: 'string' } },
      required: ['a'],
      default: 5,
      const: 1,
      enum: [1],
      anyOf: [{ type: 'string' }],
      allOf: [{ type: 'string' }],
      oneOf: [{ type: 'string' }],
      not: {},
      if: { type: 'string' },
      items: { type: 'string' },
      pattern: 'x',
      minimum: 1e9,
      minLength: 99,
      minProperties: 99,
      maxProperties: 0,
      additionalProperties: false,
      patternProperties: { '.*': { type: 'string' } },
      $ref: '#/x',
      mode: 'debug',
      schema: {},
    }
    for (const [key, value] of Object.entries(inherited)) {
      Object.assign(Object.prototype, { [key]: value })
      let found: unknown[]
      try {
        found = lines()
      } finally {
        Reflect.deleteProperty(Object.prototype, key)
      }
      assert.deepEqual(found, expected, key)
    }
  })

  test("joins bound fields, which give way to the event's own", () => {
    const { line } = logged(violation, data, { rule: 'bound', request: 9, note: 'bound' })
    assert.deepEqual(line['context'], { request: 9, note: 'bound', ...data })
  })

  test('forbids other properties where the schema does', () => {
    const event = defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: 'm',
      context: Type.Object({ a: Type.Number() }, { additionalProperties: false }),
    })
    assert.ok(logged(event, { a: 1 }).captured)
    const { captured, line } = logged(event, { a: 1, b: 2 })
    assert.equal(captured, false)
    assert.deepEqual(line['context'], { a: 1, b: 2 })
  })

  test('copes with names that are code', () => {
    const names = [
      '__proto__',
      'constructor',
      'a"b',
      "a'b",
      'a\\b',
      '${x}',
      '`',
      '\n',
      '\u2028',
      'lanes',
      'return',
      '0',
    ]
    const event = defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: 'm',
      context: Type.Object(Object.fromEntries(names.slice(1).map((name) => [name, Type.String()]))),
    })
    const value = Object.fromEntries(names.slice(1).map((name) => [name, `v ${name}`]))
    assert.deepEqual(logged(event, value).line['context'], value)
  })

  const flat = fc.constantFrom('string', 'number', 'boolean', 'object')
  const odd = fc.constantFrom(
    'a"b',
    'é',
    '\u007f',
    '\u2028',
    'x\\y',
    '漢'.repeat(9),
    'k'.repeat(70),
  )
  for (const [kinds, member] of [
    ['without loose values', flat],
    ['of all kinds', fc.oneof(flat, fc.constantFrom('array', 'optional'))],
  ] as const)
    for (const isGenerated of [true, false]) {
      test(`gives back every value of a random schema ${kinds}, ${isGenerated ? 'by' : 'without'} generated code`, () => {
        fc.assert(
          fc.property(
            fc.dictionary(fc.oneof(fc.stringMatching(/^[b-m]{1,4}$/), odd), member, {
              maxKeys: 12,
            }),
            fc.infiniteStream(
              fc.tuple(
                harmlessText,
                fc.double({ noNaN: true, noDefaultInfinity: true }),
                fc.boolean(),
              ),
            ),
            (shape, stream) => {
              const redactor = new Redactor({ allow: Object.keys(shape) })
              const value: Record<string, unknown> = {}
              const properties: Record<string, ReturnType<typeof Type.Unknown>> = {}
              for (const [key, kind] of Object.entries(shape)) {
                const [text, number, flag] = stream.next().value as [string, number, boolean]
                const [schema, sample] = {
                  string: [Type.String(), text],
                  number: [Type.Number(), number],
                  boolean: [Type.Boolean(), flag],
                  array: [Type.Array(Type.Number()), [number, 1]],
                  optional: [Type.Optional(Type.String()), flag ? text : undefined],
                  object: [
                    Type.Object({ n: Type.Number(), b: Type.Object({ s: Type.String() }) }),
                    { n: number, b: { s: text } },
                  ],
                }[kind] as [ReturnType<typeof Type.Unknown>, unknown]
                properties[key] = schema
                if (sample !== undefined) value[key] = sample
              }
              const event = defineEvent({
                category: 'sdk',
                level: 'INFO',
                message: 'm',
                context: Type.Object(properties),
              })
              const { line, captured, mismatched } = logged(
                event,
                value,
                undefined,
                redactor,
                isGenerated,
              )
              assert.ok(captured)
              assert.equal(mismatched, 0)
              assert.deepEqual(line['context'], JSON.parse(JSON.stringify(value)))
            },
          ),
          { numRuns: runs(120) },
        )
      })
    }
})
