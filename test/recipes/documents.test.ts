// Each recipe of docs/ is run by a file of this folder, or says that it is not.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { recipe, recipes, root } from './documents.ts'

describe('the recipes of docs/', () => {
  it('are run, each by its name', () => {
    const folder = join(root, 'test', 'recipes')
    const tests = readdirSync(folder)
      .filter((file) => /\.(?:recipe|test)\.ts$/.test(file))
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
})
