import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Rule } from '../../lib/config/validate.ts'
import { resolveConfig } from '../../lib/config/resolve.ts'
import { errorOf, places, problemsOf, sectionWith } from './config-places.ts'

/** Values that fit nowhere, by what they are. */
const foreign: readonly unknown[] = [
  null,
  Number.NaN,
  -0.5,
  Infinity,
  10n,
  Symbol('a'),
  () => 'info',
  new Date(0),
  new Map([['log_level', 'debug']]),
  Promise.resolve(),
  new Proxy({}, { getPrototypeOf: () => assert.fail('looked at') }),
]

function wrongValuesFor(rule: Rule): unknown[] {
  if (rule.anyOf) return wrongValuesFor(rule.anyOf[0]!).filter((value) => value !== null)
  const wrong = [...foreign]
  if (rule.type !== 'object') wrong.push({}, { a: 1 })
  if (rule.type !== 'array') wrong.push([], ['info'])
  if (rule.type !== 'boolean') wrong.push(true, false)
  if (rule.type !== 'integer') wrong.push(0, 7)
  if (rule.type !== 'string') wrong.push('', '50', 'nonsense')
  if (rule.type === 'integer') {
    const { minimum, maximum } = rule as { minimum: number; maximum: number }
    wrong.push(minimum - 1, maximum + 1, minimum + 0.5, String(minimum), -minimum - 1)
  }
  return wrong
}

describe('ConfigError of resolveConfig()', () => {
  it('takes the limits of the contract, and nothing beside them', () => {
    const limits: readonly (readonly [string, number, number])[] = [
      ['rotation.max_size_mb', 1, 500],
      ['rotation.max_files', 1, 100],
      ['retention_days', 1, 365],
      ['lock_wait_s', 0, 3600],
      ['buffer.entries', 64, 4_194_304],
      ['buffer.bytes', 65_536, 4_294_967_296],
      ['buffer.entry_bytes', 1_024, 268_435_456],
      ['rotation.max_age_hours', 1, 8784],
      ['rotation.max_total_mb', 1, 1_073_741_824],
    ]
    for (const [path, minimum, maximum] of limits) {
      const withValue = (value: unknown): { [key: string]: unknown } => {
        const section = sectionWith(path.split('.'), value)
        // The largest entry needs a larger buffer than the default one.
        if (path.endsWith('entry_bytes'))
          Object.assign(section['buffer'] as object, { bytes: 2 ** 32 })
        return section
      }
      const isNullable = /max_age|max_total/.test(path)
      if (isNullable) resolveConfig(withValue(null))
      const orNull = isNullable ? ', or null' : ''
      resolveConfig(withValue(minimum))
      resolveConfig(withValue(maximum))
      for (const value of [
        minimum - 1,
        maximum + 1,
        minimum + 0.5,
        -maximum,
        Infinity,
        Number.NaN,
      ]) {
        assert.deepEqual(problemsOf(withValue(value)), [
          `logging.${path}: expected an integer from ${minimum} to ${maximum}${orNull}, got ${value}`,
        ])
      }
    }
  })

  it('names each place that holds a value of the wrong kind', () => {
    let tried = 0
    for (const { path, rule } of places) {
      for (const value of wrongValuesFor(rule)) {
        const section = path.length === 0 ? value : sectionWith(path, value)
        const { problems } = errorOf(section)
        const where = ['logging', ...path].join('.')
        assert.deepEqual(
          problems.map((problem) => problem.path),
          [where],
          where,
        )
        tried++
      }
    }
    assert.ok(places.length > 28, `${places.length} places`)
    assert.ok(tried > 500, `${tried} values`)
  })

  it('says what each kind of value should be', () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [null, 'logging: expected an object, got null'],
      [[], 'logging: expected an object, got []'],
      [{ rotation: null }, 'logging.rotation: expected an object, got null'],
      [
        { rotation: { max_size_mb: 900 } },
        'logging.rotation.max_size_mb: expected an integer from 1 to 500, got 900',
      ],
      [
        { rotation: { max_size_mb: '50' } },
        'logging.rotation.max_size_mb: expected an integer from 1 to 500, got "50"',
      ],
      [{ rotation: { compress: 1 } }, 'logging.rotation.compress: expected true or false, got 1'],
      [
        { log_level: 'Debug' },
        'logging.log_level: expected one of debug, info, warning, error, critical, got "Debug" (did you mean debug?)',
      ],
      [
        { levels: { sdk: 'warn' } },
        'logging.levels.sdk: expected one of debug, info, warning, error, critical, off, got "warn" (did you mean warning?)',
      ],
      [
        { log_level: 'FATAL' },
        'logging.log_level: expected one of debug, info, warning, error, critical, got "FATAL" (did you mean critical?)',
      ],
      [
        { console: 'fall-back' },
        'logging.console: expected one of fallback, always, off, got "fall-back" (did you mean fallback?)',
      ],
      [{ $schema: 1 }, 'logging.$schema: expected a string, got 1'],
      [{ console: 'on' }, 'logging.console: expected one of fallback, always, off, got "on"'],
      [
        { log_path: '' },
        'logging.log_path: expected a non-empty string without NUL, or null, got ""',
      ],
      [
        { log_path: 'a\0b' },
        'logging.log_path: expected a non-empty string without NUL, or null, got "a\\u0000b"',
      ],
      [
        { redact: { keys: 'pin' } },
        'logging.redact.keys: expected an array of strings, at most 10000, got "pin"',
      ],
      [
        { redact: { allow: ['ok', '_-_'] } },
        'logging.redact.allow[1]: expected the name of a key: letters, digits, spaces, _, - and $ (no path, no wildcard), got "_-_"',
      ],
      [
        { redact: { keys: [undefined] } },
        'logging.redact.keys[0]: expected the name of a key: letters, digits, spaces, _, - and $ (no path, no wildcard), got undefined',
      ],
      [
        { windows_event_log: { source: 'A\\B' } },
        'logging.windows_event_log.source: expected a name of 1 to 212 characters without backslash, got "A\\\\B"',
      ],
      [
        { buffer: { bytes: 65_536, entry_bytes: 65_537 } },
        'logging.buffer.entry_bytes: expected at most what logging.buffer.bytes holds, 65536, got 65537',
      ],
    ]
    for (const [section, problem] of cases) assert.deepEqual(problemsOf(section), [problem])
  })

  it('refuses keys to redact that would match nothing', () => {
    for (const name of [
      '',
      '*token',
      'user.password',
      '$.token',
      'a[0]',
      '/pin/',
      'pin*',
      '...',
      '\u0301',
      '_',
    ]) {
      for (const list of ['keys', 'allow']) {
        const [problem, ...others] = problemsOf({ redact: { [list]: ['fine', name] } })
        assert.deepEqual(others, [], name)
        assert.match(
          problem ?? '',
          new RegExp(`^logging\\.redact\\.${list}\\[1\\]: expected `),
          name,
        )
      }
    }
    for (const name of [
      'broker_pin',
      'x-api-key',
      '_csrf',
      '$pin',
      'Broker Pin',
      'пароль',
      '暗証番号',
      '2fa',
    ]) {
      resolveConfig({ redact: { keys: [name], allow: [name] } })
    }
  })

  it('bounds the lists of keys', () => {
    const keys = Array.from({ length: 10_001 }, () => 'k')
    resolveConfig({ redact: { keys: keys.slice(1) } })
    assert.equal(problemsOf({ redact: { keys } }).length, 1)
    assert.equal(problemsOf({ redact: { allow: new Array(2 ** 32 - 1) } }).length, 1)
  })

  it('bounds the name of the event source', () => {
    resolveConfig({ windows_event_log: { source: 's'.repeat(212) } })
    assert.equal(problemsOf({ windows_event_log: { source: 's'.repeat(213) } }).length, 1)
    assert.equal(problemsOf({ windows_event_log: { source: '' } }).length, 1)
  })

  it('names an unknown key at each place, with what is known and what may be meant', () => {
    for (const { path, rule } of places) {
      if (!rule.properties) continue
      const known = Object.keys(rule.properties)
      const section = path.length === 0 ? { zzz: 1 } : sectionWith(path, { zzz: 1 })
      assert.deepEqual(problemsOf(section), [
        `${['logging', ...path, 'zzz'].join('.')}: expected one of ${known.filter((key) => key !== '$schema').join(', ')}, got an unknown key`,
      ])
      for (const key of known.filter((name) => name !== '$schema')) {
        const wrong = `${key.slice(0, -1)}_`
        const [problem] = problemsOf(
          path.length === 0 ? { [wrong]: 1 } : sectionWith(path, { [wrong]: 1 }),
        )
        assert.ok(problem?.endsWith(`(did you mean ${key}?)`), problem)
      }
    }
    const [problem] = problemsOf({ rotaton: {} })
    assert.match(
      problem ?? '',
      /^logging\.rotaton: expected one of log_level, levels, .*, buffer, got an unknown key \(did you mean rotation\?\)$/,
    )
  })

  it('asks for a key of another level, and for the section instead of what it stands in', () => {
    const questions = [
      [{ max_size_mb: 5 }, ' (did you mean rotation.max_size_mb?)'],
      [{ on_full: 'block' }, ' (did you mean buffer.on_full?)'],
      [{ logging: { log_level: 'debug' } }, ': what stands in logging is wanted'],
    ] as const
    for (const [section, question] of questions) {
      assert.equal(errorOf(section).problems[0]?.actual, `an unknown key${question}`)
    }
  })

  it('takes $schema and does nothing with it', () => {
    assert.deepEqual(resolveConfig({ $schema: './logging.json' }), resolveConfig({}))
  })

  it('takes an unknown key with an undefined value as unknown', () => {
    assert.equal(problemsOf({ rotaton: undefined }).length, 1)
  })

  it('names all problems at once, in the order of the sections', () => {
    const section: { [key: string]: unknown } = { unknown: 1 }
    const expected: string[] = []
    for (const { path, rule } of places) {
      if (rule.type === 'object') continue
      let target = section
      for (const key of path.slice(0, -1)) target = (target[key] ??= {}) as typeof target
      target[path.at(-1) ?? ''] = rule.anyOf === undefined ? null : {}
      expected.push(['logging', ...path].join('.'))
    }
    expected.push('logging.unknown')
    const { problems } = errorOf(section)
    assert.deepEqual(
      problems.map(({ path }) => path),
      expected,
    )
    assert.ok(expected.length > 20, `${expected.length} problems`)
  })

  it('takes an own __proto__ as an unknown key, and pollutes nothing', () => {
    const section: unknown = JSON.parse(
      '{"__proto__":{"log_level":"debug"},"levels":{"__proto__":"debug"},"redact":{"__proto__":{"keys":[]}},"rotation":{"__proto__":{"max_files":3}}}',
    )
    assert.deepEqual(
      errorOf(section).problems.map(({ path }) => path),
      [
        'logging.levels.__proto__',
        'logging.rotation.__proto__',
        'logging.redact.__proto__',
        'logging.__proto__',
      ],
    )
    assert.equal(({} as { log_level?: string }).log_level, undefined)
  })

  it('rejects names of categories that are built in or leave the directory', () => {
    for (const name of ['system', 'error', 'audit']) {
      assert.deepEqual(problemsOf({ categories: { [name]: { file: 'own.log' } } }), [
        `logging.categories.${name}: expected a name that is not built in, got "${name}"`,
      ])
    }
    for (const name of [
      '',
      '.',
      '..',
      'a/b',
      '../a',
      'a\\b',
      'A',
      '-a',
      'a\n',
      'é',
      'a'.repeat(65),
    ]) {
      const problems = problemsOf({ categories: { [name]: { file: 'own.log' } } })
      assert.equal(problems.length, 1, name)
      assert.match(problems[0] ?? '', /expected a name that matches/)
    }
  })

  it('rejects file names that leave the directory or look like what the directory holds itself', () => {
    const leaving = ['', '../x', 'a/b', 'c:\\x', 'X.log', '.hidden', 'a\0', 'a'.repeat(65)]
    const rotated = ['a.log.1', 'a.10', 'a.gz', 'a.log.1.gz', 'a.tmp', 'a.lock']
    const windows = ['a.', 'nul', 'con.log', 'com1.log']
    for (const file of [...leaving, ...rotated, ...windows]) {
      const problems = problemsOf({ categories: { latency: { file } } })
      assert.equal(problems.length, 1, file)
      assert.match(
        problems[0] ?? '',
        /^logging\.categories\.latency\.file: expected a file name that/,
      )
    }
    for (const file of [
      'a',
      '1',
      'a1',
      'a.log2',
      'system.log',
      'error.log',
      'a.gzip',
      'console.log',
    ]) {
      assert.equal(
        resolveConfig({ categories: { latency: { file } } }).categories['latency']?.file,
        file,
      )
    }
    // The name that a category gives its file by default is looked at as well.
    assert.equal(problemsOf({ categories: { ['a'.repeat(64)]: {} } }).length, 1)
  })

  it('rejects levels and durability of categories that do not exist', () => {
    assert.deepEqual(problemsOf({ levels: { skd: 'debug' }, categories: { latency: {} } }), [
      'logging.levels.skd: expected one of system, enforcement, error, audit, sdk, service, latency, got an unknown category (did you mean sdk?)',
    ])
    assert.deepEqual(
      problemsOf({ durability: { latenci: 'written' }, categories: { latency: {} } }),
      [
        'logging.durability.latenci: expected one of system, enforcement, error, audit, sdk, service, latency, got an unknown category (did you mean latency?)',
      ],
    )
    assert.equal(problemsOf({ levels: { constructor: 'debug' } }).length, 1)
  })

  it('tells a category that is wrong once, and not again where it is referred to', () => {
    const section = { categories: { Bad: {}, c: 5 }, levels: { Bad: 'info', c: 'info' } }
    assert.deepEqual(
      errorOf(section).problems.map(({ path }) => path),
      ['logging.categories.c', 'logging.categories.Bad'],
    )
  })

  it('names the file in the headline', () => {
    const { message, file } = errorOf({ log_level: 1 }, { file: '/etc/system.json' })
    assert.equal(message.split('\n')[0], 'Cannot use the logging configuration in /etc/system.json')
    assert.equal(file, '/etc/system.json')
    assert.equal(errorOf(null).message.split('\n')[0], 'Cannot use the logging configuration')
    assert.equal(errorOf(null).code, 'RINGLOG_CONFIG')
  })

  it('shows values of any kind, short and on one line', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    const nested = { a: [1, 'x', null, undefined, true], b: { c: -0.5 } }
    class Settings {
      log_level = 'debug'
    }
    const cases: readonly (readonly [unknown, string])[] = [
      ['a\n"\u202e', String.raw`"a\n\"\u202e"`],
      [nested, '{"a":[1,"x",null,undefined,true],"b":{"c":-0.5}}'],
      ['s'.repeat(500), `"${'s'.repeat(58)}…`],
      [`${'s'.repeat(57)}😀😀`, `"${'s'.repeat(57)}…`],
      [cycle, `${'{"self":'.repeat(8).slice(0, 59)}…`],
      [10n, '10n'],
      [1n << 100_000n, 'a large bigint'],
      [Symbol('a'), 'a symbol'],
      [() => 1, 'a function'],
      [new Settings(), 'an instance of Settings'],
      [new Date(0), 'an instance of Date'],
      [Object.create({ constructor: 1 }), 'an object that is not plain'],
      [
        {
          get a() {
            throw new Error('no')
          },
        },
        '{"a":a getter that throws}',
      ],
      [new Proxy([], { get: () => assert.fail('read') }), 'an object that is not plain'],
      [Object.create(null), '{}'],
    ]
    for (const [value, shown] of cases) {
      assert.equal(errorOf({ log_level: value }).problems[0]?.actual, shown)
      assert.ok(shown.length <= 60)
    }
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    assert.equal(errorOf(proxy).problems[0]?.actual, 'an object that is not plain')
  })

  it('shows odd keys as JSON, short and harmless', () => {
    const paths = errorOf({ 'a b': 1, '\u202e': 1, '': 1, ['k'.repeat(500)]: 1 }).problems.map(
      ({ path }) => path,
    )
    assert.deepEqual(paths, [
      'logging["a b"]',
      String.raw`logging["\u202e"]`,
      'logging[""]',
      `logging["${'k'.repeat(58)}…]`,
    ])
  })

  it('tells of a getter that throws, and reads each member once', () => {
    let reads = 0
    const section = {
      get log_level() {
        reads++
        return 'debug'
      },
      get retention_days() {
        throw new Error('no')
      },
    }
    assert.deepEqual(problemsOf(section), [
      'logging.retention_days: expected an integer from 1 to 365, got a getter that throws',
    ])
    assert.equal(reads, 1)
  })
})
