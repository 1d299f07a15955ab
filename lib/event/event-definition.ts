// Typed events: the definition a user writes once, next to the code that logs it.

import type { CheckedMessage } from './message-places.ts'
import { type Static, type TObject, Type } from 'typebox'
import { type CategoryName, namePattern } from '../entry/builtin-categories.ts'
import { questionOf } from '../entry/closest-word.ts'
import { keysOf, named } from '../entry/foreign-value.ts'
import {
  type Level,
  type LevelName,
  levelNames,
  levelQuestion,
  severityOf,
} from '../entry/level.ts'

/** What `defineEvent` returns; given to `log.event()`. */
export interface EventDefinition<Context extends TObject = TObject> {
  /** Written as the entry's `event`. */
  readonly name: string | undefined
  readonly category: string
  readonly level: LevelName
  /** The message with its places: `Order {order.id} filled at {price}`. */
  readonly message: string
  /** The TypeBox schema of the context. */
  readonly context: Context
}

/** The static type of an event's context. */
export type ContextOf<E> = E extends EventDefinition<infer Context> ? Static<Context> : never

/**
 * Defines an event for the hot path: the schema gives the static type of its context, and is
 * compiled into a capture and a serializer when the event is first given to a logger.
 *
 * What a call costs depends on the schema. Required strings, finite numbers and booleans, in nested
 * required objects too, are copied straight into the lanes. Everything else (optional properties,
 * arrays, records, unions of several types, null) is walked like an untyped context. Only the
 * properties of the schema are read; an event logs those and no others, unless the schema forbids
 * others (`additionalProperties: false`). Data that does not match is logged as it is, untyped, and
 * counted in `stats().mismatched`.
 *
 * @param definition `message` may hold `{path.to.property}` places, filled in when the line is
 *   made; one that names no property of the schema does not compile; `{{` and `}}` stand for
 *   braces. The schema's top-level `account_id`, if there is one, becomes the entry's.
 * @throws {TypeError} when a part of the definition is missing or wrong, or a place names no
 *   property.
 *
 * @example
 * ```ts
 * const positionClosed = defineEvent({
 *   name: 'position_closed',
 *   category: 'enforcement',
 *   level: 'INFO',
 *   message: 'Position in {symbol} closed at {price}',
 *   context: Type.Object({ symbol: Type.String(), price: Type.Number() }),
 * })
 * const logPositionClosed = log.event(positionClosed)
 * logPositionClosed({ symbol: 'MNQ', price: 5000 }, 'ABC123')
 * ```
 */
export function defineEvent<Context extends TObject, const Message extends string>(definition: {
  readonly name?: string
  readonly category: CategoryName
  readonly level: Level
  readonly message: Message & CheckedMessage<NoInfer<Message>, NoInfer<Context>>
  readonly context: Context
}): EventDefinition<Context> {
  checkKeys(definition)
  const { category, level, message, context } = definition
  // It may be left out, and then a polluted Object.prototype could give one.
  const name = Object.hasOwn(definition, 'name') ? definition.name : undefined
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw misdefined('name', 'a non-empty string', name)
  }
  if (typeof category !== 'string' || !namePattern.test(category)) {
    throw misdefined('category', `a name that matches ${namePattern}`, category)
  }
  const severity = severityOf(level)
  if (severity === undefined) {
    throw misdefined('level', `one of ${levelNames.join(', ')}`, level, levelQuestion(level))
  }
  if (typeof message !== 'string') throw misdefined('message', 'a string', message)
  if (!isObjectSchema(context)) throw misdefined('context', 'a Type.Object({…})', context)
  for (const part of messageParts(message)) {
    if (typeof part !== 'string' && !hasPath(context, part)) {
      throw misdefined(
        'message',
        'places that name properties of the context',
        `{${part.join('.')}}`,
      )
    }
  }
  return Object.freeze({ name, category, level: levelNames[severity]!, message, context })
}

/** A message taken apart: texts, and the paths of its places. */
export function messageParts(message: string): (string | readonly string[])[] {
  const parts: (string | readonly string[])[] = []
  let text = ''
  for (const [piece, path] of message.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[^{}]+|[{}]/g)) {
    if (path !== undefined) {
      parts.push(text, path.split('.'))
      text = ''
    } else if (piece === '{{' || piece === '}}') text += piece[0]
    else if (piece === '{' || piece === '}') {
      throw misdefined(
        'message',
        'each brace to have its partner ({{ and }} for themselves)',
        message,
      )
    } else text += piece
  }
  parts.push(text)
  return parts
}

function hasPath(schema: unknown, path: readonly string[]): boolean {
  let at: unknown = schema
  for (const key of path) {
    if (!isObjectSchema(at) || !Object.hasOwn(at.properties, key)) return false
    at = at.properties[key]
  }
  return true
}

/** Whether a schema describes an object by its properties. */
export function isObjectSchema(schema: unknown): schema is TObject {
  return (
    typeof schema === 'object' &&
    schema !== null &&
    ownMember(schema, 'type') === 'object' &&
    typeof ownMember(schema, 'properties') === 'object' &&
    ownMember(schema, 'properties') !== null
  )
}

/** What a polluted Object.prototype gives to every object is no part of a schema. */
function ownMember(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined
}

/** A misspelt `name` would be passed over. */
function checkKeys(definition: unknown): void {
  const keys = keysOf(definition)
  if (keys === undefined) {
    throw new TypeError(`Cannot define the event: expected an object, got ${named(definition)}`)
  }
  const known = ['name', 'category', 'level', 'message', 'context']
  const unknown = keys.find((key) => !known.includes(key))
  if (unknown === undefined) return
  const actual = `${named(unknown)}${questionOf(unknown, known)}`
  throw new TypeError(`Cannot define the event: expected only ${known.join(', ')}, got ${actual}`)
}

function misdefined(part: string, expected: string, actual: unknown, question = ''): TypeError {
  return new TypeError(
    `Cannot define the event: expected ${part} to be ${expected}, got ${named(actual)}${question}`,
  )
}

export { Type }
