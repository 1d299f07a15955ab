// What PostgreSQL is asked of an expression and of a field.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conditionsOf, textsIn } from '../../lib/ship/postgres-filter.ts'

const expressions: readonly (readonly [RegExp, readonly string[]])[] = [
  [/refused/, ['refused']],
  [/^order \d+ refused$/, ['order ', ' refused']],
  [/OF Three$/i, ['of three']],
  [/ab?c+d*e{2}f{0,3}?g/, ['a', 'g']],
  [/a.b[xy]*c/, ['a', 'b', 'c']],
  [/a\.b\/c-d/, ['a.b/c-d']],
  [/\bword\b/, ['word']],
  [/über\s+Größe/, ['über', 'Größe']],
  [/über/i, ['ber']],
  [/Kosten/iu, ['o', 'ten']],
  [/a{,5}/, ['a', ',5']],
  [/x[\]|(]y/, []],
  [/one|two/, []],
  [/(?:one)?two/, []],
  [/\u0041b/, []],
  [/\x41b/, []],
  [/\cAb/, []],
  [/\p{Lu}b/u, []],
  [/a\0b/, []],
  [/a[^]b/, ['a', 'b']],
  [/a😀b/, ['a', 'b']],
  [/a😀?b/u, ['a', 'b']],
  [/a\ufffdb/, []],
  [/a�b/, ['a', 'b']],
  [/^$/, []],
  [/(?<!a)b/, []],
]

test('textsIn() gives what stands in every text that matches, and less where it is not sure', () => {
  for (const [expression, texts] of expressions) {
    assert.deepEqual(textsIn(expression), texts, String(expression))
  }
})

test('textsIn() gives nothing that a matching text lacks', () => {
  const parts = [
    'a',
    'K',
    's',
    '.',
    '\\.',
    '\\d',
    '[ab]',
    '[^]',
    ' ',
    '😀',
    '{',
    ',',
    '^',
    '$',
    '\\b',
  ]
  const quantifiers = ['', '', '', '?', '*', '+', '{0}', '{2}', '{0,1}', '*?']
  const characters = ['a', 'A', 'k', 'K', '\u212a', 's', 'ſ', '.', '1', 'b', ' ', '😀', '{', ',']
  let state = 17
  const pick = <T>(of: readonly T[]): T => {
    state = (state * 48271) % 2147483647
    return of[state % of.length]!
  }
  let matches = 0
  for (let i = 0; i < 20_000; i++) {
    const source = Array.from({ length: 1 + (i % 4) }, () => pick(parts) + pick(quantifiers)).join(
      '',
    )
    const flags = pick(['', 'i', 'iu', 'u', 's'])
    let expression: RegExp
    try {
      expression = new RegExp(source, flags)
    } catch {
      // No expression, as ^*.
      continue
    }
    const texts = textsIn(expression)
    for (let each = 0; each < 5; each++) {
      const text = Array.from({ length: 6 }, () => pick(characters)).join('')
      if (!expression.test(text)) continue
      matches++
      const looked = flags.includes('i')
        ? text.replaceAll(/[A-Z]/g, (one) => one.toLowerCase())
        : text
      for (const one of texts) assert.ok(looked.includes(one), `${expression} in ${text}: ${one}`)
    }
  }
  assert.ok(matches > 1000)
})

test('conditionsOf() asks for a field at each place that its path may mean', () => {
  const [[sql, ...values] = ['']] = conditionsOf({ where: { 'context.a.b': 'x' } })
  assert.match(sql, /^\(entry is null or /)
  assert.deepEqual(values, [
    ['context', 'a', 'b'],
    '"x"',
    ['context', 'a.b'],
    '"x"',
    ['context.a', 'b'],
    '"x"',
    ['context.a.b'],
    '"x"',
  ])
})

test('conditionsOf() asks nothing of what jsonb does not hold alike', () => {
  const odd = [
    { 'context.ids.length': 3 },
    { 'context.a': 'x\0' },
    { 'context.a': '\ud800' },
    { 'context.\ufffd': 'x' },
    { 'context.a': Infinity },
    { 'a.b.c.d.e.f.g': 1 },
    { a: [] },
    { a: Array.from({ length: 101 }, String) },
  ]
  for (const where of odd) assert.deepEqual(conditionsOf({ where }), [], JSON.stringify(where))
})
