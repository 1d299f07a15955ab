// What is forgotten of a block whose writer is no more, and what is not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveConfig } from '../../lib/config/resolve.ts'
import { templateOf } from '../../lib/encode/line-template.ts'
import { Category, type CategoryTemplate } from '../../lib/deliver/category.ts'
import { Route } from '../../lib/deliver/route.ts'
import { HandedJournal, makeHanding } from '../../lib/thread/handed-journal.ts'
import { HandedRing } from '../../lib/thread/handed-ring.ts'

test('HandedJournal.settled() forgets nothing that a writer has left as long as it stands in the block alone', () => {
  const { block, progress } = makeHanding(resolveConfig({ buffer: { bytes: 1 << 20 } }), ['system'])
  const words = new Int32Array(new SharedArrayBuffer(256))
  const places = { entries: 16, bytes: 1 << 20, entry_bytes: 1 << 16 }
  const ring = new HandedRing<CategoryTemplate>(places, block, words, Infinity, true, () => false)
  const category = new Category({
    name: 'system',
    index: 0,
    route: new Route('system.log'),
    threshold: 0,
    own: false,
    durability: 'buffered',
  })
  const template = templateOf<Category>(category, 1, undefined, undefined)
  for (let seq = 1; seq <= 3; seq++) ring.commit(template, 0, undefined, 'entry', seq)
  const journal = new HandedJournal(ring, progress, 'none')
  const used = block.usedBytes
  assert.ok(used > 0)
  // The writer has ended. Another entry is written by this thread before the three are in the ring.
  ring.isHanding = false
  ring.isLeft = true
  journal.settled(3)
  assert.equal(block.usedBytes, used)
  ring.isLeft = false
  journal.settled(2)
  assert.ok(block.usedBytes < used && block.usedBytes > 0)
  journal.settled(3)
  assert.equal(block.usedBytes, 0)
})
