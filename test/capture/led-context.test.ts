import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LedContext } from '../../lib/capture/led-context.ts'

test('LedContext knows its own members, and is nothing where there are none', () => {
  const rest = { a: 1 }
  assert.equal(LedContext.of(new Map(), rest), rest)
  const led = LedContext.of(
    new Map<string, unknown>([
      ['rule', 'r'],
      ['action', 'x'],
      ['third', 3],
    ]),
    rest,
  ) as LedContext
  assert.deepEqual([led.first, led.firstValue, led.rest], ['rule', 'r', rest])
  assert.deepEqual(
    ['rule', 'action', 'third', 'a', 'undefined'].map((key) => led.has(key)),
    [true, true, true, false, false],
  )
  const two = new LedContext('rule', 'r', 'action', 'x', rest)
  assert.deepEqual(
    ['rule', 'action', 'third'].map((key) => two.has(key)),
    [true, true, false],
  )
})
