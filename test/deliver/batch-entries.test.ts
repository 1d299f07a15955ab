// The entries of a batch, found again in its bytes, whatever form they have.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { entriesIn, plainOf } from '../../lib/deliver/batch-entries.ts'
import { ERROR, INFO, WARNING } from '../../lib/entry/level.ts'

const json = (level: string): string =>
  `{"timestamp":"2025-10-17T14:23:45.123+00:00","level":"${level}","category":"audit","message":"m"}\n`
const human = (level: string, below = ''): string =>
  `[2025-10-17 14:23:45] ${level.padEnd(5)} | audit       | m${below}\n`
const stack = '\n    Error: e\n        at f (x.js:1:1)'

function found(text: string): unknown[] {
  const bytes = Buffer.from(text)
  return [...entriesIn(bytes)].map(({ from, end, severity, category }) => [
    bytes.toString('utf8', from, end),
    severity,
    category,
  ])
}

describe('entriesIn()', () => {
  test('parts lines of JSON', () => {
    assert.deepEqual(found(json('INFO') + json('ERROR')), [
      [json('INFO'), INFO, 'audit'],
      [json('ERROR'), ERROR, 'audit'],
    ])
    assert.deepEqual(found(''), [])
  })

  test('leaves what stands indented below a human line with it', () => {
    assert.deepEqual(found(human('ERROR', stack) + human('INFO') + human('ERROR', stack)), [
      [human('ERROR', stack), ERROR, 'audit'],
      [human('INFO'), INFO, 'audit'],
      [human('ERROR', stack), ERROR, 'audit'],
    ])
  })

  test('sees through the priorities of the journal and through colours', () => {
    const journal = human('ERROR', stack)
      .split('\n')
      .slice(0, -1)
      .map((line) => `<3>${line}\n`)
      .join('')
    const colored = `\u001b[90m[2025-10-17 14:23:45]\u001b[0m \u001b[33mWARNING\u001b[0m | audit       | m\n`
    assert.deepEqual(found(journal + `<6>${json('INFO')}` + colored), [
      [journal, ERROR, 'audit'],
      [`<6>${json('INFO')}`, INFO, 'audit'],
      [colored, WARNING, 'audit'],
    ])
  })

  test('gives what is no entry as one without a level, and a torn end as it is', () => {
    assert.deepEqual(found('rubbish\n{"le'), [
      ['rubbish\n', undefined, undefined],
      ['{"le', undefined, undefined],
    ])
  })
})

describe('plainOf()', () => {
  test('takes away one priority and all colours, and nothing else', () => {
    assert.equal(plainOf('<3>\u001b[31ma\u001b[0m <3>'), 'a <3>')
    assert.equal(plainOf('<10>a'), '<10>a')
    assert.equal(plainOf('a <3>'), 'a <3>')
  })
})
