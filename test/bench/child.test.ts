import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkLines } from '../../bench/lines.ts'
import type { Job, Outcome } from '../../bench/measure.ts'
import { measureOf, measures } from '../../bench/measures/catalog.ts'
import { loads } from '../../bench/measures/rates.ts'
import { original } from '../../bench/measures/original.ts'
import {
  loggerNames,
  openSubject,
  type SubjectInfo,
  subjects,
  type SubjectName,
} from '../../bench/subjects/catalog.ts'
import { extension, loader } from '../loader.ts'

const parent = mkdtempSync(join(os.tmpdir(), 'ringlog-test-'))
after(() => rmSync(parent, { recursive: true }))

for (const subject of ['ringlog-typed', 'ringlog-untyped', 'pino-async'] as const) {
  test(`a measure of ${subject} finds every line it logged`, async () => {
    const directory = mkdtempSync(join(parent, 'run-'))
    const job: Job = { measure: 'original', variant: 'entry', subject, count: 50 }
    const { metrics, logged } = await original.run(job, directory)
    assert.ok((metrics['calls_ms'] ?? 0) > 0)
    assert.equal(logged, 50)
    const { fault, bytes } = checkLines(directory, 50, true)
    assert.equal(fault, undefined)
    assert.ok(bytes > 50 * 500, `expected the entry in full, got ${bytes / 50} bytes a line`)
  })
}

const together: readonly SubjectName[] = [
  'pino-sync',
  'pino-periodic',
  'winston',
  'bunyan',
  'log4js',
  'logtape',
  'tslog',
  'rotating-file-stream',
  'write-sync',
]
for (const name of together) {
  test(`${name} logs all it is planned to log`, async () => {
    const directory = mkdtempSync(join(parent, 'run-'))
    const subject = await openSubject(name, { directory, rotation: false })
    for (let i = 0; i < 20; i++) subject.entry(i)
    subject.disabled?.(20)
    await subject.end()
    const { contextOf }: SubjectInfo = subjects[name]
    assert.equal(checkLines(directory, 20, true, contextOf).fault, undefined)
  })
}

test('child says the outcome as JSON on its last line, from a process of its own', () => {
  const directory = mkdtempSync(join(parent, 'run-'))
  const job: Job = { measure: 'original', variant: 'entry', subject: 'pino-async', count: 10 }
  const child = fileURLToPath(new URL(`../../bench/child${extension}`, import.meta.url))
  const { status, stdout } = spawnSync(
    process.execPath,
    [...loader, child, JSON.stringify(job), directory],
    { encoding: 'utf8' },
  )
  assert.equal(status, 0)
  const outcome = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Outcome
  assert.equal(outcome.logged, 10)
  assert.equal(checkLines(directory, 10, true).fault, undefined)
})

test('every job of every plan names a measure, a subject and metrics of its own', () => {
  for (const measure of measures) {
    assert.equal(measureOf(measure.name), measure)
    for (const scale of ['quick', 'full'] as const) {
      const jobs = measure.plan(scale)
      const keys = jobs.map(({ variant, subject }) => `${variant} ${subject}`)
      assert.ok(jobs.length > 0)
      assert.equal(new Set(keys).size, keys.length, `${measure.name} plans a job twice`)
      for (const { subject, measure: name } of jobs) {
        assert.ok(subject in subjects)
        assert.equal(name, measure.name)
      }
    }
  }
  assert.throws(() => measureOf('speed'), /expected one of rates, mixed.*got speed/)
})

test('the rates at which the goals are are measured of all, also in a quick run', () => {
  const goals = ['100x5', '1000x1', '1000x5', '5000x5']
  assert.deepEqual(
    loads.filter(({ pairsFew }) => pairsFew > 0).map(({ name }) => name),
    goals,
  )
  const metrics = measureOf('rates').metrics.filter(({ hidden }) => hidden !== true)
  const names = metrics.map(({ name }) => name)
  for (const goal of goals) {
    for (const part of ['cpu', 'loop']) assert.ok(names.includes(`${part}_${goal}_us`), goal)
  }
  const planned = measureOf('rates').plan('full')
  assert.ok(planned.some(({ subject }) => subject === 'pino-periodic'))
})

test('a full plan has every rival in what is compared, and both ways of ours', () => {
  const compared = loggerNames.filter((name) => subjects[name].kind === 'rival')
  for (const name of ['rates', 'mixed', 'call', 'tail', 'disk', 'steady', 'burst', 'slow']) {
    const planned = new Set(
      measureOf(name)
        .plan('full')
        .map(({ subject }) => subject),
    )
    const expected = ['ringlog-typed', 'ringlog-untyped', ...compared] as const
    const missing = expected.filter((one) => !planned.has(one))
    assert.deepEqual(missing, [], name)
  }
})
