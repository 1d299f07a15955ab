import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { format } from '../../lib/pino/format.ts'

describe('format()', () => {
  test('fills places as quick-format-unescaped does', () => {
    const theirs = createRequire(createRequire(import.meta.url).resolve('pino'))(
      'quick-format-unescaped',
    ) as (message: string, args: readonly unknown[], options: object) => string
    const named = function known(): void {}
    const values = ['a', 1, 1.7, -1.7, '2.9', null, true, { a: [1] }, [], named, 'x y']
    for (const message of [
      '%s|',
      '%d|',
      '%i|',
      '%f|',
      '%j|',
      '%o|',
      '%O|',
      'a%%b %s',
      '%s %s',
      '%',
    ]) {
      for (const value of values) {
        const ours = format(message, [value]).text
        const expected = theirs(message, [value], {})
        assert.equal(ours, expected, `${message} ${typeof value}`)
      }
    }
  })

  test('tells how many of the values it has taken', () => {
    assert.deepEqual(format('%s and %d', ['a', 2, 3]), { text: 'a and 2', used: 2 })
    assert.deepEqual(format('%s and %s', ['a']), { text: 'a and %s', used: 1 })
    assert.deepEqual(format('none', ['a']), { text: 'none', used: 0 })
    assert.deepEqual(format('100%', []), { text: '100%', used: 0 })
    assert.deepEqual(format('%c!', ['color: red']), { text: '!', used: 1 })
  })

  test('throws for no value', () => {
    const cycle: Record<string, unknown> = {}
    cycle['a'] = cycle
    assert.equal(format('%j', [cycle]).text, '"[Circular]"')
    assert.equal(format('%d', [Symbol('s')]).text, 'NaN')
    assert.equal(format('%j', [Symbol('s')]).text, 'Symbol(s)')
    assert.match(format('%s', [Object.create(null)]).text, /^\[Throws: /)
    assert.equal(format('%j', [() => {}]).text, '<anonymous>')
  })
})
