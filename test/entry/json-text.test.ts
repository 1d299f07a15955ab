import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { escapeSteering, isHijacked, jsonOf, quoted } from '../../lib/entry/json-text.ts'

test('quoted() is JSON.stringify() for every code unit', () => {
  for (let code = 0; code <= 0xffff; code++) {
    const text = `a${String.fromCharCode(code)}`
    if (quoted(text) !== JSON.stringify(text)) assert.equal(quoted(text), JSON.stringify(text))
  }
})

test('escapeSteering() changes what a terminal obeys, and no value', () => {
  const steering = '\u007f\u009b\u061c\u200e\u2028\u202e\u2066'
  const escaped = escapeSteering(JSON.stringify(`a${steering}é日`))
  assert.equal(escaped, '"a\\u007f\\u009b\\u061c\\u200e\\u2028\\u202e\\u2066é日"')
  assert.equal(JSON.parse(escaped), `a${steering}é日`)
  assert.equal(escapeSteering('"plain"'), '"plain"')
})

describe('jsonOf()', () => {
  const value = { a: [1, 'x"', null, { b: true }], c: undefined, d: 'é' }

  test('is JSON.stringify()', () => {
    assert.equal(jsonOf(value), JSON.stringify(value))
    assert.equal(isHijacked(), false)
  })

  test('asks no toJSON that all objects, or all arrays, have been given', () => {
    const expected = JSON.stringify(value)
    for (const prototype of [Object.prototype, Array.prototype]) {
      Object.defineProperty(prototype, 'toJSON', { value: () => 'stolen', configurable: true })
      try {
        assert.equal(isHijacked(), true)
        assert.equal(jsonOf(value), expected)
      } finally {
        Reflect.deleteProperty(prototype, 'toJSON')
      }
    }
  })
})
