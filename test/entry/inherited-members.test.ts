import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onceOnly, withoutInherited } from '../../lib/entry/inherited-members.ts'

test('withoutInherited() takes away what was added to all objects, and puts it back', () => {
  const plain = {} as { readonly [key: string]: unknown }
  const hidden = { get: () => 'hidden', configurable: true }
  Reflect.defineProperty(Object.prototype, 'hidden', hidden)
  Reflect.defineProperty(Object.prototype, 'shown', {
    value: 1,
    enumerable: true,
    configurable: true,
  })
  try {
    const inside = withoutInherited(() => [plain['hidden'], plain['shown'], typeof plain.toString])
    assert.deepEqual(inside, [undefined, undefined, 'function'])
    assert.deepEqual([plain['hidden'], plain['shown']], ['hidden', 1])
    assert.throws(() => withoutInherited(() => assert.fail(String(plain['shown']))), /undefined/)
    assert.equal(plain['shown'], 1)
  } finally {
    Reflect.deleteProperty(Object.prototype, 'hidden')
    Reflect.deleteProperty(Object.prototype, 'shown')
  }
})

test('withoutInherited() puts back members that are parts of a property themselves', () => {
  const names = ['get', 'set', 'value', 'other']
  const prototype = Object.prototype as { [name: string]: unknown }
  // Each by assignment: a descriptor would inherit the ones before it.
  for (const name of names) prototype[name] = name
  try {
    assert.equal(
      withoutInherited(() => 'get' in {}),
      false,
    )
    assert.deepEqual(
      names.map((name) => prototype[name]),
      names,
    )
  } finally {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name)
  }
})

test('onceOnly listens once, whatever all objects inherit', () => {
  const controller = new AbortController()
  let heard = 0
  Reflect.defineProperty(Object.prototype, 'signal', { value: 7n, configurable: true })
  try {
    controller.signal.addEventListener('abort', () => heard++, onceOnly)
  } finally {
    Reflect.deleteProperty(Object.prototype, 'signal')
  }
  controller.abort()
  controller.signal.dispatchEvent(new Event('abort'))
  assert.equal(heard, 1)
})
