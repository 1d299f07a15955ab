// What every subject logs: the example entry of the specification in full, and smaller ones. One
// definition for all, so that no subject has an easier day. Each call gets a fresh object, as
// callers write it; these functions are small enough for V8 to inline into the call.
//
// Every entry with a context carries its running number in a value that is natural there, so that
// the lines on disk can be checked for loss, order and repetition without a field that only a
// benchmark would have.

/** 11 numbers and booleans, 6 strings, 5 objects: about 600 bytes as a line. */
export interface EnforcementContext {
  readonly rule: string
  readonly violation: {
    readonly current_value: number
    readonly limit: number
    readonly threshold_exceeded_by: number
  }
  readonly position: {
    readonly symbol: string
    readonly side: string
    readonly quantity: number
    readonly entry_price: number
    readonly exit_price: number
    readonly unrealized_pnl: number
  }
  readonly action: {
    readonly type: string
    readonly result: string
    readonly order_id: string
    readonly fill_price: number
  }
  readonly state_after: {
    readonly realized_pnl_today: number
    readonly open_positions: number
    readonly lockout: boolean
  }
}

/** A context of three fields. */
export interface SmallContext {
  readonly order_id: number
  readonly symbol: string
  readonly price: number
}

export const message = 'Position closed due to unrealized loss limit exceeded'
export const smallMessage = 'Order filled'
export const failureMessage = 'Failed to close position'
export const account = 'ABC123'
export const bindings = {
  account_id: account,
  session: 'RTH-2025-10-17',
  strategy: 'opening-range',
}

/** One error for all calls: what an error costs to make is the application's. */
export const failure = new Error('Order rejected', { cause: new Error('Insufficient margin') })

/** Order ids come with the broker's message: strings which exist before the call. */
const orderIds = Array.from({ length: 1024 }, (_, index) => String(1_234_567_000 + index))

let areFresh = false

/**
 * From now on order ids are made for each entry, as by a program that has read them from a message.
 */
export function makeFreshStrings(): void {
  areFresh = true
}

function orderIdOf(i: number): string {
  return areFresh ? `order-${i}` : (orderIds[i & 1023] ?? '')
}

/** The running number in `realized_pnl_today`: a step which a double holds exactly. */
const pnlStart = -360
const pnlStep = 0.25

export function enforcementContext(i: number): EnforcementContext {
  return {
    rule: 'UnrealizedLoss',
    violation: { current_value: -210.5 - (i % 7), limit: -200, threshold_exceeded_by: -10.5 },
    position: {
      symbol: 'MNQ',
      side: 'long',
      quantity: 2,
      entry_price: 5042.5 + (i % 100) * 0.25,
      exit_price: 5000.25,
      unrealized_pnl: -210.5,
    },
    action: {
      type: 'close_position',
      result: 'success',
      order_id: orderIdOf(i),
      fill_price: 5000.25,
    },
    state_after: {
      realized_pnl_today: pnlStart - i * pnlStep,
      open_positions: 1,
      lockout: false,
    },
  }
}

/**
 * The same for subjects which take the account from the context, as ringlog's untyped call does.
 */
export function accountContext(i: number): EnforcementContext & { readonly account_id: string } {
  return {
    account_id: account,
    rule: 'UnrealizedLoss',
    violation: { current_value: -210.5 - (i % 7), limit: -200, threshold_exceeded_by: -10.5 },
    position: {
      symbol: 'MNQ',
      side: 'long',
      quantity: 2,
      entry_price: 5042.5 + (i % 100) * 0.25,
      exit_price: 5000.25,
      unrealized_pnl: -210.5,
    },
    action: {
      type: 'close_position',
      result: 'success',
      order_id: orderIdOf(i),
      fill_price: 5000.25,
    },
    state_after: {
      realized_pnl_today: pnlStart - i * pnlStep,
      open_positions: 1,
      lockout: false,
    },
  }
}

export function smallContext(i: number): SmallContext {
  return { order_id: i, symbol: 'MNQ', price: 5042.5 + (i % 100) * 0.25 }
}

/** The running number which a context carries, or undefined when it carries none. */
export function sequenceOf(context: unknown): number | undefined {
  if (typeof context !== 'object' || context === null) return undefined
  const { state_after: state, order_id: order } = context as {
    state_after?: { realized_pnl_today?: unknown }
    order_id?: unknown
  }
  if (typeof state?.realized_pnl_today === 'number') {
    return (pnlStart - state.realized_pnl_today) / pnlStep
  }
  return typeof order === 'number' ? order : undefined
}
