// Three ways to trade, each with a vice a risk manager has to watch: one holds on to losses, one
// buys more of what falls, one cannot sit still. All are deterministic: chance comes from a seeded
// generator.

import type { Account } from './account.ts'

/** What a strategy may look at. */
export interface Market {
  readonly price: number
  readonly previousClose: number
  /** Closes of the days before, oldest first. */
  readonly closes: readonly number[]
  /** Which price of the day this is, from 0. */
  readonly step: number
}

/** Says how many contracts it wants to buy (positive) or sell (negative) now; 0 for none. */
export interface Strategy {
  decide(market: Market, account: Account): number
}

/**
 * Follows the trend of two moving averages, looked at once a day, and never takes a loss by itself.
 */
export class TrendFollower implements Strategy {
  readonly #contracts = 2

  decide({ closes, step }: Market, account: Account): number {
    if (step !== 0 || closes.length < 50) return 0
    const trend = mean(closes, 20) >= mean(closes, 50) ? this.#contracts : -this.#contracts
    return Math.sign(account.quantity) === Math.sign(trend) ? 0 : trend - account.quantity
  }
}

/**
 * Bets that the market comes back: buys what falls and sells what rises, and more of it as it goes
 * on.
 */
export class Fader implements Strategy {
  readonly #contracts = 2
  /** Move that it bets against, as a fraction of the price. */
  readonly #move = 0.012
  #lastPrice = 0

  decide({ price, previousClose, closes }: Market, account: Account): number {
    if (closes.length < 10) return 0
    if (account.quantity === 0) this.#lastPrice = previousClose
    const direction = Math.sign(account.quantity)
    if (direction * (price - account.entryPrice) > this.#move * price) return -account.quantity
    const moved = price / this.#lastPrice - 1
    if (Math.abs(moved) < this.#move) return 0
    const bet = moved < 0 ? this.#contracts : -this.#contracts
    if (direction !== 0 && Math.sign(bet) !== direction) return 0
    this.#lastPrice = price
    return bet
  }
}

/** Trades because it can: in and out again, at random. */
export class Overtrader implements Strategy {
  readonly #random: () => number

  /** @param seed The same seed gives the same trades. */
  constructor(seed: number) {
    this.#random = mulberry32(seed)
  }

  decide(_market: Market, account: Account): number {
    // Three numbers at every step, needed or not: what happened to earlier orders does not shift
    // the rest.
    const mood = this.#random()
    const size = 1 + Math.floor(this.#random() * 3)
    const side = this.#random() < 0.5 ? -1 : 1
    if (mood > 0.2) return 0
    return account.quantity === 0 ? side * size : -account.quantity
  }
}

function mean(values: readonly number[], count: number): number {
  let sum = 0
  for (let i = values.length - count; i < values.length; i++) sum += values[i] ?? 0
  return sum / count
}

/** Tommy Ettinger's mulberry32: numbers from 0 up to 1, the same for the same seed everywhere. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
