// JSON written as bytes is, byte for byte, what JSON.stringify and an encoder make, whatever the
// value and wherever in the buffer.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { JsonBytes, readyText } from '../../lib/encode/json-bytes.ts'
import { escapeSteering } from '../../lib/entry/json-text.ts'
import { anyCharacter } from '../any-character.ts'
import { runs } from '../runs.ts'

/** A sequence of values and what each is as text. */
type Step = (out: JsonBytes) => string

const text = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 100 }),
  fc.string({ unit: anyCharacter, maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  // Lone surrogates too.
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 })
    .map((units) => String.fromCharCode(...units)),
  fc.constantFrom('', '\u007f', '\u009b31m', '\u202e', '\u2028', '"', '\\', 'é'.repeat(9000), '\n'),
  // Three bytes each, below and above the length from which bytes are counted.
  fc.integer({ min: 100, max: 17_000 }).map((length) => '漢'.repeat(length)),
  fc.integer({ min: 40, max: 60 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 16_000, max: 17_000 }).map((length) => '\u0001'.repeat(length)),
)

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  // Decimals of few places, which are written digit by digit, and their neighbours, which are not.
  fc
    .tuple(fc.integer({ min: -3e9, max: 3e9 }), fc.constantFrom(1, 10, 100, 1e3, 1e4, 1e5, 1e6))
    .map(([digits, unit]) => digits / unit),
  fc
    .tuple(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom(-1, 1))
    .map(([digits, way]) => digits / 1e4 + way * Number.EPSILON * Math.abs(digits / 1e4)),
  fc.constantFrom(
    0,
    -0,
    2 ** 31,
    -(2 ** 31),
    2 ** 31 - 1,
    214748.3647,
    214748.3648,
    1e21,
    5e-324,
    0.0001,
    0.00001,
  ),
)

const step: fc.Arbitrary<Step> = fc.oneof(
  text.map((value) => (out: JsonBytes) => {
    out.string(value)
    return escapeSteering(JSON.stringify(value))
  }),
  number.map((value) => (out: JsonBytes) => {
    out.number(value)
    return JSON.stringify(value)
  }),
  text.map((value) => {
    const json = JSON.stringify(value)
    const ready = readyText(json)
    return (out: JsonBytes) => {
      out.ready(ready)
      return escapeSteering(json)
    }
  }),
  text.map((value) => (out: JsonBytes) => {
    const json = JSON.stringify(value)
    out.json(json)
    return escapeSteering(json)
  }),
  text.map((value) => (out: JsonBytes) => {
    const bytes = Buffer.from(value)
    out.append(bytes)
    return bytes.toString()
  }),
  text.map((value) => (out: JsonBytes) => {
    out.text(value)
    return Buffer.from(value).toString()
  }),
)

describe('JsonBytes', () => {
  test('holds what was written to it, in order, however it has to grow', () => {
    const out = new JsonBytes(16)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        out.clear()
        const expected = steps.map((write) => write(out)).join('')
        assert.equal(out.textFrom(0), expected)
        assert.equal(out.size, Buffer.byteLength(expected))
      }),
      { numRuns: runs(200) },
    )
  })

  test('string() sees what needs an escape wherever it stands in a long string', () => {
    const out = new JsonBytes(16)
    for (const length of [49, 50, 51, 52, 140]) {
      for (let code = 0; code < 0x180; code++) {
        for (const place of [0, 1, 2, 3, 4, 23, length - 4, length - 3, length - 2, length - 1]) {
          const filler = code % 2 === 0 ? 'x' : '~'
          const value =
            filler.repeat(place) + String.fromCharCode(code) + filler.repeat(length - place - 1)
          out.clear()
          out.string(value)
          assert.equal(out.textFrom(0), escapeSteering(JSON.stringify(value)))
        }
      }
    }
  })

  test('number() writes integers beyond 32 bits digit by digit', () => {
    const numbers = [2 ** 31, 2 ** 31 + 1, 1e9 * 3, 4_000_000_007, 1e15, 2 ** 53 - 1, 2 ** 53, 1e21]
    for (const each of numbers) {
      const out = new JsonBytes(64)
      out.number(each)
      assert.equal(out.textFrom(0), JSON.stringify(each))
    }
  })

  test('number() writes the digits of JSON for every number of few places', () => {
    const out = new JsonBytes(64)
    for (let digits = -30_000; digits <= 30_000; digits++) {
      for (const unit of [1, 10, 1e4]) {
        out.clear()
        out.number(digits / unit)
        const expected = JSON.stringify(digits / unit)
        if (out.textFrom(0) !== expected) assert.equal(out.textFrom(0), expected)
      }
    }
  })

  test('clear() gives back what it has grown by', () => {
    const out = new JsonBytes(128)
    out.string('x'.repeat(1e6))
    assert.ok(out.bytes.length > 1e6)
    out.clear()
    assert.deepEqual([out.bytes.length, out.size], [128, 0])
  })
})
