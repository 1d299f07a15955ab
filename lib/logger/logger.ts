// The logger as a user holds it: categories, convenience methods, levels, and the end.

import {
  type BuiltinCategory,
  type CategoryName,
  builtinCategories,
  builtinIndex,
} from '../entry/builtin-categories.ts'
import type { ContextOf, EventDefinition } from '../event/event-definition.ts'
import { named } from '../entry/foreign-value.ts'
import {
  type Level,
  type LevelName,
  levelNames,
  levelQuestion,
  severityOf,
  thresholdOf,
  thresholdQuestion,
} from '../entry/level.ts'
import { type LoggingConfig, loadConfig, resolveConfig } from '../config/resolve.ts'
import { checkOptions, type OptionRules } from '../config/options.ts'
import type { Bindings } from '../encode/bindings.ts'
import type { BoundCategory, CategoryLogger } from './category-logger.ts'
import type { Category } from '../deliver/category.ts'
import type { Core } from './core.ts'
import { type LogMethods, logMethodsOf } from './log-methods.ts'
import type { LoggerStats } from '../deliver/counters.ts'

/**
 * A logger. Made by `createLogger`; all loggers that `with` derives from it share its files and its
 * end.
 *
 * No log call throws. What belongs to the set-up does: {@link Logger.category}, {@link
 * Logger.event}, {@link Logger.setLevel} and {@link Logger.isEnabled}, for an unknown category or
 * level.
 */
export interface Logger extends LogMethods, AsyncDisposable {
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
  category(this: void, name: CategoryName): CategoryLogger

  /**
   * What logs an event of this definition: call it once, at the top, and keep the result.
   *
   * @returns a function of the context and, optionally, the account and the error: whatever was
   *   thrown is the entry's `exception`.
   * @throws {RangeError} when this logger does not have the event's category.
   */
  event<E extends EventDefinition>(
    this: void,
    event: E,
  ): (context: ContextOf<E>, accountId?: string, error?: unknown) => void

  /**
   * A logger whose entries carry these fields in their context; `account_id` becomes the entry's.
   * The values are copied now. A field of a call's own context wins over a bound one.
   */
  with(this: void, bindings: object): Logger

  /**
   * Changes the level of one category, or of all that have none of their own; `off`: nothing is
   * logged. A change is an entry of `audit`, whatever its level: what, from, to.
   *
   * @param options `for_s`: so many seconds, then it is again what it was. What is set meanwhile
   *   stays.
   * @throws {RangeError} when there is no such level or category.
   */
  setLevel(
    this: void,
    level: Level | 'off',
    category?: CategoryName,
    options?: { readonly for_s?: number | undefined },
  ): void
  /**
   * The level of one category, or that of all that have none of their own.
   *
   * @throws {RangeError} when there is no such category.
   */
  level(this: void, category?: CategoryName): LevelName | 'off'
  /**
   * Takes another configuration as a whole, while the logger runs: levels, `redact`, `console`,
   * `stdout`, `repetition`, retention, limits of rotation, durability and `flush_ms` hold at once;
   * what it does not say has its default. Each change is an entry of `audit`. What cannot change
   * (`log_path`, the files of categories, the rest of `buffer`) stays, and is named in one entry of
   * level WARNING. A level set for a time holds until its end. Of bound fields, too, what is a
   * secret by now is masked; what was masked stays so.
   *
   * @param config The path of a `system.json`, or the `logging` section itself.
   * @throws {ConfigError} when it cannot be used, naming every problem; then nothing has changed.
   */
  reload(this: void, config: LoggingConfig): void
  reload(this: void, config: string | URL | LoggingConfig): void
  /** Whether an entry of this level would be logged; without a category: by any of them. */
  isEnabled(this: void, level: Level, category?: CategoryName): boolean

  /**
   * Resolves when all entries accepted before the call are in the files; rejects with a
   * `NotWrittenError` when some of them cannot be written now. They are kept and written when the
   * file recovers.
   */
  flush(this: void): Promise<void>
  /**
   * Writes all accepted entries before it returns. Blocks. What a failed file does not take is
   * kept.
   */
  flushSync(this: void): void
  /**
   * Flushes and releases everything; entries logged later are counted as dropped. Rejects, after it
   * has released everything, when some entries could not be written.
   */
  close(this: void): Promise<void>
  /** The counters. */
  stats(this: void): LoggerStats
}

/** What a logger consists of. */
class Inside {
  readonly core: Core
  readonly bindings: Bindings | undefined
  /** The class of this very logger: it may have members for configured categories. */
  readonly Bound: typeof BoundLogger
  /** By their builtinIndex. Made when they are first asked for: `with` is called per request. */
  readonly #categories: (BoundCategory | undefined)[] = []
  #methods: Methods | undefined = undefined

  constructor(core: Core, bindings: Bindings | undefined, Bound: typeof BoundLogger) {
    this.core = core
    this.bindings = bindings
    this.Bound = Bound
  }

  /** The category at a place. */
  at(place: number): BoundCategory {
    return this.#categories[place] ?? this.#bound(this.core.categoryAt(place))
  }

  category(name: string): BoundCategory {
    const category = this.core.category(name)
    return this.#categories[category.index] ?? this.#bound(category)
  }

  get methods(): Methods {
    this.#methods ??= methodsOf(this)
    return this.#methods
  }

  #bound(category: Category): BoundCategory {
    const bound = this.core.bound(category, this.bindings)
    this.#categories[category.index] = bound
    return bound
  }
}

/**
 * Where a logger holds its inside: no name, so that it is in nobody's way when loggers are logged
 * or copied.
 */
const inside = Symbol('inside')

/** Also of a Proxy around a logger, and of what inherits from one. */
function insideOf(logger: object): Inside {
  return (logger as { readonly [inside]: Inside })[inside]
}

/**
 * What the methods of one of a logger's categories log through; `undefined` of what is no logger.
 *
 * @throws {RangeError} when there is no such category.
 */
export function boundCategoryOf(logger: object, name: string): BoundCategory | undefined {
  return (insideOf(logger) as Inside | undefined)?.category(name)
}

/** What a logger can do besides its categories. */
type Methods = Omit<Logger, BuiltinCategory>

/** The methods of a logger, each of which works by itself. */
function methodsOf(logger: Inside): Methods {
  const { core, bindings, Bound } = logger
  const close = (): Promise<void> => core.close()
  return {
    ...logMethodsOf((place) => logger.at(place)),
    category: (name) => logger.category(name).logger,
    event: (event) => core.eventLogger(event, bindings),
    with: (fields) => new Bound(core, core.bind(fields, bindings)),
    setLevel: (level, category, options = {}) =>
      core.setLevel(knownThresholdOf(level), category, secondsOf(options)),
    level: (category) => core.level(category),
    reload: (config) => {
      const isFile = typeof config === 'string' || config instanceof URL
      core.reload(isFile ? loadConfig(config) : resolveConfig(config))
    },
    isEnabled: (level, category) =>
      core.isEnabled(knownSeverityOf(level, 'tell whether a level is enabled'), category),
    flush: () => core.flush(),
    flushSync: () => core.flushSync(),
    close,
    [Symbol.asyncDispose]: close,
    stats: () => core.stats(),
  }
}

/** The implementation of {@link Logger}. */
export class BoundLogger implements Logger {
  constructor(core: Core, bindings: Bindings | undefined) {
    ;(this as { [inside]?: Inside })[inside] = new Inside(core, bindings, new.target)
  }

  get system(): CategoryLogger {
    return insideOf(this).at(builtinIndex.system).logger
  }
  get enforcement(): CategoryLogger {
    return insideOf(this).at(builtinIndex.enforcement).logger
  }
  get error(): CategoryLogger {
    return insideOf(this).at(builtinIndex.error).logger
  }
  get audit(): CategoryLogger {
    return insideOf(this).at(builtinIndex.audit).logger
  }
  get sdk(): CategoryLogger {
    return insideOf(this).at(builtinIndex.sdk).logger
  }
  get service(): CategoryLogger {
    return insideOf(this).at(builtinIndex.service).logger
  }

  get category(): Methods['category'] {
    return insideOf(this).methods.category
  }
  get event(): Methods['event'] {
    return insideOf(this).methods.event
  }
  get logSystem(): Methods['logSystem'] {
    return insideOf(this).methods.logSystem
  }
  get logEnforcement(): Methods['logEnforcement'] {
    return insideOf(this).methods.logEnforcement
  }
  get logError(): Methods['logError'] {
    return insideOf(this).methods.logError
  }
  get logAudit(): Methods['logAudit'] {
    return insideOf(this).methods.logAudit
  }
  get with(): Methods['with'] {
    return insideOf(this).methods.with
  }
  get setLevel(): Methods['setLevel'] {
    return insideOf(this).methods.setLevel
  }
  get level(): Methods['level'] {
    return insideOf(this).methods.level
  }
  get reload(): Methods['reload'] {
    return insideOf(this).methods.reload
  }
  get isEnabled(): Methods['isEnabled'] {
    return insideOf(this).methods.isEnabled
  }
  get flush(): Methods['flush'] {
    return insideOf(this).methods.flush
  }
  get flushSync(): Methods['flushSync'] {
    return insideOf(this).methods.flushSync
  }
  get close(): Methods['close'] {
    return insideOf(this).methods.close
  }
  get [Symbol.asyncDispose](): Methods['close'] {
    return insideOf(this).methods.close
  }
  get stats(): Methods['stats'] {
    return insideOf(this).methods.stats
  }
}

/**
 * Names a configured category cannot have as a member, since the logger has them. It is reached by
 * `category(name)`.
 */
export const memberNames: ReadonlySet<string> = new Set([
  ...Object.keys(builtinCategories),
  ...Object.getOwnPropertyNames(BoundLogger.prototype),
])

/** Longer ones than a timer can wait for, some 24 days, are refused. */
const secondsMax = Math.floor((2 ** 31 - 1) / 1000)

const levelOptions: OptionRules<{ for_s?: number | undefined }> = {
  for_s: {
    accepts: (value) => typeof value === 'number' && value > 0 && value <= secondsMax,
    description: `a number of seconds above 0, at most ${secondsMax}`,
  },
}

/** For how long a level is set. */
function secondsOf(options: { readonly for_s?: number | undefined }): number | undefined {
  return checkOptions<{ for_s?: number }>('set the level', levelOptions, options).for_s
}

/** @throws {RangeError} when there is neither such a level nor off. */
function knownThresholdOf(level: Level | 'off'): number {
  const threshold = thresholdOf(level)
  if (threshold !== undefined) return threshold
  throw unknownLevel('set the level', level, [...levelNames, 'off'], thresholdQuestion(level))
}

/** @throws {RangeError} when there is no such level. */
function knownSeverityOf(level: Level, action: string): number {
  const severity = severityOf(level)
  if (severity !== undefined) return severity
  throw unknownLevel(action, level, levelNames, levelQuestion(level))
}

function unknownLevel(
  action: string,
  level: string,
  known: readonly string[],
  question: string,
): RangeError {
  const words = known.join(', ')
  return new RangeError(
    `Cannot ${action}: expected one of ${words}, got ${named(level)}${question}`,
  )
}
