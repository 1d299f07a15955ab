// The human line as a function of the library: the same that the console and the command show, its
// options checked.

import { type OptionRules, checkOptions } from '../config/options.ts'
import type { LogEntry } from '../entry/entry.ts'
import { type FormatOptions, formatEntry as humanLineOf } from '../entry/human-line.ts'

const rules: OptionRules<FormatOptions> = {
  local: { type: 'boolean' },
  color: { type: 'boolean' },
  expand: { type: 'boolean' },
}

/**
 * The human line of an entry, without a line end:
 * `[2025-10-17 14:23:45] INFO  | enforcement | ABC123 | Position closed`. Without an account its
 * column is left out.
 *
 * Nothing in an entry drives the terminal: control characters, and what deceives the eye, are shown
 * as escapes, and so is a `|` in a column before the message.
 *
 * @throws {TypeError} when an option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * for await (const { entry } of streamLogs()) {
 *   if (entry) console.log(formatEntry(entry, { expand: true }))
 * }
 * ```
 */
export function formatEntry(entry: LogEntry, options?: FormatOptions): string {
  // `entries.map(formatEntry)` gives the entry's place as the second argument.
  if (options === undefined || typeof options === 'number') return humanLineOf(entry)
  return humanLineOf(entry, checkOptions<FormatOptions>('format the entry', rules, options))
}
