// Lanes → JSON: walks captured values in the order in which they were captured, and writes each at once.
//
// Keys are met again and again, so what is known of one, its bytes and whether it names a secret, is looked up
// once per member. No value of a secret key is written, at any depth.

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
import { mask } from '../redact/secret-text.ts'
import { CachedString } from './string-cache.ts'
import { redacted, type Redactor } from '../redact/secret-keys.ts'
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
  readonly isSecret: boolean
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
  /** The longest string written whole, in UTF-16 units; lowered for an entry that would be too long. */
  charsMax: number = Infinity

  /** @param redactor Decides which keys are secret. */
  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  /** The members of a captured context by key, each as JSON: `"key":value`. */
  members(lanes: Lanes): [key: string, text: string][] {
    const members: [string, string][] = []
    lanes.shiftTag()
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag()) {
      const key = this.#key(lanes.shiftRef())
      const text = this.#textOf((out) => {
        out.ready(key.text)
        this.#member(out, lanes, key, tag)
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
      case ARRAY: {
        out.byte(bracket)
        let isFirst = true
        for (let next = lanes.shiftTag(); next !== END; next = lanes.shiftTag()) {
          if (!isFirst) out.byte(comma)
          isFirst = false
          this.write(out, lanes, next)
        }
        out.reserve(1)
        out.byte(endBracket)
        return
      }
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

  /** An object; with `template`, the context of an entry, which begins with what is bound. */
  writeMembers(out: JsonBytes, lanes: Lanes, template: Template | undefined): void {
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
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag()) {
      const key = this.#key(lanes.shiftRef())
      if (bindings !== undefined && bindings.members.has(key.name))
        (overridden ??= []).push(key.name)
      out.ready(key.text)
      this.#member(out, lanes, key, tag)
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

  #member(out: JsonBytes, lanes: Lanes, key: Key, tag: number): void {
    if (key.isSecret) {
      skip(lanes, tag)
      out.ready(redactedText)
    } else if (tag === STRING) this.writeRecurring(out, key.string, lanes.shiftRef())
    else if (tag === ARRAY && rawHeaders.has(key.name)) this.#rawHeaders(out, lanes)
    else this.write(out, lanes, tag)
  }

  /** The headers of a request as Node has them, names and values by turns: a value is that of the name before it. */
  #rawHeaders(out: JsonBytes, lanes: Lanes): void {
    out.byte(bracket)
    let isSecret = false
    let count = 0
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag(), count++) {
      if (count > 0) out.byte(comma)
      if (count % 2 === 0) {
        isSecret =
          tag === STRING &&
          this.#redactor.isSecret(lanes.refs[lanes.refHead & lanes.mask] as string)
        this.write(out, lanes, tag)
      } else if (isSecret) {
        skip(lanes, tag)
        out.ready(redactedText)
      } else this.write(out, lanes, tag)
    }
    out.reserve(1)
    out.byte(endBracket)
  }

  /** What is known of a key. One met before costs one look into a map. */
  #key(name: string): Key {
    return this.#keys.get(name) ?? this.#newKey(name)
  }

  #newKey(name: string): Key {
    const key = {
      name,
      // A key can be made of data, so it is masked like any string.
      text: readyText(`${quoted(shownName(name, this.masked))}:`),
      isSecret: this.#redactor.isSecret(
        name.length > keyCharsMax ? cutRoughly(name, keyCharsMax) : name,
      ),
      string: new CachedString(),
    }
    if (this.#keys.size >= keysMax) this.#keys.clear()
    if (name.length <= knownCharsMax) this.#keys.set(name, key)
    return key
  }

  /** Writes a string. Masked before it is cut: a part of a secret has no form to know it by. */
  writeString(out: JsonBytes, text: string): void {
    this.#writeMasked(out, this.masked(text))
  }

  /** Writes a string that was cut roughly when it was captured, cut to its length now. */
  writeCut(out: JsonBytes, rough: string, length: number): void {
    this.#writeMasked(out, cutMasked(rough, length, this.masked))
  }

  #writeMasked(out: JsonBytes, masked: string): void {
    out.string(masked.length > this.charsMax ? cut(masked, this.charsMax) : masked)
  }

  /** Writes a string that stands in a place of its own. */
  writeRecurring(out: JsonBytes, place: CachedString, text: string): void {
    if (text.length > this.charsMax) this.writeString(out, text)
    else place.write(out, text, this.masked)
  }

  /** A string with the secrets in it masked. */
  readonly masked = (text: string): string => mask(text, this.#redactor)

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

/** Passes over a value whose tag has been read. */
function skip(lanes: Lanes, tag: number): void {
  switch (tag) {
    case CUT_STRING:
      lanes.shiftRef()
      lanes.shiftNumber()
      return
    case STRING:
    case JSON_TEXT:
      lanes.shiftRef()
      return
    case AS_TEXT:
      skip(lanes, lanes.shiftTag())
      return
    case NUMBER:
      lanes.shiftNumber()
      return
    case OBJECT:
      for (let next = lanes.shiftTag(); next !== END; next = lanes.shiftTag()) {
        lanes.shiftRef()
        skip(lanes, next)
      }
      return
    case ARRAY:
      for (let next = lanes.shiftTag(); next !== END; next = lanes.shiftTag()) skip(lanes, next)
      return
    default:
  }
}
