// One order for several files: that of the calls within a log, whatever the clock did.

import { strict as assert } from 'node:assert'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { merge, mergeLogs } from '../../lib/read/merge.ts'
import type { TimedLine } from '../../lib/read/time-order.ts'

function timed(time: number, lsn: number | undefined, raw = `${lsn ?? time}`): TimedLine {
  const line = { raw, entry: undefined, file: 'f', offset: 0, cursor: '' }
  return { line, time, lsn, slackMs: 0, source: undefined, end: 0 }
}

async function* of(...batches: TimedLine[][]): AsyncGenerator<TimedLine[]> {
  yield* batches
}

async function rawOf(merged: AsyncIterable<readonly TimedLine[]>): Promise<string[]> {
  const all: string[] = []
  for await (const lines of merged) all.push(...lines.map(({ line }) => line.raw))
  return all
}

describe('merge()', () => {
  test('puts the entries of a log in the order of lsn, also where the clock was set back', async () => {
    const a = [timed(100, 1), timed(50, 3), timed(51, 6)]
    const b = [timed(60, 2), timed(50, 4), timed(50, 5)]
    assert.deepEqual(await rawOf(merge([of(a), of(b)])), ['1', '2', '3', '4', '5', '6'])
    const back = merge([of(a.toReversed()), of(b.toReversed())], true)
    assert.deepEqual(await rawOf(back), ['6', '5', '4', '3', '2', '1'])
  })

  test('places lines without one by time, and lets them disturb no other', async () => {
    const a = [timed(10, 1), timed(100, 5)]
    const b = [timed(20, undefined, 'old'), timed(110, undefined, 'human')]
    const c = [timed(120, 3), timed(120, 4)]
    for (const order of [
      [a, b, c],
      [c, b, a],
      [b, a, c],
    ]) {
      assert.deepEqual(await rawOf(merge(order.map((each) => of(each)))), [
        '1',
        'old',
        'human',
        '3',
        '4',
        '5',
      ])
    }
  })

  test('is the same from the end as from the beginning', async () => {
    const line = fc.record({ file: fc.nat(2), time: fc.nat(5) })
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 40 }), async (lines) => {
        const files = [0, 1, 2].map((file) =>
          lines.flatMap((each, i) => (each.file === file ? [timed(each.time, i + 1)] : [])),
        )
        const forwards = await rawOf(merge(files.map((each) => of(each))))
        assert.deepEqual(
          forwards,
          lines.map((_, i) => `${i + 1}`),
        )
        const backwards = await rawOf(
          merge(
            files.map((each) => of(each.toReversed())),
            true,
          ),
        )
        assert.deepEqual(backwards.toReversed(), forwards)
      }),
    )
  })
})

test('mergeLogs() knows nothing but the time of the entries of several logs', async () => {
  const a = [timed(1, 900, 'a1'), timed(3, 901, 'a3')]
  const b = [timed(1, 5, 'b1'), timed(2, 6, 'b2')]
  assert.deepEqual(await rawOf(mergeLogs([of(a), of(b)])), ['a1', 'b1', 'b2', 'a3'])
})
