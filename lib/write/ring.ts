// HOT PATH: call → ring. A bounded first-in first-out queue of captured entries: the place where a log
// call ends and our own pace begins.
//
//   head: oldest entry, read next             Each entry is a place in parallel arrays, and a stretch of
//     |                                       each of the lanes, which hold its values. Everything is
//     v                                       allocated at creation: push() allocates nothing.
//   [   | e | e | e |   |   ]
//                     ^                       empty: tail === head
//                     tail: next free place   full:  tail - head === entriesMax, or no room in the lanes
//
// An entry counts from the moment of commit(): a capture that gives up midway leaves no trace. What to do
// when the ring is full (drop, count, block) is decided by the caller, not here.

import { Lanes } from '../entry/lanes.ts'
import type { Template } from '../entry/template.ts'

/** Places in the lanes per entry, on average: the enforcement entry takes 11 numbers and 6
 * references as a typed event, 29 references, its keys among them, untyped. */
const placesPerEntry = 16

/** Places in the lanes one entry may take. A larger one is captured as text. */
export const entryPlacesMax = 1024

/** The ring of captured entries. */
export class Ring<T extends Template = Template> {
  readonly lanes: Lanes
  /** Entries it holds at most. */
  readonly entriesMax: number
  /** UTF-16 units of captured strings it holds at most, a measure of its bytes; one entry alone may be larger. */
  readonly charsMax: number
  readonly #mask: number
  /** The position that stands at the first place of the arrays. */
  #base = 0
  /** The oldest entry and the next free place, counted from the first entry ever; 2^53 outlives the process. */
  head = 0
  tail = 0
  /** UTF-16 units held. */
  chars = 0

  readonly #templates: (T | undefined)[]
  readonly #messages: (string | undefined)[]
  readonly #accounts: (string | undefined)[]
  readonly #times: Float64Array
  readonly #seqs: Float64Array
  readonly #chars: Float64Array
  readonly #tagEnds: Int32Array
  readonly #numEnds: Int32Array
  readonly #refEnds: Int32Array

  /**
   * @param entriesMax Entries it holds at most.
   * @param charsMax UTF-16 units of captured strings it holds at most.
   * @param entryCharsMax A longer string is cut when it is captured.
   */
  constructor(entriesMax: number, charsMax: number, entryCharsMax: number) {
    const capacity = 2 ** Math.ceil(Math.log2(entriesMax))
    this.entriesMax = entriesMax
    this.charsMax = charsMax
    this.#mask = capacity - 1
    this.lanes = new Lanes(Math.max(capacity * placesPerEntry, 4 * entryPlacesMax), entryCharsMax)
    this.#templates = new Array<T | undefined>(capacity).fill(undefined)
    this.#messages = new Array<string | undefined>(capacity).fill(undefined)
    this.#accounts = new Array<string | undefined>(capacity).fill(undefined)
    this.#times = new Float64Array(capacity)
    this.#seqs = new Float64Array(capacity)
    this.#chars = new Float64Array(capacity)
    this.#tagEnds = new Int32Array(capacity)
    this.#numEnds = new Int32Array(capacity)
    this.#refEnds = new Int32Array(capacity)
  }

  /** Entries held. */
  get size(): number {
    return this.tail - this.head
  }

  /** Whether one more entry may be captured, in the lanes up to `entryPlacesMax`; `chars` are known to come. */
  hasRoom(chars: number): boolean {
    return (
      this.tail - this.head < this.entriesMax &&
      this.lanes.hasRoom(entryPlacesMax) &&
      (this.chars + chars <= this.charsMax || this.tail === this.head)
    )
  }

  /** Makes the values captured since the last commit one entry, the newest. */
  commit(
    template: T,
    time: number,
    accountId: string | undefined,
    message: string,
    seq: number,
  ): void {
    const at = (this.tail - this.#base) & this.#mask
    const { lanes } = this
    const chars = lanes.chars + message.length
    this.#templates[at] = template
    this.#times[at] = time
    this.#accounts[at] = accountId
    this.#messages[at] = message
    this.#seqs[at] = seq
    this.#chars[at] = chars
    this.#tagEnds[at] = lanes.tagTail
    this.#numEnds[at] = lanes.numTail
    this.#refEnds[at] = lanes.refTail
    this.chars += chars
    this.tail++
  }

  /** Undoes a capture that was not committed. */
  rollback(): void {
    const { lanes } = this
    if (this.tail === this.head) {
      lanes.tagTail = lanes.tagHead
      lanes.numTail = lanes.numHead
      lanes.refTail = lanes.refHead
      return
    }
    const last = (this.tail - 1 - this.#base) & this.#mask
    lanes.tagTail = this.#tagEnds[last]!
    lanes.numTail = this.#numEnds[last]!
    lanes.refTail = this.#refEnds[last]!
  }

  /** The oldest entry's parts. Only when the ring is not empty. */
  get template(): T {
    return this.#templates[(this.head - this.#base) & this.#mask]!
  }
  get time(): number {
    return this.#times[(this.head - this.#base) & this.#mask]!
  }
  get accountId(): string | undefined {
    return this.#accounts[(this.head - this.#base) & this.#mask]
  }
  get message(): string {
    return this.#messages[(this.head - this.#base) & this.#mask]!
  }
  get seq(): number {
    return this.#seqs[(this.head - this.#base) & this.#mask]!
  }

  /** Forgets the oldest entry, whether its values have been read or not. `refsFrom`: where its references begin. */
  shift(refsFrom: number = this.lanes.refHead): void {
    const at = (this.head - this.#base) & this.#mask
    this.lanes.release(refsFrom, this.#tagEnds[at]!, this.#numEnds[at]!, this.#refEnds[at]!)
    this.#templates[at] = undefined
    this.#messages[at] = undefined
    this.#accounts[at] = undefined
    this.chars -= this.#chars[at]!
    this.head++
    if (this.head === this.tail) {
      // An empty ring starts again at its first places: they are warm in the cache, the next ones are not.
      this.#base = this.head
      this.lanes.reset()
    }
  }
}
