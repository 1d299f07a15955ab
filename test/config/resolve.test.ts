import assert from 'node:assert/strict'
import { syncBuiltinESMExports } from 'node:module'
import os, { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { ConfigError } from '../../lib/errors.ts'
import type { Rule } from '../../lib/config/validate.ts'
import { resolveConfig, type LoggingConfig, type ResolvedConfig } from '../../lib/config/resolve.ts'
import { loggingSchema } from '../../lib/config/schema.ts'
import { places, problemsOf, sectionWith } from './config-places.ts'
import { runs } from '../runs.ts'

const defaults: ResolvedConfig = {
  log_level: 'info',
  levels: {},
  log_path: join(homedir(), '.risk_manager', 'logs'),
  rotation: {
    max_size_mb: 50,
    max_files: 10,
    compress: false,
    max_age_hours: null,
    max_total_mb: null,
    keep_unshipped: false,
  },
  retention_days: 90,
  file_mode: '0600',
  lock_wait_s: 30,
  watch: false,
  structured_format: true,
  console: 'fallback',
  console_level: 'warning',
  stdout: 'off',
  stdout_level: 'debug',
  repetition: { fold_s: 0, burst: 1, max_level: 'warning', except: ['audit'] },
  windows_event_log: { enabled: true, log_critical_only: true, source: 'RiskManagerDaemon' },
  redact: { keys: [], allow: [] },
  categories: {},
  durability: {},
  buffer: {
    entries: 65_536,
    bytes: 67_108_864,
    entry_bytes: 16_777_216,
    on_full: 'block',
    flush_ms: 50,
    ring: 'memory',
    writer: 'inline',
  },
}

describe('resolveConfig()', () => {
  it('fills in every default', () => {
    assert.deepEqual(resolveConfig({}), defaults)
    assert.deepEqual(resolveConfig(undefined), defaults)
  })

  it('keeps every value that is given', () => {
    const given: LoggingConfig = {
      log_level: 'warning',
      levels: { sdk: 'debug', latency: 'critical' },
      log_path: resolve('/var/log/risk'),
      rotation: {
        max_size_mb: 500,
        max_files: 1,
        compress: true,
        max_age_hours: 8_784,
        max_total_mb: 1,
        keep_unshipped: true,
      },
      retention_days: 365,
      file_mode: '0640',
      lock_wait_s: 0,
      watch: true,
      structured_format: false,
      console: 'always',
      console_level: 'error',
      stdout: 'human',
      stdout_level: 'info',
      repetition: { fold_s: 60, burst: 3, max_level: 'critical', except: ['audit', 'latency'] },
      windows_event_log: { enabled: false, log_critical_only: false, source: 'Other' },
      redact: { keys: ['broker_pin'], allow: ['token_count'] },
      categories: { latency: { file: 'latency.log' } },
      durability: { audit: 'synced', latency: 'written' },
      buffer: {
        entries: 64,
        bytes: 65_536,
        entry_bytes: 1_024,
        on_full: 'drop_old',
        flush_ms: 0,
        ring: 'memory',
        writer: 'inline',
      },
    }
    assert.deepEqual(resolveConfig(given, { file: '/etc/system.json' }), given)
    assert.deepEqual(problemsOf({ watch: true }), [
      'logging.watch: expected false in an object, of which there is no file to watch, got true',
    ])
  })

  it('takes log_path: null where standard output has the entries, and what files alone can do with none', () => {
    const resolved = resolveConfig({ log_path: null, stdout: 'json' })
    assert.equal(resolved.log_path, null)
    assert.deepEqual(resolveConfig(resolved), resolved)
    const without = 'where logging.log_path is null'
    assert.deepEqual(
      problemsOf({ log_path: null, stdout_level: 'info', durability: { audit: 'synced' } }),
      [
        `logging.stdout: expected json or human ${without}, got off`,
        `logging.stdout_level: expected no level of its own ${without} (log_level is that of all entries), got "info"`,
        `logging.durability.audit: expected buffered or written ${without}, got "synced"`,
      ],
    )
    assert.deepEqual(problemsOf({ stdout: 'pretty' }), [
      'logging.stdout: expected one of off, json, human, got "pretty" (did you mean human?)',
    ])
  })

  it('keeps the defaults of a section beside the one value given', () => {
    for (const { path, rule } of places) {
      if (path.length !== 2 || rule.type === undefined || path[1] === 'sdk') continue
      const resolved = resolveConfig(sectionWith(path.slice(0, 1), {}))
      assert.deepEqual(resolved, defaults, path.join('.'))
    }
    assert.deepEqual(resolveConfig({ rotation: { max_files: 3 } }).rotation, {
      ...defaults.rotation,
      max_size_mb: 50,
      max_files: 3,
      compress: false,
    })
  })

  it('takes levels in lower and upper case and gives them in lower case', () => {
    for (const name of ['debug', 'info', 'warning', 'error', 'critical'] as const) {
      for (const spelling of [name, name.toUpperCase()]) {
        const resolved = resolveConfig({ log_level: spelling, levels: { audit: spelling } })
        assert.equal(resolved.log_level, name)
        assert.equal(resolved.levels['audit'], name)
      }
    }
  })

  it('takes an undefined value of a known key as absent', () => {
    const given: { [key: string]: unknown } = { levels: { sdk: undefined } }
    for (const { path } of places)
      if (path.length === 1 && !path.includes('levels')) given[path[0] ?? ''] = undefined
    assert.ok(Object.keys(given).length > 12)
    assert.deepEqual(resolveConfig(given), defaults)
  })

  it('expands ~ and makes the path absolute', () => {
    const cases: readonly (readonly [string, string])[] = [
      ['~', homedir()],
      ['~/', homedir()],
      ['~/x', join(homedir(), 'x')],
      ['x', resolve('x')],
      ['./x/../y', resolve('y')],
      ['/a/~/b', resolve('/a/~/b')],
    ]
    for (const [given, path] of cases) {
      assert.equal(resolveConfig({ log_path: given }).log_path, path, given)
    }
  })

  it(
    'keeps the path as it is when there is no home for its ~: a directory that cannot be used is no error',
    { skip: process.platform === 'win32' && 'the home is not HOME on Windows' },
    () => {
      const { HOME } = process.env
      process.env['HOME'] = 'relative'
      try {
        const resolved = resolveConfig({ log_path: '~/x' })
        assert.equal(resolved.log_path, '~/x')
        assert.deepEqual(resolveConfig(resolved), resolved)
        assert.equal(resolveConfig({ log_path: '/x' }).log_path, '/x')
      } finally {
        if (HOME === undefined) delete process.env['HOME']
        else process.env['HOME'] = HOME
      }
    },
  )

  it('gives a category without a file one of its own name', () => {
    assert.deepEqual(resolveConfig({ categories: { latency: {} } }).categories, {
      latency: { file: 'latency.log' },
    })
  })

  it('lets a category be called constructor, and no look-up find anything of Object', () => {
    const { levels, categories } = resolveConfig({ categories: { constructor: {} } })
    assert.equal(levels['constructor'], undefined)
    assert.deepEqual({ ...categories }, { constructor: { file: 'constructor.log' } })
  })

  it('refuses inherited members, which would be passed over', () => {
    const prototype: object = Object.assign(Object.create(null), { log_level: 'debug' })
    for (const section of [Object.create(prototype), Object.create({ log_level: 'debug' })]) {
      assert.match(problemsOf(section).join('\n'), /^logging: expected an object, got an .*$/)
    }
    assert.deepEqual(resolveConfig(Object.create(null)), defaults)
    assert.deepEqual(resolveConfig(runInNewContext('({})')), defaults)
  })

  it('refuses a path that waits to be filled in, and says what in it', () => {
    const expected =
      'a path as it is on disk (no variable but {instance}, {host} and {pid}, no other user’s ~, no URL, no blanks or line ends around it)'
    for (const [path, found] of [
      ['${HOME}/logs', ' (nothing fills in "${HOME}")'],
      ['%APPDATA%/logs', ' (nothing fills in "%APPDATA%")'],
      ['~risk/logs', ' (nothing fills in "~risk")'],
      ['file:///var/log', ' (nothing fills in "file://")'],
      [' logs', ''],
    ] as const) {
      assert.deepEqual(problemsOf({ log_path: path }), [
        `logging.log_path: expected ${expected}, got ${JSON.stringify(path)}${found}`,
      ])
    }
  })

  it('starts a relative path at the directory of the file that says so', () => {
    const file = resolve('/etc/risk/system.json')
    assert.equal(resolveConfig({ log_path: '../logs' }, { file }).log_path, resolve('/etc/logs'))
    assert.equal(resolveConfig({}, { file }).log_path, defaults.log_path)
  })

  it('copies: what is changed afterwards changes nothing', () => {
    const keys = ['broker_pin']
    const levels: { [category: string]: 'debug' | 'info' } = { sdk: 'debug' }
    const resolved = resolveConfig({ redact: { keys }, levels })
    keys.push('other')
    levels['sdk'] = 'info'
    assert.deepEqual(resolved.redact.keys, ['broker_pin'])
    assert.deepEqual(resolved.levels, { sdk: 'debug' })
  })

  it('lowers the default of buffer.entry_bytes to buffer.bytes', () => {
    assert.equal(resolveConfig({ buffer: { bytes: 65_536 } }).buffer.entry_bytes, 65_536)
    assert.equal(resolveConfig({ buffer: { bytes: 16_777_215 } }).buffer.entry_bytes, 16_777_215)
    assert.equal(resolveConfig({ buffer: { bytes: 16_777_217 } }).buffer.entry_bytes, 16_777_216)
  })

  it('resolves a resolved configuration to itself, also by way of JSON', () => {
    const resolved = resolveConfig({
      log_path: 'logs',
      levels: { x: 'ERROR' },
      categories: { x: {} },
      buffer: { bytes: 70_000 },
    })
    assert.deepEqual(resolveConfig(resolved), resolved)
    assert.deepEqual(resolveConfig(JSON.parse(JSON.stringify(resolved))), resolved)
  })

  it('refuses to fold what is nowhere to be held, or of a category that is none', () => {
    assert.deepEqual(problemsOf({ repetition: { fold_s: 1 }, buffer: { ring: 'shared' } }), [
      'logging.buffer.ring: expected "memory" with repetition.fold_s: what is held there does not survive the process, got "shared"',
    ])
    assert.doesNotThrow(() => resolveConfig({ repetition: {}, buffer: { ring: 'shared' } }))
    assert.deepEqual(
      problemsOf({
        repetition: { fold_s: 61, burst: 0, max_level: 'warn', except: ['audit', 'latenci', 7] },
        categories: { latency: {} },
      }),
      [
        'logging.repetition.fold_s: expected an integer from 0 to 60, got 61',
        'logging.repetition.burst: expected an integer from 1 to 1000000, got 0',
        'logging.repetition.max_level: expected one of debug, info, warning, error, critical, got "warn" (did you mean warning?)',
        'logging.repetition.except[2]: expected a string, got 7',
        'logging.repetition.except[1]: expected one of system, enforcement, error, audit, sdk, service, latency, got an unknown category (did you mean latency?)',
      ],
    )
  })

  it('gives a configuration or throws a ConfigError, whatever comes in', () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withObjectString: true,
      withSparseArray: true,
      withTypedArray: true,
      withUnicodeString: true,
    })
    fc.assert(fc.property(anything, (section) => void isUsable(section)))
    fc.assert(fc.property(fc.jsonValue(), (section) => void isUsable(section)))

    // Sections of known keys, each right or anything at all.
    const right = new Map<string, fc.Arbitrary<unknown>>(
      places.flatMap(({ path, rule }) => {
        if (rule.type === 'object') return []
        const isOfCategories = path.at(-1) === 'except'
        const values = isOfCategories ? fc.subarray(['audit', 'sdk']) : arbitraryOf(rule)
        return [[path.join('.'), fc.oneof({ weight: 60, arbitrary: values }, anything)]]
      }),
    )
    const seen = { usable: 0, not: 0 }
    const sections = fc.record(Object.fromEntries(right), { requiredKeys: [] })
    fc.assert(
      fc.property(sections, (values) => {
        const section = {}
        for (const [path, value] of Object.entries(values)) {
          const keys = path.split('.')
          let target: { [key: string]: unknown } = section
          for (const key of keys.slice(0, -1)) target = (target[key] ??= {}) as typeof target
          target[keys.at(-1) ?? ''] = value
        }
        seen[isUsable(section) ? 'usable' : 'not']++
      }),
      { numRuns: runs(300) },
    )
    // Some four of ten are usable: that all of a hundred were, or none, would be no chance.
    assert.ok(seen.usable > 0 && seen.not > 0, JSON.stringify(seen))
  })
})

/** Right values for a place of the schema. */
function arbitraryOf(rule: Rule): fc.Arbitrary<unknown> {
  if (rule.anyOf) return fc.oneof(...rule.anyOf.map(arbitraryOf))
  if (rule.type === 'null') return fc.constant(null)
  if (rule.enum) return fc.constantFrom(...rule.enum)
  if (rule.type === 'boolean') return fc.boolean()
  if (rule.type === 'array') return fc.array(fc.stringMatching(/^[a-z]+$/))
  if (rule.type === 'integer') {
    return fc.integer({ min: rule.minimum ?? 0, max: Math.min(rule.maximum ?? 0, 2 ** 31 - 1) })
  }
  return fc.constantFrom('latency.log', 'a', 'logs')
}

/** Whether a section can be used; the one way in which it cannot is a ConfigError with problems. */
function isUsable(section: unknown): boolean {
  // Without one there is nothing to watch.
  const file = resolve('/etc/system.json')
  let resolved: ResolvedConfig
  try {
    resolved = resolveConfig(section, { file })
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    assert.ok(error.problems.length > 0)
    return false
  }
  assert.ok(Value.Check(loggingSchema, resolved))
  assert.deepEqual(Object.keys(resolved), Object.keys(defaults))
  assert.deepEqual(resolveConfig(resolved, { file }), resolved)
  return true
}

describe('resolveConfig() refuses a shared ring', () => {
  it('and a writer thread, on a processor that has the high byte first', (t) => {
    t.mock.method(os, 'endianness', () => 'BE')
    syncBuiltinESMExports()
    t.after(() => {
      t.mock.restoreAll()
      syncBuiltinESMExports()
    })
    for (const buffer of [{ ring: 'shared' }, { writer: 'thread' }] as const) {
      const [key = ''] = Object.keys(buffer)
      assert.throws(
        () => resolveConfig({ buffer }),
        (error) => error instanceof ConfigError && error.message.includes(`logging.buffer.${key}`),
      )
    }
    assert.doesNotThrow(() => resolveConfig({}))
  })

  for (const [what, section] of [
    ['with human lines', { structured_format: false, buffer: { ring: 'shared' } }],
    ['without files', { log_path: null, stdout: 'json', buffer: { ring: 'shared' } }],
  ] as const) {
    it(what, () => {
      assert.throws(
        () => resolveConfig(section),
        (error) => error instanceof ConfigError && /logging\.buffer\.ring/.test(error.message),
      )
    })
  }
})
