// `npm run build:tools`: lib/, test/, bench/ and scripts/ → build/, a file each, as Node runs them.
// Types are not looked at here, `npm run types` does that: esbuild takes 1 s of the processor for
// what took the compiler 13 (Node 20.20, 2026-11).
//
// What these files find of TypeBox and fast-json-stringify is one file each, below build/. Their
// thousand modules took 600 ms of the processor in every process that imports the library from
// there.

import { buildSync } from 'esbuild'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { rolldown } from 'rolldown'

const root = resolve(import.meta.dirname, '..')
const directory = join(root, 'build', 'node_modules')

/** An import of a neighbour, or text that looks like one. */
const ofNeighbour = /(?<=\b(?:from|import) ?\(?["'])(\.{1,2}\/[^"'\n]+)\.ts(?=["'])/g

const entryPoints = ['lib', 'test', 'bench', 'scripts'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name)),
)
const { outputFiles } = buildSync({
  absWorkingDir: root,
  entryPoints,
  outbase: '.',
  outdir: 'build',
  format: 'esm',
  platform: 'node',
  target: 'es2023',
  sourcemap: true,
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  charset: 'utf8',
  write: false,
})
const made = new Set(outputFiles.map(({ path }) => path))
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true })
  const withImports = text.replaceAll(ofNeighbour, (name: string, stem: string) =>
    made.has(resolve(dirname(path), `${stem}.js`)) ? `${stem}.js` : name,
  )
  writeFileSync(path, path.endsWith('.js') ? withImports : text)
}

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
