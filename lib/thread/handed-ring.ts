// HOT PATH: call → ring → block → the writer thread. What a call has captured in the lanes goes as
// bytes into a block that the writer reads, at once: nothing stays in the lanes, and no turn of
// ours comes. The call ends with two looks at shared words.
//
// When the writer is no more, the ring is what it is without one: entries stay in it, for the pump,
// and are written into the block as well where that outlives the process.

import type { Lanes } from '../capture/lanes.ts'
import type { StraightRecord } from '../capture/typed.ts'
import type { Shape } from '../encode/event-encoder.ts'
import type { Template } from '../encode/line-template.ts'
import type { Block } from '../journal/block.ts'
import { JournaledRing } from '../journal/journaled-ring.ts'
import { aloneInBlock, straightRecord } from '../journal/straight-record.ts'
import { RELEASED, TAIL } from './control.ts'

/** Strings that come to more are not held until others stand in their place, in UTF-16 units. */
const keptCharsMax = 16_384

/** The values of an entry, out of the lanes. */
export class KeptValues {
  readonly tags: Uint8Array
  readonly nums: readonly number[]
  readonly refs: readonly unknown[]
  readonly chars: number

  /** Takes them out of the lanes, which hold nothing else. */
  constructor(lanes: Lanes) {
    const { tags, nums, refs, tagHead, numHead, refHead, tagTail, numTail, refTail } = lanes
    this.tags = tags.slice(tagHead, tagTail)
    this.nums = [...nums.subarray(numHead, numTail)]
    this.refs = refs.slice(refHead, refTail)
    this.chars = lanes.chars
    lanes.reset()
  }

  /** Puts them behind what the lanes hold. */
  putBack(lanes: Lanes): void {
    for (const tag of this.tags) lanes.pushTag(tag)
    for (const number of this.nums) lanes.placeNumber(number)
    for (const ref of this.refs) {
      lanes.refs[lanes.refTail & lanes.mask] = ref
      lanes.refTail = (lanes.refTail + 1) | 0
    }
    lanes.chars = this.chars
  }
}

/** An entry for which the block has no room. */
export interface Unplaced<T> {
  readonly template: T
  readonly values: KeptValues
  readonly time: number
  readonly accountId: string | undefined
  readonly message: string
  readonly seq: number
  readonly number: number
  /** UTF-16 units of its strings. */
  readonly chars: number
  /** Tries again. */
  readonly append: () => boolean
}

/** A ring that hands its entries on. */
export class HandedRing<T extends Template> extends JournaledRing<T> {
  readonly #words: Int32Array
  /** Of the block, bytes in use with which no further entry is taken. */
  readonly #usedBytesMax: number
  /**
   * What is done with an entry that found no room; false: nothing was, and the ring keeps it from
   * now on.
   */
  readonly #place: (entry: Unplaced<T>) => boolean
  #released = 0
  /** Entries go to the writer. */
  isHanding = true
  /** What a writer has left stands in the block alone: it is neither in a file nor in this ring. */
  isLeft = false
  /**
   * The entry that comes tells what was lost: for it there is room when there is none for others.
   */
  isReport = false

  constructor(
    places: { readonly entries: number; readonly bytes: number; readonly entry_bytes: number },
    block: Block,
    words: Int32Array,
    usedBytesMax: number,
    isJournaling: boolean,
    place: (entry: Unplaced<T>) => boolean,
  ) {
    super(places.entries, places.bytes, places.entry_bytes, block)
    this.isJournaling = isJournaling
    this.#words = words
    this.#usedBytesMax = usedBytesMax
    this.#place = place
  }

  override hasRoom(chars: number): boolean {
    if (!this.isHanding) return super.hasRoom(chars)
    return this.isReport || this.block.usedBytes < this.#usedBytesMax || this.#hasRoomNow()
  }

  #hasRoomNow(): boolean {
    this.noteReleased()
    return this.block.usedBytes < this.#usedBytesMax
  }

  override commit(
    template: T,
    time: number,
    accountId: string | undefined,
    message: string,
    seq: number,
  ): void {
    if (!this.isHanding) {
      super.commit(template, time, accountId, message, seq)
      return
    }
    const { lanes, block } = this
    const words = this.#words
    const account = accountId === undefined ? 0 : accountId.length
    const chars = lanes.chars + message.length + account
    const number = this.lastNumber + 1
    // Not by Atomics: the latest is not needed, and what is seen is true.
    if (words[RELEASED] !== this.#released) this.noteReleased()
    const { tagHead: tag, numHead: num, refHead: ref } = lanes
    if (
      !block.append(lanes, tag, num, ref, template, time, accountId, message, seq, number, chars)
    ) {
      this.#commitLater(template, time, accountId, message, seq)
      return
    }
    // In the order of all entries it has its place; in this ring it never was.
    this.skipped++
    // It is an entry: from here on nothing may fail, and each call may where the stack is full.
    const { refTail } = lanes
    lanes.tagTail = lanes.numTail = lanes.refTail = 0
    try {
      if (chars > keptCharsMax) lanes.refs.fill(undefined, 0, refTail)
      this.publish()
    } catch {
      // The next entry publishes this one as well.
    }
  }

  /** Takes note of the records that the writer has done with. */
  noteReleased(): void {
    const word = Atomics.load(this.#words, RELEASED)
    this.#released = word
    const { block } = this
    block.releaseTo(block.head + ((word - ((block.head / 8) | 0)) | 0) * 8)
  }

  override straight(shape: Shape): StraightRecord | undefined {
    return straightRecord(this, shape, aloneInBlock)
  }

  override place(bytes: number): number {
    if (!this.isHanding) return -1
    // Not by Atomics: the latest is not needed, and what is seen is true.
    if (this.#words[RELEASED] !== this.#released) this.noteReleased()
    return this.block.place(bytes)
  }

  /** Has the writer see all that stands in the block. */
  publish(): void {
    Atomics.store(this.#words, TAIL, (this.block.tail / 8) | 0)
  }

  #commitLater(
    template: T,
    time: number,
    accountId: string | undefined,
    message: string,
    seq: number,
  ): void {
    const { lanes, block } = this
    const values = new KeptValues(lanes)
    const number = this.lastNumber + 1
    const chars = values.chars + message.length + (accountId?.length ?? 0)
    const append = (): boolean => {
      this.noteReleased()
      values.putBack(lanes)
      const isIn = block.append(
        ...([lanes, 0, 0, 0, template, time, accountId, message, seq, number, chars] as const),
      )
      lanes.reset()
      return isIn
    }
    if (this.#place({ template, values, time, accountId, message, seq, number, chars, append })) {
      this.skipped++
      this.publish()
      return
    }
    values.putBack(lanes)
    super.commit(template, time, accountId, message, seq)
  }
}
