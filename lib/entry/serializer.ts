// Lanes → line: makes the JSON of captured entries, as bytes, in our own turn.
//
// A value is read from the lanes in the order in which it was captured and is written at once. The context of a
// typed event whose values all have places of their own is written by code compiled for it (codec.ts); that of
// any other typed event becomes an object again, and goes through what fast-json-stringify compiled from its
// schema.

import type { EventCodec, Restored } from './codec.ts'
import { textOf } from './exception.ts'
import { JsonBytes, type ReadyText, readyText } from './json-bytes.ts'
import { quoted } from './json-text.ts'
import {
  ABSENT,
  ARRAY,
  AS_TEXT,
  cut,
  END,
  FALSE,
  JSON_TEXT,
  type Lanes,
  NULL,
  NUMBER,
  OBJECT,
  STRING,
  TRUE,
  TYPED,
} from './lanes.ts'
import { redacted, type Redactor } from './redact.ts'
import { isAccountId } from './snapshot.ts'
import { type Bindings, boundText, type Template } from './template.ts'

const brace = 0x7b
const endBrace = 0x7d
const bracket = 0x5b
const endBracket = 0x5d
const comma = 0x2c

const accountKey = readyText(',"account_id":')
const messageKey = readyText(',"message":')
const contextKey = readyText(',"context":')
const exceptionKey = readyText(',"exception":')
const seqKey = readyText(',"seq":')
const lineEnd = readyText('}\n')
const trueText = readyText('true')
const falseText = readyText('false')
const nullText = readyText('null')
const redactedText = readyText(`"${redacted}"`)

/** Keys remembered; past this the memory starts anew, so that keys made of data cannot fill it. */
const keysMax = 4096
/** Longer keys are not remembered. UTF-16 units. */
const keyCharsMax = 256

/** What is known of a key of a context. */
interface Key {
  readonly name: string
  /** With its quotes and colon. */
  readonly text: ReadyText
  readonly isSecret: boolean
}

/** Turns captured entries into lines. */
export class Serializer {
  readonly #redactor: Redactor
  readonly #lineBytesMax: number
  readonly #mismatch: () => void
  /** For values that are wanted as strings; never in use while a line is written elsewhere. */
  readonly #scratch = new JsonBytes(4096)
  /** The keys met so far. */
  readonly #keys = new Map<string, Key>()
  /** The longest string written whole; lowered for an entry that would be too long. */
  #charsMax = Infinity
  // What consecutive entries mostly have in common is made once.
  #lastTime = NaN
  #lastTimestamp = ''
  #lastBeginning = readyText('')
  #lastMessage = ''
  #lastWords: ReadyText | undefined

  /**
   * @param redactor Decides which keys are secret.
   * @param lineBytesMax A longer line has its longest strings cut, with a mark. Bytes.
   * @param mismatch Called for a typed entry whose data break their schema.
   */
  constructor(redactor: Redactor, lineBytesMax: number, mismatch: () => void = () => {}) {
    this.#redactor = redactor
    this.#lineBytesMax = lineBytesMax
    this.#mismatch = mismatch
  }

  /**
   * Writes the line of the entry that stands at the heads of the lanes, `\n` included; moves the heads past it.
   * A line above the limit is made again with its longest strings cut, so the references must still be there.
   *
   * @throws when a value cannot be written after all; then `out` ends where it ended before.
   */
  write(
    out: JsonBytes,
    lanes: Lanes,
    template: Template,
    time: number,
    accountId: string | undefined,
    message: string,
    seq: number,
  ): void {
    const { tagHead, numHead, refHead } = lanes
    const start = out.size
    try {
      this.#line(out, lanes, template, time, accountId, message, seq)
      let charsMax = Math.max(out.size - start, 64)
      while (out.size - start > this.#lineBytesMax && charsMax >= 64) {
        this.#charsMax = charsMax = Math.floor(charsMax / 2)
        lanes.tagHead = tagHead
        lanes.numHead = numHead
        lanes.refHead = refHead
        out.size = start
        this.#line(out, lanes, template, time, accountId, message, seq)
      }
    } catch (error) {
      out.size = start
      throw error
    } finally {
      this.#charsMax = Infinity
    }
  }

  /** A captured value as JSON, without the rest of an entry. */
  value(lanes: Lanes): string {
    return this.#valueText(lanes, lanes.shiftTag())
  }

  /** The members of a captured context, each with its value as JSON. */
  members(lanes: Lanes): [key: string, text: string][] {
    const members: [string, string][] = []
    lanes.shiftTag()
    for (let tag = lanes.shiftTag(); tag !== END; tag = lanes.shiftTag()) {
      const key = lanes.shiftRef()
      const from = this.#scratch.size
      this.#member(this.#scratch, lanes, this.#key(key), tag)
      members.push([key, this.#taken(from)])
    }
    return members
  }

  #line(
    out: JsonBytes,
    lanes: Lanes,
    template: Template,
    time: number,
    accountId: string | undefined,
    message: string,
    seq: number,
  ): void {
    if (template.event === undefined) {
      this.#beginning(out, time, template, accountId ?? template.bindings?.accountId)
      this.#message(out, message)
      this.#context(out, lanes, template)
      const tag = lanes.shiftTag()
      if (tag !== NULL) {
        out.ready(exceptionKey)
        this.#value(out, lanes, tag)
      }
    } else this.#event(out, lanes, template, template.event, time, accountId)
    out.ready(seqKey)
    out.number(seq)
    out.ready(lineEnd)
  }

  /** A typed event up to its context; its data may have been captured untyped, when they did not match the schema. */
  #event(
    out: JsonBytes,
    lanes: Lanes,
    template: Template,
    event: EventCodec,
    time: number,
    accountId: string | undefined,
  ): void {
    const tag = lanes.shiftTag()
    if (tag !== TYPED || event.write === undefined || this.#charsMax !== Infinity) {
      this.#looseEvent(out, lanes, template, event, time, accountId, tag)
      return
    }
    const { refHead, numHead } = lanes
    const account = accountId ?? event.accountOf?.(lanes) ?? template.bindings?.accountId
    this.#beginning(out, time, template, account)
    if (event.words === undefined || event.matches !== undefined) {
      const context = event.restore(lanes, this.#readLoose)
      lanes.refHead = refHead
      lanes.numHead = numHead
      if (event.matches !== undefined && !event.matches(context)) this.#mismatch()
      if (event.words === undefined) {
        this.#message(out, event.message(context))
        out.ready(event.nameText)
      }
    }
    if (event.words !== undefined) out.ready(event.words)
    out.byte(brace)
    if (template.bound !== undefined) {
      out.ready(template.bound)
      out.byte(comma)
    }
    event.write(out, lanes)
  }

  /** A typed event with values that have no place of their own, or are too long, or match no schema: as an object. */
  #looseEvent(
    out: JsonBytes,
    lanes: Lanes,
    template: Template,
    event: EventCodec,
    time: number,
    accountId: string | undefined,
    tag: number,
  ): void {
    const { bindings } = template
    let account = accountId
    let context: Restored
    let text: string
    if (tag === TYPED) {
      context = event.restore(lanes, this.#readLoose)
      const isFirstTry = this.#charsMax === Infinity
      if (isFirstTry && event.matches !== undefined && !event.matches(context)) this.#mismatch()
      text = isFirstTry
        ? event.stringify(context)
        : this.#shortened({ ...context, account_id: undefined })
      if (event.keys.has('account_id')) {
        const lifted = context['account_id']
        if (isAccountId(lifted)) account ??= textOf(lifted)
        else if (lifted !== undefined) text = JSON.stringify(context)
      }
    } else {
      text = tag === OBJECT ? this.#valueText(lanes, tag) : lanes.shiftRef()
      context = JSON.parse(text) as Restored
    }
    this.#beginning(out, time, template, account ?? bindings?.accountId)
    if (event.words === undefined) {
      this.#message(out, event.message(context))
      out.ready(event.nameText)
    } else out.ready(event.words)
    if (bindings !== undefined) {
      const brought = Object.keys(context).filter((key) => context[key] !== undefined)
      text = joined(boundText(bindings, brought), text)
    }
    out.json(text)
  }

  /** The line up to the account, or to the end of the category where there is none. */
  #beginning(
    out: JsonBytes,
    time: number,
    template: Template,
    accountId: string | undefined,
  ): void {
    if (time !== this.#lastTime) {
      this.#lastBeginning = readyText(`{"timestamp":"${this.timestamp(time)}`)
    }
    out.ready(this.#lastBeginning)
    out.ready(template.head)
    if (accountId === undefined) return
    out.ready(accountKey)
    this.#string(out, accountId)
  }

  /** The message. One that comes again and again is made ready the second time. */
  #message(out: JsonBytes, message: string): void {
    if (message === this.#lastMessage && this.#charsMax === Infinity) {
      this.#lastWords ??= readyText(`,"message":${quoted(message)}`)
      out.ready(this.#lastWords)
      return
    }
    this.#lastMessage = message
    this.#lastWords = undefined
    out.ready(messageKey)
    this.#string(out, message)
  }

  #shortened(context: Restored): string {
    return JSON.stringify(context, (_, value: unknown) =>
      typeof value === 'string' && value.length > this.#charsMax
        ? cut(value, this.#charsMax)
        : value,
    )
  }

  /** A value that had no place of its own, as an object again, secrets masked. */
  readonly #readLoose = (lanes: Lanes, tag: number): unknown => {
    if (tag === ABSENT) return undefined
    return tag === STRING ? lanes.shiftRef() : (JSON.parse(this.#valueText(lanes, tag)) as unknown)
  }

  /** ISO 8601 in UTC with milliseconds and `+00:00`; made once per millisecond. */
  timestamp(time: number): string {
    if (time !== this.#lastTime) {
      this.#lastTime = time
      this.#lastTimestamp = `${new Date(time).toISOString().slice(0, -1)}+00:00`
    }
    return this.#lastTimestamp
  }

  /** The context with the bound fields in front; a field of the call's own replaces a bound one. */
  #context(out: JsonBytes, lanes: Lanes, template: Template): void {
    const tag = lanes.shiftTag()
    const start = out.size
    if (tag === OBJECT) {
      out.ready(contextKey)
      const members = out.size
      this.#members(out, lanes, template)
      // Nothing is left of a context that held the account alone.
      if (out.size === members + 2) out.size = start
    } else if (tag === JSON_TEXT) {
      const text = this.#contextOfText(lanes.shiftRef(), template.bindings)
      if (text === '{}') return
      out.ready(contextKey)
      out.json(text)
    } else if (template.bound !== undefined) {
      out.ready(contextKey)
      out.byte(brace)
      out.ready(template.bound)
      out.byte(endBrace)
    }
  }

  /** The same for a context that was too large for the lanes. It is read again where it has to change: rare. */
  #contextOfText(text: string, bindings: Bindings | undefined): string {
    if (bindings === undefined && text.length <= this.#charsMax) return text
    let own = text
    if (text.length > this.#charsMax) {
      own = this.#shortened(JSON.parse(text) as Restored)
      // Many short values: no string to cut is left, so the text as a whole has to be.
      if (own.length > this.#charsMax * 64) own = `{"context":${quoted(cut(own, this.#charsMax))}}`
    }
    if (bindings === undefined) return own
    return joined(boundText(bindings, Object.keys(JSON.parse(own) as Restored)), own)
  }

  /** A value as JSON in a string. */
  #valueText(lanes: Lanes, tag: number): string {
    const from = this.#scratch.size
    this.#value(this.#scratch, lanes, tag)
    return this.#taken(from)
  }

  /** Takes what has been written to the scratch since `from` out of it again. */
  #taken(from: number): string {
    const text = this.#scratch.textFrom(from)
    if (from === 0) this.#scratch.clear()
    else this.#scratch.size = from
    return text
  }

  #value(out: JsonBytes, lanes: Lanes, tag: number): void {
    switch (tag) {
      case STRING:
        this.#string(out, lanes.shiftRef())
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
        this.#members(out, lanes, undefined)
        return
      case ARRAY: {
        out.byte(bracket)
        let isFirst = true
        for (let next = lanes.shiftTag(); next !== END; next = lanes.shiftTag()) {
          if (!isFirst) out.byte(comma)
          isFirst = false
          this.#value(out, lanes, next)
        }
        out.reserve(1)
        out.byte(endBracket)
        return
      }
      case JSON_TEXT: {
        const text = lanes.shiftRef()
        out.json(
          text.length > this.#charsMax ? this.#shortened(JSON.parse(text) as Restored) : text,
        )
        return
      }
      case AS_TEXT:
        this.#string(out, this.#valueText(lanes, lanes.shiftTag()))
        return
      default:
        throw new Error(`Cannot read the lanes: expected a tag, got ${tag}`)
    }
  }

  /** An object; with `template`, the context of an entry, which begins with what is bound. */
  #members(out: JsonBytes, lanes: Lanes, template: Template | undefined): void {
    out.reserve(1)
    out.byte(brace)
    const bindings = template?.bindings
    const boundFrom = out.size
    if (template?.bound !== undefined) {
      out.ready(template.bound)
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
      out.json(joined(boundText(bindings!, overridden), own))
      return
    }
    out.reserve(1)
    out.byte(endBrace)
  }

  #member(out: JsonBytes, lanes: Lanes, key: Key, tag: number): void {
    if (key.isSecret) {
      skip(lanes, tag)
      out.ready(redactedText)
    } else this.#value(out, lanes, tag)
  }

  /** What is known of a key. One met before costs one look into a map. */
  #key(name: string): Key {
    return this.#keys.get(name) ?? this.#newKey(name)
  }

  #newKey(name: string): Key {
    const key = {
      name,
      text: readyText(`${quoted(name)}:`),
      isSecret: this.#redactor.isSecret(name),
    }
    if (this.#keys.size >= keysMax) this.#keys.clear()
    if (name.length <= keyCharsMax) this.#keys.set(name, key)
    return key
  }

  #string(out: JsonBytes, text: string): void {
    out.string(text.length > this.#charsMax ? cut(text, this.#charsMax) : text)
  }
}

/** An object's text with bound members in front. */
function joined(bound: string, text: string): string {
  if (bound === '') return text
  return text === '{}' ? `{${bound}}` : `{${bound},${text.slice(1)}`
}

/** Passes over a value whose tag has been read. */
export function skip(lanes: Lanes, tag: number): void {
  switch (tag) {
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
