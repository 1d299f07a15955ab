// The human line: an entry as a person reads it, in the terminal, on the console, in the event log.
//
// Whatever stands in an entry, its human line is one line, and nothing in it drives the terminal: control
// characters and what deceives the eye (bidi controls, zero-width and tag characters, line separators, lone
// surrogates) are shown as visible escapes. Entries come from files that anyone may have written, so no
// field is trusted to have its type.

import type { ExceptionInfo, LogEntry } from './entry.ts'
import { textOf, throwsMark } from './safe-text.ts'
import { depthMax } from './entry.ts'

export interface FormatOptions {
  /** Show times in the local zone instead of as recorded (UTC). @default false */
  readonly local?: boolean
  /** Colour by level, with SGR codes. @default false */
  readonly color?: boolean
  /** Show context and exception as indented lines below. @default false */
  readonly expand?: boolean
}

/** What stands between the lines below an entry and the left margin, so that none can pass for an entry. */
const indent = '    '

const levelWidth = 5
const categoryWidth = 11

/** What most text consists of: four times as quick to test for as what is unsafe. */
const plain = /^[\u0020-\u007e]*$/

/** Marks that stand over the letter before them. */
const marks = String.raw`[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]`

/**
 * What is not shown as it is. Without the `u` flag, which makes it four times as slow.
 */
const unsafe = new RegExp(
  [
    // Controls: C0, DEL, C1; line and paragraph separators; bidi controls; annotations.
    String.raw`[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u061c\u2066-\u2069\ufff9-\ufffb`,
    // What has no width: joiners, fillers, variation selectors but those that choose between text and emoji.
    String.raw`\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u3164`,
    String.raw`\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufff8]`,
    // The same beyond U+FFFF: shorthand and musical formats, tags, more variation selectors.
    String.raw`|\ud82f[\udca0-\udca3]|\ud834[\udd73-\udd7a]|[\udb40-\udb43][\udc00-\udfff]`,
    // Lone surrogates.
    String.raw`|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]`,
    // A ninth mark on one letter: heaped up, they cover the lines above.
    `|(?<=${marks}{8})${marks}`,
  ].join(''),
)
const unsafeAll = new RegExp(unsafe, 'g')

/** What belongs to the character before it. */
const joins = new RegExp(`${marks}|[\\udc00-\\udfff]`)

/** A longer text is made visible piece by piece. */
const pieceChars = 65_536

/** Escapes of single UTF-16 units that have been needed; there are some hundreds. */
const escapes = new Map<string, string>()

/** A timestamp of ours, or another in UTC. */
const recorded = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)$/

const reset = '\u001b[0m'
const dim = '\u001b[2m'

/** SGR codes by level: the graver, the louder; legible on dark and on light ground. */
const colors: ReadonlyMap<string, string> = new Map([
  ['DEBUG', '\u001b[2m'],
  ['INFO', '\u001b[32m'],
  ['WARNING', '\u001b[33m'],
  ['ERROR', '\u001b[31m'],
  ['CRITICAL', '\u001b[1;97;41m'],
])

/** Text with everything that could drive or deceive a terminal as visible escapes: `\x1b`, `\u202e`. */
export function visible(text: string): string {
  if (plain.test(text)) return text
  if (text.length <= pieceChars) return text.replace(unsafeAll, escapeOf)
  // In one go, `replace` remembers every match before it makes the string: 70 bytes for each character (Node 20.20).
  let shown = ''
  for (const piece of piecesOf(text)) shown += piece.replace(unsafeAll, escapeOf)
  return shown
}

/** A text in pieces, none of which ends amid a character or among the marks on one. */
export function* piecesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let to = from + pieceChars
    while (to < text.length && to < from + 2 * pieceChars && joins.test(text[to]!)) to++
    yield text.slice(from, to)
    from = to
  }
}

function escapeOf(characters: string): string {
  if (characters.length > 1) return newEscapeOf(characters)
  let escape = escapes.get(characters)
  if (escape === undefined) {
    escape = newEscapeOf(characters)
    escapes.set(characters, escape)
  }
  return escape
}

function newEscapeOf(characters: string): string {
  switch (characters) {
    case '\n':
      return String.raw`\n`
    case '\r':
      return String.raw`\r`
    case '\t':
      return String.raw`\t`
    default: {
      const code = characters.codePointAt(0)!
      if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
      return code > 0xffff
        ? `\\u{${code.toString(16)}}`
        : `\\u${code.toString(16).padStart(4, '0')}`
    }
  }
}

/**
 * The human line of an entry, without a line end: `[2025-10-17 14:23:45] INFO  | enforcement | ABC123 | message`.
 * Without an account its column is left out.
 */
export function formatEntry(entry: LogEntry, options: FormatOptions = {}): string {
  const { color = false } = options
  const level = textOf(entry.level)
  const paint = color ? (colors.get(level) ?? '') : ''
  const time = `[${shownTime(textOf(entry.timestamp), options.local ?? false)}]`
  let line = color ? `${dim}${time}${reset} ` : `${time} `
  const column = visible(level).padEnd(levelWidth)
  line += paint === '' ? column : `${paint}${column}${reset}`
  line += ` | ${visible(textOf(entry.category)).padEnd(categoryWidth)} | `
  if (entry.account_id !== undefined) line += `${visible(textOf(entry.account_id))} | `
  const message = visible(textOf(entry.message))
  line += paint === '' || level === 'INFO' ? message : `${paint}${message}${reset}`
  if (options.expand !== true) return line
  if (entry.context !== undefined) line += `\n${formatContext(entry.context)}`
  if (entry.exception !== undefined) line += `\n${formatException(entry.exception)}`
  return line
}

/** A context as indented lines. */
function formatContext(context: unknown): string {
  return jsonOf(context)
    .split('\n')
    .map((line) => indent + visible(line))
    .join('\n')
}

function jsonOf(value: unknown): string {
  try {
    const json = JSON.stringify(value, undefined, 2) as string | undefined
    return json ?? ''
  } catch (error) {
    // Nested tens of thousands deep, which a line can be, or not from a line at all.
    return throwsMark(error)
  }
}

/** An exception as indented lines: its stack, which begins with type and message, then causes and errors. */
export function formatException(exception: ExceptionInfo, depth = 1): string {
  const margin = indent.repeat(depth)
  // Our own are never deeper; what stands in a file may be.
  if (depth > depthMax) return `${margin}…`
  const { type, message, stack_trace: stack, code, cause, errors } = looked(exception)
  const head = `${textOf(type)}: ${textOf(message)}`
  const text = typeof stack === 'string' && stack !== '' ? stack : head
  const lines = text.split('\n').map((line) => margin + visible(line))
  if (code !== undefined) lines.push(`${margin}code: ${visible(textOf(code))}`)
  if (cause !== undefined)
    lines.push(`${margin}caused by:`, formatException(cause as ExceptionInfo, depth + 1))
  if (Array.isArray(errors)) {
    for (const error of errors)
      lines.push(`${margin}one of:`, formatException(error as ExceptionInfo, depth + 1))
  }
  return lines.join('\n')
}

/** The fields of what should be an exception. */
function looked(exception: unknown): { readonly [Key in keyof ExceptionInfo]?: unknown } {
  return typeof exception === 'object' && exception !== null ? exception : { message: exception }
}

function shownTime(timestamp: string, local: boolean): string {
  // As recorded: `2025-10-17T14:23:45.123+00:00` without the T, the milliseconds and the offset.
  if (!local && recorded.test(timestamp))
    return `${timestamp.slice(0, 10)} ${timestamp.slice(11, 19)}`
  const time = new Date(timestamp)
  if (Number.isNaN(time.getTime())) return visible(timestamp)
  // Written by others with an offset of their own, which the column has no room for.
  if (!local) return time.toISOString().slice(0, 19).replace('T', ' ')
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
}

function two(part: number): string {
  return String(part).padStart(2, '0')
}
