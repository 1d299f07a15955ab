// The value that stands behind blanks alone: that of an option, of a keyword, of a sentence. Only
// what looks like a secret is one here, but behind an option: `--password hunter2`.

import { type Assigned, type Assignment, lookedCharsMax, matchEnd, take } from './assignment.ts'
import { EQUALS, quotedValue, takeNumber } from './plain-value.ts'
import { isState } from './prose.ts'
import { HINT, SHORT, STRONG } from './secret-keys.ts'
import {
  hidesString,
  isNothing,
  looksLikePassword,
  looksRandom,
  looksSecret,
} from './secret-values.ts'
import { isLineEnd, quoteLength } from './text-marks.ts'
import { bareEnd, quotedEnd, secretEnd } from './value-extent.ts'

/** The longest value in quotes, in UTF-16 units. */
const quotedCharsMax = 4096
/** How far back the word `login` is looked for, in UTF-16 units. */
const loginCharsMax = 88

/** A type between a name and its value: `var token string = "…"`. */
const declared = /[ \t]{1,8}[A-Za-z_][\w.<>]{0,24}[ \t]{1,8}:?=[ \t]{1,8}(?=["'`])/y
const auxiliary = String.raw`(?:(?:has|have|had|will)[ \t]{1,2}(?:been|be)|is|was|are|gets|got)(?:[ \t]{1,2}now)?`
const changed = String.raw`(?:(?:set|changed|reset|updated|rotated)[ \t]{1,2}to)`
const verb = new RegExp(
  String.raw`[ \t]{1,4}(?:${auxiliary}[ \t]{1,2}${changed}|${auxiliary}|provided|used|given|supplied|${changed})(?:[ \t]{0,4}[:=])?[ \t]{1,4}(?=[^\s"'${'`'}])`,
  'y',
)
const owner = String.raw`[ \t]{1,4}(?:for|of)[ \t]{1,4}(?:the[ \t]{1,4})?(?:(?:user(?:name)?|account|database|role)[ \t]{1,4})?`
/** The same, and what is said to be one in quotes. */
const saying = new RegExp(
  String.raw`(?:[ \t]{1,4}(?:for|of)[ \t]{1,4}(?:the[ \t]{1,4})?(?:user(?:name)?|account|database|role)[ \t]{1,4}\S{1,64})?[ \t]{1,4}(?:${auxiliary}(?:[ \t]{1,2}${changed})?|${changed})(?:[ \t]{0,4}[:=])?[ \t]{1,4}(?=["'${'`'}])`,
  'y',
)
/** What a secret is changed to, behind a word that says that it is changed. */
const target = new RegExp(
  String.raw`(?:${owner}["'${'`'}]?[\w.@-]{1,64}["'${'`'}]?)?[ \t]{1,4}(?:(?:set|changed|reset|updated)[ \t]{1,2})?to[ \t]{1,4}(?=\S)`,
  'y',
)
const isTargetChanged = /[ \t](?:set|changed|reset|updated)[ \t]{1,2}to[ \t]/
const changeBefore =
  /(?:^|[^\w-])(?:set(?:s|ting)?|reset(?:s|ting)?|(?:chang|updat|rotat)(?:e|es|ed|ing))[ \t]{1,2}(?:(?:the|a|my|your|his|her|its|their|our|new|old|user|users|account|root|admin|db|database|[\w.-]{1,24}['’]s?)[ \t]{1,2}){0,3}$/i
/** What it was, in front of what it is. */
const origin = new RegExp(
  String.raw`(?:[ \t]{1,4}${auxiliary})?(?:[ \t]{1,4}(?:set|changed|reset|updated|rotated))?[ \t]{1,4}from[ \t]{1,4}(?=\S)`,
  'y',
)
const toNext = /["'`]?[ \t]{1,4}to[ \t]{1,4}(?=\S)/y
/** Whose it is, and a separator: `password for bob: …`, `password (bob): …`. */
const owned = new RegExp(
  String.raw`(?:${owner}["'${'`'}]?[\w.@-]{1,64}["'${'`'}]?|[ \t]{1,4}\([\w.@-]{1,64}\))[ \t]{0,2}[:=][ \t]{1,4}(?=\S)`,
  'y',
)
/** How far back a word is looked for that says that it is changed, in UTF-16 units. */
const changeCharsMax = 96
const versionOrMail =
  /^(?:v\d{1,5}(?:(?:alpha|beta|rc|dev)\d{0,3})?(?![A-Za-z\d])|[^\s@]{1,64}@[\w-]{1,63}\.)/i
/** The kind of what follows, as routers have it: `password 7 0822455D0A16`. */
const kind = /[ \t]{1,4}\d[ \t]{1,4}(?=\S)/y
/** `login bob password …`, as in `.netrc`. */
const loginBefore = /(?:^|\s)(?:login|user(?:name)?|machine)[ \t]{1,4}[^\s|]{1,64}[ \t]{1,4}$/i

/** `WITH PASSWORD '…'`, as in SQL: in quotes stands the secret, whatever it looks like. */
const withBefore = /(?:^|\s)(?:with|encrypted|login)[ \t]{1,4}$/i

const passwordName = /(?:pass|pwd|secret)/i
/** A variable of the environment: `ENV API_KEY …`, `setx API_KEY …`. */
const variableName = /^[A-Z][A-Z0-9]{0,30}_[A-Z0-9_]{1,60}$/
const codeName = /(?:code|otp|pin)s?$/i
/** Names that are followed by what they name more often than by a secret. */
const prosaicName = /(?:session(?:[ _-]?id)?|auth|sid|sign(?:ature)?|salt)$/i

/** Takes the value behind blanks. */
export function spacedValue(into: Assigned, name: Assignment): boolean {
  const { text } = into
  const { next: at, strength } = name
  const opener = matchEnd(declared, text, name.end)
  if (opener !== -1) {
    return quotedValue(into, name, opener, opener + quoteLength(text, opener), EQUALS)
  }
  const code = text.charCodeAt(at)
  if (at >= text.length || isLineEnd(code)) return false
  const isOption = name.name.startsWith('-')
  const quote = quoteLength(text, at)
  if (quote > 0) return spacedQuoted(into, name, at, at + quote, isOption)
  if (isOption) return code !== 0x2d && optionValue(into, name)
  if (strength >= STRONG) {
    return saidQuoted(into, name) || changedValue(into, name) || strongValue(into, name)
  }
  if (strength === SHORT && name.name === 'PIN') return changedPin(into, name)
  if (strength === SHORT || strength === HINT || prosaicName.test(name.name)) return false
  const said = matchEnd(verb, text, name.end)
  return word(into, said === -1 ? at : said, looksSecret)
}

/** In quotes: what an option has, or one word behind a name that surely names a secret. */
function spacedQuoted(
  into: Assigned,
  { name, start, strength }: Assignment,
  opener: number,
  value: number,
  isOption: boolean,
): boolean {
  const end = quotedEnd(into.text, opener, value)
  const isCommand = isOption || withBefore.test(into.text.slice(Math.max(0, start - 24), start))
  if (end - value > quotedCharsMax) return isCommand && strength >= STRONG && take(into, value, end)
  const shown = into.text.slice(value, end)
  if (isNothing(shown)) return false
  if (isOption) return hidesString(strength, shown) && take(into, value, end)
  if (strength < STRONG) return false
  if (isCommand) return take(into, value, end)
  if (/\s/.test(shown)) return false
  return (/pass|pwd/i.test(name) || looksLikePassword(shown, 1)) && take(into, value, end)
}

/** What is said to be a password, in quotes: `the password is "centipede"`. */
function saidQuoted(into: Assigned, { name, end }: Assignment): boolean {
  const { text } = into
  const opener = passwordName.test(name) ? matchEnd(saying, text, end) : -1
  if (opener === -1) return false
  const from = opener + quoteLength(text, opener)
  const to = quotedEnd(text, opener, from)
  const shown = text.slice(from, Math.min(to, from + lookedCharsMax))
  return !isNothing(shown) && !/\s/.test(shown) && !isState(shown) && take(into, from, to)
}

/** What a secret has been changed to, and from; what stands behind its owner. */
function changedValue(into: Assigned, name: Assignment): boolean {
  const { text } = into
  const { start, end } = name
  const from = matchEnd(origin, text, end)
  if (from !== -1) {
    const next = matchEnd(toNext, text, wordEnd(text, from))
    if (next === -1) return false
    if (!isNew(name, shownAt(text, from)) && !isNew(name, shownAt(text, next))) return false
    return take(into, from + quoteLength(text, from), wordEnd(text, next))
  }
  let at = matchEnd(target, text, end)
  if (at !== -1) {
    const isSaid = isTargetChanged.test(text.slice(end, at))
    const before = text.slice(Math.max(0, start - changeCharsMax), start)
    if (!isSaid && !changeBefore.test(before)) return false
  } else {
    at = passwordName.test(name.name) ? matchEnd(owned, text, end) : -1
    if (at === -1) return false
    // Other words may follow what no word looks like.
    if (!isLast(text, wordEnd(text, at)) && !looksRandom(shownAt(text, at))) return false
  }
  const quote = quoteLength(text, at)
  if (quote === 0) return isNew(name, shownAt(text, at)) && take(into, at, secretEnd(text, at))
  const shown = text.slice(
    at + quote,
    Math.min(quotedEnd(text, at, at + quote), at + lookedCharsMax),
  )
  if (isNothing(shown) || /\s/.test(shown) || isState(shown)) return false
  return take(into, at + quote, at + quote + shown.length)
}

/** Whether a word is a password, and none that says how one is. */
function isNew({ name }: Assignment, shown: string): boolean {
  if (versionOrMail.test(shown) || isNothing(shown)) return false
  if (/pass|pwd/i.test(name)) return looksLikePassword(shown)
  return looksLikePassword(shown, 8) && looksRandom(shown)
}

/** Where the word ends that begins at a place, in quotes or without. */
function wordEnd(text: string, at: number): number {
  const quote = quoteLength(text, at)
  return quote > 0
    ? Math.min(quotedEnd(text, at, at + quote), at + lookedCharsMax)
    : bareEnd(text, at, false, lookedCharsMax)
}

function shownAt(text: string, at: number): string {
  return text.slice(at + quoteLength(text, at), wordEnd(text, at))
}

/** Whether no other word follows on the line. */
function isLast(text: string, end: number): boolean {
  return !/^["'`]?[ \t]{1,4}[\p{L}\d]/u.test(text.slice(end, end + 8))
}

/** The PIN is 4711, is set to 4711. */
function changedPin(into: Assigned, { start, end }: Assignment): boolean {
  const { text } = into
  const said = matchEnd(verb, text, end)
  const at = said === -1 ? matchEnd(target, text, end) : said
  if (at === -1) return false
  const before = text.slice(Math.max(0, start - changeCharsMax), start)
  if (said === -1 && !changeBefore.test(before)) return false
  return word(into, at, (shown) => /^\d{4,8}[.:]?$/.test(shown))
}

function optionValue(into: Assigned, { next, strength }: Assignment): boolean {
  return word(
    into,
    next,
    (shown) =>
      !isNothing(shown) && hidesString(strength, shown) && !(strength >= STRONG && isState(shown)),
  )
}

/** Behind a name that surely names a secret: what is said to be one, what looks like one. */
function strongValue(into: Assigned, { name, start, end, next }: Assignment): boolean {
  const { text } = into
  if (takeNumber(into, name, next)) return true
  const isCode = codeName.test(name)
  const said = Math.max(matchEnd(verb, text, end), matchEnd(kind, text, end))
  if (said !== -1) {
    return word(into, said, (shown) =>
      isCode ? /^\d{4,8}[.:]?$/.test(shown) : looksLikePassword(shown) && !shown.startsWith('-'),
    )
  }
  if (isCode && word(into, next, (shown) => /^\d{6,8}[.:]?$/.test(shown))) return true
  if (loginBefore.test(text.slice(Math.max(0, start - loginCharsMax), start))) {
    return word(into, next, (shown) => !isNothing(shown))
  }
  const isPassword = passwordName.test(name)
  return word(
    into,
    next,
    (shown) =>
      looksSecret(shown) ||
      ((isPassword || variableName.test(name)) &&
        looksLikePassword(shown, 8) &&
        looksRandom(shown)),
  )
}

/** Takes a word, if it is a secret. */
function word(into: Assigned, at: number, isSecret: (shown: string) => boolean): boolean {
  const { text } = into
  const end = bareEnd(text, at, false, lookedCharsMax)
  return isSecret(text.slice(at, end)) && take(into, at, secretEnd(text, at))
}

export const spacedPatterns: Readonly<Record<string, RegExp>> = {
  declared,
  verb,
  saying,
  target,
  isTargetChanged,
  changeBefore,
  origin,
  toNext,
  owned,
  versionOrMail,
  kind,
  loginBefore,
  withBefore,
}
