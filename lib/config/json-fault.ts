// Finds where a text stops being JSON, and says what should stand there.
//
// JSON.parse does not tell: of its messages some have a position, some a line and column, some nothing, and
// they differ from one Node to the next. The place found here is the first character with which the text
// cannot be the beginning of any JSON, or the end when more should follow. Nesting is kept in a list, not on
// the stack, since JSON.parse has no limit of depth either.

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

/** What may come next; `first…` also allows the bracket to be closed. */
type Next = 'value' | 'firstItem' | 'key' | 'firstKey' | 'colon' | 'comma'

/** Where a text stops being JSON; `undefined` when it is JSON. */
export function jsonFaultOf(text: string): JsonFault | undefined {
  /** What closes the brackets that are open, the innermost last. */
  const closers: ('}' | ']')[] = []
  let next: Next = 'value'
  let at = 0
  for (;;) {
    at = spaceEnd(text, at)
    const character = text[at]
    const closer = closers.at(-1)
    if (next === 'comma' && closer === undefined) {
      return character === undefined ? undefined : faultAt(text, at, 'the end of the file')
    }
    if (character === closer && (next === 'comma' || next.startsWith('first'))) {
      closers.pop()
      next = 'comma'
      at++
    } else if (next === 'comma') {
      if (character !== ',') return faultAt(text, at, `a comma or "${closer}"`)
      next = closer === '}' ? 'key' : 'value'
      at++
    } else if (next === 'colon') {
      if (character !== ':') return faultAt(text, at, 'a colon')
      next = 'value'
      at++
    } else if (next === 'key' || next === 'firstKey') {
      if (character !== '"') return faultAt(text, at, 'a key in double quotes')
      const end = stringEnd(text, at)
      if (typeof end !== 'number') return end
      next = 'colon'
      at = end
    } else if (character === '{' || character === '[') {
      closers.push(character === '{' ? '}' : ']')
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
