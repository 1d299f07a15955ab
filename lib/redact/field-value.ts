// The value that stands in a field or an element of its own beside that of its name: `{"name":
// "X-Api-Key", "value": "…"}`, `<password>…</password>`, `<key>password</key><string>…`, a part of
// a form.

import {
  type Assigned,
  type Assignment,
  isPassword,
  lookedCharsMax,
  matchEnd,
  take,
} from './assignment.ts'
import { bareValue, FIELD, quotedValue } from './plain-value.ts'
import { HINT, SHORT, STRONG, WEAK } from './secret-keys.ts'
import { hidesString, isNothing, looksSecret } from './secret-values.ts'
import { isBlank, isLineEnd, isNameCode, quoteLength } from './text-marks.ts'
import { bareEnd, lineEnd, quotedEnd } from './value-extent.ts'

/** How many fields beside that of the name are looked at. */
const fieldsMax = 4
/** How long a value in the field before may be, in UTF-16 units. */
const valueCharsMax = 256
/** How long a value is that an escaped element holds, in UTF-16 units. */
const heldCharsMax = 1040
/** How far a field's name stands before the name in it, or before a path to it. */
const keyCharsMax = 40
const pathCharsMax = 160

/** Fields that hold a name. */
const keyField =
  /(?:^|[^\w-])(?:name|key|k|id|label|title|type|action|op|event|path|pointer|(?:field|header|param(?:eter)?|prop(?:erty)?|var(?:iable)?|column|attr(?:ibute)?|setting|option|env|arg(?:ument)?)(?:[_-]?(?:name|key))?)["'\\]{0,8}\s{0,4}(?:=>|[:=])\s{0,4}["'\\]{0,8}[\w.$]{0,16}$/i
/** Fields that hold a path, up to its last part: of a patch, of a validator. */
const pathField =
  /(?:^|[^\w-])(?:path|pointer|(?:instance|data|json)_?path)["'\\]{0,8}\s{0,4}(?:=>|[:=])\s{0,4}["'\\]{1,8}[#$]?(?:\/[\w.~-]{0,32}){0,8}\/$/i
const pathList =
  /(?:^|[^\w-])(?:path|loc)["'\\]{0,8}\s{0,4}[:=]\s{0,4}\[\s{0,8}(?:["'\\]{0,8}[\w-]{1,32}["'\\]{0,8}\s{0,4},\s{0,8}){0,8}["'\\]{1,8}$/i
/** Indices behind the last part: `/credentials/0`, `/credentials/-`. */
const indices = /(?:\/(?:\d{1,10}|-)){1,3}/y
/** What is patched; what a validator shows. */
const patched = /^value$/i
/** Fields that hold its value. */
const valueField =
  /^(?:values?|val|v|content|data|params|args|input|received|was|lhs|rhs|from|to|before|after|old|new|expected|actual|(?:old|new|prev(?:ious)?|curr(?:ent)?|field|param(?:eter)?|header|attr(?:ibute)?|setting|option|var(?:iable)?|column|env|arg(?:ument)?)_?val(?:ue)?)$/i
const field = /[\s,;"'\\/]{0,24}([A-Za-z][\w-]{0,23})["'\\]{0,8}\s{0,8}(?:=>|[:=])[ \t]{0,8}/y
const emptyLine = /(?:\r?\n){2}/y

/** Whether a name is the value of a field for names. */
export function isField(text: string, { start, after }: Assignment): boolean {
  if (isPath(text, start)) return true
  if (text.charCodeAt(after - 1) === 0x5d && pathList.test(textBefore(text, start))) return true
  let at = start - 1
  while (at > start - 16 && isDotted(text.charCodeAt(at))) at--
  while (at > start - keyCharsMax && isQuoteOrBlank(text.charCodeAt(at))) at--
  const code = text.charCodeAt(at)
  if (code !== 0x3a && code !== 0x3d && code !== 0x3e) return false
  return keyField.test(text.slice(Math.max(0, start - keyCharsMax), start))
}

/** Whether a name is the last one of a path that a field holds: `"path": "/users/3/password"`. */
function isPath(text: string, start: number): boolean {
  return text.charCodeAt(start - 1) === 0x2f && pathField.test(textBefore(text, start))
}

function textBefore(text: string, start: number): string {
  return text.slice(Math.max(0, start - pathCharsMax), start)
}

function isDotted(code: number): boolean {
  return code === 0x2e || isNameCode(code)
}

function isQuoteOrBlank(code: number): boolean {
  return code === 0x20 || code === 0x22 || code === 0x27 || code === 0x5c
}

/** Takes the value in one of the fields behind that of the name, or in the one before. */
export function fieldValue(into: Assigned, name: Assignment): boolean {
  const { text } = into
  const isOfPath = isPath(text, name.start)
  let at = name.after
  if (isOfPath) at = Math.max(at, matchEnd(indices, text, name.end))
  const values = isOfPath ? patched : valueField
  for (let count = 0; count < fieldsMax; count++) {
    field.lastIndex = at
    const match = field.exec(text)
    if (match === null) break
    const value = field.lastIndex
    const quote = quoteLength(text, value)
    if (values.test(match[1]!)) {
      if (quote > 0) {
        return quotedValue(into, { ...name, isQuoted: true }, value, value + quote, FIELD)
      }
      const isBracket = (text.charCodeAt(value) | 0x20) === 0x7b
      // A number at the path of a request is a figure.
      if (isOfPath && !isBracket) return false
      return isBracket ? takeList(into, value) : bareValue(into, name, value, value, FIELD)
    }
    const end =
      quote > 0
        ? quotedEnd(text, value, value + quote)
        : bareEnd(text, value, false, lookedCharsMax)
    if (end - value >= lookedCharsMax) break
    at = end
  }
  return takePart(into, name) || takeBefore(into, name)
}

const listed = /^\[[^[\]{}\r\n]{1,1024}\]/

/** Takes the values in brackets, one of which looks like a secret: the arguments of a login. */
function takeList(into: Assigned, at: number): boolean {
  const shown = listed.exec(into.text.slice(at, at + 1026))?.[0]
  if (shown === undefined || !shown.split(/["',]+/).some((part) => looksSecret(part))) return false
  return take(into, at + 1, at + shown.length - 1)
}

/** Takes a part of a form: behind `name="password"` an empty line, then the value. */
function takePart(into: Assigned, name: Assignment): boolean {
  const from = matchEnd(emptyLine, into.text, name.after)
  if (from === -1 || name.strength < STRONG) return false
  return take(into, from, lineEnd(into.text, from))
}

const valueBefore = /(?:^|[^\w-])(?:value|val|v)["'\\]{0,8}\s{0,4}(?:=>|[:=])\s{0,4}["'\\]{1,8}$/i
const keyBefore =
  /["']\s{0,4},?\s{0,4}(?:["'\\]{0,8}op["'\\]{0,8}\s{0,4}:\s{0,4}["'\\]{1,8}\w{1,8}["'\\]{1,8}\s{0,4},\s{0,4})?["'\\]{0,8}(?:name|key|k|field|header|path)["'\\]{0,8}\s{0,4}(?:=>|[:=])\s{0,4}["'\\]{1,8}(?:\/(?:[\w.~-]{1,32}\/){0,8})?$/i

/** Takes the value in the field before: `{"value": "…", "name": "X-Api-Key"}`. */
function takeBefore(into: Assigned, name: Assignment): boolean {
  const { text } = into
  const floor = Math.max(into.done, name.start - pathCharsMax)
  const key = keyBefore.exec(text.slice(floor, name.start))
  if (key === null) return false
  const close = floor + key.index
  const lowest = Math.max(into.done, close - valueCharsMax)
  const open = lowest + text.slice(lowest, close).lastIndexOf(text[close]!)
  if (open < lowest) return false
  if (!valueBefore.test(text.slice(Math.max(into.done, open - 24), open + 1))) return false
  const shown = text.slice(open + 1, close)
  if (isNothing(shown) || /[\r\n]/.test(shown) || !hidesString(name.strength, shown)) return false
  return take(into, open + 1, close)
}

const tagBefore = /<(?:[\w.-]{1,32}:)?$/
/** Where a tag ends, and what stands up to the next one, in a text that has been escaped. */
const escapedTagEnd = /(?:&gt;|\\{1,4}u003e|%(?:25){0,2}3E)/iy
const escapedHeld = /^([^\r\n]{0,1024}?)(?:&lt;|\\{1,4}u003c|%(?:25){0,2}3C)/i
const nextElement = /<\/[\w:.-]{1,32}>\s{0,64}<[\w:.-]{1,32}>\s{0,64}/y
const attributes = /(?:\s[^<>]{0,512})?>\s{0,64}(?:<value>)?/y

/**
 * Whether a name is that of an element, or what an element holds: `<password>`,
 * `<key>password</key>`.
 */
export function isElement(text: string, { start, end, after, isQuoted }: Assignment): boolean {
  if (text.charCodeAt(end) === 0x3c) {
    let before = start - 1
    while (before > start - keyCharsMax && isDotted(text.charCodeAt(before))) before--
    return text.charCodeAt(before) === 0x3e
  }
  if (matchEnd(escapedTagEnd, text, end) !== -1) return true
  // `<entry key="password">…`.
  if (isQuoted && text.charCodeAt(after) === 0x3e) return true
  const code = text.charCodeAt(start - 1)
  return (
    code === 0x3c || (code === 0x3a && tagBefore.test(text.slice(Math.max(0, start - 34), start)))
  )
}

/** Takes what stands in an element, on one line. */
export function elementValue(into: Assigned, name: Assignment): boolean {
  const { text } = into
  const escaped = matchEnd(escapedTagEnd, text, name.end)
  if (escaped !== -1) return escapedElementValue(into, name, escaped)
  const isHeld = text.charCodeAt(name.end) === 0x3c
  const at = matchEnd(isHeld ? nextElement : attributes, text, isHeld ? name.end : name.after)
  if (at === -1) return false
  const cdata = text.startsWith('<![CDATA[', at) ? at + 9 : -1
  if (cdata !== -1) return take(into, cdata, cdataEnd(text, cdata))
  let end = at
  while (end < text.length && text.charCodeAt(end) !== 0x3c && !isLineEnd(text.charCodeAt(end))) {
    end++
  }
  if (!text.startsWith('</', end) && !isLineEnd(text.charCodeAt(end))) return false
  while (end > at && isBlank(text.charCodeAt(end - 1))) end--
  return takeHeld(into, name, at, end)
}

/** The same where the element is in a text that has been escaped: `&lt;password&gt;…`. */
function escapedElementValue(into: Assigned, name: Assignment, at: number): boolean {
  const { text } = into
  const held = escapedHeld.exec(text.slice(at, at + heldCharsMax))?.[1]
  return held !== undefined && takeHeld(into, name, at, at + held.length)
}

/** Takes what an element holds, if its name makes it a secret. */
function takeHeld(into: Assigned, name: Assignment, at: number, end: number): boolean {
  const shown = into.text.slice(at, Math.min(end, at + 2 * lookedCharsMax))
  if (isNothing(shown)) return false
  if (name.strength === SHORT && !isPassword(name.name, shown)) return false
  if (name.strength < SHORT && !hidesString(name.strength === HINT ? HINT : WEAK, shown))
    return false
  return take(into, at, end)
}

/** Where a CDATA section ends, or its line. */
export function cdataEnd(text: string, at: number): number {
  let end = at
  while (end < text.length && !isLineEnd(text.charCodeAt(end)) && !text.startsWith(']]>', end))
    end++
  return end
}

export const fieldPatterns: Readonly<Record<string, RegExp>> = {
  keyField,
  pathField,
  pathList,
  indices,
  field,
  emptyLine,
  listed,
  valueBefore,
  keyBefore,
  tagBefore,
  escapedTagEnd,
  escapedHeld,
  nextElement,
  attributes,
}
