// The ring against a plain array as model: every sequence of operations up to a length, on a tiny
// ring; then long random ones, in which the lanes wrap many times.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { JsonBytes } from '../../lib/encode/json-bytes.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { captureContext } from '../../lib/capture/context.ts'
import { type Template, templateOf } from '../../lib/encode/line-template.ts'
import { Ring, entryPlacesMax } from '../../lib/capture/ring.ts'
import { harmlessText } from '../harmless-text.ts'
import { isThorough, runs } from '../runs.ts'

const template = templateOf({ name: 'system', seqBase: 0 }, 1)

function push(ring: Ring<Template>, context: object, message = 'm', seq = 1): boolean {
  if (!ring.hasRoom(message.length)) return false
  ring.lanes.begin(entryPlacesMax)
  captureContext(ring.lanes, context)
  ring.commit(template, 0, undefined, message, seq)
  return true
}

const encoder = new LineEncoder(new Redactor(), 1 << 24)

/** Takes the oldest entry and gives its context and number. */
function shift(ring: Ring<Template>): unknown {
  const refsFrom = ring.lanes.refHead
  const out = new JsonBytes(64)
  encoder.write(out, ring, ring.number)
  ring.shift(refsFrom)
  return (JSON.parse(out.textFrom(0)) as { context: unknown }).context
}

describe('Ring', () => {
  test('behaves like a bounded list under every sequence of operations', () => {
    // Push, read and shift, capture and roll back, shift unread.
    const operations = 4
    const length = isThorough ? 8 : 7
    let sequences = 0
    // It is empty after each, and the next begins at another of its places: to make 65 536 rings
    // took 4 s of the processor.
    const ring = new Ring<Template>(3, 1 << 20, 1 << 20)
    for (let code = 0; code < operations ** length; code++) {
      const model: number[] = []
      let rest = code
      for (let step = 0; step < length; step++, rest = Math.floor(rest / operations)) {
        switch (rest % operations) {
          case 0:
            assert.equal(push(ring, { step }), model.length < 3)
            if (model.length < 3) model.push(step)
            break
          case 1:
            if (model.length > 0) assert.deepEqual(shift(ring), { step: model.shift() })
            break
          case 2:
            ring.lanes.begin(entryPlacesMax)
            captureContext(ring.lanes, { lost: 'value', n: 1 })
            ring.rollback()
            break
          default:
            if (model.length > 0) {
              ring.shift()
              model.shift()
            }
        }
        assert.equal(ring.size, model.length)
      }
      for (const step of model) assert.deepEqual(shift(ring), { step })
      sequences++
    }
    assert.equal(sequences, 4 ** length)
  })

  test('keeps order and values while its lanes wrap', () => {
    const contexts = fc.array(
      fc.dictionary(
        fc.constantFrom('a', 'b', 'c', 'd'),
        fc.oneof(
          harmlessText,
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.array(fc.integer(), { maxLength: 60 }),
        ),
      ),
      { minLength: 50, maxLength: 200 },
    )
    let wrapped = 0
    fc.assert(
      fc.property(contexts, fc.infiniteStream(fc.boolean()), fc.nat(300), (all, coin, before) => {
        const ring = new Ring<Template>(64, 1 << 20, 1 << 20)
        const model: object[] = []
        // To shortly before the end of each lane. An empty ring would begin again at their start.
        const filler = Object.fromEntries(Array.from({ length: 250 }, (_, i) => [`k${i}`, i]))
        const from = ring.lanes.capacity - 260 - before
        while (ring.lanes.numTail < from) {
          push(ring, filler)
          if (ring.size > 1) ring.shift()
        }
        for (const context of all) {
          const plain = JSON.parse(JSON.stringify(context)) as object
          if (push(ring, context)) model.push(plain)
          if (model.length === 1 && ring.size === 2) ring.shift()
          while (model.length > 1 && (coin.next().value as boolean)) {
            const expected = model.shift()!
            assert.deepEqual(shift(ring) ?? {}, expected)
          }
        }
        const { refTail, numTail, capacity } = ring.lanes
        if (Math.min(refTail, numTail) > capacity) wrapped++
        for (const expected of model) assert.deepEqual(shift(ring) ?? {}, expected)
        assert.equal(ring.size, 0)
      }),
      { numRuns: runs(80) },
    )
    // Some six of ten do: that none of 27 did would be no chance.
    assert.ok(wrapped > 0)
  })

  test('keeps order and values while memory is given to it, at calls and between them', () => {
    const steps = fc.array(
      fc.record({
        pushes: fc.integer({ min: 0, max: 6000 }),
        shifts: fc.integer({ min: 0, max: 3000 }),
        strings: fc.integer({ min: 0, max: 60 }),
        prepares: fc.boolean(),
      }),
      { minLength: 3, maxLength: 5 },
    )
    // More than have memory at first: of entries, or of strings.
    for (const first of [
      { pushes: 25_000, shifts: 0, strings: 0, prepares: true },
      { pushes: 8_000, shifts: 0, strings: 60, prepares: true },
    ]) {
      fc.assert(
        fc.property(steps, (all) => {
          const ring = new Ring<Template>(30_000, 1 << 26, 1 << 20)
          const { capacity } = ring.lanes
          const parts = [ring.lanes.refsReady]
          while (parts.at(-1)! < capacity) parts.push(Math.min(capacity, 2 * parts.at(-1)!))
          let next = 0
          let oldest = 0
          for (const { pushes, shifts, strings, prepares } of [first, ...all]) {
            const values = Array.from({ length: strings }, (_, i) => `${i}`)
            for (let i = 0; i < pushes; i++, next++) {
              const isTaken = push(ring, { next, values })
              // It has not grown by itself, place by place.
              if (!parts.includes(ring.lanes.refsReady))
                assert.fail(`${ring.lanes.refsReady} places`)
              if (!isTaken) {
                assert.ok(ring.size === 30_000 || ring.lanes.free < entryPlacesMax, 'it is full')
                assert.equal(ring.lanes.refsReady, capacity)
                break
              }
            }
            if (prepares) ring.prepare()
            for (let i = 0; i < shifts && oldest < next; i++, oldest++) {
              const { next: value } = shift(ring) as { next: number }
              if (value !== oldest) assert.equal(value, oldest)
            }
          }
          while (ring.size > 0) {
            const { next: value } = shift(ring) as { next: number }
            if (value !== oldest++) assert.equal(value, oldest - 1)
          }
          assert.equal(oldest, next)
        }),
        { numRuns: 2 },
      )
    }
  })

  test('gives memory to a part of the places, and to more when half of that is used', () => {
    const ring = new Ring<Template>(65_536, 1 << 26, 1 << 20)
    const first = ring.lanes.refsReady
    assert.ok(first <= ring.lanes.capacity / 3, `${first} places`)
    for (let i = 0; i < 5000; i++) push(ring, {})
    ring.prepare()
    assert.equal(ring.lanes.refsReady, first, '5,000 of 10,240 entries wait')
    for (let i = 0; i < 120; i++) push(ring, {})
    ring.prepare()
    assert.equal(ring.lanes.refsReady, 2 * first)
    while (ring.size > 0) ring.shift()
    ring.prepare()
    assert.equal(ring.lanes.refsReady, 2 * first, 'it is empty again')
    while (push(ring, { text: 'x' }));
    assert.equal(ring.size, 65_536)
    assert.equal(ring.lanes.refsReady, ring.lanes.capacity)
  })

  test('of the largest buffer costs no more than its first part', () => {
    const before = process.memoryUsage.rss()
    const ring = new Ring<Template>(4_194_304, 1 << 26, 1 << 20)
    const after = process.memoryUsage.rss()
    assert.ok(after - before < 20 << 20, `${after - before} bytes`)
    assert.ok(push(ring, { a: 1 }))
    assert.deepEqual(shift(ring), { a: 1 })
  })

  test('hasRoom() is false at the limit of entries, of characters and of places', () => {
    const entries = new Ring<Template>(64, 1 << 20, 1 << 20)
    for (let i = 0; i < 64; i++) assert.ok(push(entries, {}))
    assert.equal(entries.hasRoom(0), false)

    const characters = new Ring<Template>(64, 1000, 1 << 20)
    assert.ok(push(characters, { text: 'x'.repeat(5000) }), 'one entry may be larger')
    assert.equal(characters.hasRoom(1), false)

    const places = new Ring<Template>(64, 1 << 20, 1 << 20)
    let pushed = 0
    while (push(places, { list: Array.from({ length: 900 }, () => 1) })) pushed++
    assert.ok(pushed >= 3 && pushed < 64, `${pushed} entries of 900 values`)
  })

  test('shift() lets go of every string', () => {
    const ring = new Ring<Template>(64, 1 << 20, 1 << 20)
    for (let i = 0; i < 10; i++) push(ring, { text: `value ${i}` }, `message ${i}`)
    for (let i = 0; i < 5; i++) shift(ring)
    for (let i = 0; i < 5; i++) ring.shift()
    assert.ok(ring.lanes.refs.every((ref) => ref === undefined))
    assert.equal(ring.chars, 0)
  })
})
