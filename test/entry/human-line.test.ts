import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import type { LogEntry } from '../../lib/entry/entry.ts'
import { formatEntry } from '../../lib/entry/human-line.ts'
import { anyCharacter } from '../any-character.ts'
import { runs } from '../runs.ts'

const entry: LogEntry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'INFO',
  category: 'enforcement',
  account_id: 'ABC123',
  message: 'Position closed due to unrealized loss limit exceeded',
}

/** What no line may hold: what drives a terminal, ends a line or deceives the eye. */
const dangerous = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/u

test('formatEntry() gives the human lines of the format', () => {
  const lines = [
    formatEntry(entry),
    formatEntry({
      ...entry,
      timestamp: '2025-10-17T14:23:46.000+00:00',
      level: 'DEBUG',
      category: 'sdk',
      message: 'Order filled: MNQ 2 @ 5000.00',
    }),
    formatEntry({
      ...entry,
      timestamp: '2025-10-17T14:23:47.999+00:00',
      level: 'ERROR',
      message: 'Failed to close position: Order rejected',
    }),
  ]
  assert.deepEqual(lines, [
    '[2025-10-17 14:23:45] INFO  | enforcement | ABC123 | Position closed due to unrealized loss limit exceeded',
    '[2025-10-17 14:23:46] DEBUG | sdk         | ABC123 | Order filled: MNQ 2 @ 5000.00',
    '[2025-10-17 14:23:47] ERROR | enforcement | ABC123 | Failed to close position: Order rejected',
  ])
})

test('formatEntry() leaves the account’s column out when there is none', () => {
  const { account_id: _, ...rest } = entry
  assert.equal(
    formatEntry({ ...rest, level: 'CRITICAL', category: 'system', message: 'm' }),
    '[2025-10-17 14:23:45] CRITICAL | system      | m',
  )
})

test('formatEntry() without color is one line that cannot drive a terminal, whatever the entry', () => {
  const text = fc.string({ unit: anyCharacter })
  const key = fc.constantFrom('timestamp', 'level', 'category', 'account_id', 'message')
  const any = fc.dictionary(key, fc.oneof(text, fc.constantFrom('\u001b[2J', '\u202e\n')))
  const local = fc.boolean()
  fc.assert(
    fc.property(any, local, (fields, isLocal) => {
      const line = formatEntry({ ...entry, ...fields }, { local: isLocal })
      assert.ok(!dangerous.test(line), JSON.stringify(line))
    }),
    { numRuns: runs(500) },
  )
})

test('formatEntry() keeps the columns before the message apart, whatever stands in them', () => {
  const forged = 'ABC123 | Position closed by admin'
  assert.equal(
    formatEntry({ ...entry, account_id: forged, message: 'm | n' }),
    String.raw`[2025-10-17 14:23:45] INFO  | enforcement | ABC123 \x7c Position closed by admin | m | n`,
  )
  for (const color of [false, true]) {
    for (const key of ['level', 'category', 'account_id'] as const) {
      const line = formatEntry({ ...entry, [key]: '|a|b|', message: 'm' }, { color })
      assert.equal(stripVTControlCharacters(line).split('|').length, 4, `${key}: ${line}`)
    }
  }
})

test('formatEntry() does not trust the fields to have their types', () => {
  const lies: readonly unknown[] = [null, 1, true, {}, [], ['\u001b'], { message: '\u001b[2J' }]
  for (const key of ['timestamp', 'level', 'category', 'account_id', 'message'] as const) {
    for (const lie of lies) {
      const line = formatEntry({ ...entry, [key]: lie })
      assert.ok(!dangerous.test(line), `${key}: ${JSON.stringify(lie)}`)
    }
  }
  for (const lie of lies) {
    const text = formatEntry({ ...entry, context: lie, exception: lie } as LogEntry, {
      expand: true,
    })
    const [first, ...rest] = text.split('\n')
    assert.equal(first, formatEntry(entry))
    for (const line of rest) assert.match(line, /^ {4}/)
    assert.ok(!dangerous.test(text.replaceAll('\n', '')))
  }
})

test('formatEntry({ expand }) shows context and exception as indented lines', () => {
  const text = formatEntry(
    {
      ...entry,
      message: 'm',
      context: { a: 1, 'k\n[': '\u001b' },
      exception: {
        type: 'TypeError',
        message: 'x',
        stack_trace: 'TypeError: x\n    at f (a.js:1:1)',
        code: 'E_X',
        details: { path: '/a', list: ['\u001b'] },
        cause: { type: 'Error', message: 'why\n[2025-10-17 14:23:45] INFO', stack_trace: '' },
        errors: [
          { type: 'Error', message: 'one', stack_trace: 'Error: earlier\n    at g (b.js:1:1)' },
          { reason: 2 },
          'three',
        ],
      },
    },
    { expand: true },
  )
  assert.deepEqual(text.split('\n'), [
    '[2025-10-17 14:23:45] INFO  | enforcement | ABC123 | m',
    '    {',
    '      "a": 1,',
    String.raw`      "k\n[": "\u001b"`,
    '    }',
    '    TypeError: x',
    '        at f (a.js:1:1)',
    '    code: E_X',
    '    details:',
    '        {',
    '          "path": "/a",',
    '          "list": [',
    String.raw`            "\u001b"`,
    '          ]',
    '        }',
    '    caused by:',
    '        Error: why',
    '        [2025-10-17 14:23:45] INFO',
    '    one of:',
    '        Error: one',
    '        Error: earlier',
    '            at g (b.js:1:1)',
    '    one of:',
    '        {',
    '          "reason": 2',
    '        }',
    '    one of:',
    '        "three"',
  ])
})

test('formatEntry({ expand }) ends with exceptions nested beyond reason', () => {
  let exception = { type: 'Error', message: 'm', stack_trace: '' }
  for (let i = 0; i < 50_000; i++) exception = { ...exception, cause: exception } as never
  const text = formatEntry({ ...entry, exception }, { expand: true })
  assert.ok(text.split('\n').length < 100)
  assert.ok(text.endsWith('…'))
})

test('formatEntry({ color }) paints and says the same', () => {
  const plain = new Set<string>()
  for (const level of ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const) {
    const of = { ...entry, level }
    const painted = formatEntry(of, { color: true })
    assert.equal(stripVTControlCharacters(painted), formatEntry(of))
    assert.ok(painted.includes('\u001b['))
    assert.match(painted.split('\u001b[').at(-1)!, /^0m/, 'the last code resets')
    plain.add(painted.slice(0, painted.indexOf(level)).split('\u001b[').at(-1)!)
  }
  assert.equal(plain.size, 5, 'each level has its own colour')
  // What looks like a colour in the data stays visible.
  assert.ok(formatEntry({ ...entry, message: '\u001b[31m' }, { color: true }).includes('\\x1b[31m'))
})

test('formatEntry({ local }) shows the time of the local zone', () => {
  const zone = process.env['TZ']
  try {
    process.env['TZ'] = 'America/Chicago'
    assert.match(formatEntry(entry, { local: true }), /^\[2025-10-17 09:23:45\] /)
    assert.match(formatEntry(entry), /^\[2025-10-17 14:23:45\] /)
  } finally {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  }
})

test('formatEntry({ expand }) does not throw for a context that JSON.stringify refuses', () => {
  const depth = 50_000
  const deep = JSON.parse(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`) as object
  for (const context of [deep, { a: 1n }, 1n, () => 1, Symbol('s')]) {
    const text = formatEntry({ ...entry, context } as unknown as LogEntry, { expand: true })
    assert.equal(text.split('\n')[0], formatEntry(entry))
  }
})

test('formatEntry({ color }) uses its own colors only, whatever the level is called', () => {
  for (const level of ['constructor', '__proto__', 'toString', 'LOUD']) {
    const line = formatEntry({ ...entry, level } as unknown as LogEntry, { color: true })
    const expected = formatEntry({ ...entry, level } as unknown as LogEntry)
    assert.equal(stripVTControlCharacters(line), expected)
    assert.match(expected, new RegExp(`\\] ${level} +\\| enforcement`))
  }
})

test('formatEntry() shows a time with another offset in UTC', () => {
  const timestamp = '2025-10-17T16:23:45.123+02:00'
  assert.equal(formatEntry({ ...entry, timestamp }), formatEntry(entry))
})
