// The time for retention: an hour that the clock shows is believed no further than it follows from
// what has been seen. A clock that is far ahead at the start, of a machine without a battery or
// with a wrong BIOS, would otherwise have the whole history deleted.
//
//   seen ──── what this process has lived, and a day ────► believed │ further ahead: doubted, until
//                                                                   │ the clock itself has gone on
//                                                                   │ for a day from there
//
// What was believed and what is doubted is kept in the checkpoint, for a process that does not live
// that long. A clock far behind deletes too little, and does no harm.

import { monotonicMs, wallMs } from '../entry/clock.ts'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { filesByBase } from './names.ts'
import { dayMs, doomedAmong, lookAt } from './retention.ts'

/**
 * The clock may be ahead of what is known by so much, beyond what has been lived. Two days: the
 * files may be quiet.
 */
const slackMs = 2 * dayMs
/**
 * A clock that goes on from where it was doubted for so long, and is not set again, is believed.
 */
const doubtMs = dayMs
const doubtMsMax = 8 * dayMs

/** What is known of the time, in milliseconds since 1970. */
export interface TimeRecord {
  /** So late it was, at least. */
  readonly seen: number
  /** What the clock showed when it was first doubted. */
  readonly doubted?: number | undefined
}

/** A record read from a file; `undefined` for anything else. */
export function asTimeRecord(value: unknown): TimeRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { seen, doubted } = value as { readonly [key: string]: unknown }
  if (!isMoment(seen)) return undefined
  return isMoment(doubted) ? { seen, doubted } : { seen }
}

function isMoment(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/**
 * The latest moment at which one of the files was written, renamed or given its mode: what the
 * clock showed then. `undefined` where there is none.
 */
export function lastChange(directory: string, bases: ReadonlySet<string>): number | undefined {
  let last = 0
  for (const [base, files] of filesByBase(readdirSync(directory))) {
    if (!bases.has(base)) continue
    for (const { name } of files) {
      const stat = lookAt(join(directory, name))
      if (stat !== undefined) last = Math.max(last, Number(stat.mtimeMs), Number(stat.ctimeMs))
    }
  }
  return last === 0 ? undefined : last
}

/**
 * What is too old by the clock, and stays because the clock is not believed. Called after a
 * cleaning.
 */
export function heldBack(
  directory: string,
  bases: ReadonlySet<string>,
  retentionMs: number,
  time: TrustedTime,
): { readonly file: string; readonly reason: string }[] {
  if (!time.isDoubted) return []
  const now = wallMs()
  const days = Math.round((now - time.now()) / dayMs)
  const reason = `not deleted: the clock is ${days} days ahead of the log; ${time.advice}`
  return [...filesByBase(readdirSync(directory))]
    .filter(([base]) => bases.has(base))
    .flatMap(([, files]) => doomedAmong(directory, files, { keep: undefined, retentionMs, now }))
    .map(({ name: file }) => ({ file, reason }))
}

/** The time as far as it is believed. */
export class TrustedTime {
  readonly #wallMs: () => number
  readonly #monotonicMs: () => number
  readonly #hasRecord: boolean
  #seen: number
  #doubted: number | undefined
  /** By the monotonic clock, when that was seen. */
  #at: number

  /**
   * @param record What an earlier process has left.
   * @param last The latest change of the files, before this process has written to them: where
   *   there is no record.
   */
  constructor(
    record: TimeRecord | undefined,
    last: number | undefined,
    clocks: { readonly wallMs: () => number; readonly monotonicMs: () => number } = {
      wallMs,
      monotonicMs,
    },
  ) {
    this.#wallMs = clocks.wallMs
    this.#monotonicMs = clocks.monotonicMs
    this.#at = clocks.monotonicMs()
    this.#hasRecord = record !== undefined
    this.#doubted = record?.doubted
    // The record is a day old at most when a process ends; the files may have been written by a
    // clock that was wrong.
    this.#seen = record?.seen ?? last ?? clocks.wallMs()
  }

  /** The clock shows more than is believed. */
  get isDoubted(): boolean {
    return this.#doubted !== undefined
  }

  /** What a person can do when the clock is right. */
  get advice(): string {
    // A record is believed more than the times of files, which the same clock may have given them.
    return this.#hasRecord
      ? 'if it is right, a logger that writes here for a day will believe it'
      : 'if it is right, touch a file of the log'
  }

  get record(): TimeRecord {
    const seen = Math.round(this.#seen)
    return this.#doubted === undefined ? { seen } : { seen, doubted: Math.round(this.#doubted) }
  }

  /** In milliseconds since 1970; never more than the clock shows. */
  now(): number {
    const wall = this.#wallMs()
    const at = this.#monotonicMs()
    this.#seen += at - this.#at
    this.#at = at
    if (wall <= this.#seen + slackMs || this.#isConfirmed(wall)) {
      this.#seen = Math.max(this.#seen, wall)
      this.#doubted = undefined
    } else if (this.#doubted === undefined || Math.abs(wall - this.#doubted) > doubtMsMax) {
      this.#doubted = wall
    }
    return Math.min(wall, this.#seen)
  }

  #isConfirmed(wall: number): boolean {
    if (this.#doubted === undefined) return false
    const passed = wall - this.#doubted
    return passed >= doubtMs && passed <= doubtMsMax
  }
}
