// An entry as a line that does not wrap: the end of its message gives way. The whole of it stands
// in the files.

import { type LogEntry, formatEntry } from 'ringlog'

/** What a terminal shows in a line, as most are wide. */
export const columnsMax = 120

/** The human line of an entry, at most 120 columns of it. */
export function fittedLine(entry: LogEntry, color: boolean): string {
  const over = formatEntry(entry).length - columnsMax
  if (over <= 0) return formatEntry(entry, { color })
  const message = `${entry.message.slice(0, Math.max(0, entry.message.length - over - 1))}…`
  return formatEntry({ ...entry, message }, { color })
}
