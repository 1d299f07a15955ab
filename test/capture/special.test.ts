import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Lanes } from '../../lib/capture/lanes.ts'
import { captureBytes, captureDate, isBytes, replacementOf } from '../../lib/capture/special.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'

const encoder = new LineEncoder(new Redactor({ keys: [], allow: [] }), 1 << 20)

function written(capture: (lanes: Lanes) => void): unknown {
  const lanes = new Lanes(64, 1 << 10)
  lanes.begin(64)
  capture(lanes)
  return JSON.parse(encoder.value(lanes))
}

describe('replacementOf()', () => {
  test('is what toJSON gives, with the key, or what is in a box; else the object', () => {
    const plain = { a: 1 }
    assert.equal(replacementOf(plain, 'k'), plain)
    assert.equal(replacementOf({ toJSON: (key: string) => `for ${key}` }, 'k'), 'for k')
    assert.equal(replacementOf(new Date(0), 'k'), '1970-01-01T00:00:00.000Z')
    assert.deepEqual(
      [Object(1), Object('s'), Object(true)].map((box: object) => replacementOf(box, '')),
      [1, 's', true],
    )
    const odd = { toJSON: 'no function' }
    assert.equal(replacementOf(odd, ''), odd)
  })

  test('asks no toJSON that all objects have', () => {
    const plain = { a: 1 }
    Reflect.defineProperty(Object.prototype, 'toJSON', {
      value: () => 'stolen',
      configurable: true,
    })
    try {
      assert.equal(replacementOf(plain, ''), plain)
    } finally {
      Reflect.deleteProperty(Object.prototype, 'toJSON')
    }
  })
})

test('captureDate() copies a date as toJSON would, and null where it is none', () => {
  const bare = (ms: number): Date => Object.assign(new Date(ms), { toJSON: undefined })
  assert.equal(
    written((lanes) => captureDate(lanes, bare(0))),
    '1970-01-01T00:00:00.000Z',
  )
  assert.equal(
    written((lanes) => captureDate(lanes, bare(Number.NaN))),
    null,
  )
})

test('captureBytes() copies kind, length and the first 32 bytes of the view', () => {
  const buffer = Uint8Array.from({ length: 40 }, (_, i) => i).buffer
  const hex = Buffer.from(buffer).toString('hex')
  for (const [object, type, bytes, shown] of [
    [Buffer.from('ab'), 'Buffer', 2, '6162'],
    [buffer, 'ArrayBuffer', 40, `${hex.slice(0, 64)}…`],
    [new Uint8Array(buffer, 8, 32), 'Uint8Array', 32, hex.slice(16, 80)],
    [new DataView(buffer, 39), 'DataView', 1, '27'],
    [new SharedArrayBuffer(1), 'SharedArrayBuffer', 1, '00'],
  ] as const) {
    assert.equal(isBytes(object), true)
    assert.deepEqual(
      written((lanes) => captureBytes(lanes, object)),
      { type, bytes, hex: shown },
    )
  }
  assert.deepEqual([isBytes([1]), isBytes(new Map())], [false, false])
})
