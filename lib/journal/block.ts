// HOT PATH: call → ring → block. Writes captured entries into a block as bytes, and forgets those
// that are in the files. layout.ts says what stands where; read-block.ts is the way back.
//
// Strings make the price. A short one is copied by a loop, whose codes, put together, also tell
// whether all of them fit into a byte; a long one by the engine, which copies many at a time. What
// a place of a template had last is remembered with its bytes: most of a message, its keys, its
// account, come again and again, and then are copied by words. A place whose strings hardly ever
// repeat is not remembered any more.

import { type Lanes } from '../capture/lanes.ts'
import type { Template } from '../encode/line-template.ts'
import { definitionOf } from './definition.ts'
import {
  baseAt,
  blockBytesMin,
  definedAt,
  definitionsAt,
  definitionWord,
  FILLER,
  headAt,
  headerBytes,
  INLINE,
  keyAt,
  layoutVersion,
  lengthWord,
  logIdAt,
  logIdChars,
  logIdSetAt,
  LATIN1,
  lsnNumber,
  magic,
  markWord,
  MISSING,
  numbersFrom,
  numsWord,
  orderAt,
  orderProbe,
  ownerAt,
  ownerBytesMax,
  ownerTextAt,
  partsOf,
  placesMax,
  recordHeadBytes,
  refsWord,
  seedOf,
  seqNumber,
  sizeAt,
  tagsWord,
  tailAt,
  timeNumber,
  UTF16,
  versionAt,
} from './layout.ts'

/**
 * A longer string is copied by the engine, in UTF-16 units. Between 16 and 32 it becomes the quicker
 * one, by the version of Node (20 to 26, 2026-11).
 */
const loopCharsMax = 24
/** Places of a template whose last strings are remembered: message, account, the first others. */
const placesKnown = 48
/** Words of a string with its head that are remembered: longer ones are not. */
const wordsKnown = 8
/** Words that a place takes: how many there are, their sum, and the words themselves. */
const placeWords: number = 2 + wordsKnown
/** Bytes behind a string that copying it by so many words may touch. */
const slackBytes: number = wordsKnown * 4
/** Calls after which a place is judged by how often its string was another one. */
const callsJudged = 64

/** What is known of a template whose entries have been written. */
interface Known {
  readonly block: Block
  /** Its definition among those of the block; INLINE where there is no room for more. */
  readonly at: number
  /** The definition as text, where each record has to bring it. */
  readonly inline: string | undefined
  /** The strings of its last entry by place. */
  readonly texts: (string | undefined)[]
  /** How often a place has had another string than before; -1: it is not remembered any more. */
  readonly misses: Int16Array
  /** For each place `placeWords` words: what was written of its string. */
  readonly words: Int32Array
  calls: number
}

/** Numbers above one, and by how much they are moved on. */
export interface Move {
  readonly above: number
  readonly by: number
}

/** Writes records into a block. */
export class Block {
  readonly #bytes: Buffer
  readonly #words: Int32Array
  readonly #numbers: Float64Array
  readonly #key: number
  /** Where the records begin, and how many bytes there are for them. */
  readonly #from: number
  readonly #ring: number
  readonly #definitionBytes: number
  /** The same as in the header. */
  #head = 0
  #tail = 0
  /** Where the tail is in the ring, in bytes: a remainder of such numbers takes 20 ns. */
  #tailAt = 0
  /** The position that stands at the first place of the ring. */
  #base = 0
  /** The sum over the words of the record that is being written. */
  #sum = 0
  #defined = 0
  readonly #definitions = new Map<string, number>()
  /** The categories of definitions by their places. */
  readonly #categories = new Map<number, string>()
  /** Added to the number of an entry among all of this run. */
  lsnBase = 0

  /**
   * @param memory All of it is the block's, and holds zeros.
   * @param owner Who writes, as JSON, for whoever finds the block.
   * @param key A random number, other than that of any block before in the same memory.
   */
  constructor(memory: ArrayBuffer | SharedArrayBuffer, owner: string, key: number) {
    const size = memory.byteLength
    const text = Buffer.from(owner)
    if (size < blockBytesMin || size % 8 !== 0 || text.length > ownerBytesMax) {
      throw new RangeError(`Cannot use the memory: expected ${blockBytesMin} bytes, got ${size}`)
    }
    const { definitions, ring } = partsOf(size)
    this.#bytes = Buffer.from(memory, 0, size)
    this.#words = new Int32Array(memory)
    this.#numbers = new Float64Array(memory)
    this.#key = key | 0
    this.#from = headerBytes + definitions
    this.#ring = ring
    this.#definitionBytes = definitions
    const words = this.#words
    words[versionAt >> 2] = layoutVersion
    words[orderAt >> 2] = orderProbe
    this.#numbers[sizeAt >> 3] = size
    words[keyAt >> 2] = this.#key
    words[definitionsAt >> 2] = definitions
    words[ownerAt >> 2] = text.length
    text.copy(this.#bytes, ownerTextAt)
    // Last: without it this is no block.
    this.#bytes.write(magic, 0, 'latin1')
  }

  /** Whether all of its records have been released. */
  get isEmpty(): boolean {
    return this.#head === this.#tail
  }

  /** Bytes of the records that it holds, and that it may hold. */
  get usedBytes(): number {
    return this.#tail - this.#head
  }
  get capacityBytes(): number {
    return this.#ring
  }

  /** Notes the identity of the log whose entries these are. */
  identify(logId: string): void {
    if (logId.length !== logIdChars) return
    this.#bytes.write(logId, logIdAt, 'latin1')
    this.#words[logIdSetAt >> 2] = 1
  }

  /**
   * Writes the entry that stands in the lanes from these positions up to their tails.
   *
   * @param number Its number among all entries of this run.
   * @param chars UTF-16 units of its strings, as far as they have been counted.
   * @returns false when there is no room for it: then nothing has been written.
   */
  append(
    lanes: Lanes,
    tagFrom: number,
    numFrom: number,
    refFrom: number,
    template: Template,
    time: number,
    accountId: string | undefined,
    message: string,
    seq: number,
    number: number,
    chars: number,
  ): boolean {
    const tagCount = (lanes.tagTail - tagFrom) | 0
    const numCount = (lanes.numTail - numFrom) | 0
    const refCount = (lanes.refTail - refFrom) | 0
    if (tagCount > placesMax || numCount > placesMax || refCount > placesMax) return false
    let known = template.record as Known | undefined
    if (known === undefined || known.block !== this) known = this.#learn(template)
    // More than it will be: a string takes two bytes a unit at most, its head four, and up to three
    // follow it.
    const { inline } = known
    const inlineBytes = inline === undefined ? 0 : 8 + inline.length * 2
    const need =
      recordHeadBytes +
      numCount * 8 +
      tagCount +
      slackBytes +
      (refCount + 3) * 8 +
      chars * 2 +
      inlineBytes
    const start = this.#place(need)
    if (start === -1) return false
    const words = this.#words
    const numbers = this.#numbers
    const bytes = this.#bytes
    const word = start >> 2
    let at = start >> 3
    words[word + definitionWord] = known.at
    words[word + tagsWord] = tagCount
    words[word + numsWord] = numCount
    words[word + refsWord] = refCount
    numbers[at + lsnNumber] = this.lsnBase + number
    numbers[at + timeNumber] = time
    numbers[at + seqNumber] = template.owner.seqBase + seq
    at += numbersFrom
    const { nums, tags, refs, mask } = lanes
    let sum = known.at + tagCount + numCount + refCount
    const end = at + numCount
    for (let i = numFrom; at < end; at++, i++) numbers[at] = nums[i & mask]!
    at <<= 3
    // Of the last word, what no tag takes.
    if (tagCount > 0) words[(at + tagCount - 1) >> 2] = 0
    for (let i = 0; i < tagCount; i++) bytes[at + i] = tags[(tagFrom + i) & mask]!
    at = (at + tagCount + 3) & ~3
    const last = at >> 2
    for (let i = word + 6; i < last; i++) sum = (sum + words[i]!) | 0
    this.#sum = sum
    const limit = start + need
    if (inline !== undefined) at = this.#new(inline, at, limit)
    known.calls++
    at = this.#put(known, 0, message, at, limit)
    at = this.#put(known, 1, accountId, at, limit)
    for (let i = 0; i < refCount; i++) {
      at = this.#put(known, i + 2, refs[(refFrom + i) & mask] as string | undefined, at, limit)
    }
    if (at === 0) return false
    this.#finish(start, at)
    return true
  }

  /** Ends a record at `end`: its length, its mark, and only then the tail of the ring. */
  #finish(start: number, end: number): void {
    const words = this.#words
    if ((end & 4) !== 0) {
      words[end >> 2] = 0
      end += 4
    }
    const length = end - start
    const from = start >> 2
    words[from + lengthWord] = length
    words[from + markWord] = (seedOf(this.#key, this.#tail, length) + this.#sum) | 0
    this.#tail += length
    const at = this.#tailAt + length
    this.#tailAt = at === this.#ring ? 0 : at
    this.#numbers[tailAt >> 3] = this.#tail
  }

  /** Where a record of up to so many bytes may be written; -1 when there is no room. */
  #place(bytes: number): number {
    const ring = this.#ring
    const at = this.#tailAt
    if (bytes > ring - (this.#tail - this.#head)) return -1
    if (at + bytes <= ring) return this.#from + at
    const rest = ring - at
    if (bytes > ring - rest - (this.#tail - this.#head)) return -1
    // It must not be torn in two: what is left of this lap is filled.
    const start = this.#from + at
    this.#words[(start >> 2) + definitionWord] = FILLER
    this.#words[(start >> 2) + lengthWord] = rest
    this.#words[(start >> 2) + markWord] = seedOf(this.#key, this.#tail, rest)
    this.#tail += rest
    this.#tailAt = 0
    this.#numbers[tailAt >> 3] = this.#tail
    return this.#from
  }

  /** Writes the string of a place; returns where it ends, 0 when there is no room for it. */
  #put(known: Known, place: number, text: string | undefined, at: number, limit: number): number {
    if (place >= placesKnown) return this.#new(text, at, limit)
    if (text === undefined || known.texts[place] !== text) {
      const end = this.#new(text, at, limit)
      if (end === 0 || text === undefined || known.misses[place]! < 0) return end
      this.#remember(known, place, text, at, end)
      return end
    }
    const cache = known.words
    const slot = place * placeWords
    const count = cache[slot]!
    if (at === 0 || at + count * 4 + slackBytes > limit) return 0
    const words = this.#words
    const word = at >> 2
    // Not by a loop, which takes three times as long: what is copied behind the string will be
    // overwritten.
    words[word] = cache[slot + 2]!
    words[word + 1] = cache[slot + 3]!
    words[word + 2] = cache[slot + 4]!
    words[word + 3] = cache[slot + 5]!
    if (count > 4) {
      words[word + 4] = cache[slot + 6]!
      words[word + 5] = cache[slot + 7]!
      words[word + 6] = cache[slot + 8]!
      words[word + 7] = cache[slot + 9]!
    }
    this.#sum = (this.#sum + cache[slot + 1]!) | 0
    return at + count * 4
  }

  #remember(known: Known, place: number, text: string, at: number, end: number): void {
    const misses = known.misses[place]! + 1
    if (misses > callsJudged && misses * 2 > known.calls) {
      known.misses[place] = -1
      known.texts[place] = undefined
      return
    }
    // It need not be counted any further.
    known.misses[place] = Math.min(misses, 0x7fff)
    const count = (end - at) >> 2
    if (count > wordsKnown) {
      known.texts[place] = undefined
      return
    }
    const slot = place * placeWords
    let sum = 0
    for (let i = 0; i < count; i++) {
      const word = this.#words[(at >> 2) + i]!
      known.words[slot + 2 + i] = word
      sum = (sum + word) | 0
    }
    known.words[slot] = count
    known.words[slot + 1] = sum
    known.texts[place] = text
  }

  /** Writes a string that is not remembered, and counts its words. */
  #new(text: string | undefined, at: number, limit: number): number {
    const end = this.#copy(text, at, limit - slackBytes)
    const words = this.#words
    const last = end >> 2
    let sum = this.#sum
    for (let i = at >> 2; i < last; i++) sum = (sum + words[i]!) | 0
    this.#sum = sum
    return end
  }

  /** Writes a string: its head, then its bytes, up to a multiple of four. */
  #copy(text: string | undefined, at: number, limit: number): number {
    const room = limit - at - 4
    if (at === 0 || room < 0) return 0
    if (text === undefined) {
      this.#words[at >> 2] = MISSING
      return at + 4
    }
    const { length } = text
    if (room < ((length * 2 + 3) & ~3)) return 0
    if (length > loopCharsMax) return this.#copyLong(text, at)
    const bytes = this.#bytes
    const from = at + 4
    const end = (from + length + 3) & ~3
    // What follows the string up to the next word is part of the sum.
    this.#words[(end >> 2) - 1] = 0
    let codes = 0
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      codes |= code
      bytes[from + i] = code
    }
    this.#words[at >> 2] = (length << 2) | LATIN1
    return codes > 0xff ? this.#copyWide(text, at) : end
  }

  #copyLong(text: string, at: number): number {
    const { length } = text
    const end = (at + 4 + length + 3) & ~3
    this.#words[(end >> 2) - 1] = 0
    // As many bytes as units: then each of them is ASCII. There is room for twice as many.
    if (this.#bytes.write(text, at + 4, length * 2, 'utf8') !== length) {
      return this.#copyWide(text, at)
    }
    this.#words[at >> 2] = (length << 2) | LATIN1
    const over = at + 4 + length
    for (let i = over; i < end; i++) this.#bytes[i] = 0
    return end
  }

  #copyWide(text: string, at: number): number {
    const { length } = text
    const end = (at + 4 + length * 2 + 3) & ~3
    this.#words[(end >> 2) - 1] = 0
    this.#bytes.write(text, at + 4, length * 2, 'utf16le')
    this.#words[at >> 2] = (length << 2) | UTF16
    return end
  }

  #learn(template: Template): Known {
    const definition = definitionOf(template)
    // What with() binds may be another one for each request: it has no place for good.
    const at = template.bindings === undefined ? this.#define(definition) : INLINE
    if (at !== INLINE) this.#categories.set(at, template.owner.name)
    const known: Known = {
      block: this,
      at,
      inline: at === INLINE ? definition : undefined,
      texts: new Array<string | undefined>(placesKnown).fill(undefined),
      misses: new Int16Array(placesKnown),
      words: new Int32Array(placesKnown * placeWords),
      calls: 0,
    }
    template.record = known
    return known
  }

  /** Writes a definition for good; INLINE when there is no room for more. */
  #define(definition: string): number {
    const known = this.#definitions.get(definition)
    if (known !== undefined) return known
    const text = Buffer.from(definition)
    const bytes = 8 + ((text.length + 7) & ~7)
    if (this.#defined + bytes > this.#definitionBytes) return INLINE
    const at = headerBytes + this.#defined
    this.#words[at >> 2] = text.length
    text.copy(this.#bytes, at + 8)
    this.#words[(at >> 2) + 1] = seedOf(this.#key, at, text.length) + sumOf(text)
    this.#defined += bytes
    this.#numbers[definedAt >> 3] = this.#defined
    this.#definitions.set(definition, at)
    return at
  }

  /**
   * Has the numbers of entries go on elsewhere: those above one are moved on, by category and among
   * all. Only when another writer has had the directory.
   */
  move(seqs: ReadonlyMap<string, Move>, lsn: Move): void {
    this.lsnBase += lsn.by
    const words = this.#words
    for (let position = this.#head; position < this.#tail;) {
      const start = this.#from + ((position - this.#base) % this.#ring)
      const word = start >> 2
      const definition = words[word + definitionWord]!
      if (definition !== FILLER) {
        const seq = seqs.get(this.#categoryOf(start, definition))
        this.#moveNumber(word, (start >> 3) + lsnNumber, lsn)
        if (seq !== undefined) this.#moveNumber(word, (start >> 3) + seqNumber, seq)
      }
      position += words[word + lengthWord]!
    }
  }

  #moveNumber(word: number, at: number, { above, by }: Move): void {
    const numbers = this.#numbers
    const words = this.#words
    if (numbers[at]! <= above) return
    const before = words[2 * at]! + words[2 * at + 1]!
    numbers[at] = numbers[at]! + by
    const after = words[2 * at]! + words[2 * at + 1]!
    words[word + markWord] = (words[word + markWord]! + after - before) | 0
  }

  #categoryOf(start: number, definition: number): string {
    const known = this.#categories.get(definition)
    if (known !== undefined) return known
    const words = this.#words
    const tags = words[(start >> 2) + tagsWord]!
    const at = (start + recordHeadBytes + words[(start >> 2) + numsWord]! * 8 + tags + 3) & ~3
    const head = words[at >> 2]!
    const isWide = (head & 3) === UTF16
    const end = at + 4 + (head >>> 2) * (isWide ? 2 : 1)
    const text = this.#bytes.toString(isWide ? 'utf16le' : 'latin1', at + 4, end)
    return (JSON.parse(text) as { category: string }).category
  }

  /** Forgets all entries up to this number of the log: they are in the files, or given up. */
  release(lsn: number): void {
    const words = this.#words
    const numbers = this.#numbers
    let head = this.#head
    while (head < this.#tail) {
      const start = this.#from + ((head - this.#base) % this.#ring)
      const isFiller = words[(start >> 2) + definitionWord] === FILLER
      if (!isFiller && numbers[(start >> 3) + lsnNumber]! > lsn) break
      head += words[(start >> 2) + lengthWord]!
    }
    if (head === this.#head) return
    this.#head = head
    numbers[headAt >> 3] = head
    if (head !== this.#tail) return
    // The first places are warm in the cache: the whole block does not fit into one.
    this.#base = head
    this.#tailAt = 0
    numbers[baseAt >> 3] = head
  }
}

/** The sum of bytes, each at its place. */
export function sumOf(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0
  return sum
}
