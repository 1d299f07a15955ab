// Schema → plan: which of an event's values have a place of their own in the lanes.
//
// A required string, number or boolean has one: the compiler of the plan knows where each stands.
// Every other value is *loose*: optional ones, arrays, records, unions of several types. A value
// whose key surely names a secret is never looked at, unless it is a boolean. What a type alone
// does not say of a value is checked later, in our own turn.

import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { isObjectSchema } from './event-definition.ts'
import type { Restored, Shape } from '../encode/event-encoder.ts'
import { withoutInherited } from '../entry/inherited-members.ts'
import { textOf } from '../entry/safe-text.ts'
import { jsonOf } from '../entry/json-text.ts'
import {
  PLURAL,
  redacted,
  type Redactor,
  SHORT,
  STRONG,
  type Strength,
} from '../redact/secret-keys.ts'

/** Whether a restored context obeys a part of its schema. */
type Check = (context: Restored) => boolean

/** What kind of value a field holds. */
export type Kind = 'string' | 'number' | 'boolean' | 'loose' | 'secret'

/** A value of the event. */
export interface Field {
  readonly path: readonly string[]
  readonly kind: Kind
  /** How surely its key names a secret; the values of a `secret` are not asked for it. */
  readonly strength: Strength
}

/** An object of the schema: fields and objects by key, in order. */
export interface Plan {
  readonly kind: 'object'
  readonly keys: ReadonlyMap<string, Field | Plan>
}

/** Whether a member of a plan is an object with a plan of its own. */
export function isPlan(member: Field | Plan): member is Plan {
  // Not by `keys`, which a polluted Object.prototype may give to every field.
  return member.kind === 'object'
}

/**
 * The plan of an object's schema.
 *
 * @param path Where the object stands in the context.
 * @param fields Gets each field, in the order of the schema.
 * @param checks Gets what is left to be checked of a restored context.
 */
export function planOf(
  schema: TSchema,
  path: readonly string[],
  redactor: Redactor,
  fields: Field[],
  checks: Check[],
): Plan {
  const keys = new Map<string, Field | Plan>()
  const plan = { kind: 'object', keys } as const
  if (!isObjectSchema(schema)) return plan
  const required = new Set<string>(Object.hasOwn(schema, 'required') ? schema.required : [])
  for (const [key, member] of Object.entries(schema.properties)) {
    const at = [...path, key]
    const strength = redactor.strengthOf(key)
    if (strength < STRONG && required.has(key) && isFlat(member)) {
      keys.set(key, planOf(member, at, redactor, fields, checks))
      continue
    }
    const type = kindOf(member)
    const kind = guardedKind(key, strength, type, required.has(key) ? type : 'loose')
    const field = { path: at, kind, strength }
    fields.push(field)
    keys.set(key, field)
    if (kind !== 'secret' && (kind === 'loose' || !isPlain(member))) {
      // What cannot be taken away, from a frozen prototype, is left out of the schema.
      const compiled = withoutInherited(() => Compile(isPolluted() ? ownPartsOf(member) : member))
      const optional = !required.has(key)
      checks.push((context) => {
        const value = valueAt(context, at)
        return (optional && value === undefined) || compiled.Check(value) || isMasked(value)
      })
    }
  }
  return plan
}

/**
 * What kind of value a field holds whose key may name a secret. Booleans are none, nor are counts.
 */
function guardedKind(key: string, strength: Strength, type: Kind, kind: Kind): Kind {
  if (kind === 'boolean' || (kind === 'number' && strength === PLURAL)) return kind
  // `credentials: 'omit'`.
  if (type === 'string' && strength === PLURAL) return kind
  if (strength >= STRONG) return 'secret'
  // Of a PIN the value decides; of others a number is a count.
  return strength === SHORT && kind === 'number' && /pins?$/i.test(key) ? 'loose' : kind
}

/** An object whose members can have places of their own: described by its properties alone. */
function isFlat(schema: TSchema): boolean {
  return (
    isObjectSchema(schema) &&
    !['patternProperties', 'additionalProperties', 'minProperties', 'maxProperties'].some((key) =>
      Object.hasOwn(schema, key),
    )
  )
}

function kindOf(schema: TSchema): Kind {
  const {
    type,
    const: literal,
    enum: members,
    anyOf,
  } = ownPartsOf(schema) as {
    readonly type?: unknown
    readonly const?: unknown
    readonly enum?: readonly unknown[]
    readonly anyOf?: readonly TSchema[]
  }
  const kinds = new Set<Kind>()
  if (literal !== undefined) kinds.add(kindOfValue(literal))
  else if (members !== undefined) for (const member of members) kinds.add(kindOfValue(member))
  else if (anyOf !== undefined) for (const member of anyOf) kinds.add(kindOf(member))
  else if (type === 'string' || type === 'boolean') return type
  else if (type === 'number' || type === 'integer') return 'number'
  const [kind] = kinds
  return kinds.size === 1 && kind !== undefined ? kind : 'loose'
}

function kindOfValue(value: unknown): Kind {
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'loose'
}

/** Whether the type alone says all: then the capture has checked everything. */
function isPlain(schema: TSchema): boolean {
  const saying = new Set(['type', 'title', 'description', 'default', 'examples', '$id', '$comment'])
  const { type } = schema as { readonly type?: unknown }
  return (
    type !== 'integer' && Object.keys(schema).every((key) => saying.has(key) || key.startsWith('~'))
  )
}

/**
 * Whether someone has given members to all objects: what compiles schemas would take them for parts
 * of each.
 */
export function isPolluted(): boolean {
  for (const _ in Object.prototype) return true
  return false
}

/** A schema without what its parts inherit. */
function ownPartsOf<T>(schema: T): T {
  if (typeof schema !== 'object' || schema === null || schema instanceof RegExp) return schema
  if (Array.isArray(schema)) return schema.map(ownPartsOf) as T
  const own = Object.create(null) as Record<string, unknown>
  for (const key of Reflect.ownKeys(schema) as string[]) {
    own[key] = ownPartsOf((schema as Record<string, unknown>)[key])
  }
  return own as T
}

/** The account stands in the entry, not in its context. */
export function withoutAccount(plan: Plan): Plan {
  return { kind: 'object', keys: new Map([...plan.keys].filter(([key]) => key !== 'account_id')) }
}

/** Which value stands where, as plain data. */
export function shapeOf({ keys }: Plan): Shape {
  return [...keys].map(([key, member]) => [key, isPlan(member) ? shapeOf(member) : member.kind])
}

/** The schema of what is restored: secrets are strings by then, loose values anything. */
export function jsonSchemaOf(plan: Plan): {
  type: 'object'
  properties: Record<string, object>
  required: string[]
} {
  const properties: Record<string, object> = Object.create(null) as Record<string, object>
  const required: string[] = []
  for (const [key, member] of plan.keys) {
    if (isPlan(member)) properties[key] = jsonSchemaOf(member)
    else if (member.kind === 'loose') properties[key] = {}
    else properties[key] = { type: member.kind === 'secret' ? 'string' : member.kind }
    if (member.kind !== 'loose') required.push(key)
  }
  return { type: 'object', properties, required }
}

/** The value at a path of a restored context; undefined when it is not there. */
export function valueAt(context: Restored, path: readonly string[]): unknown {
  let at: unknown = context
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Restored)[key]
  }
  return at
}

/** A value of a restored context as it is shown within a message. */
export function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? jsonOf(value) : textOf(value)
}

/**
 * Whether a value no longer is what was logged, so that nobody can tell whether that obeyed the
 * schema.
 */
function isMasked(value: unknown): boolean {
  return shown(value).includes(redacted)
}
