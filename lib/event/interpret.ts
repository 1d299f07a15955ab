// Schema → capture and restore, without generated code: for a process in which text must not become
// code (`--disallow-code-generation-from-strings`, a vm context without it). Slower, with the same
// results.
//
// The plan is walked at each call where the generated code (compile-capture.ts, compile-encoder.ts)
// has one statement per value.

import { TYPED } from '../capture/lanes.ts'
import type { EventEncoder, Restored } from '../encode/event-encoder.ts'
import { redacted } from '../redact/secret-keys.ts'
import { guarded } from '../redact/secret-values.ts'
import { type Capture, CAPTURED, MISMATCHED, UNFIT } from '../capture/typed.ts'
import { captureLoose, hasTooManyPlaces } from './compile-capture.ts'
import { type Field, isPlan, type Plan } from './plan.ts'

/** Whether text may become code in this process. */
export function mayGenerateCode(): boolean {
  try {
    // oxlint-disable-next-line no-implied-eval no-new-func -- whether it is allowed is the question
    return new Function('return true')() === true
  } catch {
    return false
  }
}

/** The capture of an event. `closed`: it may have no other members. */
export function interpretedCapture(plan: Plan, fields: readonly Field[], closed: boolean): Capture {
  if (hasTooManyPlaces(fields)) return () => UNFIT
  const read = fields.filter(({ kind }) => kind !== 'secret')
  return (lanes, context) => {
    // As in the generated code: all is read and checked, and only then written.
    const values: unknown[] = []
    if (!readMembers(plan, context, values)) return MISMATCHED
    if (!read.every(({ kind }, i) => isOfKind(values[i], kind))) return MISMATCHED
    if (closed) for (const key in context as object) if (!plan.keys.has(key)) return MISMATCHED
    const strings = values.filter((_, i) => read[i]!.kind === 'string') as string[]
    let chars = 0
    for (const string of strings) chars += string.length
    if (chars > lanes.charsMax) return UNFIT
    lanes.pushTag(TYPED)
    for (const string of strings) lanes.pushRef(string)
    read.forEach(({ kind }, i) => {
      if (kind === 'number' || kind === 'boolean') lanes.placeNumber(Number(values[i]))
    })
    for (const [i, { kind, path }] of read.entries()) {
      if (kind !== 'loose') continue
      captureLoose(lanes, values[i], path.at(-1)!)
      if (lanes.exhausted) return UNFIT
    }
    return CAPTURED
  }
}

/**
 * Reads the values of an object's fields, in the order of the schema; false when an object of it is
 * missing.
 */
function readMembers({ keys }: Plan, object: unknown, values: unknown[]): boolean {
  if (typeof object !== 'object' || object === null) return false
  for (const [key, member] of keys) {
    if (isPlan(member)) {
      if (!readMembers(member, (object as Restored)[key], values)) return false
    } else if (member.kind !== 'secret') values.push((object as Restored)[key])
  }
  return true
}

function isOfKind(value: unknown, kind: Field['kind']): boolean {
  if (kind === 'loose') return true
  return typeof value === kind && (typeof value !== 'number' || Number.isFinite(value))
}

/** The way back: the context as an object, read from the lanes behind the TYPED tag. */
export function interpretedRestore(
  plan: Plan,
  fields: readonly Field[],
  masked: readonly ((string: string) => string)[],
): EventEncoder['restore'] {
  return (lanes, readLoose) => {
    const values = new Map<Field, unknown>()
    for (const field of fields) {
      if (field.kind === 'secret') values.set(field, redacted)
      else if (field.kind === 'string') values.set(field, masked[field.strength]!(lanes.shiftRef()))
      else if (field.kind === 'number') values.set(field, lanes.shiftNumber())
      else if (field.kind === 'boolean') values.set(field, lanes.shiftNumber() === 1)
    }
    // They stand behind all others.
    for (const field of fields) {
      if (field.kind !== 'loose') continue
      const value = readLoose(lanes, lanes.shiftTag())
      values.set(field, guarded(value, field.strength, field.path.at(-1)!))
    }
    return objectOf(plan, values)
  }
}

function objectOf({ keys }: Plan, values: ReadonlyMap<Field, unknown>): Restored {
  // Entries, since `__proto__` as a member would be the object's prototype.
  return Object.fromEntries(
    [...keys].map(([key, member]) => [
      key,
      isPlan(member) ? objectOf(member, values) : values.get(member),
    ]),
  )
}
