import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shrunkLine } from '../../lib/encode/shrink-line.ts'
import { isValidLine } from '../line-schema.ts'

const long = 'x'.repeat(20_000)
const entry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'ERROR',
  category: 'system',
  account_id: 'A1',
  message: 'm',
  event: 'e',
  context: { a: 1 },
  exception: { type: 'E', message: 'm', stack_trace: 's', code: 'C' },
  seq: 1,
  lsn: 2,
}

test('shrunkLine() keeps the line within its bytes, its keys in order, and what is short', () => {
  for (const [key, value] of [
    ['account_id', long],
    ['message', long],
    ['event', long],
    ['context', { long, list: [1] }],
    ['exception', { ...entry.exception, type: long, stack_trace: long, code: long }],
    ['exception', { ...entry.exception, details: { long } }],
  ] as const) {
    for (const bytesMax of [2048, 8192]) {
      const given = { ...entry, [key]: value }
      const line = shrunkLine(JSON.stringify(given), bytesMax)
      assert.ok(Buffer.byteLength(line) <= bytesMax, `${key} ${Buffer.byteLength(line)}`)
      const shrunk = JSON.parse(line) as Record<string, unknown>
      assert.ok(isValidLine(shrunk), JSON.stringify(isValidLine.errors))
      assert.deepEqual(Object.keys(shrunk), Object.keys(given))
      assert.match(JSON.stringify(shrunk[key]), /more characters\]|\[Truncated\]/)
      for (const other of Object.keys(entry)) {
        if (other !== key) assert.deepEqual(shrunk[other], entry[other as keyof typeof entry])
      }
    }
  }
})

test('shrunkLine() counts bytes, and has an end where nothing more can go', () => {
  const line = shrunkLine(JSON.stringify({ ...entry, message: '漢'.repeat(5000) }), 4096)
  assert.ok(Buffer.byteLength(line) <= 4096)
  assert.ok(Buffer.byteLength(shrunkLine(JSON.stringify({ ...entry, message: long }), 1)) < 1024)
})
