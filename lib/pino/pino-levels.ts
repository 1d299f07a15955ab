// pino's levels, by name and by number, and what they are in the log.

import { CRITICAL, DEBUG, ERROR, INFO, WARNING } from '../entry/level.ts'

/** The name of a level. */
export type PinoLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** pino's numbers by name. `silent` is there as well, but not counted among them. */
export const values: Readonly<Record<PinoLevel, number>> & { readonly silent: number } =
  Object.create(Object.prototype, {
    silent: { value: Infinity },
    ...membersOf({ trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 }),
  }) as Readonly<Record<PinoLevel, number>> & { readonly silent: number }

/** The names by number, likewise. */
export const labels: { readonly [value: number]: string } = Object.create(Object.prototype, {
  Infinity: { value: 'silent' },
  ...membersOf({ 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' }),
}) as { readonly [value: number]: string }

function membersOf(members: object): PropertyDescriptorMap {
  return Object.fromEntries(
    Object.entries(members).map(([key, value]: [string, unknown]) => [
      key,
      { value, enumerable: true, writable: true, configurable: true },
    ]),
  )
}

/** The severity of an entry of each level. There is none below DEBUG. */
export const severities: Readonly<Record<PinoLevel, number>> = {
  trace: DEBUG,
  debug: DEBUG,
  info: INFO,
  warn: WARNING,
  error: ERROR,
  fatal: CRITICAL,
}

/** The pino level that a category has, by the lowest severity that it logs. */
export function valueOfThreshold(threshold: number): number {
  return [20, 30, 40, 50, 60][threshold] ?? Infinity
}

/**
 * The number of a level, given by name or number.
 *
 * @throws {RangeError} when there is no such level.
 */
export function valueOf(level: unknown): number {
  const name = typeof level === 'number' ? labels[level] : level
  const key = typeof name === 'string' ? name.toLowerCase() : ''
  const value = (values as Readonly<Record<string, unknown>>)[key]
  if (typeof value === 'number') return value
  const known = [...Object.keys(values), 'silent'].join(', ')
  throw new RangeError(`Cannot set the level: expected one of ${known}, got ${String(level)}`)
}
