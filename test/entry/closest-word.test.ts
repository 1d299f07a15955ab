import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearestOf } from '../../lib/entry/closest-word.ts'

const known = ['log_level', 'levels', 'log_path', 'rotation', 'retention_days', 'sdk', 'compress']

describe('nearestOf()', () => {
  it('finds a word with up to two slips', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['rotaton', 'rotation'],
      ['rotattion', 'rotation'],
      ['rotatoin', 'rotation'],
      ['rqtatiqn', 'rotation'],
      ['log_lvl', 'log_level'],
      ['skd', 'sdk'],
    ]
    for (const [word, meant] of cases) assert.equal(nearestOf(word, known), meant, word)
  })

  it('does not look at case and punctuation', () => {
    for (const word of ['logLevel', 'LOG-LEVEL', 'log.level', 'loglevel']) {
      assert.equal(nearestOf(word, known), 'log_level', word)
    }
  })

  it('finds a word that is a part or holds one', () => {
    assert.equal(nearestOf('path', known), 'log_path')
    assert.equal(nearestOf('compression', known), 'compress')
    assert.equal(nearestOf('retention', known), 'retention_days')
  })

  it('prefers the nearest', () => {
    assert.equal(nearestOf('level', known), 'levels')
    assert.equal(nearestOf('ab', ['cb', 'ab']), 'ab')
  })

  it('finds nothing when none is near', () => {
    for (const word of ['', '_', 'x', 'zz', 'password', 'rxtxtxon', 'l'.repeat(100_000)]) {
      assert.equal(nearestOf(word, known), undefined, word.slice(0, 20))
    }
    assert.equal(nearestOf('rotaton', []), undefined)
  })
})
