// What is known of an entry before the call: everything that can be decided once is decided here.

import type { Bindings } from './bindings.ts'
import type { EventEncoder } from './event-encoder.ts'
import { type ReadyText, readyText } from './json-bytes.ts'
import { levelNames } from '../entry/level.ts'
import { CachedString } from './string-cache.ts'

/** The part of an entry that all calls of one method have in common. */
export interface Template {
  readonly category: string
  readonly severity: number
  /** The line from the end of the timestamp to the end of the category. */
  readonly head: ReadyText
  /** What its messages have in common. */
  readonly message: CachedString
  /** The typed event, if the call is one. */
  readonly event: EventEncoder | undefined
  readonly bindings: Bindings | undefined
  /** What of the bindings stands in each entry's context, whatever the call brings. */
  readonly bound: Bindings | undefined
}

/** Makes a template; the category's name is known to need no escaping. */
export function templateOf(
  category: string,
  severity: number,
  bindings?: Bindings,
  event?: EventEncoder,
): Template {
  return {
    category,
    severity,
    head: readyText(`","level":"${levelNames[severity]}","category":"${category}"`),
    message: new CachedString(),
    event,
    bindings,
    bound: event === undefined ? bindings : bindings?.without(event.keys),
  }
}
