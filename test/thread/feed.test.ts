// Entries that another thread has captured, on their way into a ring.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NULL } from '../../lib/capture/lanes.ts'
import { Ring } from '../../lib/capture/ring.ts'
import { Category, type CategoryTemplate } from '../../lib/deliver/category.ts'
import { Counters } from '../../lib/deliver/counters.ts'
import { Route } from '../../lib/deliver/route.ts'
import { asDefinition } from '../../lib/journal/definition.ts'
import type { BlockEntry } from '../../lib/journal/read-block.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { Feed } from '../../lib/thread/feed.ts'

function feedOf(dropOld: boolean) {
  const ring = new Ring<CategoryTemplate>(4, 1 << 20, 1000)
  const counters = new Counters()
  const category = new Category({
    name: 'system',
    index: 0,
    route: new Route('system.log'),
    threshold: 0,
    own: false,
    durability: 'buffered',
  })
  const categories = new Map([['system', category]])
  const feed = new Feed({ ring, counters, categories, redactor: new Redactor(), dropOld })
  return { feed, ring, counters }
}

function entry(number: number, severity: number): BlockEntry {
  return {
    definition: asDefinition(JSON.stringify({ category: 'system', severity }))!,
    lsn: number,
    seq: number,
    time: 0,
    message: `entry ${number}`,
    accountId: undefined,
    tags: Uint8Array.of(NULL),
    nums: [],
    refs: [],
  }
}

describe('Feed.take() of a full ring', () => {
  test('takes nothing, and the entry stays where it is', () => {
    const { feed, ring, counters } = feedOf(false)
    for (let n = 1; n <= 4; n++) assert.ok(feed.take(entry(n, 1)))
    assert.equal(feed.take(entry(5, 1)), undefined)
    assert.deepEqual(
      [ring.size, ring.number, counters.accepted, counters.droppedTotal],
      [4, 1, 4, 0],
    )
  })

  test('with drop_old takes the room of the oldest, which is counted by its level', () => {
    const { feed, ring, counters } = feedOf(true)
    for (let n = 1; n <= 6; n++) assert.ok(feed.take(entry(n, n === 1 ? 2 : 1)))
    assert.deepEqual([ring.size, ring.number, ring.seq, ring.lastNumber], [4, 3, 3, 6])
    assert.deepEqual(counters.dropped, [0, 1, 1, 0, 0])
    assert.equal(counters.accepted, 6)
  })
})
