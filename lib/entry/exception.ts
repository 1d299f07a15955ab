// How a thrown value becomes the `exception` of an entry: type, message and stack as they are at the
// moment of the call. Anything can be thrown, so anything is accepted; nothing here throws but for a
// stack overflow of the caller's.

import { inspect, types } from 'node:util'
import { ARRAY, END, type Lanes, OBJECT, depthMax } from './lanes.ts'

/** Errors of an AggregateError that are shown. */
const errorsMax = 100

/**
 * Copies a thrown value into the lanes as `{type, message, stack_trace}`; then, if present, `code`, `cause`
 * (nested likewise) and `errors`.
 *
 * @param depth The nesting of the exception itself: a chain of causes ends at the deepest level with a mark.
 */
export function captureException(lanes: Lanes, thrown: unknown, depth: number): void {
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
  pushMember(lanes, 'message', messageOf(thrown))
  pushMember(lanes, 'stack_trace', stackOf(thrown))
  if (isObject) captureDetails(lanes, thrown, depth)
  lanes.pushTag(END)
  if (isObject) ancestors[depth] = undefined
}

/** Whether a value is an error, of whichever realm. */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error
  } catch {
    // A revoked Proxy throws at being asked.
    return false
  }
}

function captureDetails(lanes: Lanes, thrown: object, depth: number): void {
  const code = property(thrown, 'code')
  if (code !== undefined && code !== null) pushMember(lanes, 'code', textOf(code))
  const cause = property(thrown, 'cause')
  if (cause !== undefined && cause !== null && !lanes.exhausted) {
    lanes.pushRef('cause')
    captureException(lanes, cause, depth + 1)
  }
  const errors = property(thrown, 'errors')
  if (isError(thrown) && Array.isArray(errors)) {
    lanes.pushRef('errors')
    lanes.pushTag(ARRAY)
    for (let i = 0; i < errors.length && i < errorsMax && !lanes.exhausted; i++) {
      captureException(lanes, property(errors, i), depth + 1)
    }
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

function messageOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return textOf(thrown)
  const message = property(thrown, 'message')
  if (typeof message === 'string') return message
  if (message !== undefined) return textOf(message)
  return isError(thrown) ? '' : shown(thrown)
}

function stackOf(thrown: unknown): string {
  const stack =
    typeof thrown === 'object' && thrown !== null ? property(thrown, 'stack') : undefined
  if (typeof stack === 'string') return stack
  return isError(thrown) ? `${typeName(thrown)}: ${messageOf(thrown)}` : ''
}

/** An object that was thrown without being an error, as the console would show it. */
function shown(object: object): string {
  try {
    return inspect(object, { depth: 4, breakLength: Infinity, maxStringLength: 1000 })
  } catch (error) {
    return throwsMark(error)
  }
}

function property(object: object, key: string | number): unknown {
  try {
    return (object as { readonly [key: string | number]: unknown })[key]
  } catch (error) {
    return throwsMark(error)
  }
}

/** Any value as a short text, whatever it is. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return String(value)
  } catch (error) {
    return throwsMark(error)
  }
}

/** The visible mark of a value that could not be read because reading it threw `error`. */
export function throwsMark(error: unknown): string {
  let reason = ''
  try {
    reason = isError(error) ? `${error.name}: ${error.message}` : String(error)
  } catch {
    // What was thrown cannot be read either: the mark alone has to do.
  }
  return `[Throws: ${reason.slice(0, 200)}]`
}
