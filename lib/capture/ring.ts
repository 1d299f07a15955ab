// HOT PATH: call → ring. A bounded first-in first-out queue of captured entries: the place where a
// log call ends and our own pace begins.
//
//   head: oldest entry, read next           Each entry is a place in parallel arrays, and a
//     |                                     stretch of each of the lanes, which hold its values.
//     v                                     commit() allocates nothing.
//   [   | e | e | e |   |   ]
//                     ^                     empty: tail === head
//                     tail: next free place full:  tail - head === entriesMax, or the lanes are
//
// All its places are reserved at creation, and memory is given to the first of them. An empty ring
// starts again at its first places, so that more is needed only when more waits than ever before.
// Then the part that has memory is doubled, in our own turn when half of it has been used, at a
// call only when a burst is larger than that.
//
// An entry counts from the moment of commit(): a capture that gives up midway leaves no trace. What
// to do when the ring is full (drop, count, block) is decided by the caller, not here.

import { Lanes, touchPages } from './lanes.ts'

/** Places in the lanes per entry, on average: the enforcement entry takes 11 numbers and 6
 * references as a typed event, 29 references, its keys among them, untyped. */
const placesPerEntry = 16

/**
 * Entries for which there is memory at first: a burst of 10,000 finds everything ready. It comes to
 * 4.7 MB; all the 65,536 of a usual ring would be 22 MB for each logger, however little it logs.
 */
const entriesFirst = 10_240
/**
 * Places that such an entry takes: the enforcement entry untyped, and the numbers of a typed one.
 */
const refsFirst = 32
const tagsFirst = 32
const numsFirst = 12

/** Places in the lanes one entry may take. A larger one is captured as text. */
export const entryPlacesMax = 1024

/** Places in each lane at most: a longer array of references would be a hash table. */
const placesMax = 2 ** 25

const headPlaces = 3
const stampPlaces = 4
const endPlaces = 4

/** The ring of captured entries. */
export class Ring<T> {
  readonly lanes: Lanes
  /** Entries it holds at most. */
  readonly entriesMax: number
  /**
   * UTF-16 units of captured strings it holds at most, a measure of its bytes; one entry alone may
   * be larger.
   */
  readonly charsMax: number
  readonly #mask: number
  /** The position that stands at the first place of the arrays. */
  #base = 0
  /**
   * The oldest entry and the next free place, counted from the first entry ever; 2^53 outlives the
   * process.
   */
  head = 0
  tail = 0
  /**
   * Entries that were accepted and never came in: in the order of all entries they have their
   * places.
   */
  skipped = 0
  /** UTF-16 units held. */
  chars = 0

  /**
   * Commits for which there is room for sure: counted when the ring is empty, and when they are
   * used up.
   */
  #assured = 0
  /** Entries, from the first places on, for which there is memory. */
  #ready: number

  // Three arrays with a few places per entry, rather than one array each: what belongs together is
  // on one line of the cache.
  /** Template, message, account. */
  readonly #heads: unknown[]
  /** Time, seq, UTF-16 units, number among all entries. */
  readonly #stamps: Float64Array
  /** Where the entry ends in the lanes of tags, numbers and references. */
  readonly #ends: Int32Array

  /**
   * @param entriesMax Entries it holds at most.
   * @param charsMax UTF-16 units of captured strings it holds at most.
   * @param entryCharsMax A longer string is cut when it is captured.
   */
  constructor(entriesMax: number, charsMax: number, entryCharsMax: number) {
    const capacity = 2 ** Math.ceil(Math.log2(entriesMax))
    const places = Math.max(capacity * placesPerEntry, 4 * entryPlacesMax)
    this.entriesMax = entriesMax
    this.charsMax = charsMax
    this.#mask = capacity - 1
    this.#ready = Math.min(capacity, entriesFirst)
    const refsReady = Math.max(this.#ready * refsFirst, 4 * entryPlacesMax)
    this.lanes = new Lanes(Math.min(places, placesMax), entryCharsMax, refsReady)
    this.#heads = new Array<unknown>(this.#ready * headPlaces).fill(undefined)
    this.#stamps = new Float64Array(capacity * stampPlaces)
    this.#ends = new Int32Array(capacity * endPlaces)
    this.#touch()
  }

  /** Entries held. */
  get size(): number {
    return this.tail - this.head
  }

  /**
   * Whether one more entry may be captured, in the lanes up to `entryPlacesMax`; `chars` are known
   * to come.
   */
  hasRoom(chars: number): boolean {
    if (this.chars + chars > this.charsMax && this.tail !== this.head) return false
    if (this.#assured > 0) {
      this.#assured--
      return true
    }
    let entries = this.#roomFor()
    if (entries < 1) {
      if (!this.#extend()) return false
      entries = this.#roomFor()
      if (entries < 1) return false
    }
    this.#assured = entries - 1
    return true
  }

  /** Entries for which there is room whatever they hold; others read meanwhile only add to it. */
  #roomFor(): number {
    const places = Math.floor(this.lanes.free / entryPlacesMax)
    const room = Math.min(places, this.entriesMax - this.size)
    return this.#ready > this.#mask ? room : Math.min(room, this.#ready - this.#used)
  }

  /** Places of the arrays used since the ring was empty. */
  get #used(): number {
    return this.tail - this.#base
  }

  /**
   * Gives memory to more places when half of those that have it are used. To be called in our own
   * turn.
   */
  prepare(): void {
    const { lanes } = this
    if (this.#used * 2 < this.#ready && lanes.refTail * 2 < lanes.refsReady) return
    if (this.#extend()) this.#touch()
  }

  /** Gives memory to twice as many places; false when all of them have it. */
  #extend(): boolean {
    const { lanes } = this
    const capacity = this.#mask + 1
    if (this.#ready === capacity && lanes.refsReady === lanes.capacity) return false
    const from = this.#heads.length
    this.#ready = Math.min(this.#ready * 2, capacity)
    this.#heads.length = this.#ready * headPlaces
    this.#heads.fill(undefined, from)
    lanes.extend(lanes.refsReady * 2)
    return true
  }

  /** Has the memory of numbers given now, not when they are first written to. */
  #touch(): void {
    const ready = this.#ready
    this.lanes.touch(ready * tagsFirst, ready * numsFirst)
    touchPages(this.#stamps, 0, ready * stampPlaces)
    touchPages(this.#ends, 0, ready * endPlaces)
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
    const account = accountId === undefined ? 0 : accountId.length
    const chars = lanes.chars + message.length + account
    const heads = this.#heads
    const head = at * headPlaces
    heads[head] = template
    heads[head + 1] = message
    heads[head + 2] = accountId
    const stamps = this.#stamps
    const stamp = at * stampPlaces
    stamps[stamp] = time
    stamps[stamp + 1] = seq
    stamps[stamp + 2] = chars
    stamps[stamp + 3] = this.tail + this.skipped + 1
    const ends = this.#ends
    const end = at * endPlaces
    ends[end] = lanes.tagTail
    ends[end + 1] = lanes.numTail
    ends[end + 2] = lanes.refTail
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
    const last = ((this.tail - 1 - this.#base) & this.#mask) * endPlaces
    lanes.tagTail = this.#ends[last]!
    lanes.numTail = this.#ends[last + 1]!
    lanes.refTail = this.#ends[last + 2]!
  }

  get #at(): number {
    return (this.head - this.#base) & this.#mask
  }

  /** The oldest entry's parts. Only when the ring is not empty. */
  get template(): T {
    return this.#heads[this.#at * headPlaces] as T
  }
  get message(): string {
    return this.#heads[this.#at * headPlaces + 1] as string
  }
  get accountId(): string | undefined {
    return this.#heads[this.#at * headPlaces + 2] as string | undefined
  }
  get time(): number {
    return this.#stamps[this.#at * stampPlaces]!
  }
  get seq(): number {
    return this.#stamps[this.#at * stampPlaces + 1]!
  }
  /** Its number among all entries, from 1: the order of the calls, whatever their category. */
  get number(): number {
    return this.#stamps[this.#at * stampPlaces + 3]!
  }
  /** The number of the last entry, whether it came in or not. */
  get lastNumber(): number {
    return this.tail + this.skipped
  }
  /** Where it ends in the lane of tags. What stands behind its context is its exception. */
  get tagEnd(): number {
    return this.#ends[this.#at * endPlaces]!
  }

  /**
   * Forgets the oldest entry, whether its values have been read or not. `refsFrom`: where its
   * references begin.
   */
  shift(refsFrom: number = this.lanes.refHead): void {
    const at = this.#at
    const ends = this.#ends
    const end = at * endPlaces
    this.lanes.release(refsFrom, ends[end]!, ends[end + 1]!, ends[end + 2]!)
    const heads = this.#heads
    const head = at * headPlaces
    heads[head] = undefined
    heads[head + 1] = undefined
    heads[head + 2] = undefined
    this.chars -= this.#stamps[at * stampPlaces + 2]!
    this.head++
    if (this.head === this.tail) {
      // An empty ring starts again at its first places: they are warm in the cache, the next ones
      // are not.
      this.#base = this.head
      this.lanes.reset()
      // Counted here rather than at a call: what runs once in 1,000 calls is never optimized, and
      // took 3 to 10 µs of one (Node 20.20, 2026-11).
      this.#assured = this.#roomFor()
    }
  }
}
