// Values in text that stand behind a name: `password=hunter2`, `"apiKey": "…"`, `token%3D…`, `Cookie: …`. What
// names a secret is what does so among keys, the configured ones included: the redactor decides.
//
// The text is walked by hand, from separator to separator: back over the name, forward over the value. A pattern
// would have to list all names. What is masked is not looked at again, and a name has 64 characters at most, so
// the time is in proportion to the text.

import { redacted, type Redactor } from './secret-keys.ts'

/** How far a name reaches back; how many blanks, and how many marks, may stand between it and its separator. */
const nameCharsMax = 64
const blanksMax = 4
const marksMax = 12

// By ASCII code: what a name consists of, and the marks in it that are not compared; what may stand between a
// name and its separator; what ends a value in any case.
const NAME = 1
const MARK = 2
const CLOSER = 4
const STOP = 8
const kinds = new Uint8Array(128)
for (const [characters, kind] of [
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', NAME],
  ['_-$', NAME | MARK],
  ['"\'`', CLOSER | STOP],
  [']\\', CLOSER],
  [' \t\n\r<>&', STOP],
] as const) {
  for (const character of characters) kinds[character.charCodeAt(0)] = kind
}

/** The second of two words that are a name together: `API key`, `api.key`. */
const secondWord = /^(?:key|string|phrase|number|id)$/i

/** Names of errors that have to do with secrets, but hold none: `TokenExpiredError: jwt expired`. */
const errorName = /(?:error|exception|warning)$/i

/** Headers whose value goes on to the end of the line. */
const headerName = /(?:authorization|cookies?)$/i

/** What is worth more to a reader than it gives away. */
const nothings: ReadonlySet<string> = new Set(['undefined', 'null', 'true', 'false'])

/** The text with the values masked whose names name a secret; the text itself when there are none. */
export function maskNamedValues(text: string, redactor: Redactor): string {
  const { trigrams } = redactor
  let masked = ''
  let done = 0
  let equals = text.indexOf('=')
  let colon = text.indexOf(':')
  let percent = text.indexOf('%3')
  for (;;) {
    let at = equals
    if (at === -1 || (colon !== -1 && colon < at)) at = colon
    if (at === -1 || (percent !== -1 && percent < at)) at = percent
    if (at === -1) break
    let next = at + 1
    if (mayBeSecretName(text, at, trigrams)) {
      const after = afterSeparator(text, at)
      const name = after === -1 ? undefined : secretName(text, at, done, redactor)
      if (name !== undefined) {
        const opener = openerAt(text, after)
        const value = opener + openerLength(text, opener)
        const end = valueEnd(text, opener, value, name)
        if (end > value && !nothings.has(text.slice(value, end))) {
          masked += text.slice(done, value) + redacted
          done = next = end
        }
      }
    }
    if (equals !== -1 && equals < next) equals = text.indexOf('=', next)
    if (colon !== -1 && colon < next) colon = text.indexOf(':', next)
    if (percent !== -1 && percent < next) percent = text.indexOf('%3', next)
  }
  return done === 0 ? text : masked + text.slice(done)
}

/**
 * Whether the word right before a separator may be the name of a secret, or the end of one. Most are ruled out
 * here, in a third of the time that cutting them out would take.
 */
function mayBeSecretName(text: string, separator: number, trigrams: Uint8Array): boolean {
  let at = separator - 1
  let trigram = 0
  let isCandidate = 0
  for (const lowest = Math.max(0, separator - nameCharsMax); at >= lowest; at--) {
    const code = text.charCodeAt(at)
    const kind = code < 0x80 ? kinds[code]! : NAME
    if ((kind & NAME) === 0) break
    if (kind === NAME) {
      trigram = (trigram >> 5) | ((code & 31) << 10)
      isCandidate |= trigrams[trigram]!
    }
  }
  if (isCandidate !== 0 || text.charCodeAt(separator) === 0x25) return true
  const length = separator - 1 - at
  // Blanks, quotes or brackets stand there; or it may be the second of two words.
  return length === 0 || (length <= 6 && endsSecondWord(text.charCodeAt(separator - 1) | 0x20))
}

/** The last letters of {@link secondWord}, which few other short names end with. */
function endsSecondWord(letter: number): boolean {
  return letter === 0x79 || letter === 0x67 || letter === 0x65 || letter === 0x72 || letter === 0x64
}

/** Where the separator ends: `=`, `:`, `=>`, `:=`, `%3D`, `%3A`; -1 when it is none of these. */
function afterSeparator(text: string, at: number): number {
  const code = text.charCodeAt(at)
  const next = text.charCodeAt(at + 1)
  if (code === 0x25) {
    const letter = text.charCodeAt(at + 2) | 0x20
    return letter === 0x64 || letter === 0x61 ? at + 3 : -1
  }
  // A comparison.
  if (code === 0x3d && next === 0x3d) return -1
  return next === (code === 0x3d ? 0x3e : 0x3d) ? at + 2 : at + 1
}

/** The name before a separator, if it names a secret: one word, or two. */
function secretName(
  text: string,
  separator: number,
  floor: number,
  redactor: Redactor,
): string | undefined {
  const end = nameEnd(text, separator, floor)
  let start = wordStart(text, end, floor)
  // Letters and digits of `%22` are no part of the name behind it.
  if (start - floor > 0 && isQuoteEscape(text, start - 1)) start += 2
  if (start >= end) return undefined
  const word = text.slice(start, end)
  if (redactor.isSecret(word)) return errorName.test(word) ? undefined : word
  const gap = text.charCodeAt(start - 1)
  if ((gap !== 0x20 && gap !== 0x2e) || !secondWord.test(word)) return undefined
  const first = wordStart(text, start - 1, floor)
  const words = text.slice(first, end)
  return first < start - 1 && redactor.isSecret(words) ? words : undefined
}

/** Where the name before a separator ends: before blanks, then before quotes and brackets. */
function nameEnd(text: string, separator: number, floor: number): number {
  let end = separator
  const last = text.charCodeAt(end - 1)
  // Mostly it is right there; but `%22` may be before `%3A`.
  if (last < 0x80 && (kinds[last]! & NAME) !== 0 && text.charCodeAt(end) !== 0x25) return end
  const blanks = Math.max(floor, end - blanksMax)
  while (end > blanks && isBlank(text.charCodeAt(end - 1))) end--
  const marks = Math.max(floor, end - marksMax)
  while (end > marks) {
    const code = text.charCodeAt(end - 1)
    if (code < 0x80 && (kinds[code]! & CLOSER) !== 0) end--
    else if (isQuoteEscape(text, end - 3)) end -= 3
    else break
  }
  return end
}

function wordStart(text: string, end: number, floor: number): number {
  const lowest = Math.max(floor, end - nameCharsMax)
  let start = end
  while (start > lowest) {
    const code = text.charCodeAt(start - 1)
    if (code < 0x80 && (kinds[code]! & NAME) === 0) break
    start--
  }
  return start
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Whether `%22` or `%27` stands there. */
function isQuoteEscape(text: string, at: number): boolean {
  return (
    text.charCodeAt(at) === 0x25 &&
    text.charCodeAt(at + 1) === 0x32 &&
    (text.charCodeAt(at + 2) === 0x32 || text.charCodeAt(at + 2) === 0x37)
  )
}

/** Where a value begins with what opens it, behind blanks. */
function openerAt(text: string, after: number): number {
  let at = after
  while (at - after < blanksMax && isBlank(text.charCodeAt(at))) at++
  return at
}

/** How long the quote is that opens a value, with the backslashes before it; 0 without one. */
function openerLength(text: string, at: number): number {
  if (isQuoteEscape(text, at)) return 3
  let quote = at
  while (quote - at < marksMax && text.charCodeAt(quote) === 0x5c) quote++
  return isQuote(text.charCodeAt(quote)) ? quote + 1 - at : 0
}

function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27 || code === 0x60
}

function valueEnd(text: string, opener: number, value: number, name: string): number {
  if (value > opener) return quotedEnd(text, opener, value)
  const isHeader = headerName.test(name) && !opensBracket(text, value)
  return isHeader ? headerEnd(text, value) : unquotedEnd(text, value)
}

/** The end of what is in brackets, or of a single word; a mask of ours, `[REDACTED]`, is both. */
function unquotedEnd(text: string, value: number): number {
  return bareEnd(text, opensBracket(text, value) ? bracketEnd(text, value) : value)
}

function opensBracket(text: string, at: number): boolean {
  return (text.charCodeAt(at) | 0x20) === 0x7b
}

/** The end of what is quoted: the same quote with as many backslashes before it; else the end of the line. */
function quotedEnd(text: string, opener: number, value: number): number {
  const length = value - opener
  if (isQuoteEscape(text, opener)) {
    const close = text.indexOf(text.slice(opener, value), value)
    return close === -1 ? unquotedEnd(text, value) : close
  }
  const quote = text.charCodeAt(value - 1)
  let backslashes = 0
  for (let at = value; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) backslashes++
    else {
      if (code === quote) {
        // Without any, a quote is escaped by an odd number of them.
        if (length === 1 ? backslashes % 2 === 0 : backslashes < length) {
          return length === 1 ? at : at - backslashes
        }
      } else if (code === 0x0a) return at
      backslashes = 0
    }
  }
  return text.length
}

/** The end of what is in braces or brackets; all the rest when they are never closed. */
function bracketEnd(text: string, value: number): number {
  let depth = 0
  for (let at = value; at < text.length; at++) {
    const code = text.charCodeAt(at) | 0x20
    if (code === 0x7b) depth++
    else if (code === 0x7d && --depth === 0) return at + 1
  }
  return text.length
}

/** The end of a header's value: of the line, or of the string it stands in. Quotes of its own follow a `=`. */
function headerEnd(text: string, value: number): number {
  for (let at = value; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x0a || code === 0x0d || code === 0x3c || isEscapedEnd(text, at)) return at
    if (!isQuote(code)) continue
    if (text.charCodeAt(at - 1) !== 0x3d) return at
    const close = text.indexOf(text[at]!, at + 1)
    if (close === -1) return text.length
    at = close
  }
  return text.length
}

/** What follows punctuation that ends a value: a blank, an end, more punctuation, or the next name. */
const nextPart = /[\s,;)\]}.:"'`&\\]|$|["']?[A-Za-z_][\w.-]{0,40}["']?[ \t]{0,4}[=:]/y

/** The end of a value without quotes. */
function bareEnd(text: string, value: number): number {
  let at = value
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0x80) continue
    if ((kinds[code]! & STOP) !== 0 || isEscapedEnd(text, at)) break
    if (isPunctuation(code)) {
      nextPart.lastIndex = at + 1
      if (nextPart.test(text)) break
    } else if (code === 0x25 && text.startsWith('26', at + 1)) break
  }
  return at
}

/** `,` `;` `)` `]` `}` */
function isPunctuation(code: number): boolean {
  return code === 0x2c || code === 0x3b || code === 0x29 || code === 0x5d || code === 0x7d
}

/** A backslash that stands for the end of a line, or before a quote. */
function isEscapedEnd(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 0x5c) return false
  const next = text.charCodeAt(at + 1)
  return next === 0x6e || next === 0x72 || next === 0x5c || isQuote(next)
}
