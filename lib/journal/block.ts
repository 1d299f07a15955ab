// HOT PATH: call → ring → block. Writes captured entries into a block as bytes, and forgets those
// that are in the files. layout.ts says what stands where; read-block.ts is the way back.
//
// Strings cost most. The last string of each place of a template is remembered: most of a message,
// its keys, its account, come again and again. Such a string stands once among the definitions, and
// a record has one word for it. A place whose strings hardly ever repeat writes them into the
// record: a short one by a loop, whose codes, put together, also tell whether all of them fit into
// a byte; a long one by the engine, which copies many at a time.

import { type Lanes, TYPED } from '../capture/lanes.ts'
import type { Template } from '../encode/line-template.ts'
import { definitionOf } from './definition.ts'
import { type Places, placesOf, recordWriter, type WriteRecord } from './record-writer.ts'
import {
  baseAt,
  blockBytesMin,
  definedAt,
  definitionsAt,
  definitionWord,
  FILLER,
  handedVersion,
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
  movingAt,
  movingLsnAt,
  movingMarkAt,
  movingSeqAt,
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
  TABLED,
  tailAt,
  timeNumber,
  UTF16,
  versionAt,
} from './layout.ts'

/**
 * A longer string is copied by the engine, in UTF-16 units. Between 16 and 32 it becomes the
 * quicker one, by the version of Node (20 to 26, 2026-11).
 */
const loopCharsMax = 24
/** Places of a template whose last strings are remembered: message, account, the first others. */
const placesKnown = 96
/** A longer string stands in its record, in UTF-16 units. */
const tabledCharsMax = 256
/** Different strings that a place may have among the definitions. */
const tabledPerPlace = 64
/** Calls after which a place is judged by how often its string was one that nobody knew. */
const callsJudged = 64
/** Calls after which it is judged anew. */
export const callsRemembered = 4096
/** Entries with bound fields from which on these have a place for good. */
const callsBound = 64
/** The head of an empty string, which is all of it. */
const emptyHead = LATIN1
/** Bytes that a record may have behind what is known of its strings: accounts that join it. */
const slackBytes = 32

/** The strings that entries alike have had, by place. */
interface Memory {
  /** The last one that stands among the definitions. */
  readonly texts: string[]
  /** The word for it in a record. */
  readonly heads: Int32Array
  /** How often it was one that nobody knew; -1: it is not looked for any more. */
  readonly misses: Int16Array
  /** How many have been put among the definitions. */
  readonly tabled: Uint8Array
  calls: number
  /** Writes a record of a typed event all of whose values have fixed places. */
  write: WriteRecord | undefined
}

/** What is known of a template whose entries have been written. */
interface Known {
  readonly block: Block
  readonly category: string
  /** Its definition among those of the block; INLINE where it has no place there. */
  at: number
  /** The definition as text, where each record has to bring it. */
  inline: string | undefined
  /** Of its bound fields, entries until they get a place for good. */
  unbound: number
  readonly memory: Memory
  /** Of a typed event all of whose values have fixed places. */
  readonly places: Places | undefined
}

/** Numbers above one, and by how much they are moved on. */
export interface Move {
  readonly above: number
  readonly by: number
}

/** Writes records into a block. */
export class Block {
  readonly #bytes: Buffer
  /** The memory. A straight call writes its record itself (straight-record.ts). */
  readonly words: Int32Array
  readonly numbers: Float64Array
  /** A part of each mark. */
  readonly key: number
  /** Where the records begin, and how many bytes there are for them. */
  readonly #from: number
  readonly ringBytes: number
  readonly #definitionBytes: number
  /**
   * Where the oldest record begins, and the last one ends: bytes since the first record ever. The
   * same as in the header.
   */
  #head = 0
  tail = 0
  /** Where the tail is in the ring, in bytes: a remainder of such numbers takes 20 ns. */
  tailAt = 0
  /** The position that stands at the first place of the ring. */
  #base = 0
  #defined = 0
  readonly #definitions = new Map<string, number>()
  /** Strings among the definitions: the words for them in a record. */
  readonly #strings = new Map<string, number>()
  /** By what templates have in common that differ in bound fields only. */
  readonly #memories = new WeakMap<object, Memory>()
  /** The categories of definitions by their places. */
  readonly #categories = new Map<number, string>()
  /** Its records bear the numbers of the run. */
  readonly #isOfRun: boolean
  /** Added to the number of an entry among all of this run. */
  lsnBase = 0

  /**
   * @param memory All of it is the block's but for what is beside it, and holds zeros.
   * @param owner Who writes, as JSON, for whoever finds the block.
   * @param key A random number, other than that of any block before in the same memory.
   * @param besideBytes At the end, what is left to the thread that writes the files, where that is
   *   another one: then records bear the numbers of this run.
   */
  constructor(
    memory: ArrayBuffer | SharedArrayBuffer,
    owner: string,
    key: number,
    besideBytes: number = 0,
  ) {
    const size = memory.byteLength - besideBytes
    const text = Buffer.from(owner)
    if (size < blockBytesMin || size % 8 !== 0 || text.length > ownerBytesMax) {
      throw new RangeError(`Cannot use the memory: expected ${blockBytesMin} bytes, got ${size}`)
    }
    const { definitions, ring } = partsOf(size)
    this.#bytes = Buffer.from(memory, 0, size)
    this.words = new Int32Array(memory, 0, size >> 2)
    this.numbers = new Float64Array(memory, 0, size >> 3)
    this.#isOfRun = besideBytes > 0
    this.key = key | 0
    this.#from = headerBytes + definitions
    this.ringBytes = ring
    this.#definitionBytes = definitions
    const words = this.words
    words[versionAt >> 2] = this.#isOfRun ? handedVersion : layoutVersion
    words[orderAt >> 2] = orderProbe
    this.numbers[sizeAt >> 3] = size
    words[keyAt >> 2] = this.key
    words[definitionsAt >> 2] = definitions
    words[ownerAt >> 2] = text.length
    text.copy(this.#bytes, ownerTextAt)
    // Last: without it this is no block.
    this.#bytes.write(magic, 0, 'latin1')
  }

  /** Whether all of its records have been released. */
  get isEmpty(): boolean {
    return this.#head === this.tail
  }

  /** Bytes of the records that it holds, and that it may hold. */
  get usedBytes(): number {
    return this.tail - this.#head
  }
  get capacityBytes(): number {
    return this.ringBytes
  }
  get head(): number {
    return this.#head
  }

  /** Notes the identity of the log whose entries these are. */
  identify(logId: string): void {
    Block.identify(this.#bytes, logId)
  }

  /** The same for the thread that writes the files, where that is another one. */
  static identify(bytes: Buffer, logId: string): void {
    if (logId.length !== logIdChars) return
    bytes.write(logId, logIdAt, 'latin1')
    bytes.writeInt32LE(1, logIdSetAt)
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
    const { inline, memory } = known
    const inlineBytes = inline === undefined ? 0 : 8 + inline.length * 2
    const need = bytesOf(tagCount, numCount, refCount) + chars * 2 + inlineBytes
    const start = this.place(need)
    if (start === -1) return false
    // One word may be put behind it, so that it ends at a multiple of eight.
    const limit = ((start + need) >> 2) - 1
    const first = start >> 2
    const lsn = this.lsnBase + number
    const own = this.#isOfRun ? seq : template.owner.seqBase + seq
    const { places } = known
    const { nums, refs, tags, mask } = lanes
    if (
      places !== undefined &&
      refCount === places.refs &&
      numCount === places.nums &&
      tagCount === 1 &&
      inline === undefined &&
      message === '' &&
      tags[tagFrom & mask] === TYPED &&
      (numFrom & mask) + numCount <= mask &&
      (refFrom & mask) + refCount <= mask
    ) {
      if (++memory.calls === callsRemembered) forget(memory)
      const num = numFrom & mask
      const ref = refFrom & mask
      const write = memory.write!
      const word = write(nums, refs, num, ref, first, known.at, lsn, time, own, accountId, limit)
      if (word > limit) return false
      this.#finish(first, word, this.words[first + markWord]!)
      return true
    }
    let word = this.#putHead(first, known.at, lsn, time, own, tagCount, numCount, refCount)
    word = this.#putPlaces(lanes, tagFrom, tagCount, numFrom, numCount, word)
    if (inline !== undefined) word = this.#bring(known, inline, word, limit)
    word = this.#putAll(lanes, refFrom, refCount, memory, message, accountId, word, limit)
    if (word > limit) return false
    // So that it can be summed up two by two.
    this.words[word] = 0
    this.#finish(first, word, this.#sumOf(first, word))
    return true
  }

  #putHead(
    word: number,
    definition: number,
    lsn: number,
    time: number,
    seq: number,
    tagCount: number,
    numCount: number,
    refCount: number,
  ): number {
    const words = this.words
    const numbers = this.numbers
    words[word + definitionWord] = definition
    words[word + tagsWord] = tagCount
    words[word + numsWord] = numCount
    words[word + refsWord] = refCount
    const at = word >> 1
    numbers[at + lsnNumber] = lsn
    numbers[at + timeNumber] = time
    numbers[at + seqNumber] = seq
    return word + numbersFrom * 2
  }

  /** Writes the numbers and tags of an entry. */
  #putPlaces(
    { nums, tags, mask }: Lanes,
    tagFrom: number,
    tagCount: number,
    numFrom: number,
    numCount: number,
    word: number,
  ): number {
    const words = this.words
    const numbers = this.numbers
    let at = word >> 1
    const end = at + numCount
    for (let i = numFrom; at < end; at++, i++) numbers[at] = nums[i & mask]!
    let to = end * 2
    // By words: a word that is read soon after its bytes were written is waited for.
    for (let i = 0; i < tagCount; i += 4) {
      let four = 0
      const last = Math.min(tagCount - i, 4)
      for (let k = 0; k < last; k++) four |= tags[(tagFrom + i + k) & mask]! << (k << 3)
      words[to++] = four
    }
    return to
  }

  /** Writes the strings of an entry; returns where they end, behind the limit without room. */
  #putAll(
    { refs, mask }: Lanes,
    refFrom: number,
    refCount: number,
    memory: Memory,
    message: string,
    accountId: string | undefined,
    word: number,
    limit: number,
  ): number {
    if (++memory.calls === callsRemembered) forget(memory)
    const words = this.words
    const { texts, heads } = memory
    // Strings only are compared: with undefined among them V8 does it by a call, 3 ns each.
    if (message === texts[0]!) words[word++] = heads[0]!
    else word = this.put(memory, 0, message, word, limit)
    if (accountId === undefined) words[word++] = MISSING
    else if (accountId === texts[1]!) words[word++] = heads[1]!
    else word = this.put(memory, 1, accountId, word, limit)
    const end = Math.min(refCount + 2, placesKnown)
    let place = 2
    for (; place < end; place++) {
      const text = refs[(refFrom + place - 2) & mask] as string | undefined
      if (text === texts[place]) words[word++] = heads[place]!
      else word = this.put(memory, place, text, word, limit)
    }
    for (; place < refCount + 2; place++) {
      word = this.#copy(refs[(refFrom + place - 2) & mask] as string | undefined, word, limit)
    }
    return word
  }

  /** The sum over the words of a record behind its mark. */
  #sumOf(from: number, end: number): number {
    const words = this.words
    let sum = 0
    let other = 0
    // Cut at each step: else V8 adds them as doubles.
    for (let i = from + 2; i < end; i += 2) {
      sum = (sum + words[i]!) | 0
      other = (other + words[i + 1]!) | 0
    }
    return (sum + other) | 0
  }

  /** Ends a record at `end`: its length, its mark, and only then the tail of the ring. In words. */
  #finish(from: number, end: number, sum: number): void {
    const words = this.words
    if ((end & 1) !== 0) words[end++] = 0
    const length = (end - from) << 2
    words[from + lengthWord] = length
    words[from + markWord] = (seedOf(this.key, this.tail, length) + sum) | 0
    this.tail += length
    const at = this.tailAt + length
    this.tailAt = at === this.ringBytes ? 0 : at
    this.numbers[tailAt >> 3] = this.tail
  }

  /** Where a record of up to so many bytes may be written; -1 when there is no room. */
  place(bytes: number): number {
    const ring = this.ringBytes
    const at = this.tailAt
    if (bytes > ring - (this.tail - this.#head)) return -1
    if (at + bytes <= ring) return this.#from + at
    const rest = ring - at
    if (bytes > ring - rest - (this.tail - this.#head)) return -1
    // It must not be torn in two: what is left of this lap is filled.
    const start = this.#from + at
    this.words[(start >> 2) + definitionWord] = FILLER
    this.words[(start >> 2) + lengthWord] = rest
    this.words[(start >> 2) + markWord] = seedOf(this.key, this.tail, rest)
    this.tail += rest
    this.tailAt = 0
    this.numbers[tailAt >> 3] = this.tail
    return this.#from
  }

  /**
   * Writes the string of a place that is another one than before; returns where it ends, behind the
   * limit when there is no room for it.
   */
  put(
    memory: Memory,
    place: number,
    text: string | undefined,
    word: number,
    limit: number,
  ): number {
    if (text === undefined || word >= limit) {
      if (word < limit) this.words[word] = MISSING
      return word + 1
    }
    if (memory.misses[place]! < 0 || text.length > tabledCharsMax) {
      return this.#copy(text, word, limit)
    }
    const head = this.#strings.get(text) ?? this.#enter(memory, place, text)
    if (head === INLINE) return this.#copy(text, word, limit)
    memory.texts[place] = text
    memory.heads[place] = head
    this.words[word] = head
    return word + 1
  }

  /** Puts a string among the definitions, if its place has few; else it is judged. */
  #enter(memory: Memory, place: number, text: string): number {
    const { misses, tabled } = memory
    const missed = misses[place]! + 1
    misses[place] = missed
    if (missed > callsJudged && missed * 2 > memory.calls) {
      misses[place] = -1
      memory.texts[place] = ''
      memory.heads[place] = emptyHead
      return INLINE
    }
    if (tabled[place]! >= tabledPerPlace) return INLINE
    tabled[place]!++
    const isNarrow = isLatin1(text)
    const string = Buffer.from(text, isNarrow ? 'latin1' : 'utf16le')
    const at = this.#keep(string, (text.length << 2) | (isNarrow ? LATIN1 : UTF16))
    if (at === INLINE) return INLINE
    const head = (at << 2) | TABLED
    this.#strings.set(text, head)
    return head
  }

  /** Writes a string into its record: its head, then its bytes. */
  #copy(text: string | undefined, word: number, limit: number): number {
    const words = this.words
    if (text === undefined) {
      if (word < limit) words[word] = MISSING
      return word + 1
    }
    const { length } = text
    if (word + 1 + ((length + 1) >> 1) > limit) return limit + 1
    if (length > loopCharsMax) return this.#copyLong(text, word)
    words[word] = (length << 2) | LATIN1
    let at = word + 1
    let codes = 0
    let i = 0
    for (; i + 3 < length; i += 4) {
      const one = text.charCodeAt(i)
      const two = text.charCodeAt(i + 1)
      const three = text.charCodeAt(i + 2)
      const four = text.charCodeAt(i + 3)
      codes |= one | two | three | four
      words[at++] = one | (two << 8) | (three << 16) | (four << 24)
    }
    if (i < length) {
      let last = 0
      for (let shift = 0; i < length; i++, shift += 8) {
        const code = text.charCodeAt(i)
        codes |= code
        last |= code << shift
      }
      words[at++] = last
    }
    return codes > 0xff ? this.#copyWide(text, word) : at
  }

  #copyLong(text: string, word: number): number {
    const { length } = text
    const at = (word + 1) << 2
    const end = (at + length + 3) & ~3
    // As many bytes as units: then each of them is ASCII. There is room for twice as many.
    if (this.#bytes.write(text, at, length * 2, 'utf8') !== length) {
      return this.#copyWide(text, word)
    }
    this.words[word] = (length << 2) | LATIN1
    for (let i = at + length; i < end; i++) this.#bytes[i] = 0
    return end >> 2
  }

  #copyWide(text: string, word: number): number {
    const { length } = text
    const end = word + 1 + ((length + 1) >> 1)
    this.words[end - 1] = 0
    this.words[word] = (length << 2) | UTF16
    this.#bytes.write(text, (word + 1) << 2, length * 2, 'utf16le')
    return end
  }

  /** Writes a definition into its record; after many entries it gets a place for good. */
  #bring(known: Known, definition: string, word: number, limit: number): number {
    if (--known.unbound === 0) {
      const at = this.#define(definition)
      // From the next entry on: this one says that it brings it.
      if (at !== INLINE) {
        known.at = at
        known.inline = undefined
        this.#categories.set(at, known.category)
      }
    }
    return this.#copy(definition, word, limit)
  }

  #learn(template: Template): Known {
    const definition = definitionOf(template)
    // What with() binds may be another one for each request: it has no place for good.
    const at = template.bindings === undefined ? this.#define(definition) : INLINE
    if (at !== INLINE) this.#categories.set(at, template.owner.name)
    const known: Known = {
      block: this,
      category: template.owner.name,
      at,
      inline: at === INLINE ? definition : undefined,
      unbound: at === INLINE ? callsBound : 0,
      memory: this.#memoryOf(template),
      places: template.event && placesOf(template.event.origin.shape),
    }
    this.#compile(known)
    template.record = known
    return known
  }

  #compile({ memory, places }: Known): void {
    if (places === undefined) return
    memory.write ??= recordWriter(
      places,
      this.words,
      this.numbers,
      memory,
      (place, text, word, limit) => this.put(memory, place, text, word, limit),
    )
  }

  #memoryOf({ message }: Template): Memory {
    let memory = this.#memories.get(message)
    if (memory === undefined) {
      memory = {
        texts: new Array<string>(placesKnown).fill(''),
        heads: new Int32Array(placesKnown).fill(emptyHead),
        misses: new Int16Array(placesKnown),
        tabled: new Uint8Array(placesKnown),
        calls: 0,
        write: undefined,
      }
      this.#memories.set(message, memory)
    }
    return memory
  }

  /** Writes a definition for good; INLINE when there is no room for more. */
  #define(definition: string): number {
    const known = this.#definitions.get(definition)
    if (known !== undefined) return known
    const text = Buffer.from(definition)
    const at = this.#keep(text, text.length)
    if (at !== INLINE) this.#definitions.set(definition, at)
    return at
  }

  /**
   * Writes bytes for good, behind a word about them; returns where, INLINE when there is no room.
   */
  #keep(text: Buffer, head: number): number {
    const bytes = 8 + ((text.length + 7) & ~7)
    if (this.#defined + bytes > this.#definitionBytes) return INLINE
    const at = headerBytes + this.#defined
    this.words[at >> 2] = head
    text.copy(this.#bytes, at + 8)
    this.words[(at >> 2) + 1] = seedOf(this.key, at, head) + sumOf(text)
    this.#defined += bytes
    this.numbers[definedAt >> 3] = this.#defined
    return at
  }

  /**
   * Has the numbers of entries go on elsewhere: those above one are moved on, by category and among
   * all. Only when another writer has had the directory.
   */
  move(seqs: ReadonlyMap<string, Move>, lsn: Move): void {
    this.lsnBase += lsn.by
    const words = this.words
    for (let position = this.#head; position < this.tail;) {
      const start = this.#from + ((position - this.#base) % this.ringBytes)
      const definition = words[(start >> 2) + definitionWord]!
      if (definition !== FILLER) {
        const seq = seqs.get(this.#categoryOf(start, definition))
        this.#moveRecord(start, position, lsn, seq)
      }
      position += words[(start >> 2) + lengthWord]!
    }
  }

  /** Changes the numbers of a record; until its mark is right again the header has the old ones. */
  #moveRecord(start: number, position: number, lsn: Move, seq: Move | undefined): void {
    const words = this.words
    const numbers = this.numbers
    const [mark, lsnAt, seqAt] = [
      (start >> 2) + markWord,
      (start >> 3) + lsnNumber,
      (start >> 3) + seqNumber,
    ]
    numbers[movingLsnAt >> 3] = numbers[lsnAt]!
    numbers[movingSeqAt >> 3] = numbers[seqAt]!
    words[movingMarkAt >> 2] = words[mark]!
    numbers[movingAt >> 3] = position + 1
    this.#moveNumber(mark, lsnAt, lsn)
    if (seq !== undefined) this.#moveNumber(mark, seqAt, seq)
    numbers[movingAt >> 3] = 0
  }

  #moveNumber(mark: number, at: number, { above, by }: Move): void {
    const numbers = this.numbers
    const words = this.words
    if (numbers[at]! <= above) return
    const before = words[2 * at]! + words[2 * at + 1]!
    numbers[at] = numbers[at]! + by
    const after = words[2 * at]! + words[2 * at + 1]!
    words[mark] = (words[mark]! + after - before) | 0
  }

  #categoryOf(start: number, definition: number): string {
    const known = this.#categories.get(definition)
    if (known !== undefined) return known
    const words = this.words
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
    const words = this.words
    const numbers = this.numbers
    let head = this.#head
    while (head < this.tail) {
      const start = this.#from + ((head - this.#base) % this.ringBytes)
      const isFiller = words[(start >> 2) + definitionWord] === FILLER
      if (!isFiller && numbers[(start >> 3) + lsnNumber]! > lsn) break
      head += words[(start >> 2) + lengthWord]!
    }
    this.releaseTo(head)
  }

  /**
   * Forgets all records in front of a position, at which one begins or will begin. Those that have
   * been forgotten stay so: a position of some time ago comes from whoever took over meanwhile.
   */
  releaseTo(head: number): void {
    if (head <= this.#head) return
    const numbers = this.numbers
    this.#head = head
    numbers[headAt >> 3] = head
    if (head !== this.tail) return
    // The first places are warm in the cache: the whole block does not fit into one.
    this.#base = head
    this.tailAt = 0
    numbers[baseAt >> 3] = head
  }
}

/**
 * The bytes of a record without the units of its strings, two each, and more: a string has a head
 * of four, and up to three follow it.
 */
export function bytesOf(tags: number, nums: number, refs: number): number {
  return recordHeadBytes + nums * 8 + tags + slackBytes + (refs + 3) * 8
}

/** Has places judged by what comes from now on. */
export function forget(memory: Memory): void {
  const { misses } = memory
  for (let place = 0; place < misses.length; place++) {
    if (misses[place]! > 0) misses[place] = 0
  }
  memory.calls = 0
}

function isLatin1(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return false
  return true
}

/** The sum of bytes, each at its place. */
export function sumOf(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0
  return sum
}
