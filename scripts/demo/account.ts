// One trading account: what it holds, what it has won and lost today, and what it may do.
//
// Money is in US dollars, rounded to cents whenever it changes, so that a limit is met exactly or
// not at all. A position is a signed count of contracts: positive is long, negative is short.

/** The contract all accounts trade: the Micro E-mini future on the S&P 500. */
export const contract = { symbol: 'MES', dollarsPerPoint: 5, tickSize: 0.25 } as const

/** What an account may do. Losses are negative dollars, as a trader writes them. */
export interface Limits {
  /** An open position at or below this is closed. */
  unrealized_loss: number
  /** A day's result at or below this, realized or not, locks the account until the next day. */
  daily_loss: number
  /** Contracts held, long or short. */
  position_size: number
  /** Orders filled in a day. */
  trades_per_day: number
  /** Steps of the market (13 in a day) without new positions after a rule was broken. */
  cooldown_steps: number
}

/** An order: contracts to buy (positive) or to sell (negative), at the market. */
export interface Order {
  readonly id: string
  readonly quantity: number
}

/** An order that was executed. */
export interface Fill {
  readonly orderId: string
  readonly quantity: number
  readonly price: number
}

export class Account {
  readonly id: string
  readonly limits: Limits
  /** Contracts held; negative when short. */
  quantity = 0
  /** Average price of the contracts held; 0 without any. */
  entryPrice = 0
  realizedToday = 0
  realizedTotal = 0
  tradesToday = 0
  lockedOut = false
  /** The first step of the market at which new positions are allowed again. */
  cooldownUntil = 0
  /** What the position carried over from the day before was worth then. */
  #carried = 0

  constructor(id: string, limits: Limits) {
    this.id = id
    this.limits = { ...limits }
  }

  /** Begins a day at the close of the one before. A cooldown goes on; a lockout ends. */
  startDay(previousClose: number): void {
    this.#carried = this.unrealized(previousClose)
    this.realizedToday = 0
    this.tradesToday = 0
    this.lockedOut = false
  }

  /** What the open position would bring if it were closed at this price. */
  unrealized(price: number): number {
    return cents((price - this.entryPrice) * this.quantity * contract.dollarsPerPoint)
  }

  /** What the day has brought so far, realized or not. */
  resultToday(price: number): number {
    return cents(this.realizedToday + this.unrealized(price) - this.#carried)
  }

  /** Whether the order makes the position smaller without turning it round. */
  reducedBy(quantity: number): boolean {
    const after = this.quantity + quantity
    return Math.abs(after) < Math.abs(this.quantity) && after * this.quantity >= 0
  }

  /** Books a fill; returns what it realized. */
  book(fill: Fill): number {
    const closing = closedBy(this.quantity, fill.quantity)
    const realized = cents((fill.price - this.entryPrice) * closing * contract.dollarsPerPoint)
    const after = this.quantity + fill.quantity
    const opened = fill.quantity + closing
    if (after === 0) this.entryPrice = 0
    else if (opened === after) this.entryPrice = fill.price
    else if (opened !== 0) {
      this.entryPrice = (this.entryPrice * this.quantity + fill.price * opened) / after
    }
    this.quantity = after
    this.realizedToday = cents(this.realizedToday + realized)
    this.realizedTotal = cents(this.realizedTotal + realized)
    this.tradesToday++
    return realized
  }
}

/** How many of the contracts held an order closes, with the sign of the position. */
function closedBy(held: number, ordered: number): number {
  if (held * ordered >= 0) return 0
  return Math.sign(held) * Math.min(Math.abs(held), Math.abs(ordered))
}

/** Dollars rounded to cents. */
export function cents(dollars: number): number {
  return Math.round(dollars * 100) / 100
}
