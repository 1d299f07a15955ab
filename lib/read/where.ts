// `where`: entries by their fields, `context.rule` is `UnrealizedLoss`. Conditions on different
// fields hold together; of several values for one field one is enough, as journalctl has it.

import type { LogEntry } from '../entry/entry.ts'

/** What a field may be. Compared as text: -210 and `'-210'` are the same. */
export type WhereValue = string | number | boolean | null

/**
 * The fields that are asked for, by their paths in the entry: `level`, `context.violation.limit`,
 * `context.ids.0`.
 */
export interface Where {
  readonly [path: string]: WhereValue | readonly WhereValue[]
}

/**
 * The question whether an entry has these fields. A field that is a list has each of its elements.
 */
export function conditionOf(where: Where): (entry: LogEntry) => boolean {
  const conditions = Object.entries(where).map(([path, values]) => ({
    path,
    wanted: new Set([values].flat().map(String)),
  }))
  return (entry) =>
    conditions.every(({ path, wanted }) =>
      [valueAt(entry, path)].flat().some((value) => isOneOf(value, wanted)),
    )
}

function isOneOf(value: unknown, wanted: ReadonlySet<string>): boolean {
  if (typeof value === 'string') return wanted.has(value)
  if (value === null) return wanted.has('null')
  return (typeof value === 'number' || typeof value === 'boolean') && wanted.has(String(value))
}

/** What stands at a path; a key may hold points itself. */
function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Object.hasOwn(value, path)) return (value as { readonly [key: string]: unknown })[path]
  for (let at = path.indexOf('.'); at !== -1; at = path.indexOf('.', at + 1)) {
    const key = path.slice(0, at)
    if (!Object.hasOwn(value, key)) continue
    const found = valueAt((value as { readonly [key: string]: unknown })[key], path.slice(at + 1))
    if (found !== undefined) return found
  }
  return undefined
}
