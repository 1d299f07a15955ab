// What went wrong, in words for whoever typed the command: never a stack trace, nothing that drives the terminal.

import { getSystemErrorMap } from 'node:util'
import { visible } from '../entry/human-line.ts'

/** The command line is wrong: exit code 2. The message says what is right. */
export class UsageError extends Error {}

/** An error as lines of text without what could drive a terminal. */
export function textOfError(error: unknown): string {
  return visibleLines(messageOf(error))
}

/** Lines of text without what could drive a terminal. */
export function visibleLines(text: string): string {
  return text.split('\n').map(visible).join('\n')
}

/** `Cannot read /var/log/x: permission denied (EACCES)` instead of `EACCES: permission denied, scandir '/var/log/x'`. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { errno, path, syscall } = error as NodeJS.ErrnoException
  const [code, reason] = (errno !== undefined && getSystemErrorMap().get(errno)) || []
  if (reason === undefined) return error.message
  const action = syscall === 'write' ? 'write' : 'read'
  return `Cannot ${action} ${path ?? 'the output'}: ${reason} (${code})`
}
