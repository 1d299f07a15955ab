// Values in text that stand behind a name: `password=hunter2`, `"apiKey": "…"`, `token%3D…`,
// `Cookie: …`, and those that do not stand right behind it: aligned, on the next line, in the next
// field. What names a secret is what does so among keys, the configured ones included: the redactor
// decides.
//
// The text is walked by hand, from name to name: forward over what stands between, and over the
// value. What is masked is not looked at again; what is not is looked at up to a limit. So the time
// is in proportion to the text.

import { valueOf } from './assigned-value.ts'
import { type Assigned, type Assignment, matchEnd } from './assignment.ts'
import { nextName } from './name-grams.ts'
import { HINT, NONE, redacted, type Redactor, STRONG, type Strength, WEAK } from './secret-keys.ts'
import { looksLikePassword, looksRandom } from './secret-values.ts'
import {
  afterBlanks,
  escapeLength,
  isAlphanumeric,
  isBlank,
  isNameCode,
  quoteLength,
} from './text-marks.ts'

/** How far a name reaches. */
const nameCharsMax = 64
/** Secrets that are looked for a second time: how many of a text, and how long. UTF-16 units. */
const repeatedMax = 8
const repeatedCharsMin = 8
const repeatedCharsMax = 512
/** How many quotes and brackets stand between a name and what follows. */
const closersMax = 8

/** A bracket that closes, percent-encoded: `user%5Bpassword%5D=`. */
const bracket = /%(?:25){0,2}5D/iy

/**
 * A key, nobody knows to what, and a value that is no hash, no path, no identifier of a store's.
 */
const isKey = /^[Kk]ey$/
const keyOfLetters =
  /["']?[ \t]{0,4}[:=][ \t]{0,4}["']?(?![\da-fA-F-]{1,128}(?![\w-]))(?=[A-Za-z_+-]{0,40}\d)[\w+-]{20,512}={0,2}(?![\w./#|-]|:\S)/y

/** One of several that are counted. */
const numbered = / #?\d{1,2}(?=[ \t]{0,2}[:=])/y

/** The second of two words that are a name together: `API key`, `card number`. */
const secondWord = /^(?:keys?|codes?|phrases?|tokens?|strings?|numbers?|ids?|signature|answer)$/i
const secondWordAhead =
  /[ .](keys?|codes?|phrases?|tokens?|strings?|numbers?|ids?|signature|answer)(?![\w-])/iy

/**
 * The text with the values masked whose names name a secret; the text itself when there are none.
 */
export function maskNamedValues(text: string, redactor: Redactor): string {
  const walk = new NameWalk(text, redactor)
  const { grams } = redactor
  let at = nextName(text, 0, grams)
  while (at !== -1) at = nextName(text, walk.word(at), grams)
  return walk.end()
}

class NameWalk implements Assigned {
  readonly text: string
  readonly #redactor: Redactor
  #masked = ''
  #done = 0
  /** Secrets that are masked wherever else they stand. */
  readonly #secrets = new Set<string>()
  from = 0
  to = 0
  /** Up to where brackets are known not to be closed. */
  unclosedTo = 0

  constructor(text: string, redactor: Redactor) {
    this.text = text
    this.#redactor = redactor
  }

  end(): string {
    if (this.#done === 0) return this.text
    let masked = this.#masked + this.text.slice(this.#done)
    for (const secret of this.#secrets) masked = withoutWord(masked, secret)
    return masked
  }

  get done(): number {
    return this.#done
  }

  /** Looks at the word that holds a place, and gives the place to go on from. */
  word(at: number): number {
    const { text } = this
    let start = at
    const lowest = Math.max(this.#done, at - nameCharsMax)
    while (start > lowest && isNameCode(text.charCodeAt(start - 1))) start--
    // The letters of `pw` end behind it.
    let end = at
    while (isNameCode(text.charCodeAt(end))) end++
    const next = Math.max(end, at + 1)
    if (end - start > nameCharsMax) return next
    start += escapeLength(text, start, end)
    const name = text.slice(start, end)
    // A header of some exchanges; in small letters it is a word.
    let strength = name === 'KEY' ? WEAK : this.#redactor.strengthOf(name)
    if (isKey.test(name) && matchEnd(keyOfLetters, text, end) !== -1) strength = HINT
    if (strength < STRONG) {
      const first = this.#firstOfTwo(start, end)
      const joined = first === start ? NONE : this.#redactor.strengthOf(text.slice(first, end))
      if (joined > strength) {
        strength = joined
        start = first
      } else {
        secondWordAhead.lastIndex = end
        if (secondWordAhead.test(text)) {
          const last = secondWordAhead.lastIndex
          const ahead = this.#redactor.strengthOf(text.slice(start, last))
          if (ahead !== NONE && ahead >= strength) {
            strength = ahead
            end = last
          }
        }
      }
    }
    return strength === NONE ? next : Math.max(next, this.#value(start, end, strength))
  }

  /**
   * Where the word before begins that makes a name together with this one; `start` when none does.
   */
  #firstOfTwo(start: number, end: number): number {
    const { text } = this
    const gap = text.charCodeAt(start - 1)
    if ((gap !== 0x20 && gap !== 0x2e) || !secondWord.test(text.slice(start, end))) return start
    const lowest = Math.max(this.#done, start - 1 - nameCharsMax)
    let first = start - 1
    while (first > lowest && isNameCode(text.charCodeAt(first - 1))) first--
    return first < start - 1 ? first : start
  }

  /** Masks the value of a name, if it has one that is a secret; gives the place to go on from. */
  #value(start: number, end: number, strength: Strength): number {
    const { text } = this
    let at = end
    for (let count = 0; count < closersMax; count++) {
      const quote = quoteLength(text, at)
      if (quote > 0) at += quote
      else if (text.charCodeAt(at) === 0x5d || isNameInParentheses(text, start, at)) at++
      else if (text.charCodeAt(at) === 0x25 && matchEnd(bracket, text, at) !== -1)
        at = bracket.lastIndex
      else break
    }
    // `Unseal Key 2: …`.
    if (at === end && matchEnd(numbered, text, at) !== -1) at = numbered.lastIndex
    const assignment: Assignment = {
      name: text.slice(start, end),
      strength,
      start,
      end,
      isQuoted: at > end && text.charCodeAt(end) !== 0x20,
      after: at,
      isSpaced: isBlank(text.charCodeAt(at)),
      next: afterBlanks(text, at),
    }
    if (!valueOf(this, assignment)) return end
    this.#masked += text.slice(this.#done, this.from) + redacted
    this.#done = this.to
    this.#remember(text.slice(this.from, this.to))
    return Math.max(end, this.to)
  }

  /** A secret that stands without its name as well: `password: hunter2x, tried hunter2x twice`. */
  #remember(secret: string): void {
    if (secret.length > repeatedCharsMax || this.#secrets.size >= repeatedMax) return
    if (looksLikePassword(secret, repeatedCharsMin) && looksRandom(secret))
      this.#secrets.add(secret)
  }
}

/** Whether a name stands in parentheses, in front of its value: `Key (password): …`. */
function isNameInParentheses(text: string, start: number, at: number): boolean {
  if (text.charCodeAt(at) !== 0x29 || text.charCodeAt(start - 1) !== 0x28) return false
  const next = text.charCodeAt(at + 1)
  return next === 0x3a || next === 0x3d
}

/** A text without a secret, where it is not a part of a longer word. */
function withoutWord(text: string, secret: string): string {
  let masked = ''
  let done = 0
  for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + secret.length)) {
    const end = at + secret.length
    if (isAlphanumeric(text.charCodeAt(at - 1)) || isAlphanumeric(text.charCodeAt(end))) continue
    masked += text.slice(done, at) + redacted
    done = end
  }
  return done === 0 ? text : masked + text.slice(done)
}

export const namePatterns: Readonly<Record<string, RegExp>> = {
  bracket,
  numbered,
  keyOfLetters,
  secondWord,
  secondWordAhead,
}
