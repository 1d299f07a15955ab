// Kinds of secrets: what the masking of strings is measured by. The tables are in
// `corpus-tokens.ts` and `corpus-forms.ts`; here their random parts are filled in.

import { forms } from './corpus-forms.ts'
import { tokens } from './corpus-tokens.ts'

/** A text with a secret in it. */
export interface Kind {
  /** `token`, `header`, `url` … */
  readonly group: string
  /** Who hands it out, or what prints it. */
  readonly origin: string
  readonly text: string
  /** What must not be left of the text. */
  readonly secret: string
}

const digits = '0123456789'
const lower = 'abcdefghijklmnopqrstuvwxyz'
const upper = lower.toUpperCase()

/** The alphabets of the random parts, by the letter in front of their length. */
const alphabets: Readonly<Record<string, string>> = {
  x: '0123456789abcdef',
  X: '0123456789ABCDEF',
  d: digits,
  a: lower + digits,
  A: upper + digits,
  K: `${upper}234567`,
  l: lower + upper,
  m: lower + upper + digits,
  w: `${lower}${upper}${digits}_-`,
  W: `${lower}${digits}_-`,
  B: `${lower}${upper}${digits}+/`,
  b: '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',
  p: `${lower}${upper}${digits}!$^*#%+=`,
  q: lower + upper + digits,
}

/** A piece that no word looks like: digits among letters, not only behind them. */
const amongLetters =
  /(?<![A-Za-z\d])(?=[A-Za-z\d]{8})(?:[A-Za-z]+\d[A-Za-z\d]*[A-Za-z]|\d[A-Za-z\d]*[A-Za-z]\d)/
/** What no option of a command begins with. */
const begins = /^[A-Za-z\d]/

/** What an alphabet with several kinds of characters must give, or it is tried again. */
const needed: Readonly<Record<string, readonly RegExp[]>> = {
  a: [amongLetters],
  A: [amongLetters],
  m: [/[a-z]/, /[A-Z]/, amongLetters],
  w: [/[a-z]/, /[A-Z]/, amongLetters, begins],
  W: [amongLetters, begins],
  B: [/[a-z]/, /[A-Z]/, amongLetters],
  p: [/[a-z]/, /[A-Z]/, /\d/, /[!$^*#%+=]/, begins, /[A-Za-z0-9]$/, /^(?!.*(?:\^A|%2[267]))/],
  q: [/[a-z]/, /[A-Z]/, amongLetters, /^[A-Za-z]/],
}

/** A generator of numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** A random part: `m36` is 36 letters and digits, `u` a UUID, `B32A` base32. */
export function randomPart(part: string, random: () => number): string {
  const pick = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
  if (part === 'u') return [8, 4, 4, 4, 12].map((length) => pick(alphabets['x']!, length)).join('-')
  if (part === 'B32A') return pick(`${upper}234567`, 32)
  const length = Number(part.slice(1))
  for (let tries = 0; ; tries++) {
    const text = pick(alphabets[part[0]!]!, length)
    if (length < 8 || tries > 1000 || (needed[part[0]!] ?? []).every((form) => form.test(text)))
      return text
  }
}

function kindOf(group: string, origin: string, template: string, seed: number): Kind {
  const random = randomOf(seed)
  const filled = template
    .replaceAll('⏎', '\n')
    .replaceAll('⇥', '\t')
    .replaceAll('␛', '\u001b')
    .replaceAll('␁', '\u0001')
    .replaceAll(/⟨([^⟩]*)⟩/g, (_, part: string) => randomPart(part, random))
  const start = filled.indexOf('⟦')
  const end = filled.indexOf('⟧')
  return {
    group,
    origin,
    text: filled.slice(0, start) + filled.slice(start + 1, end) + filled.slice(end + 1),
    secret: filled.slice(start + 1, end),
  }
}

/**
 * Kinds that have no form, or one that too much has that is harmless: they are written. By what
 * their text begins with, behind their group and origin.
 */
const formless: readonly string[] = [
  'token LaunchDarkly api-',
  'header wsproto',
  'command netuse',
  'command netuser',
  'connection phpdsn',
  'structure pgpass',
]

/** Whether a kind is one of the few that are not recognised. */
export function isFormless({ group, origin, text }: Kind): boolean {
  return formless.some((name) => `${group} ${origin} ${text}`.startsWith(name))
}

/** All kinds, with values made from the seed. */
export function kindsOf(seed: number): readonly Kind[] {
  const kinds: Kind[] = []
  for (const line of tokens.trim().split('\n')) {
    const [, origin, template] = /^(\S+) *\| (.*)$/.exec(line)!
    kinds.push(kindOf('token', origin!, template!, seed + kinds.length))
  }
  for (const line of forms.trim().split('\n')) {
    if (line === '') continue
    const [, group, origin, template] = /^(\S+) *\| *(\S+) *\| (.*)$/.exec(line)!
    kinds.push(kindOf(group!, origin!, template!, seed + kinds.length))
  }
  return kinds
}
