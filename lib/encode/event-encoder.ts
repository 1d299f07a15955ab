// The encoder of a typed event, made from its schema: it captures the context, and turns it into
// text again.

import type { Lanes } from '../capture/lanes.ts'
import type { Capture } from '../capture/typed.ts'
import type { JsonBytes, ReadyText } from './json-bytes.ts'

/** The restored context of an event. */
export type Restored = Record<string, unknown>

/** An event without what only checks its values: plain data. */
export interface EventOrigin {
  readonly name: string | undefined
  /** With its places. */
  readonly message: string
  readonly shape: Shape
}

/**
 * The keys of an event's context in order, each with the kind of its value or the keys of the
 * object that it is: which value stands where in the lanes.
 */
export type Shape = readonly (readonly [key: string, value: string | Shape])[]

/** The encoder of one event, and what has captured its context. */
export interface EventEncoder {
  /** What it takes to make this encoder again, in another process. */
  readonly origin: EventOrigin
  readonly capture: Capture
  /**
   * The context as an object, read from the lanes behind the TYPED tag; the secrets in its strings
   * are masked.
   */
  readonly restore: (lanes: Lanes, readLoose: (lanes: Lanes, tag: number) => unknown) => Restored
  /**
   * Writes the members of the context, `account_id` left out, and the brace that ends it, read from
   * the lanes behind the TYPED tag. Undefined for an event with loose values, or without any
   * members.
   */
  readonly write: ((out: JsonBytes, lanes: Lanes) => void) | undefined
  /** The context as JSON, `account_id` left out. */
  readonly stringify: (context: Restored) => string
  /** The message, its places filled in. */
  readonly message: (context: Restored) => string
  /** What stands between the message and the context: `,"event":"…","context":`. */
  readonly nameText: ReadyText
  /** From the message's key to the context; undefined when the message has places. */
  readonly words: ReadyText | undefined
  /** Where the message ends in them, in bytes. */
  readonly wordsMessageEnd: number
  /** The keys of the context. */
  readonly keys: ReadonlySet<string>
  /**
   * The account that is lifted out of the context; read from the lanes behind the TYPED tag, where
   * they stay.
   */
  readonly accountOf: ((lanes: Lanes) => string) | undefined
  /**
   * Whether what was captured also obeys the rest of the schema: ranges, patterns, what loose
   * values are. Undefined when the types say all.
   */
  readonly matches: ((context: Restored) => boolean) | undefined
}
