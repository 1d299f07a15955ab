// `npm run docs:api`: the API reference in docs/api/, from the docstrings of lib/. With --check it
// changes nothing, and ends with 1 when the reference is out of date.
//
// typedoc uses the interface of TypeScript 5, which version 7 does not have: it is given version 5
// under its name.

import { mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { register } from 'node:module'
import { join, resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'

const root = resolve(import.meta.dirname, '..')
const reference = join(root, 'docs', 'api')

const typescript = JSON.stringify(import.meta.resolve('typescript-5'))
const hook = `export async function resolve(name, context, next) {
  return name === 'typescript' ? { url: ${typescript}, shortCircuit: true } : next(name, context)
}`
register(`data:text/javascript,${encodeURIComponent(hook)}`)
const { Application } = await import('typedoc')

/** What `exports` of package.json leads to, each from its source. */
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>
}
const entryPoints = Object.values(exports).flatMap((target) => {
  if (typeof target === 'string') return []
  return join(root, target.default.replace('./dist/', 'lib/').replace(/\.js$/, '.ts'))
})

/** Options of the plugin, which typedoc's own types do not know. */
const pages = { hidePageHeader: true, hideBreadcrumbs: true, useCodeBlocks: true, router: 'member' }

/** Beside the place where it will stand, so that a rename moves it. */
const made = mkdtempSync(join(root, 'docs', '.api-'))
try {
  await generate(made)
  if (!process.argv.includes('--check')) {
    rmSync(reference, { recursive: true, force: true })
    renameSync(made, reference)
  } else if (textOf(made) !== textOf(reference)) {
    console.error('docs/api/ is out of date: run npm run docs:api')
    process.exitCode = 1
  }
} finally {
  rmSync(made, { recursive: true, force: true })
}

async function generate(directory: string): Promise<void> {
  const application = await Application.bootstrapWithPlugins({
    plugin: ['typedoc-plugin-markdown'],
    entryPoints,
    tsconfig: join(root, 'tsconfig.json'),
    name: 'API',
    readme: 'none',
    // Places in the source change with every line above them.
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    excludeExternals: true,
    // The default is to empty docs/ and to write there.
    cleanOutputDir: false,
    outputs: [{ name: 'markdown', path: directory }],
    logLevel: 'Warn',
    // The compiler of the project has checked them.
    skipErrorChecking: true,
    ...pages,
  })
  const project = await application.convert()
  if (project === undefined) throw new Error('Cannot make the reference: typedoc gave none')
  for (const module of project.children ?? []) {
    module.name = module.name === 'index' ? 'ringlog' : `ringlog/${module.name}`
  }
  await application.generateOutputs(project)
  for (const file of filesIn(directory)) {
    const path = join(directory, file)
    const options = { ...(await resolveConfig(join(reference, file))), parser: 'markdown' }
    writeFileSync(path, await format(readFileSync(path, 'utf8'), options))
  }
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .toSorted()
}

function textOf(directory: string): string {
  return filesIn(directory)
    .map((file) => `${file}\n${readFileSync(join(directory, file), 'utf8')}`)
    .join('\n')
}
