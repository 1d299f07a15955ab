// A rotation that has failed rests, by a clock that nobody sets.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { test } from 'node:test'

// The library takes its clocks when it is loaded.
const now = Date.now
let aheadMs = 0
Date.now = () => now() + aheadMs
const { Rotation } = await import('../../lib/sinks/rotation.ts')
const { logDirectory } = await import('../log-directory.ts')

test('Rotation rests after a failure, whatever happens to the wall clock', (t) => {
  const directory = logDirectory(t)
  mkdirSync(directory)
  const rotation = new Rotation({ directory, name: 'missing.log', limitBytes: 10, keep: 2 })
  assert.equal(rotation.isResting, false)
  // Each failure makes the rest longer.
  for (let i = 0; i < 8; i++) assert.throws(() => rotation.run(), { code: 'ENOENT' })
  assert.equal(rotation.isResting, true)
  aheadMs = 3_600_000
  assert.equal(rotation.isResting, true)
  assert.equal(rotation.pieceEnd(Buffer.from('a\n'), 0, 10), 2, 'it is written on meanwhile')
})
