// Values from outside, as an error shows them: read without trust, and no more than is shown.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import {
  keysOf,
  lengthOf,
  named,
  pathOf,
  readMember,
  shown,
} from '../../lib/entry/foreign-value.ts'

const revoked = ((): object => {
  const { proxy, revoke } = Proxy.revocable([], {})
  revoke()
  return proxy
})()

const throwing = {
  get a(): never {
    throw new Error('no')
  },
}

describe('shown()', () => {
  test('is JSON, and names what JSON lacks', () => {
    class Own {
      a = 1
    }
    for (const [value, text] of [
      [{ a: [1, 'x', null], b: true }, '{"a":[1,"x",null],"b":true}'],
      [undefined, 'undefined'],
      [Number.NaN, 'NaN'],
      [7n, '7n'],
      [2n ** 200n, 'a large bigint'],
      [() => 1, 'a function'],
      [Symbol('s'), 'a symbol'],
      [new Own(), 'an instance of Own'],
      [new Map(), 'an instance of Map'],
      [Object.create({ a: 1 }), 'an instance of Object'],
      [Object.create(Object.create(null)), 'an object that is not plain'],
      [throwing, '{"a":a getter that throws}'],
      [revoked, 'an object that is not plain'],
      ['\u001b[31m', '"\\u001b[31m"'],
    ] as const) {
      assert.equal(shown(value), text)
    }
  })

  test('is 60 characters at most, whatever is in it, and no half of a pair', () => {
    const cycle: Record<string, unknown> = {}
    cycle['itself'] = cycle
    for (const value of ['x'.repeat(1e6), Array(1e6).fill(1), cycle, { ['k'.repeat(99)]: 1 }]) {
      assert.equal(shown(value).length, 60)
      assert.match(shown(value), /…$/)
    }
    assert.equal(shown(`${'x'.repeat(57)}😀😀`), `"${'x'.repeat(57)}…`)
    assert.equal(shown('x'.repeat(58)), `"${'x'.repeat(58)}"`)
  })

  test('reads no more than it shows', () => {
    let reads = 0
    const many = new Proxy(Array(1000).fill(1), {
      get: (target, key, receiver) => {
        reads++
        return Reflect.get(target, key, receiver) as unknown
      },
    })
    shown(many)
    assert.ok(reads < 50, `${reads} reads`)
  })
})

describe('keysOf()', () => {
  test('gives the keys of plain objects of every realm, and of nothing else', () => {
    assert.deepEqual(keysOf({ a: 1 }), ['a'])
    assert.deepEqual(keysOf(Object.assign(Object.create(null), { a: 1 })), ['a'])
    assert.deepEqual(keysOf(runInNewContext('({ a: 1 })')), ['a'])
    for (const other of [[], new Map(), Object.create({ a: 1 }), 'a', null, revoked]) {
      assert.equal(keysOf(other), undefined)
    }
  })
})

test('lengthOf() is that of arrays', () => {
  assert.deepEqual(
    [lengthOf([1, 2]), lengthOf({ length: 2 }), lengthOf(revoked)],
    [2, undefined, undefined],
  )
})

test('readMember() gives what fits no schema where reading throws', () => {
  assert.equal(readMember({ a: 1 }, 'a'), 1)
  assert.equal(typeof readMember(throwing, 'a'), 'symbol')
})

test('named() shows a string without quotes, cut and harmless', () => {
  assert.deepEqual([named('a'), named(''), named(1)], ['a', '""', '1'])
  assert.equal(named('\u001b'), '\\x1b')
  assert.match(named('x'.repeat(100)), /^x{60}…\[40 more characters\]$/)
})

test('pathOf() writes a member as code does', () => {
  assert.equal(pathOf('a', 'b_c'), 'a.b_c')
  assert.equal(pathOf('a', 'odd key'), 'a["odd key"]')
  assert.equal(pathOf('a', ''), 'a[""]')
})
