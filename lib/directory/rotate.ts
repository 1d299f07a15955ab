// The rename chain, synchronously: for the moments when a file must make room and no other turn of
// the event loop may come first.
//
// A number may have both spellings, `system.log.3` and `system.log.3.gz`: a compression was ended
// before its last step, or was switched on or off. They move together.
//
// Nothing is renamed over: a number that was free may just have been given back to a file that a
// cleaning, in another process, had taken by mistake (retention.ts). As long as that one has a file
// aside, a file gets its new number by a link, which fails where the number is taken; otherwise by
// a rename, which no crash can leave half done.

import { linkSync, lstatSync, renameSync, unlink, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { nameOf, temporaryName } from './names.ts'
import { asideName } from './retention.ts'

const spellings = [false, true] as const

/**
 * Renames `name` to `name.1`, `name.1` to `name.2`, … up to `keep`, compressed or not; the oldest
 * goes. Where a number is missing, as after a crash in the middle of a rotation, only those below
 * it move.
 *
 * The oldest is only renamed here and deleted in the thread pool: to free the blocks of 50 MB took
 * 3 to 11 ms (Node 20.20, ext4, 2026-11). What the end of the process leaves of it, the next start
 * deletes.
 *
 * @throws the system's error; the files moved so far stay where they are, and the next call goes on
 *   from there.
 */
export function rotateSync(directory: string, name: string, keep: number): void {
  const at = (index: number, compressed: boolean): string =>
    join(directory, nameOf(name, index, compressed))
  const isThere = (index: number): boolean => spellings.some((gz) => exists(at(index, gz)))
  // What has been put at the next number meanwhile moves on first.
  const shift = (index: number, gz: boolean): void => {
    while (!tryMove(directory, at(index, gz), at(index + 1, gz))) shift(index + 1, gz)
  }
  let last = 1
  while (last < keep && isThere(last)) last++
  if (last === keep) for (const gz of spellings) retire(at(last, gz))
  for (let index = last - 1; index > 0; index--) {
    for (const gz of spellings) {
      if (exists(at(index, gz))) shift(index, gz)
    }
  }
  while (!move(directory, join(directory, name), at(1, false))) shift(1, false)
}

function retire(path: string): void {
  const inode = lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino
  if (inode === undefined) return
  const temporary = temporaryName(path, inode)
  try {
    renameSync(path, temporary)
  } catch (error) {
    if (!isGone(error)) throw error
  }
  unlink(temporary, () => {
    // What stays, a later cleaning removes.
  })
}

/**
 * Renames a file unless the new name is taken; false when it is.
 *
 * @throws the system's error.
 */
function move(directory: string, from: string, to: string): boolean {
  const isAside = exists(join(directory, asideName))
  // After that: what was aside before may just have been put back.
  if (exists(to)) return false
  if (!isAside) {
    renameSync(from, to)
    return true
  }
  try {
    linkSync(from, to)
  } catch (error) {
    if (isGone(error)) throw error
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || exists(to)) return false
    // A file system without hard links has nothing better.
    renameSync(from, to)
    return true
  }
  unlinkSync(from)
  return true
}

/** The same for a file that a cleaning by another process may just have deleted. */
function tryMove(directory: string, from: string, to: string): boolean {
  try {
    return move(directory, from, to)
  } catch (error) {
    if (isGone(error)) return true
    throw error
  }
}

function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}

function exists(path: string): boolean {
  return lstatSync(path, { bigint: false, throwIfNoEntry: false }) !== undefined
}
