import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Estimate } from '../../bench/estimate.ts'
import type { Job, Scale } from '../../bench/measure.ts'
import { headline } from '../../bench/measures/catalog.ts'

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

test('Estimate.left() gives the headline five minutes, and a quick run one', () => {
  const left = (scale: Scale, rounds: number): number => {
    const jobs = headline.flatMap((measure) => measure.plan(scale))
    const [, number, unit] = /^(\d+) (s|min)$/.exec(new Estimate(jobs, rounds).left()) ?? []
    return Number(number) * (unit === 'min' ? 60 : 1)
  }
  assert.ok(left('full', 2) <= 300, `${left('full', 2)} s`)
  assert.ok(left('quick', 1) <= 60, `${left('quick', 1)} s`)
})
