// Validates a value against a schema: reports every problem, by path and in words.
//
// TypeBox's own Errors() will not do: it stops at 8 errors (a setting that belongs to the whole
// process), has two errors for each unknown key and one for each literal of an enum, reads a value
// several times over, and takes 120 ms to load (typebox 1.4.3, Node 20.20, 2026-11). So the schema
// is read here as data: objects, records, arrays, integers, strings, booleans, null, enums, which
// is all a configuration has.
//
// What comes back is a copy, made of own members that were read once, and holds only what is right.

import type { ConfigProblem } from '../errors.ts'
import { questionOf } from '../entry/closest-word.ts'
import { keysOf, lengthOf, pathOf, readMember, shown } from '../entry/foreign-value.ts'

/** As much of a JSON Schema as a configuration needs; a TypeBox schema is one. */
export interface Rule {
  readonly type?: 'object' | 'array' | 'integer' | 'string' | 'boolean' | 'null'
  /** One of several kinds of values, of which none has members. */
  readonly anyOf?: readonly Rule[]
  /** What is allowed, where the other words do not tell it well. */
  readonly description?: string
  readonly properties?: { readonly [key: string]: Rule }
  /** A record: one rule for the values of all keys. */
  readonly patternProperties?: { readonly [pattern: string]: Rule }
  readonly items?: Rule
  readonly maxItems?: number
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  /** What others call one of the values. */
  readonly meant?: { readonly [word: string]: string }
  /**
   * Decides about what JSON does not have: a Date, a signal. Then `description` tells what is
   * allowed.
   */
  readonly accepts?: (value: unknown) => boolean
}

/**
 * Checks a value against the rule of its place.
 *
 * @param problems Gets every problem found, in the order of the schema; unknown keys after the
 *   known ones.
 * @returns A copy of what is right of the value; `undefined` when the value itself is wrong.
 */
export function checkValue(
  rule: Rule,
  value: unknown,
  path: string,
  problems: ConfigProblem[],
): unknown {
  if (rule.type === 'object') return checkObject(rule, value, path, problems)
  if (rule.type === 'array') return checkArray(rule, value, path, problems)
  if (isRight(rule, value)) return value
  const actual = `${shown(value)}${valueQuestion(rule, value)}`
  problems.push({ path, expected: expectedOf(rule), actual })
  return undefined
}

/** Which of the allowed words a wrong one was meant to be. */
function valueQuestion(rule: Rule, value: unknown): string {
  if (rule.enum === undefined || typeof value !== 'string') return ''
  return questionOf(value, rule.enum.filter(isString), rule.meant)
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

function checkObject(rule: Rule, value: unknown, path: string, problems: ConfigProblem[]): unknown {
  const keys = keysOf(value)
  if (keys === undefined) {
    problems.push({ path, expected: 'an object', actual: shown(value) })
    return undefined
  }
  const record = rule.patternProperties && Object.values(rule.patternProperties)[0]
  const known = record ? keys : Object.keys(rule.properties ?? {})
  const present = new Set(keys)
  // Without a prototype, so that `constructor` and `__proto__` are keys like all others.
  const copy = Object.create(null) as { [key: string]: unknown }
  for (const key of known) {
    const member = present.has(key) ? readMember(value as object, key) : undefined
    const memberRule = record ?? rule.properties?.[key]
    if (member === undefined || memberRule === undefined) continue
    copy[key] = checkValue(memberRule, member, pathOf(path, key), problems)
  }
  for (const key of record ? [] : keys) {
    if (known.includes(key)) continue
    problems.push({
      path: pathOf(path, key),
      expected: `one of ${known.filter((name) => !name.startsWith('$')).join(', ')}`,
      actual: `an unknown key${keyQuestion(rule, key, path)}`,
    })
  }
  return copy
}

/**
 * What an unknown key was meant to be: another one here, one of a member's, or the object that it
 * stands in.
 */
function keyQuestion({ properties = {} }: Rule, key: string, path: string): string {
  if (key === path) return `: what stands in ${path} is wanted`
  for (const [name, member] of Object.entries(properties)) {
    if (Object.hasOwn(member.properties ?? {}, key)) return ` (did you mean ${name}.${key}?)`
  }
  return questionOf(key, Object.keys(properties))
}

function checkArray(rule: Rule, value: unknown, path: string, problems: ConfigProblem[]): unknown {
  const length = lengthOf(value)
  if (length === undefined || length > (rule.maxItems ?? Infinity)) {
    problems.push({ path, expected: expectedOf(rule), actual: shown(value) })
    return undefined
  }
  const copy: unknown[] = []
  for (let at = 0; at < length; at++) {
    const item = readMember(value as object, String(at))
    copy.push(rule.items && checkValue(rule.items, item, `${path}[${at}]`, problems))
  }
  return copy
}

/** Whether a value that holds no others is right. */
function isRight(rule: Rule, value: unknown): boolean {
  if (rule.accepts) return rule.accepts(value)
  if (rule.anyOf) return rule.anyOf.some((each) => isRight(each, value))
  if (rule.type === 'null') return value === null
  if (rule.enum) return rule.enum.includes(value)
  if (rule.type === 'boolean') return typeof value === 'boolean'
  if (rule.type === 'string') {
    return typeof value === 'string' && new RegExp(rule.pattern ?? '').test(value)
  }
  const { minimum = -Infinity, maximum = Infinity } = rule
  return (
    typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum
  )
}

/** What a rule allows, in words. */
function expectedOf(rule: Rule): string {
  if (rule.description !== undefined) return rule.description
  if (rule.enum) return `one of ${rule.enum.join(', ')}`
  if (rule.type === 'boolean') return 'true or false'
  if (rule.type === 'integer') return `an integer from ${rule.minimum} to ${rule.maximum}`
  return `a ${rule.type}`
}
