// Opens the directory and its files so that what is opened is what was meant: a regular file of
// ours, with its mode, nothing behind a link, its last line ended. Synchronous: a logger can write
// from the moment it exists.

import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { absolutePathOf } from '../config/log-path.ts'
import {
  type OnRefusal,
  type Refusal,
  directoryModeOf,
  fileModeDefault,
  setGroup,
  setMode,
  setModeByName,
  widenByName,
} from './attributes.ts'
import { temporaryName } from './names.ts'
import { guards } from './open-flags.ts'

/** Which file it is, whatever name it bears. */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
}

/** A file opened for appending. */
export interface OpenedFile extends FileIdentity {
  /** The descriptor; it follows the file when it is renamed. */
  readonly fd: number
  /** Bytes it holds. */
  readonly size: number
  /**
   * Bytes of an unfinished last line that a crash left; it has been ended with `\n`, and nothing
   * cut.
   */
  readonly tornBytes: number
  /** The system lets the file grow no further (EFBIG): its torn last line could not be ended. */
  readonly isFull: boolean
  /** Why it has not the mode that it should have; it can be written all the same. */
  readonly refusal: Refusal | undefined
}

/** How much of the end of a file is read to find where its torn last line begins. */
const tornWindowBytes = 65536

/**
 * Makes the directory, and those above it, with mode 0700 whatever the umask, or the wider one that
 * goes with the mode of the files. Directories that exist are left as they are, since they may be
 * shared with others; but where the files are to be read by others, the directory lets them in.
 *
 * @param refused Called when the system does not give it this mode.
 * @throws the system's error when it cannot be made, or is no directory; an error that says why
 *   when it was configured by a home that is not there.
 */
export function makeDirectory(
  directory: string,
  refused?: OnRefusal,
  fileMode: number = fileModeDefault,
): void {
  // A `~` with no home must not become a directory of that name.
  if (!isAbsolute(directory)) {
    const path = absolutePathOf(directory)
    throw new Error(
      `Cannot make the directory ${path}: expected the home or working directory to be there at the start, got it later`,
    )
  }
  const mode = directoryModeOf(fileMode)
  const first = mkdirSync(directory, { recursive: true, mode })
  if (first === undefined) {
    if (!statSync(directory).isDirectory()) {
      throw Object.assign(new Error(`ENOTDIR: not a directory, open '${directory}'`), {
        code: 'ENOTDIR',
      })
    }
    const refusal = fileMode === fileModeDefault ? undefined : widenByName(directory, mode)
    if (refusal !== undefined) refused?.(refusal)
    return
  }
  for (let made = directory; ; made = dirname(made)) {
    const refusal = setModeByName(made, mode)
    if (refusal !== undefined) refused?.(refusal)
    if (made === first || made === dirname(made)) return
  }
}

/**
 * Opens a file for appending, made if it is not there, gives it its mode, and ends a torn last
 * line.
 *
 * @param continues The file whose last line the caller is about to go on with, if it is in the
 *   middle of one: in that file the last line is left as it is.
 * @throws the system's error; or one with code `RINGLOG_UNSAFE` when a link, a pipe, a device or
 *   another user's file stands there.
 */
export function openForAppend(
  directory: string,
  name: string,
  continues?: FileIdentity,
  fileMode: number = fileModeDefault,
): OpenedFile {
  const path = join(directory, name)
  const fd = openOwn(path, fileMode)
  try {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) throw unsafe(path, 'a regular file', `a ${kindOf(stat)}`)
    if (!isOurs(directory, name, stat)) {
      const links = stat.nlink > 1n ? ` with ${stat.nlink} names` : ''
      const actual = `one of user ${stat.uid}${links}`
      throw unsafe(path, 'a file of the user that runs the process', actual)
    }
    // The group first: until it is the right one, no group may read what is in it.
    const refused = setGroup(fd, path, fileMode)
    const refusal = setMode(fd, path, fileMode) ?? refused
    const identity = { device: stat.dev, inode: stat.ino }
    const size = Number(stat.size)
    const { tornBytes, isFull } =
      continues !== undefined && isSameFile(identity, continues)
        ? { tornBytes: 0, isFull: false }
        : endLastLine(fd, size)
    const isEnded = tornBytes > 0 && !isFull
    return { fd, ...identity, size: isEnded ? size + 1 : size, tornBytes, isFull, refusal }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function openOwn(path: string, fileMode: number): number {
  const { O_RDWR, O_APPEND, O_CREAT } = constants
  const flags = O_RDWR | O_APPEND | O_CREAT | guards
  try {
    return openSync(path, flags, fileMode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    // Our own bits may have been taken from a file of ours, by a umask and a crash, or by hand.
    if (setModeByName(path, fileMode) !== undefined) throw error
    return openSync(path, flags, fileMode)
  }
}

/**
 * Whether a file belongs to this user, to root, who could do anything in any case, or cannot be
 * told from ours.
 */
function isOurs(
  directory: string,
  name: string,
  { uid, nlink }: { readonly uid: bigint; readonly nlink: bigint },
): boolean {
  const user = process.geteuid?.()
  if (user === undefined || user === 0 || uid === BigInt(user)) return true
  // A link may be to any file of theirs.
  if (nlink !== 1n) return false
  return uid === 0n || uid === ownerOfNew(directory, name)
}

/**
 * Whom a file belongs to that we make there: on a network share it may be the mount's user, whoever
 * writes. Undefined when none can be made.
 */
function ownerOfNew(directory: string, name: string): bigint | undefined {
  const path = join(directory, temporaryName(`${name}.1`, process.pid))
  const { O_RDWR, O_CREAT, O_EXCL } = constants
  try {
    rmSync(path, { force: true })
    const fd = openSync(path, O_RDWR | O_CREAT | O_EXCL | guards, fileModeDefault)
    try {
      return fstatSync(fd, { bigint: true }).uid
    } finally {
      closeSync(fd)
      rmSync(path, { force: true })
    }
  } catch {
    return undefined
  }
}

/** Which file a descriptor leads to. */
export function identityOf(fd: number): FileIdentity {
  const { dev: device, ino: inode } = fstatSync(fd, { bigint: true })
  return { device, inode }
}

/** Whether two descriptors, or a descriptor and a name, lead to one file. */
export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  // Windows gives a device one number by name and another by descriptor (libuv 1.49 and later).
  const isSameDevice = process.platform === 'win32' || one.device === other.device
  return isSameDevice && one.inode === other.inode
}

/**
 * Ends an unfinished last line; it is never cut off: it is evidence. Says how long it is, 0 if
 * there is none.
 */
function endLastLine(fd: number, size: number): Pick<OpenedFile, 'tornBytes' | 'isFull'> {
  if (size === 0) return { tornBytes: 0, isFull: false }
  const end = Buffer.alloc(Math.min(size, tornWindowBytes))
  const read = readSync(fd, end, 0, end.length, size - end.length)
  if (read === 0 || end[read - 1] === 0x0a) return { tornBytes: 0, isFull: false }
  const tornBytes = read - 1 - end.lastIndexOf(0x0a, read - 1)
  try {
    writeSync(fd, '\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EFBIG') throw error
    return { tornBytes, isFull: true }
  }
  return { tornBytes, isFull: false }
}

/** What is no regular file, in words. */
function kindOf(stat: BigIntStats): string {
  if (stat.isDirectory()) return 'directory'
  if (stat.isFIFO()) return 'pipe'
  return stat.isSocket() ? 'socket' : 'device'
}

function unsafe(path: string, expected: string, actual: string): Error {
  return Object.assign(new Error(`Cannot open ${path}: expected ${expected}, got ${actual}`), {
    code: 'RINGLOG_UNSAFE',
  })
}
