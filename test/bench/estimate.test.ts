import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Estimate } from '../../bench/estimate.ts'
import type { Job } from '../../bench/measure.ts'

const job: Job = { measure: 'call', variant: 'entry', subject: 'nothing', count: 1, seconds: 10 }

test('Estimate.left() goes by what jobs say, and then by what they took', () => {
  let now = 0
  const estimate = new Estimate([job, { ...job, roundsMax: 1 }], 2, () => now)
  assert.equal(estimate.left(), '30 s')
  now = 60_000
  estimate.done(job)
  assert.equal(estimate.left(), '2 min', 'one took six times as long as it said')
  estimate.done(job)
  assert.equal(estimate.left(), '30 s')
  estimate.done(job)
  assert.equal(estimate.left(), '0 s')
})
