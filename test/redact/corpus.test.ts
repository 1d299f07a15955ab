// What the tables of secrets and of harmless lines say of the masking of strings: every kind is
// masked whole, no harmless line is changed, and what a text is first asked lets every kind
// through.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { formsOf, nextName } from '../../lib/redact/name-grams.ts'
import { NONE, Redactor, redacted } from '../../lib/redact/secret-keys.ts'
import { mask } from '../../lib/redact/secret-text.ts'
import { anywhere, endings, likely, short, weak } from '../../lib/redact/secret-words.ts'
import { runs } from '../runs.ts'
import { isFormless, kindsOf } from './corpus.ts'
import { harmless } from './harmless.ts'

const redactor = new Redactor()
/**
 * How often other values are put into the table's places. Of 248 000 texts with others none left a
 * secret (2026-11).
 */
const drawings = 40

describe('mask()', () => {
  test('masks every kind of the corpus whole', () => {
    const leaks: string[] = []
    const kinds = kindsOf(1)
    for (let i = 0; i < runs(drawings); i++) {
      // The rows of a table have seeds that follow each other.
      for (const kind of kindsOf(1 + i * 7919)) {
        const masked = mask(kind.text, redactor)
        const isLeft = kind.secret.split('\n').some((line) => line !== '' && masked.includes(line))
        if (isLeft && !isFormless(kind)) leaks.push(kind.text)
      }
    }
    assert.deepEqual(leaks, [])
    assert.ok(kinds.length >= 400 && kinds.filter(isFormless).length < 10)
  })

  test('changes no harmless line', () => {
    const changed: string[] = []
    for (const line of harmless(3_000, 1)) {
      const masked = mask(line, redactor)
      if (masked !== line) changed.push(`${line} -> ${masked}`)
    }
    assert.deepEqual(changed, [])
  })

  test('never reaches beyond a line, but in a private key', () => {
    for (const { group, text } of kindsOf(2)) {
      if (group === 'pem') continue
      const masked = mask(`${text}\nnext line`, redactor)
      assert.ok(masked.endsWith('\nnext line'), text)
      assert.equal(masked.split('\n').length, text.split('\n').length + 1, text)
    }
    for (const opened of ['{', '[', '(', '"x', "'x", '`x', '{ a: [', '<![CDATA[x', 'Bearer x']) {
      for (const name of [
        'password: ',
        '"apiKey":',
        'credentials=',
        'Authorization: ',
        'token: ',
      ]) {
        const masked = mask(`${name}${opened}\n  at f (a.js:1:2)\n]})"'\``, redactor)
        assert.ok(masked.endsWith('\n  at f (a.js:1:2)\n]})"\'`'), masked)
      }
    }
  })

  test('finds a secret in the middle of a text of any length', () => {
    for (const length of [0, 100, 4_000, 4_090, 8_100, 20_000]) {
      const text = `${'word '.repeat(length / 5)}password=hunter2x`
      assert.ok(mask(text, redactor).endsWith(`password=${redacted}`), String(length))
    }
  })
})

describe('formsOf()', () => {
  test('lets every kind through that is masked', () => {
    for (const { text } of kindsOf(3)) {
      if (mask(text, redactor) !== text) assert.notEqual(formsOf(text, redactor.grams), 0, text)
    }
  })

  test('lets every name through, in every case and spelling', () => {
    const shut: string[] = []
    for (const word of [...anywhere, ...endings, ...weak, ...likely, ...short]) {
      const parts = word.toLowerCase().split(' ')
      const capital = parts.map((part) => part[0]!.toUpperCase() + part.slice(1)).join('')
      const spellings = [parts.join('_'), parts.join('-'), capital, parts.join('_').toUpperCase()]
      for (const name of spellings.flatMap((spelling) => [spelling, `my_${spelling}`])) {
        if (redactor.strengthOf(name) === NONE) continue
        for (const text of [
          `${name}=`,
          `"${name}": `,
          `a ${name}: b`,
          `<${name}>`,
          `--${name} x`,
        ]) {
          if (nextName(text, 0, redactor.grams) === -1) shut.push(text)
        }
      }
    }
    assert.deepEqual(shut, [])
  })

  test('finds the same wherever it stands in a longer text', () => {
    // Short texts are looked at in another way.
    const texts = [...kindsOf(5).map(({ text }) => text), ...harmless(2_000, 5)].flatMap((text) =>
      [0, 20, 40].map((from) => text.slice(from, from + 26)).filter((piece) => piece.length > 8),
    )
    const different: string[] = []
    for (const text of texts) {
      const alone = formsOf(`  ${text}  `, redactor.grams)
      for (let before = 2; before < 10; before++) {
        const longer = ' '.repeat(before) + text + ' '.repeat(30 + (before % 3))
        if (formsOf(longer, redactor.grams) !== alone) different.push(longer)
      }
    }
    assert.deepEqual(different, [])
  })
})
