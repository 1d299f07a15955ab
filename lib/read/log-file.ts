// A log file held open for reading. The descriptor follows the file through renames and outlives its removal,
// and as long as it is open no other file can get its inode: so who holds it knows what it has read.
//
// A file's *identity* is its size and first bytes, taken uncompressed: that recognizes it after it was closed,
// and after it was compressed into another inode.

import {
  closeSync,
  constants as open,
  fstatSync,
  openSync,
  read as readCallback,
  readSync,
  readdirSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type FileName, nameOf, parseName } from '../directory/names.ts'
import type { Remarks } from './remark.ts'

const read = promisify(readCallback)

/** Enough for timestamp, category and a good part of the first line. */
const headBytesMax = 1024
/** How much of a compressed file is read to get its head. */
const packedHeadBytesMax = 16_384

/** What recognizes a file that is not written any more. */
export interface Identity {
  readonly size: number
  readonly head: Buffer
  /** In ns; undefined for a compressed file, whose time is that of the compression. */
  readonly modified: bigint | undefined
}

/** A log file, open. */
export class OpenLog {
  readonly name: string
  readonly index: number
  readonly compressed: boolean
  /** Device and inode: the same for two names of one file. */
  readonly key: string
  readonly #fd: number
  #reading = 0
  #closed = false

  constructor(fd: number, file: FileName, key: string) {
    this.#fd = fd
    this.name = file.name
    this.index = file.index
    this.compressed = file.compressed
    this.key = key
  }

  /** Bytes it holds now, as they lie on the disk. */
  get size(): number {
    return fstatSync(this.#fd).size
  }

  /** When it was last written, in milliseconds since 1970. */
  get modifiedMs(): number {
    return fstatSync(this.#fd).mtimeMs
  }

  /** Whether no name leads to it any more. */
  get removed(): boolean {
    return fstatSync(this.#fd).nlink === 0
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
    this.#reading++
    try {
      const { bytesRead } = await read(this.#fd, into, 0, bytes, position)
      return into.subarray(0, bytesRead)
    } finally {
      this.#reading--
      if (this.#closed && this.#reading === 0) closeSync(this.#fd)
    }
  }

  /** The same, at once. */
  readSync(position: number, bytes: number): Buffer {
    const chunk = Buffer.allocUnsafeSlow(bytes)
    return chunk.subarray(0, readSync(this.#fd, chunk, 0, bytes, position))
  }

  /** The first bytes, uncompressed: 1 KiB, or what there is. */
  head(): Buffer {
    const bytes = this.readSync(0, this.compressed ? packedHeadBytesMax : headBytesMax)
    if (!this.compressed) return bytes
    // Loaded here: the first line of a plain file does not wait for it.
    const { constants: zlib, gunzipSync } = process.getBuiltinModule('node:zlib')
    try {
      return gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, headBytesMax)
    } catch {
      // Damaged: it is like no other file.
      return Buffer.alloc(0)
    }
  }

  identity(): Identity {
    return {
      size: this.unpackedSize,
      head: this.head(),
      modified: this.compressed ? undefined : fstatSync(this.#fd, { bigint: true }).mtimeNs,
    }
  }

  /** Bytes it holds, uncompressed. */
  get unpackedSize(): number {
    if (!this.compressed) return this.size
    // gzip ends with it, modulo 4 GiB.
    const trailer = Buffer.alloc(4)
    readSync(this.#fd, trailer, 0, 4, Math.max(0, this.size - 4))
    return trailer.readUInt32LE()
  }

  /** Lets go of the file, when a read that is under way has ended. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#reading === 0) closeSync(this.#fd)
  }
}

/** Whether both are the same file, or one the compressed form of the other. */
export function isSame(a: Identity, b: Identity): boolean {
  return (
    a.size === b.size &&
    a.size > 0 &&
    (a.modified === undefined || b.modified === undefined || a.modified === b.modified) &&
    a.head.equals(b.head)
  )
}

/**
 * Opens a file.
 *
 * @returns `undefined` when it is not there, or is no regular file.
 * @throws the system's error when it is there and cannot be opened.
 */
export function openLog(directory: string, file: FileName): OpenLog | undefined {
  let fd: number
  try {
    // Without O_NONBLOCK a named pipe would hang the process here. Windows has no such flag.
    fd = openSync(join(directory, file.name), open.O_RDONLY | (open.O_NONBLOCK ?? 0))
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
  const stat = fstatSync(fd, { bigint: true })
  if (stat.isFile()) return new OpenLog(fd, file, `${stat.dev}:${stat.ino}`)
  closeSync(fd)
  return undefined
}

/** How often a walk that rotations came into is done again. One takes some 50 µs, a rotation more. */
const walksMax = 16

/**
 * Opens a base's files from the newest to the first that is known, while somebody may be rotating them.
 *
 * A rotation only ever moves a file to a higher number, and the highest first. So whoever walks upwards meets
 * each file at least once, and knows one that it meets twice by its inode. But after two rotations since the last
 * name, the next one bears a file that is newer: when the name at which it began bears another file in the end, it
 * walks again, and what it has opened stays open meanwhile.
 *
 * @param isKnown Asked for each file, newest first; the first that is known ends the walk and is closed.
 * @param remarks Told of files that cannot be opened; they are passed over.
 * @param from The number to begin at: 1 leaves the live file out.
 * @returns the files that are not known, oldest first.
 */
export function openNewer(
  directory: string,
  base: string,
  isKnown: (log: OpenLog) => boolean,
  remarks: Remarks,
  from: number = 0,
): OpenLog[] {
  const first = join(directory, nameOf(base, from, false))
  let opened: OpenLog[] = []
  for (let walks = 1; ; walks++) {
    const key = keyOf(first)
    const met = walk(directory, base, isKnown, remarks, from, opened)
    // Those that are not met again have been removed since, and so they are the oldest.
    opened = [...opened.filter((log) => !met.includes(log)), ...met]
    if (walks === walksMax || keyOf(first) === key) return opened
  }
}

/** @param opened Files that it need not open again. */
function walk(
  directory: string,
  base: string,
  isKnown: (log: OpenLog) => boolean,
  remarks: Remarks,
  from: number,
  opened: readonly OpenLog[],
): OpenLog[] {
  const met: OpenLog[] = []
  const last = highestIndex(directory, base, remarks)
  // Two more: what was listed as the highest may have moved on since.
  for (let index = from; index <= last + 2; index++) {
    for (const compressed of index === 0 ? [false] : [false, true]) {
      const name = nameOf(base, index, compressed)
      let log: OpenLog | undefined
      try {
        log = openLog(directory, { name, base, index, compressed })
        if (log === undefined) continue
        const twin = opened.find((other) => isTwin(other, log!))
        if (met.some((other) => other === twin || isTwin(other, log!))) log.close()
        else if (twin !== undefined) {
          log.close()
          met.push(twin)
        } else if (isKnown(log)) {
          log.close()
          return met.toReversed()
        } else met.push(log)
      } catch (error) {
        // No permission, no descriptor left, a disk that fails.
        log?.close()
        remarks.unread(name, error)
      }
    }
  }
  return met.toReversed()
}

/** The names in a directory; none while it is not there, or cannot be read, which is told. */
export function namesIn(directory: string, remarks: Remarks): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (!isAbsent(error)) remarks.unread(directory, error)
    return []
  }
}

function highestIndex(directory: string, base: string, remarks: Remarks): number {
  let highest = 0
  for (const name of namesIn(directory, remarks)) {
    if (!name.startsWith(base)) continue
    const file = parseName(name)
    if (file?.base === base) highest = Math.max(highest, file.index)
  }
  return highest
}

/** Met under two names, or about to be replaced by its compressed form. */
function isTwin(a: OpenLog, b: OpenLog): boolean {
  if (a.key === b.key) return true
  if (a.compressed === b.compressed || a.unpackedSize !== b.unpackedSize) return false
  return isSame(a.identity(), b.identity())
}

/** Device and inode of what bears a name; undefined when nothing does, or it is not to be reached now. */
export function keyOf(path: string): string | undefined {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`
  } catch {
    return undefined
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
