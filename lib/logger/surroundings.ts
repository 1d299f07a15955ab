// The surroundings of a call: the fields of the request in which it is made, and its trace.
// Functions of the application are asked for both, at each call, as only they know which request it
// is (AsyncLocalStorage, OpenTelemetry).
//
// Whatever these functions do, no entry is lost: it is written without what they did not give. They
// are not asked for entries that they log themselves, which would never end.

import { types } from 'node:util'
import { checkOptions, type OptionRules } from '../config/options.ts'
import { named, shown } from '../entry/foreign-value.ts'
import { textOf } from '../entry/safe-text.ts'

/** The ids of a trace as OpenTelemetry has them. */
export interface TraceIds {
  /** 32 lower-case hex digits, not all zero. */
  readonly trace_id: string
  /** 16 lower-case hex digits, not all zero. */
  readonly span_id: string
}

/**
 * What a logger asks of the application; functions, so that no configuration file can hold them.
 */
export interface LoggerOptions {
  /**
   * Gives fields that join the context of each entry: those of the request in which the call is
   * made, `() => storage.getStore()` of an AsyncLocalStorage. Their values are copied at each call.
   * Bound fields and those of the call win over equal ones; `account_id` becomes the entry's, where
   * it has no other.
   *
   * @default undefined
   */
  readonly context?: (() => object | undefined) | undefined
  /**
   * Gives the trace in which a call is made: `activeTrace` of `ringlog/otel`.
   *
   * @default undefined
   */
  readonly trace?: (() => TraceIds | undefined) | undefined
}

const traceIdForm = /^(?!0+$)[0-9a-f]{32}$/
const spanIdForm = /^(?!0+$)[0-9a-f]{16}$/

/** What a function gives that does not know the request. */
const unknown = (): undefined => undefined

const optionRules: OptionRules<LoggerOptions> = {
  context: { accepts: isFunction, description: 'a function' },
  trace: { accepts: isFunction, description: 'a function' },
}

/**
 * What surrounds the calls of a logger with these options; undefined where nothing is to be asked
 * for.
 *
 * @param tell Prints a remark when a function does not do as it should.
 * @throws {TypeError} when an option is unknown, or no function.
 */
export function surroundingsOf(
  options: LoggerOptions,
  tell: (remark: string) => void,
): Surroundings | undefined {
  const checked = checkOptions<LoggerOptions>('create the logger', optionRules, options)
  const isAsked = checked.context !== undefined || checked.trace !== undefined
  return isAsked ? new Surroundings(checked, tell) : undefined
}

/** Asks for what surrounds a call. */
export class Surroundings {
  /** What was asked for last: the fields, undefined for none; the ids, empty for none. */
  fields: unknown = undefined
  traceId = ''
  spanId = ''
  /** It has been asked for the call under way. */
  isAsked = false
  readonly #context: () => unknown
  readonly #trace: () => unknown
  readonly #tell: (remark: string) => void
  readonly #told = new Set<string>()
  #isAsking = false

  /** @param tell Prints a remark when a function does not do as it should. */
  constructor({ context, trace }: LoggerOptions, tell: (remark: string) => void) {
    this.#context = context ?? unknown
    this.#trace = trace ?? unknown
    this.#tell = tell
  }

  /** Asks, unless that has been done for the call under way; false when nothing surrounds it. */
  ask(): boolean {
    if (this.isAsked) this.isAsked = false
    else if (this.#isAsking) return false
    else {
      this.#isAsking = true
      // Nothing surrounds an entry that is logged meanwhile.
      this.fields = undefined
      this.traceId = this.spanId = ''
      try {
        const fields = this.#askContext()
        const [traceId, spanId] = this.#askTrace()
        this.fields = fields
        this.traceId = traceId
        this.spanId = spanId
      } finally {
        this.#isAsking = false
      }
    }
    return this.fields !== undefined || this.traceId !== ''
  }

  #askContext(): unknown {
    let fields: unknown
    try {
      fields = this.#context() ?? undefined
    } catch (error) {
      this.#tellOnce('context', `an object or undefined, got the error ${textOf(error)}`)
      return undefined
    }
    if (fields === undefined) return undefined
    if (types.isPromise(fields)) {
      // What it comes to is known too late, and must not end the process.
      fields.catch(() => {})
      this.#tellOnce('context', 'an object or undefined, got a Promise')
      return undefined
    }
    if (typeof fields !== 'object') {
      this.#tellOnce('context', `an object or undefined, got ${shown(fields)}`)
    }
    return fields
  }

  #askTrace(): readonly [traceId: string, spanId: string] {
    try {
      const trace = this.#trace() as Partial<TraceIds> | null | undefined
      if (trace === undefined || trace === null) return noIds
      const { trace_id: traceId, span_id: spanId } = trace
      if (!isId(traceId, traceIdForm)) {
        this.#tellOnce('trace', `a trace_id of 32 lower-case hex digits, got ${named(traceId)}`)
        return noIds
      }
      if (isId(spanId, spanIdForm)) return [traceId, spanId]
      this.#tellOnce('trace', `a span_id of 16 lower-case hex digits, got ${named(spanId)}`)
      return [traceId, '']
    } catch (error) {
      this.#tellOnce('trace', `ids or undefined, got the error ${textOf(error)}`)
      return noIds
    }
  }

  #tellOnce(hook: 'context' | 'trace', remark: string): void {
    if (this.#told.has(hook)) return
    this.#told.add(hook)
    this.#tell(
      `expected options.${hook} to give ${remark}; entries are written all the same, and this is told once`,
    )
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

const noIds = ['', ''] as const

function isId(id: unknown, form: RegExp): id is string {
  return typeof id === 'string' && form.test(id)
}
