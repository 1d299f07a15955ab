// The face of pino over one category: for Fastify, pino-http and code that was written for pino.
//
// A call is understood as pino does (call.ts), and logged as any other: one line of ours, with the
// error as its `exception`. A child is a logger derived by `with()`: its fields become JSON once,
// when it is made, which is what makes a child per request cheap.
//
// Nothing of it is private to the class: what inherits from a logger by Object.create, as libraries
// do, is one too.

import { EventEmitter } from 'node:events'
import { callbackify } from 'node:util'
import { questionOf } from '../entry/closest-word.ts'
import { named } from '../entry/foreign-value.ts'
import { textOf } from '../entry/safe-text.ts'
import type { BoundCategory } from '../logger/category-logger.ts'
import { type Logger, boundCategoryOf } from '../logger/logger.ts'
import { type Call, callOf } from './call.ts'
import {
  type PinoLevel,
  labels,
  severities,
  valueOf,
  valueOfThreshold,
  values,
} from './pino-levels.ts'
import { type Serializers, SerializerSet } from './serializers.ts'

/**
 * Logs an entry: a text with its values; or an object or error, then a text with its values. Never
 * throws.
 */
export interface PinoLogMethod {
  (message: string, ...values: unknown[]): void
  (object: unknown, message?: string, ...values: unknown[]): void
}

/** What is bound to a logger. */
type Fields = Readonly<Record<string, unknown>>

/** Called at a change of the level. */
export type PinoLevelListener = (
  level: string,
  value: number,
  before: string,
  valueBefore: number,
  logger: PinoLogger,
) => void

/** The options of a face. */
export interface PinoLoggerOptions extends PinoChildOptions {
  /**
   * The category that the entries belong to.
   *
   * @default 'system'
   */
  readonly category?: string
  /** Called with each child that is made. */
  readonly onChild?: (child: PinoLogger) => void
}

/** The options of a child. */
export interface PinoChildOptions {
  /**
   * The lowest level that is logged, whatever the level of the category is.
   *
   * @default that of the logger it is derived from; of the first one, that of the category, also
   *   when it changes
   */
  readonly level?: string
  /** What is logged of single members, by key. `req`, `res` and `err` are understood without. */
  readonly serializers?: Serializers
  /** Stands before every message. */
  readonly msgPrefix?: string
}

/** A logger with the face of pino. */
export interface PinoLogger {
  readonly trace: PinoLogMethod
  readonly debug: PinoLogMethod
  readonly info: PinoLogMethod
  readonly warn: PinoLogMethod
  readonly error: PinoLogMethod
  /** Is in the files before it returns. */
  readonly fatal: PinoLogMethod
  /** Does nothing. */
  readonly silent: PinoLogMethod
  /**
   * The lowest level that is logged, or `silent`. Set, it is this logger's own, and that of its
   * children without one.
   *
   * @throws {RangeError} when it is set to anything but a level.
   */
  level: string
  readonly levelVal: number
  readonly levels: {
    readonly values: { readonly [level: string]: number }
    readonly labels: { readonly [value: number]: string }
  }
  readonly msgPrefix: string | undefined
  /** Called with each child that is made. */
  onChild: (child: PinoLogger) => void
  /** A logger whose entries have these fields as well. Their values are copied now. */
  child(fields: object, options?: PinoChildOptions): PinoLogger
  /** The fields that are bound. */
  bindings(): Record<string, unknown>
  /** Binds further fields to this very logger. */
  setBindings(fields: object): void
  isLevelEnabled(level: string): boolean
  /**
   * Calls back when all that was logged is in the files, or with the error that keeps it from
   * there.
   */
  flush(done?: (error?: Error) => void): void
  on(event: 'level-change', listener: PinoLevelListener): PinoLogger
  once(event: 'level-change', listener: PinoLevelListener): PinoLogger
  addListener(event: 'level-change', listener: PinoLevelListener): PinoLogger
  removeListener(event: 'level-change', listener: PinoLevelListener): PinoLogger
}

/**
 * Gives one category of a logger the face of pino: for Fastify's `loggerInstance`, for pino-http,
 * and for code that was written for pino. `close()` is the logger's.
 *
 * @throws {RangeError} when there is no such category or level; {TypeError} for options that belong
 *   elsewhere.
 *
 * @example
 * ```ts
 * const app = Fastify({ loggerInstance: pinoLogger(log, { category: 'http' }) })
 * ```
 */
export function pinoLogger(logger: Logger, options: PinoLoggerOptions = {}): PinoLogger {
  checkOptions(options)
  const { category = 'system', onChild } = ownOf(options)
  const bound = boundCategoryOf(logger, category)
  if (bound === undefined) {
    throw new TypeError(
      `Cannot give a logger the face of pino: expected one made by createLogger, got ${named(logger)}`,
    )
  }
  const root: State = {
    parent: undefined,
    logger,
    bound,
    bindings: undefined,
    level: undefined,
    serializers: new SerializerSet({}),
    prefix: undefined,
    onChild,
  }
  return new Face(derived(root, {}, options))
}

/** All of them: one that does nothing looks like one that works. */
const known: readonly string[] = ['category', 'level', 'serializers', 'msgPrefix', 'onChild']

function checkOptions(options: object): void {
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || known.includes(key) || Object.hasOwn(elsewhere, key)) continue
    const question = questionOf(key, known)
    throw new TypeError(
      `Cannot make the logger: expected the options to be only ${known.join(', ')}, got ${key}${question}`,
    )
  }
}

/** Options without those that all objects have inherited. */
function ownOf<T extends object>(options: T | undefined): T {
  return Object.assign(Object.create(null), options) as T
}

/** What a face consists of. */
interface State {
  readonly parent: State | undefined
  logger: Logger
  bound: BoundCategory
  /** What is bound, the latest first. */
  bindings: Bound | undefined
  /** Its own level, as pino's number. */
  level: number | undefined
  readonly serializers: SerializerSet
  readonly prefix: string | undefined
  onChild: ((child: PinoLogger) => void) | undefined
}

/**
 * Fields bound at one time, and those before. What is bound to a logger later does not come to its
 * children.
 */
interface Bound {
  readonly fields: Fields
  readonly before: Bound | undefined
}

/**
 * The level of a logger, as pino's number: the nearest own one, else that of the category, which
 * may change.
 */
function levelOf(state: State): number {
  for (let at: State | undefined = state; at !== undefined; at = at.parent) {
    if (at.level !== undefined) return at.level
  }
  return valueOfThreshold(state.bound.category.threshold)
}

/**
 * Options of pino's whose work is the configuration's here. Passed over, they would leave a secret
 * in the log.
 */
const elsewhere: Readonly<Record<string, string>> = {
  redact: 'logging.redact.keys, which holds at any depth',
  customLevels: 'categories and the five levels',
  formatters: 'the format of the line, which is fixed',
}

function derived(parent: State, fields: object, options: PinoChildOptions | undefined): State {
  const own = ownOf<PinoChildOptions>(options)
  const { level, serializers, msgPrefix } = own
  for (const key of Object.keys(elsewhere)) {
    if ((own as Fields)[key] === undefined) continue
    throw new TypeError(
      `Cannot make the logger: expected no option ${key} (in its place: ${elsewhere[key]}), got one`,
    )
  }
  const state: State = {
    parent,
    logger: parent.logger,
    bound: parent.bound,
    bindings: parent.bindings,
    level: level === undefined ? undefined : valueOf(level),
    serializers: parent.serializers.with(serializers),
    prefix: typeof msgPrefix === 'string' ? `${parent.prefix ?? ''}${msgPrefix}` : parent.prefix,
    onChild: parent.onChild,
  }
  bind(state, fields)
  return state
}

/** Keys that pino does not take for fields. */
const notBound: ReadonlySet<string> = new Set([
  'level',
  'serializers',
  'formatters',
  'customLevels',
])

function bind(state: State, fields: object): void {
  const { serializers, bound } = state
  const added: Record<string, unknown> = {}
  let isEmpty = true
  for (const [key, value] of entriesOf(fields)) {
    if (value === undefined || notBound.has(key)) continue
    added[key] = serializers.serialize(key, value)
    isEmpty = false
  }
  if (isEmpty) return
  state.bindings = { fields: added, before: state.bindings }
  state.logger = state.logger.with(added)
  state.bound = boundCategoryOf(state.logger, bound.category.name) ?? bound
}

function entriesOf(fields: unknown): [string, unknown][] {
  try {
    return typeof fields === 'object' && fields !== null ? Object.entries(fields) : []
  } catch {
    // A getter that throws, or a revoked Proxy: there is nothing to bind.
    return []
  }
}

/** All that is bound, in the order of binding. */
function allFields(bindings: Bound | undefined): Record<string, unknown> {
  return bindings === undefined ? {} : { ...allFields(bindings.before), ...bindings.fields }
}

/**
 * Where a face holds its state: no name, so that it is in nobody's way when loggers are logged or
 * copied.
 */
const state = Symbol('state')

/**
 * Members of pino's own that pino-http reaches for by symbols that only pino has: they are known by
 * their descriptions. Each is looked for when nothing else has the name.
 */
const inner: { readonly [description: string]: (face: Face) => unknown } = {
  'pino.stringify': () => jsonOf,
  'pino.chindings': (face) => `,${jsonOf(face.bindings()).slice(1, -1)}`,
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '{}'
  } catch {
    // A cycle, or a value that throws.
    return '{}'
  }
}

/**
 * The implementation of {@link PinoLogger}. Its methods are below, and those of an EventEmitter at
 * the end of the chain.
 */
class Face implements PinoLogger {
  // Of each logger its own: so they can be replaced by a spy as well.
  readonly trace: PinoLogMethod
  readonly debug: PinoLogMethod
  readonly info: PinoLogMethod
  readonly warn: PinoLogMethod
  readonly error: PinoLogMethod
  readonly fatal: PinoLogMethod
  declare emit: EventEmitter['emit']
  declare on: PinoLogger['on']
  declare once: PinoLogger['once']
  declare addListener: PinoLogger['addListener']
  declare removeListener: PinoLogger['removeListener']
  readonly [state]: State

  constructor(own: State) {
    this[state] = own
    this.trace = methodOf(own, 'trace')
    this.debug = methodOf(own, 'debug')
    this.info = methodOf(own, 'info')
    this.warn = methodOf(own, 'warn')
    this.error = methodOf(own, 'error')
    this.fatal = methodOf(own, 'fatal')
  }

  silent(): void {}

  get level(): string {
    return labels[levelOf(this[state])]!
  }
  set level(level: string) {
    const before = levelOf(this[state])
    const value = valueOf(level)
    this[state].level = value
    this.emit('level-change', labels[value], value, labels[before], before, this)
  }
  get levelVal(): number {
    return levelOf(this[state])
  }
  get levels(): PinoLogger['levels'] {
    return { values, labels }
  }
  get msgPrefix(): string | undefined {
    return this[state].prefix
  }
  get onChild(): (child: PinoLogger) => void {
    return this[state].onChild ?? (() => {})
  }
  set onChild(onChild: (child: PinoLogger) => void) {
    this[state].onChild = onChild
  }
  /** Those that a user gave: Fastify joins them with its own. */
  get [Symbol.for('pino.serializers')](): Serializers {
    return this[state].serializers.own
  }
  get [Symbol.toStringTag](): string {
    return 'Pino'
  }

  child(fields: object, options?: PinoChildOptions): PinoLogger {
    const child: PinoLogger = new Face(derived(this[state], fields, options))
    this[state].onChild?.(child)
    return child
  }

  bindings(): Record<string, unknown> {
    return allFields(this[state].bindings)
  }

  setBindings(fields: object): void {
    bind(this[state], fields)
  }

  isLevelEnabled(level: string): boolean {
    const value = (values as Readonly<Record<string, number>>)[level]
    return value !== undefined && value >= levelOf(this[state])
  }

  flush(done?: (error?: Error) => void): void {
    const { logger } = this[state]
    callbackify(() => logger.flush())((error: unknown) => {
      if (error === null || error === undefined) done?.()
      else done?.(error instanceof Error ? error : new Error(textOf(error)))
    })
  }
}

Object.setPrototypeOf(
  Face.prototype,
  new Proxy(EventEmitter.prototype, {
    get(target, key, receiver: Face): unknown {
      const member = typeof key === 'symbol' ? inner[key.description ?? ''] : undefined
      return member === undefined ? Reflect.get(target, key, receiver) : member(receiver)
    },
  }),
)

/** A method that works by itself: `promise.catch(logger.error)`. */
function methodOf(own: State, name: PinoLevel): PinoLogMethod {
  const value = values[name]
  return (...args: unknown[]): void => {
    if (value >= levelOf(own)) write(own, name, args)
  }
}

function write(own: State, name: PinoLevel, args: readonly unknown[]): void {
  const { message, thrown, context } = understood(args, own)
  // There is no level below DEBUG. A field distinguishes the two.
  const fields = name === 'trace' ? { ...context, pino_level: name } : context
  own.bound.log(severities[name], message, undefined, thrown, fields)
  if (name === 'fatal') own.logger.flushSync()
}

function understood(args: readonly unknown[], { serializers, prefix }: State): Call {
  try {
    return callOf(args, serializers, prefix)
  } catch {
    // A getter or a Proxy has thrown. The capture leaves a mark in its place.
    const message = args.find((arg) => typeof arg === 'string') ?? ''
    return { message, thrown: undefined, context: { arguments: args } }
  }
}
