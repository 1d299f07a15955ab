// The journal: puts each decision of the risk manager into the log. The one place of the demo that
// shows how an application uses the library from day to day.
//
// What happens thousands of times (fills, marks to market) is a typed event: its message is filled
// in when the line is made, not when the call is. The rest are plain calls, one per decision, none
// of them awaited.

import { type Logger, Type, defineEvent } from 'ringlog'
import type { Decision, OrderBlocked, OrderRejected, PositionClosed } from './decision.ts'

const orderFilled = defineEvent({
  name: 'order_filled',
  category: 'sdk',
  level: 'debug',
  message: '{date} Order filled: {symbol} {quantity} @ {fill_price}',
  context: Type.Object({
    date: Type.String(),
    order_id: Type.String(),
    symbol: Type.String(),
    quantity: Type.Integer(),
    fill_price: Type.Number(),
    realized_pnl: Type.Number(),
  }),
})

const accountMarked = defineEvent({
  name: 'account_marked',
  category: 'system',
  level: 'debug',
  message: '{date} Marked to market at {price}: {quantity} contracts, {unrealized_pnl} open',
  context: Type.Object({
    date: Type.String(),
    price: Type.Number(),
    quantity: Type.Integer(),
    entry_price: Type.Number(),
    unrealized_pnl: Type.Number(),
    realized_pnl_today: Type.Number(),
    realized_pnl_total: Type.Number(),
    trades_today: Type.Integer(),
    lockout: Type.Boolean(),
  }),
})

export class Journal {
  readonly #log: Logger
  readonly #orderFilled
  readonly #accountMarked
  /** The log of each account: every entry through it bears the account's id. */
  readonly #accountLogs = new Map<string, Logger>()

  constructor(log: Logger) {
    this.#log = log
    this.#orderFilled = log.event(orderFilled)
    this.#accountMarked = log.event(accountMarked)
  }

  /** Logs one decision: exactly one call of the library. */
  write(decision: Decision): void {
    const log = this.#log
    const { date } = decision
    switch (decision.kind) {
      case 'order_filled':
        this.#orderFilled(decision.details, decision.accountId)
        return
      case 'account_marked':
        this.#accountMarked(decision.details, decision.accountId)
        return
      case 'day_closed': {
        const { close, change_percent } = decision.details
        const change = signed(change_percent, 1)
        const message = `${date} S&P 500 closed at ${close.toFixed(2)} (${change} %)`
        log.logSystem('debug', message, decision.details)
        return
      }
      case 'month_closed': {
        const { month, close, change_percent, realized_pnl } = decision.details
        const results = Object.entries(realized_pnl).map(([id, pnl]) => `${id} ${signed(pnl, 0)}`)
        const market = `S&P 500 ${close.toFixed(2)} (${signed(change_percent, 1)} %)`
        log.system.info(`${month} ended: ${market}; ${results.join(', ')}`, decision.details)
        return
      }
      case 'order_blocked':
        this.#orderBlocked(decision)
        return
      case 'order_rejected':
        this.#orderRejected(decision)
        return
      case 'position_closed':
        this.#positionClosed(decision)
        return
      case 'account_restricted': {
        const { accountId, action, violation, details } = decision
        log.logEnforcement(accountId, violation.rule, action, {
          violation: violation.details,
          ...details,
        })
        return
      }
      case 'kill_switch_pulled': {
        const { rule, details: violation } = decision.violation
        const change = signed(violation.current_value, 1)
        const message = `${date} Kill switch: S&P 500 ${change} %, closing all positions`
        log.system.critical(message, { rule, violation, ...decision.details })
        return
      }
      case 'limit_changed': {
        const { accountId, actor, details } = decision
        log.logAudit('change_limit', actor, { account_id: accountId, ...details })
        return
      }
      case 'data_missing': {
        const message = `${date} Market data missing for ${decision.details.days} days`
        log.logError(message, decision.error, decision.details)
        return
      }
      default:
        decision satisfies never
    }
  }

  /**
   * An account that has been told to wait and asks again is no news: that goes to the file only.
   */
  #orderBlocked({ accountId, date, violation, details }: OrderBlocked): void {
    const { rule, details: by } = violation
    const { enforcement } = this.#accountLog(accountId)
    const context = { rule, violation: by, ...details }
    if (rule === 'Lockout' || rule === 'Cooldown') {
      enforcement.debug(`${date} Order blocked by ${rule}`, context)
      return
    }
    const counted = rule === 'PositionSize' ? 'contracts' : 'trades today'
    const message = `${date} Order blocked: ${by.current_value} ${counted}, allowed ${by.limit}`
    enforcement.warning(message, context)
  }

  /** A position that cannot be closed is an error; one that cannot be opened is a pity. */
  #orderRejected({ accountId, date, error, closing, details }: OrderRejected): void {
    const log = this.#accountLog(accountId)
    if (closing) {
      log.enforcement.error(`${date} Failed to close position: Order rejected`, error, details)
      return
    }
    const { quantity, symbol } = details.order
    const order = `${quantity > 0 ? 'buy' : 'sell'} ${Math.abs(quantity)} ${symbol}`
    log.sdk.warning(`${date} Order rejected: ${order}`, error, details)
  }

  #positionClosed({ accountId, date, violation, details }: PositionClosed): void {
    const { rule, details: by } = violation
    const { quantity, symbol, side, exit_price } = details.position
    const position = `${side} ${quantity} ${symbol} @ ${exit_price.toFixed(2)}`
    const unit = rule === 'KillSwitch' ? ' %' : ''
    const reason = `${rule} ${signed(by.current_value)}${unit}, limit ${signed(by.limit)}${unit}`
    const context = { rule, violation: by, ...details }
    this.#accountLog(accountId).enforcement.info(
      `${date} Position closed: ${position} (${reason})`,
      context,
    )
  }

  #accountLog(accountId: string): Logger {
    let log = this.#accountLogs.get(accountId)
    if (log === undefined) {
      log = this.#log.with({ account_id: accountId })
      this.#accountLogs.set(accountId, log)
    }
    return log
  }
}

/** A number with its sign: `+4.20`. */
function signed(value: number, decimals = 2): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(decimals)}`
}
