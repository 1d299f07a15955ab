// The format of a line, and line → entry, the way back from the serializer. Code that knows a line
// by its first or last bytes asks here. A line comes from a file that anyone may have written, so
// nothing is believed: what is returned has the shape of an entry, and what has not that shape is
// no entry.

import type { LogEntry } from './entry.ts'
import { levelNames } from './level.ts'

/** What stands before the values that are found by their place. */
export const beforeValue = {
  timestamp: '{"timestamp":"',
  level: '","level":"',
  category: '","category":"',
  seq: ',"seq":',
  lsn: ',"lsn":',
} as const

/** The least that tells time, level and category: of an entry, and of a human line. */
export const headBytes = 192

/** How an entry begins: timestamp, level and category. */
const entryHead =
  /^\{"timestamp":"([^"\\]{1,40})","level":"(DEBUG|INFO|WARNING|ERROR|CRITICAL)","category":"([a-z0-9][a-z0-9._-]{0,63})"/

/**
 * How a line of `structured_format: false` begins: date, time, level and category, as `formatEntry`
 * writes them.
 */
const humanHead =
  /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{3})?)\] (DEBUG|INFO|WARNING|ERROR|CRITICAL) *\| ([a-z0-9][a-z0-9._-]{0,63}) *\| /

/** How an entry ends. Files of earlier versions have no `lsn`. */
const numbersAtEnd = /,"seq":(\d{1,16})(?:,"lsn":(\d{1,16}))?\}$/

/** Bytes that hold {@link numbersAtEnd}. */
export const numbersBytes = 80

const levels: ReadonlySet<unknown> = new Set(levelNames)

/** What the beginning of a line tells. */
export interface LineHead {
  /** The line as far as its category goes. */
  readonly text: string
  /** Whether it is a line of `structured_format: false`. */
  readonly human: boolean
  /** ISO 8601; a human line tells whole seconds, UTC. */
  readonly timestamp: string
  readonly level: string
  readonly category: string
}

/**
 * What the first {@link headBytes} of a line tell.
 *
 * @returns `undefined` when no logger of ours has written it.
 */
export function lineHead(line: string): LineHead | undefined {
  const entry = entryHead.exec(line)
  if (entry !== null) {
    const [text, timestamp, level, category] = entry as unknown as [string, string, string, string]
    return { text, human: false, timestamp, level, category }
  }
  const human = humanHead.exec(line)
  if (human === null) return undefined
  const [text, date, time, level, category] = human as unknown as string[]
  return {
    text: text!,
    human: true,
    timestamp: `${date}T${time}Z`,
    level: level!,
    category: category!,
  }
}

/** `seq` and `lsn` at the end of an entry's line, or of its last {@link numbersBytes}. */
export function lineNumbers(line: string): { seq: number; lsn: number | undefined } | undefined {
  const match = numbersAtEnd.exec(line)
  if (match === null) return undefined
  return { seq: Number(match[1]), lsn: match[2] === undefined ? undefined : Number(match[2]) }
}

/**
 * The entry that a line holds. Never throws, however the line was damaged.
 *
 * The members of `context` and of `exception` are not looked at: whoever shows them must not trust
 * their types.
 *
 * @param line One line, with or without its line end.
 * @returns `undefined` when the line is not the JSON of an object that has `timestamp` (a date),
 *   `level` (one of the five, upper case), `category` and `message` (strings), and each optional
 *   key with its type if at all.
 */
export function parseLine(line: string): LogEntry | undefined {
  // Most of what is no entry, a stack trace or a torn line, is known by its first character; an
  // exception costs a hundred times as much.
  if (line.charCodeAt(0) !== 0x7b && line.trimStart().charCodeAt(0) !== 0x7b) return undefined
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    // Not JSON: torn, or written by something else.
    return undefined
  }
  return isEntry(value as LooseEntry) ? (value as LogEntry) : undefined
}

/**
 * What is in front of a line after a power loss, or at the beginning of a file that a Windows
 * program has saved; also where its bytes were read as Latin-1.
 */
// oxlint-disable-next-line no-control-regex -- NULs are what is looked for
const junk = /^[\0\ufeff\u00ef\u00bb\u00bf]+/

/**
 * Whether the beginning of a file has a line, or the beginning of a long one, that looks like one
 * which a logger of ours has written.
 */
export function looksLikeOurs(head: string): boolean {
  return head.split('\n').some((each) => {
    const line = each.replace(junk, '')
    return lineHead(line) !== undefined || parseLine(line) !== undefined
  })
}

type LooseEntry = { readonly [Key in keyof LogEntry]?: unknown }

/** Whether an object, which is what JSON beginning with a brace is, has the shape of an entry. */
function isEntry(value: LooseEntry): boolean {
  return (
    levels.has(value.level) &&
    typeof value.category === 'string' &&
    typeof value.message === 'string' &&
    typeof value.timestamp === 'string' &&
    isDateTime(value.timestamp) &&
    (lacks(value, 'seq') || Number.isSafeInteger(value.seq)) &&
    (lacks(value, 'lsn') || Number.isSafeInteger(value.lsn)) &&
    (lacks(value, 'context') || isObject(value.context)) &&
    (lacks(value, 'account_id') || typeof value.account_id === 'string') &&
    (lacks(value, 'trace_id') || typeof value.trace_id === 'string') &&
    (lacks(value, 'span_id') || typeof value.span_id === 'string') &&
    (lacks(value, 'event') || typeof value.event === 'string') &&
    (lacks(value, 'exception') || isObject(value.exception))
  )
}

/**
 * Whether an optional key is not there: one that all objects inherit is none of the line.
 */
function lacks(value: LooseEntry, key: keyof LogEntry): boolean {
  return value[key] === undefined || !Object.hasOwn(value, key)
}

/** A date, a time and an offset, as RFC 3339 has it. */
const dateTime = /^\d{4}-\d\d-(\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i

/** Date.parse alone takes `foo 1` for a date, and 30 February for 2 March. */
function isDateTime(text: string): boolean {
  const day = dateTime.exec(text)?.[1]
  if (day === undefined || Number.isNaN(Date.parse(text))) return false
  return day <= '28' || new Date(text.slice(0, 10)).getUTCDate() === Number(day)
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
