// The fields that `with()` binds: captured and written as JSON once, when they are bound.

import { Lanes } from '../capture/lanes.ts'
import { captureContext } from '../capture/context.ts'
import { type ReadyText, readyText } from './json-bytes.ts'

/** Places in which fields are captured at first, and at most. */
const placesMin = 4096
const placesMax = 1 << 17

/** Fields bound by `with()`, already JSON. */
export class Bindings {
  /** The account that entries get if they bring none of their own. */
  readonly accountId: string | undefined
  /** The members, `"key":value`, by key, in the order of binding. */
  readonly members: ReadonlyMap<string, string>
  #text: ReadyText | undefined = undefined

  constructor(accountId: string | undefined, members: ReadonlyMap<string, string>) {
    this.accountId = accountId
    this.members = members
  }

  /** All members, joined: made when the first line that has them is. */
  get text(): ReadyText {
    this.#text ??= readyText([...this.members.values()].join(','))
    return this.#text
  }

  /** The members joined, without those that the call brought itself; empty when none are left. */
  textWithout(brought: Iterable<string>): string {
    return [...this.without(brought).members.values()].join(',')
  }

  /** The same without some of its members. */
  without(keys: Iterable<string>): Bindings {
    const members = new Map(this.members)
    for (const key of keys) members.delete(key)
    return new Bindings(this.accountId, members)
  }
}

/** What makes text of captured members. */
interface MemberEncoder {
  /** The members of a captured context, each with its value as JSON. */
  members(lanes: Lanes): [key: string, text: string][]
}

/**
 * Binds the members of `context`, on top of those bound before: an equal key replaces the earlier one.
 *
 * @param charsMax Longest string bound whole, in UTF-16 units.
 * @param lanes Lanes that nobody else uses now; fresh ones when left out, or when the fields are many.
 */
export function bind(
  encoder: MemberEncoder,
  context: unknown,
  parent: Bindings | undefined,
  charsMax: number,
  lanes: Lanes = new Lanes(placesMin, charsMax),
): Bindings {
  lanes.reset()
  lanes.begin(lanes.capacity)
  const isComplete = captureContext(lanes, context)
  if (!isComplete && lanes.capacity < placesMax) {
    const places = Math.min(lanes.capacity * 8, placesMax)
    return bind(encoder, context, parent, charsMax, new Lanes(places, charsMax))
  }
  const members = new Map<string, string>(parent?.members)
  const accountId = lanes.accountId ?? parent?.accountId
  for (const [key, text] of encoder.members(lanes)) members.set(key, text)
  return new Bindings(accountId, members)
}
