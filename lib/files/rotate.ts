// The rename chain, synchronously: for the moments when a file must make room and no other turn of the
// event loop may come first. rotating-file-stream does the same while the loop runs.

import { renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { nameOf } from './names.ts'

/**
 * Renames `name` to `name.1`, `name.1` to `name.2`, … up to `keep`; the oldest is overwritten. Where a number
 * is missing, as after a crash in the middle of a rotation, only those below it move.
 *
 * @throws the system's error; the files moved so far stay where they are, and the next call goes on from there.
 */
export function rotateSync(directory: string, name: string, keep: number): void {
  const at = (index: number): string => join(directory, nameOf(name, index))
  let last = 1
  while (last < keep && exists(at(last))) last++
  for (let index = last; index > 0; index--) renameSync(at(index - 1), at(index))
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
