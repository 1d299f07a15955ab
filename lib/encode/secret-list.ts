// Secrets in lists, where a name is one element and its value the next: the headers of a request,
// the entries of a map, the arguments of a program.

import { isCommand, maskCommands } from '../redact/secret-commands.ts'
import { nextName } from '../redact/name-grams.ts'
import {
  NONE,
  redacted,
  type Redactor,
  SHORT,
  STRONG,
  type Strength,
} from '../redact/secret-keys.ts'
import { hidesString, looksLikePassword, looksSecret } from '../redact/secret-values.ts'

/** Longer strings are no names, UTF-16 units. */
const nameCharsMax = 64
/** What may stand between a name and its value: `['password', '=', 'x']`. */
const operators: ReadonlySet<string> = new Set('= == === := : => -> eq is'.split(' '))
/** How much of a command line is looked at, UTF-16 units. */
const lineCharsMax = 4096

/** How surely a string names a secret; most strings are not asked for long. */
export function nameStrength(text: string, redactor: Redactor): Strength {
  if (text.length > nameCharsMax || nextName(text, 0, redactor.grams) === -1) return NONE
  return redactor.strengthOf(text)
}

/** The strings of one list, in their order. */
export class ListOfStrings {
  readonly #redactor: Redactor
  /** The strength of the name before. */
  #strength: Strength = NONE
  #isOption = false
  #isCompared = false
  /** The command line so far, and what is left of it; empty for a list that is none. */
  #line = ''
  #masked = ''
  #isFirst = true

  constructor(redactor: Redactor) {
    this.#redactor = redactor
  }

  /** Something that is no string stands there. */
  break(): void {
    this.#strength = NONE
    this.#isCompared = false
    this.#isFirst = false
  }

  /**
   * The next string, without what is secret of it; undefined when nothing stands before it that
   * makes it one.
   *
   * @param isValue Whether it is sure to be the value of the name before: in a pair among pairs, in
   *   raw headers.
   */
  next(text: string, isValue: boolean): string | undefined {
    const strength = this.#strength
    if (strength !== NONE && operators.has(text)) {
      this.#isCompared = true
      return undefined
    }
    const isSure = isValue || this.#isCompared
    this.#isCompared = false
    if (strength !== NONE && this.#hides(strength, text, isSure)) {
      this.#strength = NONE
      return redacted
    }
    const argument = this.#argument(text)
    this.#strength = isValue || argument !== undefined ? NONE : nameStrength(text, this.#redactor)
    this.#isOption = text.startsWith('-')
    return argument
  }

  #hides(strength: Strength, text: string, isValue: boolean): boolean {
    if (isValue) return hidesString(strength, text)
    if (this.#isOption) return !text.startsWith('-') && hidesString(strength, text)
    // It may be the next of a list of names.
    if (strength < SHORT) return looksSecret(text)
    return looksLikePassword(text, 4) || (strength >= STRONG && /\s/.test(text))
  }

  /** An argument of a command, without what is secret of it. */
  #argument(text: string): string | undefined {
    if (this.#isFirst) {
      this.#isFirst = false
      this.#line = this.#masked = isCommand(text) ? text.slice(text.lastIndexOf('/') + 1) : ''
      return undefined
    }
    if (this.#line === '' || this.#line.length + text.length > lineCharsMax) return undefined
    this.#line += ` ${text}`
    const masked = maskCommands(this.#line)
    const shown = masked.startsWith(`${this.#masked} `)
      ? masked.slice(this.#masked.length + 1)
      : text
    this.#masked = masked
    return shown === text ? undefined : shown
  }
}
