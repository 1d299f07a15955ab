// What stands around names and values in text, however often it has been quoted, escaped or
// coloured: blanks, quotes, colours. Each function looks at one place and no farther than a few
// characters from it.

/** How many backslashes may stand before a quote. */
const backslashesMax = 16
/** Parameters of one colour. */
const colorCharsMax = 20

const NAME = 1
/**
 * By ASCII code: what a name consists of. What is beyond ASCII is a letter, but for quotes and
 * blanks.
 */
const nameCodes = new Uint8Array(128)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-$') {
  nameCodes[character.charCodeAt(0)] = NAME
}

/** Whether a name may have this character. */
export function isNameCode(code: number): boolean {
  if (code < 0x80) return nameCodes[code] === NAME
  return code > 0xbf && (code < 0x2000 || code > 0x206f)
}

/** Whether it is a letter or a digit of ASCII. */
export function isAlphanumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a)
}

/** A blank within a line. */
export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0xa0
}

export function isLineEnd(code: number): boolean {
  return code === 0x0a || code === 0x0d
}

/** Where the blanks and colours end that begin at `at`. */
export function afterBlanks(text: string, at: number): number {
  for (;;) {
    while (isBlank(text.charCodeAt(at))) at++
    const after = afterColor(text, at)
    if (after === at) return at
    at = after
  }
}

/** ESC as it is written in text that has been quoted. */
const escapedEscape = /\\(?:u001b|x1b|e|033)/iy

/** Where a colour's escape sequence ends that begins at `at`; `at` when none does. */
export function afterColor(text: string, at: number): number {
  let next = at
  const code = text.charCodeAt(at)
  if (code === 0x1b) next++
  else if (code === 0x5c) {
    escapedEscape.lastIndex = at
    if (!escapedEscape.test(text)) return at
    next = escapedEscape.lastIndex
  } else return at
  if (text.charCodeAt(next) !== 0x5b) return at
  next++
  const limit = next + colorCharsMax
  for (; next < limit; next++) {
    const parameter = text.charCodeAt(next)
    if (parameter === 0x6d) return next + 1
    if (!(parameter >= 0x30 && parameter <= 0x3b)) return at
  }
  return at
}

/**
 * Quotes that are written otherwise: percent-encoded, once or twice; as HTML has them; by their
 * code.
 */
const escapedQuote =
  /%(?:25){0,2}2[27]|&(?:quot|apos|#3[49]|#x2[27]);|\\{1,4}(?:u002[27]|x2[27])|[\u2018-\u201f\u00ab\u00bb]/iy

/**
 * How long the quote is that stands at a place, with the backslashes before it; 0 when none does.
 */
export function quoteLength(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === 0x22 || code === 0x27 || code === 0x60) return 1
  if (code !== 0x5c && code !== 0x25 && code !== 0x26 && code < 0x80) return 0
  if (code === 0x5c) {
    let quote = at + 1
    while (quote - at < backslashesMax && text.charCodeAt(quote) === 0x5c) quote++
    const mark = text.charCodeAt(quote)
    if (mark === 0x22 || mark === 0x27 || mark === 0x60) return quote + 1 - at
  }
  escapedQuote.lastIndex = at
  return escapedQuote.test(text) ? escapedQuote.lastIndex - at : 0
}

/** The closing counterpart of a quote of its own kind; itself for most. */
export function closingQuote(quote: string): string {
  if (quote === '\u201c' || quote === '\u201e') return '\u201d'
  if (quote === '\u2018') return '\u2019'
  return quote === '\u00ab' ? '\u00bb' : quote
}

/**
 * How many characters at the start of a name belong to an escape before it: `\n` and `\u0022` in
 * text that has been quoted, `%22` and `%3D` in what is percent-encoded, the end of a colour.
 */
export function escapeLength(text: string, start: number, end: number): number {
  const before = text.charCodeAt(start - 1)
  const code = text.charCodeAt(start)
  if (before === 0x5c) {
    if ((code | 0x20) === 0x75) return hexDigits(text, start + 1, 4) && end - start > 5 ? 5 : 0
    if (code === 0x78) return hexDigits(text, start + 1, 2) && end - start > 3 ? 3 : 0
    return code === 0x6e || code === 0x72 || code === 0x74 ? 1 : 0
  }
  if (before === 0x25) {
    const from = text.startsWith('25', start) ? 2 : 0
    return hexDigits(text, start + from, 2) ? from + 2 : 0
  }
  if (before === 0x5b || before === 0x3b) {
    let at = start
    while (at < end && at - start < 4 && text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39)
      at++
    return text.charCodeAt(at) === 0x6d && isColorStart(text, start) ? at + 1 - start : 0
  }
  return 0
}

function isColorStart(text: string, at: number): boolean {
  let from = at
  while (from > at - colorCharsMax) {
    const code = text.charCodeAt(from - 1)
    if (code === 0x5b)
      return (
        text.charCodeAt(from - 2) === 0x1b ||
        /\\(?:u001b|x1b|e|033)$/i.test(text.slice(Math.max(0, from - 8), from - 1))
      )
    if (!(code >= 0x30 && code <= 0x3b)) return false
    from--
  }
  return false
}

function hexDigits(text: string, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) {
    const code = text.charCodeAt(i) | 0x20
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false
  }
  return true
}

export const markPatterns: Readonly<Record<string, RegExp>> = { escapedEscape, escapedQuote }
