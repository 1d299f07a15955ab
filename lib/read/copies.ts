// The lines that have been shown before. `error.log` holds a copy of every ERROR and CRITICAL entry
// of the other files, the same bytes; either may have been rotated away, so the one that is met
// first is shown and the other is not. An entry is known by its category, number, time and length.
//
// Bounded: two copies are near each other in any order by time, so only the last tens of thousands
// are remembered.

import { errorFile } from '../entry/builtin-categories.ts'
import type { LogEntry } from '../entry/entry.ts'
import { ERROR, severityOf } from '../entry/level.ts'
import { parseName } from '../directory/names.ts'
import type { LogLine } from './time-order.ts'

/** Half of what is remembered at most. */
const generationMax = 32_768

/** Where a line is kept until it is shown; empty when it has been shown already. */
export interface Place {
  line: LogLine | undefined
}

const shown: Place = { line: undefined }

/** Remembers lines and knows those that come again. */
export class Copies {
  readonly #all: boolean
  #young = new Map<string, Place>()
  #old = new Map<string, Place>()

  /**
   * @param all Also entries that have no copy in `error.log`: a writer whose file was removed
   * writes them anew.
   */
  constructor(all: boolean) {
    this.#all = all
  }

  /** Whether the line has appeared. */
  has({ entry, raw }: LogLine): boolean {
    if (entry?.seq === undefined) return false
    const key = keyOf(entry, raw)
    return this.#young.has(key) || this.#old.has(key)
  }

  /**
   * The place of the line's first appearance; `undefined` when this is the first, and its place is
   * remembered.
   */
  seen(line: LogLine, place: Place = shown): Place | undefined {
    const { entry } = line
    // Lines without a number are not ours, and may well be repeated.
    if (entry?.seq === undefined || (!this.#all && !isCopied(line))) return undefined
    const key = keyOf(entry, line.raw)
    const before = this.#young.get(key) ?? this.#old.get(key)
    if (before !== undefined) return before
    if (this.#young.size >= generationMax) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, place)
    return undefined
  }
}

function keyOf({ seq, timestamp, category }: LogEntry, raw: string): string {
  return `${seq} ${timestamp} ${category} ${raw.length}`
}

/** Whether a line stands in `error.log` or what that was rotated to. */
export function isInErrorFile({ file }: LogLine): boolean {
  return parseName(file.slice(file.lastIndexOf('/') + 1))?.base === errorFile
}

/** Whether a line is the copy of an entry, not the entry itself. */
export function isCopy(line: LogLine): boolean {
  return isCopied(line) && isInErrorFile(line)
}

function isCopied({ entry }: LogLine): boolean {
  return entry !== undefined && entry.category !== 'error' && severityOf(entry.level)! >= ERROR
}
