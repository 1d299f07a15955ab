// Numbers with words, in what the commands print.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { counted, verbOf } from '../../lib/command/count.ts'

describe('counted()', () => {
  test('has one of a thing, and several of it', () => {
    assert.deepEqual(
      [0, 1, 2].map((count) => ['log', 'entry', 'category'].map((word) => counted(count, word))),
      [
        ['0 logs', '0 entries', '0 categories'],
        ['1 log', '1 entry', '1 category'],
        ['2 logs', '2 entries', '2 categories'],
      ],
    )
    assert.deepEqual([verbOf(1, 'is', 'are'), verbOf(0, 'is', 'are')], ['is', 'are'])
  })

  test('is what the commands count with: none has a plural behind a number by itself', () => {
    const folder = join('lib', 'command')
    const plural = /\$\{[^}]+\} (?:more )?(?:\w{2,}[^s\W]s|copies|entries)\b/g
    const found = readdirSync(folder).flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(plural)].map(
        ([text]) => `${file}: ${text}`,
      ),
    )
    assert.deepEqual(found, [])
  })
})
