// Load shedding: entries wait in memory for files that have failed, within the bytes of the buffer.
// When these are used up, entries of the lowest level that waits anywhere are dropped first, a
// sixteenth of the buffer at a time, before an entry of a higher level is turned away.
//
// A route is the way to one file: the batch in flight, those that wait, the one that is gathered
// (route.ts). It is stuck when its file has failed.

import type { Batch } from './batch.ts'
import { entriesIn } from './batch-entries.ts'
import type { Route } from './route.ts'

/** The part of the bytes that may wait which is made free at a time. */
const shedShare = 1 / 16

export interface LoadSheddingOptions {
  readonly routes: readonly Route[]
  /** Bytes that may wait. */
  readonly bytesMax: number
  /** Bytes that a batch holds at most. */
  readonly batchBytesMax: number
  /** Of one level the oldest go first, instead of the newest. */
  readonly dropOld: boolean
  /**
   * Counts entries that will not reach their file; `shown`: how many of them the console has taken.
   */
  readonly lose: (severity: number, entries: number, shown: number) => void
  /** Counts copies that will not reach their file. */
  readonly loseCopies: (copies: number) => void
}

/** Makes room among the batches that wait for files that have failed. */
export class LoadShedding {
  readonly #options: LoadSheddingOptions

  constructor(options: LoadSheddingOptions) {
    this.#options = options
  }

  /**
   * Makes room for another line, if there is none.
   *
   * @param severity That of the line.
   * @returns false when no entry of a lower level waits: then the line itself is dropped.
   */
  hasRoom(severity: number): boolean {
    const { routes, bytesMax, dropOld } = this.#options
    let bytes = 0
    for (const { waitingBytes, gathered, inFlight } of routes) {
      bytes += waitingBytes + gathered.size + (inFlight?.size ?? 0)
    }
    if (bytes <= bytesMax) return true
    const highest = dropOld ? severity : severity - 1
    for (let least = 0; least <= highest; least++) {
      if (this.#shed(least, bytesMax * shedShare) > 0) return true
    }
    return false
  }

  /** Gives up entries of a level until so many bytes are free; returns how many have become so. */
  #shed(severity: number, bytes: number): number {
    let freed = 0
    for (const route of this.#options.routes) {
      if (!route.isStuck) continue
      const waiting = [...route.waiting, route.gathered]
      if (!this.#options.dropOld) waiting.reverse()
      for (const batch of waiting) {
        if (freed >= bytes) break
        freed += this.#shedOf(route, batch, severity)
      }
      route.compact(this.#options.batchBytesMax)
    }
    return freed
  }

  #shedOf(route: Route, batch: Batch, severity: number): number {
    // Copies are no entries, and are not looked for; those that go with the entries are counted.
    if (batch.entries[severity] === 0) return 0
    const bytes = batch.bytes()
    const { length } = bytes
    let kept = 0
    let removed = 0
    for (const entry of entriesIn(bytes)) {
      if (entry.severity === severity) removed++
      else {
        bytes.copyWithin(kept, entry.from, entry.end)
        kept += entry.end - entry.from
      }
    }
    this.#options.lose(severity, batch.entries[severity]!, batch.shown(severity))
    this.#options.loseCopies(removed - batch.entries[severity]!)
    batch.cut(kept, removed, severity)
    route.settled += removed
    return length - kept
  }
}
