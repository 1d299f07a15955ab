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
const verb =
  /[ \t]{1,4}(?:is|was|are|provided|used|given|supplied|(?:set|changed) to)(?:[ \t]{0,4}[:=])?[ \t]{1,4}(?=[^\s"'`])/y
/** The same, and what is said to be one in quotes. */
const saying =
  /(?:[ \t]{1,4}(?:for|of)[ \t]{1,4}(?:the[ \t]{1,4})?(?:user(?:name)?|account|database|role)[ \t]{1,4}\S{1,64})?[ \t]{1,4}(?:is|was)(?:[ \t]{0,4}[:=])?[ \t]{1,4}(?=["'`])/y
/** The kind of what follows, as routers have it: `password 7 0822455D0A16`. */
const kind = /[ \t]{1,4}\d[ \t]{1,4}(?=\S)/y
/** `login bob password …`, as in `.netrc`. */
const loginBefore = /(?:^|\s)(?:login|user(?:name)?|machine)[ \t]{1,4}\S{1,64}[ \t]{1,4}$/i

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
  if (strength >= STRONG) return saidQuoted(into, name) || strongValue(into, name)
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
  kind,
  loginBefore,
  withBefore,
}
