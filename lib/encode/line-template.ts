// The template of an entry: everything about it that is known before the call, as bytes.

import type { Bindings } from './bindings.ts'
import type { EventEncoder } from './event-encoder.ts'
import { type ReadyText, readyText } from './json-bytes.ts'
import { levelNames } from '../entry/level.ts'
import { beforeValue } from '../entry/line.ts'
import { CachedString } from './string-cache.ts'

/** The category of an entry, as far as its line tells of it. */
export interface LineOwner {
  readonly name: string
  /** What the number of an entry is counted from. */
  readonly seqBase: number
}

/** The part of an entry that all calls of one method have in common. */
export interface Template<Owner extends LineOwner = LineOwner> {
  readonly owner: Owner
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
  /** What a journal knows of its entries, where there is one. */
  record: unknown
}

/** Makes a template; the category's name is known to need no escaping. */
export function templateOf<Owner extends LineOwner>(
  owner: Owner,
  severity: number,
  bindings?: Bindings,
  event?: EventEncoder,
): Template<Owner> {
  return {
    owner,
    severity,
    head: readyText(
      `${beforeValue.level}${levelNames[severity]}${beforeValue.category}${owner.name}"`,
    ),
    message: new CachedString(),
    event,
    bindings,
    bound: event === undefined ? bindings : bindings?.without(event.keys),
    record: undefined,
  }
}

/**
 * A template with fields bound to it in place of those before: no more than a copy of what it
 * refers to.
 */
export function boundTemplate<Owner extends LineOwner>(
  { owner, severity, head, message, event }: Template<Owner>,
  bindings: Bindings,
): Template<Owner> {
  const bound = event === undefined ? bindings : bindings.without(event.keys)
  return { owner, severity, head, message, event, bindings, bound, record: undefined }
}
