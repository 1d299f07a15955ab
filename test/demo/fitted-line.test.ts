import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { type LogEntry, formatEntry } from 'ringlog'
import { columnsMax, fittedLine } from '../../scripts/demo/fitted-line.ts'

const entry: LogEntry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'WARNING',
  category: 'enforcement',
  account_id: 'TREND-1',
  message: 'Position closed',
}

describe('fittedLine()', () => {
  it('is the human line when that fits', () => {
    assert.equal(fittedLine(entry, false), formatEntry(entry))
    assert.equal(fittedLine(entry, true), formatEntry(entry, { color: true }))
  })

  it('gives up the end of a message that does not, painted or not', () => {
    const long = { ...entry, message: 'x'.repeat(200) }
    const line = fittedLine(long, false)
    assert.equal(line.length, columnsMax)
    assert.ok(line.endsWith('x…'))
    assert.equal(stripVTControlCharacters(fittedLine(long, true)), line)
  })
})
