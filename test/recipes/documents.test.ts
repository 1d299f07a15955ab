// Each recipe of docs/ is run by a file of this folder, or says that it is not.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { levelNames } from '../../lib/entry/level.ts'
import { formatEntry } from '../../lib/read/format-entry.ts'
import { recipe, recipes, root } from './documents.ts'

describe('the recipes of docs/', () => {
  it('are run, each by its name', () => {
    const folder = join(root, 'test', 'recipes')
    const tests = readdirSync(folder)
      .filter((file) => /\.(?:process|recipe|test)\.ts$/.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8'))
    assert.ok(recipes.length >= 8, `${recipes.length} recipes`)
    const others = recipes.filter(({ name }) => !tests.some((text) => text.includes(`'${name}'`)))
    assert.deepEqual(
      others.map(({ name }) => name),
      [],
    )
  })

  it('have a name of their own, and words that a test can replace', () => {
    const names = recipes.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    assert.throws(() => recipe('none'), /Cannot find the recipe/)
    assert.throws(() => recipe('Dockerfile', { 'no such word': '' }), /no no such word in it/)
  })

  it('are well-formed, also those that nothing runs', () => {
    for (const file of readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))) {
      const text = readFileSync(join(root, 'docs', file), 'utf8')
      for (const [, language, block = ''] of text.matchAll(/^```(ya?ml|json)\n([^]*?)^```$/gm)) {
        if (language !== 'json') assert.doesNotThrow(() => parse(block) as unknown, file)
        else if (!block.startsWith('{"timestamp"')) {
          assert.doesNotThrow(() => JSON.parse(block) as unknown, file)
        }
      }
    }
  })

  it('show human lines as they are written', () => {
    const pattern = /^\[(\S+) (\S+)\] +(\w+) +\| +(\w+) +\|(?: ([^ |]+) +\|)? ([^\n]+)$/gm
    const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
    const lines = pages.flatMap((file) => {
      const text = readFileSync(join(root, 'docs', file), 'utf8')
      return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].flatMap(([, , block = '']) => [
        ...block.matchAll(pattern),
      ])
    })
    assert.ok(lines.length >= 3, `${lines.length} lines`)
    for (const [line, day, time, level, category, account_id, message] of lines) {
      assert.ok((levelNames as readonly unknown[]).includes(level), line)
      const entry = { timestamp: `${day}T${time}.000+00:00`, level, category, account_id, message }
      assert.equal(line, formatEntry(entry as Parameters<typeof formatEntry>[0]))
    }
  })
})
