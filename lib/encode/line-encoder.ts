// Lanes → line: makes the JSON of captured entries, as bytes, in our own turn.
//
// A value is read from the lanes in the order in which it was captured and is written at once. The
// context of a typed event whose values all have places of their own is written by code compiled
// for it (compile-encoder.ts); that of any other typed event becomes an object again, and goes
// through what fast-json-stringify compiled from its schema.

import type { EventEncoder } from './event-encoder.ts'
import type { Restored } from './event-encoder.ts'
import { textOf } from '../entry/safe-text.ts'
import { type JsonBytes, type ReadyText, readyText } from './json-bytes.ts'
import { jsonOf } from '../entry/json-text.ts'
import { beforeValue } from '../entry/line.ts'
import {
  ABSENT,
  JOINED,
  JSON_TEXT,
  type Lanes,
  OBJECT,
  STRING,
  TRACE,
  TYPED,
} from '../capture/lanes.ts'
import { CachedString, forgetStrings } from './string-cache.ts'
import type { Redactor } from '../redact/secret-keys.ts'
import { isAccountId } from '../capture/context.ts'
import type { Ring } from '../capture/ring.ts'
import type { Bindings } from './bindings.ts'
import { JoinedFields } from './joined-fields.ts'
import { LineBeginning } from './line-beginning.ts'
import type { Template } from './line-template.ts'
import { MadeLine } from './made-line.ts'
import { shrunkLine } from './shrink-line.ts'
import { joined, ValueEncoder } from './value-encoder.ts'

const brace = 0x7b
const endBrace = 0x7d
const comma = 0x2c
const newline = 0x0a

const accountKey = readyText(',"account_id":')
const messageKey = readyText(',"message":')
const contextKey = readyText(',"context":')
const exceptionKey = readyText(',"exception":')
const seqKey = readyText(beforeValue.seq)
const lsnKey = readyText(beforeValue.lsn)
const lineEnd = readyText('}\n')

/** Captured entries, of which the encoder looks at the oldest. */
type Entries = Pick<
  Ring<Template>,
  'lanes' | 'template' | 'time' | 'accountId' | 'message' | 'seq' | 'tagEnd'
>

/** Turns captured entries into lines. */
export class LineEncoder {
  readonly #values: ValueEncoder
  readonly #lineBytesMax: number
  readonly #mismatch: () => void
  // What consecutive entries mostly have in common is made once.
  readonly #lineBeginning = new LineBeginning()
  readonly #account = new CachedString()
  readonly #joined: JoinedFields
  /** How often what counts as a secret has changed. */
  #era = 0
  /** The ids of the entry's trace as members of the line, each behind a comma. */
  #trace = ''
  /** The line that was written last, until something else is written behind it. */
  readonly made: MadeLine = new MadeLine()

  /**
   * @param redactor Decides which keys are secret.
   * @param lineBytesMax A longer line has its longest strings cut, with a mark. Bytes.
   * @param mismatch Called for a typed entry whose data break their schema.
   */
  constructor(redactor: Redactor, lineBytesMax: number, mismatch: () => void = () => {}) {
    this.#values = new ValueEncoder(redactor)
    this.#lineBytesMax = lineBytesMax
    this.#joined = new JoinedFields(this, lineBytesMax)
    this.#mismatch = mismatch
  }

  /**
   * Writes the line of the oldest entry of the ring, `\n` included, and moves the heads of the
   * lanes past it. A line above the limit is made again with its longest strings cut, so the
   * references must still be there.
   *
   * @throws when a value cannot be written after all; then `out` ends where it ended before.
   */
  write(out: JsonBytes, ring: Entries, lsn: number): void {
    const { lanes } = ring
    const { tagHead, numHead, refHead } = lanes
    const start = out.size
    const { made } = this
    try {
      made.begin(out, ring.template)
      this.#line(out, ring, lsn)
      let charsMax = Math.max(out.size - start, 64)
      while (out.size - start > this.#lineBytesMax && charsMax >= 64) {
        this.#values.charsMax = charsMax = Math.floor(charsMax / 2)
        lanes.tagHead = tagHead
        lanes.numHead = numHead
        lanes.refHead = refHead
        out.size = start
        made.begin(out, ring.template)
        this.#line(out, ring, lsn)
      }
      if (out.size - start > this.#lineBytesMax) this.#shrink(out, start)
      else made.finish()
    } catch (error) {
      out.size = start
      throw error
    } finally {
      this.#values.charsMax = Infinity
    }
  }

  /** Makes the line that begins at `start` again, whatever it is that is too long in it. */
  #shrink(out: JsonBytes, start: number): void {
    const shrunk = shrunkLine(out.textFrom(start), this.#lineBytesMax - lineEnd.length)
    out.size = start
    out.json(shrunk)
    out.byte(newline)
    this.made.finishShrunk()
  }

  /** What counts as a secret has changed: nothing that was decided before is kept. */
  forget(): void {
    this.#era++
    this.#values.forget()
    this.#joined.forget()
    forgetStrings()
  }

  get era(): number {
    return this.#era
  }

  /** A captured value as JSON, without the rest of an entry. */
  value(lanes: Lanes): string {
    return this.#values.text(lanes, lanes.shiftTag())
  }

  /** The members of a captured context, each with its value as JSON. */
  members(lanes: Lanes): [key: string, text: string][] {
    return this.#values.members(lanes)
  }

  /** An object as JSON, with strings of no more than `charsMax` UTF-16 units. */
  shortened(object: Restored, charsMax: number): string {
    return this.#values.shortened(object, charsMax)
  }

  #line(out: JsonBytes, ring: Entries, lsn: number): void {
    const { lanes, time, accountId } = ring
    let { template } = ring
    if (template.bound !== undefined && template.bound.era !== this.#era) {
      template.bound.renew(this)
      template.bindings?.renew(this)
    }
    this.#trace = ''
    if (lanes.tags[lanes.tagHead & lanes.mask]! >= TRACE) {
      template = this.#surroundings(lanes, template)
    }
    if (template.event === undefined) {
      this.#beginning(out, time, template, accountId ?? template.bindings?.accountId)
      this.#message(out, template, ring.message)
      this.#context(out, lanes, template)
    } else this.#event(out, lanes, template, template.event, time, accountId)
    if (lanes.tagHead !== ring.tagEnd) {
      out.ready(exceptionKey)
      const { exceptionSpan } = this.made
      exceptionSpan.from = out.size
      this.#values.write(out, lanes, lanes.shiftTag())
      exceptionSpan.end = out.size
    }
    out.ready(seqKey)
    out.number(template.owner.seqBase + ring.seq)
    out.ready(lsnKey)
    out.number(lsn)
    out.ready(lineEnd)
  }

  /** What surrounds the call, in front of its context. */
  #surroundings(lanes: Lanes, template: Template): Template {
    if (lanes.tags[lanes.tagHead & lanes.mask] === TRACE) {
      lanes.shiftTag()
      // Checked when they were captured: hex digits.
      this.#trace = `,"trace_id":"${lanes.shiftRef()}"`
      const spanId = lanes.shiftRef()
      if (spanId !== '') this.#trace += `,"span_id":"${spanId}"`
    }
    if (lanes.tags[lanes.tagHead & lanes.mask] !== JOINED) return template
    lanes.shiftTag()
    return this.#joined.read(lanes, template)
  }

  /**
   * A typed event up to its context; its data may have been captured untyped, when they did not
   * match the schema.
   */
  #event(
    out: JsonBytes,
    lanes: Lanes,
    template: Template,
    event: EventEncoder,
    time: number,
    accountId: string | undefined,
  ): void {
    const tag = lanes.shiftTag()
    if (tag !== TYPED || event.write === undefined || this.#values.charsMax !== Infinity) {
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
        this.#message(out, template, event.message(context))
        out.ready(event.nameText)
      }
    }
    if (event.words !== undefined) this.#words(out, event.words, event.wordsMessageEnd)
    const { contextSpan } = this.made
    contextSpan.from = out.size
    out.byte(brace)
    const { bound } = template
    if (bound !== undefined && bound.text.length > 0) {
      out.ready(bound.text)
      out.byte(comma)
    }
    event.write(out, lanes)
    contextSpan.end = out.size
  }

  /**
   * A typed event with values that have no place of their own, or are too long, or match no schema:
   * as an object.
   */
  #looseEvent(
    out: JsonBytes,
    lanes: Lanes,
    template: Template,
    event: EventEncoder,
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
      const isFirstTry = this.#values.charsMax === Infinity
      if (isFirstTry && event.matches !== undefined && !event.matches(context)) this.#mismatch()
      text = event.stringify(context)
      if (!isFirstTry) text = this.#values.shortened(JSON.parse(text) as Restored)
      if (event.keys.has('account_id')) {
        const lifted = context['account_id']
        if (isAccountId(lifted)) account ??= textOf(lifted)
        else if (lifted !== undefined) text = joined(`"account_id":${jsonOf(lifted)}`, text)
      }
    } else {
      text = tag === OBJECT ? this.#values.text(lanes, tag) : lanes.shiftRef()
      context = JSON.parse(text) as Restored
      if (text.length > this.#values.charsMax) text = this.#values.shortened(context)
    }
    this.#beginning(out, time, template, account ?? bindings?.accountId)
    if (event.words === undefined) {
      this.#message(out, template, event.message(context))
      out.ready(event.nameText)
    } else this.#words(out, event.words, event.wordsMessageEnd)
    if (bindings !== undefined) {
      const brought = Object.keys(context).filter((key) => context[key] !== undefined)
      text = joined(bindings.textWithout(brought), text)
    }
    const { contextSpan } = this.made
    contextSpan.from = out.size
    out.json(text)
    contextSpan.end = out.size
  }

  /**
   * The line up to the message: the time, the level, the category, and what is there of the account
   * and the trace.
   */
  #beginning(
    out: JsonBytes,
    time: number,
    template: Template,
    accountId: string | undefined,
  ): void {
    out.ready(this.#lineBeginning.at(time))
    out.ready(template.head)
    const { accountSpan, traceSpan } = this.made
    if (accountId !== undefined) {
      out.ready(accountKey)
      accountSpan.from = out.size
      this.#values.writeRecurring(out, this.#account, accountId)
      accountSpan.end = out.size
    }
    if (this.#trace === '') return
    traceSpan.from = out.size
    out.text(this.#trace)
    traceSpan.end = out.size
  }

  /** The words of an event whose message has no places. */
  #words(out: JsonBytes, words: ReadyText, messageEnd: number): void {
    const { messageSpan } = this.made
    messageSpan.from = out.size + messageKey.length
    messageSpan.end = out.size + messageEnd
    out.ready(words)
  }

  #message(out: JsonBytes, template: Template, message: string): void {
    const { messageSpan } = this.made
    out.ready(messageKey)
    messageSpan.from = out.size
    // Such a one was cut roughly when it was captured.
    if (message.length > this.#lineBytesMax) {
      this.#values.writeCut(out, message, this.#lineBytesMax)
    } else this.#values.writeRecurring(out, template.message, message)
    messageSpan.end = out.size
  }

  /** A value that had no place of its own, as an object again, secrets masked. */
  readonly #readLoose = (lanes: Lanes, tag: number): unknown => {
    if (tag === ABSENT) return undefined
    return tag === STRING
      ? this.#values.masked(lanes.shiftRef())
      : (JSON.parse(this.#values.text(lanes, tag)) as unknown)
  }

  /** The context with the bound fields in front; a field of the call's own replaces a bound one. */
  #context(out: JsonBytes, lanes: Lanes, template: Template): void {
    const tag = lanes.shiftTag()
    const start = out.size
    const { contextSpan } = this.made
    if (tag === OBJECT) {
      out.ready(contextKey)
      const members = out.size
      this.#values.writeMembers(out, lanes, template)
      // Nothing is left of a context that held the account alone.
      if (out.size === members + 2) {
        out.size = start
        return
      }
    } else if (tag === JSON_TEXT) {
      const text = this.#contextOfText(lanes.shiftRef(), template.bindings)
      if (text === '{}') return
      out.ready(contextKey)
      out.json(text)
    } else if (template.bound !== undefined && template.bound.text.length > 0) {
      out.ready(contextKey)
      out.byte(brace)
      out.ready(template.bound.text)
      out.byte(endBrace)
    } else return
    contextSpan.from = start + contextKey.length
    contextSpan.end = out.size
  }

  /**
   * The same for a context that was too large for the lanes. It is read again where it has to
   * change: rare.
   */
  #contextOfText(text: string, bindings: Bindings | undefined): string {
    if (bindings === undefined && text.length <= this.#values.charsMax) return text
    const own =
      text.length > this.#values.charsMax
        ? this.#values.shortened(JSON.parse(text) as Restored)
        : text
    if (bindings === undefined) return own
    return joined(bindings.textWithout(Object.keys(JSON.parse(own) as Restored)), own)
  }
}
