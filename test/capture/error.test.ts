// What a thrown value is written as: nothing of it is reduced to a word.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { captureException } from '../../lib/capture/error.ts'
import { captureValue } from '../../lib/capture/context.ts'
import { Lanes } from '../../lib/capture/lanes.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'

const places = 1 << 14

/** A thrown value as it is written, without stacks. */
function written(thrown: unknown): unknown {
  const lanes = new Lanes(places, 1 << 20)
  lanes.begin(places)
  captureException(lanes, thrown, 1, captureValue)
  const text = new LineEncoder(new Redactor(), 1 << 24).value(lanes)
  assert.equal(lanes.tagHead, lanes.tagTail, 'all that was captured has been read')
  assert.ok(lanes.ancestors.every((ancestor) => ancestor === undefined))
  return JSON.parse(text, (key, value: unknown) =>
    key === 'stack_trace' ? (value === '' ? '' : 'stack') : value,
  )
}

function withOwn(own: object, message = 'm'): Error {
  return Object.assign(new Error(message), own)
}

const plain = { type: 'Error', message: 'm', stack_trace: 'stack' }

/** Errors and what is written of them beside type, message and stack. */
const errors: readonly (readonly [string, () => unknown, object])[] = [
  ['nothing of an error that has nothing', () => new Error('m'), {}],
  [
    'its further properties as details, behind the code',
    () => withOwn({ errno: -13, code: 'EACCES', path: '/a', nested: { list: [1, null] } }),
    { code: 'EACCES', details: { errno: -13, path: '/a', nested: { list: [1, null] } } },
  ],
  [
    'secrets among them masked, by key and by form',
    () => withOwn({ config: { headers: { Authorization: 'CANARY' } }, url: 'https://u:CANARY@h' }),
    {
      details: {
        config: { headers: { Authorization: '[REDACTED]' } },
        url: 'https://[REDACTED]@h',
      },
    },
  ],
  [
    'a code that is no word whole',
    () => withOwn({ code: { a: 1 } }),
    { details: { code: { a: 1 } } },
  ],
  ['a code of 0', () => withOwn({ code: 0 }), { code: '0' }],
  [
    'errors that are no list whole',
    () => withOwn({ errors: { email: 'missing' } }),
    { details: { errors: { email: 'missing' } } },
  ],
  ['no details where JSON has no word for them', () => withOwn({ f: () => 1, u: undefined }), {}],
  ['a cause that is text', () => new Error('m', { cause: 'why' }), { cause: 'why' }],
  ['a cause that is false', () => new Error('m', { cause: false }), { cause: false }],
  [
    'a cause that is an object whole',
    () => new Error('m', { cause: { status: 502, body: { a: [1] } } }),
    { cause: { status: 502, body: { a: [1] } } },
  ],
  ['a cause that is a list', () => new Error('m', { cause: [1, 'b'] }), { cause: [1, 'b'] }],
  [
    'a cause that is a symbol',
    () => new Error('m', { cause: Symbol('s') }),
    { cause: 'Symbol(s)' },
  ],
  [
    'a cause with its own details',
    () => new Error('m', { cause: withOwn({ code: 'E', a: 1 }, 'why') }),
    { cause: { ...plain, message: 'why', code: 'E', details: { a: 1 } } },
  ],
  [
    'errors that are none whole',
    () => withOwn({ errors: [new TypeError('one'), { reason: 2 }, 'three', undefined, 5] }),
    {
      errors: [
        { type: 'TypeError', message: 'one', stack_trace: 'stack' },
        { reason: 2 },
        'three',
        null,
        5,
      ],
    },
  ],
  [
    'itself among its details as a cycle',
    () => {
      const error = withOwn({})
      return Object.assign(error, { self: error, nested: { self: error } })
    },
    { details: { self: '[Circular]', nested: { self: '[Circular]' } } },
  ],
  [
    'a property that throws by its mark, and the others',
    () =>
      Object.defineProperty(withOwn({ a: 1 }), 'b', {
        enumerable: true,
        get: () => {
          throw new Error('no')
        },
      }),
    { details: { a: 1, b: '[Throws: Error: no]' } },
  ],
  [
    'a message and a name that are no text whole',
    () => withOwn({ message: { code: 7 }, name: { n: 1 } }),
    { message: '[object Object]', details: { name: { n: 1 }, message: { code: 7 } } },
  ],
]

describe('captureException()', () => {
  for (const [what, make, expected] of errors) {
    test(`writes ${what}`, () => assert.deepEqual(written(make()), { ...plain, ...expected }))
  }

  test('writes errors of other realms and classes by their names', () => {
    class OrderRejected extends Error {
      order = { id: 7 }
    }
    assert.deepEqual(written(new OrderRejected('m')), {
      ...plain,
      type: 'OrderRejected',
      details: { order: { id: 7 } },
    })
    const foreign: unknown = runInNewContext('Object.assign(new RangeError("m"), { a: 1 })')
    assert.deepEqual(written(foreign), { ...plain, type: 'RangeError', details: { a: 1 } })
    const { type, message, code } = written(new DOMException('m', 'AbortError')) as never
    assert.deepEqual([type, message, code], ['AbortError', 'm', '20'])
  })

  test('writes a stack that the application makes a list', () => {
    const earlier: unknown = Reflect.get(Error, 'prepareStackTrace')
    Error.prepareStackTrace = (_, calls) => calls
    let text: string
    try {
      const lanes = new Lanes(places, 1 << 20)
      lanes.begin(places)
      captureException(lanes, new TypeError('m'), 1, captureValue)
      text = new LineEncoder(new Redactor(), 1 << 24).value(lanes)
    } finally {
      Reflect.deleteProperty(Error, 'prepareStackTrace')
      if (earlier !== undefined) Object.assign(Error, { prepareStackTrace: earlier })
    }
    const { stack_trace: stack } = JSON.parse(text) as { stack_trace: string }
    assert.match(stack, /^TypeError: m\n {4}at .*error\.test\.[jt]s/)
  })

  test('writes what was thrown without being an error', () => {
    assert.deepEqual(written({ reason: 'r', token: 'CANARY' }), {
      type: 'Object',
      message: '{"reason":"r","token":"[REDACTED]"}',
      stack_trace: '',
    })
    assert.deepEqual(written({ message: 'm', code: 'E', status: 404, cause: { a: 1 } }), {
      type: 'Object',
      message: 'm',
      stack_trace: '',
      code: 'E',
      details: { status: 404 },
      cause: { a: 1 },
    })
    assert.deepEqual(written('text'), { type: 'string', message: 'text', stack_trace: '' })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.match(JSON.stringify(written(proxy)), /Throws: TypeError/)
  })

  test('writes no more details than an error may have, with a mark, and the cause behind them', () => {
    const list = Array.from({ length: 10_000 }, (_, i) => i)
    const { details, cause } = written(
      Object.assign(withOwn({ list, z: 1 }), { cause: 'why' }),
    ) as {
      readonly details: { readonly list: unknown[] }
      readonly cause: unknown
    }
    assert.deepEqual(Object.keys(details), ['list', '…'])
    assert.ok(details.list.length < 2100)
    assert.match(String(details.list.at(-1)), /^…\[\d+ more elements\]$/)
    assert.equal(cause, 'why')
  })
})
