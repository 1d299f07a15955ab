// Bytes → entries: reads a block that somebody has left. Nothing in it is believed before it has
// been looked at: every place is within the block, every record bears its mark, and its tags use up
// its numbers and strings exactly. One record that fails this makes the whole block invalid.

import { depthMax } from '../entry/entry.ts'
import {
  ABSENT,
  ARRAY,
  AS_TEXT,
  CUT_STRING,
  END,
  FALSE,
  JOINED,
  JSON_TEXT,
  NULL,
  NUMBER,
  OBJECT,
  STRING,
  TRACE,
  TRUE,
  TYPED,
} from '../capture/lanes.ts'
import type { Shape } from '../encode/event-encoder.ts'
import { asDefinition, type Definition, isJsonLine } from './definition.ts'
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
  LATIN1,
  lengthWord,
  logIdAt,
  logIdChars,
  logIdSetAt,
  lsnNumber,
  magic,
  markWord,
  MISSING,
  movedAt,
  movedVersion,
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
  TABLED,
  tagsWord,
  tailAt,
  timeNumber,
  UTF16,
  versionAt,
} from './layout.ts'
import { sumOf } from './block.ts'
import { baseOf, type Bases, progressBytesMin, readProgress } from './handed-progress.ts'

/** An entry of a block. */
export interface BlockEntry {
  readonly definition: Definition
  readonly lsn: number
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly message: string
  readonly accountId: string | undefined
  /** What the lanes held of it. */
  readonly tags: Uint8Array
  readonly nums: readonly number[]
  readonly refs: readonly (string | undefined)[]
}

/** What a block holds. */
export interface BlockContent {
  /** The text about the owner. */
  readonly owner: string
  readonly logId: string | undefined
  /** Entries in it. */
  readonly size: number
  /** The oldest first. They are made anew each time: all at once would be ten times the block. */
  readonly entries: Iterable<BlockEntry>
  /**
   * Gives entries other numbers, in these bytes and wherever `store` puts them. Who is killed
   * between two stores has left a block to be believed, with the old numbers or the new ones.
   */
  readonly renumber: (numbersOf: NumbersOf, store: Store) => void
  /** Notes that its entries belong to a log. */
  readonly identify: (logId: string, store: Store) => void
}

/** The numbers that an entry is to have from now on; undefined: those that it has. */
export type NumbersOf = (entry: BlockEntry) => { seq: number; lsn: number } | undefined
/** Stores a few bytes of the block at once. */
export type Store = (bytes: Uint8Array, at: number) => void

/** Times that a Date has. */
const timeMax = 8_640_000_000_000_000
/** Containers within each other, with what surrounds a context and what stands around an error. */
const nestingMax: number = 4 * depthMax

/** Why a block is not believed. */
class Fault extends Error {}

/**
 * Reads a block.
 *
 * @returns what it holds, or in one sentence why it is not believed.
 */
export function readBlock(bytes: Buffer): BlockContent | string {
  try {
    return new BlockReader(bytes).read()
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}

/** Definitions of a block that is followed that are remembered. */
const definitionsMax = 1024

/** A record: where it stands, in bytes, and its place among all that there ever were. */
interface Place {
  readonly at: number
  readonly position: number
  readonly length: number
}

/** The tags of an entry that is a typed event, and no more. */
const typedTags = new Uint8Array([TYPED])

/** Reads a block. */
export class BlockReader {
  #bytes: Buffer
  // The same, as words and as numbers: a method of Buffer takes four times as long.
  readonly #words: Int32Array
  readonly #numbers: Float64Array
  readonly #key: number
  /** Bytes up to the end of the records. */
  readonly #size: number
  #defined: number
  readonly #definitions = new Map<number | string, Definition>()
  /** Strings among the definitions, by place. */
  readonly #strings = new Map<number, string>()
  /** Behind the string that was read last. */
  #next = 0

  constructor(bytes: Buffer) {
    const { length } = bytes
    if (length < blockBytesMin || length % 8 !== 0) {
      throw new Fault(`it has ${length} bytes, too few for a ring`)
    }
    this.#bytes = bytes.byteOffset % 8 === 0 ? bytes : aligned(bytes)
    const { buffer, byteOffset } = this.#bytes
    this.#words = new Int32Array(buffer, byteOffset, length / 4)
    this.#numbers = new Float64Array(buffer, byteOffset, length / 8)
    if (bytes.toString('latin1', 0, magic.length) !== magic)
      throw new Fault('it is no ring, or not whole')
    if (this.#word(orderAt) !== orderProbe) throw new Fault('it has another byte order')
    const version = this.#word(versionAt)
    if (version !== layoutVersion && version !== handedVersion && version !== movedVersion) {
      const known = `${layoutVersion} to ${movedVersion}`
      throw new Fault(`it has layout ${version}, this version reads layouts ${known}`)
    }
    const size = this.#number(sizeAt)
    const isWhole =
      version !== layoutVersion
        ? isPosition(size, length - progressBytesMin) && size >= blockBytesMin
        : size === length
    if (!isWhole) throw new Fault(`it should have ${size} bytes, and has ${length}`)
    this.#size = size
    this.#key = this.#word(keyAt)
    this.#defined = this.#number(definedAt)
  }

  read(): BlockContent {
    const { definitions, ring } = partsOf(this.#size)
    if (this.#word(definitionsAt) !== definitions) throw new Fault('its parts have other sizes')
    if (!isPosition(this.#defined, definitions)) throw new Fault('its definitions have no end')
    const [forgotten, tail] = [this.#number(headAt), this.#number(tailAt)]
    if (!isPosition(forgotten, tail) || !isPosition(tail - forgotten, ring)) {
      throw new Fault(`its records are from ${forgotten} to ${tail}`)
    }
    if (!isPosition(this.#number(baseAt), forgotten)) throw new Fault('its ring has no beginning')
    const { written = 0, bases } = this.#progress() ?? {}
    if (!isPosition(written, tail)) throw new Fault(`its records are written to ${written}`)
    // The one who fills it forgets records when he needs their place.
    const head = Math.max(forgotten, written)
    if (!isPosition(this.#movedBytes, tail - head)) throw new Fault('its numbers have no end')
    let size = 0
    for (const place of this.#places(head)) if (this.#isEntry(place)) size++
    return {
      owner: this.#owner,
      logId: this.#logId,
      size,
      entries: { [Symbol.iterator]: () => this.#entries(head, bases) },
      renumber: (numbersOf, store) => this.#renumber(head, bases, numbersOf, store),
      identify(logId, store) {
        store(Buffer.from(logId, 'latin1'), logIdAt)
        store(new Uint8Array(Int32Array.of(1).buffer), logIdSetAt)
      },
    }
  }

  *#places(head: number): Generator<Place> {
    const { definitions, ring } = partsOf(this.#size)
    const [base, tail] = [this.#number(baseAt), this.#number(tailAt)]
    const moving = this.#number(movingAt) - 1
    for (let position = head; position < tail;) {
      const at = headerBytes + definitions + ((position - base) % ring)
      const length = this.#word(at + lengthWord * 4)
      if (length < 8 || length % 8 !== 0 || length > tail - position || at + length > this.#size) {
        throw new Fault(`the record at ${position} has ${length} bytes`)
      }
      if (position === moving) this.#moveBack(at)
      yield { at, position, length }
      position += length
    }
  }

  /** The entries of a block that has been looked at. */
  *#entries(head: number, bases: Bases | undefined): Generator<BlockEntry> {
    for (const place of this.#places(head)) {
      const entry = this.#entryAt(place, head, bases)
      if (entry !== undefined) yield entry
    }
  }

  /** The entry of a record, with its numbers in the log; undefined for what fills a lap. */
  #entryAt(
    { at, position, length }: Place,
    head: number,
    bases: Bases | undefined,
  ): BlockEntry | undefined {
    const definition = this.#word(at + definitionWord * 4)
    if (definition === FILLER) return undefined
    const entry = this.#entry(at, at + length, definition)
    const isOfRun = bases !== undefined && position - head >= this.#movedBytes
    return isOfRun ? inLog(entry, bases) : entry
  }

  /** So far the records bear the numbers of the log, from the first one on. */
  get #movedBytes(): number {
    return this.#word(versionAt) === movedVersion ? this.#word(movedAt) * 8 : 0
  }

  /** What another thread says of the records; undefined where there is none. */
  #progress(): ReturnType<typeof readProgress> {
    if (this.#size === this.#bytes.length) return undefined
    const progress = readProgress(this.#bytes.subarray(this.#size))
    if (progress === undefined) throw new Fault('what is said of its numbers is torn')
    return progress
  }

  /** Gives the record whose numbers were being changed those it had before. */
  #moveBack(at: number): void {
    const bytes = this.#bytes
    bytes.copyWithin(at + lsnNumber * 8, movingLsnAt, movingLsnAt + 8)
    bytes.copyWithin(at + seqNumber * 8, movingSeqAt, movingSeqAt + 8)
    bytes.copyWithin(at + markWord * 4, movingMarkAt, movingMarkAt + 4)
  }

  #renumber(head: number, bases: Bases | undefined, numbersOf: NumbersOf, store: Store): void {
    const words = this.#words
    const numbers = this.#numbers
    const part = (from: number, end: number): Uint8Array => this.#bytes.subarray(from, end)
    const headOf = ({ at }: Place): Uint8Array => part(at, at + numbersFrom * 8)
    const moving = this.#number(movingAt) - 1
    // Its writer did not bring that to an end, which so far is taken back in these bytes only.
    for (const place of this.#places(head)) {
      if (place.position === moving) store(headOf(place), place.at)
    }
    numbers[movingAt >> 3] = 0
    if (bases !== undefined) {
      // None of them so far, if this is not begun by another one: the word for it was 0.
      words[versionAt >> 2] = movedVersion
      store(part(versionAt, versionAt + 4), versionAt)
    }
    for (const place of this.#places(head)) {
      const { at, position, length } = place
      const [lsnAt, seqAt, markAt] = [at / 8 + lsnNumber, at / 8 + seqNumber, at / 4 + markWord]
      const entry = this.#entryAt(place, head, bases)
      if (entry === undefined) continue
      const end = position + length - head
      // What bears a number of the run must not, once what is behind it does not.
      const isOfRun = bases !== undefined && end > this.#movedBytes
      const given = numbersOf(entry) ?? (isOfRun ? entry : undefined)
      if (given === undefined) continue
      numbers[movingLsnAt >> 3] = numbers[lsnAt]!
      numbers[movingSeqAt >> 3] = numbers[seqAt]!
      words[movingMarkAt >> 2] = words[markAt]!
      numbers[movingAt >> 3] = position + 1
      store(part(movingAt, movingMarkAt + 4), movingAt)
      const sum = (): number =>
        words[2 * lsnAt]! + words[2 * lsnAt + 1]! + words[2 * seqAt]! + words[2 * seqAt + 1]!
      const before = sum()
      numbers[lsnAt] = given.lsn
      numbers[seqAt] = given.seq
      words[markAt] = (words[markAt]! + sum() - before) | 0
      store(headOf(place), at)
      if (!isOfRun) continue
      // By one store: moved, and not being moved any more.
      numbers[movingAt >> 3] = 0
      words[movedAt >> 2] = end / 8
      store(part(movingAt, movedAt + 4), movingAt)
    }
    numbers[movingAt >> 3] = 0
    store(part(movingAt, movingAt + 8), movingAt)
  }

  /**
   * Reads the records of one's own process between two positions, while more are written behind
   * them: they are believed.
   *
   * @param take Gets each entry, and where its record ends; false: it is not taken, nor what
   *   follows.
   * @returns where the first record begins that was not taken.
   */
  follow(from: number, to: number, take: (entry: BlockEntry, end: number) => boolean): number {
    const { definitions, ring } = partsOf(this.#size)
    const base = this.#number(baseAt)
    this.#defined = this.#number(definedAt)
    // What with() binds comes with each entry.
    if (this.#definitions.size > definitionsMax) this.#definitions.clear()
    let position = from
    while (position < to) {
      const at = headerBytes + definitions + ((position - base) % ring)
      const end = position + this.#word(at + lengthWord * 4)
      const definition = this.#word(at + definitionWord * 4)
      if (definition !== FILLER) {
        const entry = this.#entry(at, at + end - position, definition)
        if (!take(entry, end)) break
      }
      position = end
    }
    return position
  }

  get #owner(): string {
    const length = this.#word(ownerAt)
    if (length < 0 || length > ownerBytesMax) throw new Fault('it does not say whose it is')
    return this.#bytes.toString('utf8', ownerTextAt, ownerTextAt + length)
  }

  get #logId(): string | undefined {
    if (this.#word(logIdSetAt) !== 1) return undefined
    return this.#bytes.toString('latin1', logIdAt, logIdAt + logIdChars)
  }

  /** Whether a record is an entry; what fills the end of a lap is none. */
  #isEntry({ at, position, length }: Place): boolean {
    const definition = this.#word(at + definitionWord * 4)
    const mark = this.#word(at + markWord * 4)
    let sum = seedOf(this.#key, position, length)
    if (definition === FILLER) {
      if (mark !== sum) throw new Fault(`what fills a lap at ${position} is torn`)
      return false
    }
    if (length < recordHeadBytes) throw new Fault(`the record at ${position} has no head`)
    const words = this.#words
    const end = (at + length) >> 2
    for (let i = (at >> 2) + definitionWord; i < end; i++) sum = (sum + words[i]!) | 0
    if (mark !== sum) throw new Fault(`the record at ${position} is torn`)
    const entry = this.#entry(at, at + length, definition)
    if (!isSound(entry)) throw new Fault(`the record at ${position} holds what no call gives`)
    return true
  }

  #entry(start: number, end: number, definitionAt: number): BlockEntry {
    const tagCount = this.#count(start + tagsWord * 4)
    const numCount = this.#count(start + numsWord * 4)
    const refCount = this.#count(start + refsWord * 4)
    let at = start + recordHeadBytes
    if (at + numCount * 8 + tagCount > end) throw new Fault('a record is too short')
    const nums: number[] = []
    for (let i = at >> 3; nums.length < numCount; i++) nums.push(this.#numbers[i]!)
    at += numCount * 8
    const tags = this.#tags(at, tagCount)
    this.#next = (at + tagCount + 3) & ~3
    const inline = definitionAt === INLINE ? this.#string(end) : undefined
    const message = this.#string(end)
    const accountId = this.#string(end)
    const refs: (string | undefined)[] = []
    for (let i = 0; i < refCount; i++) refs.push(this.#string(end))
    if (end - this.#next >= 8) throw new Fault('a record is too long')
    const definition = this.#definition(inline ?? definitionAt)
    if (message === undefined) throw new Fault('a record has no message')
    return {
      definition,
      lsn: this.#number(start + lsnNumber * 8),
      seq: this.#number(start + seqNumber * 8),
      time: this.#number(start + timeNumber * 8),
      message,
      accountId,
      tags,
      nums,
      refs,
    }
  }

  #count(at: number): number {
    const count = this.#word(at)
    if (count < 0 || count > placesMax) throw new Fault('a count is wrong')
    return count
  }

  #tags(at: number, count: number): Uint8Array {
    const bytes = this.#bytes
    // An array of its own for each of a full ring's entries takes longer than all the rest.
    if (count === 1 && bytes[at] === TYPED) return typedTags
    const tags = new Uint8Array(count)
    for (let i = 0; i < count; i++) tags[i] = bytes[at + i]!
    return tags
  }

  /** The next string of a record. */
  #string(end: number): string | undefined {
    const at = this.#next
    if (at + 4 > end) throw new Fault('a string has no head')
    const head = this.#word(at)
    this.#next = at + 4
    if (head === MISSING) return undefined
    if ((head & 3) === TABLED) return this.#tabled(head >>> 2)
    const bytes = bytesOf(head)
    const from = at + 4
    if (from + bytes > end) throw new Fault('a string is wrong')
    this.#next = (from + bytes + 3) & ~3
    return this.#textOf(head, from)
  }

  #textOf(head: number, from: number): string {
    const encoding = (head & 3) === UTF16 ? 'utf16le' : 'latin1'
    return this.#bytes.toString(encoding, from, from + bytesOf(head))
  }

  /** A string among the definitions. */
  #tabled(at: number): string {
    let text = this.#strings.get(at)
    if (text === undefined) {
      const head = this.#headOf(at)
      this.#kept(at, head, bytesOf(head))
      text = this.#textOf(head, at + 8)
      this.#strings.set(at, text)
    }
    return text
  }

  /** A definition by its place among those of the block, or by its text. */
  #definition(where: number | string): Definition {
    const known = this.#definitions.get(where)
    if (known !== undefined) return known
    const made = asDefinition(typeof where === 'string' ? where : this.#definitionText(where))
    if (made === undefined) throw new Fault('a definition is wrong')
    this.#definitions.set(where, made)
    return made
  }

  #definitionText(at: number): string {
    const length = this.#headOf(at)
    return this.#kept(at, length, length).toString('utf8')
  }

  /** The word about what stands at a place among the definitions. */
  #headOf(at: number): number {
    const last = headerBytes + this.#defined
    if (at % 8 !== 0 || at < headerBytes || at + 8 > last) {
      throw new Fault('a definition is nowhere')
    }
    return this.#word(at)
  }

  /** The bytes there. */
  #kept(at: number, head: number, length: number): Buffer {
    const from = at + 8
    if (length < 0 || from + length > headerBytes + this.#defined) {
      throw new Fault('a definition is too long')
    }
    const text = this.#bytes.subarray(from, from + length)
    if (this.#word(at + 4) !== ((seedOf(this.#key, at, head) + sumOf(text)) | 0)) {
      throw new Fault('a definition is torn')
    }
    return text
  }

  #word(at: number): number {
    return this.#words[at >> 2]!
  }

  #number(at: number): number {
    return this.#numbers[at >> 3]!
  }
}

/** An entry with its numbers in the log, for one with those of its run. */
export function inLog(entry: BlockEntry, { lsn, seqs }: Bases): BlockEntry {
  return {
    ...entry,
    lsn: entry.lsn + baseOf(lsn, entry.lsn),
    seq: entry.seq + baseOf(seqs[entry.definition.category], entry.seq),
  }
}

/** The same bytes where words and numbers may be read. */
function aligned(bytes: Buffer): Buffer {
  const copy = Buffer.alloc(bytes.length)
  bytes.copy(copy)
  return copy
}

/** The bytes of a string by its head. */
function bytesOf(head: number): number {
  const form = head & 3
  if (form !== LATIN1 && form !== UTF16) throw new Fault('a string is wrong')
  return form === UTF16 ? (head >>> 2) * 2 : head >>> 2
}

function isPosition(position: number, max: number): boolean {
  return Number.isSafeInteger(position) && position >= 0 && position <= max && position % 8 === 0
}

/** Whether an entry is one that a call can have made: then it can be written. */
function isSound(entry: BlockEntry): boolean {
  const { lsn, seq, time } = entry
  if (!Number.isSafeInteger(lsn) || !Number.isSafeInteger(seq)) return false
  if (!(Math.abs(time) <= timeMax)) return false
  return new Walk(entry).isWhole()
}

/** Goes through the tags of an entry as the encoder will, and counts. */
class Walk {
  readonly #entry: BlockEntry
  #tag = 0
  #num = 0
  #ref = 0
  #isSound = true

  constructor(entry: BlockEntry) {
    this.#entry = entry
  }

  isWhole(): boolean {
    const { tags, nums, refs, definition } = this.#entry
    this.#surroundings()
    this.#context(definition)
    if (this.#isSound && this.#tag < tags.length) this.#value(this.#next(), 0)
    return (
      this.#isSound &&
      this.#tag === tags.length &&
      this.#num === nums.length &&
      this.#ref === refs.length
    )
  }

  #next(): number {
    const tag = this.#entry.tags[this.#tag++]
    if (tag === undefined) this.#isSound = false
    return tag ?? END
  }

  #text(): string {
    const text = this.#entry.refs[this.#ref++]
    if (text === undefined) this.#isSound = false
    return text ?? ''
  }

  #number(): number {
    const number = this.#entry.nums[this.#num++]
    if (number === undefined || !Number.isFinite(number)) this.#isSound = false
    return number ?? 0
  }

  #surroundings(): void {
    const { tags, refs } = this.#entry
    if (tags[this.#tag] === TRACE) {
      this.#tag++
      if (!/^[0-9a-f]+$/.test(this.#text()) || !/^[0-9a-f]*$/.test(this.#text())) {
        this.#isSound = false
      }
    }
    if (tags[this.#tag] !== JOINED) return
    this.#tag++
    // Its account, which may be missing.
    if (this.#ref++ >= refs.length) this.#isSound = false
    const tag = this.#next()
    if (tag === OBJECT) this.#members(0)
    else if (tag === JSON_TEXT) this.#json()
    else this.#isSound = false
  }

  #context({ event }: Definition): void {
    const tag = this.#next()
    if (tag === TYPED) {
      if (event === undefined) this.#isSound = false
      else this.#typed(event.shape)
    } else if (tag === OBJECT) this.#members(0)
    else if (tag === JSON_TEXT) this.#json()
    else if (tag !== NULL || event !== undefined) this.#isSound = false
  }

  #typed(shape: Shape): void {
    const kinds = kindsIn(shape)
    for (const kind of kinds) {
      if (kind === 'string') this.#text()
      else if (kind === 'number' || kind === 'boolean') this.#number()
    }
    for (const kind of kinds) {
      if (kind !== 'loose') continue
      const tag = this.#next()
      if (tag !== ABSENT) this.#value(tag, 0)
    }
  }

  #members(depth: number): void {
    for (let tag = this.#next(); tag !== END && this.#isSound; tag = this.#next()) {
      this.#text()
      this.#value(tag, depth)
    }
  }

  #value(tag: number, depth: number): void {
    if (depth > nestingMax) this.#isSound = false
    if (!this.#isSound) return
    switch (tag) {
      case NULL:
      case TRUE:
      case FALSE:
        return
      case NUMBER:
        this.#number()
        return
      case STRING:
        this.#text()
        return
      case JSON_TEXT:
        this.#json()
        return
      case CUT_STRING:
        if (!(this.#number() >= 0)) this.#isSound = false
        this.#text()
        return
      case AS_TEXT:
        this.#value(this.#next(), depth + 1)
        return
      case OBJECT:
        this.#members(depth + 1)
        return
      case ARRAY:
        for (let next = this.#next(); next !== END && this.#isSound; next = this.#next()) {
          this.#value(next, depth + 1)
        }
        return
      default:
        this.#isSound = false
    }
  }

  #json(): void {
    if (!isJsonLine(this.#text())) this.#isSound = false
  }
}

/** By shape: a ring has many entries, and few events. */
const kindsKnown = new WeakMap<Shape, readonly string[]>()

function kindsIn(shape: Shape): readonly string[] {
  let kinds = kindsKnown.get(shape)
  if (kinds === undefined) {
    kinds = shape.flatMap(([, value]) => (typeof value === 'string' ? [value] : kindsIn(value)))
    kindsKnown.set(shape, kinds)
  }
  return kinds
}
