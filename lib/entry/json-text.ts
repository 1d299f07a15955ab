// Strings as JSON text, and what JSON allows but a terminal obeys.

/** What JSON must escape within a string; a lone surrogate has no UTF-8. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const escapable = /["\\\u0000-\u001f\ud800-\udfff]/

/**
 * What JSON allows and a terminal obeys: DEL, C1, bidi controls, line separators. All stand within
 * strings there, so they can be escaped in finished lines.
 */
const steering = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/
const steeringAll = new RegExp(steering, 'g')

/** A string as JSON. */
export function quoted(text: string): string {
  return escapable.test(text) ? JSON.stringify(text) : `"${text}"`
}

/**
 * Finished lines with whatever could drive or deceive a terminal as `\uXXXX` escapes: same values.
 */
export function escapeSteering(lines: string): string {
  if (!steering.test(lines)) return lines
  return lines.replace(
    steeringAll,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * A value that came from the lanes as JSON. JSON.stringify, unless someone has given all objects or
 * all arrays a toJSON, which would then speak for the caller's data.
 */
export function jsonOf(value: unknown): string {
  return isHijacked() ? plainJson(value) : JSON.stringify(value)
}

/** Whether all objects, or all arrays, have a toJSON: that of a polluted prototype. */
export function isHijacked(): boolean {
  return (
    (Object.prototype as { toJSON?: unknown }).toJSON !== undefined ||
    (Array.prototype as { toJSON?: unknown }).toJSON !== undefined
  )
}

function plainJson(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(plainJson).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([key, member]) => `${quoted(key)}:${plainJson(member)}`).join(',')}}`
}
