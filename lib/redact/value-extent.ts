// The end of a value that stands behind a name: at its closing quote or bracket, at what ends a
// word, at the end of the line at the latest. A mask never reaches beyond its line.

import { closingQuote, isBlank, isLineEnd, quoteLength } from './text-marks.ts'

/** Where the line ends that holds a place. */
export function lineEnd(text: string, at: number): number {
  let end = at
  while (end < text.length && !isLineEnd(text.charCodeAt(end))) end++
  return end
}

/**
 * The end of what is quoted: the same quote with as many backslashes before it; else the end of the
 * line.
 *
 * @param opener Where the opening quote begins.
 * @param value Where the value begins, behind it.
 */
export function quotedEnd(text: string, opener: number, value: number): number {
  const mark = text.charCodeAt(value - 1)
  const isPlain = mark === 0x22 || mark === 0x27 || mark === 0x60
  return isPlain ? plainQuotedEnd(text, opener, value) : escapedQuotedEnd(text, opener, value)
}

function plainQuotedEnd(text: string, opener: number, value: number): number {
  const length = value - opener
  const quote = text.charCodeAt(value - 1)
  let backslashes = 0
  for (let at = value; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x5c) backslashes++
    else {
      if (code === quote) {
        // Without any, a quote is escaped by an odd number of them.
        if (length === 1 ? backslashes % 2 === 0 : backslashes < length) {
          if (length > 1) return at - backslashes
          const again = reopened(text, at, quote, value)
          if (again === 0) return at
          at += again
        }
      } else if (isLineEnd(code)) return at
      backslashes = 0
    }
  }
  return text.length
}

/**
 * How many characters follow a quote that opens it again, as SQL, YAML and CSV write a quote in
 * quotes (`''`), and shells do (`'\\''`, `'"'"'`).
 */
function reopened(text: string, at: number, quote: number, value: number): number {
  const next = text.charCodeAt(at + 1)
  // An empty value, and what follows it.
  if (next === quote) return at > value || !isValueEnd(text, at + 2) ? 1 : 0
  if (quote !== 0x27) return 0
  if (text.startsWith("\\''", at + 1)) return 3
  return text.startsWith(`"'"'`, at + 1) ? 4 : 0
}

/** Whether a value may end before a place: what follows is a blank, an end, punctuation. */
function isValueEnd(text: string, at: number): boolean {
  return at >= text.length || /[\s,;:)\]}>&|.]/.test(text[at]!)
}

/** How far closing quotes are looked at that may be escaped, in UTF-16 units. */
const escapedCharsMax = 4096
/** A backslash, as the quotes behind it are written. */
const backslash = /%(?:25){0,2}5C$/i

/** Whether a quote that is written otherwise has a backslash before it: `%5C%22`, `\\&quot;`. */
function isEscaped(text: string, close: number): boolean {
  const code = text.charCodeAt(close)
  if (code === 0x25) return backslash.test(text.slice(close - 7, close))
  return code === 0x26 && text.charCodeAt(close - 1) === 0x5c
}

function escapedQuotedEnd(text: string, opener: number, value: number): number {
  const closing = closingQuote(text.slice(opener, value))
  let close = text.indexOf(closing, value)
  while (close !== -1 && close - value < escapedCharsMax && isEscaped(text, close)) {
    close = text.indexOf(closing, close + closing.length)
  }
  const end = close === -1 ? bareEnd(text, value) : close
  for (let at = value; at < end; at++) if (isLineEnd(text.charCodeAt(at))) return at
  return end
}

/** The end of what is in braces or brackets; -1 when they are not closed within the line. */
export function bracketEnd(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const bracket = code | 0x20
    if (bracket === 0x7b) depth++
    else if (bracket === 0x7d && --depth === 0) return at + 1
    else if (isLineEnd(code)) return -1
  }
  return -1
}

/**
 * The end of a header's value: of the line, or of the string it stands in. Quotes of its own follow
 * a `=`.
 */
export function headerEnd(text: string, value: number): number {
  let at = value
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isLineEnd(code) || code === 0x3c || isEscapedEnd(text, at)) break
    if (code !== 0x22 && code !== 0x27 && code !== 0x60) continue
    if (text.charCodeAt(at - 1) !== 0x3d) return at
    do at++
    while (at < text.length && text.charCodeAt(at) !== code && !isLineEnd(text.charCodeAt(at)))
    if (isLineEnd(text.charCodeAt(at))) break
  }
  return trimmed(text, value, Math.min(at, text.length))
}

function trimmed(text: string, from: number, end: number): number {
  let last = end
  while (last > from && isBlank(text.charCodeAt(last - 1))) last--
  return last
}

/**
 * What ends a value without quotes in any case, and what does before the next part. By ASCII code.
 */
const STOP = 1
const PUNCTUATION = 2
const ends = new Uint8Array(128).fill(STOP, 0, 0x21)
for (const character of ',;)]}"\'`&<>|') ends[character.charCodeAt(0)] = PUNCTUATION

/**
 * What follows punctuation that ends a value: a blank, an end, more punctuation, or the next name.
 */
const nextPart = /[\s,;)\]}.:"'`&\\|<>/]|$|["']?[A-Za-z_][\w.-]{0,40}["']?[ \t]{0,4}[=:]|\d{1,5}=/y

/**
 * The end of a value without quotes.
 *
 * @param isQuery Whether it is that of a URL, where more ends it.
 * @param charsMax How far to look, in UTF-16 units.
 */
export function bareEnd(
  text: string,
  value: number,
  isQuery: boolean = false,
  charsMax: number = Infinity,
): number {
  const limit = Math.min(text.length, value + charsMax)
  let at = value
  for (; at < limit; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0x80) {
      if (code === 0xa0 || (code >= 0x2000 && code <= 0x206f)) break
      continue
    }
    const kind = ends[code]
    if (kind === STOP || (code === 0x5c && isEscapedEnd(text, at))) break
    if (kind === PUNCTUATION) {
      if (isQuery && code === 0x26) break
      nextPart.lastIndex = at + 1
      if (nextPart.test(text)) break
    } else if (
      code === 0x25 &&
      !isQuery &&
      /^(?:25){0,2}(?:26|22|27)/.test(text.slice(at + 1, at + 7))
    )
      break
    else if (isQuery && code === 0x23) break
  }
  return at
}

/** How many characters of punctuation in a row are looked at. */
const runCharsMax = 16
/** Punctuation, up to what follows it. */
const punctuation = /[,;:.)\]}({[\\"'`&|<>/]{1,16}/y
/** What separates two parts, and does not stand within one: `","`, `</`, `&&`. */
const separates = /["'`][\])}\\]{0,8}[,:;]|^&&|^\|\|/
const tag = /<\/?[A-Za-z]/

/**
 * The end of a value without quotes that is sure to be a secret: punctuation in a row does not end
 * it, if a letter stands right behind and no other part begins there.
 */
export function secretEnd(text: string, value: number, isQuery: boolean = false): number {
  let end = bareEnd(text, value, isQuery)
  for (;;) {
    punctuation.lastIndex = end
    if (!punctuation.test(text)) return end
    const next = punctuation.lastIndex
    const run = text.slice(end, next)
    const code = text.charCodeAt(next)
    if (
      run.length < 2 ||
      run.length >= runCharsMax ||
      !(code > 0x20) ||
      (isQuery && run.includes('&'))
    )
      return end
    if (separates.test(run) || tag.test(run + text[next]!)) return end
    for (let at = end; at < next; at++) if (isEscapedEnd(text, at)) return end
    end = bareEnd(text, next, isQuery)
  }
}

/** A backslash that stands for the end of a line, or before a quote; the escape of a colour. */
function isEscapedEnd(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 0x5c) return false
  const next = text.charCodeAt(at + 1)
  if (next === 0x6e || next === 0x72 || next === 0x74 || next === 0x5c) return true
  return next === 0x75 ? text.startsWith('00', at + 2) : quoteLength(text, at) > 0
}

export const extentPatterns: Readonly<Record<string, RegExp>> = {
  nextPart,
  punctuation,
  separates,
  tag,
  backslash,
}
