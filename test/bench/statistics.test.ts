import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { groupBy, medianInterval, percentileOf, Samples, spreadOf } from '../../bench/statistics.ts'

test('spreadOf() finds the middle value, or the mean of the two middle ones, and the extremes', () => {
  assert.deepEqual(spreadOf([30, 10, 20]), { median: 20, min: 10, max: 30 })
  assert.deepEqual(spreadOf([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 })
  assert.throws(() => spreadOf([]), RangeError)
})

test('medianInterval() leaves out at each end what the sign test lets it', () => {
  const firsts = (n: number): number[] => Array.from({ length: n }, (_, index) => n - index)
  assert.deepEqual(medianInterval([7]), { median: 7, low: 7, high: 7 })
  assert.deepEqual(medianInterval(firsts(5)), { median: 3, low: 1, high: 5 })
  // The tables of the test have, for 8, 9, 20 and 100 values: 1, 2, 6 and 40.
  assert.deepEqual(medianInterval(firsts(8)), { median: 4.5, low: 1, high: 8 })
  assert.deepEqual(medianInterval(firsts(9)), { median: 5, low: 2, high: 8 })
  assert.deepEqual(medianInterval(firsts(20)), { median: 10.5, low: 6, high: 15 })
  assert.deepEqual(medianInterval(firsts(100)), { median: 50.5, low: 40, high: 61 })
})

test('percentileOf() is the smallest value which so many percent are not above', () => {
  const sorted = Array.from({ length: 1000 }, (_, index) => index + 1)
  assert.equal(percentileOf(sorted, 50), 500)
  assert.equal(percentileOf(sorted, 99.9), 999)
  assert.equal(percentileOf(sorted, 100), 1000)
  assert.equal(percentileOf([], 50), Number.NaN)
})

test('percentileOf() never goes down with the percentile and ends at the maximum', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1 }), (values) => {
      const sorted = values.toSorted((a, b) => a - b)
      const found = [1, 50, 99, 99.9, 100].map((point) => percentileOf(sorted, point))
      assert.deepEqual(
        found,
        found.toSorted((a, b) => a - b),
      )
      assert.equal(found.at(-1), sorted.at(-1))
    }),
  )
})

test('Samples keeps what fits and names percentiles by their unit', () => {
  const samples = new Samples(2)
  for (const ns of [1000, 3000, 9000]) samples.record(ns)
  assert.equal(samples.count, 2)
  const metrics = samples.percentiles('us', 1000, 'call_')
  assert.equal(metrics['call_p50_us'], 1)
  assert.equal(metrics['call_max_us'], 3)
})

test('groupBy() keeps the order in which keys first come', () => {
  const groups = groupBy(['b1', 'a1', 'b2'], (word) => word[0])
  assert.deepEqual(
    [...groups],
    [
      ['b', ['b1', 'b2']],
      ['a', ['a1']],
    ],
  )
})
