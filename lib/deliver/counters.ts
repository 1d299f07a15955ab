// The counters of a logger: plain numbers that the parts raise, and the picture of them a user
// gets.

import { type LevelName, levelNames } from '../entry/level.ts'

/**
 * Counters since the logger was created; `accepted = written + queued + dropped.total + diverted +
 * folded`, always.
 */
export interface LoggerStats {
  /** Entries that passed their level. */
  readonly accepted: number
  /** Entries that are in their file, or on standard output in its place. */
  readonly written: number
  /** Entries on their way. */
  readonly queued: number
  /** Entries that reached the console only. */
  readonly diverted: number
  /** Entries folded into one that tells how many they were: `logging.repetition`. */
  readonly folded: number
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
  /** Every file, or standard output in their place, takes what it is given, now. */
  readonly healthy: boolean
  /**
   * Entries that stdout did not take, beside files: they are counted as what their file has made of
   * them.
   */
  readonly stdout_lost: number
  /**
   * Copies that did not reach `error.log`: no entries of their own, they are counted as what the
   * file of their category has made of them.
   */
  readonly copies_lost: number
  /** Entries accepted, by level. */
  readonly levels: Readonly<Record<LevelName, number>>
  /** The most that has waited at a time: entries, and about how many bytes they came to. */
  readonly high_water: { readonly entries: number; readonly bytes: number }
}

/** The counters themselves. */
export class Counters {
  /** Entries accepted, by severity. */
  readonly levels: number[] = levelNames.map(() => 0)
  written = 0
  diverted = 0
  folded = 0
  mismatched = 0
  bytes = 0
  rotations = 0
  failures = 0
  lastError: string | undefined = undefined
  stdoutLost = 0
  copiesLost = 0
  /** Entries lost, by severity. */
  readonly dropped: number[] = levelNames.map(() => 0)
  /** Called at each failure. */
  failed: (() => void) | undefined = undefined

  /** The most that has waited at a time: entries, and their bytes. */
  entriesMost = 0
  bytesMost = 0

  get accepted(): number {
    let total = 0
    for (const entries of this.levels) total += entries
    return total
  }

  /** Entries on their way. */
  get queued(): number {
    return this.accepted - this.written - this.droppedTotal - this.diverted - this.folded
  }

  /** Takes note of what waits now; `bytes`: what its entries come to. */
  waits(bytes: number): void {
    this.entriesMost = Math.max(this.entriesMost, this.queued)
    this.bytesMost = Math.max(this.bytesMost, bytes)
  }

  drop(severity: number, entries = 1): void {
    this.dropped[severity] = this.dropped[severity]! + entries
  }

  fail(error: Error): void {
    this.failures++
    this.lastError = error.message
    this.failed?.()
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

  /** @param healthy Whether every file takes what it is given, now. */
  snapshot(healthy: boolean): LoggerStats {
    const { accepted, written, queued, diverted, folded } = this
    const { mismatched, bytes, rotations, failures } = this
    return {
      accepted,
      written,
      queued,
      diverted,
      folded,
      dropped: { total: this.droppedTotal, ...byLevel(this.dropped) },
      mismatched,
      bytes,
      rotations,
      failures,
      last_error: this.lastError,
      healthy,
      stdout_lost: this.stdoutLost,
      copies_lost: this.copiesLost,
      levels: byLevel(this.levels),
      high_water: { entries: Math.max(this.entriesMost, queued), bytes: this.bytesMost },
    }
  }
}

function byLevel(counts: readonly number[]): Record<LevelName, number> {
  const [DEBUG = 0, INFO = 0, WARNING = 0, ERROR = 0, CRITICAL = 0] = counts
  return { DEBUG, INFO, WARNING, ERROR, CRITICAL }
}
