// An assignment: a name in a text, and the place of its value. The searches for a value pass it on
// to each other.

import { redacted, SHORT, type Strength } from './secret-keys.ts'
import { hidesString, looksLikePassword } from './secret-values.ts'

/** How far a value is looked at that may be none, in UTF-16 units. */
export const lookedCharsMax = 128

/** A name, and what stands right behind it. */
export interface Assignment {
  readonly name: string
  readonly strength: Strength
  readonly start: number
  readonly end: number
  /** Whether quotes or brackets stand behind it. */
  readonly isQuoted: boolean
  /** Behind those. */
  readonly after: number
  /** Whether blanks follow; where they end. */
  readonly isSpaced: boolean
  readonly next: number
}

/** A text, and the place in it that is to be masked next. */
export interface Assigned {
  readonly text: string
  /** Up to where the text is masked already. */
  readonly done: number
  from: number
  to: number
  /** Up to where brackets are known not to be closed. */
  unclosedTo: number
}

/** Takes a place as the value, unless it is empty or masked already. */
export function take(into: Assigned, from: number, to: number): boolean {
  if (to <= from || into.text.startsWith(redacted, from)) return false
  into.from = from
  into.to = to
  return true
}

/** Where a sticky pattern ends that matches at a place; -1 when it does not. */
export function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}

const variable = /^[A-Z][A-Z0-9]{0,30}_(?:[A-Z0-9_]{1,30}_)?PASS$/

/** Whether the value of a short name is a password, a PIN, a card's number, and no count. */
export function isPassword(name: string, shown: string): boolean {
  if (looksLikePassword(shown, 4)) return true
  // A variable of the environment holds no count of what has passed.
  if (variable.test(name) && shown.length >= 6 && /^\p{L}+[.:]?$/u.test(shown)) {
    return hidesString(SHORT, shown)
  }
  return /pan$/i.test(name)
    ? /^\d{13,19}$/.test(shown)
    : /pins?$/i.test(name) && /^\d{4,8}[.:]?$/.test(shown)
}
