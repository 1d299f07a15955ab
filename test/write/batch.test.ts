// A batch gives back the bytes of its lines, whatever they hold and however long they are.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { escapeSteering } from '../../lib/entry/json-text.ts'
import { Batch } from '../../lib/write/batch.ts'

describe('Batch', () => {
  test('bytes() is all lines in order, with what steers a terminal escaped', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary-ascii', maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.constantFrom(
        '\u007f',
        '\u009b',
        '\u202e',
        '\u2028',
        'é'.repeat(5000),
        'x'.repeat(400_000),
        '漢'.repeat(120_000),
      ),
    )
    const batch = new Batch()
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        batch.clear()
        // A lone surrogate never comes: JSON escapes it.
        const whole = lines.map((text) => Buffer.from(text).toString())
        for (const text of whole) batch.add(`${text}\n`, 1)
        assert.equal(batch.lines, whole.length)
        const expected = Buffer.from(whole.map((text) => `${escapeSteering(text)}\n`).join(''))
        assert.ok(batch.bytes().equals(expected))
        assert.equal(batch.size, expected.length)
      }),
      { numRuns: 150 },
    )
  })

  test('counts entries by severity, and copies not at all', () => {
    const batch = new Batch()
    for (const severity of [0, 1, 1, -1, 4]) batch.add('x\n', severity)
    assert.deepEqual(batch.entries, [1, 2, 0, 0, 1])
    assert.equal(batch.lines, 5)
    batch.clear()
    assert.deepEqual([batch.entries, batch.lines, batch.size], [[0, 0, 0, 0, 0], 0, 0])
  })
})
