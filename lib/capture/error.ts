// How a thrown value becomes the `exception` of an entry: type, message and stack as they are at
// the moment of the call. Anything can be thrown, so anything is accepted; nothing here throws but
// for a stack overflow of the caller's.

import { ARRAY, AS_TEXT, END, type Lanes, OBJECT } from './lanes.ts'
import { isError, textOf, throwsMark } from '../entry/safe-text.ts'
import { depthMax } from '../entry/entry.ts'

/** Errors of an AggregateError that are shown. */
const errorsMax = 100
/** Calls of a stack that is given as a list. */
const framesMax = 100
/** Places of the lanes that the further properties of one error may take. */
const detailsPlacesMax = 2048

// oxlint-disable-next-line unbound-method -- always called with a receiver
const hasOwn = Object.prototype.hasOwnProperty

/** Copies a value into the lanes. */
export type CaptureValue = (lanes: Lanes, value: unknown, key: string, depth: number) => void

/**
 * Copies a thrown value into the lanes as `{type, message, stack_trace}`; then, if present, `code`,
 * `details`, `cause` and `errors`.
 *
 * @param depth The nesting of the exception itself: a chain of causes ends at the deepest level
 *   with a mark.
 * @param captureValue Copies values that are not errors: further properties, causes, and an object
 *   that was thrown.
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
  lanes.pushTag(OBJECT)
  if (isObject(thrown)) {
    ancestors[depth] = thrown
    captureThrownObject(lanes, thrown, depth, captureValue)
    ancestors[depth] = undefined
  } else {
    pushMember(lanes, 'type', typeof thrown)
    pushMember(lanes, 'message', textOf(thrown))
    pushMember(lanes, 'stack_trace', '')
  }
  lanes.pushTag(END)
}

function captureThrownObject(
  lanes: Lanes,
  thrown: object,
  depth: number,
  captureValue: CaptureValue,
): void {
  const name = property(thrown, 'name')
  const message = property(thrown, 'message')
  const type = typeName(thrown, name)
  pushMember(lanes, 'type', type)
  if (typeof message !== 'string' && !isError(thrown)) {
    captureAsText(lanes, thrown, depth, captureValue)
    return
  }
  const text = message === undefined ? '' : textOf(message)
  pushMember(lanes, 'message', text)
  pushMember(lanes, 'stack_trace', stackOf(thrown, type, text))
  const code = detail(thrown, 'code')
  if (isCode(code)) pushMember(lanes, 'code', textOf(code))
  const errors = detail(thrown, 'errors')
  const further = furtherKeys(thrown, errors)
  // These are seldom enumerable, and words but for an application that makes objects of them.
  if (isObject(name)) further.push('name')
  if (isObject(message)) further.push('message')
  if (isObject(code)) further.push('code')
  if (further.length > 0) captureDetails(lanes, thrown, further, depth + 1, captureValue)
  const cause = detail(thrown, 'cause')
  if (cause !== undefined && cause !== null && !lanes.exhausted) {
    lanes.pushRef('cause')
    captureRelated(lanes, cause, 'cause', depth, captureValue)
  }
  if (isObject(errors) && isArray(errors) && !lanes.exhausted) {
    lanes.pushRef('errors')
    captureErrors(lanes, errors, depth + 1, captureValue)
  }
}

/**
 * Copies an object that was thrown without being an error. Its members become the message, as JSON,
 * so that secrets among them are masked by their keys like any others.
 */
function captureAsText(
  lanes: Lanes,
  thrown: object,
  depth: number,
  captureValue: CaptureValue,
): void {
  lanes.pushRef('message')
  lanes.pushTag(AS_TEXT)
  lanes.ancestors[depth] = undefined
  captureValue(lanes, thrown, 'message', depth)
  const stack = property(thrown, 'stack')
  pushMember(lanes, 'stack_trace', typeof stack === 'string' ? stack : '')
  const code = detail(thrown, 'code')
  if (isCode(code)) pushMember(lanes, 'code', textOf(code))
}

/**
 * The keys of an error's own properties but those that have a member of their own in the exception.
 */
function furtherKeys(thrown: object, errors: unknown): string[] {
  const further: string[] = []
  try {
    for (const key in thrown) {
      switch (key) {
        case 'name':
        case 'message':
        case 'stack':
        case 'code':
        case 'cause':
          break
        case 'errors':
          if (!isArray(errors) && hasOwn.call(thrown, key)) further.push(key)
          break
        default:
          if (hasOwn.call(thrown, key)) further.push(key)
      }
    }
  } catch {
    // A Proxy whose trap throws.
  }
  return further
}

/**
 * Copies an error's own further properties: like a context, but no more of them than
 * `detailsPlacesMax`. What a client for HTTP hangs on its errors leads to its sockets.
 */
function captureDetails(
  lanes: Lanes,
  thrown: object,
  keys: readonly string[],
  depth: number,
  captureValue: CaptureValue,
): void {
  if (lanes.exhausted) return
  const { refLimit, tagLimit, tagTail, numTail, refTail, chars } = lanes
  lanes.pushRef('details')
  lanes.pushTag(OBJECT)
  lanes.limit(detailsPlacesMax)
  let isEmpty = true
  for (const key of keys) {
    const value = property(thrown, key)
    if (!hasJson(value)) continue
    isEmpty = false
    lanes.pushRef(key)
    captureValue(lanes, value, key, depth)
    if (lanes.exhausted) break
  }
  const isCut = lanes.exhausted
  lanes.refLimit = refLimit
  lanes.tagLimit = tagLimit
  if (isEmpty) {
    lanes.setTails(tagTail, numTail, refTail)
    lanes.chars = chars
    return
  }
  if (isCut) pushMember(lanes, '…', '[Truncated]')
  lanes.pushTag(END)
}

function captureErrors(
  lanes: Lanes,
  errors: readonly unknown[],
  depth: number,
  captureValue: CaptureValue,
): void {
  lanes.pushTag(ARRAY)
  const { length } = errors
  for (let i = 0; i < length && i < errorsMax && !lanes.exhausted; i++) {
    captureRelated(lanes, property(errors, i), '', depth, captureValue)
  }
  if (length > errorsMax) lanes.pushString(`…[${length - errorsMax} more errors]`)
  lanes.pushTag(END)
}

/** Copies a cause, or one of several errors: an error as one, anything else as it is. */
function captureRelated(
  lanes: Lanes,
  value: unknown,
  key: string,
  depth: number,
  captureValue: CaptureValue,
): void {
  if (isError(value)) captureException(lanes, value, depth + 1, captureValue)
  else if (typeof value === 'function' || typeof value === 'symbol') {
    lanes.pushString(textOf(value))
  } else captureValue(lanes, value, key, depth)
}

function pushMember(lanes: Lanes, key: string, value: string): void {
  lanes.pushRef(key)
  lanes.pushString(value)
}

/**
 * The name a reader knows the error by: its own `name`, or that of its class where `name` says only
 * Error.
 */
function typeName(thrown: object, name: unknown): string {
  if (typeof name === 'string' && name !== '' && name !== 'Error') return name
  const constructor = property(thrown, 'constructor')
  const className = typeof constructor === 'function' ? property(constructor, 'name') : undefined
  return typeof className === 'string' && className !== '' ? className : 'Error'
}

function stackOf(thrown: object, type: string, message: string): string {
  const stack = property(thrown, 'stack')
  if (typeof stack === 'string') return stack
  if (!isError(thrown)) return ''
  // An application's Error.prepareStackTrace may make a list of it.
  const frames = isObject(stack) && isArray(stack) ? stack.slice(0, framesMax).map(textOf) : []
  return [`${type}: ${message}`, ...frames].join('\n    at ')
}

/** Whether a code is one that can be read as a word: anything else is among the details. */
function isCode(code: unknown): boolean {
  return code !== null && hasJson(code) && typeof code !== 'object'
}

/** Whether JSON has a word for a value. */
function hasJson(value: unknown): boolean {
  const type = typeof value
  return type !== 'undefined' && type !== 'function' && type !== 'symbol'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
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
  if (value === undefined) return undefined
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
