// Entries of a block → lines: puts the values back into lanes, so that the encoder makes of them
// what it would have made in the process that logged them. Secrets are masked here, by the
// configuration of today.
//
// A typed event is compiled anew from its shape. Where today's configuration gives one of its
// values another place, since other keys are secret now, its values become a context without types,
// which the encoder masks by its keys.

import type { TSchema } from 'typebox'
import {
  ABSENT,
  ARRAY,
  AS_TEXT,
  CUT_STRING,
  END,
  FALSE,
  JOINED,
  JSON_TEXT,
  type Lanes,
  NUMBER,
  OBJECT,
  STRING,
  TRACE,
  TRUE,
  TYPED,
} from '../capture/lanes.ts'
import { Ring } from '../capture/ring.ts'
import { Bindings } from '../encode/bindings.ts'
import type { EventEncoder, Shape } from '../encode/event-encoder.ts'
import type { JsonBytes } from '../encode/json-bytes.ts'
import type { LineEncoder } from '../encode/line-encoder.ts'
import { type LineOwner, type Template, templateOf } from '../encode/line-template.ts'
import { levelNames } from '../entry/level.ts'
import { compileEvent } from '../event/compile-encoder.ts'
import { type EventDefinition, Type } from '../event/event-definition.ts'
import { redacted, type Redactor } from '../redact/secret-keys.ts'
import type { Definition } from './definition.ts'
import { placesMax } from './layout.ts'
import type { BlockEntry } from './read-block.ts'

/** A template, and whether its event has the places that the block's entries have. */
interface Restored<Owner extends LineOwner> {
  readonly template: Template<Owner>
  readonly isAlike: boolean
}

/** The templates of a block's entries, made of what the block says of them. */
export class RestoredTemplates<Owner extends LineOwner> {
  readonly #redactor: Redactor
  readonly #ownerOf: (category: string) => Owner
  readonly #known = new WeakMap<Definition, Restored<Owner>>()

  constructor(redactor: Redactor, ownerOf: (category: string) => Owner) {
    this.#redactor = redactor
    this.#ownerOf = ownerOf
  }

  of(definition: Definition): Restored<Owner> {
    let restored = this.#known.get(definition)
    if (restored === undefined) {
      restored = this.#restore(definition)
      this.#known.set(definition, restored)
    }
    return restored
  }

  #restore({ category, severity, event, bindings }: Definition): Restored<Owner> {
    const bound = bindings && new Bindings(bindings.accountId, new Map(bindings.members), 0)
    const owner = this.#ownerOf(category)
    let encoder: EventEncoder | undefined
    if (event !== undefined) {
      encoder = compileEvent(
        {
          name: event.name,
          category,
          level: levelNames[severity]!,
          message: event.message,
          context: schemaOf(event.shape),
        },
        this.#redactor,
      )
    }
    const isAlike = JSON.stringify(encoder?.origin.shape) === JSON.stringify(event?.shape)
    return { template: templateOf(owner, severity, bound, encoder), isAlike }
  }
}

/**
 * Puts the values of an entry into lanes.
 *
 * @param isAlike Whether the event of its template has the places that the entry has.
 * @returns the account of the entry.
 */
export function placeValues(lanes: Lanes, entry: BlockEntry, isAlike: boolean): string | undefined {
  const { event } = entry.definition
  const copy = new Copy(lanes, entry)
  let { accountId } = entry
  copy.surroundings()
  if (event === undefined || isAlike || entry.tags[copy.tagAt] !== TYPED) copy.rest()
  else {
    const lifted = copy.untyped(event.shape)
    accountId ??= lifted
    copy.rest()
  }
  return accountId
}

/** Makes lines of a block's entries. */
export class Restorer {
  readonly #encoder: LineEncoder
  readonly #ring: Ring<Template>
  readonly #templates: RestoredTemplates<LineOwner>

  constructor(encoder: LineEncoder, redactor: Redactor, entryBytesMax: number) {
    this.#encoder = encoder
    this.#templates = new RestoredTemplates(redactor, (name) => ({ name, seqBase: 0 }))
    this.#ring = new Ring<Template>(4, Infinity, Math.max(entryBytesMax, 2 ** 28))
    this.#ring.lanes.extend(4 * placesMax)
  }

  /**
   * Writes the line of an entry.
   *
   * @param seq The numbers that it bears in the log.
   * @throws when it cannot be written.
   */
  write(out: JsonBytes, entry: BlockEntry, seq: number, lsn: number): void {
    const { template, isAlike } = this.#templates.of(entry.definition)
    const ring = this.#ring
    ring.lanes.begin(placesMax)
    const accountId = placeValues(ring.lanes, entry, isAlike)
    ring.commit(template, entry.time, accountId, entry.message, seq)
    try {
      this.#encoder.write(out, ring, lsn)
    } finally {
      ring.shift()
    }
  }
}

/** A schema whose values have the places of this shape, if the same keys are secret. */
function schemaOf(shape: Shape): EventDefinition['context'] {
  const properties = Object.fromEntries(
    shape.map(([key, value]) => [key, typeof value === 'string' ? typeOf(value) : schemaOf(value)]),
  )
  return Type.Object(properties)
}

function typeOf(kind: string): TSchema {
  if (kind === 'number') return Type.Number()
  if (kind === 'boolean') return Type.Boolean()
  return kind === 'loose' ? Type.Optional(Type.Unknown()) : Type.String()
}

/** Copies the parts of an entry into lanes. */
class Copy {
  readonly #lanes: Lanes
  readonly #entry: BlockEntry
  tagAt = 0
  #num = 0
  #ref = 0

  constructor(lanes: Lanes, entry: BlockEntry) {
    this.#lanes = lanes
    this.#entry = entry
  }

  /** What surrounds the call, in front of its context. */
  surroundings(): void {
    const { tags } = this.#entry
    if (tags[this.tagAt] === TRACE) {
      this.#tag()
      this.#text()
      this.#text()
    }
    if (tags[this.tagAt] !== JOINED) return
    this.#tag()
    this.#text()
    this.#value()
  }

  /** All that has not been copied. */
  rest(): void {
    const { tags, nums, refs } = this.#entry
    while (this.tagAt < tags.length) this.#tag()
    while (this.#num < nums.length) this.#number()
    while (this.#ref < refs.length) this.#text()
  }

  /** The values of a typed event as an object; returns the account that is lifted out. */
  untyped(shape: Shape): string | undefined {
    this.tagAt++
    const strings: string[] = []
    const numbers: number[] = []
    const count = (kinds: readonly string[]): number => countOf(shape, kinds)
    const { nums, refs } = this.#entry
    while (strings.length < count(['string'])) strings.push(refs[this.#ref++]!)
    while (numbers.length < count(['number', 'boolean'])) numbers.push(nums[this.#num++]!)
    let account: string | undefined
    const write = (members: Shape, isTop: boolean): void => {
      this.#lanes.pushTag(OBJECT)
      for (const [key, value] of members) {
        const isAccount = isTop && key === 'account_id'
        if (isAccount && value === 'string') account = strings.shift()
        else if (isAccount && value === 'number') account = String(numbers.shift())
        else if (typeof value !== 'string') {
          this.#lanes.pushRef(key)
          write(value, false)
        } else this.#member(key, value, strings, numbers)
      }
      this.#lanes.pushTag(END)
    }
    write(shape, true)
    return account
  }

  #member(key: string, kind: string, strings: string[], numbers: number[]): void {
    const lanes = this.#lanes
    if (kind === 'loose') {
      if (this.#entry.tags[this.tagAt] === ABSENT) this.tagAt++
      else {
        lanes.pushRef(key)
        this.#value()
      }
      return
    }
    lanes.pushRef(key)
    if (kind === 'string') lanes.pushString(strings.shift()!)
    else if (kind === 'number') lanes.pushNumber(numbers.shift()!)
    else if (kind === 'boolean') lanes.pushTag(numbers.shift() === 1 ? TRUE : FALSE)
    else lanes.pushString(redacted)
  }

  /** One value with all that it holds. */
  #value(): void {
    const tag = this.#tag()
    if (tag === NUMBER) this.#number()
    else if (tag === CUT_STRING) {
      this.#number()
      this.#text()
    } else if (tag === AS_TEXT) this.#value()
    else if (tag === OBJECT || tag === ARRAY) {
      while (this.#entry.tags[this.tagAt] !== END) {
        if (tag === OBJECT) this.#text()
        this.#value()
      }
      this.#tag()
    } else if (tag === STRING || tag === JSON_TEXT) this.#text()
  }

  #tag(): number {
    const tag = this.#entry.tags[this.tagAt++]!
    this.#lanes.pushTag(tag)
    return tag
  }

  #number(): void {
    this.#lanes.placeNumber(this.#entry.nums[this.#num++]!)
  }

  /** A string, or in the place of an account none. */
  #text(): void {
    const lanes = this.#lanes
    lanes.refs[lanes.refTail & lanes.mask] = this.#entry.refs[this.#ref++]
    lanes.refTail = (lanes.refTail + 1) | 0
  }
}

function countOf(shape: Shape, kinds: readonly string[]): number {
  let count = 0
  for (const [, value] of shape) {
    if (typeof value !== 'string') count += countOf(value, kinds)
    else if (kinds.includes(value)) count++
  }
  return count
}
