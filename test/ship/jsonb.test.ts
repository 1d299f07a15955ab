// What jsonb refuses of JSON.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fitForJsonb } from '../../lib/ship/jsonb.ts'

describe('fitForJsonb()', () => {
  test('leaves a line that is fit alone', () => {
    for (const line of ['{}', String.raw`{"a":"\u00fc\n\\n"}`])
      assert.equal(fitForJsonb(line), undefined)
  })

  test('replaces NUL and lone halves, and nothing else', () => {
    const cases: readonly (readonly [string, string])[] = [
      [String.raw`\u0000`, String.raw`\ufffd`],
      [String.raw`\\u0000`, String.raw`\\u0000`],
      [String.raw`\\\u0000`, String.raw`\\\ufffd`],
      [String.raw`\ud83d\ude00`, String.raw`\ud83d\ude00`],
      [String.raw`\ud83d\ud83d\ude00`, String.raw`\ufffd\ud83d\ude00`],
      [String.raw`\ude00\ud83d`, String.raw`\ufffd\ufffd`],
      [String.raw`\uD83D\\ude00`, String.raw`\ufffd\\ude00`],
    ]
    for (const [line, fit] of cases) assert.equal(fitForJsonb(`{"a":"${line}"}`), `{"a":"${fit}"}`)
  })
})
