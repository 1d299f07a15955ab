// The schema of a configuration as a list of places, so that a test can try each of them.

import assert from 'node:assert/strict'
import { ConfigError } from '../../lib/errors.ts'
import type { Rule } from '../../lib/config/validate.ts'
import { resolveConfig } from '../../lib/config/resolve.ts'
import { loggingSchema } from '../../lib/config/schema.ts'

/** The error of a configuration that cannot be used. */
export function errorOf(section: unknown, options?: { file?: string }): ConfigError {
  try {
    resolveConfig(section, options)
  } catch (error) {
    assert.ok(error instanceof ConfigError, `expected a ConfigError, got ${String(error)}`)
    return error
  }
  return assert.fail('expected a ConfigError, got none')
}

/** The lines of the error below its headline. */
export function problemsOf(section: unknown): string[] {
  return errorOf(section).message.split('\n').slice(1)
}

/** A section with one value at a path. */
export function sectionWith(path: readonly string[], value: unknown): { [key: string]: unknown } {
  const [key = '', ...rest] = path
  return { [key]: rest.length === 0 ? value : sectionWith(rest, value) }
}

/** Every place of the schema; a record is entered under a key that is allowed. */
function* placesOf(rule: Rule, path: string[] = []): Generator<{ path: string[]; rule: Rule }> {
  yield { path, rule }
  const record = Object.values(rule.patternProperties ?? {})[0]
  if (record) yield* placesOf(record, [...path, path[0] === 'categories' ? 'latency' : 'sdk'])
  for (const [key, member] of Object.entries(rule.properties ?? {})) {
    yield* placesOf(member, [...path, key])
  }
}

/** Every place, the section itself first. */
export const places = [...placesOf(loggingSchema)]
