// The options of a function, checked like a configuration: one error names each that is unknown or
// wrong, with the word that was meant. A misspelt option that is passed over looks like one that
// does nothing.

import { existsSync } from 'node:fs'
import { questionOf } from '../entry/closest-word.ts'
import { keysOf, readMember, shown } from '../entry/foreign-value.ts'
import type { ConfigProblem } from '../errors.ts'
import {
  absolutePathOf,
  defaultLogPath,
  parentOfInstances,
  pathExpected,
  pathFaultOf,
} from './log-path.ts'
import { type Rule, checkValue } from './validate.ts'

/** What each option may hold. All are optional: `undefined` counts as absent. */
export type OptionRules<T> = { readonly [Name in keyof Required<T>]: Rule }

/** The rule of an option `log_path`. */
export const pathRule: Rule = {
  type: 'string',
  pattern: '^[^\\0]+$',
  description: 'a non-empty string without NUL',
}

/** The rule of an option `log_path` that may name several. */
export const pathsRule: Rule = {
  description: 'a non-empty string without NUL, or an array of such',
  accepts: (value) =>
    [value].flat().length > 0 &&
    [value].flat().every((path) => typeof path === 'string' && /^[^\0]+$/.test(path)),
}

/**
 * Checks the options of a function.
 *
 * @param action What is not done when they are wrong, for the error: `clean the logs`.
 * @returns A copy of them, made of own members that were read once.
 * @throws {TypeError} when one is unknown or wrong; {RangeError} when only numbers and words of a
 *   list are.
 */
export function checkOptions<T>(action: string, rules: OptionRules<T>, options: unknown): T {
  const keys = keysOf(options)
  if (keys === undefined) {
    throw new TypeError(`Cannot ${action}: expected options to be an object, got ${shown(options)}`)
  }
  const known: readonly string[] = Object.keys(rules)
  const told = keys
    .filter((key) => !known.includes(key))
    .map(
      (key) =>
        `the options to be only ${known.join(', ')}, got ${shown(key)}${questionOf(key, known)}`,
    )
  let isRange = told.length === 0
  // Without a prototype: one that is left out is not to be found on that of all objects.
  const checked = Object.create(null) as { [name: string]: unknown }
  for (const [name, rule] of Object.entries<Rule>(rules)) {
    const value = keys.includes(name) ? readMember(options as object, name) : undefined
    const problems: ConfigProblem[] = []
    if (value !== undefined) checked[name] = checkValue(rule, value, name, problems)
    for (const { path, expected, actual } of problems) {
      told.push(`${path} to be ${expected}, got ${actual}`)
      isRange &&= rule.type === 'integer' || rule.enum !== undefined
    }
  }
  if (told.length === 0) return checked as T
  const message = `Cannot ${action}: ${told.map((problem) => `expected ${problem}`).join('; ')}`
  throw isRange ? new RangeError(message) : new TypeError(message)
}

/** Whether a directory may be read under this path: what is there may be called anything. */
export function isReadable(path: string): boolean {
  return pathFaultOf(path) === undefined || existsSync(absolutePathOf(path))
}

/**
 * The directory that an option `log_path` names, absolute.
 *
 * @throws {TypeError} when the path waits to be filled in, and no such directory is there.
 */
export function directoryToRead(action: string, path: string = defaultLogPath): string {
  if (isReadable(path)) return absolutePathOf(path)
  throw new TypeError(
    `Cannot ${action}: expected log_path to be ${pathExpected}, got ${shown(path)}`,
  )
}

/**
 * The directories that an option `log_path` names, absolute: of one with places for the instance,
 * what is above these.
 *
 * @throws {TypeError} as {@link directoryToRead} does.
 */
export function directoriesToRead(
  action: string,
  paths: string | readonly string[] = defaultLogPath,
): string[] {
  const all = typeof paths === 'string' ? [paths] : paths
  return [...new Set(all.map((path) => directoryToRead(action, parentOfInstances(path))))]
}
