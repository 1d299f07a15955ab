// Faults in JSON text that JSON.parse does not report: the place where it stops being JSON, and
// keys that stand in it twice.
//
// Of the messages of JSON.parse some have a position, some a line and column, some nothing, and
// they differ from one Node to the next. The place found here is the first character with which the
// text cannot be the beginning of any JSON, or the end when more should follow. Nesting is kept in
// a list, not on the stack, since JSON.parse has no limit of depth either.

import { shown } from '../entry/foreign-value.ts'

/** The place where a text stops being JSON. */
export interface JsonFault {
  /** Its index in the text; the text's length when the text ends too early. */
  readonly at: number
  /** What should stand there, in words. */
  readonly expected: string
  /** What does, in words. */
  readonly actual: string
}

/**
 * A key that stands in an object for a second time, or a third: JSON.parse takes the last and drops
 * the others.
 */
export interface RepeatedKey {
  /** The keys that lead to it, itself the last; the place of an item stands for its key. */
  readonly path: readonly string[]
  /** Its index in the text. */
  readonly at: number
  /** That of the one before it. */
  readonly before: number
}

/** Where a text stops being JSON; `undefined` when it is JSON. */
export function jsonFaultOf(text: string): JsonFault | undefined {
  return scan(text, () => {})
}

/** The keys that stand more than once in one object, in the order of the text, which is JSON. */
export function repeatedKeysOf(text: string): RepeatedKey[] {
  const repeated: RepeatedKey[] = []
  scan(text, (open, at) => {
    const bracket = open.at(-1)!
    bracket.keys ??= new Map()
    const before = bracket.keys.get(bracket.key)
    bracket.keys.set(bracket.key, at)
    if (before !== undefined) repeated.push({ path: open.map(({ key }) => key), at, before })
  })
  return repeated
}

/** A bracket that is open. */
interface Bracket {
  readonly closer: '}' | ']'
  /**
   * The keys that stood in it, each with its last index in the text; while none is looked for,
   * there is no list.
   */
  keys: Map<string, number> | undefined
  /** The key, or the place of the item, that comes now. */
  key: string
}

/** What may come next; `first…` also allows the bracket to be closed. */
type Next = 'value' | 'firstItem' | 'key' | 'firstKey' | 'colon' | 'comma'

/**
 * Reads a text to its end, or to the place where it stops being JSON.
 *
 * @param met Told of each key: the brackets that are open, the innermost last, and the key's index.
 */
function scan(
  text: string,
  met: (open: readonly Bracket[], at: number) => void,
): JsonFault | undefined {
  const open: Bracket[] = []
  let next: Next = 'value'
  let at = 0
  for (;;) {
    at = spaceEnd(text, at)
    const character = text[at]
    const bracket = open.at(-1)
    if (next === 'comma' && bracket === undefined) {
      return character === undefined ? undefined : faultAt(text, at, 'the end of the file')
    }
    if (character === bracket?.closer && (next === 'comma' || next.startsWith('first'))) {
      open.pop()
      next = 'comma'
      at++
    } else if (next === 'comma') {
      if (character !== ',') return faultAt(text, at, `a comma or "${bracket!.closer}"`)
      next = nextItem(bracket!)
      at++
    } else if (next === 'colon') {
      if (character !== ':') return faultAt(text, at, 'a colon')
      next = 'value'
      at++
    } else if (next === 'key' || next === 'firstKey') {
      if (character !== '"') return faultAt(text, at, 'a key in double quotes')
      const end = stringEnd(text, at)
      if (typeof end !== 'number') return end
      bracket!.key = JSON.parse(text.slice(at, end)) as string
      met(open, at)
      next = 'colon'
      at = end
    } else if (character === '{' || character === '[') {
      open.push({ closer: character === '{' ? '}' : ']', keys: undefined, key: '0' })
      next = character === '{' ? 'firstKey' : 'firstItem'
      at++
    } else {
      const end = scalarEnd(text, at)
      if (typeof end !== 'number') return end
      next = 'comma'
      at = end
    }
  }
}

/** What comes behind a comma. */
function nextItem(bracket: Bracket): Next {
  if (bracket.closer === '}') return 'key'
  bracket.key = String(Number(bracket.key) + 1)
  return 'value'
}

function spaceEnd(text: string, start: number): number {
  let at = start
  while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++
  return at
}

/** The end of the string, number or word that starts here. */
function scalarEnd(text: string, start: number): number | JsonFault {
  const character = text.charAt(start)
  if (character === '"') return stringEnd(text, start)
  if (/[-0-9]/.test(character)) return numberEnd(text, start)
  const word = ['true', 'false', 'null'].find((candidate) => candidate[0] === character)
  if (word === undefined) return faultAt(text, start, 'a value')
  for (let at = start; at < start + word.length; at++) {
    if (text[at] !== word[at - start]) return faultAt(text, at, `the word ${word}`)
  }
  return start + word.length
}

function stringEnd(text: string, start: number): number | JsonFault {
  let at = start + 1
  for (;;) {
    const character = text[at]
    if (character === '"') return at + 1
    if (character === undefined || character < ' ') {
      return faultAt(text, at, 'a closing quote, or control characters as escapes')
    }
    if (character !== '\\') {
      at++
      continue
    }
    const escape = text.charAt(at + 1)
    if (escape === '' || !'"\\/bfnrtu'.includes(escape)) {
      return faultAt(text, at + 1, String.raw`one of " \ / b f n r t u after a backslash`)
    }
    at += 2
    if (escape !== 'u') continue
    for (const end = at + 4; at < end; at++) {
      if (!/[0-9A-Fa-f]/.test(text.charAt(at))) return faultAt(text, at, 'four hex digits')
    }
  }
}

function numberEnd(text: string, start: number): number | JsonFault {
  let at = text[start] === '-' ? start + 1 : start
  // Nothing may follow a leading zero.
  const whole = text[at] === '0' ? at + 1 : digitsEnd(text, at)
  if (whole === at) return faultAt(text, at, 'a digit')
  at = whole
  if (text[at] === '.') {
    const end = digitsEnd(text, at + 1)
    if (end === at + 1) return faultAt(text, end, 'a digit')
    at = end
  }
  if (text[at] === 'e' || text[at] === 'E') {
    const sign = text[at + 1] === '+' || text[at + 1] === '-' ? 1 : 0
    const end = digitsEnd(text, at + 1 + sign)
    if (end === at + 1 + sign) return faultAt(text, end, 'a digit')
    at = end
  }
  return at
}

function digitsEnd(text: string, start: number): number {
  let at = start
  while (/[0-9]/.test(text.charAt(at))) at++
  return at
}

function faultAt(text: string, at: number, expected: string): JsonFault {
  return { at, expected, actual: foundAt(text, at) }
}

/** What stands at a place, as a person would call it. */
function foundAt(text: string, at: number): string {
  if (at >= text.length) return 'the end of the file'
  if (/[\r\n]/.test(text.charAt(at))) return 'the end of the line'
  const rest = text.slice(at, at + 32)
  if (/^\/[/*]/.test(rest)) return 'a comment (JSON has none)'
  const found = shown(/^[\w$]+/.exec(rest)?.[0] ?? String.fromCodePoint(text.codePointAt(at) ?? 0))
  const afterComma = /,[ \t\r\n]*$/.test(text.slice(0, at))
  return /[}\]]/.test(rest.charAt(0)) && afterComma ? `${found} after a comma` : found
}
