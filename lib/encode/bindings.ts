// Bindings: the fields that `with()` binds, written as JSON once, when they are bound. They are
// written anew when another configuration adds secret keys; what was masked stays masked.

import { Lanes } from '../capture/lanes.ts'
import { captureContext } from '../capture/context.ts'
import { escapeSteering } from '../entry/json-text.ts'
import type { Restored } from './event-encoder.ts'
import { type ReadyText, readyText } from './json-bytes.ts'

/** Places in which fields are captured at first, and at most. */
const placesMin = 4096
const placesMax = 1 << 17

/** Fields bound by `with()`, already JSON. */
export class Bindings {
  /** The account that entries get if they bring none of their own. */
  readonly accountId: string | undefined
  #members: ReadonlyMap<string, string>
  #text: ReadyText | undefined = undefined
  /** How often what counts as a secret had changed when the members were made. */
  #era: number

  constructor(accountId: string | undefined, members: ReadonlyMap<string, string>, era: number) {
    this.accountId = accountId
    this.#members = members
    this.#era = era
  }

  /** The members, `"key":value`, by key, in the order of binding. */
  get members(): ReadonlyMap<string, string> {
    return this.#members
  }

  get era(): number {
    return this.#era
  }

  /** Masks what counts as a secret by now. */
  renew(encoder: MemberEncoder): void {
    if (this.#era === encoder.era) return
    this.#era = encoder.era
    this.#text = undefined
    const text = [...this.#members.values()].join(',')
    const context = JSON.parse(`{${text}}`) as Restored
    const lanes = new Lanes(placesMin, text.length + placesMin)
    this.#members = new Map(membersOf(encoder, context, lanes).members)
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
    return new Bindings(this.accountId, members, this.#era)
  }
}

/** What makes text of captured members. */
export interface MemberEncoder {
  /** How often what counts as a secret has changed. */
  readonly era: number
  /** The members of a captured context, each with its value as JSON: `"key":value`. */
  members(lanes: Lanes): [key: string, text: string][]
  /** An object as JSON, with strings of no more than `charsMax` UTF-16 units. */
  shortened(object: Restored, charsMax: number): string
}

/**
 * Of what an entry may come to, the part that bound fields may take: the rest is the call's own.
 */
const boundShare = 1 / 2
/** The shortest that strings of bound fields are cut to. UTF-16 units. */
const charsMin = 32

/**
 * Binds the members of `context`, on top of those bound before: an equal key replaces the earlier
 * one.
 *
 * @param charsMax What an entry may come to, and so the longest string that is looked at whole, in
 *   UTF-16 units.
 * @param lanes Lanes that nobody else uses now; fresh ones when left out, or when the fields are
 *   many.
 */
export function bind(
  encoder: MemberEncoder,
  context: unknown,
  parent: Bindings | undefined,
  charsMax: number,
  lanes: Lanes = new Lanes(placesMin, charsMax),
): Bindings {
  const own = membersOf(encoder, context, lanes)
  parent?.renew(encoder)
  const members = new Map<string, string>(parent?.members)
  const accountId = own.accountId ?? parent?.accountId
  for (const [key, text] of own.members) members.set(key, text)
  return bindingsOf(encoder, accountId, members, charsMax)
}

function bindingsOf(
  encoder: MemberEncoder,
  accountId: string | undefined,
  members: ReadonlyMap<string, string>,
  charsMax: number,
): Bindings {
  const bytesMax = Math.floor(charsMax * boundShare)
  return new Bindings(accountId, fitting(encoder, members, bytesMax), encoder.era)
}

/** The members of a context as JSON, by lanes that nobody else uses now. */
function membersOf(
  encoder: MemberEncoder,
  context: unknown,
  lanes: Lanes,
): { accountId: string | undefined; members: [key: string, text: string][] } {
  lanes.reset()
  lanes.begin(lanes.capacity)
  const isComplete = captureContext(lanes, context)
  if (!isComplete && lanes.capacity < placesMax) {
    const places = Math.min(lanes.capacity * 8, placesMax)
    return membersOf(encoder, context, new Lanes(places, lanes.charsMax))
  }
  return { accountId: lanes.accountId, members: encoder.members(lanes) }
}

/** Fields that join an entry, and what is bound: that wins over equal ones. */
export function joinedBindings(
  encoder: MemberEncoder,
  { accountId, members: joining }: Bindings,
  bound: Bindings | undefined,
  charsMax: number,
): Bindings {
  const members = new Map(joining)
  for (const [key, text] of bound?.members ?? []) members.set(key, text)
  const account = bound?.accountId ?? accountId
  return bindingsOf(encoder, account, members, charsMax)
}

/**
 * Members that come to no more than `bytesMax`: their longest strings cut, then what is still too
 * long left out.
 */
function fitting(
  encoder: MemberEncoder,
  members: ReadonlyMap<string, string>,
  bytesMax: number,
): ReadonlyMap<string, string> {
  if (areShort(members, bytesMax) || bytesOf(members) <= bytesMax) return members
  // Those behind would find no room, however short the strings are cut.
  let fits: ReadonlyMap<string, string> = leading(members, bytesMax)
  for (let chars = bytesMax; bytesOf(fits) > bytesMax && chars >= charsMin; chars >>= 1) {
    fits = new Map(
      [...fits].map(([key, text]) => [
        key,
        text.length > chars ? shortenedMember(encoder, text, chars) : text,
      ]),
    )
  }
  const isWhole = fits.size === members.size && bytesOf(fits) <= bytesMax
  return isWhole ? fits : chosen(fits, bytesMax)
}

/** What a member comes to at least beside its key: quotes, a colon, a comma, a value. Bytes. */
const besideKeyMin = 5

/**
 * The first members, up to the one that cannot fit behind the others whatever is cut of their
 * values. So what is done for each is done for a share of the limit, not for all that was given.
 */
function leading(members: ReadonlyMap<string, string>, bytesMax: number): Map<string, string> {
  const first = new Map<string, string>()
  let left = bytesMax
  for (const [key, text] of members) {
    left -= key.length + besideKeyMin
    if (left < 0) break
    first.set(key, text)
  }
  return first
}

function shortenedMember(encoder: MemberEncoder, text: string, chars: number): string {
  const shortened = encoder.shortened(JSON.parse(`{${text}}`) as Restored, chars)
  return escapeSteering(shortened.slice(1, -1))
}

/** The members that there is room for, in order, and a mark. */
function chosen(members: ReadonlyMap<string, string>, bytesMax: number): Map<string, string> {
  const few = new Map<string, string>()
  let left = bytesMax - Buffer.byteLength(truncated) - 1
  for (const [key, text] of members) {
    const bytes = Buffer.byteLength(text) + 1
    if (bytes > left) continue
    few.set(key, text)
    left -= bytes
  }
  return few.set('…', truncated)
}

/** What stands in place of members that are left out. */
const truncated = '"…":"[Truncated]"'

/**
 * Whether members are so short that their bytes need not be counted: a UTF-16 unit is three at
 * most.
 */
function areShort(members: ReadonlyMap<string, string>, bytesMax: number): boolean {
  let units = 0
  for (const text of members.values()) units += text.length + 1
  return units * 3 <= bytesMax
}

/** Bytes of members, with their commas. */
function bytesOf(members: ReadonlyMap<string, string>): number {
  let bytes = 0
  for (const text of members.values()) bytes += Buffer.byteLength(text) + 1
  return bytes
}
