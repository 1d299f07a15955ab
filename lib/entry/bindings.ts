// The fields that `with()` binds: captured and written as JSON once, when they are bound.

import type { Lanes } from './lanes.ts'
import { quoted } from './json-text.ts'
import type { Serializer } from './serializer.ts'
import { captureContext } from './snapshot.ts'
import type { Bindings } from './template.ts'

/**
 * Binds the members of `context`, on top of those bound before: an equal key replaces the earlier one.
 *
 * @param lanes Empty lanes with room for a large entry.
 */
export function bind(
  lanes: Lanes,
  serializer: Serializer,
  context: unknown,
  parent: Bindings | undefined,
): Bindings {
  lanes.reset()
  lanes.begin(lanes.capacity)
  captureContext(lanes, context)
  const members = new Map<string, string>(parent?.members)
  const accountId = lanes.accountId ?? parent?.accountId
  for (const [key, text] of serializer.members(lanes)) members.set(key, text)
  const text = [...members].map(([key, value]) => `${quoted(key)}:${value}`).join(',')
  return { accountId, members, text }
}
