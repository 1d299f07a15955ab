// The layout as a test: a folder is a station of the data, and each rule is shown to fail on a tree
// that breaks it.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import { describe, it } from 'node:test'
import type { Node, SourceFile } from 'typescript-5'
import { ts } from '../scripts/typescript.ts'
import { type ShownElsewhere, shownElsewhere } from './shown-elsewhere.ts'

/** The files of lib/ by path, `capture/ring.ts`, with their text. */
type Tree = ReadonlyMap<string, string>

/** Tells what breaks a rule, each in one sentence. */
type Rule = (tree: Tree) => string[]

/**
 * What each station may import from, beside packages and itself. An entry passes them in this
 * order.
 */
const floors: { readonly [station: string]: readonly string[] } = {
  'errors.ts': ['entry'],
  entry: [],
  redact: ['entry'],
  config: ['errors.ts', 'entry', 'redact'],
  directory: ['errors.ts', 'entry', 'config'],
  capture: ['entry'],
  encode: ['entry', 'redact', 'capture'],
  event: ['entry', 'redact', 'config', 'capture', 'encode'],
  sinks: ['entry', 'directory'],
  deliver: ['errors.ts', 'entry', 'directory', 'capture', 'encode', 'sinks'],
  journal: ['errors.ts', 'entry', 'redact', 'directory', 'capture', 'encode', 'event', 'sinks'],
  thread: [
    'errors.ts',
    'entry',
    'redact',
    'config',
    'directory',
    'capture',
    'encode',
    'sinks',
    'deliver',
    'journal',
  ],
  logger: [
    'errors.ts',
    'entry',
    'redact',
    'directory',
    'config',
    'capture',
    'encode',
    'event',
    'sinks',
    'deliver',
    'journal',
    'thread',
  ],
  'writer-thread.ts': ['logger', 'thread'],
  read: ['errors.ts', 'entry', 'config', 'directory'],
  ship: ['errors.ts', 'entry', 'config', 'directory', 'read'],
  command: ['errors.ts', 'entry', 'directory', 'config', 'sinks', 'read', 'ship'],
  'index.ts': [
    'errors.ts',
    'entry',
    'directory',
    'config',
    'event',
    'deliver',
    'logger',
    'read',
    'ship',
  ],
  pino: ['entry', 'logger'],
  'testing.ts': ['logger'],
  'otel.ts': ['logger'],
  'pino.ts': ['pino'],
  'ship.ts': ['read', 'ship'],
  'cli.ts': ['command', 'entry'],
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: { readonly [name: string]: string }
  readonly optionalDependencies?: { readonly [name: string]: string }
  readonly peerDependencies: { readonly [name: string]: string }
}
/** Users have these as a part of dist/, where scripts/build.ts puts them. */
const bundled = ['fast-json-stringify']
const packages = [
  ...Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }),
  ...bundled,
]
/** Those who ship install these: ship/ alone may load them, when a URL asks for them. */
const peers = Object.keys(manifest.peerDependencies)

/** Without the lines that are comments: examples in them import as well. */
function codeOf(text: string): string {
  return text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
}

const importsByText = new Map<string, readonly string[]>()

/** What a file imports, types included, as it is written there. Each text is searched once. */
function importsOf(text: string): readonly string[] {
  const known = importsByText.get(text) ?? searchImports(text)
  importsByText.set(text, known)
  return known
}

function searchImports(text: string): readonly string[] {
  const forms = [
    /^\s*(?:import|export)\b[^'"()]*?\bfrom\s*['"]([^'"]+)['"]/gm,
    /^\s*import\s*['"]([^'"]+)['"]/gm,
    /\b(?:import|require)\(\s*['"]([^'"]+)['"]\s*\)/g,
  ]
  const code = codeOf(text)
  return forms.flatMap((form) => [...code.matchAll(form)].map(([, name]) => name ?? ''))
}

/** The files of the tree that a file imports. */
function neighboursOf(tree: Tree, file: string): string[] {
  return importsOf(tree.get(file) ?? '')
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(file), name))
}

function placeOf(file: string): string {
  return file.split('/')[0] ?? ''
}

const everyImportLeadsToAFile: Rule = (tree) =>
  [...tree.keys()].flatMap((file) =>
    neighboursOf(tree, file)
      .filter((target) => !tree.has(target))
      .map((target) => `${file} imports ${target}, which is not there`),
  )

const noCircles: Rule = (tree) => {
  const found: string[] = []
  const done = new Set<string>()
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) {
      found.push(`${[...way.slice(way.indexOf(file)), file].join(' -> ')} is a circle`)
    } else if (!done.has(file)) {
      for (const target of neighboursOf(tree, file)) visit(target, [...way, file])
      done.add(file)
    }
  }
  for (const file of tree.keys()) visit(file, [])
  return found
}

const importsPointDown: Rule = (tree) =>
  [...tree.keys()].flatMap((file) => {
    const floor = floors[placeOf(file)]
    if (floor === undefined) return [`${file} stands in no known place`]
    return neighboursOf(tree, file)
      .filter((target) => placeOf(target) !== placeOf(file) && !floor.includes(placeOf(target)))
      .map((target) => `${file} imports ${target}`)
  })

const packagesAreDeclared: Rule = (tree) =>
  [...tree].flatMap(([file, text]) =>
    importsOf(text)
      .filter((name) => !name.startsWith('.') && !(name.startsWith('node:') && isBuiltin(name)))
      .filter((name) => !(placeOf(file) === 'ship' && peers.includes(name)))
      .filter((name) => !packages.some((known) => name === known || name.startsWith(`${known}/`)))
      .map((name) => `${file} imports ${name}, which users do not have`),
  )

const onlyTheCommandTouchesTheProcess: Rule = (tree) => {
  const forms = [
    /\bprocess\s*\??\.\s*(?:argv|stdout)\b/,
    /\bprocess\s*\[\s*['"`](?:argv|stdout)/,
    /\{[^}]*\b(?:argv|stdout)\b[^}]*\}\s*(?:=\s*process\b|from\s*['"](?:node:)?process['"])/,
    // These print to stdout as well.
    /\bconsole\s*\??\.\s*(?:log|info|debug|dir|table|group|time|count)\w*\s*\(/,
  ]
  return [...tree]
    .filter(([file, text]) => file !== 'cli.ts' && forms.some((form) => form.test(codeOf(text))))
    .map(([file]) => `${file} touches process.argv or process.stdout`)
}

/** What a user imports or starts. */
const entries = [
  'writer-thread.ts',
  'index.ts',
  'cli.ts',
  'testing.ts',
  'otel.ts',
  'pino.ts',
  'ship.ts',
]

const everyFileIsReached: Rule = (tree) => {
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (!tree.has(file) || reached.has(file)) return
    reached.add(file)
    for (const target of neighboursOf(tree, file)) visit(target)
  }
  for (const entry of entries) visit(entry)
  return [...tree.keys()]
    .filter((file) => !reached.has(file))
    .map((file) => `${file} is reached from no entry point`)
}

const noFileNameOccursTwice: Rule = (tree) => {
  const folders = new Map<string, string[]>()
  for (const file of tree.keys()) {
    const name = posix.basename(file)
    folders.set(name, [...(folders.get(name) ?? []), posix.dirname(file)])
  }
  return [...folders]
    .filter(([, places]) => places.length > 1)
    .map(([name, places]) => `${name} stands in ${places.join(' and ')}`)
}

const syntaxByText = new Map<string, SourceFile>()

/** The tree of a text. Each is parsed once, for all rules. */
function syntaxOf(text: string): SourceFile {
  const known = syntaxByText.get(text)
  if (known !== undefined) return known
  const source = ts.createSourceFile('a.ts', text, {
    languageVersion: ts.ScriptTarget.Latest,
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
  })
  syntaxByText.set(text, source)
  return source
}

/** Lines of a function at most: what fits on a screen. */
const functionLinesMax = 70

/** Longer functions, each in one sentence. */
const functionsFitOnAScreen: Rule = (tree) =>
  [...tree].flatMap(([file, text]) => {
    if (text.split('\n').length <= functionLinesMax) return []
    const source = syntaxOf(text)
    const lineOf = (at: number): number => source.getLineAndCharacterOfPosition(at).line
    const found: string[] = []
    const visit = (node: Node): void => {
      if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
        const first = lineOf(node.getStart(source))
        const lines = lineOf(node.end) - first + 1
        if (lines > functionLinesMax)
          found.push(`${file}:${first + 1} has a function of ${lines} lines`)
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
    return found
  })

/** Columns of a comment at most. What a linter is told stands on one line. */
const commentColumnsMax = 100

const commentsFitTheirWidth: Rule = (tree) =>
  [...tree].flatMap(([file, text]) =>
    text.split('\n').flatMap((line, at) => {
      const isComment = /^\s*(?:\/\/|\/?\*)/.test(line) && !line.includes('oxlint-disable')
      return isComment && line.length > commentColumnsMax
        ? [`${file}:${at + 1} has a comment of ${line.length} columns`]
        : []
    }),
  )

/** Each rule, a tree that breaks it, and what the rule says of that tree. */
const rules: readonly (readonly [string, Rule, { readonly [file: string]: string }, string])[] = [
  [
    'every import leads to a file',
    everyImportLeadsToAFile,
    { 'capture/ring.ts': `export { a } from './batch.ts'` },
    'capture/ring.ts imports capture/batch.ts, which is not there',
  ],
  [
    'no imports go in a circle',
    noCircles,
    {
      'entry/a.ts': `import { b } from './b.ts'`,
      'entry/b.ts': `import {\n  c,\n} from './c.ts'`,
      'entry/c.ts': `export * from './b.ts'`,
    },
    'entry/b.ts -> entry/c.ts -> entry/b.ts is a circle',
  ],
  [
    'no imports of types go in a circle',
    noCircles,
    {
      'entry/a.ts': `import type { B } from './b.ts'`,
      'entry/b.ts': `export type A = import('./a.ts').A`,
    },
    'entry/a.ts -> entry/b.ts -> entry/a.ts is a circle',
  ],
  [
    'the sinks do not import read/',
    importsPointDown,
    { 'sinks/a.ts': `import type { B } from '../read/b.ts'` },
    'sinks/a.ts imports read/b.ts',
  ],
  [
    'read/ does not import the write side',
    importsPointDown,
    { 'read/a.ts': `export const b = await import('../deliver/b.ts')` },
    'read/a.ts imports deliver/b.ts',
  ],
  [
    'read/ imports nothing of ship/',
    importsPointDown,
    { 'read/a.ts': `import { ship } from '../ship/b.ts'` },
    'read/a.ts imports ship/b.ts',
  ],
  [
    'directory/ imports nothing of the logger',
    importsPointDown,
    { 'directory/a.ts': `import '../logger/b.ts'` },
    'directory/a.ts imports logger/b.ts',
  ],
  [
    'directory/ imports nothing of read/',
    importsPointDown,
    { 'directory/a.ts': `import b from "../read/b.ts"` },
    'directory/a.ts imports read/b.ts',
  ],
  [
    'entry/ imports nothing of directory/',
    importsPointDown,
    { 'entry/a.ts': `export type { B } from '../directory/b.ts'` },
    'entry/a.ts imports directory/b.ts',
  ],
  [
    'errors.ts imports nothing but words',
    importsPointDown,
    { 'errors.ts': `import { resolveConfig } from './config/resolve.ts'` },
    'errors.ts imports config/resolve.ts',
  ],
  [
    'nothing imports the entry points',
    importsPointDown,
    { 'read/a.ts': `import { createLogger } from '../index.ts'` },
    'read/a.ts imports index.ts',
  ],
  [
    'no other folder grows',
    importsPointDown,
    { 'utils/a.ts': '' },
    'utils/a.ts stands in no known place',
  ],
  [
    'no development dependency is imported',
    packagesAreDeclared,
    { 'read/a.ts': `import type fc from 'fast-check'` },
    'read/a.ts imports fast-check, which users do not have',
  ],
  [
    'clients of engines are imported by ship/ alone',
    packagesAreDeclared,
    { 'read/a.ts': `import type { Client } from 'pg'`, 'ship/b.ts': `const b = import('pg')` },
    'read/a.ts imports pg, which users do not have',
  ],
  [
    'parts of Node are imported as such',
    packagesAreDeclared,
    { 'read/a.ts': `import { join } from 'path'` },
    'read/a.ts imports path, which users do not have',
  ],
  ...[
    `process.stdout.write('a')`,
    'const [node] = process.argv',
    `process['stdout'].write('a')`,
    'const { env, argv } = process',
    `import { stdout } from 'node:process'`,
    `console.log('a')`,
  ].map(
    (text) =>
      [
        `only cli.ts touches process.argv and process.stdout: ${text}`,
        onlyTheCommandTouchesTheProcess,
        { 'read/a.ts': text, 'cli.ts': text },
        'read/a.ts touches process.argv or process.stdout',
      ] as const,
  ),
  [
    'no file name occurs twice',
    noFileNameOccursTwice,
    { 'read/verify.ts': '', 'command/verify.ts': '', 'command/tail.ts': '' },
    'verify.ts stands in read and command',
  ],
  [
    'no function is longer than 70 lines',
    functionsFitOnAScreen,
    {
      'read/a.ts': `const a = () => {\n${'a()\n'.repeat(68)}}\nclass B {\n  b() {\n${'b()\n'.repeat(69)}}\n}`,
    },
    'read/a.ts:72 has a function of 71 lines',
  ],
  [
    'no comment is wider than 100 columns',
    commentsFitTheirWidth,
    { 'read/a.ts': `// ${'a'.repeat(97)}\n  // ${'b'.repeat(96)}\nconst c = '${'c'.repeat(99)}'` },
    'read/a.ts:2 has a comment of 101 columns',
  ],
  [
    'every file is reached from the entry points',
    everyFileIsReached,
    {
      'index.ts': `export { a } from './read/a.ts'`,
      'cli.ts': `import { b } from './read/b.ts'`,
      'read/a.ts': '',
      'read/b.ts': '',
      'read/c.ts': `import './a.ts'`,
    },
    'read/c.ts is reached from no entry point',
  ],
]

/** Whether a file has a function that does something. */
function hasBehaviour(text: string): boolean {
  const visit = (node: Node): boolean =>
    (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) ||
    ts.forEachChild(node, visit) === true
  return visit(syntaxOf(text))
}

/** What the files of each tree lead to. */
const reaches = new WeakMap<Tree, Map<string, ReadonlySet<string>>>()

/** A file, and all to which it leads by its imports. */
function reachOf(files: Tree, from: string): ReadonlySet<string> {
  const known = reaches.get(files) ?? new Map<string, ReadonlySet<string>>()
  reaches.set(files, known)
  const before = known.get(from)
  if (before !== undefined) return before
  const found = new Set([from])
  // What is added to a set is come to as well.
  for (const file of found) for (const next of neighboursOf(files, file)) found.add(next)
  known.set(from, found)
  return found
}

/**
 * What of lib/ no test shows: each file with behaviour has one of its name, or is said to be shown
 * by others, which lead to it.
 */
function untested(tree: Tree, tests: Tree, elsewhere: readonly ShownElsewhere[]): string[] {
  const all = new Map([
    ...[...tree].map(([file, text]) => [`lib/${file}`, text] as const),
    ...[...tests].map(([file, text]) => [`test/${file}`, text] as const),
  ])
  const isNamed = (file: string): boolean =>
    ['test', 'process'].some((kind) => tests.has(file.replace(/\.ts$/, `.${kind}.ts`)))
  const listed = new Set(elsewhere.flatMap(({ files }) => files))
  const found = [...tree]
    .filter(([file]) => !entries.includes(file) && !isNamed(file) && !listed.has(file))
    .filter(([, text]) => hasBehaviour(text))
    .map(
      ([file]) =>
        `${file} has no test: test/${file.replace(/\.ts$/, '.test.ts')} is not there, nor a line in shown-elsewhere.ts`,
    )
  for (const { files, by } of elsewhere) {
    for (const file of files) {
      if (isNamed(file)) found.push(`${file} is said to be shown elsewhere, and has its own test`)
      else if (!hasBehaviour(tree.get(file) ?? '')) found.push(`${file} has nothing to be shown`)
      else if (!by.some((test) => shows(all, test, file))) {
        found.push(`${file} is not reached from ${by.join(' or ')}`)
      }
    }
  }
  return found
}

/** Whether a test can show a file: it leads to it, or starts what was built. */
function shows(all: Tree, test: string, file: string): boolean {
  if (!all.has(`test/${test}`)) return false
  return !test.endsWith('.test.ts') || reachOf(all, `test/${test}`).has(`lib/${file}`)
}

function treeOf(folder: string): Tree {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll('\\', '/'))
  return new Map(names.map((name) => [name, readFileSync(posix.join(folder, name), 'utf8')]))
}

const lib = treeOf('lib')

describe('lib/', () => {
  it('is read, with its imports', () => {
    assert.ok(lib.size > 20, `${lib.size} files`)
    assert.ok(neighboursOf(lib, 'logger/create-logger.ts').includes('entry/level.ts'))
    assert.ok(importsOf(lib.get('event/event-definition.ts') ?? '').includes('typebox'))
    assert.deepEqual(importsOf(` * import a from 'a'\n// import 'b'\nimport c from 'c'`), ['c'])
  })

  it('test/, bench/ and scripts/ have no wide comment either', () => {
    for (const folder of ['test', 'bench', 'scripts']) {
      assert.deepEqual(commentsFitTheirWidth(treeOf(folder)), [])
    }
  })

  it('bench/ and scripts/ have no function longer than 70 lines either', () => {
    for (const folder of ['bench', 'scripts']) {
      const tree = treeOf(folder)
      assert.ok(tree.size > 10, `${tree.size} files`)
      assert.deepEqual(functionsFitOnAScreen(tree), [])
    }
  })

  it('tells how long its files are', (t) => {
    const sizes = [...lib].map(([file, text]) => [text.split('\n').length, file] as const)
    const longest = sizes.toSorted(([a], [b]) => b - a).slice(0, 5)
    t.diagnostic(`longest: ${longest.map(([lines, file]) => `${file} ${lines}`).join(', ')}`)
  })

  it('each file that holds behaviour has a test, of its name or said to be another', () => {
    assert.deepEqual(untested(lib, treeOf('test'), shownElsewhere), [])
    const tree: Tree = new Map([
      ['read/a.ts', `export class A { b(): void {} }`],
      ['read/b.ts', `export const b = (): number => 1`],
      ['read/c.ts', `export interface C { d(): string }\nexport type E = () => void`],
      ['read/f.ts', `export function f(): void {}`],
    ])
    const tests: Tree = new Map([
      ['read/f.test.ts', ''],
      ['read/x.test.ts', `import { b } from './y.ts'`],
      ['read/y.ts', `export { b } from '../../lib/read/b.ts'`],
    ])
    const because = 'of x'
    const by = ['read/x.test.ts']
    assert.deepEqual(untested(tree, tests, [{ files: ['read/b.ts'], by, because }]), [
      'read/a.ts has no test: test/read/a.test.ts is not there, nor a line in shown-elsewhere.ts',
    ])
    assert.deepEqual(
      untested(tree, tests, [
        { files: ['read/a.ts', 'read/c.ts', 'read/f.ts', 'read/g.ts'], by, because },
        { files: ['read/b.ts'], by: ['read/z.test.ts'], because },
      ]),
      [
        'read/a.ts is not reached from read/x.test.ts',
        'read/c.ts has nothing to be shown',
        'read/f.ts is said to be shown elsewhere, and has its own test',
        'read/g.ts has nothing to be shown',
        'read/b.ts is not reached from read/z.test.ts',
      ],
    )
  })

  it('uses every dependency it declares', () => {
    const used = new Set([...lib.values()].flatMap(importsOf))
    const names = [...used].map((name) => name.split('/')[0])
    const unused = Object.keys(manifest.dependencies).filter((name) => !names.includes(name))
    assert.deepEqual(unused, [])
  })

  for (const [name, rule, broken, said] of rules) {
    it(name, () => {
      assert.deepEqual(
        rule(new Map(Object.entries(broken))),
        [said],
        'the rule sees what breaks it',
      )
      assert.deepEqual(rule(lib), [])
    })
  }
})
