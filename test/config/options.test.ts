// Each function of the library that takes options refuses those that would be passed over.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  cleanLogs,
  createLogger,
  defineEvent,
  formatEntry,
  type LogEntry,
  streamLogs,
  Type,
  verifyLogs,
} from '../../lib/index.ts'
import { checkOptions } from '../../lib/config/options.ts'
import { logDirectory } from '../log-directory.ts'

const entry: LogEntry = {
  timestamp: '2025-10-17T14:23:45.123+00:00',
  level: 'INFO',
  category: 'system',
  message: 'm',
}

/**
 * Calls each function that takes options; what is thrown at once and what rejects come to the same.
 */
const functions: { readonly [action: string]: (options: never) => Promise<unknown> } = {
  'read lines': async (options) => streamLogs(options),
  'clean the logs': (options) => cleanLogs(options),
  'verify the logs': (options) => verifyLogs(options),
  'format the entry': async (options) => formatEntry(entry, options),
}

async function messageOf(action: string, options: unknown): Promise<[string, string]> {
  try {
    await functions[action]!(options as never)
  } catch (error) {
    assert.ok(error instanceof Error)
    return [error.constructor.name, error.message]
  }
  return assert.fail(`${action} takes ${JSON.stringify(options)}`)
}

describe('the options of a function', () => {
  it('are refused when they are unknown, with the one that was meant', async () => {
    const meant: { readonly [action: string]: readonly (readonly [string, string])[] } = {
      'read lines': [
        ['logPath', 'log_path'],
        ['categoreis', 'categories'],
        ['Follow', 'follow'],
        ['accountid', 'account_id'],
      ],
      'clean the logs': [
        ['dryRun', 'dry_run'],
        ['retention', 'retention_days'],
      ],
      'verify the logs': [['logpath', 'log_path']],
      'format the entry': [
        ['colour', 'color'],
        ['expanded', 'expand'],
      ],
    }
    assert.deepEqual(Object.keys(meant), Object.keys(functions))
    for (const [action, words] of Object.entries(meant)) {
      for (const [wrong, right] of words) {
        const [type, message] = await messageOf(action, { [wrong]: true })
        assert.equal(type, 'TypeError')
        const start = `Cannot ${action}: expected the options to be only `
        assert.ok(message.startsWith(start), message)
        assert.ok(message.endsWith(`, got "${wrong}" (did you mean ${right}?)`), message)
      }
    }
  })

  it('are refused when they are no plain object', async () => {
    for (const action of Object.keys(functions)) {
      for (const options of [null, 'logs', [], new Map(), () => {}, true]) {
        const [type, message] = await messageOf(action, options)
        assert.equal(type, 'TypeError')
        assert.match(
          message,
          new RegExp(`^Cannot ${action}: expected options to be an object, got `),
        )
      }
    }
  })

  it('are refused when their type is wrong, and are a RangeError when only their value is', async () => {
    const cases: readonly (readonly [string, object, string, string])[] = [
      ['read lines', { follow: 'yes' }, 'TypeError', 'follow to be true or false, got "yes"'],
      [
        'read lines',
        { categories: 'system' },
        'TypeError',
        'categories to be an array of strings, got "system"',
      ],
      ['read lines', { categories: [1] }, 'TypeError', 'categories[0] to be a string, got 1'],
      [
        'read lines',
        { lines: '5' },
        'RangeError',
        'lines to be an integer from 0, or Infinity, got "5"',
      ],
      [
        'read lines',
        { lines: -1 },
        'RangeError',
        'lines to be an integer from 0, or Infinity, got -1',
      ],
      [
        'read lines',
        { level: 'warn' },
        'RangeError',
        'level to be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, got "warn" (did you mean warning?)',
      ],
      [
        'read lines',
        { level: 3 },
        'RangeError',
        'level to be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, got 3',
      ],
      [
        'read lines',
        { account_id: 7 },
        'TypeError',
        'account_id to be a string, or an array of strings, got 7',
      ],
      [
        'read lines',
        { since: 1_700_000_000_000 },
        'TypeError',
        'since to be a Date, or a string, got 1700000000000',
      ],
      ['read lines', { grep: 5 }, 'TypeError', 'grep to be a RegExp, or a string, got 5'],
      ['read lines', { signal: {} }, 'TypeError', 'signal to be an AbortSignal, got {}'],
      [
        'clean the logs',
        { retention_days: 0 },
        'RangeError',
        'retention_days to be an integer from 1 to 365, got 0',
      ],
      [
        'clean the logs',
        { retention_days: '90' },
        'RangeError',
        'retention_days to be an integer from 1 to 365, got "90"',
      ],
      ['clean the logs', { dry_run: 1 }, 'TypeError', 'dry_run to be true or false, got 1'],
      [
        'format the entry',
        { color: 'always' },
        'TypeError',
        'color to be true or false, got "always"',
      ],
    ]
    for (const [action, options, type, problem] of cases) {
      const message = `Cannot ${action}: expected ${problem}`
      assert.deepEqual(await messageOf(action, options), [type, message])
    }
  })

  it('are refused when the path waits to be filled in, unless such a directory is there', async (t) => {
    for (const action of ['read lines', 'clean the logs', 'verify the logs']) {
      for (const path of ['', '${HOME}/logs', '~risk/logs', 'file:///var/log']) {
        const [, message] = await messageOf(action, { log_path: path })
        assert.match(
          message,
          /: expected log_path to be (?:a path as it is on disk|a non-empty string)/,
        )
      }
    }
    const directory = join(logDirectory(t), '$HOME')
    mkdirSync(directory, { recursive: true })
    assert.equal((await verifyLogs({ log_path: directory })).files, 0)
  })

  it('are all named that are wrong', async () => {
    const [, message] = await messageOf('clean the logs', { retention_days: 0, dryrun: true })
    assert.match(
      message,
      /^Cannot clean the logs: expected the options to be only .*; expected retention_days to be /,
    )
  })

  it('may be undefined, and are read once', () => {
    let reads = 0
    const options = {
      get local() {
        reads++
        return reads === 1
      },
      color: undefined,
    }
    const checked = checkOptions<{ local?: boolean; color?: boolean }>(
      'test',
      { local: { type: 'boolean' }, color: { type: 'boolean' } },
      options,
    )
    assert.deepEqual({ ...checked }, { local: true })
    assert.equal(reads, 1)
    // JavaScript may give what a callback is given.
    const format = formatEntry as (entry: LogEntry, place: number) => string
    assert.equal([entry, entry].map(format)[1], formatEntry(entry))
  })
})

describe('the set-up of a logger', () => {
  it('refuses a level and a category that are none, with the one that was meant', async (t) => {
    const log = createLogger({ log_path: logDirectory(t), categories: { orders: {} } })
    try {
      const levels = 'DEBUG, INFO, WARNING, ERROR, CRITICAL'
      for (const [call, message] of [
        [
          () => log.setLevel('warn' as 'warning'),
          `Cannot set the level: expected one of ${levels}, off, got warn (did you mean warning?)`,
        ],
        [
          () => log.setLevel('fatal' as 'error', 'sdk'),
          `Cannot set the level: expected one of ${levels}, off, got fatal (did you mean critical?)`,
        ],
        [
          () => log.setLevel(30 as never),
          `Cannot set the level: expected one of ${levels}, off, got 30`,
        ],
        [
          () => log.isEnabled('trace' as 'debug'),
          `Cannot tell whether a level is enabled: expected one of ${levels}, got trace (did you mean debug?)`,
        ],
        [
          () => log.category('order'),
          'Cannot find the category: expected one of system, enforcement, error, audit, sdk, service, orders, got order (did you mean orders?)',
        ],
        [
          () => log.setLevel('debug', 'Audit'),
          'Cannot find the category: expected one of system, enforcement, error, audit, sdk, service, orders, got Audit (did you mean audit?)',
        ],
      ] as const) {
        assert.throws(call, { name: 'RangeError', message })
      }
    } finally {
      await log.close()
    }
  })

  it('refuses null and numbers as a configuration', () => {
    for (const config of [null, 5, true]) {
      assert.throws(() => createLogger(config as never), {
        name: 'ConfigError',
        message: `Cannot use the logging configuration\nlogging: expected an object, got ${config}`,
      })
    }
  })

  it('refuses what an event does not have, and a level that is none', () => {
    const definition = {
      category: 'sdk',
      level: 'info',
      message: 'm',
      context: Type.Object({}),
    } as const
    assert.throws(() => defineEvent({ ...definition, nmae: 'fill' } as never), {
      name: 'TypeError',
      message:
        'Cannot define the event: expected only name, category, level, message, context, got nmae (did you mean name?)',
    })
    assert.throws(() => defineEvent({ ...definition, level: 'warn' } as never), {
      message:
        'Cannot define the event: expected level to be one of DEBUG, INFO, WARNING, ERROR, CRITICAL, got warn (did you mean warning?)',
    })
    assert.throws(() => defineEvent(undefined as never), {
      name: 'TypeError',
      message: 'Cannot define the event: expected an object, got undefined',
    })
  })
})

it('checkOptions() takes no member that all objects have inherited', () => {
  const rules = { name: { type: 'string' } } as const
  Reflect.set(Object.prototype, 'name', 5)
  try {
    const checked = checkOptions<{ name?: string }>('test', rules, {})
    assert.deepEqual(Object.keys(checked), [])
    assert.equal(checked.name, undefined)
  } finally {
    Reflect.deleteProperty(Object.prototype, 'name')
  }
})
