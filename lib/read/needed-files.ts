// The files of a base that can hold lines from a moment on. The entries themselves are asked: the
// first of a file, the last one, and the first of the next newer file. The time at which a file was
// last written says nothing: it is that of another clock, one tick behind, of a file server, or of
// a copy.

import { LineSplitter } from './line-splitter.ts'
import type { LogFile } from './log-file.ts'
import { latestTimeOf } from './time-order.ts'

/**
 * How far a clock may have been set back within a file, beyond its first and last line.
 * Milliseconds.
 */
const clockStepMs = 60_000
/** How much of a file's beginning and end is looked at, in bytes. */
const endBytes = 1 << 16

/**
 * Those of a base's files that can hold lines from a moment on. Where nothing tells, a file is
 * needed.
 *
 * @param logs Oldest first. The newest is always needed.
 * @param since In milliseconds since 1970.
 */
export function filesSince(logs: readonly LogFile[], since: number): LogFile[] {
  if (since === -Infinity) return [...logs]
  let firstOfNewer: number | undefined
  const needed: LogFile[] = []
  for (const [i, log] of [...logs.entries()].toReversed()) {
    const isNewest = i === logs.length - 1
    const first = logs.length === 1 ? undefined : timesIn(log, 'head').at(0)
    const last = isNewest ? undefined : timesIn(log, 'tail').at(-1)
    const isOld = (time: number | undefined): boolean =>
      time === undefined || time + clockStepMs < since
    // Of a compressed file only what comes behind it tells when it ended.
    const hasEnd = last !== undefined || firstOfNewer !== undefined
    const isNeeded = isNewest || !hasEnd || ![first, last, firstOfNewer].every(isOld)
    if (isNeeded) needed.push(log)
    firstOfNewer = first
  }
  return needed.toReversed()
}

/**
 * The times of the lines at one end of a file, the latest that each can mean; of those that tell
 * none, nothing.
 */
function timesIn(log: LogFile, which: 'head' | 'tail'): number[] {
  try {
    const current = log.current()
    const isTail = which === 'tail'
    if (isTail && current.compressed) return []
    const start = isTail ? Math.max(0, current.size - endBytes) : 0
    const bytes = isTail ? current.readSync(start, endBytes) : current.head(endBytes)
    const splitter = new LineSplitter()
    // What is cut tells no time, or the right one.
    return [...splitter.push(bytes), ...splitter.end()].flatMap(
      ({ raw }) => latestTimeOf(raw) ?? [],
    )
  } catch {
    // Whoever reads it will tell what is wrong with it.
    return []
  }
}
