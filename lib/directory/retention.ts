// Which rotated files are too old or too many, and how one is deleted although another process may
// be renaming the files at the same moment: never the live file, and never another than the one
// that was meant.
//
// A name is no proof: between a look at `system.log.9` and its removal, a rotation may have given
// that name to a younger file. So the file is first put aside, looked at, and only then removed; a
// file that is not the one meant goes back:
//
//   system.log.9 ──rename──► deleting.tmp/system.log.9.<inode> ──► the one meant: unlink
//                                                              └─► another: link to its name,
//                                                                  or the next free number
//
// While something is aside, `deleting.tmp` is there: then a rotation, which would find the number
// free, renames over nothing (rotate.ts). What a killed process has left in it, the next cleaning
// deletes or puts back.

import {
  type BigIntStats,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { unlink } from 'node:fs/promises'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { builtinCategories } from '../entry/builtin-categories.ts'
import { type IsUnshipped, heldFilesMax } from './hold-back.ts'
import { type FileName, nameOf, parseName, temporaryName } from './names.ts'

/** The directory for what is put aside. No log has this name. */
export const asideName = 'deleting.tmp'

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
  /**
   * Files that hold something that is not shipped stay beyond `keep`, a hundred of each base, and
   * of all together they go last; `undefined`: it is not looked at.
   */
  readonly isUnshipped?: IsUnshipped | undefined
}

/**
 * How a rotated file is known again. The number of the inode alone may be another file's by now:
 * one that was written after this one had been deleted.
 */
export type Identity = Pick<BigIntStats, 'ino' | 'mtimeNs'>

/** A file that is to go, and why. */
export interface Doomed {
  readonly name: string
  readonly identity: Identity
  readonly bytes: number
  readonly reason: 'age' | 'count' | 'total'
  /** It holds something that is not shipped, and somebody wanted to keep that. */
  readonly isUnshipped: boolean
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
  for (const file of files) {
    const { name, index } = file
    if (index === 0) continue
    const stat = lookAt(join(directory, name))
    if (stat === undefined) continue
    const { size, mtimeMs } = stat
    const isOld = limits.now - Number(mtimeMs) > limits.retentionMs
    const isBeyond = limits.keep !== undefined && index > limits.keep
    if (!isOld && !isBeyond) continue
    const isUnshipped = limits.isUnshipped?.(file, files) ?? false
    // What is too old goes in any case: that may be the law.
    if (!isOld && isUnshipped && index <= heldFilesMax) continue
    const reason = isBeyond ? 'count' : 'age'
    doomed.push({ name, identity: stat, bytes: Number(size), reason, isUnshipped })
  }
  return doomed
}

/**
 * The rotated files that are to go so that all files together keep their limit: the oldest first,
 * those of the audit last, and behind all others those that are not shipped. Of one series the
 * number says which is older; of two, when they were last written, where a clock that was wrong
 * then counts for as little as can be: no file is older than one before it in its series, and none
 * is of a time that has not come.
 *
 * @param series The files of each base, oldest first.
 */
export function beyondTotal(
  directory: string,
  series: ReadonlyMap<string, readonly FileName[]>,
  { totalBytes = Infinity, now, isUnshipped }: Limits,
): Doomed[] {
  if (totalBytes === Infinity) return []
  let total = 0
  const rotated: (Doomed & { readonly isAudit: boolean; readonly time: number })[] = []
  for (const [base, files] of series) {
    let last = 0
    for (const file of files) {
      const { name, index } = file
      const stat = lookAt(join(directory, name))
      if (stat === undefined) continue
      const { size, mtimeMs } = stat
      const bytes = Number(size)
      total += bytes
      if (index === 0) continue
      last = Math.min(Math.max(last, Number(mtimeMs)), now)
      const isAudit = base === builtinCategories.audit
      rotated.push({
        name,
        identity: stat,
        bytes,
        reason: 'total',
        isUnshipped: isUnshipped?.(file, files) ?? false,
        isAudit,
        time: last,
      })
    }
  }
  // The sort is stable: files of one series stay in their order.
  rotated.sort(
    (a, b) =>
      Number(a.isUnshipped) - Number(b.isUnshipped) ||
      Number(a.isAudit) - Number(b.isAudit) ||
      a.time - b.time,
  )
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
export async function discard(
  directory: string,
  name: string,
  identity: Identity,
): Promise<boolean> {
  if (!isOne(lookAt(join(directory, name)), identity)) return false
  const aside = putAside(directory, name, identity.ino)
  const temporary = join(directory, temporaryName(name, identity.ino))
  try {
    if (!isOne(lookAt(aside), identity)) {
      putBack(directory, name, aside)
      return false
    }
    renameSync(aside, temporary)
  } finally {
    removeAside(directory)
  }
  try {
    await unlink(temporary)
  } catch (error) {
    // Another cleaning has removed it as a leftover.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return true
}

/**
 * Deletes or puts back what a process had put aside when it was killed.
 *
 * @throws the system's error.
 */
export function emptyAside(directory: string, bases: ReadonlySet<string>): void {
  const aside = join(directory, asideName)
  // Behind a link would be another directory, with files of these names.
  if (!isDirectory(aside)) return
  for (const entry of entriesOf(aside)) {
    const [, name, inode] = /^(.+)\.(\d+)$/.exec(entry) ?? []
    const file = name === undefined ? undefined : parseName(name)
    if (file === undefined || !bases.has(file.base)) continue
    // Taken first: whoever has put it aside may be alive, and be about to put it back.
    const taken = join(aside, `${file.name}.0${randomInt(2 ** 32)}`)
    if (!tryRename(join(aside, entry), taken)) continue
    const stat = lookAt(taken)
    if (String(stat?.ino) === inode || (stat !== undefined && stat.nlink > 1n)) unlinkSync(taken)
    else putBack(directory, file.name, taken)
  }
  removeAside(directory)
}

/** Nothing where there is no such directory. */
function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

function isOne(stat: BigIntStats | undefined, { ino, mtimeNs }: Identity): boolean {
  return stat?.ino === ino && stat.mtimeNs === mtimeNs
}

/** Renames a file into the directory for that, and gives its path. */
function putAside(directory: string, name: string, inode: bigint): string {
  const path = join(directory, name)
  for (;;) {
    const isMade = makeAside(directory)
    // A disk may be too full for a directory, and is to get room all the same.
    const aside = isMade
      ? join(directory, asideName, `${name}.${inode}`)
      : join(directory, temporaryName(name, inode))
    if (tryRename(path, aside)) return aside
    // Another cleaning has removed the directory meanwhile.
    if (isMade && lookAt(path) !== undefined) continue
    removeAside(directory)
    throw Object.assign(new Error(`Cannot delete ${name}: expected a file, got none`), {
      code: 'ENOENT',
    })
  }
}

function makeAside(directory: string): boolean {
  const aside = join(directory, asideName)
  try {
    mkdirSync(aside, 0o700)
    return true
  } catch {
    return isDirectory(aside)
  }
}

/** Not through a link. */
function isDirectory(path: string): boolean {
  return lstatSync(path, { bigint: false, throwIfNoEntry: false })?.isDirectory() === true
}

function removeAside(directory: string): void {
  try {
    rmdirSync(join(directory, asideName))
  } catch {
    // Another cleaning has something in it, or has removed it.
  }
}

/** @returns false when there is no such file. */
function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return false
  }
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
function putBack(directory: string, name: string, aside: string): void {
  const file = parseName(name)
  if (file === undefined) return
  for (let index = file.index; ; index++) {
    const path = join(directory, nameOf(file.base, index, file.compressed))
    const other = join(directory, nameOf(file.base, index, !file.compressed))
    // Two spellings of a number are of one content.
    if (index > file.index && lookAt(other) !== undefined) continue
    try {
      linkSync(aside, path)
      unlinkSync(aside)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') continue
      // A file system without hard links, or another cleaning is putting it back.
      if (lookAt(path) !== undefined) continue
      tryRename(aside, path)
      return
    }
  }
}
