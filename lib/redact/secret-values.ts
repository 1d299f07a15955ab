// Which values are secrets, where a name alone does not say it: `session` may be a session's key or
// `RTH`, `pass` a password or a count.

import {
  HINT,
  LIKELY,
  NONE,
  PLURAL,
  redacted,
  SHORT,
  STRONG,
  type Strength,
  WEAK,
} from './secret-keys.ts'
import { kinds as kindsOfSecrets, states } from './secret-words.ts'

/** What a secret that is known by its looks has at least, in UTF-16 units. */
export const secretCharsMin = 16

/** What is looked at of a value, in UTF-16 units. */
const lookedCharsMax = 128

/** A piece of letters and digits mixed that is worth something: a part of a UUID, of a licence. */
const pieceCharsMin = 4
const longPieceCharsMin = 8
const wordyCharsMax = 32
const wordCharsMax = 20
/** The longest unit behind a number. */
const unitCharsMax = 4

/** Numbers, dates, times, versions, addresses and amounts in hexadecimal. */
const number =
  /^[+-]?(?:0x[\da-f]{1,40}|[\d_.,:/ +-]{1,64}(?:t[\d:.]{1,16})?(?:z|[+-][\d:]{2,5})?|[\d.,]{1,20}\s?[a-z%]{1,3})$/i

/** `com.example.Token@1f2e3d`, `bob@example.com`. */
const objectOrMail = /^[\w.$+-]{1,100}@(?:[\da-f]{1,8}|[\w-]{1,60}(?:\.[\w-]{1,60}){1,4})$/i
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}(?![\w-])/i
const hexadecimal = /^[\da-f]+$/i
const piecesOf = /[A-Za-z0-9]+/g

/** By ASCII code: a digit, a letter, what no secret holds that is known by its looks. */
const DIGIT = 1
const LETTER = 2
const BREAK = 3
const kinds = new Uint8Array(128)
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code)
  if (/\d/.test(character)) kinds[code] = DIGIT
  else if (/[A-Za-z]/.test(character)) kinds[code] = LETTER
  else if (/[\s"'`{}()[\]<>,;\\]/.test(character)) kinds[code] = BREAK
}

/**
 * Whether a text looks like a secret: letters and digits mixed, in one piece or several, and none
 * of the words, numbers, dates, paths and identifiers that look like it from afar.
 */
export function looksSecret(text: string, charsMin: number = secretCharsMin): boolean {
  if (text.length < charsMin) return false
  const length = Math.min(text.length, lookedCharsMax)
  let pieces = 0
  let mixed = 0
  let isSure = false
  for (let at = 0; at < length;) {
    const kind = kindAt(text, at)
    if (kind === BREAK) return false
    if (kind === 0) {
      at++
      continue
    }
    const start = at
    while (at < length && isAlphanumericKind(kindAt(text, at))) at++
    pieces++
    if (at - start < pieceCharsMin || !isMixed(text, start, at)) continue
    if (at - start >= longPieceCharsMin) isSure = true
    mixed++
  }
  const looked = text.slice(0, length)
  if (!isSure && !(mixed >= 2 && mixed * 2 >= pieces) && !uuid.test(looked)) return false
  return !number.test(looked) && !objectOrMail.test(looked) && !looked.includes('://')
}

function isAlphanumericKind(kind: number): boolean {
  return kind === DIGIT || kind === LETTER
}

function kindAt(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 0x80 ? kinds[code]! : 0
}

/** Letters and digits mixed, or small and capital letters as no word has them. */
function isMixed(text: string, start: number, end: number): boolean {
  let digits = 0
  let changes = 0
  let cases = 0
  for (let at = start; at < end; at++) {
    const kind = kindAt(text, at)
    if (kind === DIGIT) digits++
    if (at === start) continue
    if (kind !== kindAt(text, at - 1)) changes++
    else if (((text.charCodeAt(at) ^ text.charCodeAt(at - 1)) & 0x20) !== 0) cases++
  }
  const letters = end - start - digits
  if (letters === 0) return false
  if (letters >= secretCharsMin && cases * 3 >= letters) return true
  if (digits === 0) return false
  // No word is as long, with a number behind it.
  if (letters >= wordCharsMax) return true
  // A word with a number behind it, a number with a unit.
  if (changes > 1 || (kindAt(text, start) === DIGIT && letters > unitCharsMax)) return true
  return end - start >= secretCharsMin && hexadecimal.test(text.slice(start, end))
}

/** A path. */
const path = /^(?:[\w.-]{0,64}[/\\]){1,64}[\w.-]{0,64}$/

/** A password that is short: letters with digits or marks among them. */
export function looksLikePassword(text: string, charsMin: number = 6): boolean {
  if (text.length < charsMin) return false
  const looked = text.slice(0, lookedCharsMax)
  if (!/[\d!#$%&*+?@^~]/.test(looked) || !/[A-Za-z]/.test(looked)) return false
  return !number.test(looked) && !path.test(looked)
}

/** Whether letters and digits are mixed as in no word, or marks stand among them. */
export function looksRandom(text: string): boolean {
  if (/[!#$%^&*@]/.test(text)) return true
  return (text.match(piecesOf) ?? []).some((piece) => isMixed(piece, 0, piece.length))
}

/** What stands in a key's place of a secret and is none. */
const nothings: ReadonlySet<string> = new Set(
  'undefined null nil none nan true false yes no on off empty unset n/a'.split(' '),
)

/**
 * A mask, ours or another's; a place to be filled in; what `util.inspect` says of what it does not
 * show.
 */
const placeholder =
  /^(?:[*•.…]+|x{3,}|\((?:none|null|unset|empty|missing|not set)\)?|\$\{[^}]*\}?|\$(?=\w*(?:pass|pwd|secret|token|key|cred))\w+|\{\{.*|<[^<>]{0,40}>|<[a-z][a-z _.-]{0,40}|%[A-Za-z_]+%|%s|(?:process|import\.meta)\.env\b.*|(?:os\.environ|System\.getenv|os\.getenv|getenv)\b.*|\[(?:Function|AsyncFunction|class|Getter|Setter|Circular|Object|Array|Symbol|object)\b.*)$/i

/** A variable of a shell: `$PGUSER`. A place for a parameter of SQL: `?`, `$1`, `:password`. */
const shellVariable =
  /^(?:\$[A-Z_][A-Z0-9_]{0,64}|\?\d{0,3}|\$\d{1,3}|@P\d{1,3}|[:@](?=\w*(?:pass|pwd|secret|token|key|cred))[a-z_]{1,40}|%\(\w{1,40}\)s)$/

/**
 * Whether a value cannot be a secret, whatever its name: empty, a boolean, null, a mask, a place to
 * be filled in.
 */
export function isNothing(text: string): boolean {
  return (
    text === '' ||
    text.startsWith(redacted) ||
    (text.length < 10 && nothings.has(text.toLowerCase())) ||
    placeholder.test(text.slice(0, lookedCharsMax)) ||
    shellVariable.test(text)
  )
}

/** How many secrets there are; how `fetch` treats them. */
const pluralStates = /^(?:\d{1,3}|include|omit|same-origin)$/

/** Whether a string says something of several secrets, and is none: `credentials: 'omit'`. */
export function isPluralState(text: string): boolean {
  return pluralStates.test(text)
}

/** Words that a test, a switch or a state writes behind `pass`. */
const passStates: ReadonlySet<string> = new Set(
  'ok all any both pass passed fail failed skip skipped first second third last next required optional enabled disabled default manual auto high low early late full'.split(
    ' ',
  ),
)

const words = /^[\p{L}\p{M}]+(?:[ _./:&'+-]+[\p{L}\p{M}]+)*$/u
const shortCode = /^[A-Z0-9]{1,6}$/

/** Whether a string is not written as the value of a key of that strength. */
export function hidesString(strength: Strength, text: string): boolean {
  if (strength === NONE) return false
  if (strength === HINT) return hidesHint(text.trim())
  if (strength === WEAK) return hidesWeak(text.trim())
  if (strength === LIKELY) return hidesLikely(text.trim())
  if (strength === SHORT) return hidesShort(text.trim())
  return strength !== PLURAL || !isPluralState(text.trim())
}

/** Whether a number is not. A plural that names secrets counts them. */
export function hidesNumber(strength: Strength, name: string, value: number): boolean {
  if (strength === SHORT) return Math.abs(value) >= (/pins?$/i.test(name) ? 1_000 : 100_000)
  if (strength === PLURAL) return Math.abs(value) >= 1_000
  return strength === STRONG
}

/** A value of a context, without what its key's strength hides. */
export function guarded(value: unknown, strength: Strength, name: string): unknown {
  if (typeof value === 'string') return hidesString(strength, value) ? redacted : value
  if (typeof value === 'number') return hidesNumber(strength, name, value) ? redacted : value
  if (strength >= STRONG && typeof value === 'object' && value !== null) return redacted
  if (Array.isArray(value)) return value.map((element) => guarded(element, strength, name))
  return value
}

function hidesHint(text: string): boolean {
  return !isNothing(text) && looksSecret(text) && !uuid.test(text) && !isComposed(text)
}

/** Whether a key consists of several parts, as those of stores do: `user:17:prefs`, `a/b/c`. */
function isComposed(text: string): boolean {
  return (
    /[:/|#@,]/.test(text.slice(0, lookedCharsMax).replace(/[/+=:|#@,.)\]]{1,2}$/, '')) &&
    !base64.test(text)
  )
}

/** Base64 in one piece. */
const base64 = /^[\w+/]{24,}={0,2}$/

function hidesWeak(text: string): boolean {
  // `GLBX.MDP3`, `RTH-2`.
  if (text.length < secretCharsMin && /^[A-Z\d._:/-]+$/.test(text)) return false
  return hidesMixed(text)
}

function hidesMixed(text: string): boolean {
  if (isNothing(text) || number.test(text)) return false
  if (/\s/.test(text)) return hidesAny(text)
  if (words.test(text)) return text.length > wordyCharsMax || looksSecret(text)
  if (shortCode.test(text) || /^[\w+.-]{2,20}:\/\//.test(text)) return false
  const pieces = text.match(piecesOf) ?? []
  return pieces.length < 3 || pieces.some((piece) => /\d/.test(piece) && /[A-Za-z]/.test(piece))
}

/** A symbol of a token has fewer letters; so have most words of a grammar. */
const symbolCharsMax = 5
/** The symbol of a token that stands for another one: `wstETH`. */
const wrapped = /^[a-z]{1,3}[A-Z]{2,6}$/

function hidesLikely(text: string): boolean {
  // A signal of a process, at `sig`.
  if (/^SIG[A-Z\d]{2,9}$/.test(text)) return false
  if (hidesMixed(text)) return true
  if (!words.test(text) || /\s/.test(text) || wrapped.test(text)) return false
  return text
    .split(/[_./:&'+-]+/)
    .some((word) => word.length > symbolCharsMax && !isState(word.toLowerCase()))
}

function isState(word: string): boolean {
  return states.has(word) || kindsOfSecrets.has(word)
}

/** Several words: whether one of them is a secret, or all are the words of a seed. */
function hidesAny(text: string): boolean {
  const parts = text.slice(0, 1024).split(/\s+/, 25)
  if (parts.length >= 12 && parts.every((part) => /^[a-z]{3,8}$/.test(part))) return true
  return parts.some((part) => looksSecret(part))
}

function hidesShort(text: string): boolean {
  if (isNothing(text) || passStates.has(text.toLowerCase())) return false
  if (/^[A-Z]?\d{1,3}$/.test(text) || /^\d+\s?[/%]\s?\d*$/.test(text)) return false
  return !/^\d+(?:\.\d+)?\s?(?:[mµn]?s|min|h|d|x)$/.test(text)
}

/** Every pattern by name: what the tests prove to be safe. */
export const formPatterns: Readonly<Record<string, RegExp>> = {
  number,
  objectOrMail,
  path,
  placeholder,
  shellVariable,
  base64,
  words,
  pluralStates,
}
