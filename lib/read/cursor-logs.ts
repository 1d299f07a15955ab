// The logs that a cursor knows, among those that are read now. A log is called by its way from the
// directory above all that are read: so another parent, or one directory more, calls the same log
// otherwise. Then it is known by its files.

import { type Cursor, type Position, logOf } from './cursor.ts'

/** A log that is read. */
export interface ReadLog {
  /** How it is called among others; empty: it is the only one. */
  readonly instance: string
  /** Whether a file of this base is there. */
  readonly holds: (name: string, position: Position) => boolean
}

/**
 * The same cursor, with its logs called as they are now.
 *
 * @param gone Told when the log of the cursor's line is not among those that are read, and whether
 *   another one that it knows is.
 */
export function cursorFor(
  cursor: Cursor,
  logs: readonly ReadLog[],
  gone: (base: string, isOther: boolean) => void,
): Cursor {
  const { base, places, others } = cursor
  const known = new Set([base, ...places.keys(), ...others].map(logOf))
  const now = new Set(logs.map(({ instance }) => instance))
  const names = new Map<string, string>()
  for (const log of known) {
    if (now.has(log)) continue
    const found = logs.find(
      (each) =>
        !known.has(each.instance) &&
        ![...names.values()].includes(each.instance) &&
        isSame(cursor, log, each),
    )
    if (found !== undefined) names.set(log, found.instance)
  }
  // A cursor of the beginning has no line.
  const own = logOf(base)
  if (base !== '' && !now.has(own) && !names.has(own)) {
    gone(
      base,
      [...known].some((log) => now.has(log) || names.has(log)),
    )
  }
  if (names.size === 0) return cursor
  const renamed = (key: string): string => {
    const log = names.get(logOf(key))
    return log === undefined ? key : keyOf(log, nameOf(key))
  }
  return {
    ...cursor,
    base: base === '' ? '' : renamed(base),
    places: new Map([...places].map(([key, place]) => [renamed(key), place])),
    others: others.map(renamed),
  }
}

/** Whether a log that is read has a file in which the cursor has a place in another. */
function isSame({ places }: Cursor, log: string, read: ReadLog): boolean {
  return [...places].some(([key, { at, until }]) => {
    if (logOf(key) !== log) return false
    return [at, until].some(
      (position) => position !== undefined && read.holds(nameOf(key), position),
    )
  })
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** How a cursor calls a base of a log. */
export function keyOf(instance: string, base: string): string {
  return instance === '' ? base : `${instance}/${base}`
}
