// What is known of an entry before the call: everything that can be decided once is decided here.

import type { EventEncoder } from './event-encoder.ts'
import { type ReadyText, readyText } from './json-bytes.ts'
import { levelNames } from '../entry/level.ts'
import { CachedString } from './string-cache.ts'

/** Fields bound by `with()`, already text. */
export interface Bindings {
  /** The account that entries get if they bring none of their own. */
  readonly accountId: string | undefined
  /** The members as JSON, `"key":value`, by key, in the order of binding. */
  readonly members: ReadonlyMap<string, string>
}

/** The part of an entry that all calls of one method have in common. */
export interface Template {
  readonly category: string
  readonly severity: number
  /** The line from the end of the timestamp to the end of the category. */
  readonly head: ReadyText
  readonly bindings: Bindings | undefined
  /** All bound members that stand in each entry's context unless the call brings its own; undefined without any. */
  readonly bound: ReadyText | undefined
  /** What its messages have in common. */
  readonly message: CachedString
  /** The typed event, if the call is one. */
  readonly event: EventEncoder | undefined
}

/** Makes a template; the category's name is known to need no escaping. */
export function templateOf(
  category: string,
  severity: number,
  bindings?: Bindings,
  event?: EventEncoder,
): Template {
  const head = readyText(`","level":"${levelNames[severity]}","category":"${category}"`)
  const bound = bindings === undefined ? '' : boundText(bindings, event?.keys ?? [])
  return {
    category,
    severity,
    head,
    bindings,
    bound: bound === '' ? undefined : readyText(bound),
    message: new CachedString(),
    event,
  }
}

/** The bound members, joined, without those that the call brought itself; empty when none are left. */
export function boundText({ members }: Bindings, brought: Iterable<string>): string {
  const without = new Set(brought)
  return [...members]
    .filter(([key]) => !without.has(key))
    .map(([, member]) => member)
    .join(',')
}
