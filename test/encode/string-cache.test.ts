// A place writes what JSON.stringify would, whatever came before it there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { JsonBytes } from '../../lib/encode/json-bytes.ts'
import { escapeSteering } from '../../lib/entry/json-text.ts'
import { CachedString } from '../../lib/encode/string-cache.ts'

test('CachedString.write() writes each string masked, quoted and escaped, recurring or not', () => {
  const few = fc.constantFrom(
    '',
    'a',
    'MNQ',
    '"',
    '\u202e',
    'secret',
    'x'.repeat(256),
    'x'.repeat(257),
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(few, few, fc.string()), { maxLength: 40 }), (texts) => {
      const place = new CachedString()
      const out = new JsonBytes(16)
      const masked = (text: string): string => text.replaceAll('secret', '[REDACTED]')
      for (const text of texts) place.write(out, text, masked)
      const expected = texts.map((text) => escapeSteering(JSON.stringify(masked(text)))).join('')
      assert.equal(out.textFrom(0), expected)
    }),
  )
})
