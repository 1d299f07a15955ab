// Any value as text, without throwing; and text that is too long, cut with a visible mark.

import { types } from 'node:util'

/** Whether a value is an error, of whichever realm. */
export function isError(value: unknown): value is Error {
  try {
    return types.isNativeError(value) || value instanceof Error
  } catch {
    // A revoked Proxy throws at being asked.
    return false
  }
}

/** Any value as a short text, whatever it is. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return String(value)
  } catch (error) {
    return throwsMark(error)
  }
}

/** The visible mark of a value that could not be read because reading it threw `error`. */
export function throwsMark(error: unknown): string {
  let reason = ''
  try {
    reason = isError(error) ? `${error.name}: ${error.message}` : String(error)
  } catch {
    // What was thrown cannot be read either: the mark alone has to do.
  }
  return `[Throws: ${beginningOf(reason, throwsCharsMax)}]`
}

/** What a mark shows of the reason. UTF-16 units. */
const throwsCharsMax = 200

/**
 * The beginning of a text, up to a blank: half a secret could not be known for one, and would not
 * be masked.
 */
function beginningOf(text: string, length: number): string {
  if (text.length <= length) return text
  const end = /\s\S*$/.exec(text.slice(0, length + 1))?.index ?? 0
  return `${text.slice(0, end)}…`
}

const cutMark = /…\[(\d{1,12}) more characters\]$/

/**
 * `text` shortened to `length` UTF-16 units, with a visible mark of how much is missing; also when
 * cut before.
 */
export function cut(text: string, length: number): string {
  const earlier = cutMark.exec(text.slice(-40))
  const whole = earlier === null ? text : text.slice(0, -earlier[0].length)
  const missing = earlier === null ? 0 : Number(earlier[1])
  if (whole.length <= length) return text
  // A surrogate pair is not cut in two.
  const end = length > 0 && (whole.charCodeAt(length - 1) & 0xfc00) === 0xd800 ? length - 1 : length
  return `${whole.slice(0, end)}${markOf(whole.length - end + missing)}`
}

/**
 * What is kept of a text behind the place at which it will be cut: the longest secret that is known
 * by its form alone. UTF-16 units.
 */
const overhangChars = 4096

/**
 * `text` cut for later: longer than `length` by an overhang, so that a secret across the cut can
 * still be recognised. {@link cutMasked} cuts it to the length.
 */
export function cutRoughly(text: string, length: number): string {
  const end = Math.min(length + overhangChars, text.length)
  // A copy: a slice would keep the whole text in memory.
  const copy = ` ${text.slice(0, end)}`.slice(1)
  return end === text.length ? copy : `${copy}${markOf(text.length - end)}`
}

/** What {@link cutRoughly} gave, its secrets masked, cut to the length, with a mark. */
export function cutMasked(rough: string, length: number, mask: (text: string) => string): string {
  const mark = cutMark.exec(rough.slice(-40))
  if (mark === null) return cut(mask(rough), length)
  const masked = mask(rough.slice(0, -mark[0].length))
  // The last of it may be half a secret.
  const kept = Math.max(0, Math.min(length, masked.length - overhangChars))
  return cut(`${masked}${mark[0]}`, kept)
}

function markOf(missing: number): string {
  return `…[${missing} more characters]`
}
