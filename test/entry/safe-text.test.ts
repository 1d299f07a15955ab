// Any value as text, and texts that are cut.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import {
  cut,
  cutMasked,
  cutRoughly,
  isError,
  textOf,
  throwsMark,
} from '../../lib/entry/safe-text.ts'

const revoked = ((): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
})()

describe('isError()', () => {
  test('knows errors of every realm, and throws for nothing', () => {
    class Own extends Error {}
    const far: unknown = runInNewContext('new TypeError("x")')
    for (const value of [new Error('x'), new Own(), far, Object.create(Own.prototype)]) {
      assert.equal(isError(value), true)
    }
    for (const value of [{ message: 'x', stack: '' }, 'Error', undefined, revoked]) {
      assert.equal(isError(value), false)
    }
  })
})

describe('textOf() and throwsMark()', () => {
  test('show what can be shown, and otherwise why it cannot', () => {
    assert.deepEqual([textOf('a'), textOf(1n), textOf(Symbol('s'))], ['a', '1', 'Symbol(s)'])
    assert.match(textOf(Object.create(null)), /^\[Throws: TypeError: /)
    assert.equal(throwsMark('reason'), '[Throws: reason]')
    assert.equal(throwsMark(revoked), '[Throws: ]')
  })

  test('show of a long reason its beginning, up to a blank', () => {
    const words = 'word '.repeat(39)
    assert.equal(throwsMark(`${words}${'x'.repeat(50)}`), `[Throws: ${words.trimEnd()}…]`)
    assert.equal(throwsMark('x'.repeat(201)), '[Throws: …]')
    assert.equal(throwsMark('x'.repeat(200)), `[Throws: ${'x'.repeat(200)}]`)
  })
})

describe('cut()', () => {
  test('says how much is missing, also of what was cut before', () => {
    assert.equal(cut('abcdef', 6), 'abcdef')
    assert.equal(cut('abcdef', 2), 'ab…[4 more characters]')
    assert.equal(cut(cut('abcdef', 4), 2), 'ab…[4 more characters]')
    assert.equal(cut(cut('abcdef', 4), 4), 'abcd…[2 more characters]')
    assert.equal(cut('abc', 0), '…[3 more characters]')
  })

  test('parts no surrogate pair', () => {
    assert.equal(cut('a😀b', 2), 'a…[3 more characters]')
    assert.equal(cut('a😀b', 3), 'a😀…[1 more characters]')
  })
})

describe('cutRoughly() and cutMasked()', () => {
  const mask = (text: string): string => text.replaceAll(/key=\w+/g, 'key=[REDACTED]')
  const length = 100

  test('leave what is short as it is, masked', () => {
    assert.equal(cutMasked(cutRoughly('key=abc', length), length, mask), 'key=[REDACTED]')
  })

  test('know a secret that stands across the cut', () => {
    for (let before = length - 12; before <= length; before++) {
      const text = `${'a'.repeat(before)} key=${'S'.repeat(2000)} ${'b'.repeat(6000)}`
      const shown = cutMasked(cutRoughly(text, length), length, mask)
      assert.doesNotMatch(shown, /SS/)
    }
  })

  test('keep less where the last of it may be half a secret', () => {
    const text = `${'key=abcdefgh '.repeat(400)}${'S'.repeat(6000)}`
    assert.doesNotMatch(cutMasked(cutRoughly(text, 5200), 5200, mask), /S/)
    // Of the last secret the end is cut off by which it would be known.
    const ended = (whole: string): string => whole.replaceAll(/key=\w+;/g, 'key=[REDACTED];')
    const many = `${`key=${'x'.repeat(500)}; `.repeat(10)}key=${'S'.repeat(500)};`
    assert.doesNotMatch(cutMasked(cutRoughly(many, 1000), 1000, ended), /SS/)
    const long = 'a'.repeat(10_000)
    const shown = cutMasked(cutRoughly(long, length), length, mask)
    assert.equal(shown, `${'a'.repeat(length)}…[9900 more characters]`)
  })
})
