// How a thrown value becomes the `exception` of an entry: type, message and stack as they are at the
// moment of the call. Anything can be thrown, so anything is accepted; nothing here throws but for a
// stack overflow of the caller's.

import { ARRAY, AS_TEXT, END, type Lanes, OBJECT } from './lanes.ts'
import { isError, textOf, throwsMark } from '../entry/safe-text.ts'
import { depthMax } from '../entry/entry.ts'

/** Errors of an AggregateError that are shown. */
const errorsMax = 100

/** Copies a value into the lanes. */
export type CaptureValue = (lanes: Lanes, value: unknown, key: string, depth: number) => void

/**
 * Copies a thrown value into the lanes as `{type, message, stack_trace}`; then, if present, `code`, `cause`
 * (nested likewise) and `errors`.
 *
 * @param depth The nesting of the exception itself: a chain of causes ends at the deepest level with a mark.
 * @param captureValue Copies an object that was thrown without being an error: its members become the message,
 *   as JSON, so that secrets among them are masked by their keys like any others.
 */
export function captureException(
  lanes: Lanes,
  thrown: unknown,
  depth: number,
  captureValue: CaptureValue,
): void {
  if (depth > depthMax) {
    lanes.pushString('[Depth]')
    return
  }
  const { ancestors } = lanes
  for (let i = 1; i < depth; i++) {
    if (ancestors[i] === thrown) {
      lanes.pushString('[Circular]')
      return
    }
  }
  const isObject = typeof thrown === 'object' && thrown !== null
  if (isObject) ancestors[depth] = thrown
  lanes.pushTag(OBJECT)
  pushMember(lanes, 'type', typeName(thrown))
  const message = messageOf(thrown)
  if (message === undefined) {
    lanes.pushRef('message')
    lanes.pushTag(AS_TEXT)
    ancestors[depth] = undefined
    captureValue(lanes, thrown, 'message', depth)
    ancestors[depth] = thrown as object
  } else pushMember(lanes, 'message', message)
  pushMember(lanes, 'stack_trace', stackOf(thrown))
  if (isObject) captureDetails(lanes, thrown, depth, captureValue)
  lanes.pushTag(END)
  if (isObject) ancestors[depth] = undefined
}

function captureDetails(
  lanes: Lanes,
  thrown: object,
  depth: number,
  captureValue: CaptureValue,
): void {
  const code = detail(thrown, 'code')
  if (code !== undefined && code !== null) pushMember(lanes, 'code', textOf(code))
  const cause = detail(thrown, 'cause')
  if (cause !== undefined && cause !== null && !lanes.exhausted) {
    lanes.pushRef('cause')
    captureException(lanes, cause, depth + 1, captureValue)
  }
  const errors = detail(thrown, 'errors')
  if (isError(thrown) && isArray(errors)) {
    lanes.pushRef('errors')
    lanes.pushTag(ARRAY)
    const { length } = errors
    for (let i = 0; i < length && i < errorsMax && !lanes.exhausted; i++) {
      captureException(lanes, property(errors, i), depth + 1, captureValue)
    }
    if (length > errorsMax) lanes.pushString(`…[${length - errorsMax} more errors]`)
    lanes.pushTag(END)
  }
}

function pushMember(lanes: Lanes, key: string, value: string): void {
  lanes.pushRef(key)
  lanes.pushString(value)
}

/** The name a reader knows the error by: its own `name`, or that of its class where `name` says only Error. */
function typeName(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return typeof thrown
  const name = property(thrown, 'name')
  if (typeof name === 'string' && name !== '' && name !== 'Error') return name
  const constructor = property(thrown, 'constructor')
  const className = typeof constructor === 'function' ? property(constructor, 'name') : undefined
  return typeof className === 'string' && className !== '' ? className : 'Error'
}

/** The message; undefined for an object that has none. */
function messageOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return textOf(thrown)
  const message = property(thrown, 'message')
  if (typeof message === 'string') return message
  if (isError(thrown)) return message === undefined ? '' : textOf(message)
  return undefined
}

function stackOf(thrown: unknown): string {
  const stack =
    typeof thrown === 'object' && thrown !== null ? property(thrown, 'stack') : undefined
  if (typeof stack === 'string') return stack
  return isError(thrown) ? `${typeName(thrown)}: ${messageOf(thrown) ?? ''}` : ''
}

function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    // A revoked Proxy throws at being asked.
    return false
  }
}

/** A property of an error, but not one that a polluted prototype gives to every object. */
function detail(thrown: object, key: string): unknown {
  const value = property(thrown, key)
  return value === (Object.prototype as { readonly [key: string]: unknown })[key]
    ? undefined
    : value
}

function property(object: object, key: string | number): unknown {
  try {
    return (object as { readonly [key: string | number]: unknown })[key]
  } catch (error) {
    return throwsMark(error)
  }
}
