// Opening the directory and its files so that what is opened is what was meant: a regular file of ours,
// mode 0600, nothing behind a link, its last line ended. Synchronous: a logger can write from the moment
// it exists.

import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Mode of the directory. */
export const directoryMode = 0o700
/** Mode of every file. */
export const fileMode = 0o600

/** A file opened for appending. */
export interface OpenedFile {
  /** The descriptor; it follows the file when it is renamed. */
  readonly fd: number
  readonly inode: bigint
  /** Bytes it holds. */
  readonly size: number
  /** Bytes of an unfinished last line that a crash left; it has been ended with `\n`, and nothing cut. */
  readonly tornBytes: number
}

/** How much of the end of a file is read to find where its torn last line begins. */
const tornWindowBytes = 65536

/**
 * Makes the directory, and those above it, with mode 0700 whatever the umask. Directories that exist are
 * left as they are: they may be shared with others.
 *
 * @throws the system's error when it cannot be made, or is no directory.
 */
export function makeDirectory(directory: string): void {
  const first = mkdirSync(directory, { recursive: true, mode: directoryMode })
  if (first === undefined) {
    if (!statSync(directory).isDirectory()) {
      throw Object.assign(new Error(`ENOTDIR: not a directory, open '${directory}'`), {
        code: 'ENOTDIR',
      })
    }
    return
  }
  for (let made = directory; ; made = dirname(made)) {
    chmodSync(made, directoryMode)
    if (made === first || made === dirname(made)) return
  }
}

/**
 * Opens a file for appending, made with mode 0600 if it is not there, and ends a torn last line.
 *
 * @param continues Inode of the file whose last line the caller is about to go on with, if it is in the
 *   middle of one: in that file the last line is left as it is.
 * @throws the system's error; or one with code `RINGLOG_UNSAFE` when a link, a pipe, a device or another
 *   user's file stands there.
 */
export function openForAppend(directory: string, name: string, continues?: bigint): OpenedFile {
  const path = join(directory, name)
  const { O_RDWR, O_APPEND, O_CREAT } = constants
  // Without O_NONBLOCK a named pipe would hang the process here. Windows has neither of the two.
  const guards = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const flags = O_RDWR | O_APPEND | O_CREAT | guards
  let fd: number
  try {
    fd = openSync(path, flags, fileMode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    // A umask may have taken our own bits from a file of ours, made by the stream.
    if (!lstatSync(path).isFile()) throw error
    chmodSync(path, fileMode)
    fd = openSync(path, flags, fileMode)
  }
  try {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) throw unsafe(path, 'a regular file')
    const user = process.geteuid?.()
    if (user !== undefined && user !== 0 && stat.uid !== BigInt(user)) {
      throw unsafe(path, 'a file of the user that runs the process')
    }
    if ((Number(stat.mode) & 0o777) !== fileMode) fchmodSync(fd, fileMode)
    const size = Number(stat.size)
    const tornBytes = stat.ino === continues ? 0 : endLastLine(fd, size)
    return { fd, inode: stat.ino, size: tornBytes > 0 ? size + 1 : size, tornBytes }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Ends an unfinished last line; it is never cut off: it is evidence. Returns its length, 0 if there is none. */
function endLastLine(fd: number, size: number): number {
  if (size === 0) return 0
  const end = Buffer.alloc(Math.min(size, tornWindowBytes))
  const read = readSync(fd, end, 0, end.length, size - end.length)
  if (read === 0 || end[read - 1] === 0x0a) return 0
  writeSync(fd, '\n')
  return read - 1 - end.lastIndexOf(0x0a, read - 1)
}

function unsafe(path: string, expected: string): Error {
  return Object.assign(new Error(`Cannot open ${path}: expected ${expected}`), {
    code: 'RINGLOG_UNSAFE',
  })
}
