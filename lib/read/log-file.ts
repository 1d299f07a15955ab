// A log file for reading. One that is held keeps its descriptor: that follows the file through
// renames and outlives its removal, and as long as it is open no other file can get its inode. One
// that is only listed is opened when it is read, and may be closed in between: then it is found
// again by its inode, as rotations only move it to higher numbers.
//
// A file's *identity* is its size, time and first bytes, taken uncompressed: that recognizes it
// after it was closed, and after it was compressed into another inode.

import {
  type BigIntStats,
  closeSync,
  fstatSync,
  openSync,
  read as readCallback,
  readSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type FileName, nameOf } from '../directory/names.ts'
import { hashOf } from './cursor.ts'
import { Descriptors, type Openable } from './descriptors.ts'
import { unpackedHead } from './gunzip.ts'
import { readAny } from '../directory/open-flags.ts'

const read = promisify(readCallback)

/** Enough for timestamp, category and a good part of the first line. */
const headBytesMax = 1024
/** How much of a first line makes its hash. */
const idBytesMax = 4096
/** How much of a compressed file is read to get its head. */
const packedHeadBytesMax = 16_384
/** The highest number a file is looked for under; `max_files` is at most 100. */
const indexMax = 1000
/** Numbers without a file, one after the other, behind which there is none. */
const absentMax = 4

/** What recognizes a file that is not written any more. */
export interface Identity {
  readonly size: number
  readonly head: Buffer
  /**
   * In ns. Of a compressed file it is that of the plain one, if whoever has compressed it has taken
   * care of that.
   */
  readonly modified: bigint
  readonly isCompressed: boolean
}

/** A log file. */
export class LogFile implements Openable {
  readonly name: string
  readonly index: number
  readonly compressed: boolean
  /** Device and inode: the same for two names of one file. */
  readonly key: string
  readonly #directory: string
  readonly #file: FileName
  readonly #descriptors: Descriptors
  /** As it was when it was listed. */
  readonly #listed: BigIntStats
  #fd: number | undefined
  #id: string | undefined
  /** What it has been compressed to since it was listed. */
  #packed: LogFile | undefined
  #isHeld = false
  #reading = 0
  #closed = false

  constructor(
    directory: string,
    file: FileName,
    listed: BigIntStats,
    descriptors: Descriptors,
    fd?: number,
  ) {
    this.#directory = directory
    this.#file = file
    this.#listed = listed
    this.#descriptors = descriptors
    this.#fd = fd
    this.name = file.name
    this.index = file.index
    this.compressed = file.compressed
    this.key = keyOfStat(listed)
  }

  /**
   * A hash of its first line, by which a cursor finds it again; undefined while that is not whole.
   */
  get id(): string | undefined {
    if (this.#id !== undefined) return this.#id
    try {
      const head = this.head(idBytesMax)
      const end = head.indexOf(0x0a)
      if (end !== -1 || head.length === idBytesMax) {
        this.#id = hashOf(end === -1 ? head : head.subarray(0, end))
      }
    } catch {
      // Removed, or not to be read: whoever reads it tells so.
    }
    return this.#id
  }

  /** Bytes it holds, as they lie on the disk: now, while it is open. */
  get size(): number {
    return this.#fd === undefined ? Number(this.#listed.size) : fstatSync(this.#fd).size
  }

  /** Whether no name leads to it any more. */
  get removed(): boolean {
    return this.#fd !== undefined && fstatSync(this.#fd).nlink === 0
  }

  get isBusy(): boolean {
    return this.#reading > 0
  }

  /** Opens it, and keeps it open until it is closed. */
  hold(): void {
    this.#descriptor()
    this.#isHeld = true
    this.#descriptors.forget(this)
  }

  /**
   * The file to read: itself, or what it has been compressed to since it was listed.
   *
   * @throws the system's error; an error with code `RINGLOG_GONE` when it has been removed.
   */
  current(): LogFile {
    if (this.#packed !== undefined) return this.#packed
    try {
      this.#descriptor()
      return this
    } catch (error) {
      if (isGone(error) && !this.compressed) this.#packed = this.#compressed()
      if (this.#packed === undefined) throw error
      return this.#packed
    }
  }

  /**
   * Reads at most `bytes` from a position.
   *
   * @param into Where to; a new buffer without it.
   * @returns what was read; empty at the file's end.
   */
  async read(
    position: number,
    bytes: number,
    into: Buffer = Buffer.allocUnsafeSlow(bytes),
  ): Promise<Buffer> {
    const fd = this.#descriptor()
    this.#reading++
    try {
      const { bytesRead } = await read(fd, into, 0, bytes, position)
      return into.subarray(0, bytesRead)
    } finally {
      this.#reading--
      if (this.#closed) this.rest()
    }
  }

  /** The same, at once. */
  readSync(position: number, bytes: number): Buffer {
    const chunk = Buffer.allocUnsafeSlow(bytes)
    return chunk.subarray(0, readSync(this.#descriptor(), chunk, 0, bytes, position))
  }

  /** The first bytes, uncompressed: 1 KiB, or what there is. */
  head(bytes: number = headBytesMax): Buffer {
    if (!this.compressed) return this.readSync(0, bytes)
    return unpackedHead(this.readSync(0, Math.max(bytes, packedHeadBytesMax)), bytes)
  }

  identity(): Identity {
    const head = this.head()
    const { mtimeNs: modified } = fstatSync(this.#descriptor(), { bigint: true })
    return { size: this.unpackedSize, head, modified, isCompressed: this.compressed }
  }

  /** Bytes it holds, uncompressed; of a gzip of several members those of the last. */
  get unpackedSize(): number {
    if (!this.compressed) return this.size
    // gzip ends with it, modulo 4 GiB.
    const trailer = this.readSync(Math.max(0, this.size - 4), 4)
    return trailer.length < 4 ? 0 : trailer.readUInt32LE()
  }

  /** Lets go of the file, when a read that is under way has ended. */
  close(): void {
    this.#closed = true
    this.#packed?.close()
    this.#descriptors.forget(this)
    if (!this.isBusy) this.rest()
  }

  rest(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #descriptor(): number {
    if (this.#closed && this.#fd === undefined) throw new Error('it has been closed')
    this.#fd ??= this.#reopen()
    if (!this.#isHeld && !this.#closed) this.#descriptors.use(this)
    return this.#fd
  }

  #reopen(): number {
    for (const file of this.#places()) {
      const found = statOf(join(this.#directory, file.name))
      if (found === undefined || !this.#isMe(found)) continue
      const fd = openFile(this.#directory, file, this.#descriptors)
      if (fd === undefined) continue
      if (this.#isMe(fstatSync(fd, { bigint: true }))) return fd
      closeSync(fd)
    }
    throw Object.assign(new Error('it was removed before it was read'), { code: 'RINGLOG_GONE' })
  }

  /** The inode alone is no proof: it may have been given to a file that was made since. */
  #isMe(stat: BigIntStats): boolean {
    const { size, mtimeNs } = this.#listed
    if (keyOfStat(stat) !== this.key || !stat.isFile()) return false
    return this.index === 0 ? stat.size >= size : stat.size === size && stat.mtimeNs === mtimeNs
  }

  /** The names that it may bear by now, in the order of the numbers. */
  *#places(): Generator<FileName> {
    const { base } = this.#file
    let absent = 0
    for (let { index } = this; index <= indexMax && absent <= absentMax; index++) {
      absent++
      for (const compressed of index === 0 ? [false] : [false, true]) {
        const name = nameOf(base, index, compressed)
        if (statOf(join(this.#directory, name)) === undefined) continue
        absent = 0
        yield { name, base, index, compressed }
      }
    }
  }

  #compressed(): LogFile | undefined {
    const { size, mtimeNs } = this.#listed
    for (const file of this.#places()) {
      const log = file.compressed ? listLog(this.#directory, file, this.#descriptors) : undefined
      if (log === undefined || !isSameSecond(log.#listed.mtimeNs, mtimeNs)) continue
      if (BigInt(log.unpackedSize) === size % 2n ** 32n) return log
      log.close()
    }
    return undefined
  }
}

/** Whether both are the same file, or one the compressed form of the other. */
export function isSame(a: Identity, b: Identity): boolean {
  if (a.size === 0 || !a.head.equals(b.head)) return false
  if (!a.isCompressed && !b.isCompressed) return a.size === b.size && a.modified === b.modified
  // The length that a gzip ends with is that of its last member.
  return a.size === b.size || isSameSecond(a.modified, b.modified)
}

/**
 * Opens a file, and holds it.
 *
 * @returns `undefined` when it is not there, or is no regular file.
 * @throws the system's error when it is there and cannot be opened.
 */
export function openLog(
  directory: string,
  file: FileName,
  descriptors: Descriptors = new Descriptors(),
): LogFile | undefined {
  const fd = openFile(directory, file, descriptors)
  if (fd === undefined) return undefined
  const stat = fstatSync(fd, { bigint: true })
  if (stat.isFile()) {
    const log = new LogFile(directory, file, stat, descriptors, fd)
    log.hold()
    return log
  }
  closeSync(fd)
  return undefined
}

/**
 * Lists a file, which is opened when it is read.
 *
 * @returns `undefined` when it is not there, or is no regular file.
 * @throws the system's error when that cannot be known.
 */
export function listLog(
  directory: string,
  file: FileName,
  descriptors: Descriptors,
): LogFile | undefined {
  try {
    const stat = statSync(join(directory, file.name), { bigint: true, throwIfNoEntry: false })
    return stat?.isFile() === true ? new LogFile(directory, file, stat, descriptors) : undefined
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/**
 * Device and inode of what bears a name; undefined when nothing does, or it is not to be reached
 * now.
 */
export function keyOf(path: string): string | undefined {
  const stat = statOf(path)
  return stat && keyOfStat(stat)
}

/** Whether an error says that nothing bears the name. */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Whether an error says that a file has been removed since it was listed. */
export function isGone(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'RINGLOG_GONE'
}

function openFile(
  directory: string,
  { name }: FileName,
  descriptors: Descriptors,
): number | undefined {
  try {
    return descriptors.open(() => openSync(join(directory, name), readAny))
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function keyOfStat({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

/** Those who compress keep the time of the file, but not its fraction. */
function isSameSecond(a: bigint, b: bigint): boolean {
  return a / 1_000_000_000n === b / 1_000_000_000n
}
