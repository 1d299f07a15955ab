// The logger as a user holds it: categories, convenience methods, levels, and the end.

import { builtinCategories } from '../entry/category.ts'
import type { ContextOf, EventDefinition } from '../event/definition.ts'
import { textOf } from '../entry/safe-text.ts'
import { named } from '../entry/foreign-value.ts'
import { ERROR, INFO, type Level, levelNames, levelQuestion, severityOf } from '../entry/level.ts'
import type { Bindings } from '../encode/line-template.ts'
import type { BoundCategoryLogger, CategoryLogger } from './category-logger.ts'
import type { Core } from './core.ts'
import type { LoggerStats } from '../deliver/counters.ts'

/**
 * A logger. Made by `createLogger`; all loggers that `with` derives from it share its files and its end.
 *
 * No log call throws. What belongs to the set-up does: {@link Logger.category}, {@link Logger.event},
 * {@link Logger.setLevel} and {@link Logger.isEnabled}, for a category or a level that is none.
 */
export interface Logger extends AsyncDisposable {
  /** The daemon's life cycle, configuration changes. */
  readonly system: CategoryLogger
  /** Rule violations and what was done about them. */
  readonly enforcement: CategoryLogger
  /** Errors that belong to no other category. */
  readonly error: CategoryLogger
  /** Who changed what: configuration, administration, critical state. */
  readonly audit: CategoryLogger
  /** The connection to the broker or exchange. */
  readonly sdk: CategoryLogger
  /** The service wrapper: start, stop, restart. */
  readonly service: CategoryLogger

  /**
   * The logger of a category, built in or configured.
   *
   * @throws {RangeError} when there is no such category.
   */
  category(name: string): CategoryLogger

  /**
   * What logs an event of this definition: call it once, at the top, and keep the result.
   *
   * @returns a function of the context and, optionally, the account.
   * @throws {RangeError} when the event's category is none of this logger's.
   */
  event<E extends EventDefinition>(event: E): (context: ContextOf<E>, accountId?: string) => void

  /** Logs to `system`. A level that is none counts as INFO. */
  logSystem(level: Level, message: string, context?: object): void
  /**
   * Logs to `enforcement` at INFO: `Enforcement action: <action> for rule <rule>`, with `rule`, `action` and the
   * details as context. The arguments win over equal keys in `details`.
   */
  logEnforcement(accountId: string, rule: string, action: string, details: object): void
  /** Logs to `error` at ERROR, with the error's type, message, stack and causes. */
  logError(message: string, error?: unknown, context?: object): void
  /**
   * Logs to `audit` at INFO: `Audit: <action> by <actor>`, with `action`, `actor` and the details as context.
   * The arguments win over equal keys in `details`.
   */
  logAudit(action: string, actor: string, details: object): void

  /**
   * A logger whose entries carry these fields in their context; `account_id` becomes the entry's. The values are
   * copied now. A field of a call's own context wins over a bound one.
   */
  with(bindings: object): Logger

  /**
   * Changes the level of one category, or of all that have none of their own.
   *
   * @throws {RangeError} when there is no such level or category.
   */
  setLevel(level: Level, category?: string): void
  /** Whether an entry of this level would be logged; without a category: by any of them. */
  isEnabled(level: Level, category?: string): boolean

  /**
   * Resolves when all entries accepted before the call are in the files; rejects with a `NotWrittenError`
   * when some of them cannot be written now. They are kept and written when the file recovers.
   */
  flush(): Promise<void>
  /** Writes all accepted entries before it returns. Blocks. What a failed file does not take is kept. */
  flushSync(): void
  /**
   * Flushes and releases everything; entries logged later are counted as dropped. Rejects, after it has
   * released everything, when some entries could not be written.
   */
  close(): Promise<void>
  /** The counters. */
  stats(): LoggerStats
}

/** The implementation of {@link Logger}. */
export class BoundLogger implements Logger {
  readonly #core: Core
  readonly #bindings: Bindings | undefined
  readonly #categories = new Map<string, BoundCategoryLogger>()

  constructor(core: Core, bindings: Bindings | undefined) {
    this.#core = core
    this.#bindings = bindings
  }

  get system(): CategoryLogger {
    return this.#categories.get('system') ?? this.#of('system')
  }
  get enforcement(): CategoryLogger {
    return this.#categories.get('enforcement') ?? this.#of('enforcement')
  }
  get error(): CategoryLogger {
    return this.#categories.get('error') ?? this.#of('error')
  }
  get audit(): CategoryLogger {
    return this.#categories.get('audit') ?? this.#of('audit')
  }
  get sdk(): CategoryLogger {
    return this.#categories.get('sdk') ?? this.#of('sdk')
  }
  get service(): CategoryLogger {
    return this.#categories.get('service') ?? this.#of('service')
  }

  category(name: string): CategoryLogger {
    return this.#categories.get(name) ?? this.#of(name)
  }

  event<E extends EventDefinition>(event: E): (context: ContextOf<E>, accountId?: string) => void {
    return this.#core.eventLogger(event, this.#bindings)
  }

  logSystem(level: Level, message: string, context?: object): void {
    this.#of('system').write(severityOf(level) ?? INFO, message, undefined, undefined, context)
  }

  logEnforcement(accountId: string, rule: string, action: string, details: object): void {
    const logger = this.#of('enforcement')
    if (!logger.isEnabled(INFO)) return
    logger.write(
      INFO,
      `Enforcement action: ${textOf(action)} for rule ${textOf(rule)}`,
      accountId,
      undefined,
      details,
      'rule',
      rule,
      'action',
      action,
    )
  }

  logError(message: string, error?: unknown, context?: object): void {
    this.#of('error').write(ERROR, message, undefined, error, context)
  }

  logAudit(action: string, actor: string, details: object): void {
    const logger = this.#of('audit')
    if (!logger.isEnabled(INFO)) return
    logger.write(
      INFO,
      `Audit: ${textOf(action)} by ${textOf(actor)}`,
      undefined,
      undefined,
      details,
      'action',
      action,
      'actor',
      actor,
    )
  }

  with(bindings: object): Logger {
    // The constructor of this very logger: it may have members for configured categories.
    const Bound = this.constructor as typeof BoundLogger
    return new Bound(this.#core, this.#core.bind(bindings, this.#bindings))
  }

  setLevel(level: Level, category?: string): void {
    this.#core.setLevel(knownSeverityOf(level, 'set the level'), category)
  }

  isEnabled(level: Level, category?: string): boolean {
    return this.#core.isEnabled(knownSeverityOf(level, 'tell whether a level is enabled'), category)
  }

  flush(): Promise<void> {
    return this.#core.flush()
  }

  flushSync(): void {
    this.#core.flushSync()
  }

  close(): Promise<void> {
    return this.#core.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#core.close()
  }

  stats(): LoggerStats {
    return this.#core.stats()
  }

  /** The logger of a category, made when it is first asked for: `with` is called per request. */
  #of(name: string): BoundCategoryLogger {
    let logger = this.#categories.get(name)
    if (logger === undefined) {
      logger = this.#core.categoryLogger(name, this.#bindings)
      this.#categories.set(name, logger)
    }
    return logger
  }
}

/** Names a configured category cannot have as a member, since the logger has them. It is reached by `category(name)`. */
export const memberNames: ReadonlySet<string> = new Set([
  ...Object.keys(builtinCategories),
  ...Object.getOwnPropertyNames(BoundLogger.prototype),
])

/** @throws {RangeError} when there is no such level. */
function knownSeverityOf(level: Level, action: string): number {
  const severity = severityOf(level)
  if (severity !== undefined) return severity
  const actual = `${named(level)}${levelQuestion(level)}`
  throw new RangeError(`Cannot ${action}: expected one of ${levelNames.join(', ')}, got ${actual}`)
}
