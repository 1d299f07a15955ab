import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Standstill, stepMsMax } from '../../lib/directory/standstill.ts'

test('Standstill counts what was watched without a change, each under its name', () => {
  let now = 0
  const standstill = new Standstill(() => now)
  const look = (name: string, mark: string, later: number): number => {
    now += later
    return standstill.look(name, mark)
  }
  assert.deepEqual([look('a', '1', 0), look('a', '1', 1000), look('a', '1', 1000)], [0, 1000, 2000])
  assert.equal(standstill.hasMoved('a'), false)
  assert.equal(look('a', '1', 60_000), 2000 + stepMsMax, 'of a minute asleep nothing is known')
  assert.equal(look('b', '1', 0), 0)
  assert.equal(look('a', '2', 10), 0)
  assert.equal(standstill.hasMoved('a'), true)
  assert.equal(look('a', '2', 500), 500)
  assert.equal(look('a', '1', 10), 0, 'back is a change as well')
  assert.equal(look('b', '1', 0), 520)
  assert.equal(standstill.hasMoved('c'), false)
})
