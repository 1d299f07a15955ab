// Other users who may put files into a log directory, or another directory in its place. Then links
// can be put where a log file is expected, rotated files can be replaced, and a lock taken away.
// What we open is checked by its descriptor; what lies there when nobody looks cannot be.

import { realpathSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileModeDefault } from './attributes.ts'

const writableByGroup = 0o020
const writableByOthers = 0o002
/** In a directory with this bit only its owner renames and removes a file. */
const sticky = 0o1000
/**
 * The owner of what a user namespace has no number for: nobody in there, whoever it is out there.
 */
const unmapped = 65_534

/**
 * Whether somebody else than the user of this process, and root, may change what the name of a
 * directory leads to. Also asks the directories above it. The group counts where it is not the
 * process's own (a system that gives each user a group of his own makes directories writable by
 * it), and where the files are not meant to be written by it.
 *
 * @returns which directory, and why, in words; `undefined` when nobody may, or nothing can be
 *   known.
 */
export function exposureOf(
  directory: string,
  fileMode: number = fileModeDefault,
): string | undefined {
  const user = process.geteuid?.()
  const group = process.getegid?.()
  if (user === undefined) return undefined
  try {
    let path = realpathSync(directory)
    const trusted = (fileMode & writableByGroup) === 0 ? group : statSync(path).gid
    for (let isAbove = false; ; isAbove = true) {
      const { mode, uid, gid } = statSync(path)
      const isTrusted = gid === group || gid === trusted
      const open = isTrusted ? writableByOthers : writableByOthers | writableByGroup
      if ((mode & open) !== 0 && (mode & sticky) === 0) {
        return `${path} has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`
      }
      if (uid !== user && uid !== 0 && !(isAbove && uid === unmapped)) {
        return `${path} belongs to user ${uid}`
      }
      if (path === dirname(path)) return undefined
      path = dirname(path)
    }
  } catch {
    // It is not there yet, or must not be looked at.
    return undefined
  }
}
