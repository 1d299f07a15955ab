import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { levelNames, severityOf } from '../../lib/entry/level.ts'
import { parseLine } from '../../lib/entry/line.ts'
import { sieveBelow } from '../../lib/read/sieve.ts'
import { runs } from '../runs.ts'

const timestamp = '2025-10-17T14:23:45.123+00:00'

/** Whether the sieve passes the line over, wherever in the bytes it stands. */
function isPassedOver(severity: number, line: string): boolean {
  const sieve = sieveBelow(severity)
  const bytes = Buffer.from(line)
  const within = Buffer.from(`{"level":"CRITICAL"}\n${line}\n{"level":"ERROR"}\n`)
  const found = sieve(bytes, 0, bytes.length)
  assert.equal(sieve(within, 21, 21 + bytes.length), found)
  return found
}

const level = fc.constantFrom(...levelNames, 'info', 'TRACE', 7, null)
const member = fc.oneof(
  fc.tuple(fc.constantFrom('"level"', '"l\\u0065v\\u0065l"', '"level" ', '"message"'), level),
  fc.tuple(
    fc.constantFrom('"timestamp"', '"category"', '"x"'),
    fc.constantFrom('a', timestamp, '"', '\\', {}),
  ),
  fc.tuple(fc.constant('"context"'), fc.record({ level, value: fc.string() })),
)
/**
 * Lines like ours, and lines that name their keys in any order, twice, in escapes, or end too
 * early.
 */
const line = fc
  .record({
    members: fc.array(member, { maxLength: 5 }),
    first: level,
    ours: fc.boolean(),
    space: fc.constantFrom('', '', ' ', '\t', '\r', '\ufeff'),
    cut: fc.option(fc.nat(120)),
  })
  .map(({ members, first, ours, space, cut }) => {
    const texts = members.map(([key, value]) => `${key}:${JSON.stringify(value)}`)
    const start = [`"timestamp":"${timestamp}"`, `"level":${JSON.stringify(first)}`]
    const more = ['"category":"system"', '"message":"m"']
    const all = ours ? [...start, ...more, ...texts] : [...texts, ...more, ...start]
    return `${space}{${all.join()}}`.slice(0, cut ?? undefined)
  })

test('sieveBelow() passes no line over that holds an entry of the level or above', () => {
  let passed = 0
  fc.assert(
    fc.property(line, fc.nat(4), (text, severity) => {
      const entry = parseLine(text)
      if (!isPassedOver(severity, text)) return
      passed++
      assert.ok(entry === undefined || severityOf(entry.level)! < severity, text)
    }),
    { numRuns: runs(3000) },
  )
  assert.ok(passed > runs(100), `${passed} lines were passed over`)
})

test('sieveBelow() passes over our lines below the level, and what is no JSON of an object', () => {
  const ours = (name: string, context: object = {}): string =>
    JSON.stringify({ timestamp, level: name, category: 'sdk', message: 'm', context, seq: 1 })
  for (const [at, name] of levelNames.entries()) {
    for (let severity = 0; severity < levelNames.length; severity++) {
      assert.equal(isPassedOver(severity, ours(name)), at < severity, `${name} below ${severity}`)
    }
  }
  assert.equal(isPassedOver(3, '    at main.ts:1'), false)
  assert.equal(isPassedOver(3, 'Error: no'), true)
  assert.equal(isPassedOver(3, ''), true)
  // Might be a second level of the entry: only the parser can tell.
  assert.equal(isPassedOver(3, ours('INFO', { level: 'x' })), false)
  for (const key of ['level', String.raw`le\u0076el`, String.raw`leve\u006c`]) {
    const twice = ours('INFO').replace(/}$/, `,"${key}":"ERROR"}`)
    assert.equal(parseLine(twice)?.level, 'ERROR')
    assert.equal(isPassedOver(3, twice), false, twice)
  }
})
