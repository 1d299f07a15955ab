// What a call made for pino means: `(object?, message?, ...values)`. What pino drops, values
// without a place in the message, finds one: an error is the exception, a single object the
// context.

import { isError, textOf } from '../entry/safe-text.ts'
import { format } from './format.ts'
import { type SerializerSet, isRequest, isResponse } from './serializers.ts'

/** A call as it is logged. */
export interface Call {
  readonly message: string
  readonly thrown: unknown
  readonly context: object | undefined
}

type Members = Readonly<Record<string, unknown>>

/** Understands the arguments of a call. Throws what a getter or a Proxy among them throws. */
export function callOf(
  args: readonly unknown[],
  serializers: SerializerSet,
  prefix: string | undefined,
): Call {
  const [first] = args
  // As it mostly is: a text alone.
  if (args.length === 1 && typeof first === 'string') {
    return { message: `${prefix ?? ''}${first}`, thrown: undefined, context: undefined }
  }
  const isText = typeof first !== 'object' && first !== undefined
  let parts =
    isText || first === null || first === undefined ? nothing : partsOf(first, serializers)
  let rest = isText ? args : args.slice(1)
  let message: string | undefined
  const [text] = rest
  if (text !== undefined && text !== null && typeof text !== 'object') {
    const { text: filled, used } = format(textOf(text), rest.slice(1))
    message = `${prefix ?? ''}${filled}`
    rest = rest.slice(1 + used)
  }
  if (rest.length > 0) parts = placed(rest, parts)
  const { thrown, context } = parts
  return message === undefined ? unnamed(parts) : { message, thrown, context }
}

/** A call without a text: `msg` of the object, else the message of the error. */
function unnamed({ thrown, context, reason = thrown }: Parts): Call {
  if (context !== undefined && typeof context['msg'] === 'string') {
    const { msg, ...others } = context
    return { message: msg, thrown, context: others }
  }
  return { message: messageOf(reason), thrown, context }
}

/** The message of an error, or of what an error has become on its way through JSON. */
function messageOf(reason: unknown): string {
  if (typeof reason !== 'object' || reason === null) return ''
  const { message } = reason as { readonly message?: unknown }
  return typeof message === 'string' ? message : ''
}

/** A request or response by itself stands under its usual key. */
function wrapped(first: object): object {
  try {
    if (isRequest(first)) return { req: first }
    return isResponse(first) ? { res: first } : first
  } catch {
    // A getter that throws: the capture leaves its mark.
    return first
  }
}

interface Parts {
  readonly thrown: unknown
  readonly context: Members | undefined
  /** The error, also where a serializer has made something else of it. */
  readonly reason?: unknown
}

const nothing: Parts = { thrown: undefined, context: undefined }

/** The members of what stands first, serialized, and its error. */
function partsOf(first: object, serializers: SerializerSet): Parts {
  if (!isError(first)) return membersOf(wrapped(first), serializers)
  // The error alone, unless a serializer has made something else of it.
  const { thrown, context, reason } = membersOf({ err: first }, serializers)
  return thrown === first ? { thrown, context: undefined } : { thrown, context, reason }
}

function membersOf(object: object, serializers: SerializerSet): Parts {
  let thrown: unknown
  let reason: unknown
  let copy: Record<string, unknown> | undefined
  try {
    for (const key of serializers.keys) {
      const value = (object as Members)[key]
      if (value === undefined || value === null || !Object.hasOwn(object, key)) continue
      const serialized = serializers.serialize(key, value)
      if (key === 'err') {
        reason = value
        thrown = serializers.exceptionOf(value, serialized)
      }
      const isThrown = key === 'err' && thrown !== undefined
      if (serialized === value && !isThrown) continue
      copy ??= { ...(object as Members) }
      if (isThrown) delete copy[key]
      else copy[key] = serialized
    }
  } catch {
    // A getter or a Proxy that throws: the capture leaves its mark.
  }
  return { thrown, context: copy ?? (object as Members), reason }
}

/** Values that the message has no place for. */
function placed(values: readonly unknown[], { thrown, context, reason }: Parts): Parts {
  const left: unknown[] = []
  let error = thrown
  let fields = context
  for (const value of values) {
    if (value === undefined || value === null) continue
    if (error === undefined && isError(value)) error = value
    else if (fields === undefined && typeof value === 'object' && !isError(value))
      fields = value as Members
    else left.push(value)
  }
  if (left.length > 0) fields = { ...fields, arguments: left.map(asData) }
  return { thrown: error, context: fields, reason: reason ?? error }
}

/** A value as a member of a context: in words where JSON has none for it. */
function asData(value: unknown): unknown {
  return typeof value === 'function' || typeof value === 'symbol' ? textOf(value) : value
}
