// Which rotated files are too old or too many, and how one is deleted although another process may
// be renaming the files at the same moment: never the live file, and never another than the one
// that was meant.
//
// A name is no proof: between a look at `system.log.9` and its removal, a rotation may have given
// that name to a younger file. So the file is first renamed to a name that no rotation knows,
// looked at, and only then removed; a file that is not the one meant goes back.

import { type BigIntStats, linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { builtinCategories } from '../entry/category.ts'
import { type FileName, nameOf, parseName, temporaryName } from './names.ts'

/** Milliseconds of a day. */
export const dayMs = 86_400_000

/** What may stay. */
export interface Limits {
  /** Rotated files kept of each base; `undefined`: any number. */
  readonly keep: number | undefined
  /** What all files, live ones too, may come to in bytes; `undefined`: any number. */
  readonly totalBytes?: number | undefined
  /** How long after it was last written a rotated file is kept, in milliseconds. */
  readonly retentionMs: number
  /** The time from which their age counts, in milliseconds since 1970: see trusted-time.ts. */
  readonly now: number
}

/** A file that is to go, and why. */
export interface Doomed {
  readonly name: string
  readonly inode: bigint
  readonly bytes: number
  readonly reason: 'age' | 'count' | 'total'
}

/**
 * Those of the files that are to go, in the order given. A live file, a directory or a link never
 * is; a file that cannot be looked at is left.
 */
export function doomedAmong(
  directory: string,
  files: readonly FileName[],
  limits: Limits,
): Doomed[] {
  const doomed: Doomed[] = []
  for (const { name, index } of files) {
    if (index === 0) continue
    const stat = lookAt(join(directory, name))
    if (stat === undefined) continue
    const { ino: inode, size, mtimeMs } = stat
    const bytes = Number(size)
    if (limits.keep !== undefined && index > limits.keep) {
      doomed.push({ name, inode, bytes, reason: 'count' })
    } else if (limits.now - Number(mtimeMs) > limits.retentionMs) {
      doomed.push({ name, inode, bytes, reason: 'age' })
    }
  }
  return doomed
}

/**
 * The rotated files that are to go so that all files together keep their limit: the oldest first,
 * those of the audit last. Of one series the number says which is older; of two, when they were last
 * written, where a clock that was wrong then counts for as little as can be: no file is older than
 * one before it in its series, and none is of a time that has not come.
 *
 * @param series The files of each base, oldest first.
 */
export function beyondTotal(
  directory: string,
  series: ReadonlyMap<string, readonly FileName[]>,
  { totalBytes = Infinity, now }: Limits,
): Doomed[] {
  if (totalBytes === Infinity) return []
  let total = 0
  const rotated: (Doomed & { readonly isAudit: boolean; readonly time: number })[] = []
  for (const [base, files] of series) {
    let last = 0
    for (const { name, index } of files) {
      const stat = lookAt(join(directory, name))
      if (stat === undefined) continue
      const { ino: inode, size, mtimeMs } = stat
      const bytes = Number(size)
      total += bytes
      if (index === 0) continue
      last = Math.min(Math.max(last, Number(mtimeMs)), now)
      const isAudit = base === builtinCategories.audit
      rotated.push({ name, inode, bytes, reason: 'total', isAudit, time: last })
    }
  }
  // The sort is stable: files of one series stay in their order.
  rotated.sort((a, b) => Number(a.isAudit) - Number(b.isAudit) || a.time - b.time)
  const doomed: Doomed[] = []
  for (const { isAudit: _, time: __, ...file } of rotated) {
    if (total <= totalBytes) break
    total -= file.bytes
    doomed.push(file)
  }
  return doomed
}

/**
 * Deletes a rotated file if it still is the one that was looked at. The name is free when this
 * returns its promise; the blocks of the file are freed in the thread pool, which for 50 MB takes
 * milliseconds.
 *
 * @returns false when that file does not bear the name any more.
 * @throws the system's error.
 */
export async function discard(directory: string, name: string, inode: bigint): Promise<boolean> {
  const path = join(directory, name)
  if (lookAt(path)?.ino !== inode) return false
  const temporary = join(directory, temporaryName(name, inode))
  renameSync(path, temporary)
  if (lookAt(temporary)?.ino !== inode) {
    putBack(directory, name, temporary)
    return false
  }
  try {
    await unlink(temporary)
  } catch (error) {
    // Another cleaning has removed it as a leftover.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return true
}

/** A regular file's state. */
export function lookAt(path: string): BigIntStats | undefined {
  try {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return stat?.isFile() === true ? stat : undefined
  } catch {
    // The directory cannot be searched: nothing is known, so nothing is done.
    return undefined
  }
}

/**
 * Gives a file that was taken by mistake its name back, or, where a rotation has used it since, the
 * next free one.
 */
function putBack(directory: string, name: string, temporary: string): void {
  const file = parseName(name)
  if (file === undefined) return
  for (let index = file.index; ; index++) {
    const path = join(directory, nameOf(file.base, index, file.compressed))
    try {
      linkSync(temporary, path)
      unlinkSync(temporary)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') continue
      // A file system without hard links.
      if (lookAt(path) !== undefined) continue
      renameSync(temporary, path)
      return
    }
  }
}
