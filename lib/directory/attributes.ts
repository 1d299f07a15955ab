// The attributes that a file should have and can do without: mode, owner, times, its name on the
// device. Some systems take every line and refuse one of these: Node's permission model, a network
// share whose files all belong to the mount, FAT. Then writing goes on, and one remark says so
// (outages.ts); `verify` reports the modes in any case.

import {
  type Stats,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  lstatSync,
  openSync,
  realpathSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

/** Mode of every file, unless a configuration widens it. */
export const fileModeDefault = 0o600

/** The modes that a configuration may give the files, as it spells them. */
export const fileModes = { '0600': 0o600, '0640': 0o640, '0660': 0o660, '0644': 0o644 } as const

/** A mode of the files, as a configuration spells it. */
export type FileModeName = keyof typeof fileModes

/** A mode of the files, read from outside; `undefined` for anything else. */
export function asFileModeName(value: unknown): FileModeName | undefined {
  return typeof value === 'string' && Object.hasOwn(fileModes, value)
    ? (value as FileModeName)
    : undefined
}

/** Mode of the directory: users who may read its files may also find them. */
export function directoryModeOf(fileMode: number): number {
  return fileMode | ((fileMode & 0o444) >> 2)
}

const setgid = 0o2000

/** O_PATH of Linux, which Node does not name: holds a file without any right to it. */
const pathOnly = 0o10000000

/** What the system has refused. */
export interface Refusal {
  /** `sync`: the name of the file on the device; `durability`: its lines. */
  readonly attribute: 'mode' | 'owner' | 'times' | 'sync' | 'durability'
  /** The file or directory, without the way to it. */
  readonly file: string
  /** What could not be done, and why: the whole sentence but its capital and its point. */
  readonly message: string
}

/** Takes a refusal. Must not throw. */
export type OnRefusal = (refusal: Refusal) => void

/**
 * Gives an open file its mode, whatever the umask.
 *
 * @param path Under which it was opened.
 * @returns what was refused; `undefined` when the file has this mode, or its system knows none.
 */
export function setMode(fd: number, path: string, mode: number): Refusal | undefined {
  return attemptMode(path, mode, () => {
    byDescriptor(
      path,
      () => changeMode(fd, mode, (all) => fchmodSync(fd, all)),
      () => changeMode(fd, mode, (all) => chmodSync(path, all)),
    )
  })
}

/**
 * Gives a directory its mode, or a file that cannot be opened for want of it: never what a link
 * leads to, nor what is another user's. A directory that passes its group on goes on doing so.
 */
export function setModeByName(path: string, mode: number): Refusal | undefined {
  return attemptMode(path, mode, () => {
    const before = lstatSync(path)
    if ((before.mode & 0o777) === mode) return
    byDescriptor(
      path,
      () => chmodHeld(path, mode),
      () => chmodSync(path, wholeMode(before, mode)),
    )
  })
}

/**
 * Adds what a directory lacks of a mode. The rest of its mode is its owner's affair. Somebody has
 * named it, perhaps by a link to it.
 */
export function widenByName(path: string, mode: number): Refusal | undefined {
  const real = realpathSync(path)
  return setModeByName(real, (statSync(real).mode & 0o777) | mode)
}

/** The name may lead elsewhere since it was looked at: so the mode is set through a descriptor. */
function chmodHeld(path: string, mode: number): void {
  const isLinux = process.platform === 'linux'
  const flags = isLinux ? pathOnly : constants.O_RDONLY | constants.O_NONBLOCK
  const fd = openSync(path, flags | constants.O_NOFOLLOW)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() && !stat.isDirectory()) throw new Error('it is neither file nor directory')
    if (stat.uid !== process.geteuid?.()) throw new Error('it belongs to another user')
    changeMode(fd, mode, (all) => {
      if (isLinux) chmodSync(`/proc/self/fd/${fd}`, all)
      else fchmodSync(fd, all)
    })
  } finally {
    closeSync(fd)
  }
}

function changeMode(fd: number, mode: number, change: (mode: number) => void): void {
  const stat = fstatSync(fd)
  const before = stat.mode & 0o777
  if (before === mode) return
  try {
    change(wholeMode(stat, mode))
  } catch (error) {
    const reason = (error as Error).message.replace(/\.$/, '')
    throw Object.assign(new Error(`${reason}; it stays ${octal(before)}`), { code: codeOf(error) })
  }
  // Some systems say nothing, and do nothing.
  const after = modeOf(fd)
  if (after !== mode) throw new Error(`the system makes it ${octal(after)}`)
}

/**
 * The mode with what a directory has beyond it. The system takes the setgid bit from whoever does
 * not belong to the group; then the files of the log would come to another group.
 */
function wholeMode(before: Stats, mode: number): number {
  if (!before.isDirectory()) return mode
  if ((before.mode & setgid) !== 0 && !isOfGroup(before.gid)) {
    throw new Error(`its files take group ${before.gid}, to which this process does not belong`)
  }
  return (before.mode & 0o7000) | mode
}

function isOfGroup(gid: number): boolean {
  if (process.geteuid?.() === 0 || process.getegid?.() === gid) return true
  return process.getgroups?.().includes(gid) === true
}

function attemptMode(path: string, mode: number, work: () => void): Refusal | undefined {
  // Windows knows only whether a file may be written.
  if (process.platform === 'win32') return undefined
  return attempt('mode', path, `set the mode of ${basename(path)} to ${octal(mode)}`, work)
}

/**
 * Gives an open file its owner and group. Only root may give a file away.
 *
 * @param uid `undefined`: it stays with its owner.
 */
export function setOwner(
  fd: number,
  path: string,
  uid: number | undefined,
  gid: number,
): Refusal | undefined {
  if (process.platform === 'win32') return undefined
  return attempt('owner', path, `give ${basename(path)} to ${uid ?? 'its owner'}:${gid}`, () => {
    const before = fstatSync(fd)
    const owner = uid ?? before.uid
    if (before.uid === owner && before.gid === gid) return
    byDescriptor(
      path,
      () => fchownSync(fd, owner, gid),
      () => chownSync(path, owner, gid),
    )
    const after = fstatSync(fd)
    if (after.uid !== owner || after.gid !== gid) {
      throw new Error(`the system gives it to ${after.uid}:${after.gid}`)
    }
  })
}

/**
 * Gives an open file the group of its directory, where that passes its group on: a file may have
 * been there before the directory did. What the group may not read in any case stays as it is.
 */
export function setGroup(fd: number, path: string, mode: number): Refusal | undefined {
  if ((mode & 0o070) === 0 || process.platform === 'win32') return undefined
  const directory = statSync(dirname(path))
  if ((directory.mode & setgid) === 0) return undefined
  return setOwner(fd, path, undefined, directory.gid)
}

/**
 * Gives an open file its times.
 *
 * @param atime In seconds since 1970, as `mtime`.
 */
export function setTimes(
  fd: number,
  path: string,
  atime: number,
  mtime: number,
): Refusal | undefined {
  return attempt('times', path, `set the times of ${basename(path)}`, () => {
    byDescriptor(
      path,
      () => futimesSync(fd, atime, mtime),
      () => utimesSync(path, atime, mtime),
    )
  })
}

/**
 * Has the names of a directory on the device.
 *
 * @throws the system's error when the device itself has failed.
 */
export function syncDirectory(path: string): Refusal | undefined {
  // Windows does not open directories.
  if (process.platform === 'win32') return undefined
  try {
    const fd = openSync(path, constants.O_RDONLY)
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    return undefined
  } catch (error) {
    const refusal = syncRefusal(error, path)
    if (refusal === undefined) throw error
    return refusal
  }
}

/** The same in the thread pool. */
export async function syncDirectoryLater(path: string): Promise<Refusal | undefined> {
  if (process.platform === 'win32') return undefined
  try {
    const handle = await open(path, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
    return undefined
  } catch (error) {
    const refusal = syncRefusal(error, path)
    if (refusal === undefined) throw error
    return refusal
  }
}

/**
 * What a device says that has failed; all else only means that the system does not do such a thing.
 */
const failures = new Set(['EIO', 'ENOSPC', 'EDQUOT', 'ENOENT', 'ESTALE', 'ENXIO', 'ENODEV'])

/** By these a system says that it does not do such a thing, or not for us. */
const refusals = new Set([
  'EINVAL',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EPERM',
  'EACCES',
  'ERR_ACCESS_DENIED',
])

/**
 * Whether the system puts no such file on the device. All else means that the device has failed:
 * for a file more depends on it than for a name.
 */
export function isSyncRefused(error: unknown): boolean {
  return refusals.has(codeOf(error) ?? '')
}

/**
 * What was refused when something could not be put on the device; `undefined` when the device has
 * failed.
 */
export function syncRefusal(error: unknown, path: string): Refusal | undefined {
  if (failures.has(codeOf(error) ?? '')) return undefined
  const message = `cannot put ${basename(path)} on the device: ${(error as Error).message}`
  return { attribute: 'sync', file: basename(path), message }
}

function attempt(
  attribute: Refusal['attribute'],
  path: string,
  what: string,
  work: () => void,
): Refusal | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    const message = `cannot ${what}: ${(error as Error).message}`
    return { attribute, file: basename(path), message }
  }
}

/**
 * Does it by a descriptor, so that it is done to the file that was opened. Node's permission model
 * forbids that and allows the same by name (20 to 24, 2026-11), and there may be no /proc: then by
 * name, where nobody else can put another file under it.
 */
function byDescriptor(path: string, work: () => void, byName: () => void): void {
  try {
    work()
  } catch (error) {
    const isImpossible = ['ERR_ACCESS_DENIED', 'ENOENT', 'EACCES'].includes(codeOf(error) ?? '')
    if (!isImpossible || !isPrivate(dirname(path))) throw error
    byName()
  }
}

/** Whether only this user, or root, can change the names in a directory. */
export function isPrivate(directory: string): boolean {
  const { uid, mode } = statSync(directory)
  return (uid === 0 || uid === process.geteuid?.()) && (mode & 0o022) === 0
}

function modeOf(fd: number): number {
  return fstatSync(fd).mode & 0o777
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
