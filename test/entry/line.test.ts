import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatEntry } from '../../lib/index.ts'
import { headBytes, lineHead, lineNumbers, numbersBytes, parseLine } from '../../lib/entry/line.ts'
import { anyCharacter } from '../any-character.ts'
import { runs } from '../runs.ts'

const example =
  '{"timestamp":"2025-10-17T14:23:45.123+00:00","level":"INFO","category":"enforcement","account_id":"ABC123",' +
  '"message":"Position closed due to unrealized loss limit exceeded","context":{"rule":"UnrealizedLoss",' +
  '"violation":{"current_value":-210,"limit":-200,"threshold_exceeded_by":-10}},"seq":42}'

const valid: Readonly<Record<string, unknown>> = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'ERROR',
  category: 'system',
  account_id: 'A1',
  message: 'm',
  event: 'e',
  context: {},
  exception: { type: 'Error', message: 'm', stack_trace: '' },
  seq: 1,
}

test('parseLine() gives the entry of a line, as it stands there', () => {
  assert.deepEqual(parseLine(example), JSON.parse(example))
  assert.deepEqual(parseLine(`${example}\r\n`), JSON.parse(example))
  assert.deepEqual(parseLine(` ${example}`), JSON.parse(example))
})

test('parseLine() asks for the four required keys and no others', () => {
  const required = ['timestamp', 'level', 'category', 'message']
  assert.deepEqual(parseLine(JSON.stringify(valid)), valid)
  for (const key of Object.keys(valid)) {
    const { [key]: _, ...rest } = valid
    const expected = required.includes(key) ? undefined : rest
    assert.deepEqual(parseLine(JSON.stringify(rest)), expected, key)
  }
})

test('parseLine() refuses a key with a value of another type', () => {
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    timestamp: [1, null, '', 'yesterday', '2025-13-40T00:00:00Z'],
    level: ['info', 'FATAL', 1, null, ['INFO'], '__proto__'],
    category: [1, null, {}],
    account_id: [1, null, {}],
    message: [1, null, {}],
    event: [1, null],
    context: [1, null, 'x', []],
    exception: [1, null, 'x', []],
    seq: ['1', 1.5, null],
  }
  assert.deepEqual(Object.keys(wrong), Object.keys(valid))
  for (const [key, values] of Object.entries(wrong)) {
    for (const value of values) {
      const line = JSON.stringify({ ...valid, [key]: value })
      assert.equal(parseLine(line), undefined, line)
    }
  }
})

test('parseLine() refuses what is no object, or torn', () => {
  for (const line of ['', ' ', 'null', '1', '[]', '"x"', '{}', '}', '[2025-10-17 14:23:45] INFO']) {
    assert.equal(parseLine(line), undefined, line)
  }
  for (let end = 0; end < example.length; end++) {
    assert.equal(parseLine(example.slice(0, end)), undefined)
  }
})

test('parseLine() takes __proto__ and constructor as data', () => {
  const line = JSON.stringify(valid).replace('"context":{}', '"context":{"__proto__":{"x":1}}')
  const entry = parseLine(line)
  assert.deepEqual(Object.keys(entry!.context!), ['__proto__'])
  assert.equal(parseLine('{"__proto__":' + JSON.stringify(valid) + '}'), undefined)
})

test('parseLine() never throws', () => {
  const pieces = fc.constantFrom('{', '}', '"', '\\', ',', ':', '\u0000', '[', '"level"', example)
  const damaged = fc
    .tuple(fc.nat(example.length), fc.string(), fc.nat(20))
    .map(([at, text, length]) => example.slice(0, at) + text + example.slice(at + length))
  const anything = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.json(),
    damaged,
    fc.array(pieces).map((p) => p.join('')),
  )
  fc.assert(
    fc.property(anything, (line) => {
      const entry = parseLine(line)
      if (entry === undefined) return
      assert.deepEqual(entry, JSON.parse(line))
      assert.ok(!Number.isNaN(Date.parse(entry.timestamp)))
    }),
    { numRuns: runs(400) },
  )
  assert.equal(parseLine('{"a":'.repeat(1_000_000)), undefined)
})

test('parseLine() takes for a timestamp what RFC 3339 does, not what Date.parse guesses', () => {
  const good = [
    '2025-10-17T14:23:45Z',
    '2024-02-29T00:00:00.123456+05:30',
    '2025-12-31T23:59:59-00:00',
  ]
  const bad = [
    '1',
    'foo 1',
    'October 17, 2025',
    '2025-10-17',
    '2025-10-17T14:23:45',
    '2025-02-29T00:00:00Z',
    '2025-02-30T00:00:00Z',
    '2025-06-31T00:00:00Z',
    '2025-10-17T25:00:00Z',
  ]
  for (const timestamp of good)
    assert.ok(parseLine(JSON.stringify({ ...valid, timestamp })), timestamp)
  for (const timestamp of bad) {
    assert.equal(parseLine(JSON.stringify({ ...valid, timestamp })), undefined, timestamp)
  }
})

test('lineHead() tells time, level and category of what the encoder and formatEntry() write', () => {
  const category = 'c'.repeat(64)
  const entry = { ...parseLine(example)!, level: 'CRITICAL' as const, category }
  const line = JSON.stringify(entry)
  const known = { level: 'CRITICAL', category }
  for (const [text, timestamp, human] of [
    [line, '2025-10-17T14:23:45.123+00:00', false],
    [formatEntry(entry), '2025-10-17T14:23:45Z', true],
  ] as const) {
    const head = lineHead(text.slice(0, headBytes))
    assert.deepEqual(head, { ...known, timestamp, human, text: head?.text ?? '' })
    assert.ok(head !== undefined && text.startsWith(head.text) && head.text.includes(category))
    assert.equal(lineHead(` ${text}`), undefined)
    assert.equal(lineHead(text.replace('CRITICAL', 'FATAL')), undefined)
  }
})

test('lineNumbers() reads seq and lsn at the very end only', () => {
  const max = String(Number.MAX_SAFE_INTEGER)
  const end = `,"seq":${max},"lsn":${max}}`
  assert.ok(end.length <= numbersBytes)
  assert.deepEqual(lineNumbers(`{"a":1${end}`), { seq: Number(max), lsn: Number(max) })
  assert.deepEqual(lineNumbers('{"a":1,"seq":7}'), { seq: 7, lsn: undefined })
  for (const line of [`{"a":1${end} `, `{"a":1${end}}`, '{"seq":7}', '{"a":1,"seq":-7}', '']) {
    assert.equal(lineNumbers(line), undefined, line)
  }
})

test('parseLine() takes no key for one of the line that all objects have inherited', () => {
  const line = '{"timestamp":"2026-11-28T00:00:00Z","level":"INFO","category":"sdk","message":"m"}'
  for (const key of ['seq', 'lsn', 'context', 'account_id', 'trace_id', 'event', 'exception']) {
    for (const value of [true, Number.NaN]) {
      Reflect.defineProperty(Object.prototype, key, { value, configurable: true })
      let entry: unknown
      let damaged: unknown
      try {
        entry = parseLine(line)
        damaged = parseLine(line.replace('}', `,"${key}":true}`))
      } finally {
        Reflect.deleteProperty(Object.prototype, key)
      }
      assert.deepEqual(entry, JSON.parse(line), key)
      assert.equal(damaged, undefined, key)
    }
  }
})
