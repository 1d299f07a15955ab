// Tokens that are known by themselves: one matcher for all of `vendor-tokens.ts`.
//
// A token is a long run of letters, digits and a few marks, which most texts do not have. In such a
// run it begins where a word does. By its first two characters a list of prefixes is found, mostly
// none; what follows a prefix is tried at that place only. Every form is bounded until it is sure
// to be one, so the time is in proportion to the text.

import { encodedPatterns, encodedText } from './encoded-text.ts'
import { namedPatterns, namedToken } from './named-tokens.ts'
import { redacted } from './secret-keys.ts'
import { nextRun, runEnd } from './token-runs.ts'
import { escapeLength, isAlphanumeric } from './text-marks.ts'
import { paths, prefixed, shaped } from './vendor-tokens.ts'

/** How far before its long run a token begins at most: `1234567890:AA…`, `$argon2id$v=19$…`. */
const headCharsMax = 40
/** Prefixes up to this length must begin a word that `_` and `-` belong to. */
const weakPrefixCharsMax = 4
/** The shortest token that is known by its shape alone. */
const shapedCharsMin = 36

const uuidChars = 36

interface Form {
  readonly prefix: string
  /** The source of what matches behind the prefix. */
  readonly rest: string
  /** Whether the prefix, and the first group, stay. */
  readonly isPath: boolean
}

interface Shape {
  readonly mark: string
  readonly places: readonly number[]
  /** Sticky; a token of a shape does not go on as a word. */
  readonly form: RegExp
}

/** The forms by the first two characters of their prefix. */
const forms = new Map<number, readonly Form[]>()
/** By those: whether there are any. */
const begins = new Uint8Array(1 << 14)

for (const isPath of [false, true]) {
  for (const [, prefixes, rest] of isPath ? paths : prefixed) {
    for (const prefix of prefixes.split(' ')) {
      const pair = pairAt(prefix, 0)
      begins[pair] = 1
      const all = [...(forms.get(pair) ?? []), { prefix, rest, isPath }]
      // The longest first: `sk_live_` before `sk_`.
      forms.set(
        pair,
        all.toSorted((a, b) => b.prefix.length - a.prefix.length),
      )
    }
  }
}

/**
 * What follows prefixes, sticky, by its source: made for the first text that has one of the
 * prefixes, as most programs have none. Many prefixes are followed by the same.
 */
const rests = new Map<string, RegExp>()

function restOf(source: string): RegExp {
  let rest = rests.get(source)
  if (rest === undefined) rests.set(source, (rest = new RegExp(source, 'y')))
  return rest
}

/** The shapes by the code of their first character. */
const shapes: readonly Shape[][] = Array.from({ length: 128 }, () => [])

for (const [, first, mark, places, form] of shaped) {
  const shape = { mark, places, form: new RegExp(`${form}(?![\\w-])`, 'y') }
  const begin = new RegExp(first)
  for (const [code, all] of shapes.entries()) {
    if (begin.test(String.fromCharCode(code))) all.push(shape)
  }
}

function pairAt(text: string, at: number): number {
  return ((text.charCodeAt(at) & 0x7f) << 7) | (text.charCodeAt(at + 1) & 0x7f)
}

/**
 * The text with the tokens in it masked; the text itself when there are none.
 *
 * @param holdsSecret Whether there is a secret in a text, which a run of characters stands for.
 */
export function maskTokens(text: string, holdsSecret: (decoded: string) => boolean): string {
  let masked = ''
  let done = 0
  for (let run = nextRun(text, 0); run !== -1;) {
    const end = runEnd(text, run)
    let at = isUuid(text, run, end) ? end : headOf(text, run, done)
    const before = done
    while (at < end) {
      const token = tokenFrom(text, at, end)
      if (token === undefined) at = nextStart(text, at)
      else {
        masked += text.slice(done, token.from) + redacted
        done = at = token.to
      }
    }
    const found =
      done === before
        ? (namedToken(text, run, end, done) ?? encodedSecret(text, run, end, holdsSecret))
        : undefined
    if (found !== undefined) {
      masked += text.slice(done, found.from) + redacted
      done = found.to
    }
    run = nextRun(text, Math.max(end, done))
  }
  return done === 0 ? text : masked + text.slice(done)
}

/** A run that stands for a text with a secret in it. */
function encodedSecret(
  text: string,
  run: number,
  end: number,
  holdsSecret: (decoded: string) => boolean,
): Place | undefined {
  const encoded = encodedText(text, run, end)
  const isSecret = encoded !== undefined && holdsSecret(encoded.text)
  return isSecret ? { from: run, to: encoded.end } : undefined
}

/** Whether a run is what most identifiers are: no token is one alone. */
function isUuid(text: string, run: number, end: number): boolean {
  return (
    end - run === uuidChars &&
    text.charCodeAt(run + 8) === 0x2d &&
    text.charCodeAt(run + 13) === 0x2d &&
    text.charCodeAt(run + 18) === 0x2d &&
    text.charCodeAt(run + 23) === 0x2d
  )
}

/** Where the token may begin whose long run begins at `run`: before a mark that no run has. */
function headOf(text: string, run: number, floor: number): number {
  const mark = text.charCodeAt(run - 1)
  // `:` `|` `!` `=` `,`
  if (mark !== 0x3a && mark !== 0x7c && mark !== 0x21 && mark !== 0x3d && mark !== 0x2c) return run
  const lowest = Math.max(floor, run - headCharsMax)
  let at = run - 1
  while (at > lowest && !isBreak(text.charCodeAt(at - 1))) at--
  return at
}

/** A blank or a quote. */
function isBreak(code: number): boolean {
  return code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x60
}

/** Where the next word begins. */
function nextStart(text: string, from: number): number {
  const { length } = text
  let at = from
  while (at < length && isAlphanumeric(text.charCodeAt(at))) at++
  while (at < length && !isAlphanumeric(text.charCodeAt(at)) && text.charCodeAt(at) !== 0x24) at++
  return at === from ? at + 1 : at
}

interface Place {
  readonly from: number
  readonly to: number
}

/** The token that begins at a place, or behind an escape there; undefined without one. */
function tokenFrom(text: string, at: number, end: number): Place | undefined {
  const token = tokenAt(text, at, end)
  if (token !== undefined) return token
  const before = text.charCodeAt(at - 1)
  // `\` `%` `[` `;`
  if (before !== 0x5c && before !== 0x25 && before !== 0x5b && before !== 0x3b) return undefined
  const escape = escapeLength(text, at, at + 8)
  return escape > 0 ? tokenAt(text, at + escape, end) : undefined
}

function tokenAt(text: string, at: number, end: number): Place | undefined {
  const pair = pairAt(text, at)
  if (begins[pair] === 1) {
    const before = text.charCodeAt(at - 1)
    const isInWord = before === 0x5f || before === 0x2d || before === 0x2e
    for (const { prefix, rest: source, isPath } of forms.get(pair) ?? []) {
      if (isInWord && prefix.length <= weakPrefixCharsMax) continue
      if (!text.startsWith(prefix, at)) continue
      const rest = restOf(source)
      rest.lastIndex = at + prefix.length
      const match = rest.exec(text)
      if (match === null) continue
      const from = isPath ? at + prefix.length + match[1]!.length : at
      return { from, to: rest.lastIndex }
    }
  }
  return end - at < shapedCharsMin ? undefined : shapeAt(text, at)
}

function shapeAt(text: string, at: number): Place | undefined {
  const before = text.charCodeAt(at - 1)
  if (before === 0x5f || before === 0x2d) return undefined
  for (const { mark, places, form } of shapes[text.charCodeAt(at)] ?? []) {
    for (const place of places) {
      if (!text.startsWith(mark, at + place)) continue
      form.lastIndex = at
      if (form.test(text)) return { from: at, to: form.lastIndex }
    }
  }
  return undefined
}

/** Every pattern by its vendor, made anew: what the tests prove to be safe. */
export function tokenPatterns(): Record<string, RegExp> {
  const rows = [...prefixed, ...paths, ...shaped].map((row) => [
    `${row[0]} ${row[1]} ${row[2]}`,
    new RegExp(row.at(-1) as string, 'y'),
  ])
  return { ...encodedPatterns, ...namedPatterns(), ...Object.fromEntries(rows) }
}
