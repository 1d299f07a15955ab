// `streamLogs()`: the lines of a directory, or those of an engine. What reads engines is loaded
// when one is asked for: whoever reads files waits for nothing of it.

import { visible } from '../entry/visible-text.ts'
import {
  type FleetWanted,
  type StreamOptions,
  checkedOptions,
  wantedOfFleet,
} from '../read/query.ts'
import { readLogs } from '../read/read-logs.ts'
import type { LogLine } from '../read/time-order.ts'
import { wallMs } from '../entry/clock.ts'
import { onceOnly } from '../entry/inherited-members.ts'

/**
 * The lines of a log directory, from all its files, by time: what is there, and with `follow` what
 * comes.
 *
 * Rotated and compressed files are read as far as they are needed. Each file keeps its own order. A
 * line that is not JSON comes with `entry` undefined, behind the line before it, and stops nothing.
 * Of an entry and its copy in `error.log` one is shown. Rotation, truncation and removal of the
 * files are followed without losing or repeating a line, as long as no more than `max_files`
 * rotations come before the event loop gets its turn. A file that cannot be read is passed over,
 * with a warning of the process (code `RINGLOG_UNREAD`).
 *
 * With `from` the same of an engine: the logs of all hosts that are shipped to it. `file` is then
 * `host/category`, and `host/log_id/category` where a host has several logs. With `follow` an
 * engine that is away is asked until it answers, with the same warning.
 *
 * Memory does not grow with the files: only `lines` are held. Each iteration of the result begins
 * anew.
 *
 * @throws {TypeError} at once when an option is unknown or of the wrong type; {RangeError} when its
 *   value is not allowed; {SyntaxError} when `grep` is no regular expression. The iteration throws
 *   the system's error when the directory cannot be read; with `follow` it is waited for. With
 *   `from` it throws an `EngineRefusal` (of `ringlog/ship`) for what trying again does not mend, as
 *   a package that is not installed, and without `follow` what the engine says.
 *
 * @example
 * ```ts
 * for await (const { entry } of streamLogs({ level: 'ERROR', since: '2h' })) {
 *   if (entry) console.log(formatEntry(entry))
 * }
 * ```
 */
export function streamLogs(options: StreamOptions = {}): AsyncIterable<LogLine> {
  const { options: checked } = checkedOptions(options)
  const { from } = checked
  return from === undefined ? readLogs(checked, ({ text }) => warn(text)) : linesFrom(from, checked)
}

function linesFrom(from: string, options: StreamOptions): AsyncIterable<LogLine> {
  if (options.log_path !== undefined) {
    throw new TypeError('Cannot read lines: expected a directory with log_path, got from')
  }
  // What `since` counts from is the call, and what is wrong with it is told there.
  const wanted = wantedOfFleet(options, wallMs())
  return {
    [Symbol.asyncIterator]: () => {
      const leave = new AbortController()
      const end = (): void => leave.abort()
      const { signal } = options
      if (signal?.aborted === true) end()
      signal?.addEventListener('abort', end, onceOnly)
      const lines = loaded(from, options, wanted, leave.signal, () => {
        signal?.removeEventListener('abort', end)
      })
      return endingAtOnce(lines, leave)
    },
  }
}

async function* loaded(
  from: string,
  options: StreamOptions,
  wanted: FleetWanted,
  signal: AbortSignal,
  done: () => void,
): AsyncGenerator<LogLine, undefined> {
  try {
    if (signal.aborted) return
    const { fleetLines } = await import('./fleet-lines.ts')
    yield* fleetLines(from, { options, ...wanted, tell: warn, signal })
  } finally {
    done()
  }
}

/** An engine that does not answer holds up nobody who has left. */
function endingAtOnce(
  lines: AsyncGenerator<LogLine, undefined>,
  leave: AbortController,
): AsyncIterator<LogLine, undefined> {
  const over = { done: true, value: undefined } as const
  // Not a race with one promise for all: that would hold a part of each line.
  const waiting = new Set<(result: IteratorResult<LogLine, undefined>) => void>()
  const end = (): void => waiting.forEach((resolve) => resolve(over))
  leave.signal.addEventListener('abort', end, onceOnly)
  return {
    next: () => {
      if (leave.signal.aborted) {
        // It lets go of its connection.
        lines.return(undefined).catch(() => {})
        return Promise.resolve(over)
      }
      return new Promise((resolve, reject) => {
        waiting.add(resolve)
        const settle = (): boolean => waiting.delete(resolve)
        lines.next().then(resolve, reject).finally(settle)
      })
    },
    return: () => {
      leave.abort()
      lines.return(undefined).catch(() => {})
      return Promise.resolve(over)
    },
  }
}

function warn(text: string): void {
  process.emitWarning(visible(text), { type: 'RinglogWarning', code: 'RINGLOG_UNREAD' })
}
