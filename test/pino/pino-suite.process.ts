// pino's own tests, from its package, of everything that the face has: pino is the judge of what
// pino does.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { extname, join } from 'node:path'
import { describe, it } from 'node:test'

/**
 * Tests that are not run, by the reason: what docs/coming-from-pino.md lists as different. They are
 * known by name, so that a new version of pino with new tests brings them here.
 */
const different: { readonly [reason: string]: readonly string[] } = {
  'the format of the line is fixed: formatters, messageKey, nestedKey, mixin': [
    'set the messageKey',
    'set the nestedKey',
    'set the base to null and use a formatter',
    'nestedKey should not be used for non-objects',
    'produces labels when told to',
    'changes label naming when told to',
    'children produce labels when told to',
    'setting levelKey does not affect labels when told to',
    'assign mixin()',
    'correctly adds error information when nestedKey is used',
    'correctly adds msg on error when nestedKey is used',
    'considers messageKey when giving msg precedence over error',
    'custom serializer overrides default err namespace error serializer when nestedKey is on',
    'custom serializer for messageKey',
  ],
  'there are five levels: customLevels, levelComparison': [
    'produces labels for custom levels',
    'throws when creating a default label that does not exist in logger levels',
    'throws when creating a default value that does not exist in logger levels',
    'throws when setting useOnlyCustomLevels without customLevels',
    'changing level respects level comparison set to',
    'changing level respects level comparison DESC',
    'changing level from info to silent and back to info respects level comparison',
    'can check if custom level is enabled',
    'Ascending levels suite',
    'Descending levels suite',
    'Custom levels comparison',
  ],
  'secrets are masked by key, at any depth, and by form: redact': [
    'logs a redacted object with an own enumerable __proto__ key',
    'logs a redacted object with keys named after Object.prototype members',
  ],
  'lines go to the files of the logger: destinations, transports': [
    'auto pino.destination with a string',
    'auto pino.destination with a string as second argument',
    'does not override opts with a string as second argument',
    'streams receive a message event with PINO_CONFIG',
    'throws if prettyPrint is passed in as an option',
  ],
  'values are captured in our own way: cycles, toJSON, functions and numbers as the message': [
    'use `safe-stable-stringify` to avoid circular dependencies',
    'safe-stable-stringify must be used when interpolating',
    'correctly strip undefined when returned from toJSON',
    'correctly skip function',
    'correctly skip Infinity',
  ],
  'an error is never written as an empty object; serializers with symbols for keys are not joined':
    [
      'null overrides default err namespace error serializer',
      'undefined overrides default err namespace error serializer',
      "Symbol.for('pino.serializers')",
      'children inherit parent Symbol serializers',
    ],
  'a child without fields is one; the version is not that of pino': [
    'throw if creating child without bindings',
    'pino version is exposed on instance',
    'child instance exposes pino version',
  ],
}

/** The files of pino's suite that speak of the face, and how many of their tests are run. */
const files: { readonly [file: string]: number } = {
  basic: 97,
  levels: 36,
  error: 12,
  serializers: 8,
  'is-level-enabled': 5,
  http: 5,
  escaping: 40,
}

describe("pinoLogger() under pino's own tests", () => {
  const hook = join(import.meta.dirname, `as-pino${extname(import.meta.filename)}`)
  const skipped = JSON.stringify(Object.values(different).flat())
  const loaders = process.execArgv.filter((word) => !word.startsWith('--test'))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  for (const [file, tests] of Object.entries(files)) {
    it(`passes ${file}`, () => {
      const { stdout } = spawnSync(
        process.execPath,
        [
          ...loaders,
          '--import',
          hook,
          '--test-reporter=tap',
          join('node_modules', 'pino', 'test', `${file}.test.js`),
        ],
        { encoding: 'utf8', env: { ...env, PINO_TESTS_SKIPPED: skipped }, timeout: 100_000 },
      )
      assert.match(stdout, /^# fail 0$/m, stdout)
      assert.match(stdout, new RegExp(`^# pass ${tests}$`, 'm'), stdout.slice(-300))
    })
  }
})
