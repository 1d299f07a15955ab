// Checks the package as its users get it: packs it, looks at what is in the tarball, has publint
// and attw judge it, unpacks it into a project of its own, and there compiles a program against it
// and runs it with plain node.
//
// Needs no network: the project's dependencies are links to those installed here, the declared ones
// and no others, so that an import which no dependency answers for fails. Expects dist/ to be
// fresh.

import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync } from 'node:fs'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as esbuild } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { rolldown } from 'rolldown'

/** What `import('ringlog')` must give. */
const names: readonly string[] = [
  'ConfigError',
  'Type',
  'createLogger',
  'defineEvent',
  'formatEntry',
  'loadConfig',
  'streamLogs',
]

/** All that belongs into the tarball. */
const allowed: readonly RegExp[] = [
  /^(?:package\.json|(?:README|CHANGELOG|CONTRIBUTING|bench\/README)\.md|LICENSE)$/,
  /^docs\/.+\.(?:md|svg)$/,
  /^docs\/examples\/[\w-]+(?:\.test)?\.mjs$/,
  /^schema\/(?:logging|system|entry)\.json$/,
  /^dist\/(?:index|cli|testing|otel|pino|ship|writer-thread|chunks\/[\w-]+)\.js(?:\.map)?$/,
  /^dist\/late\/[\w-]+\.cjs$/,
  /^dist\/LICENSES\.txt$/,
  /^dist\/.+\.d\.ts(?:\.map)?$/,
  /^lib\/.+\.ts$/,
]

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const project = mkdtempSync(join(tmpdir(), 'ringlog-package-'))
const installed = join(project, 'node_modules', 'ringlog')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly bin?: { readonly [name: string]: string }
  readonly dependencies: { readonly [name: string]: string }
}

const checks: readonly (readonly [string, () => unknown])[] = [
  ['what is in it', checkFiles],
  ['publint', checkWithPublint],
  [
    'attw',
    () => run('npm', ['exec', '--offline', '--', 'attw', tarball(), '--profile', 'esm-only'], root),
  ],
  ['import', checkImport],
  ['commands', checkCommands],
  ['a program that uses it', checkConsumer],
  ['a program that is bundled with it', checkBundled],
]

try {
  unpack()
  for (const [name, check] of checks) {
    try {
      await check()
      console.log(`ok      package: ${name}`)
    } catch (error) {
      console.error(
        `failed  package: ${name}\n${String(error instanceof Error ? error.message : error)}`,
      )
      process.exitCode = 1
    }
  }
} finally {
  rmSync(project, { recursive: true, force: true })
}

/** Packs, and unpacks where npm would install it. */
function unpack(): void {
  run('npm', ['pack', '--silent', '--pack-destination', project], root)
  mkdirSync(installed, { recursive: true })
  run('tar', ['-xzf', tarballName(), '-C', 'node_modules/ringlog', '--strip-components=1'], project)
  for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
    const link = join(project, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), link, 'junction')
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }')
}

function tarballName(): string {
  const name = readdirSync(project).find((file) => file.endsWith('.tgz'))
  if (name === undefined) throw new Error('npm pack made no tarball')
  return name
}

function tarball(): string {
  return join(project, tarballName())
}

function belongs(file: string): boolean {
  return allowed.some((pattern) => pattern.test(file))
}

function checkFiles(): void {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1))
    .map((file) => file.replaceAll('\\', '/'))
  const needed = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'lib/index.ts']
  // What README shows.
  needed.push('docs/terminal.svg', 'docs/bench-rates.svg', 'docs/architecture.md')
  for (const file of files) {
    const module = /^lib\/(.+)\.ts$/.exec(file)?.[1]
    if (module === undefined) continue
    needed.push(`dist/${module}.d.ts`, `dist/${module}.d.ts.map`)
  }
  needed.push('dist/index.js', 'dist/cli.js', 'dist/late/index.cjs', 'dist/LICENSES.txt')
  needed.push('dist/testing.js', 'dist/otel.js', 'dist/pino.js', 'dist/ship.js')
  needed.push('schema/logging.json', 'schema/system.json', 'schema/entry.json')
  const isStale = (file: string): boolean => file.includes('.d.ts') && !needed.includes(file)
  const faults = [
    ...needed.filter((file) => !files.includes(file)).map((file) => `lacks ${file}`),
    ...files
      .filter((file) => !belongs(file))
      .map((file) => `has ${file}, which does not belong there`),
    ...files
      .filter((file) => belongs(file) && isStale(file))
      .map((file) => `has ${file}, which comes from no file of lib/`),
  ]
  if (faults.length > 0) throw new Error(faults.map((fault) => `The tarball ${fault}`).join('\n'))
}

async function checkWithPublint(): Promise<void> {
  const bytes = readFileSync(tarball())
  const content = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const { messages, pkg } = await publint({ pack: { tarball: content }, strict: true })
  const faults = messages.map((message) => formatMessage(message, pkg) ?? message.code)
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

function checkImport(): void {
  const list = 'console.log(JSON.stringify(Object.keys(ringlog)))'
  for (const load of ["import * as ringlog from 'ringlog'", "const ringlog = require('ringlog')"]) {
    const type = load.startsWith('import') ? 'module' : 'commonjs'
    const flags = ['--no-warnings', `--input-type=${type}`, '--eval', `${load}; ${list}`]
    const found = JSON.parse(run(process.execPath, flags, project)) as string[]
    const missing = names.filter((name) => !found.includes(name))
    if (missing.length > 0) throw new Error(`${load}: lacks ${missing.join(', ')}`)
  }
  checkMissingPeer()
  const schema = "console.log(require('ringlog/schema/entry.json').title)"
  run(process.execPath, ['--input-type=commonjs', '--eval', schema], project)
}

/** Whoever imports what needs a package that is not installed learns which, in one sentence. */
function checkMissingPeer(): void {
  const load =
    "import('ringlog/otel').then(() => console.log('loaded'), ({ message }) => console.log(message))"
  const said = run(process.execPath, ['--input-type=module', '--eval', load], project).trim()
  if (/^Cannot import ringlog\/otel: .*npm install @opentelemetry\/api$/.test(said)) return
  throw new Error(`import('ringlog/otel') without its peer: ${said}`)
}

function checkCommands(): void {
  for (const path of Object.values(manifest.bin ?? {})) {
    const program = join(installed, path)
    run(process.execPath, [program, '--help'], project)
    for (const [url, clients] of [
      ['nats://127.0.0.1:1/LOGS', '@nats-io/transport-node @nats-io/jetstream'],
      ['postgres://127.0.0.1:1/logs', 'pg'],
    ] as const) {
      const { status, stderr } = spawnSync(process.execPath, [program, 'tail', '--from', url], {
        cwd: project,
        encoding: 'utf8',
      })
      if (status === 1 && stderr.endsWith(`got none: npm install ${clients}\n`)) continue
      throw new Error(`ringlog tail --from ${url} without its client: ${status}, ${stderr}`)
    }
  }
}

function checkConsumer(): void {
  copyFileSync(join(root, 'scripts', 'consumer.ts'), join(project, 'consumer.ts'))
  const compilerOptions = {
    target: 'es2022',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
  }
  const files = ['consumer.ts']
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc')], project)
  run(process.execPath, ['consumer.js'], project)
}

/** Runs a program that `write` puts into a directory of its own. */
async function runAlone(name: string, write: (file: string) => Promise<unknown>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'ringlog-bundled-'))
  try {
    await write(join(directory, name))
    run(process.execPath, [name], directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * The same program as one file, alone in a directory: nothing that it needs may be hidden from a
 * bundler.
 */
async function checkBundled(): Promise<void> {
  const input = join(project, 'consumer.js')
  const external = ['ffi-napi', 'koffi', 'ref-napi']
  await runAlone('esbuild.mjs', (outfile) =>
    esbuild({
      entryPoints: [input],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external,
    }),
  )
  await runAlone('rolldown.mjs', async (file) => {
    const build = await rolldown({ input, platform: 'node', external })
    await build.write({ file, format: 'esm', codeSplitting: false })
    await build.close()
  })
}

/** Runs a program to its end and returns what it printed. */
function run(command: string, args: readonly string[], cwd: string): string {
  // On Windows npm is a script, which only a shell runs.
  const shell = process.platform === 'win32' && command === 'npm'
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    shell,
    encoding: 'utf8',
  })
  if (error) throw error
  if (status === 0) return stdout
  throw new Error(`${[command, ...args].join(' ')} ended with ${status}:\n${stdout}${stderr}`)
}
