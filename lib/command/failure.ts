// The failure of a command, in words for the person who typed it: never a stack trace, nothing that
// drives the terminal.

import { getSystemErrorMap } from 'node:util'
import { visible, visibleLines } from '../entry/visible-text.ts'
import { absolutePathOf, defaultLogPath } from '../config/log-path.ts'
import { ConfigError } from '../errors.ts'

/** The command line is wrong: exit code 2. The message says what is right. */
export class UsageError extends Error {}

/**
 * An error as text without what could drive a terminal: one line, or one more for each problem of a
 * configuration.
 */
export function textOfError(error: unknown): string {
  // Its lines are our own: a line end in a path stands in it as an escape already.
  if (error instanceof ConfigError) return visibleLines(error.message)
  return visible(messageOf(error))
}

/**
 * `Cannot read /var/log/x: permission denied (EACCES)` instead of `EACCES: permission denied,
 * scandir '/var/log/x'`.
 */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { errno, path, syscall } = error as NodeJS.ErrnoException
  const [code, reason] = (errno !== undefined && getSystemErrorMap().get(errno)) || []
  if (reason === undefined) return error.message
  const action = syscall === 'write' ? 'write' : 'read'
  const hint = code === 'ENOENT' && isDefaultDirectory(path) ? `; ${directoryHint}` : ''
  return `Cannot ${action} ${path ?? 'the output'}: ${reason} (${code})${hint}`
}

/** For the person who has named no directory, and has no log in the default one. */
export const directoryHint = "-d says which directory it is: the logger's log_path"

/** Whether a path is the default directory of logs. */
export function isDefaultDirectory(path: string | undefined): boolean {
  try {
    return path !== undefined && absolutePathOf(path) === absolutePathOf(defaultLogPath)
  } catch {
    // No home, so no such directory.
    return false
  }
}
