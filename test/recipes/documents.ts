// Recipes are taken out of the documents themselves, so that what is tested is what is printed. A
// recipe is a fenced block with its name in a comment before it: <!-- recipe: NAME -->.

import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root: string = resolve(import.meta.dirname, '..', '..').replace(/[\\/]build$/, '')

interface Recipe {
  readonly name: string
  /** The document it stands in. */
  readonly file: string
  readonly language: string
  readonly text: string
}

export const recipes: readonly Recipe[] = readdirSync(join(root, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) => {
    const found = readFileSync(join(root, 'docs', file), 'utf8').matchAll(
      /^<!-- recipe: (\S+) -->\n\n```(\w*)\n([^]*?)^```$/gm,
    )
    return [...found].map(([, name = '', language = '', text = '']) => {
      return { name, file, language, text }
    })
  })

/** The text of a recipe, with some of its words replaced by those of a test. */
export function recipe(name: string, replaced: Readonly<Record<string, string>> = {}): string {
  const found = recipes.find((one) => one.name === name)
  if (found === undefined) throw new Error(`Cannot find the recipe ${name} in docs/`)
  let { text } = found
  for (const [word, other] of Object.entries(replaced)) {
    if (!text.includes(word)) throw new Error(`Cannot use the recipe ${name}: no ${word} in it`)
    text = text.replaceAll(word, () => other)
  }
  return text
}

/** Why a test cannot run here that needs these tools, and root where it says so; else false. */
export function lacks(tools: readonly string[], needsRoot = false): string | false {
  if (process.platform !== 'linux') return 'needs Linux'
  if (needsRoot && process.getuid?.() !== 0) return 'needs root'
  const missing = tools.filter((tool) => spawnSync('which', [tool]).status !== 0)
  return missing.length > 0 && `needs ${missing.join(', ')}`
}
