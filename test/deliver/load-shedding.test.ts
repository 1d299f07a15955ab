// What waits for files that have failed: at the bound of the buffer the lowest levels go first.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ERROR, levelNames } from '../../lib/entry/level.ts'
import { LoadShedding } from '../../lib/deliver/load-shedding.ts'
import { entriesIn } from '../../lib/deliver/batch-entries.ts'
import { Route } from '../../lib/deliver/route.ts'
import { runs } from '../runs.ts'

const batchBytesMax = 2048
const bytesMax = 16 * 1024

type Shape = 'json' | 'human'

function lineOf(shape: Shape, severity: number, n: number): string {
  const level = levelNames[severity]!
  const padding = 'x'.repeat(n % 300)
  if (shape === 'json') {
    return `{"timestamp":"2025-10-17T14:23:45.123+00:00","level":"${level}","category":"audit","message":"${n} ${padding}","context":{"level":"DEBUG"},"seq":${n}}\n`
  }
  const below = severity > 2 ? '\n    Error: e\n        at f (x.js:1:1)' : ''
  return `[2025-10-17 14:23:45] ${level.padEnd(5)} | audit       | ${n} ${padding}${below}\n`
}

interface Rig {
  readonly route: Route
  readonly lost: number[]
  /** Adds an entry as the pump does; whether it may wait. */
  readonly add: (severity: number, n: number) => boolean
  /** The entries that wait, as severities, oldest first. */
  readonly waiting: () => { severity: number | undefined; text: string }[]
}

function rig(shape: Shape, dropOld: boolean): Rig {
  const route = new Route('audit.log')
  route.down = true
  const lost = [0, 0, 0, 0, 0]
  const shedding = new LoadShedding({
    routes: [route],
    bytesMax,
    batchBytesMax,
    dropOld,
    lose: (severity, entries) => {
      lost[severity]! += entries
    },
    loseCopies: () => {},
  })
  return {
    route,
    lost,
    add: (severity, n) => {
      if (route.gathered.size >= batchBytesMax) route.queue()
      if (!shedding.hasRoom(severity)) {
        lost[severity]!++
        return false
      }
      route.gathered.out.text(lineOf(shape, severity, n))
      route.add(severity, 0, 1, 1, 1)
      return true
    },
    waiting: () =>
      [...route.waiting, route.gathered].flatMap((batch) =>
        [...entriesIn(batch.bytes())].map(({ from, end, severity }) => ({
          severity,
          text: batch.bytes().toString('utf8', from, end),
        })),
      ),
  }
}

describe('LoadShedding.hasRoom()', () => {
  test('gives up the lowest level first, of it the newest or the oldest, and never a higher one for a lower', () => {
    for (const shape of ['json', 'human'] as const) {
      for (const dropOld of [false, true]) {
        const { add, lost, waiting } = rig(shape, dropOld)
        let n = 0
        for (let i = 0; i < 40; i++) for (const severity of [0, 1, 2]) add(severity, n++)
        while (lost[0] === 0) add(1, n++)
        assert.deepEqual(lost.slice(1), [0, 0, 0, 0])
        const debugs = waiting()
          .filter(({ severity }) => severity === 0)
          .map(({ text }) => Number(/(?:"message":"|audit +\| )(\d+)/.exec(text)![1]))
        assert.ok(debugs.length > 0, 'not more than is needed')
        assert.equal(debugs.includes(0), !dropOld)
        for (let i = 0; i < 2000; i++) add(3, n++)
        assert.deepEqual([lost[0], lost[4]], [40, 0])
        assert.ok(waiting().every(({ severity }) => severity === 3))
        if (dropOld) continue
        while (add(3, n++)) continue
        assert.equal(add(0, n++), false, 'the lowest of all goes itself')
        assert.equal(lost[0], 41)
      }
    }
  })

  test('whatever comes: all is counted, in order, within the bounds, and each line is whole', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Shape>('json', 'human'),
        fc.boolean(),
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 50, maxLength: 400 }),
        (shape, dropOld, severities) => {
          const { route, add, lost, waiting } = rig(shape, dropOld)
          const texts = new Set<string>()
          severities.forEach((severity, n) => {
            add(severity, n)
            texts.add(lineOf(shape, severity, n))
          })
          const kept = waiting()
          assert.ok(kept.every(({ text }) => texts.has(text)))
          const order = [...texts]
          const places = kept.map(({ text }) => order.indexOf(text))
          assert.deepEqual(
            places,
            places.toSorted((a, b) => a - b),
          )
          levelNames.forEach((_, level) => {
            const given = severities.filter((severity) => severity === level).length
            const keptOf = kept.filter(({ severity }) => severity === level).length
            assert.equal(keptOf + lost[level]!, given)
          })
          assert.equal(route.pending, kept.length)
          const batches = [...route.waiting, route.gathered]
          assert.equal(
            batches.reduce((sum, batch) => sum + batch.lines, 0),
            kept.length,
          )
          const bytes = batches.reduce((sum, batch) => sum + batch.size, 0)
          assert.ok(bytes <= bytesMax + 1024, `${bytes} bytes wait`)
          assert.equal(route.waitingBytes, bytes - route.gathered.size)
        },
      ),
      { numRuns: runs(200) },
    )
  })
})

test('entriesIn() reads level and category of what a batch holds', () => {
  const text = lineOf('json', 4, 1) + lineOf('human', 3, 2) + 'something else\n'
  assert.deepEqual(
    [...entriesIn(Buffer.from(text))].map(({ severity, category }) => [severity, category]),
    [
      [4, 'audit'],
      [3, 'audit'],
      [undefined, undefined],
    ],
  )
})

test('entriesIn() knows an entry behind a priority and colours, with the lines below it', () => {
  const human = '[2026-07-01 12:00:00.000] ERROR    | sdk         | text'
  const colored =
    '\u001b[2m[2026-07-01 12:00:00.000]\u001b[0m \u001b[31mERROR   \u001b[0m | sdk         | text'
  const json = '{"timestamp":"2026-07-01T12:00:00.000+00:00","level":"ERROR","category":"sdk",'
  for (const entry of [
    `${human}\n    below\n`,
    `<3>${human}\n<3>    below\n<3>    below\n`,
    `${colored}\n    below\n`,
    `<3>${json}\n`,
  ]) {
    const found = [...entriesIn(Buffer.from(entry + entry))]
    assert.deepEqual(
      found.map(({ from, end, severity, category }) => [from, end, severity, category]),
      [
        [0, entry.length, ERROR, 'sdk'],
        [entry.length, entry.length * 2, ERROR, 'sdk'],
      ],
      JSON.stringify(entry),
    )
  }
})
