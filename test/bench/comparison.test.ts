import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { compare } from '../../bench/comparison.ts'
import { joined, readResults, type Row, writeResults } from '../../bench/results.ts'
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

test('writeResults() has measures join the stored run, and overwrites none that they cannot join', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-results-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const call = resultsWith([rowWith([100, 100, 100])])
  const disk = resultsWith([rowWith([1, 1, 1], { measure: 'disk' })])
  const file = writeResults(call, directory)
  assert.equal(writeResults(disk, directory), file)
  assert.equal(readResults(file).rows.length, 2)
  const later = '2026-11-23T20:30:00.000Z'
  const other = writeResults({ ...call, rounds: 1, date: later }, directory)
  assert.equal(basename(other), basename(file).replace('.json', '-2.json'))
  const date = '2026-11-23T21:00:00.000Z'
  assert.equal(writeResults({ ...disk, rounds: 1, date }, directory), other)
  assert.deepEqual(
    [file, other].map((each) => readResults(each).rounds),
    [3, 1],
  )
  writeResults({ ...call, scale: 'quick' }, directory)
  assert.deepEqual(readdirSync(directory).toSorted(), [
    ...[file, other].map((each) => basename(each)).toSorted(),
    'latest.json',
    'quick.json',
  ])
})

test('readResults() knows a figure that was left out', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-results-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = writeResults(resultsWith([rowWith([Number.NaN, 7])]), directory)
  assert.deepEqual(readResults(file).rows[0]?.values, [Number.NaN, 7])
})
