// The digits that are written in place are those that a date has.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonBytes } from '../../lib/encode/json-bytes.ts'
import { LineBeginning } from '../../lib/encode/line-beginning.ts'
import { runs } from '../runs.ts'

test('LineBeginning.at() has the milliseconds of each moment, whatever came before it', () => {
  const near = fc.integer({ min: -3000, max: 3000 })
  const now = fc.integer({ min: 1_700_000_000_000, max: 1_700_000_002_999 })
  const broken = fc.constantFrom(0.5, 999.999, -0.5, -1000.5, 1_700_000_000_000.25)
  const far = fc.constantFrom(-8.64e15, 8.64e15, 253_402_300_799_999, 253_402_300_800_000)
  fc.assert(
    fc.property(fc.array(fc.oneof(near, now, broken, far), { maxLength: 60 }), (times) => {
      const beginning = new LineBeginning()
      for (const time of times) {
        const out = new JsonBytes(64)
        out.ready(beginning.at(time))
        const expected = new Date(time).toISOString().replace('Z', '+00:00')
        assert.equal(out.textFrom(0), `{"timestamp":"${expected}`)
      }
    }),
    { numRuns: runs(500) },
  )
})

test('LineBeginning.at() throws for what is no moment, and goes on with the next', () => {
  const beginning = new LineBeginning()
  beginning.at(1_700_000_000_123)
  assert.throws(() => beginning.at(NaN), RangeError)
  assert.throws(() => beginning.at(8.64e15 + 1), RangeError)
  const out = new JsonBytes(64)
  out.ready(beginning.at(1_700_000_000_004))
  assert.equal(out.textFrom(0), '{"timestamp":"2023-11-14T22:13:20.004+00:00')
})
