// A captured entry outside the ring: the values of the latest of many calls, each of which takes
// the place of the one before. What is held can be put into the lanes again as if it were captured
// then.

import type { Lanes } from './lanes.ts'

const tagsFirst = 64
const numsFirst = 16

/** The values of one entry, in memory of its own that serves again for the next. */
export class HeldEntry<T> {
  template: T
  message: string
  accountId: string | undefined
  /** The moment of the call, in milliseconds since 1970. */
  time: number
  /** UTF-16 units of its values. */
  chars = 0
  #tags = new Uint8Array(tagsFirst)
  #nums = new Float64Array(numsFirst)
  readonly #refs: unknown[] = []
  #tagCount = 0
  #numCount = 0
  #refCount = 0

  constructor(template: T, message: string, accountId: string | undefined, time: number) {
    this.template = template
    this.message = message
    this.accountId = accountId
    this.time = time
  }

  /**
   * Takes the values that stand in the lanes behind their tails, up to the given places. The lanes
   * hold none of their strings afterwards.
   */
  take(lanes: Lanes, tagEnd: number, numEnd: number, refEnd: number): void {
    const { tagTail, numTail, refTail, mask } = lanes
    const tagCount = (tagEnd - tagTail) | 0
    const numCount = (numEnd - numTail) | 0
    const refCount = (refEnd - refTail) | 0
    if (tagCount > this.#tags.length) this.#tags = new Uint8Array(2 * tagCount)
    if (numCount > this.#nums.length) this.#nums = new Float64Array(2 * numCount)
    const tags = this.#tags
    const nums = this.#nums
    const refs = this.#refs
    for (let i = 0; i < tagCount; i++) tags[i] = lanes.tags[(tagTail + i) & mask]!
    for (let i = 0; i < numCount; i++) nums[i] = lanes.nums[(numTail + i) & mask]!
    for (let i = 0; i < refCount; i++) {
      const at = (refTail + i) & mask
      refs[i] = lanes.refs[at]
      lanes.refs[at] = undefined
    }
    for (let i = refCount; i < this.#refCount; i++) refs[i] = undefined
    this.#tagCount = tagCount
    this.#numCount = numCount
    this.#refCount = refCount
    this.chars = lanes.chars
  }

  /** Puts the values into the lanes, which are known to have room for them. */
  give(lanes: Lanes): void {
    const { tagTail, numTail, refTail, mask } = lanes
    for (let i = 0; i < this.#tagCount; i++) lanes.tags[(tagTail + i) & mask] = this.#tags[i]!
    for (let i = 0; i < this.#numCount; i++) lanes.nums[(numTail + i) & mask] = this.#nums[i]!
    for (let i = 0; i < this.#refCount; i++) lanes.refs[(refTail + i) & mask] = this.#refs[i]
    const tagEnd = (tagTail + this.#tagCount) | 0
    lanes.setTails(tagEnd, (numTail + this.#numCount) | 0, (refTail + this.#refCount) | 0)
    lanes.chars = this.chars
  }
}
