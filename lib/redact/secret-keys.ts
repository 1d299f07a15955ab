// Which keys name a secret, and how surely. The value of such a key is not written, at any depth:
// `"[REDACTED]"` stands in its place. The same names are looked for within strings
// (`secret-assignments.ts`).
//
// A key is taken apart: `smtpPass`, `SMTP_PASS` and `smtp-pass` are `smtp`, `pass`. Long words
// count wherever they stand, short ones at the end only, so that `compass`, `spin` and `author` are
// none; and what a key ends with can say that it holds no secret, but something about one:
// `passwordPolicy`, `tokenCount`.

import { type Grams, gramsOf } from './name-grams.ts'
import {
  anywhere,
  codeQualifiers,
  endings,
  harmlessCodes,
  harmlessFirst,
  harmlessKeys,
  harmlessLast,
  harmlessWhole,
  hints,
  keyQualifiers,
  neutral,
  passWords,
  short,
  likely,
  likelyAnywhere,
  likelyWhole,
  weak,
} from './secret-words.ts'
import { spoken } from './vendor-names.ts'

/** What stands in place of a secret. */
export const redacted = '[REDACTED]'

/** A key that names no secret. */
export const NONE = 0
/**
 * One that names a key, nobody knows to what: `atera_key`. Only a value that looks like a secret is
 * one; an identifier is none.
 */
export const HINT = 1
/** One that may name something else as well: `session`. Its value decides; a word is none. */
export const WEAK = 2
/**
 * One that mostly names a secret: `token`. Its value decides; a symbol or a state is none. In text
 * as weak as the others.
 */
export const LIKELY = 3
/** One that may hold a password, a PIN or a count: `pass`. Its value decides. */
export const SHORT = 4
/** One that names a secret. */
export const STRONG = 5
/** One that names several of them, whose number is none: `passwords: 3`. */
export const PLURAL = 6

/** How surely a key names a secret: one of {@link NONE} to {@link PLURAL}. */
export type Strength = 0 | 1 | 2 | 3 | 4 | 5 | 6

/**
 * Keys remembered, and the longest of them: past this the memory starts anew, so that keys made of
 * data cannot fill it.
 */
const cacheMax = 4096
const cachedCharsMax = 128

/** Letters of a qualifier of `key` that need no mark around it: `signingkey`. */
const gluedCharsMin = 4

const letters = (word: string): string => word.replaceAll(' ', '').toLowerCase()
const anyOf = (words: readonly string[], suffix = ''): RegExp =>
  new RegExp(`(?:${words.map(letters).join('|')})${suffix}`)

const isAnywhere = anyOf(anywhere)
const isLikelyAnywhere = anyOf(likelyAnywhere)
const gluedKey = anyOf(
  keyQualifiers.filter((word) => word.length >= gluedCharsMin),
  'keys?$',
)
const gluedEnding = anyOf(
  endings.filter((word) => word.includes(' ') && word.length > 7),
  's?$',
)
/** A key to something, in one word: `aterakey`. */
const gluedHint = /^[a-z]{4,}key$/
/** What ends with `id` and is one of the two halves of a key, though an `id` is none by itself. */
const gluedIdHint = anyOf(
  hints.filter((word) => word.endsWith(' id')),
  's?$',
)
const phrase = /(?:seed|recovery|backup|secret|wallet|pass)phrases?$/
const strongEndings = endingsOf(endings)
const weakEndings = endingsOf([...weak, ...likely])
const likelyEndings = endingsOf(likely)
const shortEndings = endingsOf(short)
const hintEndings = endingsOf(hints)
/** Words that are the whole key, whatever marks stand between their letters. */
const whole = new Map<string, Strength>([
  ...weak.map((word) => [letters(word), WEAK] as const),
  ...[...likely, ...likelyAnywhere, ...likelyWhole].map((word) => [letters(word), LIKELY] as const),
  ...short.map((word) => [letters(word), SHORT] as const),
  ...endings.map((word) => [letters(word), STRONG] as const),
])
/** Who hands out keys, and is named for nothing else: `{ wandb: '…' }`. */
const spokenNames = new Set(
  spoken.flatMap(([, names]) => names.split(' ').map((name) => name.replaceAll(/[^a-z0-9]/g, ''))),
)
const keyQualifiersSet = new Set(keyQualifiers)
const codeQualifiersSet = new Set(codeQualifiers)

/** Endings by their last part, each as letters with the number of its parts. */
function endingsOf(words: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const byLast = new Map<string, string[]>()
  for (const word of words.map((name) => name.toLowerCase())) {
    const last = word.slice(word.lastIndexOf(' ') + 1)
    byLast.set(last, [...(byLast.get(last) ?? []), word])
  }
  return byLast
}

/** Decides which keys are secret, and remembers what it decided. */
export class Redactor {
  #keys: ReadonlySet<string> = new Set()
  #allowed: ReadonlySet<string> = new Set()
  readonly #decided = new Map<string, Strength>()
  /** How text is searched for the names: see `name-grams.ts`. */
  grams: Grams = gramsOf([])

  /**
   * @param options `keys`: further keys that are secret; `allow`: keys that are not, which wins.
   */
  constructor(
    options: { readonly keys?: readonly string[]; readonly allow?: readonly string[] } = {},
  ) {
    this.configure(options)
  }

  /** Other keys. Whoever has kept what was decided forgets it: `forgetStrings`, `forget`. */
  configure(options: {
    readonly keys?: readonly string[]
    readonly allow?: readonly string[]
  }): void {
    const keys = options.keys ?? []
    this.#keys = new Set(keys.map(normalized))
    this.grams = gramsOf(keys)
    this.#allowed = new Set((options.allow ?? []).map(normalized))
    this.#decided.clear()
  }

  /** Whether a key names a secret, however surely. */
  isSecret(key: string): boolean {
    return this.strengthOf(key) !== NONE
  }

  /** How surely a key names a secret. A key met before costs one look into a map. */
  strengthOf(key: string): Strength {
    const known = this.#decided.get(key)
    if (known !== undefined) return known
    const name = normalized(key)
    // What holds a `=` is no name, but a text with one.
    const strength =
      this.#allowed.has(name) || key.includes('=')
        ? NONE
        : this.#keys.has(name)
          ? STRONG
          : strengthOf(name, partsOf(key))
    if (key.length <= cachedCharsMax) {
      if (this.#decided.size >= cacheMax) this.#decided.clear()
      this.#decided.set(key, strength)
    }
    return strength
  }
}

/** How surely a key names a secret by the words in it. */
function strengthOf(name: string, parts: readonly string[]): Strength {
  if (harmlessWhole.has(name) || parts.length === 0 || name.includes('secretar')) return NONE
  const known = whole.get(name)
  if (known !== undefined) return known
  if (spokenNames.has(name)) return HINT
  if (parts.length > 1 && harmlessFirst.has(parts[0]!)) return NONE
  let count = parts.length
  while (count > 1 && (neutral.has(parts[count - 1]!) || /^\d+$/.test(parts[count - 1]!))) count--
  const last = parts[count - 1]!
  const word = singular(last)
  const strong = word === last ? STRONG : PLURAL
  if (endsWith(strongEndings, parts, count)) return strong
  if (endsWith(hintEndings, parts, count) || gluedIdHint.test(name)) return HINT
  const isWeak = endsWith(weakEndings, parts, count)
  if (isWeak && word.length < last.length) return WEAK
  if (!isWeak && saysNothing(last, parts)) return NONE
  if (isAnywhere.test(name) || phrase.test(name) || gluedEnding.test(last)) return strong
  if (isWeak) return endsWith(likelyEndings, parts, count) ? LIKELY : WEAK
  if (word === 'key' || word === 'code') {
    const before = parts[count - 2] ?? ''
    if ((word === 'key' ? keyQualifiersSet : codeQualifiersSet).has(before)) return strong
    // A header of somebody's own: `X-RapidAPI-Key`.
    if (word === 'key' && parts[0] === 'x') return LIKELY
    if (last === 'key' && before !== '' && !isHarmlessKey(before)) return HINT
  } else if (gluedKey.test(last)) return strong
  else if (gluedHint.test(last)) return isHarmlessKey(last.slice(0, -3)) ? NONE : HINT
  if (endsWith(shortEndings, parts, count)) return SHORT
  if (/.(?:pass|pw)$/.test(word) && !passWords.has(word)) return SHORT
  if (isLikelyAnywhere.test(name)) return word === last ? LIKELY : WEAK
  return word.endsWith('auth') && word.length > 4 ? WEAK : NONE
}

/** Whether what a key ends with says that it holds something about a secret: `passwordPolicy`. */
function saysNothing(last: string, parts: readonly string[]): boolean {
  if (harmlessLast.has(last) || harmlessLast.has(parts.at(-1)!)) return true
  const before = parts.at(-2) ?? ''
  // `passwordErrorCode`, `tokenLast4`, `apiKeyLastUsedOn`.
  return (
    (last === 'code' && harmlessCodes.has(before)) ||
    (last === 'last' && parts.at(-1) === '4') ||
    (last === 'on' && before.endsWith('ed'))
  )
}

/** Whether a key of that kind opens nothing: a database's, a keyboard's, a cache's. */
function isHarmlessKey(kind: string): boolean {
  return harmlessKeys.has(kind) || /^\d+$/.test(kind)
}

/**
 * Whether the parts up to `count` end with one of the words, in one part or several, singular or
 * plural.
 */
function endsWith(
  words: ReadonlyMap<string, readonly string[]>,
  parts: readonly string[],
  count: number,
): boolean {
  const last = parts[count - 1]!
  for (const form of [last, singular(last)]) {
    for (const word of words.get(form) ?? []) {
      const ending = word.split(' ')
      if (ending.length > count) continue
      let at = 1
      while (at < ending.length && parts[count - 1 - at] === ending[ending.length - 1 - at]) at++
      if (at === ending.length) return true
    }
  }
  return false
}

function singular(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word
}

/**
 * Between two parts: marks; a change of case, also behind capitals (`APIKey`); digits on either
 * side.
 */
const boundary =
  /[^\p{L}\p{N}]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u

/** The parts of a key, in small letters. */
function partsOf(key: string): string[] {
  const text = key.length > cachedCharsMax ? key.slice(-cachedCharsMax) : key
  return text
    .normalize('NFKC')
    .split(boundary)
    .filter((part) => part !== '')
    .map((part) => part.toLowerCase())
}

const plainName = /^[a-z0-9]*$/

/**
 * A key without case and punctuation: how two spellings are one name. Letters of all scripts count.
 */
export function normalized(key: string): string {
  if (plainName.test(key)) return key
  return key
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase()
}
