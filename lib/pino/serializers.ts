// What becomes of single members of what is logged: `req`, `res` and `err` by themselves, as
// pino-std-serializers has it, the others by the functions that a user gives.

import { isError, throwsMark } from '../entry/safe-text.ts'

/** Makes of a value what is logged. */
export type Serializer = (value: never) => unknown

/** By the key of the member. */
export type Serializers = { readonly [key: string]: Serializer }

type Members = Record<PropertyKey, unknown>

/** What is logged of a request: method, url, headers and the like, never the socket. */
export function requestOf(req: Members): object {
  const info = req['info'] as Members | undefined
  const connection = (info ?? req['socket']) as Members | undefined
  const id = req['id']
  return {
    id: typeof id === 'function' ? (id as () => unknown).call(req) : (id ?? info?.['id']),
    method: req['method'],
    url: urlOf(req),
    query: req['query'],
    params: req['params'],
    headers: req['headers'],
    remoteAddress: connection?.['remoteAddress'],
    remotePort: connection?.['remotePort'],
  }
}

function urlOf(req: Members): unknown {
  // What routers leave of the URL is not what was asked for.
  if (typeof req['originalUrl'] === 'string') return req['originalUrl']
  if (typeof req['path'] === 'string') return req['path']
  const url = req['url']
  return isObject(url) ? (url['path'] ?? url) : url
}

/** What is logged of a response: its status and headers. */
export function responseOf(res: Members): object {
  const headers = res['getHeaders']
  return {
    statusCode: res['headersSent'] === true ? res['statusCode'] : null,
    headers: typeof headers === 'function' ? (headers as () => unknown).call(res) : res['_headers'],
  }
}

/** Whether it is a request as node:http, Express and the like have it. */
export function isRequest(value: unknown): value is Members {
  return isObject(value) && Boolean(value['method'] && value['headers'] && value['socket'])
}

/** Whether it is a response of that kind. */
export function isResponse(value: unknown): value is Members {
  return isObject(value) && typeof value['setHeader'] === 'function'
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}

/** The serializers of one logger, joined with those of the loggers that it is derived from. */
export class SerializerSet {
  readonly own: Serializers
  /** Keys that are looked for in what is logged. */
  readonly keys: readonly string[]

  constructor(own: Serializers) {
    this.own = own
    this.keys = [...new Set(['err', 'req', 'res', ...Object.keys(own)])]
  }

  with(more: Serializers | undefined): SerializerSet {
    return more === undefined ? this : new SerializerSet({ ...this.own, ...more })
  }

  /** The value of a member as it is logged. Never throws. */
  serialize(key: string, value: unknown): unknown {
    try {
      const own = Object.hasOwn(this.own, key) ? this.own[key] : undefined
      if (typeof own === 'function') return own(value as never)
      if (key === 'req' && isRequest(value)) return requestOf(value)
      if (key === 'res' && isResponse(value)) return responseOf(value)
      return value
    } catch (error) {
      return throwsMark(error)
    }
  }

  /**
   * The error that the entry has as its `exception`. `undefined` when it is not an error, or a
   * serializer of the user's has made something else of it.
   */
  exceptionOf(value: unknown, serialized: unknown): Error | undefined {
    if (!isError(value)) return undefined
    return serialized === value || tellsTheSame(value, serialized) ? value : undefined
  }
}

/** Members that the usual serializer of errors adds. */
const usual: ReadonlySet<string> = new Set(['type', 'message', 'stack', 'aggregateErrors'])

/**
 * Whether nothing of an error has been left out or changed, and nothing added: the usual serializer
 * made it.
 */
function tellsTheSame(error: Error, serialized: unknown): boolean {
  if (!isObject(serialized)) return false
  const { stack } = serialized
  if (typeof stack !== 'string' || !stack.startsWith(String(error.stack))) return false
  const members = error as Error & Members
  for (const key of Object.keys(error)) {
    const value = members[key]
    if (key !== 'cause' && serialized[key] !== value && !isError(value) && !usual.has(key))
      return false
  }
  for (const key of Object.keys(serialized)) if (!usual.has(key) && !(key in error)) return false
  return true
}
