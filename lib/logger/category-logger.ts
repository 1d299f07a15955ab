// HOT PATH: call → gate → intake. The methods a user calls.

import { isError } from '../entry/safe-text.ts'
import { CRITICAL, DEBUG, ERROR, INFO, WARNING } from '../entry/level.ts'
import { type Bindings, templateOf } from '../encode/line-template.ts'
import type { Category, CategoryTemplate } from '../deliver/category.ts'
import type { Intake } from './intake.ts'

/**
 * Logs to one category. A call below the category's level does nothing. No call ever throws.
 *
 * Each method takes a message for a person, then optionally an error, then optionally a context: any object;
 * its values are copied at the moment of the call. An Error in second place is the entry's `exception`.
 * `account_id` in a context becomes the entry's.
 */
export interface CategoryLogger {
  debug(message: string, context?: object): void
  debug(message: string, error: unknown, context?: object): void
  info(message: string, context?: object): void
  info(message: string, error: unknown, context?: object): void
  warning(message: string, context?: object): void
  warning(message: string, error: unknown, context?: object): void
  error(message: string, context?: object): void
  error(message: string, error: unknown, context?: object): void
  critical(message: string, context?: object): void
  critical(message: string, error: unknown, context?: object): void
}

/** The implementation of {@link CategoryLogger}. */
export class BoundCategoryLogger implements CategoryLogger {
  readonly #intake: Intake
  readonly #category: Category
  /** One template per severity. */
  readonly #templates: readonly CategoryTemplate[]

  constructor(intake: Intake, category: Category, bindings: Bindings | undefined) {
    this.#intake = intake
    this.#category = category
    this.#templates = [DEBUG, INFO, WARNING, ERROR, CRITICAL].map((severity) => ({
      ...templateOf(category.name, severity, bindings),
      owner: category,
    }))
  }

  debug(message: string, second?: unknown, third?: object): void {
    if (this.#category.threshold <= DEBUG) this.#log(DEBUG, message, second, third)
  }

  info(message: string, second?: unknown, third?: object): void {
    if (this.#category.threshold <= INFO) this.#log(INFO, message, second, third)
  }

  warning(message: string, second?: unknown, third?: object): void {
    if (this.#category.threshold <= WARNING) this.#log(WARNING, message, second, third)
  }

  error(message: string, second?: unknown, third?: object): void {
    if (this.#category.threshold <= ERROR) this.#log(ERROR, message, second, third)
  }

  critical(message: string, second?: unknown, third?: object): void {
    if (this.#category.threshold <= CRITICAL) this.#log(CRITICAL, message, second, third)
  }

  isEnabled(severity: number): boolean {
    return this.#category.threshold <= severity
  }

  /** Logs with everything given; for the convenience methods of {@link Logger}. */
  write(
    severity: number,
    message: string,
    accountId: string | undefined,
    thrown: unknown,
    context: unknown,
    first?: string,
    firstValue?: unknown,
    second?: string,
    secondValue?: unknown,
  ): void {
    if (this.#category.threshold > severity) return
    this.#intake.log(
      this.#templates[severity]!,
      message,
      accountId,
      thrown,
      context,
      first,
      firstValue,
      second,
      secondValue,
    )
  }

  #log(severity: number, message: string, second: unknown, third: unknown): void {
    const template = this.#templates[severity]!
    if (second === undefined || second === null) {
      this.#intake.log(template, message, undefined, undefined, third)
    } else if (third === undefined && typeof second === 'object' && !isError(second)) {
      this.#intake.log(template, message, undefined, undefined, second)
    } else this.#intake.log(template, message, undefined, second, third)
  }
}
