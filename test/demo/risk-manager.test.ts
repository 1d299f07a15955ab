import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import type { Limits } from '../../scripts/demo/account.ts'
import { type Bar, parseBars } from '../../scripts/demo/bars.ts'
import type { Decision } from '../../scripts/demo/decision.ts'
import { OrderRejected } from '../../scripts/demo/exchange.ts'
import { RiskManager } from '../../scripts/demo/risk-manager.ts'
import {
  Fader,
  type Market,
  Overtrader,
  type Strategy,
  TrendFollower,
} from '../../scripts/demo/strategies.ts'

const bars = parseBars(readFileSync('scripts/demo/sp500-2000.csv', 'utf8'))

const limits: Limits = {
  unrealized_loss: -200,
  daily_loss: -300,
  position_size: 2,
  trades_per_day: 100,
  cooldown_steps: 20,
}

/** Wants what it is told to want at each step since it began. */
class Scripted implements Strategy {
  readonly #wants: ReadonlyMap<number, number>
  #now = 0

  constructor(wants: { readonly [step: number]: number }) {
    this.#wants = new Map(Object.entries(wants).map(([step, quantity]) => [Number(step), quantity]))
  }

  decide(_market: Market): number {
    return this.#wants.get(this.#now++) ?? 0
  }
}

/** A bar that falls in twelve steps, or rises in them, from open to close. */
function day(date: string, open: number, close: number): Bar {
  return {
    date,
    open,
    high: Math.max(open, close),
    low: Math.min(open, close),
    close,
    volume: 1,
  }
}

function managerOf(strategy: Strategy, change: Partial<Limits> = {}): RiskManager {
  return new RiskManager([{ id: 'A', strategy, limits: { ...limits, ...change } }])
}

function decideThousandDays(): Decision[] {
  const manager = new RiskManager([
    { id: 'A', strategy: new TrendFollower(), limits },
    { id: 'B', strategy: new Fader(), limits: { ...limits, position_size: 4 } },
    { id: 'C', strategy: new Overtrader(7), limits: { ...limits, trades_per_day: 5 } },
  ])
  return bars.slice(0, 1000).flatMap((bar) => manager.trade(bar))
}

function only<K extends Decision['kind']>(
  decisions: readonly Decision[],
  kind: K,
): Extract<Decision, { kind: K }>[] {
  return decisions.filter(
    (decision): decision is Extract<Decision, { kind: K }> => decision.kind === kind,
  )
}

describe('RiskManager', () => {
  it('closes a position at the first price that reaches its limit, and pauses the account', () => {
    // Falls by five points a step after the high, which is the open: two contracts lose 50 dollars
    // each.
    const manager = managerOf(new Scripted({ 0: 2, 11: 1, 13: 1, 31: 1 }), { daily_loss: -9999 })
    const first = manager.trade(day('2008-01-02', 1000, 980))
    const [closed] = only(first, 'position_closed')
    assert.equal(closed?.violation.rule, 'UnrealizedLoss')
    // Bought at 1000.25, a tick above the market: 980 is the first price 200 dollars or more below.
    assert.deepEqual(closed?.violation.details, {
      current_value: -202.5,
      limit: -200,
      threshold_exceeded_by: -2.5,
    })
    assert.deepEqual(closed?.details, {
      date: '2008-01-02',
      position: {
        symbol: 'MES',
        side: 'long',
        quantity: 2,
        entry_price: 1000.25,
        unrealized_pnl: -202.5,
        exit_price: 979.75,
      },
      action: {
        type: 'close_position',
        result: 'success',
        order_id: '1000000002',
        fill_price: 979.75,
        realized_pnl: -205,
      },
      state_after: {
        realized_pnl_today: -205,
        open_contracts: 0,
        trades_today: 2,
        lockout: false,
      },
    })
    assert.equal(only(first, 'order_filled').length, 1, 'the order in the cooldown was not filled')
    assert.equal(only(first, 'order_blocked')[0]?.violation.rule, 'Cooldown')

    const second = manager.trade(day('2008-01-03', 980, 980))
    assert.equal(only(second, 'order_blocked')[0]?.violation.rule, 'Cooldown')
    const third = manager.trade(day('2008-01-04', 980, 980))
    assert.equal(only(third, 'order_filled').length, 1, 'twenty steps later it may trade again')
  })

  it('locks an account out for the rest of the day', () => {
    const manager = managerOf(new Scripted({ 0: 2, 12: 1, 13: 1 }), { unrealized_loss: -9999 })
    const first = manager.trade(day('2008-01-02', 1000, 960))
    const [restricted] = only(first, 'account_restricted')
    assert.equal(restricted?.action, 'lockout_until_next_day')
    assert.equal(restricted?.violation.rule, 'DailyLoss')
    assert.equal(only(first, 'account_restricted').length, 1, 'told once')
    assert.equal(only(first, 'position_closed')[0]?.violation.rule, 'DailyLoss')
    assert.equal(only(first, 'order_blocked')[0]?.violation.rule, 'Lockout')
    const second = manager.trade(day('2008-01-03', 960, 960))
    assert.equal(only(second, 'order_filled').length, 1)
  })

  it('takes a locked account out even when the market comes back first', () => {
    const manager = managerOf(new Scripted({ 0: 2 }), { unrealized_loss: -9999 })
    manager.trade(day('2008-01-02', 1000, 1000))
    // Opens too fast to get out, 400 dollars lower; one step later only 225 of them are left.
    const bar = { date: '2008-01-03', open: 960, high: 1030, low: 955, close: 955, volume: 1 }
    const decisions = manager.trade(bar)
    assert.deepEqual(
      decisions.slice(0, 3).map(({ kind }) => kind),
      ['account_restricted', 'order_rejected', 'position_closed'],
    )
    const [closed] = only(decisions, 'position_closed')
    assert.equal(closed?.violation.rule, 'Lockout')
    assert.equal(closed?.details.position.exit_price, 977.25)
  })

  it('refuses what makes a position too large, and lets smaller ones through', () => {
    const manager = managerOf(new Scripted({ 0: 2, 1: 1, 2: -1 }))
    const decisions = manager.trade(day('2008-01-02', 1000, 1000))
    assert.deepEqual(
      only(decisions, 'order_blocked').map(({ violation }) => violation),
      [
        {
          rule: 'PositionSize',
          details: { current_value: 3, limit: 2, threshold_exceeded_by: 1 },
        },
      ],
    )
    assert.deepEqual(
      only(decisions, 'order_filled').map(({ details }) => details.quantity),
      [2, -1],
    )
  })

  it('pauses an account that trades too often, but lets it out of its position', () => {
    const wants = { 0: 1, 1: 1, 2: -1, 3: 1, 4: -1 }
    const manager = managerOf(new Scripted(wants), { trades_per_day: 3 })
    const decisions = manager.trade(day('2008-01-02', 1000, 1000))
    assert.equal(only(decisions, 'order_blocked')[0]?.violation.rule, 'TradeFrequency')
    const [restricted] = only(decisions, 'account_restricted')
    assert.equal(restricted?.action, 'cooldown')
    assert.equal(restricted?.details.cooldown_steps, 20)
    assert.deepEqual(
      only(decisions, 'order_filled').map(({ details }) => details.quantity),
      [1, 1, -1, -1],
    )
  })

  it('stops all trading in a crash, and tries until the position is closed', () => {
    const manager = managerOf(new Scripted({ 0: 1, 25: 1, 26: 1 }), {
      unrealized_loss: -9999,
      daily_loss: -9999,
    })
    manager.trade(day('2008-09-26', 1200, 1200))
    // Opens a tenth lower: too fast for the exchange. The next step is calm.
    const crash = manager.trade(day('2008-09-29', 1080, 1080))
    const [pulled] = only(crash, 'kill_switch_pulled')
    assert.equal(only(crash, 'kill_switch_pulled').length, 1)
    assert.deepEqual(pulled?.details.open_contracts, { A: 1 })
    assert.equal(pulled?.violation.details.current_value, -10)
    const [rejected] = only(crash, 'order_rejected')
    assert.equal(rejected?.closing, true)
    assert.ok(rejected?.error instanceof OrderRejected)
    assert.equal((rejected.error.cause as { code: string }).code, 'VELOCITY_LOGIC')
    assert.equal(only(crash, 'order_rejected').length, 1)
    assert.equal(only(crash, 'position_closed')[0]?.violation.rule, 'KillSwitch')
    assert.ok(crash.indexOf(rejected) < crash.findIndex(({ kind }) => kind === 'position_closed'))
    assert.equal(only(crash, 'order_filled').length, 0, 'no order goes out after the stop')
    const after = manager.trade(day('2008-09-30', 1080, 1080))
    assert.equal(only(after, 'order_filled').length, 1, 'the next day is a new one')
  })

  it('says that the market data of September 2001 have a hole, and of no other time', () => {
    const manager = managerOf(new Scripted({}))
    const missing = bars.flatMap((bar) => only(manager.trade(bar), 'data_missing'))
    assert.deepEqual(
      missing.map(({ details }) => details),
      [{ from: '2001-09-10', to: '2001-09-17', days: 7 }],
    )
  })

  it('raises the loss limits at the yearly review when the index has moved by a tenth', () => {
    const manager = managerOf(new Scripted({}))
    manager.trade(day('2008-12-31', 1000, 1000))
    assert.equal(only(manager.trade(day('2009-01-02', 1090, 1090)), 'limit_changed').length, 0)
    assert.equal(only(manager.trade(day('2009-12-31', 1300, 1300)), 'limit_changed').length, 0)
    const changed = only(manager.trade(day('2010-01-04', 1250, 1250)), 'limit_changed')
    assert.deepEqual(
      changed.map(({ details }) => [details.limit, details.before, details.after]),
      [
        ['unrealized_loss', -200, -250],
        ['daily_loss', -300, -375],
      ],
    )
    assert.equal(manager.accounts[0]?.limits.daily_loss, -375)
  })

  it('decides the same on the same bars', () => {
    const decisions = decideThousandDays()
    assert.ok(decisions.length > 4000)
    assert.equal(JSON.stringify(decisions), JSON.stringify(decideThousandDays()))
  })

  it('has every stopped account out of the market by evening, but for what the exchange refused', () => {
    const manager = managerOf(new Fader(), { position_size: 4 })
    let lockouts = 0
    let stops = 0
    for (const bar of bars) {
      const decisions = manager.trade(bar)
      const locked = only(decisions, 'account_restricted').length > 0
      const stopped = only(decisions, 'kill_switch_pulled').length > 0
      if (locked) lockouts++
      if (stopped) stops++
      if (!locked && !stopped) continue
      const last = decisions.findLast(
        ({ kind }) => kind === 'position_closed' || kind === 'order_rejected',
      )
      const refused = last?.kind === 'order_rejected' && last.closing
      assert.ok(manager.accounts[0]?.quantity === 0 || refused, bar.date)
    }
    assert.ok(lockouts > 50 && stops > 10, `${lockouts} lockouts, ${stops} stops`)
  })
})
