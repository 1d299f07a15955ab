// Lanes → JSON: walks captured values in the order in which they were captured, and writes each at
// once.
//
// Keys are met again and again, so what is known of one, its bytes and how surely it names a
// secret, is looked up once per member. No secret is written whose key names one, at any depth; nor
// one whose name stands beside it: in another field, `{ name: 'X-Api-Key', value: '…' }`, or before
// it in a list.

import type { Restored } from './event-encoder.ts'
import { JsonBytes, type ReadyText, readyText } from './json-bytes.ts'
import { jsonOf, quoted } from '../entry/json-text.ts'
import {
  ARRAY,
  AS_TEXT,
  CUT_STRING,
  END,
  FALSE,
  JSON_TEXT,
  type Lanes,
  NULL,
  NUMBER,
  OBJECT,
  STRING,
  TRUE,
} from '../capture/lanes.ts'
import { cut, cutMasked, cutRoughly } from '../entry/safe-text.ts'
import { mask, maskHex, maskValue } from '../redact/secret-text.ts'
import { hidesNumber } from '../redact/secret-values.ts'
import { CachedString } from './string-cache.ts'
import {
  HINT,
  LIKELY,
  NONE,
  PLURAL,
  redacted,
  type Redactor,
  SHORT,
  STRONG,
  type Strength,
  WEAK,
} from '../redact/secret-keys.ts'
import {
  type Beside,
  besideAhead,
  columnsAhead,
  columnsOf,
  headerOf,
  isSecretAhead,
  namedBy,
  namedByList,
  rowLength,
  skip,
  sure,
  unnamed,
} from './beside.ts'
import {
  BYTES,
  COLUMNS,
  INNER,
  KIND,
  LABELS,
  MANIFEST_DATA,
  NAMES,
  type Role,
  roleOf,
  ROWS,
  TEXTS,
  VALUES,
} from './key-role.ts'
import { ListOfStrings, nameStrength } from './secret-list.ts'
import type { Template } from './line-template.ts'

const brace = 0x7b
const endBrace = 0x7d
const bracket = 0x5b
const endBracket = 0x5d
const comma = 0x2c

const trueText = readyText('true')
const falseText = readyText('false')
const nullText = readyText('null')
const redactedText = readyText(`"${redacted}"`)

/** Keys remembered; past this the memory starts anew, so that keys made of data cannot fill it. */
const keysMax = 4096
/** Longer keys are not remembered, and those longer still are cut, with a mark. UTF-16 units. */
const knownCharsMax = 256
const keyCharsMax = 1024

/** The arrays of a request that hold its headers. */
const rawHeaders: ReadonlySet<string> = new Set(['rawHeaders', 'rawTrailers'])

/** What is known of a key of a context. */
interface Key {
  readonly name: string
  /** With its quotes and colon. */
  readonly text: ReadyText
  readonly strength: Strength
  readonly role: Role
  /** The strings that are its values. */
  readonly string: CachedString
}

/** Writes captured values. */
export class ValueEncoder {
  readonly #redactor: Redactor
  /** For values that are wanted as strings; never in use while a value is written elsewhere. */
  readonly #scratch = new JsonBytes(4096)
  /** The keys met so far. */
  readonly #keys = new Map<string, Key>()
  /**
   * The longest string written whole, in UTF-16 units; lowered for an entry that would be too long.
   */
  charsMax: number = Infinity

  /** @param redactor Decides which keys are secret. */
  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  /** What counts as a secret has changed. */
  forget(): void {
    this.#keys.clear()
  }

  /** The members of a captured context by key, each as JSON: `"key":value`. */
  members(lanes: Lanes): [key: string, text: string][] {
    const members: [string, string][] = []
    let beside: Beside | undefined
    lanes.shiftTag()
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag()) {
      const key = this.#key(lanes.shiftRef())
      const text = this.#textOf((out) => {
        beside = this.#member(out, lanes, key, tag, beside, NONE)
      })
      members.push([key.name, text])
    }
    return members
  }

  /** A value as JSON in a string. */
  text(lanes: Lanes, tag: number): string {
    return this.#textOf((out) => this.write(out, lanes, tag))
  }

  #textOf(write: (out: JsonBytes) => void): string {
    const out = this.#scratch
    const from = out.size
    try {
      write(out)
      return out.textFrom(from)
    } finally {
      if (from === 0) out.clear()
      else out.size = from
    }
  }

  /** Writes the value whose tag has been read. */
  write(out: JsonBytes, lanes: Lanes, tag: number): void {
    switch (tag) {
      case STRING:
        this.writeString(out, lanes.shiftRef())
        return
      case CUT_STRING:
        this.writeCut(out, lanes.shiftRef(), lanes.shiftNumber())
        return
      case NUMBER:
        out.number(lanes.shiftNumber())
        return
      case TRUE:
        out.ready(trueText)
        return
      case FALSE:
        out.ready(falseText)
        return
      case NULL:
        out.ready(nullText)
        return
      case OBJECT:
        this.writeMembers(out, lanes, undefined)
        return
      case ARRAY:
        this.#list(out, lanes, false, false)
        return
      case JSON_TEXT: {
        const text = lanes.shiftRef()
        out.json(text.length > this.charsMax ? this.shortened(JSON.parse(text) as Restored) : text)
        return
      }
      case AS_TEXT:
        this.writeString(out, this.text(lanes, lanes.shiftTag()))
        return
      default:
        throw new Error(`Cannot read the lanes: expected a tag, got ${tag}`)
    }
  }

  /**
   * An object; with `template`, the context of an entry, which begins with what is bound.
   *
   * @param around How surely the key of the object itself names a secret.
   */
  writeMembers(
    out: JsonBytes,
    lanes: Lanes,
    template: Template | undefined,
    around: Strength = NONE,
  ): void {
    out.reserve(1)
    out.byte(brace)
    const bindings = template?.bindings
    const boundFrom = out.size
    if (bindings !== undefined && bindings.text.length > 0) {
      out.ready(bindings.text)
      out.byte(comma)
    }
    const from = out.size
    let overridden: string[] | undefined
    let beside: Beside | undefined
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag()) {
      const key = this.#key(lanes.shiftRef())
      if (bindings !== undefined && bindings.members.has(key.name))
        (overridden ??= []).push(key.name)
      beside = this.#member(out, lanes, key, tag, beside, around)
      out.byte(comma)
    }
    // The comma behind the last one, or behind what is bound, makes way for the end.
    if (out.size > boundFrom) out.size--
    if (overridden !== undefined) {
      const own = out.size < from ? '{}' : `{${out.textFrom(from)}}`
      out.size = boundFrom - 1
      out.json(joined(bindings!.textWithout(overridden), own))
      return
    }
    out.reserve(1)
    out.byte(endBrace)
  }

  /**
   * Writes a member of an object.
   *
   * @param beside What the members before say of this one; undefined before any that says a thing.
   * @param around How surely the key of the object itself names a secret.
   * @returns `beside` for the members behind.
   */
  #member(
    out: JsonBytes,
    lanes: Lanes,
    key: Key,
    tag: number,
    beside: Beside | undefined,
    around: Strength,
  ): Beside | undefined {
    out.ready(key.text)
    const { role } = key
    if (role === 0) {
      this.#value(out, lanes, key, tag)
      return beside
    }
    if (tag === STRING) return this.#stringMember(out, lanes, key, beside, around)
    switch (role) {
      case NAMES: {
        const said = tag === ARRAY ? namedByList(lanes, key.name, this.#redactor) : unnamed
        this.#value(out, lanes, key, tag)
        return said === unnamed ? beside : said
      }
      case COLUMNS: {
        const columns = tag === ARRAY ? columnsOf(lanes, this.#redactor) : undefined
        this.#value(out, lanes, key, tag)
        if (columns === undefined) return beside
        return { strength: beside?.strength ?? NONE, isPath: false, columns }
      }
      case MANIFEST_DATA:
        if (tag === ARRAY) this.#rowsMember(out, lanes, key, tag, beside)
        else if (tag === OBJECT && (beside === sure || isSecretAhead(lanes, tag))) {
          this.#guarded(out, lanes, tag, STRONG, key)
        } else this.#value(out, lanes, key, tag)
        return beside
      case ROWS:
        this.#rowsMember(out, lanes, key, tag, beside)
        return beside
      case VALUES: {
        const { strength, isPath } = beside ?? besideAhead(lanes, tag, this.#redactor)
        // A number at the path of a request is a figure.
        const near = isPath && (key.name !== 'value' || tag === NUMBER) ? NONE : strength
        this.#besideName(out, lanes, key, tag, near || around)
        return beside
      }
      default:
        this.#besideName(out, lanes, key, tag, role === INNER ? around : NONE)
        return beside
    }
  }

  /** The same of a string. */
  #stringMember(
    out: JsonBytes,
    lanes: Lanes,
    key: Key,
    beside: Beside | undefined,
    around: Strength,
  ): Beside | undefined {
    const { name, role } = key
    switch (role) {
      case NAMES:
      case LABELS: {
        const said = namedBy(lanes, name, role, this.#redactor)
        this.#value(out, lanes, key, STRING)
        // A label that names nothing leaves what a name has said.
        if (role === LABELS && said === unnamed) return beside
        return beside?.columns === undefined ? said : { ...said, columns: beside.columns }
      }
      case BYTES: {
        const hex = lanes.shiftRef()
        const masked = maskHex(hex, this.#redactor)
        this.writeString(out, masked, masked === hex ? around : NONE)
        return beside
      }
      case KIND: {
        const isSecret = lanes.refs[lanes.refHead & lanes.mask] === 'Secret'
        this.#value(out, lanes, key, STRING)
        return isSecret ? sure : beside
      }
      case VALUES: {
        const { strength, isPath } = beside ?? besideAhead(lanes, STRING, this.#redactor)
        const near = isPath && name !== 'value' ? NONE : strength
        this.#besideName(out, lanes, key, STRING, near || around)
        return beside
      }
      case TEXTS:
      case MANIFEST_DATA: {
        const { strength, isPath } = beside ?? besideAhead(lanes, STRING, this.#redactor)
        this.#besideName(out, lanes, key, STRING, strength >= STRONG && !isPath ? strength : NONE)
        return beside
      }
      default:
        this.#besideName(out, lanes, key, STRING, role === INNER ? around : NONE)
        return beside
    }
  }

  /** A member that may hold the rows of a table, whose columns stand beside it. */
  #rowsMember(
    out: JsonBytes,
    lanes: Lanes,
    key: Key,
    tag: number,
    beside: Beside | undefined,
  ): void {
    let columns: readonly Strength[] | undefined
    if (tag === ARRAY && key.strength === NONE) {
      const isTable = lanes.tags[lanes.tagHead & lanes.mask] === ARRAY
      columns = beside?.columns
      if (!isTable && key.role !== ROWS) columns = undefined
      else if (isTable) columns ??= columnsAhead(lanes, tag, this.#redactor).columns
    }
    if (columns === undefined) this.#value(out, lanes, key, tag)
    else this.#rows(out, lanes, columns, key, false)
  }

  /** Rows, or one, whose cells are secrets by their columns. */
  #rows(
    out: JsonBytes,
    lanes: Lanes,
    columns: readonly Strength[],
    key: Key,
    isRow: boolean,
  ): void {
    out.byte(bracket)
    let count = 0
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag(), count++) {
      if (count > 0) out.byte(comma)
      const strength = columns[count] ?? NONE
      if (tag === ARRAY && !isRow) this.#rows(out, lanes, columns, key, true)
      else if (strength === NONE || (tag === OBJECT && !isRow)) this.write(out, lanes, tag)
      else if (tag === STRING) this.writeString(out, lanes.shiftRef(), strength)
      else this.#guarded(out, lanes, tag, strength, key)
    }
    out.reserve(1)
    out.byte(endBracket)
  }

  #value(out: JsonBytes, lanes: Lanes, key: Key, tag: number): void {
    if (key.strength !== NONE) this.#guarded(out, lanes, tag, key.strength, key)
    else if (tag === STRING) this.writeRecurring(out, key.string, lanes.shiftRef())
    else if (tag === ARRAY) this.#list(out, lanes, rawHeaders.has(key.name), false)
    else this.write(out, lanes, tag)
  }

  /** A member whose name may stand beside it; `near` is how surely that names a secret. */
  #besideName(out: JsonBytes, lanes: Lanes, key: Key, tag: number, near: Strength): void {
    if (near === NONE || key.strength !== NONE) this.#value(out, lanes, key, tag)
    else if (tag === STRING) this.writeString(out, lanes.shiftRef(), near)
    else this.#guarded(out, lanes, tag, near, key)
  }

  /**
   * A value whose name names a secret, more or less surely. Booleans and null are none, nor are
   * counts.
   */
  #guarded(out: JsonBytes, lanes: Lanes, tag: number, strength: Strength, key: Key): void {
    switch (tag) {
      case STRING:
        this.writeRecurring(out, key.string, lanes.shiftRef(), strength)
        return
      case NUMBER: {
        const value = lanes.shiftNumber()
        if (hidesNumber(strength, key.name, value)) out.ready(redactedText)
        else out.number(value)
        return
      }
      case TRUE:
      case FALSE:
      case NULL:
        this.write(out, lanes, tag)
        return
      default:
        if (strength >= STRONG) {
          skip(lanes, tag)
          out.ready(redactedText)
        } else if (tag === ARRAY) this.#list(out, lanes, false, false, strength, key)
        else if (tag === OBJECT) this.writeMembers(out, lanes, undefined, strength)
        else this.write(out, lanes, tag)
    }
  }

  /**
   * A list. A string in it may be the name of the next one.
   *
   * @param isRaw Whether names and values stand there by turns, as in the headers of a request.
   * @param isInner Whether it stands in a list itself: of two strings the second is the value of
   *   the first.
   * @param strength How surely the key of the list names a secret; `key` is that key.
   */
  #list(
    out: JsonBytes,
    lanes: Lanes,
    isRaw: boolean,
    isInner: boolean,
    strength: Strength = NONE,
    key?: Key,
  ): void {
    out.byte(bracket)
    const strings = new ListOfStrings(this.#redactor)
    let header: readonly Strength[] | undefined
    let count = 0
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag(), count++) {
      if (count > 0) out.byte(comma)
      if (key !== undefined) {
        if (tag === STRING) this.writeString(out, lanes.shiftRef(), strength)
        else this.#guarded(out, lanes, tag, strength, key)
      } else if (tag === STRING) {
        const text = lanes.shiftRef()
        const isLast = lanes.tags[lanes.tagHead & lanes.mask] === END
        const isValue = isRaw ? count % 2 === 1 : isInner && count === 1 && isLast
        this.writeString(out, strings.next(text, isValue) ?? text)
      } else {
        strings.break()
        if (tag === ARRAY && count === 0) header = headerOf(lanes, this.#redactor)
        if (count > 0 && header !== undefined && tag === ARRAY) {
          this.#underHeader(out, lanes, header)
        } else if (tag === ARRAY) this.#list(out, lanes, false, true)
        else this.write(out, lanes, tag)
      }
    }
    out.reserve(1)
    out.byte(endBracket)
  }

  /** A row below those names, if it is one. */
  #underHeader(out: JsonBytes, lanes: Lanes, header: readonly Strength[]): void {
    if (rowLength(lanes) === header.length) {
      this.#rows(out, lanes, header, this.#key('rows'), true)
    } else this.#list(out, lanes, false, true)
  }

  /** What is known of a key. One met before costs one look into a map. */
  #key(name: string): Key {
    return this.#keys.get(name) ?? this.#newKey(name)
  }

  #newKey(name: string): Key {
    const key: Key = {
      name,
      // A key can be made of data, so it is masked like any string.
      text: readyText(`${quoted(shownName(name, this.masked))}:`),
      strength: this.#strengthOfKey(
        name.length > keyCharsMax ? cutRoughly(name, keyCharsMax) : name,
      ),
      role: roleOf(name),
      string: new CachedString(),
    }
    if (this.#keys.size >= keysMax) this.#keys.clear()
    if (name.length <= knownCharsMax) this.#keys.set(name, key)
    return key
  }

  /** A key of a Map may be an object: each word of it is asked, the surest tells. */
  #strengthOfKey(name: string): Strength {
    const strength = this.#redactor.strengthOf(name)
    if (strength >= STRONG || !/^[[{].*[\]}]$/.test(name)) return strength
    const isSure = name
      .split(/[^\w$-]+/)
      .some((word) => nameStrength(word, this.#redactor) >= STRONG)
    return isSure ? STRONG : strength
  }

  /** Writes a string. Masked before it is cut: a part of a secret has no form to know it by. */
  writeString(out: JsonBytes, text: string, strength: Strength = NONE): void {
    this.#writeMasked(out, this.#maskedBy[strength]!(text))
  }

  /** Writes a string that was cut roughly when it was captured, cut to its length now. */
  writeCut(out: JsonBytes, rough: string, length: number): void {
    this.#writeMasked(out, cutMasked(rough, length, this.masked))
  }

  #writeMasked(out: JsonBytes, masked: string): void {
    out.string(masked.length > this.charsMax ? cut(masked, this.charsMax) : masked)
  }

  /** Writes a string that stands in a place of its own, always behind the same key. */
  writeRecurring(
    out: JsonBytes,
    place: CachedString,
    text: string,
    strength: Strength = NONE,
  ): void {
    if (text.length > this.charsMax) this.writeString(out, text, strength)
    else place.write(out, text, this.#maskedBy[strength]!)
  }

  /** A string with the secrets in it masked. */
  readonly masked = (text: string): string => mask(text, this.#redactor)

  /** The same for the values of keys, by how surely they name a secret. */
  readonly #maskedBy: readonly ((text: string) => string)[] = [
    this.masked,
    (text) => maskValue(text, HINT, this.#redactor),
    (text) => maskValue(text, WEAK, this.#redactor),
    (text) => maskValue(text, LIKELY, this.#redactor),
    (text) => maskValue(text, SHORT, this.#redactor),
    () => redacted,
    (text) => maskValue(text, PLURAL, this.#redactor),
  ]

  /** A context whose strings are too long, as JSON with its longest strings cut. */
  shortened(context: Restored, charsMax: number = this.charsMax): string {
    const shortened = (value: unknown): unknown => {
      if (typeof value === 'string') return cut(value, charsMax)
      if (typeof value !== 'object' || value === null) return value
      if (Array.isArray(value)) return value.map(shortened)
      return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, shortened(of)]))
    }
    return jsonOf(shortened(context))
  }
}

/** A key, or the name of an event, as it is written: masked, and cut where it is too long. */
export function shownName(name: string, masked: (text: string) => string): string {
  return name.length > keyCharsMax
    ? cutMasked(cutRoughly(name, keyCharsMax), keyCharsMax, masked)
    : masked(name)
}

/** An object's text with bound members in front. */
export function joined(bound: string, text: string): string {
  if (bound === '') return text
  return text === '{}' ? `{${bound}}` : `{${bound},${text.slice(1)}`
}
