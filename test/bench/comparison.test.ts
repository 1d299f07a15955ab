import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from '../../bench/comparison.ts'
import { joined, type Row } from '../../bench/results.ts'
import { resultsWith, rowWith } from './results-file.ts'

function verdictOf(before: Row, after: Row): string | undefined {
  return compare(resultsWith([before]), resultsWith([after])).changes[0]?.verdict
}

test('compare() calls a change only what lies apart by more than noise and 5 %', () => {
  assert.equal(verdictOf(rowWith([100, 101, 102]), rowWith([150, 151, 152])), 'worse')
  assert.equal(verdictOf(rowWith([150, 151, 152]), rowWith([100, 101, 102])), 'better')
  assert.equal(verdictOf(rowWith([100, 140, 155]), rowWith([150, 160, 170])), 'same')
  assert.equal(verdictOf(rowWith([100, 100.5, 101]), rowWith([103, 104, 104.5])), 'same')
})

test('compare() knows where more is better', () => {
  const rate = { metric: 'entries_per_s', better: 'higher' } as const
  assert.equal(verdictOf(rowWith([100, 101, 102], rate), rowWith([150, 151, 152], rate)), 'better')
})

test('compare() decides nothing from fewer than three rounds', () => {
  assert.equal(verdictOf(rowWith([100, 101]), rowWith([200, 201, 202])), 'undecided')
})

test('compare() names rows that no longer count, count again, are gone or new', () => {
  const sound = rowWith([1, 1, 1])
  const broken = rowWith([], { fault: 'entry 7 is missing' })
  assert.equal(verdictOf(sound, broken), 'faulty')
  assert.equal(verdictOf(broken, sound), 'mended')
  const other = rowWith([1, 1, 1], { subject: 'winston' })
  const { changes } = compare(resultsWith([sound]), resultsWith([other]))
  assert.deepEqual(
    changes.map(({ verdict }) => verdict),
    ['gone', 'new'],
  )
})

test('compare() relates rows of different machines to pino of the same run', () => {
  const pino = { subject: 'pino-async' } as const
  const slowMachine = resultsWith([rowWith([200, 202, 204]), rowWith([8000, 8000, 8000], pino)])
  const fastMachine = resultsWith([rowWith([100, 101, 102]), rowWith([4000, 4000, 4000], pino)], {
    machine: { ...slowMachine.machine, cpu: 'Another CPU' },
  })
  const { asRatios, changes } = compare(slowMachine, fastMachine)
  assert.equal(asRatios, true)
  assert.equal(changes.find(({ key }) => key.includes('ringlog'))?.verdict, 'same')
})

test('joined() keeps the other measures of the same commit, and nothing of another', () => {
  const disk = rowWith([1, 1, 1], { measure: 'disk' })
  const before = resultsWith([rowWith([100, 100, 100]), disk], { skipped: { slow: 'why' } })
  const after = resultsWith([rowWith([90, 90, 90])])
  const whole = joined(before, after)
  assert.deepEqual(whole.rows, [disk, ...after.rows])
  assert.deepEqual(whole.skipped, { slow: 'why' })
  assert.deepEqual(joined({ ...before, commit: 'another' }, after), after)
})
