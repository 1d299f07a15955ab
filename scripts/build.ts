// `npm run build`: lib/ → dist/. The compiler checks everything and writes the declarations; with
// `--noCheck` it only writes them, in 6 s of the processor instead of 21 (Node 20.20, 2026-11).
// Meanwhile rolldown puts the modules, and what they use of TypeBox and fast-json-stringify, into a
// few files.
//
// `npm run build:fast` is for the tests: it makes build/ first, and runs this program from there.
// To load TypeScript and TypeBox through tsx took 3 s of the processor.
//
//   dist/index.js, cli.js    what is imported and started
//   dist/testing.js, otel.js, pino.js, ship.js: entry points of their own
//   dist/chunks/             what they share, and the parts of the command
//   dist/late/               what an event needs that has checks or loose values: CommonJS, as only
//                            that can be loaded at a call, without a promise, and be seen by a
//                            bundler
//   dist/**/*.d.ts           as the compiler writes them: the types of `Type` are TypeBox's own
//   dist/LICENSES.txt        of the packages within these files
//   schema/                  the JSON Schemas of the configuration and of an entry (schemas.ts)
//
// A file costs some 0.4 ms to import, and TypeBox has 700 of them: `import 'ringlog'` took 400 ms
// of processor from 917 files, and takes 30 ms from five (Node 20.20, 2026-11). The bundler has to
// leave `const` as it is: with esbuild, which makes it `var`, an untyped call took 340 ns instead
// of 260.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type OutputOptions, type Plugin, rolldown } from 'rolldown'
import { writeSchemas } from './schemas.ts'

/** npm starts its scripts here. */
const root = process.cwd()
const dist = join(root, 'dist')

/** Packages that stay where they are installed. */
const external = [
  'commander',
  'ffi-napi',
  'koffi',
  'ref-napi',
  'rotating-file-stream',
  '@nats-io/jetstream',
  '@nats-io/transport-node',
  'pg',
]

/** What is loaded when it is first called, by the module that a file of lib/ imports. */
const late = {
  'fast-json-stringify': {
    file: 'fast-json-stringify.cjs',
    facade: (load: string) => `export default (...given) => ${load}.default(...given)`,
  },
  'typebox/compile': {
    file: 'typebox-compile.cjs',
    facade: (load: string) => `export const Compile = (...given) => ${load}.Compile(...given)`,
  },
} as const

/**
 * What the library and the command share, and what only some commands need, have files of their
 * own.
 */
const groups = [
  { name: 'entry', test: /[\\/]lib[\\/](?:errors|entry)\b/, minShareCount: 2 },
  { name: 'typebox', test: /[\\/]node_modules[\\/]typebox[\\/]/ },
  {
    name: 'shared',
    // Of config/ all but the schema, which needs TypeBox.
    test: /[\\/]lib[\\/](?:directory|read|config[\\/](?:log-path|options|validate))\b/,
    minShareCount: 2,
  },
]

/** What is taken from the environment when it is loaded, by how it is written: by all modules. */
const environment = {
  ...taken('environment.ts', 'AbortController AbortSignal Map Promise Set URL WeakMap'),
  ...taken('environment.ts', 'stringify parse', 'JSON.'),
}
/** The same, of all but the late ones. */
const nodes = {
  ...taken('environment-of-node.ts', 'Buffer process'),
  ...taken(
    'environment-of-node.ts',
    'alloc allocUnsafe allocUnsafeSlow byteLength concat from isBuffer',
    'Buffer.',
  ),
}

function taken(name: string, names: string, holder = ''): { [written: string]: [string, string] } {
  const file = join(root, 'scripts', name)
  return Object.fromEntries(
    names
      .split(' ')
      .map((each) => [`${holder}${each}`, [file, `${holder}${each}`.replace('.', '_')]]),
  )
}

/** Puts a call of the late module in the place of the import of it. */
const lateModules: Plugin = {
  name: 'late modules',
  resolveId(name) {
    if (name in late) return `\0late ${name}`
    return name === 'late' ? { id: join(dist, 'late', 'index.cjs'), external: 'relative' } : null
  },
  load(id) {
    const name = id.slice('\0late '.length) as keyof typeof late
    if (!id.startsWith('\0late ') || !(name in late)) return null
    return `import late from 'late'\n${late[name].facade(`late[${JSON.stringify(name)}]()`)}`
  },
}

/**
 * Of fast-json-stringify, what looks at schemas from strangers is left out, Ajv with it: ours have
 * no unions and no conditions.
 */
const withoutValidators: Plugin = {
  name: 'without validators',
  load(id) {
    if (!id.includes('fast-json-stringify')) return null
    if (id.endsWith('/lib/schema-validator.js')) return 'module.exports = () => true'
    if (id.endsWith('/lib/validator.js')) return 'module.exports = class Validator {}'
    return id.endsWith('/lib/standalone.js') ? 'module.exports = undefined' : null
  },
}

/**
 * Formats stay TypeBox's own, and are loaded by the first schema that has one: users add theirs
 * there.
 */
const sharedFormats: Plugin = {
  name: 'shared formats',
  load(id) {
    if (!id.endsWith('/typebox/build/format/index.mjs')) return null
    return `export const Format = new Proxy({}, {
      get: (_, name) => (...given) => require('typebox/format').default[name](...given),
    })`
  },
}

/**
 * Who uses a chunk imports names of it. A bare import of one is left over, and bundlers of users
 * warn of it. The late modules are found from where the chunk is, whatever `dist` is called there.
 */
const mendedImports: Plugin = {
  name: 'mended imports',
  // The lines stay, and with them the map.
  renderChunk: (code) => ({
    code: code
      .replaceAll(/^import "\.[^"]+";$/gm, '')
      .replace('"../../dist/late/index.cjs"', '"../late/index.cjs"'),
    map: null,
  }),
}

/**
 * What the bundler adds makes its modules' exports from every member that an object has, inherited
 * ones included. A program that has put one on the prototype of all objects before the import could
 * not have loaded us: «Getter must be a function: 1».
 */
const ownExports: Plugin = {
  name: 'own exports',
  renderChunk(code) {
    const mended = code
      .replace('for (var name in all)', 'for (const name of Object.keys(all))')
      .replace('get: all[name]', '__proto__: null, get: all[name]')
      .replaceAll('toStringTag]: { value', 'toStringTag]: { __proto__: null, value')
      .replace('toStringTag, { value', 'toStringTag, { __proto__: null, value')
      .replaceAll('__esModule: { value', '__esModule: { __proto__: null, value')
    if (mended.includes('__exportAll =') && !mended.includes('toStringTag, { __proto__')) {
      throw new Error('Cannot bundle: expected exports made in the way that is known here')
    }
    return { code: mended, map: null }
  },
}

rmSync(dist, { recursive: true, force: true })
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const compiling = spawn(
  process.execPath,
  [compiler, '--emitDeclarationOnly', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
const [[status]] = await Promise.all([
  once(compiling, 'exit') as Promise<[number | null]>,
  bundleAll(),
])
if (status === 0) writeSchemas(join(root, 'schema'))
process.exitCode = status ?? 1

async function bundleAll(): Promise<void> {
  const bundled = new Set<string>()
  const command = await bundle(
    {
      index: 'lib/index.ts',
      cli: 'lib/cli.ts',
      testing: 'lib/testing.ts',
      otel: 'lib/otel.ts',
      pino: 'lib/pino.ts',
      ship: 'lib/ship.ts',
      'writer-thread': 'lib/writer-thread.ts',
    },
    [lateModules, mendedImports, ownExports],
    {
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'chunks/[name].js',
      sourcemap: true,
      sourcemapExcludeSources: true,
      codeSplitting: { groups },
    },
  )
  for (const id of command) bundled.add(id)
  for (const [name, { file }] of Object.entries(late)) {
    const found = await bundle({ [name]: name }, [withoutValidators, sharedFormats, ownExports], {
      format: 'cjs',
      entryFileNames: `late/${file}`,
      exports: 'named',
    })
    for (const id of found) bundled.add(id)
  }
  const loaders = Object.entries(late).map(
    ([name, { file }]) => `exports[${JSON.stringify(name)}] = () => require('./${file}')`,
  )
  writeFileSync(join(dist, 'late', 'index.cjs'), `'use strict'\n${loaders.join('\n')}\n`)
  writeFileSync(join(dist, 'LICENSES.txt'), licencesOf(bundled))
  chmodSync(join(dist, 'cli.js'), 0o755)
}

/** Bundles, and gives the files that have gone into it. */
async function bundle(
  input: { readonly [name: string]: string },
  plugins: Plugin[],
  output: OutputOptions,
): Promise<readonly string[]> {
  const build = await rolldown({
    cwd: root,
    input: { ...input },
    platform: 'node',
    transform: { inject: output.format === 'cjs' ? environment : { ...environment, ...nodes } },
    external: [...external, 'typebox/format'],
    plugins,
    onLog(level, log) {
      if (level === 'warn') throw new Error(`Cannot bundle: ${log.message}`)
    },
  })
  const { output: files } = await build.write({
    dir: dist,
    comments: { legal: true, annotation: true, jsdoc: false },
    ...output,
  })
  await build.close()
  return files.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
}

/** The licences of the packages to which files belong. */
function licencesOf(files: ReadonlySet<string>): string {
  const directories = new Set<string>()
  for (const file of files) {
    const directory = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file.replaceAll('\\', '/'))
    if (directory !== null) directories.add(directory[0])
  }
  const texts = [...directories].toSorted().map((directory) => {
    const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
      readonly name: string
      readonly version: string
    }
    const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry))
    if (file === undefined || !existsSync(join(directory, file))) {
      throw new Error(`Cannot bundle ${name}: expected a file with its licence`)
    }
    return `${name} ${version}\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`
  })
  return `The files of this directory contain parts of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}
