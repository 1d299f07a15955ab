// The files of a base from the newest to the oldest, while somebody may be rotating them.
//
// A rotation only ever moves a file to a higher number, and the highest first. So whoever walks
// upwards meets each file at least once, and knows one that it meets twice by its inode. But after
// two rotations since the last name, the next one bears a file that is newer: when the name at
// which it began bears another file in the end, it walks again, and what it has met stays met.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FileName, nameOf, parseName } from '../directory/names.ts'
import type { Descriptors } from './descriptors.ts'
import { type LogFile, isAbsent, isSame, keyOf, listLog, openLog } from './log-file.ts'
import type { Remarks } from './remark.ts'

/**
 * How often a walk that rotations came into is done again. One takes some 50 µs, a rotation more.
 */
const walksMax = 16
/**
 * How far apart the numbers of a file and of its compressed form are at most, seen one after the
 * other.
 */
const twinDistanceMax = 2

/** A walk through the files of a base. */
export interface Walk {
  readonly directory: string
  readonly base: string
  /**
   * `open`: they are held, whatever becomes of their names. `list`: they are opened when they are
   * read.
   */
  readonly how: 'open' | 'list'
  readonly descriptors: Descriptors
  /** Gets the files that cannot be opened; they are passed over. */
  readonly remarks: Remarks
  /**
   * Asked for each file, newest first; the first that is known ends the walk and is closed.
   * @default none is
   */
  readonly isKnown?: (log: LogFile) => boolean
  /** The number to begin at: 1 leaves the live file out. @default 0 */
  readonly from?: number
  /** The base's files in the directory, if it has been listed just now. */
  readonly files?: readonly FileName[]
}

/** @returns the files that are not known, oldest first. */
export function walkFiles(walk: Walk): LogFile[] {
  const { directory, base, from = 0 } = walk
  const first = join(directory, nameOf(base, from, false))
  let listed = walk.files
  let found: LogFile[] = []
  for (let walks = 1; ; walks++) {
    const key = keyOf(first)
    const met = once(walk, highestIndex(walk, listed), found)
    // Those that are not met again have been removed since, and so they are the oldest.
    found = [...found.filter((log) => !met.includes(log)), ...met]
    if (walks === walksMax || keyOf(first) === key) return found
    listed = undefined
  }
}

/**
 * @param last The highest number that is known to be there.
 * @param found Files that have been met already.
 */
function once(walk: Walk, last: number, found: readonly LogFile[]): LogFile[] {
  const { directory, base, descriptors, remarks, isKnown, from = 0 } = walk
  const met: LogFile[] = []
  const look = walk.how === 'open' ? openLog : listLog
  // Two more without a file: what was listed as the highest may have moved on since.
  for (let index = from, absent = 0; index <= last || absent < 2; index++) {
    absent++
    for (const compressed of index === 0 ? [false] : [false, true]) {
      const name = nameOf(base, index, compressed)
      let log: LogFile | undefined
      try {
        log = look(directory, { name, base, index, compressed }, descriptors)
        if (log === undefined) continue
        absent = 0
        const twin = found.find((other) => isTwin(other, log!))
        if (met.some((other) => other === twin || isTwin(other, log!))) log.close()
        else if (twin !== undefined) {
          log.close()
          met.push(twin)
        } else if (isKnown?.(log) === true) {
          log.close()
          return met.toReversed()
        } else met.push(log)
      } catch (error) {
        // No permission, no descriptor left, a disk that fails.
        log?.close()
        remarks.unread(name, error)
      }
    }
  }
  return met.toReversed()
}

/** The names in a directory; none while it is not there, or cannot be read, which is reported. */
export function namesIn(directory: string, remarks: Remarks): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (!isAbsent(error)) remarks.unread(directory, error)
    return []
  }
}

function highestIndex({ directory, base, remarks }: Walk, listed?: readonly FileName[]): number {
  if (listed !== undefined) return Math.max(0, ...listed.map(({ index }) => index))
  let highest = 0
  for (const name of namesIn(directory, remarks)) {
    if (!name.startsWith(base)) continue
    const file = parseName(name)
    if (file?.base === base) highest = Math.max(highest, file.index)
  }
  return highest
}

/**
 * Met under two names, or about to be replaced by its compressed form, which may not be whole yet.
 */
function isTwin(a: LogFile, b: LogFile): boolean {
  if (a.key === b.key) return true
  if (a.compressed === b.compressed || Math.abs(a.index - b.index) > twinDistanceMax) return false
  const [one, other] = [a.identity(), b.identity()]
  if (isSame(one, other)) return true
  return a.index === b.index && one.head.length > 0 && one.head.equals(other.head)
}
