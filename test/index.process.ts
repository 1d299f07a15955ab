// The built package as a program loads it. Node's coverage tells which files that were.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'

const root = mkdtempSync(join(tmpdir(), 'ringlog-index-'))
after(() => rmSync(root, { recursive: true, force: true }))

/** The files below a directory with the package that a program loads; without the program. */
function filesOf(name: string, program: string): string[] {
  const coverage = join(root, name)
  const ringlog = pathToFileURL('dist/index.js').href
  const text = `import { createLogger, defineEvent, Type } from ${JSON.stringify(ringlog)}
const log = createLogger({ log_path: ${JSON.stringify(join(root, `${name}-logs`))} })
const event = (context) => defineEvent({ category: 'system', level: 'INFO', message: 'Said', context })
${program}
await log.close()`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
    encoding: 'utf8',
    env: { ...process.env, NODE_V8_COVERAGE: coverage },
  })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  const files = readdirSync(coverage).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(coverage, file), 'utf8')) as {
      readonly result: readonly { readonly url: string }[]
    }
    return result.map(({ url }) => url).filter((url) => url.startsWith('file:'))
  })
  return [...new Set(files)]
}

describe('index', () => {
  it('loads a few files, and neither checks nor serializers for an event without need of them', () => {
    const files = filesOf(
      'plain',
      'log.event(event(Type.Object({ a: Type.String() })))({ a: "b" })',
    )
    assert.ok(files.length <= 10, files.join('\n'))
    const late = files.filter((file) => file.includes('/late/'))
    assert.deepEqual(
      late.map((file) => file.split('/').at(-1)),
      ['index.cjs'],
    )
  })

  it('makes few patterns when it is imported, and has V8 compile next to none', () => {
    const program = `const { exec } = RegExp.prototype
const { RegExp: Real } = globalThis
let made = 0
const compiled = new Set()
globalThis.RegExp = new Proxy(Real, {
  construct(_, given) {
    made++
    return new Real(...given)
  },
})
// A pattern is compiled for the first text that it is tried on, and all ways to try it lead here.
// A literal is another object each time, and the same pattern.
Real.prototype.exec = function (text) {
  compiled.add(String(this))
  return exec.call(this, text)
}
await import(${JSON.stringify(pathToFileURL('dist/index.js').href)})
console.log(JSON.stringify({ made, compiled: compiled.size }))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    })
    assert.equal(stderr, '')
    const { made, compiled } = JSON.parse(stdout) as { made: number; compiled: number }
    // Literals are not counted among those made: V8 only reads them until they are tried.
    assert.ok(made <= 120, `${made} made`)
    assert.ok(compiled <= 25, `${compiled} compiled`)
  })

  it('loads what reads engines only when one is asked for', () => {
    const read = (options: string): string[] =>
      filesOf(
        'reading',
        `const { streamLogs } = await import(${JSON.stringify(pathToFileURL('dist/index.js').href)})
try { for await (const _ of streamLogs(${options})); } catch (error) { if (error.name !== 'EngineRefusal') throw error }`,
      ).filter((file) => /fleet|engine|nats|postgres/.test(file.split('/').at(-1)!))
    assert.deepEqual(read(JSON.stringify({ log_path: root })), [])
    assert.notDeepEqual(read(`{ from: 'other://host' }`), [])
  })

  it('loads the serializer with the first event that has loose values', () => {
    const context = 'Type.Object({ a: Type.Optional(Type.String()) })'
    const files = filesOf('loose', `log.event(event(${context}))({ a: 'b' })`)
    const late = files.filter((file) => file.includes('/late/'))
    assert.deepEqual(
      new Set(late.map((file) => file.split('/').at(-1))),
      new Set(['fast-json-stringify.cjs', 'index.cjs', 'typebox-compile.cjs']),
    )
    const [line] = readFileSync(join(root, 'loose-logs', 'system.log'), 'utf8').split('\n')
    assert.deepEqual((JSON.parse(line!) as { context: unknown }).context, { a: 'b' })
  })

  it('checks formats by the registry of the typebox that the program uses', () => {
    const typebox = pathToFileURL('node_modules/typebox/build/format/index.mjs').href
    filesOf(
      'formats',
      `const { Format } = await import(${JSON.stringify(typebox)})
Format.Set('ticker', (value) => value === value.toUpperCase())
const said = log.event(event(Type.Object({
  ticker: Type.String({ format: 'ticker' }),
  mail: Type.Optional(Type.String({ format: 'email' })),
})))
said({ ticker: 'MNQ', mail: 'a@example.org' })
if (log.stats().mismatched !== 0) throw new Error('A right one is a mismatch')
said({ ticker: 'mnq' })
said({ ticker: 'MNQ', mail: 'nobody' })
await log.flush()
if (log.stats().mismatched !== 2) throw new Error(\`\${log.stats().mismatched} mismatches, not 2\`)`,
    )
  })

  it('is loaded, and logs, where all objects have inherited something before', () => {
    const index = pathToFileURL('dist/index.js').href
    const pino = pathToFileURL('dist/pino.js').href
    const program = `
const { mkdtempSync } = await import('node:fs')
// Node reads its own modules and ours by descriptors and options that inherit, too.
const [add, late] = [process.argv[1], process.argv[2] === 'late']
const pollute = () => Object.assign(Object.prototype, JSON.parse(add))
if (!late) pollute()
const { createLogger, defineEvent, Type, streamLogs } = await import(${JSON.stringify(index)})
const { pinoLogger } = await import(${JSON.stringify(pino)})
const log_path = mkdtempSync(${JSON.stringify(join(root, 'inherited-'))})
const log = createLogger({ log_path })
if (late) pollute()
const said = log.event(defineEvent({ category: 'system', level: 'INFO', message: 'Said {a}',
  context: Type.Object({ a: Type.Integer(), b: Type.Optional(Type.String()) }) }))
said({ a: 1 })
said({ a: 2, b: 'c' })
said({ a: 'three' })
log.system.info('four', { a: [{}] })
pinoLogger(log).info({ a: 5 }, 'five')
await log.close()
const seen = []
for await (const { entry } of streamLogs({ log_path })) seen.push(entry?.message, entry?.context)
process.stdout.write(JSON.stringify([log.stats().mismatched, seen]))`
    const run = (...words: string[]): string => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        ['--no-warnings', '--input-type=module', '-e', program, ...words],
        { encoding: 'utf8' },
      )
      assert.deepEqual([status, stderr], [0, ''], words.join(' '))
      return stdout
    }
    const expected = run('{}')
    assert.match(expected, /^\[1,\["Said 1",/)
    const added: object[] = [{ x: 1, context: { a: 1 }, trace: 5, service: 1, clock: 1 }]
    added.push({ since: 'x', level: 'critical', lines: 1, exception: 'e', account_id: 'E' })
    for (const members of added) {
      assert.equal(run(JSON.stringify(members)), expected)
      assert.equal(run(JSON.stringify(members), 'late'), expected)
    }
    // With this one before the import, Node does not load its own modules.
    assert.equal(run('{"encoding":"hex"}', 'late'), expected)
  })

  it('goes on where what it uses of its environment is replaced once it is loaded', () => {
    const index = pathToFileURL('dist/index.js').href
    const logs = join(root, 'replaced')
    const program = `
const { createLogger, defineEvent, Type } = await import(${JSON.stringify(index)})
const log = createLogger({ log_path: ${JSON.stringify(logs)}, rotation: { compress: true } })
const said = log.event(defineEvent({ category: 'system', level: 'INFO', message: 'Said',
  context: Type.Object({ a: Type.Optional(Type.Number()) }) }))
const refuse = () => { throw new Error('replaced') }
const { exit } = process
for (const name of ['from', 'alloc', 'allocUnsafe', 'concat', 'byteLength', 'isBuffer']) Buffer[name] = refuse
Object.assign(JSON, { stringify: refuse, parse: refuse })
for (const name of ['Buffer', 'process', 'AbortController', 'AbortSignal', 'URL', 'TextDecoder', 'structuredClone',
  'queueMicrotask', 'setTimeout', 'setImmediate', 'performance', 'Date', 'console', 'WeakMap']) {
  globalThis[name] = undefined
}
globalThis.Promise = globalThis.Map = globalThis.Set = refuse
Error.prepareStackTrace = refuse
said({ a: 1 })
said({ a: 'two' })
log.system.info('three', { list: [{}], text: 'é\u2028' })
log.error.error(new Error('four', { cause: new Error('why') }))
log.with({ bound: 5 }).system.info('five')
await log.flush()
log.system.info('six')
await log.close()
exit(log.stats().written)`
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    })
    assert.deepEqual([status, stderr], [6, ''])
    const lines = (file: string): unknown[] =>
      readFileSync(join(logs, file), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { readonly message: string; readonly context?: unknown })
        .map(({ message, context }) => (context === undefined ? message : [message, context]))
    assert.deepEqual(lines('system.log'), [
      ['Said', { a: 1 }],
      ['Said', { a: 'two' }],
      ['three', { list: [{}], text: 'é\u2028' }],
      ['five', { bound: 5 }],
      'six',
    ])
    assert.deepEqual(lines('error.log'), ['four'])
  })

  it('has further entry points that load nothing of whom they are for', () => {
    const [pino, testing] = ['pino', 'testing'].map((name) => pathToFileURL(`dist/${name}.js`).href)
    const files = filesOf(
      'entries',
      `const { pinoLogger } = await import(${JSON.stringify(pino)})
const { createTestLogger } = await import(${JSON.stringify(testing)})
const test = createTestLogger()
pinoLogger(log).child({ a: 1 }).info('b')
pinoLogger(test).child({ a: 1 }).info('b')
if (test.entries.length !== 1) throw new Error('no entry')`,
    )
    const others = files.filter((file) => file.includes('/node_modules/'))
    assert.ok(others.every((file) => file.includes('/node_modules/rotating-file-stream/')))
    assert.ok(files.length <= 12, files.join('\n'))
  })

  it('makes loggers that take little memory until they log much', () => {
    filesOf(
      'memory',
      `const before = process.memoryUsage.rss()
const loggers = Array.from({ length: 10 }, (_, i) =>
  createLogger({ log_path: ${JSON.stringify(join(root, 'many'))} + '/' + i }))
const each = (process.memoryUsage.rss() - before) / loggers.length / 1048576
if (each > 10) throw new Error(\`\${each} MiB for each\`)
for (const one of loggers) await one.close()`,
    )
  })
})
