// The human line: an entry as a person reads it, in the terminal, on the console, in the event log.
//
// Whatever stands in an entry, its human line is one line, and nothing in it drives the terminal:
// control characters and what deceives the eye (bidi controls, zero-width and tag characters, line
// separators, lone surrogates) are shown as visible escapes. Entries come from files that anyone
// may have written, so no field is trusted to have its type.

import type { ExceptionInfo, LogEntry } from './entry.ts'
import type { EntryFields } from './made-entry.ts'
import { textOf, throwsMark } from './safe-text.ts'
import { depthMax } from './entry.ts'
import { visible } from './visible-text.ts'

export interface FormatOptions {
  /** Show times in the local zone instead of as recorded (UTC). @default false */
  readonly local?: boolean
  /** Colour by level, with SGR codes. @default false */
  readonly color?: boolean
  /** Show trace, context and exception as indented lines below. @default false */
  readonly expand?: boolean
}

/** What only we add to a human line. */
export interface LineOptions extends FormatOptions {
  /** Which of several logs the entry is of: a column in front of the category. */
  readonly instance?: string
  /** The column of the level is as wide as the longest one. @default false */
  readonly isAligned?: boolean
  /** Times have milliseconds. @default false */
  readonly hasMilliseconds?: boolean
}

/**
 * What stands between the lines below an entry and the left margin, so that none can pass for an
 * entry.
 */
const indent = '    '

const levelWidth = 5
const levelWidthMax = 'CRITICAL'.length
const categoryWidth = 11

/** A timestamp of ours, or another in UTC. */
const recorded = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)$/

/** A fraction of three digits. */
const milliseconds = /\.\d{3}(?!\d)/

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

/**
 * The human line of an entry, without a line end:
 * `[2025-10-17 14:23:45] INFO  | enforcement | ABC123 | message`. Without an account its column is
 * left out. In the columns before the message a `|` is shown as `\x7c`, so that an account cannot
 * pass for columns of its own.
 */
export function formatEntry(entry: LogEntry, options: FormatOptions = {}): string {
  return formatFields(entry, options)
}

/** The same for whatever has the fields of an entry. */
export function formatFields(entry: EntryFields, options: LineOptions = {}): string {
  const { color = false } = options
  const level = textOf(entry.level)
  const paint = color ? (colors.get(level) ?? '') : ''
  const time = `[${shownTime(textOf(entry.timestamp), options)}]`
  let line = color ? `${dim}${time}${reset} ` : `${time} `
  const column = columnOf(level).padEnd(options.isAligned === true ? levelWidthMax : levelWidth)
  line += paint === '' ? column : `${paint}${column}${reset}`
  if (options.instance !== undefined) line += ` | ${columnOf(options.instance)}`
  line += ` | ${columnOf(textOf(entry.category)).padEnd(categoryWidth)} | `
  const account = entry.account_id
  if (account !== undefined) line += `${columnOf(textOf(account))} | `
  const message = visible(textOf(entry.message))
  line += paint === '' || level === 'INFO' ? message : `${paint}${message}${reset}`
  if (options.expand !== true) return line
  const { trace_id: trace, span_id: span, context, exception } = entry
  if (trace !== undefined) line += `\n${indent}trace_id: ${visible(textOf(trace))}`
  if (span !== undefined) line += `\n${indent}span_id: ${visible(textOf(span))}`
  if (context !== undefined) line += `\n${formatValue(context, indent)}`
  if (exception !== undefined) line += `\n${formatException(exception)}`
  return line
}

/** What stands in front of another column: a `|` in it would move all that follow. */
function columnOf(text: string): string {
  return visible(text).replaceAll('|', String.raw`\x7c`)
}

/** A value as indented lines of JSON. */
function formatValue(value: unknown, margin: string): string {
  return jsonOf(value)
    .split('\n')
    .map((line) => margin + visible(line))
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

/**
 * An exception as indented lines: its stack, which begins with type and message, its details, then
 * causes and errors. A value that is no exception is shown as JSON.
 */
export function formatException(exception: unknown, depth = 1): string {
  const margin = indent.repeat(depth)
  // Our own are never deeper; what stands in a file may be.
  if (depth > depthMax) return `${margin}…`
  if (!isException(exception)) return formatValue(exception, margin)
  const { code, details, cause, errors } = exception
  const lines = textOfException(exception)
    .split('\n')
    .map((line) => margin + visible(line))
  if (code !== undefined) lines.push(`${margin}code: ${visible(textOf(code))}`)
  if (details !== undefined) {
    lines.push(`${margin}details:`, formatValue(details, indent.repeat(depth + 1)))
  }
  if (cause !== undefined) lines.push(`${margin}caused by:`, formatException(cause, depth + 1))
  if (Array.isArray(errors)) {
    for (const error of errors) lines.push(`${margin}one of:`, formatException(error, depth + 1))
  } else if (errors !== undefined)
    lines.push(`${margin}one of:`, formatException(errors, depth + 1))
  return lines.join('\n')
}

type LooseException = { readonly [Key in keyof ExceptionInfo]?: unknown }

/** Its stack, which mostly begins with type and message; both before it where it does not. */
function textOfException({ type, message, stack_trace: stack }: LooseException): string {
  const text = textOf(message)
  const head = `${textOf(type)}: ${text}`
  if (typeof stack !== 'string' || stack === '') return head
  const [firstLine = ''] = text.split('\n', 1)
  return stack.includes(firstLine) ? stack : `${head}\n${stack}`
}

/** Whether a value has the members by which an exception is known. */
function isException(value: unknown): value is LooseException {
  return typeof value === 'object' && value !== null && 'type' in value && 'message' in value
}

function shownTime(timestamp: string, { local = false, hasMilliseconds }: LineOptions): string {
  const length = hasMilliseconds === true ? 23 : 19
  // As recorded: `2025-10-17T14:23:45.123+00:00` without the T, the milliseconds and the offset.
  if (!local && recorded.test(timestamp) && (length === 19 || milliseconds.test(timestamp)))
    return `${timestamp.slice(0, 10)} ${timestamp.slice(11, length)}`
  const time = new Date(timestamp)
  if (Number.isNaN(time.getTime())) return visible(timestamp)
  // Written by others with an offset of their own, which the column has no room for.
  if (!local) return time.toISOString().slice(0, length).replace('T', ' ')
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  const fraction = String(time.getMilliseconds()).padStart(3, '0')
  return length === 19 ? `${date} ${clock}` : `${date} ${clock}.${fraction}`
}

function two(part: number): string {
  return String(part).padStart(2, '0')
}
