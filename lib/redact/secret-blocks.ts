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

/** How long what a program writes in front of each line may be, in UTF-16 units. */
const prefixCharsMax = 64
/** The number of a line. */
const lineNumber = /\d{1,6}[ \t]{0,4}[:|.)][ \t]{0,4}/y

/** The text with the private keys in it masked; the text itself when there are none. */
export function maskBlocks(text: string): string {
  let masked = ''
  let done = 0
  begin.lastIndex = 0
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const lineStart = lineBefore(text, match.index, match.index - prefixCharsMax - 1)
    const prefix = lineStart === undefined ? '' : text.slice(lineStart, match.index)
    const end = blockEnd(text, begin.lastIndex, prefix)
    if (end === begin.lastIndex) continue
    masked += text.slice(done, match.index) + redacted
    done = begin.lastIndex = end
  }
  const rest = done === 0 ? text : masked + text.slice(done)
  return withoutBeginning(rest)
}

/** `prefix`: what stands in front of the first line. */
function blockEnd(text: string, from: number, prefix: string): number {
  let at = from
  for (;;) {
    gap.lastIndex = at
    let next = gap.test(text) ? gap.lastIndex : at
    if (next > at) next = afterPrefix(text, next, prefix)
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

/**
 * Behind what a program writes in front of each line: the last words of what stands before the
 * first, or a number.
 */
function afterPrefix(text: string, at: number, prefix: string): number {
  for (let from = 0; from < prefix.length; from++) {
    const isWord = from === 0 || /[\s"'(]/.test(prefix[from - 1]!)
    if (!isWord || /\s/.test(prefix[from]!)) continue
    if (text.startsWith(prefix.slice(from), at)) return at + prefix.length - from
  }
  lineNumber.lastIndex = at
  return prefix.trim() !== '' && lineNumber.test(text) ? lineNumber.lastIndex : at
}

const end = /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g
/** One line of a block. */
const blockLine = /^[ \t]{0,16}[\w+/=]{1,128}[ \t]{0,4}$/

/** A block whose beginning is missing is masked up to its end. */
function withoutBeginning(text: string): string {
  let masked = ''
  let done = 0
  for (const { index } of text.matchAll(end)) {
    const floor = Math.max(done, index - headCharsMax)
    const lineStart = lineBefore(text, index, floor)
    if (lineStart === undefined) continue
    const last = lineStart - 1
    const from = linesBefore(text, last, floor)
    if (from >= last || !/[\w+/]{40}/.test(text.slice(from, last))) continue
    masked += text.slice(done, from) + redacted
    done = last
  }
  return done === 0 ? text : masked + text.slice(done)
}

/**
 * Where the line of a place begins; undefined when that is below `floor`. It is not looked for
 * further: a text of one line may hold thousands of beginnings.
 */
function lineBefore(text: string, at: number, floor: number): number | undefined {
  const start = Math.max(0, floor)
  const found = text.slice(start, at).lastIndexOf('\n')
  if (found !== -1) return start + found + 1
  return floor <= 0 ? 0 : undefined
}

/** Where the lines of base64 begin that end with the line break at a place. */
function linesBefore(text: string, at: number, floor: number): number {
  let from = at
  while (from > floor) {
    const start = lineBefore(text, from, floor - 1)
    if (start === undefined || !blockLine.test(text.slice(start, from).replace(/\r$/, ''))) break
    from = start - 1
  }
  return from + 1
}

/** How much of a block without a beginning is looked for: as much as a key of 8 192 bits has. */
const headCharsMax = 8192

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
  lineNumber,
  end,
  blockLine,
}
