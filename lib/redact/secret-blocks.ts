// Private keys as blocks of text: PEM, OpenSSH, PGP, PuTTY; with line breaks, escaped ones, or
// blanks between their lines. A block without an end is masked as far as its lines look like
// base64.

import { redacted } from './secret-keys.ts'

/** The line that begins a block. */
const begin =
  /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|PuTTY-User-Key-File-\d:[^\r\n\\]{0,80}/g
const endLine =
  /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}|Private-MAC: ?[0-9a-f]{1,80}/y

/**
 * Between two lines of a block: line breaks, escaped or not, indentation, quotes of a program's
 * text.
 */
const gap = /(?:[\s>|"'+,]|\\{1,4}[nrt"]|&#1[03];|%0[AD]|\\{1,4}u000[ad])+/iy
/** A header of the block, with blanks behind the colon: `Proc-Type: 4,ENCRYPTED`. */
const header =
  /(?:Version|Comment|Hash|Charset|MessageID|Proc-Type|DEK-Info|X-Info|Subject|Encryption|Public-Lines|Private-Lines|Key-Derivation|Argon2-\w{1,12}): [^\r\n\\]{1,80}/y
/** A line of base64; a short one is the last. */
const line = /[\w+/=]{16,4096}|[\w+/=]{1,15}(?![\w:])/y
/** A word of prose behind a block that has no end. */
const word = /(?:[A-Za-z]{1,15}|\d{1,15})(?![\w+/=])/y

/** The text with the private keys in it masked; the text itself when there are none. */
export function maskBlocks(text: string): string {
  let masked = ''
  let done = 0
  begin.lastIndex = 0
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const end = blockEnd(text, begin.lastIndex)
    if (end === begin.lastIndex) continue
    masked += text.slice(done, match.index) + redacted
    done = begin.lastIndex = end
  }
  return done === 0 ? text : masked + text.slice(done)
}

function blockEnd(text: string, from: number): number {
  let at = from
  for (;;) {
    gap.lastIndex = at
    const next = gap.test(text) ? gap.lastIndex : at
    endLine.lastIndex = next
    if (endLine.test(text)) return endLine.lastIndex
    header.lastIndex = word.lastIndex = line.lastIndex = next
    if (header.test(text)) {
      at = header.lastIndex
      continue
    }
    if (word.test(text) && !hasEnd(text, next)) return at
    if (!line.test(text)) return at
    at = line.lastIndex
  }
}

/** Whether the block is sure to go on: its end stands within reach. */
function hasEnd(text: string, from: number): boolean {
  return /-{4,5} ?END |Private-MAC/.test(text.slice(from, from + 256))
}

export const blockPatterns: Readonly<Record<string, RegExp>> = {
  begin,
  endLine,
  gap,
  header,
  line,
  word,
}
