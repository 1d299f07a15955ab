// Lanes: where the values of captured entries stand between the call and the line.
//
// A captured value is a tag, and with it a number in the number lane or a string in the reference
// lane. Strings and numbers are immutable, so copying them is a complete snapshot: what the caller
// does to its objects afterwards changes nothing, and no object of the caller's is kept alive.
//
//   {rule: 'Loss', limit: -200, open: true}
//
//   tags  [ OBJECT | STRING | NUMBER | TRUE | END ]
//   nums  [ -200 ]
//   refs  [ 'rule' | 'Loss' | 'limit' | 'open' ]
//
// Each lane is a ring of the same power-of-two capacity. Tails are where the next value is written,
// heads where the next is read; both only grow, as 32-bit integers that may wrap: `position & mask`
// and differences stay right. A capture moves the tails as it goes. Its caller checks for room
// first, and sets the tails back when the capture gives up.

import { depthMax } from '../entry/entry.ts'
import { cutRoughly } from '../entry/safe-text.ts'

/** What stands at a place of the tag lane. */
export const END = 0
export const NULL = 1
export const TRUE = 2
export const FALSE = 3
/** A finite number, in the number lane. */
export const NUMBER = 4
/** A string, in the reference lane. */
export const STRING = 5
/** Members follow, each a key in the reference lane and a value; then END. */
export const OBJECT = 6
/** Values follow; then END. */
export const ARRAY = 7
/** Text that already is JSON, in the reference lane. */
export const JSON_TEXT = 8
/** The values of a typed event follow, each at its place. */
export const TYPED = 9
/** A property of a typed event that is not there. */
export const ABSENT = 10
/** A value follows that is written as a string: its JSON. */
export const AS_TEXT = 11
/**
 * A string to be cut once its secrets are masked: with an overhang in the reference lane, its
 * length in the number lane.
 */
export const CUT_STRING = 12
/**
 * In front of a context: the ids of a trace and a span in the reference lane, the latter empty for
 * none.
 */
export const TRACE = 13
/**
 * In front of a context: an account or undefined in the reference lane, then an object or JSON of
 * fields that join it.
 */
export const JOINED = 14

/**
 * Places kept free behind the limit of a capture: what is written between two looks at the limit,
 * at most the fields of one error and the ENDs of all containers around it.
 */
const slack = 64

/**
 * When an entry's strings have come to what an entry may have, longer ones are cut to this, in
 * UTF-16 units.
 */
const latecomerCharsMax = 1024

/** Three rings, and a place to write and a place to read in each. */
export class Lanes {
  readonly capacity: number
  readonly mask: number
  readonly tags: Uint8Array
  readonly nums: Float64Array
  readonly refs: unknown[]
  tagTail = 0
  numTail = 0
  refTail = 0
  tagHead = 0
  numHead = 0
  refHead = 0
  /** UTF-16 units of the strings captured since the last reset by the capturing side. */
  chars = 0
  /**
   * What the strings of an entry may come to, and so the longest that is captured whole, in UTF-16
   * units.
   */
  readonly charsMax: number
  /** Strings in all with which a capture gives up, however short they are, in UTF-16 units. */
  readonly #charsLimit: number
  /** The reference tail at which the capture under way gives up. */
  refLimit = 0
  /** The tag tail at which the capture under way gives up. */
  tagLimit = 0
  /** The account lifted out of the context captured last. */
  accountId: string | undefined = undefined
  /** The objects around the one being captured, outermost first: how a cycle is found. */
  readonly ancestors: (object | undefined)[] = new Array<object | undefined>(depthMax + 1).fill(
    undefined,
  )

  /**
   * @param capacity Places in each lane; a power of two.
   * @param charsMax What the strings of an entry may come to; what goes beyond is cut, with a mark.
   * @param refsReady Places in the lane of references for which there is memory at first.
   */
  constructor(capacity: number, charsMax: number, refsReady: number = capacity) {
    this.capacity = capacity
    this.mask = capacity - 1
    this.charsMax = charsMax
    // Twice as much is cut to size when the line is made, the longest strings first.
    this.#charsLimit = Math.max(2 * charsMax, 1 << 20)
    this.tags = new Uint8Array(capacity)
    this.nums = new Float64Array(capacity)
    this.refs = new Array<unknown>(Math.min(refsReady, capacity)).fill(undefined)
  }

  /** Places that are free in every lane, and have memory. */
  get free(): number {
    const refs = (this.refTail - this.refHead) | 0
    const tags = (this.tagTail - this.tagHead) | 0
    const nums = (this.numTail - this.numHead) | 0
    const free = this.capacity - Math.max(refs, tags, nums)
    const { length } = this.refs
    // References have not wrapped while some places were never used: they start again when nothing
    // is captured.
    return length === this.capacity ? free : Math.min(free, length - this.refTail)
  }

  /** Places in the lane of references for which there is memory. */
  get refsReady(): number {
    return this.refs.length
  }

  /**
   * Gives memory to so many places of the lane of references, whatever is in it. The other lanes
   * have it when they are written to.
   */
  extend(refsReady: number): void {
    const { refs } = this
    const from = refs.length
    // At one go: an array that grows by its last element is copied for every half that is added.
    refs.length = Math.max(from, Math.min(refsReady, this.capacity))
    refs.fill(undefined, from)
  }

  /**
   * Has the memory of these places in the lanes of tags and numbers given now, whatever is in it.
   */
  touch(tags: number, nums: number): void {
    touchPages(this.tags, 0, tags)
    touchPages(this.nums, 0, nums)
  }

  /** Starts a capture that may use up to `places` in each lane. */
  begin(places: number): void {
    this.chars = 0
    this.accountId = undefined
    this.refLimit = (this.refTail + places - slack) | 0
    this.tagLimit = (this.tagTail + places - slack) | 0
  }

  /**
   * Leaves the capture under way no more than `places` from here on. The caller sets the limits
   * back.
   */
  limit(places: number): void {
    if (((this.refLimit - this.refTail) | 0) > places) this.refLimit = (this.refTail + places) | 0
    if (((this.tagLimit - this.tagTail) | 0) > places) this.tagLimit = (this.tagTail + places) | 0
  }

  /**
   * Sets the tails: back, to forget a capture, or on, past what has been written without pushing.
   */
  setTails(tag: number, num: number, ref: number): void {
    this.tagTail = tag
    this.numTail = num
    this.refTail = ref
  }

  /**
   * Whether the capture under way has used up its places, or captured more text than any entry may
   * have.
   */
  get exhausted(): boolean {
    return (
      ((this.refLimit - this.refTail) | 0) <= 0 ||
      ((this.tagLimit - this.tagTail) | 0) <= 0 ||
      this.chars > this.#charsLimit
    )
  }

  pushTag(tag: number): void {
    this.tags[this.tagTail & this.mask] = tag
    this.tagTail = (this.tagTail + 1) | 0
  }

  pushNumber(value: number): void {
    this.pushTag(NUMBER)
    this.placeNumber(value)
  }

  /** A number without a tag: one that has a place of its own. */
  placeNumber(value: number): void {
    this.nums[this.numTail & this.mask] = value
    this.numTail = (this.numTail + 1) | 0
  }

  pushString(value: string): void {
    const left = this.charsMax - this.chars
    const length = Math.max(left, Math.min(latecomerCharsMax, this.charsMax))
    if (value.length <= length) {
      this.pushTag(STRING)
      this.pushRef(value)
    } else {
      this.pushTag(CUT_STRING)
      this.placeNumber(length)
      this.pushRef(cutRoughly(value, length))
    }
  }

  pushRef(text: string): void {
    this.chars += text.length
    this.refs[this.refTail & this.mask] = text
    this.refTail = (this.refTail + 1) | 0
  }

  shiftTag(): number {
    const tag = this.tags[this.tagHead & this.mask]!
    this.tagHead = (this.tagHead + 1) | 0
    return tag
  }

  shiftNumber(): number {
    const value = this.nums[this.numHead & this.mask]!
    this.numHead = (this.numHead + 1) | 0
    return value
  }

  shiftRef(): string {
    const text = this.refs[this.refHead & this.mask] as string
    this.refHead = (this.refHead + 1) | 0
    return text
  }

  /**
   * Moves the heads to the given places and forgets the references from `refsFrom` on, so that they
   * can be collected.
   */
  release(refsFrom: number, tag: number, num: number, ref: number): void {
    this.tagHead = tag
    this.numHead = num
    this.refHead = ref
    const { refs, mask } = this
    for (let at = refsFrom; at !== ref; at = (at + 1) | 0) refs[at & mask] = undefined
  }

  /**
   * Starts again at the first places, which are warm in the cache. Only when nothing is captured.
   */
  reset(): void {
    this.tagTail = this.numTail = this.refTail = 0
    this.tagHead = this.numHead = this.refHead = 0
  }
}

/** What the system gives at a time, in bytes: in most cases a page, never less. */
const pageBytes = 4096

/**
 * Writes to every page of a part of an array. Memory that is only reserved is given page by page at
 * the first write, which takes 2 to 5 µs (Node 20.20 in a virtual machine, 2026-11).
 */
export function touchPages(array: NodeJS.TypedArray, from: number, to: number): void {
  const step = pageBytes / array.BYTES_PER_ELEMENT
  const numbers = array as Uint8Array
  for (let at = from; at < Math.min(to, array.length); at += step) {
    const same = numbers[at]!
    numbers[at] = same
  }
}
