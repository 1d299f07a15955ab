// The generated code that captures typed events: what goes straight into the ring, and what is
// handed on.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TSchema } from 'typebox'
import { Type } from '../../lib/event/event-definition.ts'
import { captureOf, straightOf } from '../../lib/event/compile-capture.ts'
import { CAPTURED } from '../../lib/capture/typed.ts'
import { type Field, type Plan, planOf } from '../../lib/event/plan.ts'
import { Lanes } from '../../lib/capture/lanes.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'

const fill = Type.Object({
  symbol: Type.String(),
  password: Type.String(),
  order: Type.Object({ price: Type.Number(), size: Type.Integer(), open: Type.Boolean() }),
  side: Type.Union([Type.Literal('buy'), Type.Literal('sell')]),
})
const data = {
  symbol: 'MNQ',
  password: 'hunter2',
  order: { price: 5042.25, size: 2, open: true },
  side: 'buy',
}
const charsMax = 100
const stackFull = new RangeError('Maximum call stack size exceeded')

function planned(schema: TSchema): [Plan, Field[]] {
  const fields: Field[] = []
  return [planOf(schema, [], new Redactor(), fields, []), fields]
}

/** Everything that stands in lanes. */
function contents(lanes: Lanes): unknown {
  const { tags, nums, refs, tagTail, numTail, refTail, chars } = lanes
  return {
    tags: [...tags.subarray(0, tagTail)],
    nums: [...nums.subarray(0, numTail)],
    refs: refs.slice(0, refTail),
    chars,
  }
}

interface Rig {
  readonly lanes: Lanes
  readonly told: string[]
  readonly counters: { levels: number[]; dropped: number[] }
  /** What comes in the way of the next call. */
  trouble: 'not admitted' | 'commit' | 'leave' | 'everything' | undefined
  readonly call: (context: unknown, accountId?: string) => void
}

function rig(closed = false): Rig {
  const lanes = new Lanes(1 << 10, charsMax)
  const told: string[] = []
  const counters = { levels: [0, 0, 0, 0, 0], dropped: [0, 0, 0, 0, 0] }
  const make = straightOf(...planned(fill), closed)
  assert.ok(make !== undefined)
  const rigged: Rig = {
    lanes,
    told,
    counters,
    trouble: undefined,
    call: make({
      template: 'template',
      severity: 1,
      lanes,
      counters,
      intake: {
        admits: (chars) => {
          told.push(`admits ${chars}`)
          return rigged.trouble !== 'not admitted'
        },
        commit: (template, time, accountId) => {
          if (rigged.trouble === 'commit' || rigged.trouble === 'everything') throw stackFull
          assert.equal(template, 'template')
          assert.ok(Math.abs(Date.now() - time) < 60_000)
          told.push(`commits ${accountId}`)
        },
        leave: (template) => {
          if (rigged.trouble === 'leave') throw stackFull
          told.push(`leaves ${template}`)
        },
      },
      otherwise: (context, accountId) => {
        if (rigged.trouble === 'everything') throw stackFull
        told.push(`hands on ${typeof context} ${accountId}`)
      },
    }),
  }
  return rigged
}

describe('straightOf()', () => {
  test('writes what captureOf() writes, and commits it', () => {
    const { lanes, told, call } = rig()
    const other = new Lanes(1 << 10, charsMax)
    other.begin(1 << 10)
    assert.equal(captureOf(...planned(fill), false)(other, data), CAPTURED)
    call(data, 'A1')
    assert.deepEqual(contents(lanes), contents(other))
    assert.deepEqual(contents(lanes), {
      tags: [9],
      nums: [5042.25, 2, 1],
      refs: ['MNQ', 'buy'],
      chars: 6,
    })
    call(data)
    assert.deepEqual(told, [
      'admits 6',
      'commits A1',
      'leaves template',
      'admits 6',
      'commits undefined',
      'leaves template',
    ])
  })

  const unfit: Readonly<Record<string, readonly [unknown, unknown?]>> = {
    'no object': [undefined],
    null: [null],
    'a missing value': [{ ...data, symbol: undefined }],
    'a value of another type': [{ ...data, side: 1 }],
    'a missing object': [{ ...data, order: null }],
    'a string in place of an object': [{ ...data, order: 'MNQ' }],
    'no number': [{ ...data, order: { ...data.order, price: Number.NaN } }],
    'an infinite number': [{ ...data, order: { ...data.order, price: -Infinity } }],
    'a bigint': [{ ...data, order: { ...data.order, price: 1n } }],
    'longer strings than an entry may have': [{ ...data, symbol: 'M'.repeat(charsMax) }],
    'a getter that throws': [
      {
        ...data,
        get side() {
          throw new Error('not now')
        },
      },
    ],
    'an account that is a number': [data, 17],
    'an account that is null': [data, null],
  }
  for (const [title, [context, accountId]] of Object.entries(unfit)) {
    test(`hands on, and writes nothing of: ${title}`, () => {
      const { lanes, told, call } = rig()
      call(context, accountId as string)
      assert.deepEqual(told.at(-1), `hands on ${typeof context} ${accountId as string}`)
      assert.equal(told.length, 1)
      assert.deepEqual(contents(lanes), { tags: [], nums: [], refs: [], chars: 0 })
    })
  }

  test('hands on further members where the schema is closed', () => {
    const { told, call } = rig(true)
    call(data)
    call({ ...data, more: 1 })
    assert.deepEqual(told, [
      'admits 6',
      'commits undefined',
      'leaves template',
      'hands on object undefined',
    ])
  })

  test('neither takes back nor hands on an entry that has been committed', () => {
    const rigged = rig()
    rigged.trouble = 'leave'
    rigged.call(data, 'A1')
    assert.deepEqual(rigged.told, ['admits 6', 'commits A1'])
    assert.equal(rigged.lanes.tagTail, 1)
    assert.deepEqual(rigged.counters.dropped, [0, 0, 0, 0, 0])
  })

  test('hands on what is not admitted, and takes back what cannot be committed', () => {
    const rigged = rig()
    rigged.trouble = 'not admitted'
    rigged.call(data)
    rigged.trouble = 'commit'
    rigged.call(data)
    assert.deepEqual(rigged.told, [
      'admits 6',
      'hands on object undefined',
      'admits 6',
      'hands on object undefined',
    ])
    const { tagTail, numTail, refTail } = rigged.lanes
    assert.deepEqual([tagTail, numTail, refTail], [0, 0, 0])
  })

  test('counts as dropped what a full stack lets through nowhere, and throws nothing', () => {
    const rigged = rig()
    rigged.trouble = 'everything'
    rigged.call(data)
    assert.deepEqual(rigged.counters, { levels: [0, 1, 0, 0, 0], dropped: [0, 1, 0, 0, 0] })
    assert.equal(rigged.lanes.tagTail, 0)
  })

  test('is not made for an event with loose values', () => {
    const schema = Type.Object({ list: Type.Array(Type.Number()) })
    assert.equal(straightOf(...planned(schema), false), undefined)
    const optional = Type.Object({ note: Type.Optional(Type.String()) })
    assert.equal(straightOf(...planned(optional), false), undefined)
  })
})
