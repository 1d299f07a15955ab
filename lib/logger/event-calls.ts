// The functions that log typed events, as `event()` returns them. They are compiled for one set of
// secret keys and one durability of the category, and made anew when these change. Held weakly: a
// logger of one request may ask for its own.

import type { EventCall } from '../event/compile-capture.ts'

/** One of them. */
export interface MadeCall {
  call: EventCall
}

interface Member {
  readonly made: WeakRef<MadeCall>
  readonly make: () => EventCall
}

/** As many as there are at least before those are looked for that nobody holds any more. */
const pruneMin = 64

/** All of a logger. */
export class EventCalls {
  #members: Member[] = []
  #pruneAt = pruneMin

  /** Makes one. */
  add(make: () => EventCall): MadeCall {
    const made = { call: make() }
    if (this.#members.length >= this.#pruneAt) {
      this.#members = this.#members.filter((member) => member.made.deref() !== undefined)
      this.#pruneAt = Math.max(pruneMin, this.#members.length * 2)
    }
    this.#members.push({ made: new WeakRef(made), make })
    return made
  }

  /** Makes all of them anew. */
  refresh(): void {
    for (const { made, make } of this.#members) {
      const held = made.deref()
      if (held !== undefined) held.call = make()
    }
  }
}
