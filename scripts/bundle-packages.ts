// `npm run build:tools`: what the compiled tests and tools find of TypeBox and fast-json-stringify
// is one file each, below build/. Their thousand modules took 600 ms of the processor in every
// process that imports the library from there (Node 20.20, 2026-11).

import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const root = resolve(import.meta.dirname, '..')
const directory = join(root, 'build', 'node_modules')

/** The packages, and what is imported of each. */
const packages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  typebox: { '.': 'index', './compile': 'compile', './format': 'format', './value': 'value' },
  'fast-json-stringify': { '.': 'index' },
}

for (const [name, entries] of Object.entries(packages)) {
  const input = Object.fromEntries(
    Object.entries(entries).map(([path, file]) => [file, join(name, path)]),
  )
  const build = await rolldown({ cwd: root, input, platform: 'node' })
  await build.write({ dir: join(directory, name), format: 'esm' })
  await build.close()
  const exported = Object.entries(entries).map(([path, file]) => [path, `./${file}.js`])
  mkdirSync(join(directory, name), { recursive: true })
  const description = { name, type: 'module', exports: Object.fromEntries(exported) as unknown }
  writeFileSync(join(directory, name, 'package.json'), JSON.stringify(description))
}
