// The directory of the log files, as it is configured: where it is when nothing says so, and what `~` means.

import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'

/** The directory when none is configured. */
export const defaultLogPath = '~/.risk_manager/logs/'

/**
 * The absolute path of a directory or file. A `~` that stands alone or before a separator is the user's home;
 * a relative path starts at the working directory.
 *
 * @throws {Error} when the home or the working directory is needed and there is none: a user without an entry in
 *   the password file, a working directory that was removed.
 */
export function absolutePathOf(path: string): string {
  if (!/^~(?:[/\\]|$)/.test(path)) return resolve(path)
  const home = homedir()
  if (!isAbsolute(home))
    throw new Error(`the home directory is not absolute: ${JSON.stringify(home)}`)
  return resolve(join(home, path.slice(1)))
}
