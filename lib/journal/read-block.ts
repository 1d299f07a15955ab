// Bytes → entries: reads a block that somebody has left. Nothing in it is believed before it has
// been looked at: every place is within the block, every record bears its mark, and its tags use up
// its numbers and strings exactly. One record that is not so, and the block is none.

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
  movingAt,
  movingLsnAt,
  movingMarkAt,
  movingSeqAt,
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
  /** The oldest first. */
  readonly entries: readonly BlockEntry[]
}

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

/** Reads a block. */
export class BlockReader {
  #bytes: Buffer
  /** The same. A method of Buffer takes four times as long. */
  #view: DataView
  readonly #key: number
  /** Bytes up to the end of the records. */
  readonly #size: number
  #defined: number
  readonly #definitions = new Map<number | string, Definition>()
  /** Strings among the definitions, by place. */
  readonly #strings = new Map<number, string>()

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    const { length } = bytes
    if (length < blockBytesMin) throw new Fault(`it has ${length} bytes, too few for a ring`)
    if (bytes.toString('latin1', 0, magic.length) !== magic)
      throw new Fault('it is no ring, or not whole')
    const version = this.#word(versionAt)
    if (version !== layoutVersion && version !== handedVersion) {
      const known = `${layoutVersion} and ${handedVersion}`
      throw new Fault(`it has layout ${version}, this version reads layouts ${known}`)
    }
    if (this.#word(orderAt) !== orderProbe) throw new Fault('it has another byte order')
    const size = this.#number(sizeAt)
    const isWhole =
      version === handedVersion
        ? isPosition(size, length - progressBytesMin) && size >= blockBytesMin
        : size === length
    if (!isWhole) throw new Fault(`it should have ${size} bytes, and has ${length}`)
    this.#size = size
    this.#key = this.#word(keyAt)
    this.#defined = this.#number(definedAt)
  }

  read(): BlockContent {
    const size = this.#size
    const { definitions, ring } = partsOf(size)
    if (this.#word(definitionsAt) !== definitions) throw new Fault('its parts have other sizes')
    if (!isPosition(this.#defined, definitions)) throw new Fault('its definitions have no end')
    const [forgotten, tail] = [this.#number(headAt), this.#number(tailAt)]
    if (!isPosition(forgotten, tail) || !isPosition(tail - forgotten, ring)) {
      throw new Fault(`its records are from ${forgotten} to ${tail}`)
    }
    const base = this.#number(baseAt)
    if (!isPosition(base, forgotten)) throw new Fault('its ring has no beginning')
    const { written = 0, bases } = this.#progress() ?? {}
    if (!isPosition(written, tail)) throw new Fault(`its records are written to ${written}`)
    // The one who fills it forgets records when he needs their place.
    const head = Math.max(forgotten, written)
    const moving = this.#number(movingAt) - 1
    const entries: BlockEntry[] = []
    for (let position = head; position < tail;) {
      const at = headerBytes + definitions + ((position - base) % ring)
      const length = this.#word(at + lengthWord * 4)
      if (length < 8 || length % 8 !== 0 || length > tail - position || at + length > size) {
        throw new Fault(`the record at ${position} has ${length} bytes`)
      }
      if (position === moving) this.#moveBack(at)
      const entry = this.#record(at, position, length)
      if (entry !== undefined) entries.push(bases === undefined ? entry : inLog(entry, bases))
      position += length
    }
    return { owner: this.#owner, logId: this.#logId, entries }
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
    const bytes = Buffer.from(this.#bytes)
    bytes.copyWithin(at + lsnNumber * 8, movingLsnAt, movingLsnAt + 8)
    bytes.copyWithin(at + seqNumber * 8, movingSeqAt, movingSeqAt + 8)
    bytes.copyWithin(at + markWord * 4, movingMarkAt, movingMarkAt + 4)
    this.#bytes = bytes
    this.#view = viewOf(bytes)
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

  /** One record; undefined for what fills the end of a lap. */
  #record(at: number, position: number, length: number): BlockEntry | undefined {
    const definition = this.#word(at + definitionWord * 4)
    const mark = this.#word(at + markWord * 4)
    let sum = seedOf(this.#key, position, length)
    if (definition === FILLER) {
      if (mark !== sum) throw new Fault(`what fills a lap at ${position} is torn`)
      return undefined
    }
    if (length < recordHeadBytes) throw new Fault(`the record at ${position} has no head`)
    for (let i = definitionWord * 4; i < length; i += 4) sum = (sum + this.#word(at + i)) | 0
    if (mark !== sum) throw new Fault(`the record at ${position} is torn`)
    const entry = this.#entry(at, at + length, definition)
    if (!isSound(entry)) throw new Fault(`the record at ${position} holds what no call gives`)
    return entry
  }

  #entry(start: number, end: number, definitionAt: number): BlockEntry {
    const tagCount = this.#count(start + tagsWord * 4)
    const numCount = this.#count(start + numsWord * 4)
    const refCount = this.#count(start + refsWord * 4)
    let at = start + recordHeadBytes
    if (at + numCount * 8 + tagCount > end) throw new Fault('a record is too short')
    const nums: number[] = []
    for (let i = 0; i < numCount; i++) nums.push(this.#number(at + i * 8))
    at += numCount * 8
    const tags = new Uint8Array(tagCount)
    for (let i = 0; i < tagCount; i++) tags[i] = this.#bytes[at + i]!
    at = (at + tagCount + 3) & ~3
    const texts: (string | undefined)[] = []
    const textCount = refCount + (definitionAt === INLINE ? 3 : 2)
    while (texts.length < textCount) {
      const { text, next } = this.#string(at, end)
      texts.push(text)
      at = next
    }
    if (end - at >= 8) throw new Fault('a record is too long')
    const inline = definitionAt === INLINE ? texts.shift() : undefined
    const definition = this.#definition(inline ?? definitionAt)
    const [message, accountId, ...refs] = texts
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

  #string(at: number, end: number): { text: string | undefined; next: number } {
    if (at + 4 > end) throw new Fault('a string has no head')
    const head = this.#word(at)
    if (head === MISSING) return { text: undefined, next: at + 4 }
    if ((head & 3) === TABLED) return { text: this.#tabled(head >>> 2), next: at + 4 }
    const bytes = bytesOf(head)
    const from = at + 4
    if (from + bytes > end) throw new Fault('a string is wrong')
    return { text: this.#textOf(head, from), next: (from + bytes + 3) & ~3 }
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
    return this.#view.getInt32(at, true)
  }

  #number(at: number): number {
    return this.#view.getFloat64(at, true)
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

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength)
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
