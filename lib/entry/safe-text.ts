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
  return `[Throws: ${reason.slice(0, 200)}]`
}

const cutMark = /…\[(\d{1,12}) more characters\]$/

/** `text` shortened to `length` UTF-16 units, with a visible mark of how much is missing; also when cut before. */
export function cut(text: string, length: number): string {
  const earlier = cutMark.exec(text.slice(-40))
  const whole = earlier === null ? text : text.slice(0, -earlier[0].length)
  const missing = earlier === null ? 0 : Number(earlier[1])
  if (whole.length <= length) return text
  // A surrogate pair is not cut in two.
  const end = length > 0 && (whole.charCodeAt(length - 1) & 0xfc00) === 0xd800 ? length - 1 : length
  return `${whole.slice(0, end)}…[${whole.length - end + missing} more characters]`
}
