// The convenience methods of a logger: what each makes of its arguments.

import { builtinIndex } from '../entry/builtin-categories.ts'
import { LedContext } from '../capture/led-context.ts'
import { isError, textOf } from '../entry/safe-text.ts'
import { ERROR, INFO, type Level, severityOf } from '../entry/level.ts'
import type { BoundCategory } from './category-logger.ts'
import { ledCall, type Members, wordOf } from './odd-call.ts'

/** Methods of a logger that log to a category of their own. */
export interface LogMethods {
  /** Logs to `system`. An unknown level counts as INFO. */
  logSystem(this: void, level: Level, message: string, context?: object): void
  /**
   * Logs to `enforcement` at INFO: `Enforcement action: <action> for rule <rule>`, with `rule`,
   * `action` and the details as context. The arguments win over equal keys in `details`.
   */
  logEnforcement(this: void, accountId: string, rule: string, action: string, details: object): void
  /** Logs to `error` at ERROR, with the error's type, message, stack and causes. */
  logError(this: void, message: string, error?: unknown, context?: object): void
  /**
   * Logs to `audit` at INFO: `Audit: <action> by <actor>`, with `action`, `actor` and the details
   * as context. The arguments win over equal keys in `details`.
   */
  logAudit(this: void, action: string, actor: string, details: object): void
}

/** Gives the category at a place. */
type Find = (place: number) => BoundCategory

/** The methods, each of which works by itself. */
export function logMethodsOf(find: Find): LogMethods {
  return {
    logSystem: (
      level: unknown,
      message: unknown,
      second?: unknown,
      third?: unknown,
      ...more: unknown[]
    ) => {
      const severity = severityOf(level)
      const system = find(builtinIndex.system)
      if (!system.isEnabled(severity ?? INFO)) return
      if (severity === undefined) logSystemOddly(system, level, message, second, third, ...more)
      else system.call(severity, message, second, third, ...more)
    },

    logEnforcement: (accountId, rule, action, details, ...more: unknown[]) => {
      const enforcement = find(builtinIndex.enforcement)
      if (!enforcement.isEnabled(INFO)) return
      if (
        typeof accountId === 'string' &&
        typeof rule === 'string' &&
        typeof action === 'string' &&
        more.length === 0
      ) {
        const message = `Enforcement action: ${action} for rule ${rule}`
        const context = new LedContext('rule', rule, 'action', action, details)
        enforcement.log(INFO, message, accountId, undefined, context)
      } else logEnforcementOddly(enforcement, accountId, rule, action, details, ...more)
    },

    logError: (message, error, context, ...more: unknown[]) => {
      const errors = find(builtinIndex.error)
      if (!errors.isEnabled(ERROR)) return
      if (
        typeof message === 'string' &&
        more.length === 0 &&
        (context === undefined ||
          (typeof context === 'object' && context !== null && !isError(context)))
      ) {
        errors.log(ERROR, message, undefined, error, context)
      } else logErrorOddly(errors, message, error, context, ...more)
    },

    logAudit: (action, actor, details, ...more: unknown[]) => {
      const audit = find(builtinIndex.audit)
      if (!audit.isEnabled(INFO)) return
      if (typeof action === 'string' && typeof actor === 'string' && more.length === 0) {
        const message = `Audit: ${action} by ${actor}`
        const context = new LedContext('action', action, 'actor', actor, details)
        audit.log(INFO, message, undefined, undefined, context)
      } else logAuditOddly(audit, action, actor, details, ...more)
    },
  }
}

// What was not called as meant.

function logSystemOddly(system: BoundCategory, level: unknown, ...args: unknown[]): void {
  // An unknown level is one of the arguments: of a call that has forgotten the level, the
  // message.
  if (typeof args[0] === 'string') logLed(system, [['level', level]], args)
  else logLed(system, [], [level, ...args])
}

function logEnforcementOddly(
  enforcement: BoundCategory,
  accountId: unknown,
  rule: unknown,
  action: unknown,
  ...more: unknown[]
): void {
  const account = accountOf(accountId)
  const members: [string, unknown][] = [
    ['rule', rule],
    ['action', action],
  ]
  if (account === undefined) members.unshift(['account_id', accountId])
  const message = `Enforcement action: ${wordOf(action)} for rule ${wordOf(rule)}`
  logLed(enforcement, members, [message, undefined, ...more], account)
}

function logErrorOddly(errors: BoundCategory, ...args: unknown[]): void {
  const { message, thrown, context } = ledCall(ERROR, [], args, true)
  errors.log(ERROR, message, undefined, thrown, context)
}

function logAuditOddly(
  audit: BoundCategory,
  action: unknown,
  actor: unknown,
  ...more: unknown[]
): void {
  const members: Members = [
    ['action', action],
    ['actor', actor],
  ]
  logLed(audit, members, [`Audit: ${wordOf(action)} by ${wordOf(actor)}`, undefined, ...more])
}

/** Logs at INFO, with members in front of the context. */
function logLed(
  category: BoundCategory,
  members: Members,
  args: readonly unknown[],
  accountId?: string,
): void {
  const { message, thrown, context } = ledCall(INFO, members, args)
  category.log(INFO, message, accountId, thrown, context)
}

/** What can stand as the account of an entry; anything else is data. */
function accountOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? textOf(value)
    : undefined
}
