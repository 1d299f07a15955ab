import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsageError } from '../../lib/command/failure.ts'
import { type QueryOptions, queryOf } from '../../lib/command/query-options.ts'

const now = Date.parse('2026-11-24T12:00:00Z')
const query = (options: QueryOptions): ReturnType<typeof queryOf> => queryOf(options, 10, now)

describe('queryOf()', () => {
  test('asks for the last lines, unless a beginning is named', () => {
    assert.deepEqual(query({}), { lines: 10 })
    assert.deepEqual(query({ lines: 3 }), { lines: 3 })
    assert.deepEqual(query({ since: '1h' }), { since: new Date(now - 3_600_000) })
    assert.deepEqual(query({ since: '1h', lines: 3 }).lines, 3)
    assert.deepEqual(query({ until: '1h' }), { lines: 10, until: new Date(now - 3_600_000) })
  })

  test('takes everything else as it is named', () => {
    const { grep, ...others } = query({
      category: ['a', 'b'],
      level: 'Warning',
      account: ['x'],
      grep: 'a.c',
      where: ['context.rule=A=B', 'context.rule=C', 'event=e'],
    })
    assert.deepEqual(others, {
      lines: 10,
      categories: ['a', 'b'],
      level: 'WARNING',
      account_id: ['x'],
      where: Object.assign(Object.create(null) as object, {
        'context.rule': ['A=B', 'C'],
        event: ['e'],
      }),
    })
    assert.equal(String(grep), '/a.c/')
    assert.equal(String(query({ grep: 'a', ignoreCase: true }).grep), '/a/i')
    assert.deepEqual(Object.keys(query({ where: ['__proto__=x'] }).where!), ['__proto__'])
  })

  for (const [options, pattern] of [
    [
      { level: 'eror' },
      /'-l, --level': expected one of debug.*got 'eror' \(did you mean error\?\)$/,
    ],
    [{ level: 'xyzzy' }, /got 'xyzzy'$/],
    [{ after: 'x' }, /'--after': expected what --show-cursor has shown, got 'x'$/],
    [{ where: ['=x'] }, /'-w, --where': expected KEY=VALUE.*got '=x'$/],
    [{ where: ['x'] }, /got 'x'$/],
    [{ grep: '(' }, /'-g, --grep': expected a regular expression, got '\(' \(/],
    [{ since: 'whenever' }, /'-S, --since'/],
    [{ until: 'whenever' }, /'-U, --until'/],
  ] as const) {
    test(`names the option as it was typed: ${JSON.stringify(options)}`, () => {
      assert.throws(
        () => query(options),
        (error) => error instanceof UsageError && pattern.test(error.message),
      )
    })
  }
})
