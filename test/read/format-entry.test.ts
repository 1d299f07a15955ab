import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogEntry } from '../../lib/index.ts'
import { formatEntry } from '../../lib/read/format-entry.ts'

const entry: LogEntry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'INFO',
  category: 'system',
  message: 'm',
  context: { a: 1 },
}
const line = '[2025-10-17 14:23:45] INFO  | system      | m'

test('formatEntry() gives the human line, also as the function of map()', () => {
  assert.equal(formatEntry(entry), line)
  // Which gives the place of the entry, and all of them.
  assert.equal(Reflect.apply(formatEntry, undefined, [entry, 1, [entry]]), line)
  assert.equal(formatEntry(entry, {}), line)
  assert.ok(formatEntry(entry, { expand: true }).startsWith(`${line}\n    `))
})

test('formatEntry() names an option that it does not have, or of another type', () => {
  for (const [options, pattern] of [
    [{ colour: true }, /colour/],
    [{ color: 'yes' }, /color to be true or false, got "yes"/],
    [null, /got null/],
  ] as const) {
    assert.throws(
      () => formatEntry(entry, options as unknown as undefined),
      (error) => error instanceof TypeError && pattern.test(error.message),
    )
  }
})
