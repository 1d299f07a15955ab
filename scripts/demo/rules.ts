// The risk rules. Each answers one question about an account and knows nothing of the others, of
// orders being placed or of the log: what follows from a violation is the risk manager's business.
//
// A loss limit trips when it is reached: -200.00 trips a limit of -200.00. A limit on a count trips
// when it would be exceeded: a fourth contract is fine where four are allowed.

import { type Account, type Order, cents } from './account.ts'

/** A limit that was reached or would be exceeded. */
export interface Violation {
  readonly rule: string
  /** By how much, in the words of the log. */
  readonly details: {
    readonly current_value: number
    readonly limit: number
    readonly threshold_exceeded_by: number
  }
}

/** Closes a position that has lost too much, before the loss is realized. */
export class UnrealizedLoss {
  readonly name = 'UnrealizedLoss'

  check(account: Account, price: number): Violation | undefined {
    if (account.quantity === 0) return undefined
    const value = account.unrealized(price)
    const limit = account.limits.unrealized_loss
    return value <= limit ? violation(this.name, value, limit) : undefined
  }
}

/** Ends the day of an account that has lost too much today, realized and unrealized together. */
export class DailyLoss {
  readonly name = 'DailyLoss'

  check(account: Account, price: number): Violation | undefined {
    const value = account.resultToday(price)
    const limit = account.limits.daily_loss
    return value <= limit ? violation(this.name, value, limit) : undefined
  }
}

/** Refuses orders of an account whose day has been ended. */
export class Lockout {
  readonly name = 'Lockout'

  check(account: Account): Violation | undefined {
    if (!account.lockedOut) return undefined
    return violation(this.name, account.realizedToday, account.limits.daily_loss)
  }
}

/**
 * Refuses new positions for a while after another rule was broken. Its value is the steps still to
 * wait.
 */
export class Cooldown {
  readonly name = 'Cooldown'

  check(account: Account, _order: Order, now: number): Violation | undefined {
    const stepsLeft = account.cooldownUntil - now
    return stepsLeft > 0 ? violation(this.name, stepsLeft, 0) : undefined
  }
}

/** Refuses more trades in a day than are allowed. */
export class TradeFrequency {
  readonly name = 'TradeFrequency'

  check(account: Account): Violation | undefined {
    const value = account.tradesToday + 1
    const limit = account.limits.trades_per_day
    return value > limit ? violation(this.name, value, limit) : undefined
  }
}

/** Refuses orders which would make a position too large. */
export class PositionSize {
  readonly name = 'PositionSize'

  check(account: Account, order: Order): Violation | undefined {
    const value = Math.abs(account.quantity + order.quantity)
    const limit = account.limits.position_size
    return value > limit ? violation(this.name, value, limit) : undefined
  }
}

/**
 * Stops all trading for the day when the market has fallen too far below the previous close. Seven
 * per cent is where the exchanges' own circuit breaker halts trading for the first time.
 */
export class KillSwitch {
  readonly name = 'KillSwitch'
  /** Per cent of the previous close. */
  static readonly limit: number = -7

  check(price: number, previousClose: number): Violation | undefined {
    // Multiplied, not divided: 930 has to be seven per cent below 1000 in floating point as well.
    if ((price - previousClose) * 100 > previousClose * KillSwitch.limit) return undefined
    return violation(this.name, cents((price / previousClose - 1) * 100), KillSwitch.limit)
  }
}

/** What an order is asked before it goes to the exchange; the first objection counts. */
export interface OrderRule {
  readonly name: string
  check(account: Account, order: Order, now: number): Violation | undefined
}

export const orderRules: readonly OrderRule[] = [
  new Lockout(),
  new Cooldown(),
  new TradeFrequency(),
  new PositionSize(),
]

function violation(rule: string, value: number, limit: number): Violation {
  const threshold_exceeded_by = cents(value - limit)
  return { rule, details: { current_value: value, limit, threshold_exceeded_by } }
}
