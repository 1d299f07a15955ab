// Sentences about a secret that are none themselves: `password: must be at least 12 characters`,
// `token: expired`.

import { matchEnd } from './assignment.ts'
import { states } from './secret-words.ts'

/** Two words. */
const twoWords =
  /[A-Za-z]{1,20}(?:['’][a-z]{1,2})?[ \t]{1,2}(?:[a-z]{1,20}|I)(?=[\s.,;!?)'"]|$)(?![ \t]{0,4}[=:])/y
/** One, with no letter right behind the mark that follows it. */
const oneWord = /[A-Za-z]{1,20}(?![\w$+/=@#%^&*!~-]|["'`?<>()[\]{}|.]\w)/y

/** Whether a word says how something is. */
export function isState(word: string): boolean {
  return states.has(word.toLowerCase())
}

/** Whether the text begins at a place with a word that says how something is. */
export function beginsWithState(text: string, at: number): boolean {
  const end = matchEnd(oneWord, text, at)
  return end !== -1 && isState(text.slice(at, end))
}

/** Whether what stands at a place is a sentence. */
export function isProse(text: string, at: number): boolean {
  return beginsWithState(text, at) || matchEnd(twoWords, text, at) !== -1
}

export const prosePatterns: Readonly<Record<string, RegExp>> = { twoWords, oneWord }
