// What the risk manager decides and learns: one value per thing worth logging. They stand between
// the risk manager, which knows no log, and the journal, which knows no rules. The names inside the
// details are those of the log, so that they are written as they are.

import type { Violation } from './rules.ts'

/** Details of a position as it was when something happened to it. */
export interface PositionDetails {
  readonly symbol: string
  readonly side: 'long' | 'short'
  readonly quantity: number
  readonly entry_price: number
  readonly unrealized_pnl: number
}

/** Details of an account after something happened to it. */
export interface StateDetails {
  readonly realized_pnl_today: number
  readonly open_contracts: number
  readonly trades_today: number
  readonly lockout: boolean
}

/** Something that happened on a day to all or to the market. */
interface DayDecision {
  readonly date: string
}

/** Something that happened on a day to one account. */
interface AccountDecision extends DayDecision {
  readonly accountId: string
}

/** Each day's bar, once the day is over. */
export interface DayClosed extends DayDecision {
  readonly kind: 'day_closed'
  readonly details: {
    readonly date: string
    readonly open: number
    readonly high: number
    readonly low: number
    readonly close: number
    readonly change_percent: number
    readonly volume: number
  }
}

/** What an account stands at when the day is over. */
export interface AccountMarked extends AccountDecision {
  readonly kind: 'account_marked'
  readonly details: {
    readonly date: string
    readonly price: number
    readonly quantity: number
    readonly entry_price: number
    readonly unrealized_pnl: number
    readonly realized_pnl_today: number
    readonly realized_pnl_total: number
    readonly trades_today: number
    readonly lockout: boolean
  }
}

/** A month is over: what it brought to each account. */
export interface MonthClosed extends DayDecision {
  readonly kind: 'month_closed'
  readonly details: {
    readonly month: string
    readonly close: number
    readonly change_percent: number
    readonly realized_pnl: { readonly [accountId: string]: number }
  }
}

export interface OrderFilled extends AccountDecision {
  readonly kind: 'order_filled'
  readonly details: {
    readonly date: string
    readonly order_id: string
    readonly symbol: string
    readonly quantity: number
    readonly fill_price: number
    readonly realized_pnl: number
  }
}

/** A rule refused an order before it went to the exchange. */
export interface OrderBlocked extends AccountDecision {
  readonly kind: 'order_blocked'
  readonly violation: Violation
  readonly details: {
    readonly date: string
    readonly order: { readonly id: string; readonly symbol: string; readonly quantity: number }
    readonly state: StateDetails
  }
}

/** The exchange refused an order; whoever has to get out tries again at the next price. */
export interface OrderRejected extends AccountDecision {
  readonly kind: 'order_rejected'
  readonly error: Error
  readonly closing: boolean
  readonly details: {
    readonly date: string
    readonly rule?: string
    readonly order: { readonly id: string; readonly symbol: string; readonly quantity: number }
    readonly position?: PositionDetails
  }
}

/** A rule closed a position. */
export interface PositionClosed extends AccountDecision {
  readonly kind: 'position_closed'
  readonly violation: Violation
  readonly details: {
    readonly date: string
    readonly position: PositionDetails & { readonly exit_price: number }
    readonly action: {
      readonly type: 'close_position'
      readonly result: 'success'
      readonly order_id: string
      readonly fill_price: number
      readonly realized_pnl: number
    }
    readonly state_after: StateDetails
  }
}

/** A rule ended an account's day, or made it pause. */
export interface AccountRestricted extends AccountDecision {
  readonly kind: 'account_restricted'
  readonly action: 'lockout_until_next_day' | 'cooldown'
  readonly violation: Violation
  readonly details: {
    readonly date: string
    readonly cooldown_steps?: number
    readonly state_after: StateDetails
  }
}

/** Trading is stopped for everyone, and every position is to be closed. */
export interface KillSwitchPulled extends DayDecision {
  readonly kind: 'kill_switch_pulled'
  readonly violation: Violation
  readonly details: {
    readonly date: string
    readonly price: number
    readonly previous_close: number
    readonly open_contracts: { readonly [accountId: string]: number }
  }
}

/** An administrator changed a limit. */
export interface LimitChanged extends AccountDecision {
  readonly kind: 'limit_changed'
  readonly actor: string
  readonly details: {
    readonly date: string
    readonly limit: string
    readonly before: number
    readonly after: number
    readonly reason: string
  }
}

/** The market data have a hole. */
export interface DataMissing extends DayDecision {
  readonly kind: 'data_missing'
  readonly error: Error
  readonly details: { readonly from: string; readonly to: string; readonly days: number }
}

export type Decision =
  | DayClosed
  | AccountMarked
  | MonthClosed
  | OrderFilled
  | OrderBlocked
  | OrderRejected
  | PositionClosed
  | AccountRestricted
  | KillSwitchPulled
  | LimitChanged
  | DataMissing
