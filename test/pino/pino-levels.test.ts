import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import {
  labels,
  severities,
  valueOf,
  valueOfThreshold,
  values,
} from '../../lib/pino/pino-levels.ts'

test('values and labels are those of pino, silent not counted among them', () => {
  assert.deepEqual({ ...values }, { ...pino.levels.values })
  assert.deepEqual({ ...labels }, { ...pino.levels.labels })
  assert.deepEqual([values.silent, labels[Infinity]], [Infinity, 'silent'])
  assert.equal(Object.keys(values).includes('silent'), false)
})

test('valueOf() takes a name, however it is spelled, or a number; else it says what is known', () => {
  assert.deepEqual(
    [valueOf('WARN'), valueOf(50), valueOf('silent'), valueOf(Infinity)],
    [40, 50, Infinity, Infinity],
  )
  for (const wrong of ['warning', 45, undefined, 'toString']) {
    assert.throws(() => valueOf(wrong), /expected one of trace, debug, .*fatal, silent, got /)
  }
})

test('valueOfThreshold() is the level of the lowest severity that is logged', () => {
  for (const name of ['debug', 'info', 'warn', 'error', 'fatal'] as const) {
    assert.equal(valueOfThreshold(severities[name]), values[name])
  }
  assert.deepEqual([severities.trace, valueOfThreshold(5)], [severities.debug, Infinity])
})
