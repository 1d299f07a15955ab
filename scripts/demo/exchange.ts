// The exchange the accounts trade at: fills every order at the market, one tick worse than the last
// price, unless the market moves too fast.
//
// The refusal is a real rule of such exchanges (CME calls it velocity logic): when the price runs
// further within one step than allowed, orders are refused until it calms down. On crash days that
// happens just when a risk manager wants to close a position, and that is what makes its log worth
// reading.

import { type Fill, type Order, contract } from './account.ts'

/** Per cent of the price that the market may move within one step of a bar's path. */
const velocityLimit = 1.9

/** Why the exchange does not take orders at the moment. */
export class VelocityLogicTriggered extends Error {
  readonly code = 'VELOCITY_LOGIC'

  constructor(movedPercent: number) {
    const moved = `${movedPercent.toFixed(2)} %`
    super(`Market moved ${moved} within one step, expected at most ${velocityLimit.toFixed(2)} %`)
    this.name = 'VelocityLogicTriggered'
  }
}

/** An order the exchange did not take. */
export class OrderRejected extends Error {
  readonly code = 'ORDER_REJECTED'

  constructor(order: Order, cause: Error) {
    super(`Order ${order.id} (${order.quantity} ${contract.symbol}) rejected by the exchange`, {
      cause,
    })
    this.name = 'OrderRejected'
  }
}

export class Exchange {
  #price = 0
  #movedPercent = 0
  #orderCount = 0

  /** The market moves to a new price. */
  moveTo(price: number): void {
    this.#movedPercent = this.#price === 0 ? 0 : (price / this.#price - 1) * 100
    this.#price = price
  }

  /** Makes an order for so many contracts; buying is positive. */
  order(quantity: number): Order {
    this.#orderCount++
    return { id: String(1_000_000_000 + this.#orderCount), quantity }
  }

  /**
   * Executes an order at the market.
   *
   * @throws {OrderRejected} with the reason as `cause` when the market moves too fast.
   */
  execute(order: Order): Fill {
    if (Math.abs(this.#movedPercent) > velocityLimit) {
      throw new OrderRejected(order, new VelocityLogicTriggered(this.#movedPercent))
    }
    const slippage = Math.sign(order.quantity) * contract.tickSize
    return { orderId: order.id, quantity: order.quantity, price: this.#price + slippage }
  }
}
