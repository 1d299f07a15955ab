import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Account, type Limits } from '../../scripts/demo/account.ts'

const limits: Limits = {
  unrealized_loss: -200,
  daily_loss: -300,
  position_size: 4,
  trades_per_day: 3,
  cooldown_steps: 5,
}

function fill(quantity: number, price: number) {
  return { orderId: '1', quantity, price }
}

describe('Account', () => {
  it('book() realizes what is closed, long and short', () => {
    const account = new Account('A', limits)
    assert.equal(account.book(fill(2, 1000)), 0)
    assert.equal(account.book(fill(-1, 1010)), 50)
    assert.equal(account.quantity, 1)
    assert.equal(account.entryPrice, 1000)
    assert.equal(account.book(fill(-3, 990)), -50, 'turned round: one closed, two opened')
    assert.equal(account.quantity, -2)
    assert.equal(account.entryPrice, 990)
    assert.equal(account.book(fill(2, 980)), 100)
    assert.equal(account.quantity, 0)
    assert.equal(account.entryPrice, 0)
    assert.equal(account.realizedToday, 100)
    assert.equal(account.tradesToday, 4)
  })

  it('book() averages the price of what is added', () => {
    const account = new Account('A', limits)
    account.book(fill(1, 1000))
    account.book(fill(3, 1020))
    assert.equal(account.entryPrice, 1015)
    assert.equal(account.unrealized(1010), -100)
  })

  it('ends with the same money whatever way it was traded', () => {
    const trades = fc.array(
      fc.record({
        quantity: fc.integer({ min: -3, max: 3 }).filter((quantity) => quantity !== 0),
        ticks: fc.integer({ min: 3000, max: 9000 }),
      }),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(trades, (list) => {
        const account = new Account('A', limits)
        let cash = 0
        for (const { quantity, ticks } of list) {
          account.book(fill(quantity, ticks / 4))
          cash -= quantity * (ticks / 4) * 5
        }
        const worth = cash + account.quantity * 1000 * 5
        const booked = account.realizedTotal + account.unrealized(1000)
        // Averages of prices are not on the cent; each booking may round by half of one.
        assert.ok(Math.abs(worth - booked) <= 0.005 * (list.length + 1), `${worth} ${booked}`)
      }),
    )
  })

  it('resultToday() leaves out what the days before have brought', () => {
    const account = new Account('A', limits)
    account.book(fill(2, 1000))
    account.startDay(990)
    assert.equal(account.unrealized(985), -150)
    assert.equal(account.resultToday(985), -50)
    account.book(fill(-2, 985))
    assert.equal(account.resultToday(1200), -50)
  })

  it('reducedBy() is true for less of the same side only', () => {
    const account = new Account('A', limits)
    account.book(fill(2, 1000))
    assert.deepEqual(
      [-1, -2, -3, -4, 1].map((quantity) => account.reducedBy(quantity)),
      [true, true, false, false, false],
    )
  })

  it('keeps its own copy of the limits', () => {
    const own = { ...limits }
    const account = new Account('A', own)
    own.daily_loss = -1
    assert.equal(account.limits.daily_loss, -300)
  })
})
