// An engine for a dry run: it answers how far it has come, and nothing is sent to it. What would be
// sent is reported.

import { type Engine, EngineMissing, type EnginePlace, type LogName } from './engine.ts'

/** Told of what would be sent of a category. */
export type WouldSend = (log: LogName, category: string, from: number, to: number) => void

/** The same place, to which nothing is sent. */
export function dryPlace(place: EnginePlace, wouldSend: WouldSend): EnginePlace {
  return {
    name: place.name,
    reader: () => place.reader(),
    log: (name) => dryEngine(place.log(name), (...told) => wouldSend(name, ...told)),
  }
}

function dryEngine(
  engine: Engine,
  wouldSend: (category: string, from: number, to: number) => void,
): Engine {
  const sent = new Map<string, readonly [from: number, to: number]>()
  return {
    order: engine.order,
    last: async () => {
      try {
        return await engine.last()
      } catch (error) {
        if (error instanceof EngineMissing) return new Map()
        throw error
      }
    },
    append: async (_, batch) => {
      for (const { category, seq } of batch) {
        sent.set(category, [sent.get(category)?.[0] ?? seq, seq])
      }
    },
    close: async () => {
      for (const [category, [from, to]] of sent) wouldSend(category, from, to)
      await engine.close()
    },
  }
}
