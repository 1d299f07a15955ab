// A batch counts its lines and serves again; what its bytes are is the business of JsonBytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batch } from '../../lib/deliver/batch.ts'

test('Batch counts entries by severity, copies not at all, and is empty after clear()', () => {
  const batch = new Batch()
  for (const severity of [0, 1, 1, -1, 4]) {
    batch.out.text('x\n')
    batch.add(severity)
  }
  assert.deepEqual(batch.entries, [1, 2, 0, 0, 1])
  assert.equal(batch.lines, 5)
  assert.equal(batch.bytes().toString(), 'x\n'.repeat(5))
  assert.equal(batch.size, 10)
  batch.clear()
  assert.deepEqual([batch.entries, batch.lines, batch.size], [[0, 0, 0, 0, 0], 0, 0])
  assert.equal(batch.bytes().length, 0)
})
