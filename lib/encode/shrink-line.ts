// The last resort for a line that is still too long when its strings are cut: many short values,
// long keys, what the definition of an event brings. Its secrets are masked by then, so it may be
// cut anywhere.

import type { ExceptionInfo, LogEntry } from '../entry/entry.ts'
import { jsonOf } from '../entry/json-text.ts'
import { cut } from '../entry/safe-text.ts'

/**
 * What no line is made shorter for: the keys, the time, the category. Strings keep so many UTF-16
 * units.
 */
const charsMin = 16

/**
 * A line with its texts shortened, and its context as a text where it is still too long; as JSON,
 * without line end.
 *
 * @param bytesMax What it may come to. A line of nothing but marks and escapes is longer, by less
 *   than 1 KiB.
 */
export function shrunkLine(line: string, bytesMax: number): string {
  const entry = JSON.parse(line) as LogEntry
  let shrunk = ''
  for (let chars = Math.floor(bytesMax / 2); chars >= charsMin; chars = Math.floor(chars / 2)) {
    shrunk = jsonOf(shrunkEntry(entry, chars))
    if (Buffer.byteLength(shrunk) <= bytesMax) break
  }
  return shrunk
}

function shrunkEntry(entry: LogEntry, chars: number): object {
  const { account_id: account, message, event, context, exception } = entry
  const text = context === undefined ? '' : jsonOf(context)
  // Assigned in place, so that the keys keep their order.
  return {
    ...entry,
    ...(account !== undefined && { account_id: cut(account, chars) }),
    message: cut(message, chars),
    ...(event !== undefined && { event: cut(event, chars) }),
    ...(text.length > chars && { context: { context: cut(text, chars) } }),
    ...(exception !== undefined && { exception: shrunkException(exception, chars) }),
  }
}

function shrunkException(exception: ExceptionInfo, chars: number): ExceptionInfo {
  if (jsonOf(exception).length <= chars) return exception
  const { type, message, stack_trace: stack, code } = exception
  return {
    type: cut(type, chars),
    message: cut(message, chars),
    stack_trace: cut(stack, chars),
    ...(code !== undefined && { code: cut(code, chars) }),
    details: { '…': '[Truncated]' },
  }
}
