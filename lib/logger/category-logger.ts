// HOT PATH: call → gate → intake. The methods a user calls.
//
// A method is a function of its own, not one of a prototype: it works detached
// (`promise.catch(log.error.error)`), spread and through a Proxy. What is called as meant goes
// straight on; whatever else people pass is understood in odd-call.ts.

import { isError } from '../entry/safe-text.ts'
import { CRITICAL, DEBUG, ERROR, INFO, WARNING } from '../entry/level.ts'
import type { Bindings } from '../encode/bindings.ts'
import type { Category, CategoryTemplate } from '../deliver/category.ts'
import { boundTemplate } from '../encode/line-template.ts'
import type { Intake } from './intake.ts'
import { oddCall } from './odd-call.ts'

/**
 * Logs an entry of one level: a message for a person, then optionally an error, then optionally a
 * context: any object, whose values are copied at the moment of the call. An Error in second place
 * is the entry's `exception`. `account_id` in a context becomes the entry's.
 */
export interface LogMethod {
  (message: string, context?: object): void
  (message: string, error: unknown, context?: object): void
}

/**
 * Logs to one category. A call below the category's level does nothing. No call ever throws. Each
 * method works by itself: `promise.catch(log.error.error)`.
 */
export interface CategoryLogger {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warning: LogMethod
  readonly error: LogMethod
  readonly critical: LogMethod
}

/** One category with what is bound: what the methods of a logger log through. */
export class BoundCategory {
  readonly category: Category
  readonly #intake: Intake
  readonly #bindings: Bindings | undefined
  /**
   * By severity. Those of the category itself where nothing is bound; else made when they are first
   * used.
   */
  readonly #templates: readonly (CategoryTemplate | undefined)[]
  #logger: CategoryLogger | undefined = undefined

  constructor(intake: Intake, category: Category, bindings: Bindings | undefined) {
    this.#intake = intake
    this.category = category
    this.#bindings = bindings
    this.#templates =
      bindings === undefined
        ? category.templates
        : [undefined, undefined, undefined, undefined, undefined]
  }

  /** The methods of the category. */
  get logger(): CategoryLogger {
    this.#logger ??= categoryLoggerOf(this)
    return this.#logger
  }

  isEnabled(severity: number): boolean {
    return this.category.threshold <= severity
  }

  /** Logs what a method of a category logger has been called with. */
  call(
    severity: number,
    message: unknown,
    second: unknown,
    third: unknown,
    ...more: unknown[]
  ): void {
    if (typeof message === 'string' && more.length === 0) {
      const hasSecond = second !== undefined && second !== null
      if (third === undefined) {
        if (!hasSecond) {
          this.log(severity, message, undefined, undefined, undefined)
          return
        }
        if (typeof second === 'object') {
          if (isError(second)) this.log(severity, message, undefined, second, undefined)
          else this.log(severity, message, undefined, undefined, second)
          return
        }
      } else if (
        typeof third === 'object' &&
        third !== null &&
        (!hasSecond || isError(second)) &&
        !isError(third)
      ) {
        this.log(severity, message, undefined, second, third)
        return
      }
    }
    this.#callOddly(severity, message, second, third, ...more)
  }

  #callOddly(severity: number, ...args: unknown[]): void {
    const { message, thrown, context } = oddCall(severity, args)
    this.log(severity, message, undefined, thrown, context)
  }

  /** Logs one entry, its parts as in {@link Intake.log}, without a look at the level. */
  log(
    severity: number,
    message: string,
    accountId: string | undefined,
    thrown: unknown,
    context: unknown,
  ): void {
    const template = this.#templates[severity] ?? this.#templateOf(severity)
    this.#intake.log(template, message, accountId, thrown, context)
  }

  #templateOf(severity: number): CategoryTemplate {
    const template = boundTemplate(this.category.templates[severity]!, this.#bindings!)
    ;(this.#templates as CategoryTemplate[])[severity] = template
    return template
  }
}

function categoryLoggerOf(bound: BoundCategory): CategoryLogger {
  const { category } = bound
  return {
    debug: (message: string, second?: unknown, third?: object, ...more: unknown[]) => {
      if (category.threshold <= DEBUG) bound.call(DEBUG, message, second, third, ...more)
    },
    info: (message: string, second?: unknown, third?: object, ...more: unknown[]) => {
      if (category.threshold <= INFO) bound.call(INFO, message, second, third, ...more)
    },
    warning: (message: string, second?: unknown, third?: object, ...more: unknown[]) => {
      if (category.threshold <= WARNING) bound.call(WARNING, message, second, third, ...more)
    },
    error: (message: string, second?: unknown, third?: object, ...more: unknown[]) => {
      if (category.threshold <= ERROR) bound.call(ERROR, message, second, third, ...more)
    },
    critical: (message: string, second?: unknown, third?: object, ...more: unknown[]) => {
      if (category.threshold <= CRITICAL) bound.call(CRITICAL, message, second, third, ...more)
    },
  }
}
