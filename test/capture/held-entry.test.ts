import assert from 'node:assert/strict'
import { test } from 'node:test'
import { captureContext } from '../../lib/capture/context.ts'
import { HeldEntry } from '../../lib/capture/held-entry.ts'
import { Lanes } from '../../lib/capture/lanes.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'

const encoder = new LineEncoder(new Redactor({ keys: [], allow: [] }), 1 << 20)
const places = 256

/** Captures a context, and has the entry take it out of the lanes again. */
function take(held: HeldEntry<string>, lanes: Lanes, context: object): void {
  const { tagTail, numTail, refTail } = lanes
  lanes.begin(places)
  captureContext(lanes, context)
  const [tagEnd, numEnd, refEnd] = [lanes.tagTail, lanes.numTail, lanes.refTail]
  lanes.setTails(tagTail, numTail, refTail)
  held.take(lanes, tagEnd, numEnd, refEnd)
}

const contexts = [
  { a: 1, b: 'text' },
  { list: Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? i : `n${i}`)) },
  {},
  { deep: { er: [true, null, 1.5] } },
]

test('HeldEntry gives back what it took last, wherever in the lanes, and keeps nothing there', () => {
  const lanes = new Lanes(places, 1 << 20)
  const held = new HeldEntry('template', 'm', undefined, 0)
  for (let round = 0; round < 40; round++) {
    const context = contexts[round % contexts.length]!
    take(held, lanes, contexts[(round + 1) % contexts.length]!)
    take(held, lanes, context)
    assert.ok(
      lanes.refs.every((ref) => ref === undefined),
      'no string is held twice',
    )
    // Others come and go meanwhile.
    lanes.tags.fill(7)
    lanes.nums.fill(-1)
    lanes.begin(places)
    held.give(lanes)
    assert.equal(lanes.chars, held.chars)
    assert.equal(encoder.value(lanes), JSON.stringify(context))
    lanes.release(lanes.refHead, lanes.tagTail, lanes.numTail, lanes.refTail)
    lanes.refs.fill(undefined)
  }
})
