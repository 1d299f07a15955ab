// The value whose beginning has been found: in quotes, in brackets, or without either. Behind a
// name that surely names a secret it is one, unless it is a sentence; behind others it is one when
// it looks like one.

import {
  type Assigned,
  type Assignment,
  isPassword,
  lookedCharsMax,
  matchEnd,
  take,
} from './assignment.ts'
import { headerValue, isHeaderName, signedValue } from './header-value.ts'
import { beginsWithState, isProse } from './prose.ts'
import { HINT, LIKELY, PLURAL, SHORT, STRONG, type Strength, WEAK } from './secret-keys.ts'
import { states } from './secret-words.ts'
import {
  hidesString,
  isNothing,
  isPluralState,
  looksLikePassword,
  looksSecret,
} from './secret-values.ts'
import { afterBlanks, isBlank, isLineEnd, isNameCode, quoteLength } from './text-marks.ts'
import { bareEnd, bracketEnd, lineEnd, quotedEnd, secretEnd } from './value-extent.ts'

// What stands between a name and its value.
export const EQUALS = 0
export const COLON = 1
export const COMPARE = 2
export const COMMA = 3
export const CALL = 4
export const FIELD = 5
export const ROW = 6
export type Glue = 0 | 1 | 2 | 3 | 4 | 5 | 6

/**
 * What a secret in quotes has at least behind a name that may name something else, in UTF-16 units.
 */
const quotedCharsMin = 12

/** How far a value is looked at behind a name that may name something else, in UTF-16 units. */
const doubtfulCharsMax = 64

/** What one has at least without quotes, behind a name that mostly names a secret. */
const likelyCharsMin = 12

const plainWord = /^[A-Za-z]{1,24}$/
/** `"old" -> "new"`: what a value is changed to. */
const change = /["'][ \t]{0,4}[-=]>[ \t]{0,4}["']/y
/** The first of a pair among pairs: `[['password', 'x']]`. */
const pairBefore = /[[,(]\s{0,8}[[(]\s{0,8}["'\\]{1,4}$/
/** A constant that says what the next argument is: `CURLOPT_PASSWORD`. */
const constant = /^CURLOPT_[A-Z0-9_]{1,40}$/
const setter = /^(?:set|with|[A-Z_]+$)/

/** Takes a value in quotes. */
export function quotedValue(
  into: Assigned,
  name: Assignment,
  opener: number,
  value: number,
  glue: Glue,
): boolean {
  const { text } = into
  const { strength } = name
  const end = quotedEnd(text, opener, value)
  const shown = text.slice(value, end)
  if (isNothing(shown)) return false
  if ((glue === COMMA || glue === CALL) && !isArgument(text, name, value, shown, glue)) return false
  if (strength === PLURAL && isPluralState(shown)) return false
  if (strength >= STRONG) {
    const changed = matchEnd(change, text, end)
    return take(into, value, changed === -1 ? end : quotedEnd(text, changed - 1, changed))
  }
  if (strength === SHORT) return isPassword(name.name, shown) && take(into, value, end)
  const isKeyed = (name.isQuoted && glue !== COMMA) || shown.includes(' ')
  const hides =
    isKeyed || strength === HINT
      ? hidesString(strength === HINT ? HINT : WEAK, shown)
      : looksSecret(shown, quotedCharsMin)
  return hides && take(into, value, end)
}

/**
 * Whether what follows a comma or a parenthesis is the name's value, and not the next of a list of
 * names.
 */
function isArgument(
  text: string,
  { name, start, isQuoted }: Assignment,
  value: number,
  shown: string,
  glue: Glue,
): boolean {
  if (glue === COMMA && !isQuoted && text.charCodeAt(start - 1) !== 0x7b && !constant.test(name)) {
    return false
  }
  if (name.startsWith('-') || (glue === CALL && setter.test(name))) return true
  if (pairBefore.test(text.slice(Math.max(0, start - 24), start))) return true
  return !plainWord.test(shown) && !(glue === CALL && isProse(text, value))
}

/** What holds the secret of a session, of a token. */
const innerField =
  /["'\\]{0,4}(?:id|value|access|refresh|raw)["'\\]{0,4}\s{0,4}[:=]\s{0,4}(?=["'\\])/iy

/** Takes a value in braces or brackets: all of it, where they are closed on their line. */
export function bracketedValue(into: Assigned, name: Assignment, at: number, glue: Glue): boolean {
  const { text } = into
  if (name.strength >= STRONG) {
    if (isNothing(text.slice(at, at + lookedCharsMax))) return false
    if (at >= into.unclosedTo) {
      const end = bracketEnd(text, at)
      if (end !== -1) return take(into, at, bareEnd(text, end))
      into.unclosedTo = lineEnd(text, at)
    }
    return isNameCode(text.charCodeAt(at + 1)) && bareValue(into, name, at, at, glue)
  }
  let first = afterBlanks(text, at + 1)
  if (text.charCodeAt(at) === 0x7b) first = matchEnd(innerField, text, first)
  if (first === -1) return false
  const quote = quoteLength(text, first)
  return quote > 0 && quotedValue(into, name, first, first + quote, glue)
}

/** Names of several words in a row. */
const phraseName = /(?:phrases?|mnemonic)$/i
const phrase = /[A-Za-z]{2,16}(?:[ \t]{1,2}[A-Za-z]{2,16}(?![\w=:])){1,48}/y
/** An account's number, also in groups. */
const ibanName = /iban$/i
const iban = /[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}/y
const cardName = /card|number$/i
const card = /\d{4}(?:[ -]\d{4}){3}(?![\w-])|\d{4}[ -]\d{6}[ -]\d{5}(?![\w-])/y
/** The next name, with a value of its own: the one before has none. */
const nextName = /[A-Za-z_][\w.-]{0,40}=[^\s=]/y
/** The directory that a shell is in. */
const directory = /^(?:[~.]?\/|[A-Z]:\\)/

/**
 * Takes a value without quotes or brackets.
 *
 * @param separator Where what stands between ends; blanks may follow.
 */
export function bareValue(
  into: Assigned,
  name: Assignment,
  at: number,
  separator: number,
  glue: Glue,
): boolean {
  if (isHeaderName(name.name)) return headerValue(into, at)
  if (glue === ROW) return cell(into, name, at)
  const before = at === separator ? into.text.charCodeAt(name.start - 1) : 0
  const isQuery = before === 0x26 || before === 0x3f
  if (name.strength >= STRONG) return strongValue(into, name, at, separator, isQuery)
  // `;jsessionid=…` and `&amp;token=…` are parameters as well, but a `#` belongs to the value.
  const isParameter = isQuery || (before === 0x3b && name.start > 4)
  return doubtfulValue(into, name, at, glue, isQuery, isParameter)
}

function strongValue(
  into: Assigned,
  { name, strength, isSpaced }: Assignment,
  at: number,
  separator: number,
  isQuery: boolean,
): boolean {
  const { text } = into
  if (takeNumber(into, name, at)) return true
  const isColon = text.charCodeAt(separator - 1) === 0x3a
  const isClose = at === separator && !isColon
  if (phraseName.test(name) && !isClose && !beginsWithState(text, at)) {
    const end = matchEnd(phrase, text, at)
    if (end !== -1) return take(into, at, end)
  }
  if (!isClose && isProse(text, at)) return false
  // `password= user=bob`
  const isEmpty = at !== separator && text.charCodeAt(separator - 1) === 0x3d && !isSpaced
  if (isEmpty && matchEnd(nextName, text, at) !== -1) return false
  const end = bareEnd(text, at, isQuery)
  const shown = text.slice(at, Math.min(end, at + lookedCharsMax))
  if (isNothing(shown) || (strength === PLURAL && isPluralState(shown))) return false
  if (/pwd$/i.test(name) && directory.test(shown)) return false
  return take(into, at, secretEnd(text, at, isQuery))
}

/** Takes the number of an account or a card behind its name, also in groups. */
export function takeNumber(into: Assigned, name: string, at: number): boolean {
  const form = ibanName.test(name) ? iban : cardName.test(name) ? card : undefined
  if (form === undefined) return false
  const end = matchEnd(form, into.text, at)
  return end !== -1 && take(into, at, end)
}

/** Takes what is compared with, if it can be no name: `password==x1y2`. */
export function comparedValue(into: Assigned, at: number): boolean {
  const shown = into.text.slice(at, bareEnd(into.text, at, false, lookedCharsMax))
  const isSecret = looksLikePassword(shown) && !isNothing(shown) && !/[.(]/.test(shown)
  return isSecret && take(into, at, secretEnd(into.text, at))
}

function doubtfulValue(
  into: Assigned,
  { name, strength }: Assignment,
  at: number,
  glue: Glue,
  isQuery: boolean,
  isParameter: boolean,
): boolean {
  const { text } = into
  if (glue === COLON && strength < SHORT && strength > HINT && name.includes('-')) {
    if (signedValue(into, at)) return true
  }
  const end = bareEnd(text, at, isQuery, doubtfulCharsMax)
  const shown = text.slice(at, end)
  if (isNothing(shown)) return false
  const next = text.charCodeAt(end)
  const hides =
    strength === SHORT
      ? isPassword(name, shown)
      : // `Token{…`, `Binder(…`.
        next !== 0x7b &&
        next !== 0x28 &&
        (strength === HINT
          ? hidesString(HINT, shown)
          : looksSecret(shown, strength === LIKELY ? likelyCharsMin : undefined) ||
            (isParameter && hidesInQuery(strength, shown)) ||
            isLogin(name, shown))
  return hides && take(into, at, secretEnd(text, at, isQuery))
}

/** In the query of a URL a token is seldom anything else: `?token=x`, but `?token=USDC`. */
function hidesInQuery(strength: Strength, shown: string): boolean {
  if (strength !== LIKELY) return looksSecret(shown, 6)
  return hidesString(LIKELY, shown) || (/^[a-z]{1,5}$/.test(shown) && !states.has(shown))
}

/** `auth=user:password`. */
function isLogin(name: string, shown: string): boolean {
  const colon = shown.indexOf(':')
  return colon > 0 && /auth$/i.test(name) && looksLikePassword(shown.slice(colon + 1))
}

/** Takes a cell of a table. */
function cell(into: Assigned, name: Assignment, at: number): boolean {
  const { text } = into
  let end = at
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code === 0x7c || code === 0x2502 || isLineEnd(code)) break
  }
  while (end > at && isBlank(text.charCodeAt(end - 1))) end--
  const shown = text.slice(at, Math.min(end, at + lookedCharsMax))
  const isSecret = looksLikePassword(shown) && !shown.includes(' ')
  return isSecret && name.strength >= STRONG && take(into, at, end)
}

/** What PHP says of a string before it. */
const dumped = /string\(\d{1,6}\) (?=")/y

/** Takes a value that stands alone on the next line: that of YAML, a folded header. */
export function nextLineValue(
  into: Assigned,
  name: Assignment,
  at: number,
  isBlock: boolean,
): boolean {
  const { text } = into
  let line = at
  if (text.charCodeAt(line) === 0x0d) line++
  if (text.charCodeAt(line) === 0x0a) line++
  let next = line
  while (isBlank(text.charCodeAt(next))) next++
  if (isHeaderName(name.name)) return next > line && headerValue(into, next)
  next = Math.max(next, matchEnd(dumped, text, next))
  const quote = quoteLength(text, next)
  if (quote > 0) return quotedValue(into, name, next, next + quote, COLON)
  let end = lineEnd(text, next)
  while (end > next && isBlank(text.charCodeAt(end - 1))) end--
  const shown = text.slice(next, Math.min(end, next + 2 * lookedCharsMax))
  if (/[\s:{}[\]]/.test(shown)) return false
  const isSecret =
    looksSecret(shown) ||
    (name.strength >= STRONG && (isBlock || (next > line && looksLikePassword(shown))))
  return isSecret && take(into, next, end)
}

export const valuePatterns: Readonly<Record<string, RegExp>> = {
  plainWord,
  change,
  pairBefore,
  innerField,
  phrase,
  iban,
  card,
  nextName,
  dumped,
}
