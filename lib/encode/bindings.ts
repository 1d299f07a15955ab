// The fields that `with()` binds: captured and written as JSON once, when they are bound.

import { Lanes } from '../capture/lanes.ts'
import type { LineEncoder } from './line-encoder.ts'
import { captureContext } from '../capture/context.ts'
import type { Bindings } from './line-template.ts'

/** Places in which fields are captured at first, and at most. */
const placesMin = 4096
const placesMax = 1 << 17

/**
 * Binds the members of `context`, on top of those bound before: an equal key replaces the earlier one.
 *
 * @param charsMax Longest string bound whole, in UTF-16 units.
 * @param lanes Lanes that nobody else uses now; fresh ones when left out, or when the fields are many.
 */
export function bind(
  encoder: LineEncoder,
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
  return { accountId, members }
}
