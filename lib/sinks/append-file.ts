// Our own descriptor of a log file, opened for appending: what is really in the file, the
// synchronous way into it, and the way onto the device. It follows the file through renames, and
// outlives any stream.
//
// A descriptor is closed only when nothing in the thread pool uses it any more: its number would
// otherwise be that of another file by then.

import {
  type BigIntStats,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  lstatSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import {
  type Refusal,
  fileModeDefault,
  isSyncRefused,
  syncDirectory,
  syncDirectoryLater,
} from '../directory/attributes.ts'
import { lineHead } from '../entry/line.ts'
import type { Claim } from '../directory/lock.ts'
import { coverOf } from '../entry/taken-back.ts'
import { type FileIdentity, type OpenedFile, isSameFile, openForAppend } from '../directory/open.ts'
import { readOurs } from '../directory/open-flags.ts'

const lineEnd = 0x0a
/** How much of a file is searched at a time, and how much altogether, in bytes. */
const searchBytes = 1 << 20
const searchBytesMax = 64 << 20
/** How much of the beginning of a file is searched for an entry, in bytes. */
const startBytes = 16_384
/** Bytes of the end of a file that are compared with what was written last. */
const endBytesMax = 4096
/** How what bears its name is looked at. */
const lookOptions = { bigint: true, throwIfNoEntry: false } as const

const fdatasyncAsync = promisify(fdatasync)

/** What the name of a file leads to now. */
export type Whereabouts = 'ours' | 'renamed' | 'removed'

/**
 * What the system lets a file of this process grow to (RLIMIT_FSIZE), in bytes; Infinity where it
 * is not known. Node ignores the signal that comes with it: a write beyond is short, and the next
 * one fails with EFBIG.
 */
export function fileBytesMax(): number {
  if (process.platform !== 'linux') return Infinity
  try {
    const limit = /^Max file size +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    return limit === undefined ? Infinity : Number(limit)
  } catch {
    return Infinity
  }
}

/** The directory of the names of our own descriptors: Linux, and elsewhere. Windows has none. */
const ownNames = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd'

/** Lines of ours that were found among those of others. */
export interface Found {
  /** Where in the file they begin. */
  readonly start: number
  /** Bytes of them, whole lines. */
  readonly landed: number
  /** Others came first. */
  readonly isLate: boolean
}

/** What a look at a file says of which it is. */
type Stat = Pick<BigIntStats, 'dev' | 'ino' | 'size'>

/** A descriptor, and how many hold it. */
interface Descriptor {
  readonly fd: number
  holders: number
}

/** A file that we append to. */
export class AppendFile {
  readonly #directory: string
  readonly #name: string
  readonly #path: string
  readonly #claim: Claim
  /** The mode that it is given. */
  readonly mode: number
  /** The tenure in which the file was opened. */
  #tenure = 0
  #descriptor: Descriptor | undefined
  #identity: FileIdentity = { device: 0n, inode: 0n }
  /** Files opened so far; up to which of them the directory is known to be on the device. */
  #opened = 0
  #openedSynced = 0
  /** Bytes in the file when it was looked at last. */
  size = 0

  /** @param claim Our right to the directory. */
  constructor(directory: string, name: string, claim: Claim, mode: number = fileModeDefault) {
    this.#claim = claim
    this.mode = mode
    this.#directory = directory
    this.#name = name
    this.#path = join(directory, name)
  }

  get isOpen(): boolean {
    return this.#descriptor !== undefined
  }

  /**
   * Opens the file that bears the name now, making it if it is not there. The directory must be
   * ours.
   *
   * @param inLine The caller is in the middle of a line, and the file, if it is the same as before,
   *   ends there.
   * @returns whether it is another file than before, and that one has been removed; what was found
   *   of a torn last line, and what the system has refused it.
   */
  open(
    inLine: boolean,
  ): { readonly isOther: boolean; readonly isRemoved: boolean } & Pick<
    OpenedFile,
    'tornBytes' | 'isFull' | 'refusal'
  > {
    this.#tenure = this.#claim.tenure
    const continues = inLine ? this.#identity : undefined
    const opened = openForAppend(this.#directory, this.#name, continues, this.mode)
    const { fd, device, inode, size, tornBytes, isFull, refusal } = opened
    const isOther = !isSameFile(opened, this.#identity)
    const isRemoved = isOther && this.#isRemoved
    this.close()
    this.#descriptor = { fd, holders: 1 }
    this.#identity = { device, inode }
    this.size = size
    if (isOther) this.#opened++
    return { isOther, isRemoved, tornBytes, isFull, refusal }
  }

  /**
   * A name by which the system opens the file that we hold, whatever bears its own name by now:
   * that may have become a link to another file since it was opened here. `undefined` where there
   * is no such name, as on Windows, without /proc, or with a permission model that knows of our
   * directory only.
   */
  get ownName(): string | undefined {
    const name = `${ownNames}/${this.#fd}`
    // The model may let it be read, and not written.
    const permission: NodeJS.ProcessPermission | undefined = process.permission
    if (!(permission?.has('fs.write', name) ?? true)) return undefined
    try {
      return this.#isOurs(statSync(name, { bigint: true })) ? name : undefined
    } catch {
      return undefined
    }
  }

  /** Which file it is. */
  get identity(): FileIdentity {
    return this.#identity
  }

  /**
   * Keeps the descriptor open until what is returned is called, also when another file is opened
   * meanwhile.
   */
  hold(): () => void {
    const descriptor = this.#descriptor!
    descriptor.holders++
    return () => letGo(descriptor)
  }

  /**
   * Whether the directory is ours, as it was when the file was opened: a look, right before each
   * write.
   */
  get isHeld(): boolean {
    return this.#claim.check() && this.#claim.tenure === this.#tenure
  }

  /**
   * Whether others may have written to the file before what has been seen in it. A look only when
   * it took long.
   */
  get isContested(): boolean {
    if (!this.isOpen) return false
    return !this.#claim.checkAfter() || this.#claim.tenure !== this.#tenure
  }

  /** What is known of the file, in a few words. */
  inspect(): string {
    if (!this.isOpen) return 'no file'
    const isNew = this.#opened !== this.#openedSynced
    return `file ${this.#identity.inode} ${this.size}${isNew ? ' new' : ''}`
  }

  close(): void {
    if (this.#descriptor !== undefined) letGo(this.#descriptor)
    this.#descriptor = undefined
  }

  /** Appends a piece; returns how many of its bytes have been taken. */
  write(bytes: Buffer, from: number, end: number): number {
    const count = writeSync(this.#fd, bytes, from, end - from)
    this.size += count
    return count
  }

  /** By how much the file has grown since the last look; negative when it has been truncated. */
  growth(): number {
    return fstatSync(this.#fd).size - this.size
  }

  /**
   * The ENOSPC or EFBIG that writing so many bytes would meet now, judged by statfs and the limit
   * of the process. While the event loop is blocked it is the only sign that a write in the thread
   * pool has failed. A system that sets no limit says 0 blocks; what is kept for root is free for
   * root alone.
   */
  refusal(bytes: number): Error | undefined {
    if (this.size >= fileBytesMax()) {
      return Object.assign(new Error('EFBIG: file too large, write'), { code: 'EFBIG' })
    }
    try {
      const { bavail, bfree, blocks, bsize } = statfsSync(this.#directory)
      const free = process.geteuid?.() === 0 ? bfree : bavail
      if (blocks === 0 || free * bsize >= bytes) return undefined
    } catch {
      return undefined
    }
    return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }

  /**
   * Whether the file ends with the bytes before `end`, as far as a look at its last kilobytes
   * tells.
   */
  endsWith(bytes: Buffer, from: number, end: number): boolean {
    const length = Math.min(end - from, endBytesMax)
    const { size } = fstatSync(this.#fd)
    if (size < length) return false
    const last = Buffer.allocUnsafe(length)
    const read = readSync(this.#fd, last, 0, length, size - length)
    return read === length && last.equals(bytes.subarray(end - length, end))
  }

  /**
   * Looks for lines of ours among those of others, who may have written to the file since it was
   * looked at last.
   *
   * @param lines Lines that may have come to the file, in one piece; the last one may be torn.
   * @param before How many of these bytes are known to be in the file.
   * @returns `undefined` when none of them is there.
   */
  find(lines: Buffer, before: number): Found | undefined {
    const { size } = fstatSync(this.#fd)
    const first = lines.subarray(0, lines.indexOf(lineEnd) + 1)
    const begin = Math.max(0, this.size - before)
    const end = Math.min(size, begin + searchBytesMax)
    const chunk = Buffer.allocUnsafe(searchBytes + lines.length)
    for (let at = begin; first.length > 0 && at < end; at += searchBytes) {
      const read = readSync(this.#fd, chunk, 0, chunk.length, at)
      const found = chunk.subarray(0, read).indexOf(first)
      if (found === -1 || found >= searchBytes) continue
      const landed = wholeLinesOf(lines, chunk.subarray(found, read))
      return { start: at + found, landed, isLate: at + found > begin }
    }
    return undefined
  }

  /**
   * How many bytes of the file count; Infinity when nobody has taken over, or it is not known when.
   */
  get bound(): number {
    return this.#claim.boundOf(this.#identity.inode)
  }

  /**
   * Covers whole lines of ours that do not count (entry/taken-back.ts), also amid those of others;
   * false when it cannot be done.
   */
  cover(lines: Buffer, start: number): boolean {
    const { ownName } = this
    const guard = ownName === undefined ? (constants.O_NOFOLLOW ?? 0) : 0
    try {
      // A descriptor without O_APPEND. Our name for it is a link itself.
      const fd = openSync(ownName ?? this.#path, constants.O_WRONLY | guard)
      try {
        if (!this.#isOurs(fstatSync(fd, { bigint: true }))) return false
        const cover = coverOf(lines)
        for (let done = 0; done < cover.length;) {
          done += writeSync(fd, cover, done, cover.length - done, start + done)
        }
        return true
      } finally {
        closeSync(fd)
      }
    } catch {
      return false
    }
  }

  /**
   * When the first of the entries was logged that stand at its beginning, in milliseconds since
   * 1970; `undefined` where none does.
   */
  firstMoment(): number | undefined {
    const start = Buffer.alloc(startBytes)
    const read = readSync(this.#fd, start, 0, startBytes, 0)
    for (const line of start.toString('latin1', 0, read).split('\n')) {
      const moment = Date.parse(lineHead(line)?.timestamp ?? '')
      if (!Number.isNaN(moment)) return moment
    }
    return undefined
  }

  /** Takes the size of the file anew, with what others have appended. */
  look(): void {
    this.size = fstatSync(this.#fd).size
  }

  /** Takes back the last bytes, which have not been reported as written. */
  cut(bytes: number): void {
    // Others may have truncated it since it was looked at last: beyond its end it would be filled
    // with zeros.
    const size = fstatSync(this.#fd).size - bytes
    ftruncateSync(this.#fd, size)
    this.size = size
  }

  /**
   * Whether it bears its name and has grown by just so many bytes since the last look. One look
   * says both; false says nothing, and has to be looked into.
   */
  hasGrownBy(bytes: number): boolean {
    try {
      const stat = lstatSync(this.#path, lookOptions)
      return stat !== undefined && this.#isOurs(stat) && Number(stat.size) === this.size + bytes
    } catch {
      return false
    }
  }

  /** Where our file is: under its name, under another, or nowhere. */
  whereabouts(): Whereabouts {
    let stat: Stat | undefined
    try {
      // Not what a link leads to: a link is not our file, even if it leads there.
      stat = lstatSync(this.#path, lookOptions)
    } catch {
      // The directory cannot be read, or is none any more: then only the file itself can say.
      return fstatSync(this.#fd).nlink > 0 ? 'ours' : 'removed'
    }
    if (stat !== undefined && this.#isOurs(stat)) return 'ours'
    return fstatSync(this.#fd).nlink > 0 ? 'renamed' : 'removed'
  }

  /**
   * Puts on the device what is in the file and, when it is a new one, that it is there.
   *
   * @param bytes The last ones of the file, which are not known to be on the device.
   * @returns what the system does not do: with directories once for each file, with the file itself
   *   each time.
   */
  async sync(bytes: Buffer): Promise<Refusal | undefined> {
    const opened = this.#opened
    const fd = this.#fd
    const release = this.hold()
    let refusal: Refusal | undefined
    try {
      await fdatasyncAsync(fd)
    } catch (error) {
      if (!isSyncRefused(error)) throw error
      const isByName = isForbidden(error) && (await this.#isSyncedByName())
      refusal = isByName ? undefined : await this.#writeThrough(bytes)
    } finally {
      release()
    }
    return refusal ?? this.#syncNames(opened)
  }

  /**
   * The same, before it returns.
   *
   * @param bytes The last ones of the file, which are not known to be on the device.
   */
  syncNow(bytes: Buffer): Refusal | undefined {
    try {
      fdatasyncSync(this.#fd)
    } catch (error) {
      if (!isSyncRefused(error)) throw error
      return this.#writeThroughNow(bytes) ?? this.#syncNamesNow()
    }
    return this.#syncNamesNow()
  }

  /**
   * Node's permission model forbids it by descriptor, and allows it to an object that has opened
   * the file; to none since Node 26, where the bytes are written once more, straight to the device.
   */
  async #isSyncedByName(): Promise<boolean> {
    const handle = await open(this.#path, readOurs)
    try {
      if (!this.#isOurs(await handle.stat({ bigint: true }))) {
        throw new Error('another file is in its place')
      }
      await handle.datasync()
      return true
    } catch (error) {
      if (!isForbidden(error)) throw error
      return false
    } finally {
      await handle.close()
    }
  }

  /**
   * Writes the last bytes of the file once more, in their place, and puts them on the device. After
   * a failed fdatasync the system believes them written, and would not try again (Linux;
   * fsyncgate).
   *
   * @throws when they are not the last ones any more, or the system's error.
   */
  async rewrite(bytes: Buffer): Promise<Refusal | undefined> {
    const opened = this.#opened
    let refusal: Refusal | undefined
    try {
      await this.#rewrite(bytes, 0)
    } catch (error) {
      if (!isFileSyncRefused(error)) throw error
      refusal = await this.#writeThrough(bytes)
    }
    return refusal ?? this.#syncNames(opened)
  }

  /**
   * The way onto the device that is left where there is no fdatasync: each write goes through.
   * Where the system has none at all, its lines are in the file, and it is no failure.
   */
  async #writeThrough(bytes: Buffer): Promise<Refusal | undefined> {
    try {
      await this.#rewrite(bytes, constants.O_DSYNC)
      return undefined
    } catch (error) {
      return this.#refusalOf(error)
    }
  }

  #writeThroughNow(bytes: Buffer): Refusal | undefined {
    try {
      this.#rewriteNow(bytes, constants.O_DSYNC)
      return undefined
    } catch (error) {
      return this.#refusalOf(error)
    }
  }

  #refusalOf(error: unknown): Refusal {
    if (!isSyncRefused(error)) throw error
    const message = `cannot put ${this.#name} on the device: ${(error as Error).message}`
    return { attribute: 'durability', file: this.#name, message }
  }

  /** @param onDevice O_DSYNC, with which each write puts what it writes on the device; or 0. */
  async #rewrite(bytes: Buffer, onDevice: number): Promise<void> {
    const [path, flags] = this.#toRewrite
    const handle = await open(path, flags | onDevice)
    try {
      const start = this.#startOf(bytes, await handle.stat({ bigint: true }))
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, start + done)
        done += bytesWritten
      }
      if (onDevice === 0) await handle.datasync()
    } finally {
      await handle.close()
    }
  }

  /** The same, before it returns. */
  rewriteNow(bytes: Buffer): Refusal | undefined {
    let refusal: Refusal | undefined
    try {
      this.#rewriteNow(bytes, 0)
    } catch (error) {
      if (!isFileSyncRefused(error)) throw error
      refusal = this.#writeThroughNow(bytes)
    }
    return refusal ?? this.#syncNamesNow()
  }

  /** @param onDevice O_DSYNC, with which each write puts what it writes on the device; or 0. */
  #rewriteNow(bytes: Buffer, onDevice: number): void {
    const [path, flags] = this.#toRewrite
    const fd = openSync(path, flags | onDevice)
    try {
      const start = this.#startOf(bytes, fstatSync(fd, { bigint: true }))
      for (let done = 0; done < bytes.length;) {
        done += writeSync(fd, bytes, done, bytes.length - done, start + done)
      }
      // Only a descriptor that was opened before hears of a failure: our own may have been told
      // already.
      if (onDevice === 0) fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }

  /** @param opened How many files had been opened when the last of them was put on the device. */
  async #syncNames(opened: number): Promise<Refusal | undefined> {
    if (opened === this.#openedSynced) return undefined
    const refusals = await Promise.all(this.#directories.map(syncDirectoryLater))
    this.#openedSynced = opened
    return refusals.find((refusal) => refusal !== undefined)
  }

  #syncNamesNow(): Refusal | undefined {
    if (this.#opened === this.#openedSynced) return undefined
    const refusals = this.#directories.map(syncDirectory)
    this.#openedSynced = this.#opened
    return refusals.find((refusal) => refusal !== undefined)
  }

  /** For a descriptor without O_APPEND, which on Linux appends whatever the position. */
  get #toRewrite(): [path: string, flags: number] {
    const { ownName } = this
    // The name of a descriptor is a link itself.
    if (ownName !== undefined) return [ownName, constants.O_WRONLY]
    return [this.#path, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0)]
  }

  #startOf(bytes: Buffer, stat: Stat): number {
    // It may have been lost while the file was opened once more.
    if (!this.isHeld) throw new Error('another writer has the directory')
    if (!this.#isOurs(stat) || !this.endsWith(bytes, 0, bytes.length)) {
      throw new Error('the file has been changed by others')
    }
    return Number(stat.size) - bytes.length
  }

  /** Where a new file has to be on the device, too: the directory may be new itself. */
  get #directories(): readonly string[] {
    return [this.#directory, dirname(this.#directory)]
  }

  get #fd(): number {
    return this.#descriptor?.fd ?? -1
  }

  get #isRemoved(): boolean {
    if (this.#descriptor === undefined) return false
    try {
      return fstatSync(this.#fd).nlink === 0
    } catch {
      // It cannot be looked at: what has been seen in it counts.
      return false
    }
  }

  #isOurs({ dev: device, ino: inode }: Stat): boolean {
    return isSameFile({ device, inode }, this.#identity)
  }
}

/** How many bytes two pieces have in common at their beginning, up to the end of a line. */
function wholeLinesOf(lines: Buffer, other: Buffer): number {
  let same = 0
  while (same < lines.length && lines[same] === other[same]) same++
  return lines.subarray(0, same).lastIndexOf(lineEnd) + 1
}

/** What Node's permission model says of fdatasync by descriptor. */
function isForbidden(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_ACCESS_DENIED'
}

/** A file that cannot even be opened to be written once more is another matter. */
function isFileSyncRefused(error: unknown): boolean {
  return isSyncRefused(error) && (error as NodeJS.ErrnoException).syscall !== 'open'
}

function letGo(descriptor: Descriptor): void {
  if (--descriptor.holders > 0) return
  try {
    closeSync(descriptor.fd)
  } catch {
    // It is closed all the same, and what has come to the device is for fdatasync to say.
  }
}
