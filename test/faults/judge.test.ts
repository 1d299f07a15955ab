// The judge of the fault suite sees each kind of damage, and none where there is none.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paddingOf } from './job.ts'
import { type Finding, judge, type Source } from './judge.ts'

function line(n: number, category = 'audit', level = 'INFO', seq = n): string {
  const context = { n, text: paddingOf(n, 20) }
  return JSON.stringify({ timestamp: 't', level, category, message: 'm', context, seq })
}

function file(lines: readonly string[], name = 'audit.log', rest: Partial<Source> = {}): Source {
  const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
  return { base: name, index: 0, name, bytes, ...rest }
}

function faults({ duplicated, torn, disordered, copiesMissing, wrong }: Finding): unknown {
  return { duplicated, torn, disordered, copiesMissing, wrong: wrong.length }
}

const none = { duplicated: 0, torn: 0, disordered: 0, copiesMissing: 0, wrong: 0 }

test('judge() finds nothing wrong with whole files, and counts a copy as no entry', () => {
  const found = judge([
    file([line(1), line(2)], 'audit.log', { index: 1 }),
    file([line(3), line(4, 'audit', 'ERROR')]),
    file([line(4, 'audit', 'ERROR'), line(1, 'error', 'ERROR')], 'error.log'),
  ])
  assert.deepEqual(faults(found), none)
  assert.equal(found.entries, 5)
  assert.deepEqual([...found.seqs.get('audit')!], [1, 2, 3, 4])
})

test('judge() sees duplicates, disorder, torn lines, missing copies, wrong numbers and damage', () => {
  const cases: [Partial<typeof none>, Source[]][] = [
    [{ duplicated: 1 }, [file([line(1), line(2), line(2)])]],
    [{ duplicated: 1, disordered: 1 }, [file([line(1), line(2), line(1)])]],
    [{ disordered: 1 }, [file([line(2), line(1)])]],
    [{ disordered: 1 }, [file([line(2)], 'audit.log', { index: 1 }), file([line(1)])]],
    [{ torn: 1 }, [file([line(1), line(2).slice(0, 30), line(3)])]],
    [{ torn: 1 }, [{ ...file([]), bytes: Buffer.from(`${line(1)}\n${line(2)}`) }]],
    [{ copiesMissing: 1 }, [file([line(1, 'audit', 'ERROR')])]],
    [
      { duplicated: 1 },
      [
        file([line(1, 'audit', 'ERROR')]),
        file([line(1, 'audit', 'ERROR'), line(1, 'audit', 'ERROR')], 'error.log'),
      ],
    ],
    [{ wrong: 1 }, [file([line(1, 'audit', 'INFO', 2)])]],
    [{ wrong: 1 }, [file([line(1).replace('bbb', 'bxb')])]],
  ]
  for (const [expected, sources] of cases) {
    assert.deepEqual(faults(judge(sources)), { ...none, ...expected })
  }
})

test('judge() counts what went with a file that was taken away, unless it is there again', () => {
  const gone = file([line(1), line(2), line(3)], 'audit.log', { isGone: true })
  const found = judge([gone, file([line(3), line(4)])])
  assert.deepEqual(faults(found), none)
  assert.deepEqual([found.entries, found.gone], [2, 2])
})

test('judge() counts a copy in a file that was taken away as there, and again elsewhere not as twice', () => {
  const entry = file([line(1, 'audit', 'ERROR')])
  const gone = file([line(1, 'audit', 'ERROR')], 'error.log', { isGone: true })
  assert.deepEqual(faults(judge([entry, gone])), none)
  const again = file([line(1, 'audit', 'ERROR')], 'error.log')
  assert.deepEqual(faults(judge([entry, gone, again])), none)
  assert.deepEqual(faults(judge([entry, gone, again, again])), { ...none, duplicated: 1 })
})

test('judge() adds up what the library tells of losses and torn lines', () => {
  const own = (seq: number, context: object): string =>
    JSON.stringify({ level: 'WARNING', category: 'system', message: 'm', context, seq })
  const found = judge([
    file([own(1, { torn_bytes: 7 }), own(2, { dropped: { INFO: 3, ERROR: 1 } })], 'system.log'),
  ])
  assert.deepEqual([found.tornTold, found.lossTold], [1, 4])
})
