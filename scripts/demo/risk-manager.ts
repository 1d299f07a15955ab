// The risk manager: leads three accounts through the days of the market, lets their strategies
// trade as far as the rules allow, and takes them out where a rule says so.
//
// It decides and does not log: each day gives back what was decided, in order. So the rules can be
// tested without a log, and the log calls of a day can be timed without the trading. The same bars
// give the same decisions, always.

import { Account, type Fill, type Limits, type Order, cents, contract } from './account.ts'
import { type Bar, daysBetween, pathOf } from './bars.ts'
import type { Decision, PositionDetails, StateDetails } from './decision.ts'
import { Exchange, OrderRejected } from './exchange.ts'
import {
  DailyLoss,
  KillSwitch,
  Lockout,
  UnrealizedLoss,
  type Violation,
  orderRules,
} from './rules.ts'
import type { Market, Strategy } from './strategies.ts'

/** An account with who trades it. */
export interface Trader {
  readonly id: string
  readonly strategy: Strategy
  readonly limits: Limits
}

/** Calendar days without a bar that no weekend and no holiday explains. */
const gapDays = 6
/** Closes that the strategies get to see. */
const closesMax = 50
/** How far the index has to have moved for the yearly review to change a limit, as a fraction. */
const reviewChange = 0.1
/** Dollars that reviewed limits are rounded to. */
const reviewGrid = 25

/** The market data have a hole: nobody knows what the positions were worth in it. */
export class MarketDataGap extends Error {
  constructor(from: string, to: string) {
    super(`No bar between ${from} and ${to}`)
    this.name = 'MarketDataGap'
  }
}

export class RiskManager {
  readonly accounts: readonly Account[]
  readonly #traders: readonly { readonly account: Account; readonly strategy: Strategy }[]
  readonly #exchange = new Exchange()
  readonly #unrealizedLoss = new UnrealizedLoss()
  readonly #dailyLoss = new DailyLoss()
  readonly #lockout = new Lockout()
  readonly #killSwitch = new KillSwitch()

  #decisions: Decision[] = []
  #date = ''
  #closes: number[] = []
  /** Steps of the market since the first bar: the clock of the cooldowns. */
  #now = 0
  /** Why trading is stopped today, if it is. */
  #halt: Violation | undefined
  #month = { name: '', open: 0, realized: new Map<Account, number>() }
  #reviewedPrice = 0

  constructor(traders: readonly Trader[]) {
    this.#traders = traders.map(({ id, strategy, limits }) => ({
      account: new Account(id, limits),
      strategy,
    }))
    this.accounts = this.#traders.map(({ account }) => account)
  }

  /** Trades one day and gives back everything that was decided, in order. */
  trade(bar: Bar): readonly Decision[] {
    this.#decisions = []
    const previousClose = this.#closes.at(-1) ?? bar.open
    this.#openDay(bar, previousClose)
    const path = pathOf(bar, contract.tickSize)
    for (let step = 0; step < path.length; step++) {
      this.#step({ price: path[step] ?? 0, previousClose, closes: this.#closes, step })
    }
    this.#closeDay(bar, previousClose)
    return this.#decisions
  }

  /** The month that has begun, for the end of the run: it is not over when the bars are. */
  closeMonth(): readonly Decision[] {
    this.#decisions = []
    this.#closeMonth()
    return this.#decisions
  }

  #openDay(bar: Bar, previousClose: number): void {
    const previousDate = this.#date
    if (bar.date.slice(0, 7) !== this.#month.name) {
      if (this.#month.name !== '') this.#closeMonth()
      const realized = new Map(this.accounts.map((account) => [account, account.realizedTotal]))
      this.#month = { name: bar.date.slice(0, 7), open: previousClose, realized }
    }
    this.#date = bar.date
    this.#halt = undefined
    for (const account of this.accounts) account.startDay(previousClose)
    if (previousDate !== '') this.#lookForGap(previousDate)
    if (previousDate.slice(0, 4) !== bar.date.slice(0, 4)) this.#reviewLimits(bar.open)
  }

  #step(market: Market): void {
    const { price } = market
    this.#exchange.moveTo(price)
    if (this.#halt === undefined) this.#haltIfFalling(market)
    for (const { account, strategy } of this.#traders) {
      this.#enforce(account, price)
      const wanted = strategy.decide(market, account)
      if (wanted !== 0 && this.#halt === undefined) this.#place(account, wanted)
    }
    this.#now++
  }

  #haltIfFalling({ price, previousClose }: Market): void {
    this.#halt = this.#killSwitch.check(price, previousClose)
    if (this.#halt === undefined) return
    this.#decisions.push({
      kind: 'kill_switch_pulled',
      date: this.#date,
      violation: this.#halt,
      details: {
        date: this.#date,
        price,
        previous_close: cents(previousClose),
        open_contracts: Object.fromEntries(this.accounts.map(({ id, quantity }) => [id, quantity])),
      },
    })
  }

  /**
   * Takes an account out of the market where a rule says so. Tried at every price until it is out.
   */
  #enforce(account: Account, price: number): void {
    const daily = this.#dailyLoss.check(account, price)
    if (daily !== undefined && !account.lockedOut) {
      account.lockedOut = true
      this.#restrict(account, 'lockout_until_next_day', daily)
    }
    if (account.quantity === 0) return
    const unrealized = this.#unrealizedLoss.check(account, price)
    // An account may have recovered while its orders were refused: it still has to get out.
    const reason = this.#halt ?? daily ?? this.#lockout.check(account) ?? unrealized
    if (reason === undefined || !this.#close(account, price, reason)) return
    if (reason === unrealized) this.#startCooldown(account)
  }

  #close(account: Account, price: number, violation: Violation): boolean {
    const position = positionOf(account, price)
    const order = this.#exchange.order(-account.quantity)
    const fill = this.#execute(account, order, { rule: violation.rule, position })
    if (fill === undefined) return false
    const realized = account.book(fill)
    this.#decisions.push({
      kind: 'position_closed',
      date: this.#date,
      accountId: account.id,
      violation,
      details: {
        date: this.#date,
        position: { ...position, exit_price: fill.price },
        action: {
          type: 'close_position',
          result: 'success',
          order_id: fill.orderId,
          fill_price: fill.price,
          realized_pnl: realized,
        },
        state_after: stateOf(account),
      },
    })
    return true
  }

  /**
   * Places an order a strategy wants, if no rule objects. Making a position smaller is always
   * allowed.
   */
  #place(account: Account, quantity: number): void {
    const order = this.#exchange.order(quantity)
    if (!account.reducedBy(quantity)) {
      for (const rule of orderRules) {
        const violation = rule.check(account, order, this.#now)
        if (violation === undefined) continue
        this.#block(account, order, violation)
        return
      }
    }
    const fill = this.#execute(account, order)
    if (fill === undefined) return
    const realized = account.book(fill)
    this.#decisions.push({
      kind: 'order_filled',
      date: this.#date,
      accountId: account.id,
      details: {
        date: this.#date,
        order_id: fill.orderId,
        symbol: contract.symbol,
        quantity,
        fill_price: fill.price,
        realized_pnl: realized,
      },
    })
  }

  #block(account: Account, order: Order, violation: Violation): void {
    this.#decisions.push({
      kind: 'order_blocked',
      date: this.#date,
      accountId: account.id,
      violation,
      details: { date: this.#date, order: orderOf(order), state: stateOf(account) },
    })
    if (violation.rule !== 'TradeFrequency') return
    this.#startCooldown(account)
    this.#restrict(account, 'cooldown', violation)
  }

  #execute(
    account: Account,
    order: Order,
    closing?: { readonly rule: string; readonly position: PositionDetails },
  ): Fill | undefined {
    try {
      return this.#exchange.execute(order)
    } catch (error) {
      if (!(error instanceof OrderRejected)) throw error
      this.#decisions.push({
        kind: 'order_rejected',
        date: this.#date,
        accountId: account.id,
        error,
        closing: closing !== undefined,
        details: { date: this.#date, order: orderOf(order), ...closing },
      })
      return undefined
    }
  }

  #restrict(
    account: Account,
    action: 'lockout_until_next_day' | 'cooldown',
    violation: Violation,
  ): void {
    const { cooldown_steps } = account.limits
    this.#decisions.push({
      kind: 'account_restricted',
      date: this.#date,
      accountId: account.id,
      action,
      violation,
      details: {
        date: this.#date,
        ...(action === 'cooldown' ? { cooldown_steps } : {}),
        state_after: stateOf(account),
      },
    })
  }

  #startCooldown(account: Account): void {
    account.cooldownUntil = this.#now + account.limits.cooldown_steps
  }

  #lookForGap(previousDate: string): void {
    const days = daysBetween(previousDate, this.#date)
    if (days < gapDays) return
    const details = { from: previousDate, to: this.#date, days }
    const error = new MarketDataGap(previousDate, this.#date)
    this.#decisions.push({ kind: 'data_missing', date: this.#date, error, details })
  }

  /**
   * Once a year the loss limits follow the index: a point is worth the same, but there are more of
   * them.
   */
  #reviewLimits(price: number): void {
    const factor = this.#reviewedPrice === 0 ? 1 : price / this.#reviewedPrice
    if (this.#reviewedPrice === 0) this.#reviewedPrice = price
    if (Math.abs(factor - 1) < reviewChange) return
    this.#reviewedPrice = price
    for (const { id, limits } of this.accounts) {
      for (const limit of ['unrealized_loss', 'daily_loss'] as const) {
        const before = limits[limit]
        const after = Math.round((before * factor) / reviewGrid) * reviewGrid
        limits[limit] = after
        const reason = `The S&P 500 has moved ${signed((factor - 1) * 100)} % since the last review`
        this.#decisions.push({
          kind: 'limit_changed',
          date: this.#date,
          accountId: id,
          actor: 'risk.officer',
          details: { date: this.#date, limit, before, after, reason },
        })
      }
    }
  }

  #closeDay(bar: Bar, previousClose: number): void {
    const { date, open, high, low, close, volume } = bar
    const change_percent = cents((close / previousClose - 1) * 100)
    this.#decisions.push({
      kind: 'day_closed',
      date,
      details: { date, open, high, low, close, change_percent, volume },
    })
    for (const account of this.accounts) {
      this.#decisions.push({
        kind: 'account_marked',
        date,
        accountId: account.id,
        details: {
          date,
          price: close,
          quantity: account.quantity,
          entry_price: cents(account.entryPrice),
          unrealized_pnl: account.unrealized(close),
          realized_pnl_today: account.realizedToday,
          realized_pnl_total: account.realizedTotal,
          trades_today: account.tradesToday,
          lockout: account.lockedOut,
        },
      })
    }
    this.#closes.push(close)
    if (this.#closes.length > closesMax) this.#closes.shift()
  }

  #closeMonth(): void {
    const close = this.#closes.at(-1) ?? 0
    const { name, open, realized } = this.#month
    this.#decisions.push({
      kind: 'month_closed',
      date: this.#date,
      details: {
        month: name,
        close: cents(close),
        change_percent: cents((close / open - 1) * 100),
        realized_pnl: Object.fromEntries(
          this.accounts.map((a) => [a.id, cents(a.realizedTotal - (realized.get(a) ?? 0))]),
        ),
      },
    })
  }
}

function positionOf(account: Account, price: number): PositionDetails {
  return {
    symbol: contract.symbol,
    side: account.quantity > 0 ? 'long' : 'short',
    quantity: Math.abs(account.quantity),
    entry_price: cents(account.entryPrice),
    unrealized_pnl: account.unrealized(price),
  }
}

function stateOf(account: Account): StateDetails {
  return {
    realized_pnl_today: account.realizedToday,
    open_contracts: Math.abs(account.quantity),
    trades_today: account.tradesToday,
    lockout: account.lockedOut,
  }
}

function orderOf({ id, quantity }: Order): { id: string; symbol: string; quantity: number } {
  return { id, symbol: contract.symbol, quantity }
}

/** A number with its sign and one decimal: `+4.2`. */
function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(1)}`
}
