// What an editor offers: asked of the language service of TypeScript, as editors do.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import ts from 'typescript-5'

const root = resolve(import.meta.dirname, '../..')
const start = existsSync(resolve(root, 'lib/index.ts')) ? root : resolve(root, '..')
const file = resolve(start, 'test/logger/completed.ts')

let text = ''
let version = 0

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
}

const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => [file],
  getScriptVersion: (name) => (name === file ? String(version) : '1'),
  getScriptSnapshot(name) {
    const content = name === file ? text : ts.sys.readFile(name)
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content)
  },
  getCurrentDirectory: () => start,
  getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
  fileExists: (name) => name === file || ts.sys.fileExists(name),
  readFile: (name) => (name === file ? text : readFileSync(name, 'utf8')),
  readDirectory: (...given) => ts.sys.readDirectory(...given),
  directoryExists: (name) => ts.sys.directoryExists(name),
  getDirectories: (name) => ts.sys.getDirectories(name),
})

/** What is offered at the bar. */
function offeredAt(code: string): string[] {
  const all = `import { createLogger, defineEvent, Type } from '../../lib/index.ts'
const log = createLogger({ categories: { latency: {}, fills: { file: 'fills.log' } } })
const plain = createLogger()
${code}`
  text = all.replace('|', '')
  version++
  const found = service.getCompletionsAtPosition(file, all.indexOf('|'), {})
  return (found?.entries ?? []).map(({ name }) => name)
}

const builtin = ['audit', 'enforcement', 'error', 'sdk', 'service', 'system']
const known = [...builtin, 'fills', 'latency']

function assertOffered(code: string, names: readonly string[]): void {
  const offered = offeredAt(code)
  const missing = names.filter((name) => !offered.includes(name))
  assert.deepEqual(missing, [], `${code} offers ${offered.slice(0, 40).join(' ')}`)
}

describe('An editor completes', () => {
  for (const call of [
    "category('|')",
    "setLevel('debug', '|')",
    "level('|')",
    "isEnabled('info', '|')",
  ]) {
    test(`the categories in ${call}`, () => {
      assertOffered(`log.${call}`, known)
      assertOffered(`log.with({ a: 1 }).with({}).${call}`, known)
      assertOffered(`plain.${call}`, builtin)
    })
  }

  test('the categories as members, behind with() too', () => {
    assertOffered('log.|', known)
    assertOffered('log.with({ a: 1 }).|', known)
  })

  test('the categories in levels and durability, configured or built in', () => {
    for (const key of ['levels', 'durability']) {
      assertOffered(`createLogger({ ${key}: { | } })`, builtin)
      assertOffered(
        `createLogger({ categories: { latency: {}, fills: {} }, ${key}: { | } })`,
        known,
      )
    }
  })

  test('the words of a level and of a durability', () => {
    assertOffered("createLogger({ levels: { sdk: '|' } })", ['debug', 'off', 'CRITICAL'])
    assertOffered("createLogger({ categories: { x: {} }, durability: { x: '|' } })", ['written'])
  })

  test('the built-in categories in defineEvent()', () => {
    const rest = "level: 'INFO', message: '', context: Type.Object({})"
    assertOffered(`defineEvent({ category: '|', ${rest} })`, builtin)
  })

  test("the keys of the configuration, and no member of a URL's or a string's", () => {
    for (const code of [
      'createLogger({ | })',
      "createLogger({ log_level: 'debug', | })",
      'createLogger({ categories: { latency: {} }, | })',
      'plain.reload({ | })',
    ]) {
      const offered = offeredAt(code)
      assert.ok(offered.includes('log_path') && offered.includes('rotation'), code)
      for (const name of ['hash', 'href', 'searchParams', 'toJSON', 'length', 'trim']) {
        assert.ok(!offered.includes(name), `${code} offers ${name}`)
      }
    }
  })
})
