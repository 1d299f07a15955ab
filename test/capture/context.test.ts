// What a captured context is written as: judged by JSON.stringify where JSON has a word for it.

import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { LedContext } from '../../lib/capture/led-context.ts'
import { Lanes } from '../../lib/capture/lanes.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { captureContext } from '../../lib/capture/context.ts'
import { harmlessText, harmlessUnit } from '../harmless-text.ts'
import { runs } from '../runs.ts'

const places = 1 << 14

/** Captures a context, changes nothing, and reads it back. */
function written(context: unknown, lanes = new Lanes(places, 1 << 20)): unknown {
  lanes.reset()
  lanes.begin(places)
  captureContext(lanes, context)
  const encoder = new LineEncoder(new Redactor({ allow: [] }), 1 << 24)
  return JSON.parse(encoder.value(lanes))
}

/** One field as it is written. */
function field(value: unknown): unknown {
  return (written({ it: value }) as { it?: unknown }).it
}

describe('captureContext()', () => {
  test('writes what JSON.stringify would of any JSON value', () => {
    const lanes = new Lanes(places, 1 << 20)
    // Secrets are another test's business.
    const value = fc.jsonValue({ maxDepth: 5, stringUnit: harmlessUnit })
    fc.assert(
      fc.property(fc.dictionary(harmlessText, value), (context) => {
        assert.deepEqual(written(context, lanes), JSON.parse(JSON.stringify(context)))
      }),
      { numRuns: runs(700) },
    )
  })

  test('copies values: a change after the capture changes nothing', () => {
    const lanes = new Lanes(places, 1 << 20)
    const context = { list: [1, 2], inner: { text: 'before' } }
    lanes.begin(places)
    captureContext(lanes, context)
    context.list.push(3)
    context.inner.text = 'after'
    const encoder = new LineEncoder(new Redactor(), 1 << 24)
    assert.equal(encoder.value(lanes), '{"list":[1,2],"inner":{"text":"before"}}')
  })

  test('lifts account_id out of the context, as a string', () => {
    for (const [given, lifted] of [
      ['ABC', 'ABC'],
      [17, '17'],
      [17n, '17'],
    ] as const) {
      const lanes = new Lanes(places, 1 << 20)
      lanes.begin(places)
      captureContext(lanes, { account_id: given, rule: 'r' })
      assert.equal(lanes.accountId, lifted)
      assert.equal(new LineEncoder(new Redactor(), 1e6).value(lanes), '{"rule":"r"}')
    }
    assert.deepEqual(written({ account_id: { not: 'an id' } }), { account_id: { not: 'an id' } })
  })

  test('writes the given members first, and they win over equal keys', () => {
    const lanes = new Lanes(places, 1 << 20)
    lanes.begin(places)
    const own = { action: 'no', x: 1, rule: 'no' }
    captureContext(lanes, new LedContext('rule', 'R', 'action', 'A', own))
    assert.equal(
      new LineEncoder(new Redactor(), 1e6).value(lanes),
      '{"rule":"R","action":"A","x":1}',
    )
  })

  test('reports a context that needs more places, and leaves what it wrote whole', () => {
    const lanes = new Lanes(places, 1 << 20)
    lanes.begin(256)
    assert.equal(captureContext(lanes, { list: Array.from({ length: 1000 }, (_, i) => i) }), false)
    const text = new LineEncoder(new Redactor(), 1e6).value(lanes)
    assert.equal((JSON.parse(text) as Record<string, unknown>)['…'], '[Truncated]')
    assert.equal(lanes.tagHead, lanes.tagTail)
  })

  const values: readonly (readonly [string, unknown, unknown])[] = [
    [
      'a BigInt as a decimal string',
      123456789012345678901234567890n,
      '123456789012345678901234567890',
    ],
    ['NaN as null', Number.NaN, null],
    ['Infinity as null', -Infinity, null],
    ['a Date as ISO', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid Date as null', new Date(Number.NaN), null],
    [
      'a Map as an object',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map([['b', 2]])],
      ]),
      { a: 1, 2: { b: 2 } },
    ],
    ['a Set as an array', new Set(['a', { b: 1 }]), ['a', { b: 1 }]],
    [
      'a Buffer as length and hex',
      Buffer.from([1, 255]),
      { type: 'Buffer', bytes: 2, hex: '01ff' },
    ],
    [
      'a typed array as length and hex',
      new Uint16Array([1]),
      { type: 'Uint16Array', bytes: 2, hex: '0100' },
    ],
    [
      'a long Buffer by its first bytes',
      Buffer.alloc(100),
      { type: 'Buffer', bytes: 100, hex: `${'00'.repeat(32)}…` },
    ],
    ['undefined not at all', undefined, undefined],
    ['a function not at all', () => 1, undefined],
    ['a symbol not at all', Symbol('s'), undefined],
    ['holes of arrays as null', [undefined, () => 1, Symbol('s')], [null, null, null]],
    ['boxed primitives as primitives', [new String('s'), Object(1), Object(true)], ['s', 1, true]],
    ['what toJSON gives', { toJSON: () => ({ a: 1 }) }, { a: 1 }],
    [
      'a class instance by its own fields',
      new (class {
        a = 1
      })(),
      { a: 1 },
    ],
    [
      'an object without a prototype',
      Object.assign(Object.create(null) as object, { a: 1 }),
      { a: 1 },
    ],
    [
      'a getter that throws by its mark',
      Object.defineProperty({ b: 1 }, 'a', {
        enumerable: true,
        get: () => {
          throw new Error('no')
        },
      }),
      { b: 1, a: '[Throws: Error: no]' },
    ],
    [
      'a toJSON that throws by its mark',
      {
        toJSON() {
          throw new TypeError('no')
        },
      },
      '[Throws: TypeError: no]',
    ],
    [
      'what lost its toJSON, a Date',
      Object.assign(new Date(0), { toJSON: undefined }),
      '1970-01-01T00:00:00.000Z',
    ],
    ['a Map of another realm', runInNewContext('new Map([["a", new Set([1])]])'), { a: [1] }],
    [
      'keys of a Map that read the same, all of them',
      new Map<unknown, unknown>([
        [{}, 1],
        [{}, 2],
        [1, 3],
        ['1', 4],
      ]),
      { '{}': 1, '{} (2)': 2, '1': 3, '1 (2)': 4 },
    ],
    [
      'a Map and a Set that iterate for ever by what they hold',
      [
        Object.defineProperty(new Map([['a', 1]]), Symbol.iterator, {
          *value() {
            for (;;) yield ['k', undefined]
          },
        }),
        Object.defineProperty(new Set([2]), 'values', {
          *value() {
            for (;;) yield 1
          },
        }),
      ],
      [{ a: 1 }, [2]],
    ],
    [
      'bytes whose constructor throws',
      Object.defineProperty(new Uint8Array(1), 'constructor', {
        get: () => {
          throw new Error('no')
        },
      }),
      { type: 'Uint8Array', bytes: 1, hex: '00' },
    ],
    [
      'the headers of a request, the secret ones masked',
      { rawHeaders: ['Host', 'h', 'X-Api-Key', 'CANARY', 'Cookie', 'a=CANARY', 'A', 'b'] },
      { rawHeaders: ['Host', 'h', 'X-Api-Key', '[REDACTED]', 'Cookie', '[REDACTED]', 'A', 'b'] },
    ],
    [
      'a URL without its secrets',
      new URL('https://u:p@h/?token=x&a=1'),
      'https://[REDACTED]@h/?token=[REDACTED]&a=1',
    ],
    ['a key that holds a secret, masked', { 'the pwd=CANARY': 1 }, { 'the pwd=[REDACTED]': 1 }],
    [
      'a key of a million characters, cut',
      { ['k'.repeat(1e6)]: 1 },
      { [`${'k'.repeat(1024)}…[998976 more characters]`]: 1 },
    ],
    [
      'a getter that throws undefined',
      Object.defineProperty({}, 'a', {
        enumerable: true,
        get: () => {
          throw undefined
        },
      }),
      { a: '[Throws: undefined]' },
    ],
  ]
  for (const [what, value, expected] of values) {
    test(`writes ${what}`, () => assert.deepEqual(field(value), expected))
  }

  test('does not believe a polluted prototype', () => {
    const polluted: [object, string, unknown][] = [
      [Object.prototype, 'toJSON', () => 'HIJACKED'],
      [Object.prototype, 'toJSON', () => undefined],
      [Array.prototype, 'toJSON', () => 'HIJACKED'],
      [Object.prototype, 'code', 'HIJACKED'],
      [Object.prototype, 'errors', 'HIJACKED'],
      [Object.prototype, 'errors', ['HIJACKED']],
      [Object.prototype, 'details', { a: 'HIJACKED' }],
      [Object.prototype, 'account_id', 'HIJACKED'],
      [Array.prototype, 'extra', 'HIJACKED'],
      [String.prototype, 'toJSON', () => 'HIJACKED'],
    ]
    const given = {
      list: [1, { a: 's' }],
      map: new Map([['k', [2]]]),
      entity: new (class {
        id = 1
      })(),
      error: Object.assign(new Error('e'), { stack: 'Error: e' }),
    }
    const expected = {
      list: [1, { a: 's' }],
      map: { k: [2] },
      entity: { id: 1 },
      error: { type: 'Error', message: 'e', stack_trace: 'Error: e' },
    }
    for (const [prototype, key, value] of polluted) {
      Object.defineProperty(prototype, key, { value, enumerable: true, configurable: true })
      let seen: unknown
      let top: unknown
      try {
        seen = written(given)
        top = written([1])
      } finally {
        Reflect.deleteProperty(prototype, key)
      }
      assert.deepEqual(seen, expected, key)
      assert.deepEqual(top, { 0: 1 }, key)
    }
  })

  test('stops at what a line can hold, with a mark', () => {
    const lanes = new Lanes(places, 4096)
    const text = 'x'.repeat(5000)
    const { list } = written({ list: [text, text, text] }, lanes) as { list: string[] }
    assert.deepEqual(
      list.map((item) => /^x+(.*)$/.exec(item)![1]),
      ['…[908 more characters]', '…[3976 more characters]', '…[3976 more characters]'],
    )
    const sparse: unknown[] = []
    sparse[4_294_967_294] = 1
    lanes.reset()
    lanes.begin(256)
    captureContext(lanes, { sparse, after: 1 })
    const cutOff = JSON.parse(new LineEncoder(new Redactor(), 1e6).value(lanes)) as {
      sparse: unknown[]
      '…': string
    }
    assert.match(String(cutOff.sparse.at(-1)), /^…\[4294967\d{3} more elements\]$/)
    assert.equal(cutOff['…'], '[Truncated]')
  })

  test('writes __proto__ as data', () => {
    const context = JSON.parse('{"__proto__":{"polluted":1},"a":2}') as object
    const lanes = new Lanes(places, 1 << 20)
    lanes.begin(places)
    captureContext(lanes, context)
    const text = new LineEncoder(new Redactor(), 1e6).value(lanes)
    assert.equal(text, '{"__proto__":{"polluted":1},"a":2}')
  })

  test('marks a cycle, but not an object met twice', () => {
    const shared = { a: 1 }
    const context: Record<string, unknown> = { first: shared, second: shared }
    context['self'] = { context }
    assert.deepEqual(written(context), {
      first: { a: 1 },
      second: { a: 1 },
      self: { context: '[Circular]' },
    })
  })

  test('marks what is deeper than 16', () => {
    let deep: unknown = 'bottom'
    for (let i = 0; i < 20_000; i++) deep = { d: deep }
    let at = written(deep) as { d: unknown } | string
    let levels = 0
    while (typeof at === 'object') {
      at = at.d as typeof at
      levels++
    }
    assert.equal(at, '[Depth]')
    assert.equal(levels, 16)
  })

  test('survives revoked and hostile Proxies, at the top and inside', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('keys')
        },
      },
    )
    assert.deepEqual(written(hostile), { context: '[Throws: Error: keys]' })
    assert.match(JSON.stringify(written(proxy)), /Throws: TypeError/)
    assert.deepEqual(written({ before: 1, hostile, after: 2 }), {
      before: 1,
      hostile: '[Throws: Error: keys]',
      after: 2,
    })
    assert.match(JSON.stringify(written({ proxy })), /Throws: TypeError/)
  })

  test('writes errors, also of another realm, with code, cause and errors', () => {
    const cause = Object.assign(new Error('disk'), { code: 'ENOSPC' })
    const error = new AggregateError([new TypeError('one'), 'two'], 'many', { cause })
    const shown = field(error) as Record<string, unknown>
    assert.equal(shown['type'], 'AggregateError')
    assert.equal(shown['message'], 'many')
    assert.match(shown['stack_trace'] as string, /^AggregateError: many\n {4}at /)
    assert.equal((shown['cause'] as { code: string }).code, 'ENOSPC')
    const [one, two] = shown['errors'] as [{ type: string; message: string }, unknown]
    assert.deepEqual([one.type, one.message, two], ['TypeError', 'one', 'two'])
    const foreign = field(runInNewContext('new RangeError("far")')) as {
      type: string
      message: string
    }
    assert.deepEqual([foreign.type, foreign.message], ['RangeError', 'far'])
    const cyclic = new Error('loop')
    cyclic.cause = cyclic
    assert.equal((field(cyclic) as { cause: unknown }).cause, '[Circular]')
  })

  test('keeps no object of the caller alive', () => {
    const lanes = new Lanes(places, 1 << 20)
    lanes.begin(places)
    captureContext(lanes, { a: { b: {} }, list: [{}] })
    assert.ok(lanes.ancestors.every((ancestor) => ancestor === undefined))
    assert.ok(lanes.refs.every((ref) => ref === undefined || typeof ref === 'string'))
  })
})
