// What is known of an entry before the call: everything that can be decided once is decided here.

import type { EventCodec } from './codec.ts'
import { levelNames } from './level.ts'

/** Fields bound by `with()`, already text. */
export interface Bindings {
  /** The account that entries get if they bring none of their own. */
  readonly accountId: string | undefined
  /** The members as JSON, by key, in the order of binding. */
  readonly members: ReadonlyMap<string, string>
  /** All members joined, without braces; empty when there are none. */
  readonly text: string
}

/** The part of an entry that all calls of one method have in common. */
export interface Template {
  readonly category: string
  readonly severity: number
  /** The line from the end of the timestamp to the end of the category. */
  readonly head: string
  readonly bindings: Bindings | undefined
  /** The typed event, if the call is one. */
  readonly event: EventCodec | undefined
}

/** Makes a template; the category's name is known to need no escaping. */
export function templateOf(
  category: string,
  severity: number,
  bindings?: Bindings,
  event?: EventCodec,
): Template {
  const head = `","level":"${levelNames[severity]}","category":"${category}"`
  return { category, severity, head, bindings, event }
}
