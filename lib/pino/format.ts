// The places in pino's messages: `%s %d %i %f %j %o %O %%`. They are filled in as by
// quick-format-unescaped, which pino uses. Two things are different: values beyond the places are
// given back, and a value that cannot be shown throws nothing.

import { textOf } from '../entry/safe-text.ts'

/** A message with its places filled in. */
export interface Formatted {
  readonly text: string
  /** How many of the values it has taken. */
  readonly used: number
}

const place = /%([sdifjoOc%])/g

/**
 * Fills the values into the places of a message, in order. A place without a value stays as it is.
 */
export function format(message: string, args: readonly unknown[]): Formatted {
  if (args.length === 0 || !message.includes('%')) return { text: message, used: 0 }
  let used = 0
  const text = message.replace(place, (whole, kind: string) => {
    if (kind === '%') return '%'
    if (used >= args.length) return whole
    return wordOf(kind, args[used++], whole)
  })
  return { text, used }
}

function wordOf(kind: string, value: unknown, whole: string): string {
  switch (kind) {
    case 's':
      return textOf(value)
    case 'd':
    case 'f':
      return isMissing(value) ? whole : String(numberOf(value))
    case 'i':
      return isMissing(value) ? whole : String(Math.floor(numberOf(value)))
    case 'c':
      // A style, which only a browser has.
      return ''
    default:
      return value === undefined ? whole : jsonOf(value)
  }
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null
}

function numberOf(value: unknown): number {
  try {
    return Number(value)
  } catch {
    // A symbol, or an object that refuses to be a number.
    return Number.NaN
  }
}

function jsonOf(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return value.name === '' ? '<anonymous>' : value.name
  try {
    return JSON.stringify(value) ?? textOf(value)
  } catch {
    return '"[Circular]"'
  }
}
