// A definition says once what holds for all records of a template: the category, the level, the
// keys of a typed event, the bound fields. It is JSON, since it is read by another version of this
// program, or of the application.

import type { EventOrigin, Shape } from '../encode/event-encoder.ts'
import type { Template } from '../encode/line-template.ts'
import { namePattern } from '../entry/builtin-categories.ts'
import { levelNames } from '../entry/level.ts'

/** What a record's values mean. */
export interface Definition {
  readonly category: string
  readonly severity: number
  readonly event: EventOrigin | undefined
  readonly bindings: BoundFields | undefined
}

/** Fields bound by `with()`. Their secrets are masked already. */
export interface BoundFields {
  readonly accountId: string | undefined
  /** The members, `"key":value`, by key. */
  readonly members: readonly (readonly [key: string, text: string])[]
}

/** Objects within objects that a shape may have: no schema that compiles has more. */
const shapeDepthMax = 64
const kinds: ReadonlySet<unknown> = new Set(['string', 'number', 'boolean', 'loose', 'secret'])

/** The definition of a template's entries, as JSON. */
export function definitionOf({ owner, severity, event, bindings }: Template): string {
  return JSON.stringify({
    category: owner.name,
    severity,
    event: event?.origin,
    bindings: bindings && { accountId: bindings.accountId, members: [...bindings.members] },
  })
}

/** A definition read back; undefined for what is none. */
export function asDefinition(text: string): Definition | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  const { category, severity, event, bindings } = value
  if (typeof category !== 'string' || !namePattern.test(category)) return undefined
  if (typeof severity !== 'number' || levelNames[severity] === undefined) return undefined
  if (event !== undefined && !isOrigin(event)) return undefined
  if (bindings !== undefined && !isBoundFields(bindings)) return undefined
  return { category, severity, event, bindings }
}

function isOrigin(value: unknown): value is EventOrigin {
  if (!isRecord(value)) return false
  const { name, message, shape } = value
  return (
    (name === undefined || (typeof name === 'string' && name !== '')) &&
    typeof message === 'string' &&
    isShape(shape, 0)
  )
}

function isShape(value: unknown, depth: number): value is Shape {
  if (!Array.isArray(value) || depth > shapeDepthMax) return false
  const isMember = (member: unknown): boolean =>
    Array.isArray(member) &&
    member.length === 2 &&
    typeof member[0] === 'string' &&
    (kinds.has(member[1]) || isShape(member[1], depth + 1))
  return value.every(isMember) && new Set(value.map(([key]) => key as string)).size === value.length
}

function isBoundFields(value: unknown): value is BoundFields {
  if (!isRecord(value)) return false
  const { accountId, members } = value
  if (accountId !== undefined && typeof accountId !== 'string') return false
  return Array.isArray(members) && members.every(isBoundMember)
}

function isBoundMember(member: unknown): boolean {
  if (!Array.isArray(member) || member.length !== 2) return false
  const [key, text] = member as readonly unknown[]
  return typeof key === 'string' && typeof text === 'string' && isJsonLine(`{${text}}`)
}

/** Whether text is JSON, and stays on its line. */
export function isJsonLine(text: string): boolean {
  if (/[\n\r]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
