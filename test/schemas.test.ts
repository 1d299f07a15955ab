// The JSON Schemas of the package, judged by a validator that knows nothing of us, and against the
// library itself: what it takes and what it writes.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { createLogger } from '../lib/logger/create-logger.ts'
import { defineEvent, Type } from '../lib/event/event-definition.ts'
import { resolveConfig } from '../lib/config/resolve.ts'
import { type JsonSchema, schemas, writeSchemas } from '../scripts/schemas.ts'
import { places, sectionWith } from './config/config-places.ts'

const all = schemas()
const root = mkdtempSync(join(tmpdir(), 'ringlog-schemas-'))
after(() => rmSync(root, { recursive: true, force: true }))

/** Strict: a keyword that JSON Schema does not know is an error. */
const ajv = new Ajv({ allErrors: true, strict: true, strictTypes: false })
addFormats.default(ajv)
for (const [file, schema] of Object.entries(all)) ajv.addSchema(schema, file)

function judge(file: string): ValidateFunction {
  return ajv.getSchema(file) ?? assert.fail(`no schema ${file}`)
}

function isTaken(section: unknown): boolean {
  try {
    resolveConfig(section)
    return true
  } catch {
    return false
  }
}

/** Values of every kind, right and wrong ones for most places. */
const values: readonly unknown[] = JSON.parse(`[
  "info", "INFO", "Info", "loud", "off", "always", "synced", "json", "human", "block", "memory",
  "", "a", "a.log", "../a", "a\\\\b", "${'x'.repeat(213)}", "0600", "0777", "a\\u0000",
  -1, 0, 1, 63, 64, 365, 366, 1e5, 1e10, 1.5, true, false, null,
  [], ["a.b"], ["pin"], {}, { "a": 1 }, { "sdk": "info" }
]`) as unknown[]

/**
 * Where one place has to agree with another, which no schema can say. The sentence is that of the
 * error.
 */
const beyondSchemas =
  /at most what logging\.buffer|an unknown category|does not end in a dot|with a letter or digit|as it is on disk|stdout|no file to watch/

describe('schema/logging.json', () => {
  const isSection = judge('logging.json')

  it('takes and refuses what the library does, at every place', () => {
    let taken = 0
    let refused = 0
    for (const { path } of places) {
      for (const value of values) {
        const section = path.length === 0 ? value : sectionWith(path, value)
        const isRight = isTaken(section)
        if (isRight) taken++
        else refused++
        if (isSection(section) === isRight) continue
        const reason = isRight ? 'the schema refuses it' : messageOf(section)
        assert.match(reason, beyondSchemas, `${JSON.stringify(section)}: ${reason}`)
      }
    }
    assert.ok(taken > 100 && refused > 500, `${taken} taken, ${refused} refused`)
  })

  it('refuses unknown keys, names that are taken and names that leave the directory', () => {
    for (const section of [
      { log_lvl: 'info' },
      { rotation: { max_size: 1 } },
      { categories: { system: {} } },
      { categories: { '../a': {} } },
      { categories: { a: { file: '../a' } } },
    ]) {
      assert.equal(isSection(section), false, JSON.stringify(section))
      assert.equal(isTaken(section), false, JSON.stringify(section))
    }
  })

  it('has words at every key and a default at every value', () => {
    const defaults = resolveConfig({})
    assert.deepEqual(lacking(all['logging.json']!, defaults), [])
  })

  it('completes the categories that always exist', () => {
    const { properties } = all['logging.json']!
    for (const map of ['levels', 'durability']) {
      const keys = Object.keys(properties?.[map]?.properties ?? {})
      assert.deepEqual(keys, ['system', 'enforcement', 'error', 'audit', 'sdk', 'service'])
    }
  })
})

function messageOf(section: unknown): string {
  try {
    resolveConfig(section)
  } catch (error) {
    return String(error)
  }
  return ''
}

/** The keys without words, and those without the default that holds. */
function lacking(schema: JsonSchema, defaults: object, path = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, member]) => {
    const at = `${path}/${key}`
    const faults = typeof member['description'] === 'string' ? [] : [`${at} has no words`]
    const value = (defaults as Readonly<Record<string, unknown>>)[key]
    if (member.additionalProperties === false && member.properties !== undefined) {
      return [...faults, ...lacking(member, value as object, at)]
    }
    if (key === '$schema') return faults
    const isRight =
      key === 'log_path'
        ? member['default'] === '~/.risk_manager/logs/'
        : JSON.stringify(member['default']) === JSON.stringify(value)
    return isRight ? faults : [...faults, `${at} has the default ${String(member['default'])}`]
  })
}

describe('schema/system.json', () => {
  const isFile = judge('system.json')

  it('takes any other section, and judges the logging section', () => {
    assert.ok(isFile({ $schema: './system.json', broker: { log_level: 7 }, logging: {} }))
    assert.ok(!isFile({ logging: { log_level: 'loud' } }))
  })
})

describe('schema/entry.json', () => {
  const isEntry = judge('entry.json')

  it('takes entries of every kind, as they stand in the files', async () => {
    const log = createLogger({
      log_path: join(root, 'every'),
      log_level: 'debug',
      categories: { latency: {} },
    })
    const cause = new AggregateError([new Error('a'), 'b'], 'many', { cause: { code: 1 } })
    const error = Object.assign(new TypeError('no', { cause }), { code: 'E_NO', attempt: 3 })
    const context = Type.Object({ n: Type.Number(), s: Type.Optional(Type.String()) })
    const event = defineEvent({
      name: 'seen',
      category: 'latency',
      level: 'debug',
      message: '{n}',
      context,
    })
    log.event(event)({ n: 1 }, 'A')
    log.event(event)({ n: 'no number' } as never)
    log.system.debug('plain')
    log.latency.info('nested', { a: { b: [1, 'ü\u2028', null] }, big: 1n, at: new Date(0) })
    log.sdk.critical('with an error', error, { account_id: 'A', n: Number.NaN })
    log.logEnforcement('A', 'rule', 'close', {})
    log.logAudit('changed', 'me', { from: 1 })
    log.logError('failed', 'a text that was thrown')
    log.with({ request: 1 }).service.warning('bound')
    log.system.info({ a: 1 } as never)
    await log.close()
    const files = readdirSync(join(root, 'every')).filter((name) => name.endsWith('.log'))
    const lines = files.flatMap((file) =>
      readFileSync(join(root, 'every', file), 'utf8')
        .split('\n')
        .slice(0, -1),
    )
    assert.ok(lines.length >= 11, `${lines.length} lines`)
    for (const line of lines) {
      assert.ok(isEntry(JSON.parse(line)), `${line}\n${JSON.stringify(isEntry.errors)}`)
    }
  })

  it('refuses what is none', () => {
    const right = {
      timestamp: '2026-11-27T10:00:00.000+00:00',
      level: 'INFO',
      category: 'system',
      message: 'm',
      seq: 1,
    }
    const ids = { trace_id: '0'.repeat(31) + '1', span_id: 'a'.repeat(16), lsn: 9 }
    assert.ok(isEntry({ ...right, ...ids }), JSON.stringify(isEntry.errors))
    for (const wrong of [
      ...Object.keys(right).map((key) => ({ ...right, [key]: undefined })),
      { ...right, timestamp: '2026-11-27T10:00:00.000Z' },
      { ...right, level: 'info' },
      { ...right, category: '../a' },
      { ...right, seq: 0 },
      { ...right, context: [] },
      { ...right, exception: { type: 'Error' } },
      { ...right, trace_id: 'A'.repeat(32) },
      { ...right, forged: true },
    ]) {
      const entry: unknown = JSON.parse(JSON.stringify(wrong))
      assert.equal(isEntry(entry), false, JSON.stringify(wrong))
    }
  })

  it('has words at every key, and those of the exception', () => {
    const { properties } = all['entry.json']!
    const ids = ['level', 'message', 'trace_id', 'span_id', 'lsn']
    const silent = Object.entries(properties ?? {})
      .filter(([key, { description }]) => description === undefined && !ids.includes(key))
      .map(([key]) => key)
    assert.deepEqual(silent, [])
    assert.ok(properties?.['exception']?.properties?.['code']?.['description'] !== undefined)
  })
})

describe('writeSchemas()', () => {
  it('writes files that hold the schemas, and nothing else', () => {
    const directory = join(root, 'schema')
    writeSchemas(directory)
    assert.deepEqual(readdirSync(directory).toSorted(), [
      'entry.json',
      'logging.json',
      'system.json',
    ])
    const text = readFileSync(join(directory, 'entry.json'), 'utf8')
    assert.deepEqual(JSON.parse(text), all['entry.json'])
  })
})
