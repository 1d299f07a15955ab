// The record that a straight call writes itself, against the one that the ring writes of the lanes;
// and what a call leaves that is given up midway.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bind } from '../../lib/encode/bindings.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { templateOf } from '../../lib/encode/line-template.ts'
import { Category, type CategoryTemplate } from '../../lib/deliver/category.ts'
import { Counters } from '../../lib/deliver/counters.ts'
import { Route } from '../../lib/deliver/route.ts'
import { compileEvent } from '../../lib/event/compile-encoder.ts'
import { defineEvent, Type } from '../../lib/event/event-definition.ts'
import { Block } from '../../lib/journal/block.ts'
import { JournaledRing } from '../../lib/journal/journaled-ring.ts'
import { blockBytesMin } from '../../lib/journal/layout.ts'
import { progressBytesMin } from '../../lib/journal/handed-progress.ts'
import { type BlockEntry, readBlock } from '../../lib/journal/read-block.ts'
import { Intake } from '../../lib/logger/intake.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'
import { RELEASED, TAIL } from '../../lib/thread/control.ts'
import { HandedRing } from '../../lib/thread/handed-ring.ts'

const charsMax = 1 << 16

const moved = defineEvent({
  category: 'system',
  level: 'INFO',
  message: 'Moved {side}',
  context: Type.Object({
    side: Type.String(),
    id: Type.String(),
    at: Type.Object({ price: Type.Number(), open: Type.Boolean(), note: Type.String() }),
  }),
})

/** Whether the entries stand in the lanes as well. */
type Kind = 'beside lanes' | 'alone in the block'
const kinds: readonly Kind[] = ['beside lanes', 'alone in the block']

/** A logger as far as the ring and its block, and a straight call of it. */
function rig(kind: Kind, bound = false, blockBytes = blockBytesMin) {
  const isAlone = kind === 'alone in the block'
  const besideBytes = isAlone ? progressBytesMin : 0
  const memory = new ArrayBuffer(blockBytes + besideBytes)
  const block = new Block(memory, '{}', 7, besideBytes)
  const words = new Int32Array(new SharedArrayBuffer(256))
  const places = { entries: 1024, bytes: 1 << 24, entry_bytes: charsMax }
  const ring: JournaledRing<CategoryTemplate> = isAlone
    ? new HandedRing(places, block, words, Infinity, false, () => false)
    : new JournaledRing(places.entries, places.bytes, charsMax, block)
  let commits = 0
  const commit = ring.commit.bind(ring)
  ring.commit = (...entry) => {
    commits++
    commit(...entry)
  }
  const category = new Category({
    name: 'system',
    index: 0,
    route: new Route('system.log'),
    threshold: 0,
    own: false,
    durability: 'buffered',
  })
  category.seqBase = 1000
  const encoder = new LineEncoder(new Redactor(), charsMax)
  const counters = new Counters()
  const nothing = (): void => {}
  const intake = new Intake({
    ring,
    encoder,
    counters,
    onFull: 'drop_new',
    charsMax,
    schedule: nothing,
    wake: nothing,
    writeThrough: nothing,
    makeRoom: nothing,
    tellClosed: nothing,
    surroundings: undefined,
  })
  const codec = compileEvent(moved, new Redactor())
  const bindings = bound ? bind(encoder, { request: 'r' }, undefined, charsMax) : undefined
  const template = templateOf<Category>(category, 1, bindings, codec)
  const record = ring.straight(codec.origin.shape)!
  const byTheWay = (context: unknown, account?: string): void =>
    intake.log(template, '', account, undefined, context)
  const handedOn: unknown[] = []
  const straight = codec.straight!({
    template,
    severity: 1,
    lanes: ring.lanes,
    intake,
    counters,
    otherwise: (context, account) => {
      handedOn.push(context)
      byTheWay(context, account)
    },
    record,
  })
  return {
    block,
    ring,
    intake,
    words,
    category,
    counters,
    straight,
    byTheWay,
    handedOn,
    get commits() {
      return commits
    },
    entries: (): Omit<BlockEntry, 'time'>[] => {
      const content = readBlock(Buffer.from(memory))
      assert.ok(typeof content !== 'string', JSON.stringify(content))
      return [...content.entries].map(({ time, ...entry }) => {
        assert.ok(Math.abs(Date.now() - time) < 600_000)
        return entry
      })
    },
    /** The memory of the strings that entries have had. */
    get memory() {
      return (template.record as { memory: object }).memory
    },
    /** All records in front of a position have been written. */
    release: (position: number): void => {
      while (ring.size > 0) ring.shift()
      if (isAlone) words[RELEASED] = (position / 8) | 0
      else block.releaseTo(position)
    },
  }
}

const texts = [
  '',
  'long',
  'short',
  'é',
  '日本',
  '\ud800',
  'y'.repeat(70),
  'ÿ'.repeat(40),
  'z'.repeat(300),
]

function callOf(round: number, i: number): [context: object, account: string | undefined] {
  const side = texts[(round + i) % texts.length]!
  const id = i % 3 === 0 ? 'same' : `${side}${round}`
  const at = { price: i === 2 ? -0 : round / 7, open: i % 2 === 0, note: round > 300 ? id : side }
  return [{ side, id, at }, i % 4 === 0 ? undefined : side]
}

for (const kind of kinds) {
  describe(`straightRecord(), ${kind}`, () => {
    for (const bound of [false, true]) {
      test(`writes what commit() writes, over many laps${bound ? ', of bound fields too' : ''}`, () => {
        const log = rig(kind, bound)
        const other = rig(kind, bound)
        let last = 0
        for (let round = 0; round < 1000; round++) {
          for (let i = 0; i < 1 + (round % 9); i++) {
            log.straight(...callOf(round, i))
            other.byTheWay(...callOf(round, i))
          }
          if (round % 4 === 0) assert.deepEqual(log.entries(), other.entries())
          assert.equal(log.block.tail, other.block.tail)
          assert.equal(log.words[TAIL], other.words[TAIL])
          assert.equal(log.ring.size, other.ring.size)
          assert.equal(log.ring.lastNumber, other.ring.lastNumber)
          // Some records stay: an empty block starts again at its first places.
          log.release(last)
          other.release(last)
          last = log.block.tail
        }
        assert.deepEqual({ ...log.memory, write: 0 }, { ...other.memory, write: 0 })
        assert.ok(log.block.tail > 3 * blockBytesMin)
        assert.deepEqual(log.counters.levels, other.counters.levels)
        assert.equal(log.category.accepted, other.category.accepted)
        assert.equal(log.ring.missed + log.handedOn.length, 0)
        assert.equal(log.commits, bound ? 64 : 1, 'all but those that bring the definition')
      })
    }

    test('leaves to commit() what the block has no room for', () => {
      const log = rig(kind)
      const note = 'n'.repeat(10_000)
      for (let i = 0; i < 6; i++)
        log.straight({ side: 's', id: 'i', at: { price: i, open: true, note } })
      assert.equal(log.entries().length, 4)
      // The first one brings the definition.
      assert.equal(log.commits, 3)
      assert.equal(log.ring.size, kind === 'beside lanes' ? 6 : 2)
      assert.equal(log.category.accepted, 6)
      assert.equal(log.counters.accepted, 6)
    })

    test('leaves nothing of a call that is given up at any of its steps', () => {
      const steps: Record<string, (log: ReturnType<typeof rig>) => object> = {
        place: ({ ring }) => ring,
        put: ({ block }) => block,
        commitRecorded: ({ ring }) => ring,
        publish: ({ ring }) => ring,
        leave: ({ intake }) => intake,
      }
      let failed = 0
      for (const [step, ownerOf] of Object.entries(steps)) {
        const log = rig(kind)
        const other = rig(kind)
        const owner = ownerOf(log) as Record<string, (...args: unknown[]) => unknown>
        const work = owner[step]
        if (work === undefined) continue
        let isFailing = false
        owner[step] = (...args) => {
          if (!isFailing) return work.apply(owner, args)
          isFailing = false
          failed++
          throw new RangeError('Maximum call stack size exceeded')
        }
        for (let i = 0; i < 20; i++) {
          isFailing = i % 2 === 1
          log.straight(...callOf(i, i))
          other.byTheWay(...callOf(i, i))
          assert.deepEqual(log.entries(), other.entries(), step)
        }
        assert.equal(log.category.accepted, 20)
        assert.equal(log.counters.accepted, 20)
        assert.equal(log.counters.droppedTotal, 0)
        assert.equal(log.ring.size, other.ring.size)
        if (step === 'publish' || step === 'leave') assert.equal(log.handedOn.length, 0)
      }
      assert.ok(failed >= 20, `${failed}`)
    })

    test('leaves whole entries of calls that find the stack full', () => {
      for (let padding = 200; padding < 212; padding++) {
        const log = rig(kind, false, 1 << 20)
        const large = new Array<number>(padding).fill(0)
        let calls = 0
        const deeper = (n: number, ...more: number[]): void => {
          calls++
          log.straight(...callOf(n, n))
          deeper(n + 1, ...more)
        }
        assert.throws(() => deeper(0, ...large), RangeError)
        const { accepted } = log.category
        log.straight(...callOf(1, 1))
        const found = log.entries().map(({ seq }) => seq)
        const base = kind === 'beside lanes' ? 1000 : 0
        assert.ok(calls > 100 && calls < 1000, `${calls}`)
        assert.deepEqual(found, [...new Set(found)], 'none twice')
        assert.equal(found.at(-1), base + accepted + 1)
        assert.equal(log.ring.lastNumber, accepted + 1)
        // A call that had no room for so much as the count of its number has none.
        assert.ok(log.counters.accepted - accepted - 1 <= log.counters.droppedTotal)
        assert.ok(accepted + 1 - found.length <= log.counters.droppedTotal + log.ring.missed)
      }
    })
  })
}
