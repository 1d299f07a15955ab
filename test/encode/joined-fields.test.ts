// Fields of requests that are remembered by what they are: equal ones only may share their bytes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { captureContext } from '../../lib/capture/context.ts'
import { JOINED, NULL } from '../../lib/capture/lanes.ts'
import { Ring, entryPlacesMax } from '../../lib/capture/ring.ts'
import { JsonBytes } from '../../lib/encode/json-bytes.ts'
import { LineEncoder } from '../../lib/encode/line-encoder.ts'
import { type Template, templateOf } from '../../lib/encode/line-template.ts'
import { Redactor } from '../../lib/redact/secret-keys.ts'

const template = templateOf({ name: 'system', seqBase: 0 }, 1)

/** Sends fields, and the account in them, through the lanes to a line. */
function lineOf(encoder: LineEncoder, ring: Ring<Template>, fields: object): unknown {
  const { lanes } = ring
  lanes.begin(entryPlacesMax)
  lanes.pushTag(JOINED)
  const account = lanes.refTail
  lanes.pushRef('')
  captureContext(lanes, fields)
  lanes.refs[account & lanes.mask] = lanes.accountId
  lanes.pushTag(NULL)
  ring.commit(template, 0, undefined, 'm', 1)
  const out = new JsonBytes(64)
  const refsFrom = lanes.refHead
  encoder.write(out, ring, 1)
  ring.shift(refsFrom)
  const { account_id: accountId, context } = JSON.parse(out.textFrom(0)) as {
    account_id?: string
    context?: object
  }
  return { accountId, context }
}

function wanted(fields: Readonly<Record<string, unknown>>): unknown {
  const { account_id: account, ...context } = fields
  return {
    accountId: account,
    context: Object.keys(context).length === 0 ? undefined : context,
  }
}

const alike: readonly Readonly<Record<string, unknown>>[] = [
  { a: '1' },
  { a: 1 },
  { a: true },
  { a: null },
  { a: 't2' },
  { a: 'x', b: 'y' },
  { a: 'x,1:b"1:y' },
  { a: 'x', account_id: 'A' },
  { a: 'x' },
  { account_id: 'A' },
  { b: 'y', a: 'x' },
  { a: { b: 'y' } },
  { a: ['x'] },
  {},
]

describe('JoinedFields.read()', () => {
  test('tells fields apart that look alike, however often they come', () => {
    const encoder = new LineEncoder(new Redactor(), 1 << 20)
    const ring = new Ring<Template>(64, 1 << 20, 1 << 20)
    for (let round = 0; round < 3; round++) {
      for (const fields of alike) {
        assert.deepEqual(lineOf(encoder, ring, fields), wanted(fields))
      }
    }
  })

  test('writes each of many requests as itself, more than are remembered', () => {
    const encoder = new LineEncoder(new Redactor(), 1 << 20)
    const ring = new Ring<Template>(64, 1 << 20, 1 << 20)
    for (let i = 0; i < 3000; i++) {
      const fields = { order: `order-${i % 1300}`, n: i % 7 }
      assert.deepEqual(lineOf(encoder, ring, fields), wanted(fields))
    }
  })

  test('writes any fields as they are', () => {
    const encoder = new LineEncoder(new Redactor(), 1 << 20)
    const ring = new Ring<Template>(64, 1 << 20, 1 << 20)
    const value = fc.oneof(fc.constantFrom('', '1', ',', '"', 'x'), fc.integer(), fc.boolean())
    const key = fc.constantFrom('a', 'b', 'ab', 'a,', '1:a', '"')
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 4 }), (members) => {
        const fields = Object.fromEntries(members)
        assert.deepEqual(lineOf(encoder, ring, fields), wanted(fields))
      }),
    )
  })
})
