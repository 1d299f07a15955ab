import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CRITICAL,
  DEBUG,
  INFO,
  OFF,
  levelNames,
  levelQuestion,
  severityOf,
  thresholdName,
  thresholdOf,
} from '../../lib/entry/level.ts'

describe('severityOf()', () => {
  test('is the place of a level among all, however it is spelled; undefined for what names none', () => {
    assert.deepEqual(levelNames.map(severityOf), [0, 1, 2, 3, 4])
    assert.deepEqual([severityOf('info'), severityOf('Critical')], [INFO, CRITICAL])
    for (const other of ['off', 'warn', '', 'toString', 1, null, undefined, ['INFO']]) {
      assert.equal(severityOf(other), undefined, String(other))
    }
  })
})

describe('thresholdOf()', () => {
  test('is a severity, or above all of them', () => {
    assert.deepEqual(['debug', 'OFF', 'Off'].map(thresholdOf), [DEBUG, OFF, OFF])
    assert.deepEqual(['on', undefined, 5].map(thresholdOf), [undefined, undefined, undefined])
  })

  test('is named as thresholdName() names it', () => {
    for (const name of [...levelNames, 'off'] as const) {
      assert.equal(thresholdName(thresholdOf(name)!), name)
    }
  })
})

describe('levelQuestion()', () => {
  test('asks for the level that others call so, or that is spelled nearly so', () => {
    assert.equal(levelQuestion('warn'), ' (did you mean warning?)')
    assert.equal(levelQuestion('fatal'), ' (did you mean critical?)')
    assert.equal(levelQuestion('eror'), ' (did you mean error?)')
    assert.deepEqual([levelQuestion('xyzzy'), levelQuestion(7)], ['', ''])
  })
})
