// The counters of a logger: plain numbers that the parts raise, and the picture of them a user gets.

import { type LevelName, levelNames } from '../entry/level.ts'

/** Counters since the logger was created; `accepted = written + queued + dropped.total + diverted`, always. */
export interface LoggerStats {
  /** Entries that passed their level. */
  readonly accepted: number
  /** Entries that are in their file. */
  readonly written: number
  /** Entries on their way. */
  readonly queued: number
  /** Entries that reached the console only. */
  readonly diverted: number
  /** Entries lost, by level. */
  readonly dropped: { readonly total: number } & Readonly<Record<LevelName, number>>
  /** Typed entries whose data did not match their schema; they are written all the same. */
  readonly mismatched: number
  /** Bytes written, copies in `error.log` included. */
  readonly bytes: number
  /** Files that were full and put aside. */
  readonly rotations: number
  /** Times something failed: an open, a write, a rotation, a report to the Windows Event Log. */
  readonly failures: number
  /** The message of the latest failure. */
  readonly last_error: string | undefined
}

/** The counters themselves. */
export class Counters {
  accepted = 0
  written = 0
  diverted = 0
  mismatched = 0
  bytes = 0
  rotations = 0
  failures = 0
  lastError: string | undefined = undefined
  /** Entries lost, by severity. */
  readonly dropped: number[] = levelNames.map(() => 0)

  drop(severity: number, entries = 1): void {
    this.dropped[severity] = this.dropped[severity]! + entries
  }

  fail(error: Error): void {
    this.failures++
    this.lastError = error.message
  }

  get droppedTotal(): number {
    let total = 0
    for (const entries of this.dropped) total += entries
    return total
  }

  /** How many were lost, by level, since `earlier`; levels without a loss are left out. */
  droppedSince(earlier: readonly number[]): Record<string, number> {
    const lost: Record<string, number> = {}
    levelNames.forEach((name, severity) => {
      const entries = this.dropped[severity]! - earlier[severity]!
      if (entries > 0) lost[name] = entries
    })
    return lost
  }

  snapshot(): LoggerStats {
    const { accepted, written, diverted, mismatched, bytes, rotations, failures } = this
    const [DEBUG, INFO, WARNING, ERROR, CRITICAL] = this.dropped as [
      number,
      number,
      number,
      number,
      number,
    ]
    const total = this.droppedTotal
    return {
      accepted,
      written,
      queued: accepted - written - total - diverted,
      diverted,
      dropped: { total, DEBUG, INFO, WARNING, ERROR, CRITICAL },
      mismatched,
      bytes,
      rotations,
      failures,
      last_error: this.lastError,
    }
  }
}
