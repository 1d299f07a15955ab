// The value assigned to a name in text: whether there is one, and where it begins. A separator
// stands between, or a comma, a parenthesis, the edge of a table's cell; or the value is in a field
// of its own, or behind blanks alone.

import { type Assigned, type Assignment, matchEnd, take } from './assignment.ts'
import {
  cdataEnd,
  elementValue,
  fieldPatterns,
  fieldValue,
  isElement,
  isField,
} from './field-value.ts'
import {
  bareValue,
  bracketedValue,
  CALL,
  COLON,
  COMMA,
  comparedValue,
  COMPARE,
  EQUALS,
  FIELD,
  type Glue,
  nextLineValue,
  quotedValue,
  ROW,
  valuePatterns,
} from './plain-value.ts'
import { prosePatterns } from './prose.ts'
import { spacedPatterns, spacedValue } from './spaced-value.ts'
import { afterBlanks, isBlank, isLineEnd, quoteLength } from './text-marks.ts'
import { quotedEnd } from './value-extent.ts'
import { STRONG } from './secret-keys.ts'

/** What PHP writes between a name and its value. */
const serialized = /;s:\d{1,6}:/y
/** What may stand before a quote: the kind of a string, a constructor. */
const prefix = /(?:[A-Za-z_][\w.:<>*&]{0,23}\(|[bru]{1,2}|[FNELxq]|@|\$@?|&|\()(?=["'`\\])/iy
/** A type between a name and its value: `token: string = "…"`. */
const typed = /[A-Za-z_][\w.<>]{0,24}[ \t]{1,8}=[ \t]{1,8}(?=["'`])/y
/** A dash, and one word in quotes: `token - 'x'`. */
const dashed = /-[ \t]{1,4}(["'`])[^\s"'`]{6,512}\1/y
/** What YAML says of a value before it: its type, its name. */
const tag = /(?:[!&][\w!:.-]{0,64}[ \t]{1,8}){1,2}(?=\S)/y
/** What follows the closing quote of a label. */
const labelEnd = /^[,;)}\]]/
/** Dots up to a column: `Password ......: hunter2`. */
const leader = /\.{2,64}[ \t]{0,4}[:=]/y
/** A block of YAML. */
const block = /[|>][+-]?\d?[ \t]{0,8}(?=\r?\n)/y

/** Takes the value of a name; false when it has none, or none that is a secret. */
export function valueOf(into: Assigned, name: Assignment): boolean {
  const { text } = into
  if (isElement(text, name)) {
    // `<input value="…" name="password">`
    if (name.isQuoted && isField(text, name) && fieldValue(into, name)) return true
    if (elementValue(into, name)) return true
  }
  const at = name.next
  const separator = separatorEnd(text, at)
  if (separator > 0) {
    const isColon = text.charCodeAt(separator - 1) === 0x3a
    return assignedValue(into, name, separator, isColon ? COLON : EQUALS)
  }
  if (separator < 0) return assignedValue(into, name, -separator, COMPARE)
  const code = text.charCodeAt(at)
  if (code === 0x28 && at === name.end) return assignedValue(into, name, at + 1, CALL)
  if (isField(text, name)) return fieldValue(into, name)
  if (code === 0x2c) return assignedValue(into, name, at + 1, COMMA)
  if (code === 0x3b && name.isQuoted) {
    const value = matchEnd(serialized, text, at)
    return value !== -1 && assignedValue(into, name, value, FIELD)
  }
  if (!name.isSpaced) return false
  // `|` and the line of a drawn table.
  if (code === 0x7c || code === 0x2502) return assignedValue(into, name, at + 1, ROW)
  return !name.isQuoted && spacedValue(into, name)
}

/** Where a separator ends; less than 0 for a comparison; 0 when there is none. */
function separatorEnd(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === 0x3d) {
    let end = at + 1
    while (end < at + 3 && text.charCodeAt(end) === 0x3d) end++
    if (end > at + 1) return -end
    return text.charCodeAt(end) === 0x3e ? end + 1 : end
  }
  if (code === 0x3a) return colonEnd(text, at)
  if (code === 0x25) {
    let end = at + 1
    while (text.startsWith('25', end) && end < at + 5) end += 2
    const letter = text.charCodeAt(end + 1) | 0x20
    return text.charCodeAt(end) === 0x33 && (letter === 0x64 || letter === 0x61) ? end + 2 : 0
  }
  // `->`, `→`.
  if (code === 0x2192) return at + 1
  if (code === 0x2d) {
    if (text.charCodeAt(at + 1) === 0x3e) return at + 2
    return matchEnd(dashed, text, at) === -1 ? 0 : at + 1
  }
  if (code === 0x2e && text.charCodeAt(at + 1) === 0x2e)
    return Math.max(0, matchEnd(leader, text, at))
  // `?=`, `+=`, `.=`, `!=`, `??=`, `||=`.
  if (code === 0x3f || code === 0x2b || code === 0x2e || code === 0x21 || code === 0x7c) {
    const end = text.charCodeAt(at + 1) === code ? at + 2 : at + 1
    if (text.charCodeAt(end) !== 0x3d) return 0
    if (code !== 0x21) return end + 1
    return text.charCodeAt(end + 1) === 0x3d ? -(end + 2) : -(end + 1)
  }
  return 0
}

/** `:`, `::`, `:=`; not the scope of `Token::from`, nor the scheme of a URL. */
function colonEnd(text: string, at: number): number {
  let end = at + 1
  while (end < at + 3 && text.charCodeAt(end) === 0x3a) end++
  if (text.charCodeAt(end) === 0x3d) return end + 1
  const isValueNext =
    end >= text.length || isBlank(text.charCodeAt(end)) || quoteLength(text, end) > 0
  if (end > at + 1 && !isValueNext) return 0
  return text.startsWith('//', end) ? 0 : end
}

/** Takes the value behind what stands between. */
function assignedValue(into: Assigned, name: Assignment, between: number, glue: Glue): boolean {
  const { text } = into
  let at = afterBlanks(text, between)
  if (glue === COLON) at = Math.max(at, matchEnd(typed, text, at), matchEnd(tag, text, at))
  const blockEnd = matchEnd(block, text, at)
  if (blockEnd !== -1) return nextLineValue(into, name, blockEnd, true)
  if (at >= text.length) return false
  if (isLineEnd(text.charCodeAt(at))) {
    return (glue === COLON || glue === EQUALS) && nextLineValue(into, name, at, false)
  }
  at = behindPrefix(text, at)
  const quote = quoteLength(text, at)
  if (quote > 0) return !isLabel(text, name, at) && quotedValue(into, name, at, at + quote, glue)
  // `password==x`: the value may begin with a `=`.
  if (glue === COMPARE && at === between && !name.isSpaced) {
    return name.strength >= STRONG && comparedValue(into, at)
  }
  if (glue === COMPARE || glue === COMMA || glue === CALL) return false
  if (text.startsWith('<![CDATA[', at)) return take(into, at + 9, cdataEnd(text, at + 9))
  if ((text.charCodeAt(at) | 0x20) === 0x7b) return bracketedValue(into, name, at, glue)
  return bareValue(into, name, at, between, glue)
}

/** Whether a quote closes the one before the name: `label: "Password:", hint: "…"`. */
function isLabel(text: string, { start, isQuoted }: Assignment, at: number): boolean {
  const before = text.charCodeAt(start - 1)
  return !isQuoted && before === text.charCodeAt(at) && quoteLength(text, start - 1) === 1
    ? labelEnd.test(text.slice(at + 1, at + 2))
    : false
}

/** Behind what stands before a quote, if that quote is closed on its line. */
function behindPrefix(text: string, at: number): number {
  const opener = matchEnd(prefix, text, at)
  if (opener === -1) return at
  const length = quoteLength(text, opener)
  if (length === 0) return at
  const end = quotedEnd(text, opener, opener + length)
  return end >= text.length || isLineEnd(text.charCodeAt(end)) ? at : opener
}

/** The patterns that find values: what the tests prove to be safe. */
export const assignmentPatterns: Readonly<Record<string, RegExp>> = {
  serialized,
  prefix,
  typed,
  dashed,
  tag,
  labelEnd,
  leader,
  block,
  ...prosePatterns,
  ...valuePatterns,
  ...fieldPatterns,
  ...spacedPatterns,
}
