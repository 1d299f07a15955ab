// Entries that are too large for the ring's lanes, or come at a moment when these are taken. They
// are captured in lanes of their own, and made text at once, in the caller's turn.

import { captureException } from '../capture/error.ts'
import { Lanes } from '../capture/lanes.ts'
import type { LineEncoder } from '../encode/line-encoder.ts'
import { captureContext, captureValue } from '../capture/context.ts'

/**
 * Places of those lanes: the first try, and the last. This is what bounds the time of a call,
 * whatever it is given: past 131 072 values, marked, no more are read.
 */
const placesMin = 1 << 14
const placesMax = 1 << 17

/** Makes text of what does not go through the ring's lanes. */
export class Oversize {
  readonly #encoder: LineEncoder
  readonly #charsMax: number

  /** @param charsMax Longest string captured whole, in UTF-16 units. */
  constructor(encoder: LineEncoder, charsMax: number) {
    this.#encoder = encoder
    this.#charsMax = charsMax
  }

  /** A context as JSON, and the account lifted out of it. */
  context(context: unknown): { text: string; accountId: string | undefined } {
    for (let places = placesMin; ; places *= 8) {
      const lanes = new Lanes(places, this.#charsMax)
      lanes.begin(places)
      const complete = captureContext(lanes, context)
      if (!complete && places < placesMax) continue
      return { text: this.#encoder.value(lanes), accountId: lanes.accountId }
    }
  }

  /** What was thrown, as JSON. */
  exception(thrown: unknown): string {
    const lanes = new Lanes(placesMin, this.#charsMax)
    lanes.begin(placesMin)
    captureException(lanes, thrown, 1, captureValue)
    return this.#encoder.value(lanes)
  }
}
