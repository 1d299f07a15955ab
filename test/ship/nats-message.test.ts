// A batch as the body of a message.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Shipment } from '../../lib/ship/engine.ts'
import { bodyOf, headersOf, linesIn, numbersIn } from '../../lib/ship/nats-message.ts'

function batchOf(lines: readonly Buffer[]): Shipment[] {
  return lines.map((line, i) => ({ category: 'a', seq: 7 + i, time: 100 - i, line }))
}

describe('bodyOf()', () => {
  test('has the lines with ends between them, also where other bytes stand between them', () => {
    const memory = Buffer.from('{"a":1}\n{"b":2}X{"c":3}\n{"d":4}\n')
    const lines = [0, 8, 16, 24].map((from) => memory.subarray(from, from + 7))
    for (const some of [
      lines,
      lines.slice(0, 2),
      lines.slice(2),
      [lines[3]!, lines[0]!],
      [lines[1]!],
    ]) {
      const body = bodyOf(batchOf(some))
      assert.equal(body.toString(), some.join('\n'))
      assert.deepEqual(linesIn(body).map(String), some.map(String))
    }
    assert.equal(bodyOf(batchOf(lines.slice(0, 2))).buffer, memory.buffer, 'it is not copied')
  })

  test('headersOf() tells numbers and times', () => {
    const headers = new Map(headersOf(batchOf([Buffer.from('a'), Buffer.from('b')])))
    assert.deepEqual([...headers.values()], ['7-8', '99-100'])
    assert.deepEqual(numbersIn('7-8'), [7, 8])
    assert.deepEqual(numbersIn('-5-8'), [-5, 8])
    assert.equal(numbersIn('7'), undefined)
  })
})
