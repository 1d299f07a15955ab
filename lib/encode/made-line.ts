// The line that was made last, and where in it the fields stand. A sink that wants the message of
// an entry gets that string from its place, and the rest of the line is not looked at. The encoder
// notes the places on the way (line-encoder.ts), which is a few numbers; a string is made when a
// sink asks for it.

import type { EntryFields, MadeEntry } from '../entry/made-entry.ts'
import { type LevelName, levelNames } from '../entry/level.ts'
import { beforeValue } from '../entry/line.ts'
import type { JsonBytes } from './json-bytes.ts'
import type { Template } from './line-template.ts'

const timestampFrom = beforeValue.timestamp.length
const quote = 0x22

/** Where a field's JSON begins and ends; an empty one is not there. */
class Span {
  from = 0
  end = 0
}

/** The entry whose line was made last. */
export class MadeLine implements MadeEntry {
  #out: JsonBytes | undefined
  #template: Template | undefined
  #from = 0
  #end = 0
  /** The line made anew because it was too long; its fields are elsewhere then. */
  #shrunk: MadeEntry | undefined
  readonly accountSpan: Span = new Span()
  /** Both ids as members, each behind a comma. */
  readonly traceSpan: Span = new Span()
  readonly messageSpan: Span = new Span()
  readonly contextSpan: Span = new Span()
  readonly exceptionSpan: Span = new Span()

  /** A line begins. */
  begin(out: JsonBytes, template: Template): void {
    this.#out = out
    this.#template = template
    this.#from = out.size
    this.#shrunk = undefined
    this.accountSpan.end = this.traceSpan.end = this.contextSpan.end = this.exceptionSpan.end = 0
  }

  /** It has come to its end. */
  finish(): void {
    this.#end = this.#out!.size
  }

  /** It has been made anew, and is what it was before only in its meaning. */
  finishShrunk(): void {
    this.finish()
    this.#shrunk = JSON.parse(this.line) as MadeEntry
  }

  get line(): string {
    return this.#out!.bytes.toString('utf8', this.#from, this.#end)
  }

  get bytes(): Buffer {
    return this.#out!.bytes.subarray(this.#from, this.#end)
  }

  get severity(): number {
    return this.#template!.severity
  }

  get level(): LevelName {
    return levelNames[this.severity]!
  }

  get category(): string {
    return this.#template!.owner.name
  }

  get timestamp(): string {
    const { bytes } = this.#out!
    const from = this.#from + timestampFrom
    return bytes.toString('latin1', from, bytes.indexOf(quote, from))
  }

  get account_id(): unknown {
    return this.#shrunk === undefined ? this.#read(this.accountSpan) : this.#shrunk.account_id
  }

  get trace_id(): unknown {
    return this.#shrunk === undefined ? this.#trace?.trace_id : this.#shrunk.trace_id
  }

  get span_id(): unknown {
    return this.#shrunk === undefined ? this.#trace?.span_id : this.#shrunk.span_id
  }

  get message(): unknown {
    return this.#shrunk === undefined ? this.#read(this.messageSpan) : this.#shrunk.message
  }

  get context(): unknown {
    return this.#shrunk === undefined ? this.#read(this.contextSpan) : this.#shrunk.context
  }

  get exception(): unknown {
    return this.#shrunk === undefined ? this.#read(this.exceptionSpan) : this.#shrunk.exception
  }

  get #trace(): EntryFields | undefined {
    const { from, end } = this.traceSpan
    if (end === 0) return undefined
    return JSON.parse(`{${this.#out!.bytes.toString('utf8', from + 1, end)}}`) as EntryFields
  }

  #read({ from, end }: Span): unknown {
    if (end === 0) return undefined
    return JSON.parse(this.#out!.bytes.toString('utf8', from, end)) as unknown
  }
}
