import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackOff } from '../../lib/ship/back-off.ts'

test('BackOff waits twice as long each time, up to ten seconds, and begins anew', () => {
  const waits = (random: number, count: number): number[] => {
    const backOff = new BackOff(() => random)
    return Array.from({ length: count }, () => backOff.next())
  }
  assert.deepEqual(waits(1, 10), [50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
  assert.deepEqual(waits(0, 3), [25, 50, 100], 'half of it at least')
  const backOff = new BackOff(() => 1)
  backOff.next()
  backOff.next()
  backOff.reset()
  assert.equal(backOff.next(), 50)
  const ms = new BackOff().next()
  assert.ok(ms >= 25 && ms <= 50, `${ms}`)
})
