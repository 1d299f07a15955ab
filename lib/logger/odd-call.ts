// Arguments in other places than meant: an error or an object as the message, a context before the
// error, more than three of them. Nothing of them is lost, and nothing is thrown.
//
// Each argument finds its place by what it is:
//
//   an error               the exception, wherever it stands
//   the first text         the message; without one, the error's own message
//   the first object       the context
//   in the error's place   a text, a number: what was thrown, from WARNING on, or where a context
//                          follows; an object: what was thrown where a context follows
//   whatever is left       in the context: as `value` where it is alone, else as `arguments`

import { LedContext } from '../capture/led-context.ts'
import { WARNING } from '../entry/level.ts'
import { isError, textOf } from '../entry/safe-text.ts'
import { isBytes } from '../capture/special.ts'

/** A call as it is logged. */
export interface Call {
  readonly message: string
  readonly thrown: unknown
  readonly context: unknown
}

/** Members of a context, in order. */
export type Members = readonly (readonly [key: string, value: unknown])[]

/**
 * What a call means that was not made as it is meant: a text, then an error, then a context.
 *
 * @param isErrorNamed The second argument is known as the error, whatever it is: that of
 *   `logError`.
 */
export function oddCall(severity: number, args: readonly unknown[], isErrorNamed = false): Call {
  return ledCall(severity, [], args, isErrorNamed)
}

/** The same with members that stand first in the context, and win over equal keys of it. */
export function ledCall(
  severity: number,
  members: Members,
  args: readonly unknown[],
  isErrorNamed = false,
): Call {
  const [first] = args
  const hasText = isGiven(first) && !isObject(first)
  let message = hasText ? textOf(first) : undefined
  const rest = hasText ? args.slice(1) : args
  let thrownAt = rest.findIndex(isErrorLike)
  if (thrownAt === -1 && hasText && wasThrown(severity, rest, isErrorNamed)) thrownAt = 0
  let context: unknown
  const left: unknown[] = []
  rest.forEach((arg, at) => {
    if (at === thrownAt || !isGiven(arg)) return
    if (message === undefined && typeof arg === 'string') message = arg
    else if (context === undefined && isObject(arg) && !isError(arg)) context = arg
    else left.push(arg)
  })
  const thrown = rest[thrownAt]
  return {
    message: message ?? (isGiven(thrown) ? messageOfError(thrown) : messageOfContext(first)),
    thrown,
    context: ledContextOf(members, context, left),
  }
}

/** A context with members in front of it, and what a call has left over. */
function ledContextOf(members: Members, context: unknown, left: readonly unknown[]): unknown {
  const leading = new Map(members.map(([key, value]) => [key, memberOf(value)]))
  if (left.length === 1 && context === undefined && !leading.has('value')) {
    leading.set(isError(left[0]) ? 'error' : 'value', memberOf(left[0]))
  } else if (left.length > 0) {
    let key = 'arguments'
    while (leading.has(key) || hasMember(context, key)) key += '_'
    leading.set(key, left.map(memberOf))
  }
  return LedContext.of(leading, context)
}

/** Whether what stands in the error's place was thrown, though it is no error. */
function wasThrown(severity: number, [place, next]: readonly unknown[], isNamed: boolean): boolean {
  if (!isGiven(place)) return false
  return isNamed || isObject(next) || (!isObject(place) && severity >= WARNING)
}

/** A value as a member of a context: in words where JSON has none for it. */
function memberOf(value: unknown): unknown {
  return typeof value === 'function' || typeof value === 'symbol' ? textOf(value) : value
}

/** A value as a word of a message: of an object its name or its ID, if it has one. */
export function wordOf(value: unknown): string {
  if (!isObject(value)) return textOf(value)
  for (const key of ['name', 'id']) {
    const word = member(value, key)
    if (typeof word === 'string' || typeof word === 'number') return String(word)
  }
  return textOf(value)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** An error, or what one has become on its way through JSON or another library. */
function isErrorLike(value: unknown): boolean {
  if (!isObject(value)) return false
  return (
    isError(value) ||
    (typeof member(value, 'message') === 'string' && typeof member(value, 'stack') === 'string')
  )
}

function messageOfError(thrown: unknown): string {
  const message = isObject(thrown) ? member(thrown, 'message') : undefined
  return typeof message === 'string' && message !== '' ? message : textOf(thrown)
}

/**
 * What a context in place of the message says of itself; nothing, where that is not for a person.
 */
function messageOfContext(context: unknown): string {
  if (!isObject(context)) return textOf(context)
  for (const key of ['message', 'msg']) {
    const message = member(context, key)
    if (typeof message === 'string') return message
  }
  const text = textOf(context)
  return text === '[object Object]' || isData(context) ? '' : text
}

/** Whether all that an object would say of itself is what it holds. */
function isData(object: object): boolean {
  try {
    return Array.isArray(object) || isBytes(object)
  } catch {
    // A revoked Proxy: what it says is that.
    return false
  }
}

function member(object: object, key: string): unknown {
  try {
    return (object as Readonly<Record<string, unknown>>)[key]
  } catch {
    // A getter or a Proxy that throws; the capture leaves its mark.
    return undefined
  }
}

function hasMember(context: unknown, key: string): boolean {
  try {
    return isObject(context) && key in context
  } catch {
    return false
  }
}
