import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Account, type Limits } from '../../scripts/demo/account.ts'
import {
  Cooldown,
  DailyLoss,
  KillSwitch,
  Lockout,
  PositionSize,
  TradeFrequency,
  UnrealizedLoss,
} from '../../scripts/demo/rules.ts'

const limits: Limits = {
  unrealized_loss: -200,
  daily_loss: -300,
  position_size: 4,
  trades_per_day: 3,
  cooldown_steps: 5,
}

/** An account that bought two contracts at 1000: a point is worth ten dollars to it. */
function long2(): Account {
  const account = new Account('A', limits)
  account.book({ orderId: '1', quantity: 2, price: 1000 })
  account.startDay(1000)
  return account
}

function order(quantity: number) {
  return { id: '2', quantity }
}

describe('UnrealizedLoss', () => {
  it('trips when the limit is reached, not a tick before', () => {
    const account = long2()
    const rule = new UnrealizedLoss()
    assert.equal(rule.check(account, 980.25), undefined)
    assert.deepEqual(rule.check(account, 980), {
      rule: 'UnrealizedLoss',
      details: { current_value: -200, limit: -200, threshold_exceeded_by: 0 },
    })
    assert.equal(rule.check(account, 979)?.details.threshold_exceeded_by, -10)
  })

  it('trips for a short position when the market rises', () => {
    const account = new Account('A', limits)
    account.book({ orderId: '1', quantity: -2, price: 1000 })
    const rule = new UnrealizedLoss()
    assert.equal(rule.check(account, 1019.75), undefined)
    assert.notEqual(rule.check(account, 1020), undefined)
  })

  it('has nothing to say of an account without a position', () => {
    assert.equal(new UnrealizedLoss().check(new Account('A', limits), 1), undefined)
  })
})

describe('DailyLoss', () => {
  it('adds the realized and the unrealized loss of the day', () => {
    const account = long2()
    account.book({ orderId: '2', quantity: -1, price: 970 })
    const rule = new DailyLoss()
    assert.equal(account.realizedToday, -150)
    assert.equal(rule.check(account, 970.25), undefined)
    assert.deepEqual(rule.check(account, 970)?.details, {
      current_value: -300,
      limit: -300,
      threshold_exceeded_by: 0,
    })
  })

  it('begins anew with the day, even if the position of the day before is still held', () => {
    const account = long2()
    const rule = new DailyLoss()
    assert.notEqual(rule.check(account, 970), undefined)
    account.startDay(970)
    assert.equal(rule.check(account, 970), undefined)
    assert.equal(rule.check(account, 940.25), undefined)
    assert.notEqual(rule.check(account, 940), undefined)
  })
})

describe('PositionSize', () => {
  it('allows the limit and refuses one more, on both sides', () => {
    const account = long2()
    const rule = new PositionSize()
    assert.equal(rule.check(account, order(2)), undefined)
    assert.deepEqual(rule.check(account, order(3))?.details, {
      current_value: 5,
      limit: 4,
      threshold_exceeded_by: 1,
    })
    assert.equal(rule.check(account, order(-6)), undefined)
    assert.notEqual(rule.check(account, order(-7)), undefined)
  })
})

describe('TradeFrequency', () => {
  it('allows as many trades as the limit says', () => {
    const account = new Account('A', limits)
    const rule = new TradeFrequency()
    for (let trade = 1; trade <= limits.trades_per_day; trade++) {
      assert.equal(rule.check(account), undefined, `trade ${trade}`)
      account.book({ orderId: '1', quantity: 1, price: 1000 })
    }
    assert.deepEqual(rule.check(account)?.details, {
      current_value: 4,
      limit: 3,
      threshold_exceeded_by: 1,
    })
    account.startDay(1000)
    assert.equal(rule.check(account), undefined)
  })
})

describe('Cooldown', () => {
  it('ends at the step it was set to', () => {
    const account = new Account('A', limits)
    account.cooldownUntil = 10
    const rule = new Cooldown()
    assert.equal(rule.check(account, order(1), 9)?.details.current_value, 1)
    assert.equal(rule.check(account, order(1), 10), undefined)
  })
})

describe('Lockout', () => {
  it('ends with the day', () => {
    const account = new Account('A', limits)
    const rule = new Lockout()
    assert.equal(rule.check(account), undefined)
    account.lockedOut = true
    assert.notEqual(rule.check(account), undefined)
    account.startDay(1000)
    assert.equal(rule.check(account), undefined)
  })
})

describe('KillSwitch', () => {
  it('trips seven per cent below the previous close', () => {
    const rule = new KillSwitch()
    assert.equal(rule.check(930.25, 1000), undefined)
    assert.deepEqual(rule.check(930, 1000)?.details, {
      current_value: -7,
      limit: -7,
      threshold_exceeded_by: 0,
    })
  })
})
