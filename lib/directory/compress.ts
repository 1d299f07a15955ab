// A rotated file becomes its gzip: `system.log.3` → `system.log.3.gz`, in the background, while
// rotations may move it on to the next number. At every moment one of the two is there, whole:
//
//   system.log.3 ──gzip──► system.log.3.gz.<id>.tmp ──fsync──rename──► system.log.3.gz
//                                          ──fsync(dir)──► unlink system.log.3
//
// Whatever ends this in the middle, full disk or SIGKILL, leaves a temporary file, or both
// spellings of a number with the same content; both are put right by the next cleaning. The file is
// known by its inode, not its number.
//
// In the background, between two pieces stands a timer that does not keep the process alive: a
// process that has nothing else to do ends, and the next start begins again.

import { sleep } from '../entry/clock.ts'
import {
  type BigIntStats,
  existsSync,
  linkSync,
  renameSync,
  rmSync,
  statfsSync,
  unlinkSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { randomInt } from 'node:crypto'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type FileName, nameOf, temporaryName } from './names.ts'
import {
  type OnRefusal,
  type Refusal,
  fileModeDefault,
  setMode,
  setOwner,
  setTimes,
  syncDirectoryLater,
  syncRefusal,
} from './attributes.ts'
import { discard, lookAt } from './retention.ts'
import { readOurs } from './open-flags.ts'

/** Bytes compressed at a time. */
const pieceBytes = 1 << 20
/**
 * 50 MiB of entries took 128 ms of the processor at level 3, 269 ms at 6, and came to 11.5:1 and
 * 12.4:1 (Node 20.20, 2026-11).
 */
const level = 3
/** Rest between two pieces, in milliseconds. */
const restMs = 1
/** Temporary files have numbers below. */
const idMax = 2 ** 47
/** The highest number a file is looked for under; `max_files` is at most 100. */
const indexMax = 1000

/** How a job learns of what goes on around it. */
export interface CompressOptions {
  /** Nobody waits for the result: the process may end in the middle. @default false */
  readonly background?: boolean | undefined
  /** Ends the job; what it has made is removed. */
  readonly signal?: AbortSignal | undefined
  /** Called with what the system refuses the compressed file. */
  readonly refused?: OnRefusal | undefined
  /** Mode of the compressed file. @default 0o600 */
  readonly fileMode?: number | undefined
  /** Whether it is still ours to rename files here. @default always */
  readonly mayRename?: (() => boolean) | undefined
}

/** What came of it. */
export interface Compressed {
  readonly file: string
  readonly bytes_before: number
  readonly bytes_after: number
}

/**
 * Compresses a rotated file and removes the plain one.
 *
 * @returns `undefined` when there was nothing to do any more: the file has gone or changed, its
 *   number has a gzip already, or names must not be touched any more.
 * @throws the system's error; one with code `RINGLOG_NO_ROOM` when the disk has less room than half
 *   of the file; the signal's reason. The plain file is then untouched and no temporary file is
 *   left.
 */
export async function compressFile(
  directory: string,
  file: FileName,
  options: CompressOptions = {},
): Promise<Compressed | undefined> {
  const { base } = file
  const source = await openFile(directory, file.name)
  // By chance: in another container another process may have our number, and be at the same file.
  const temporary = join(directory, temporaryName(`${file.name}.gz`, randomInt(idMax)))
  try {
    const stat = await source.stat({ bigint: true })
    if (!stat.isFile()) return undefined
    // Lines of the log come first: a disk that is nearly full is not filled up for this.
    const needed = Number(stat.size) / 2
    const free = freeBytes(directory)
    if (free < needed) throw noRoom(file.name, needed, free)
    const { ino, size: bytes } = await gzipTo(temporary, source, options)

    options.signal?.throwIfAborted()
    // From here to the new name nothing else gets a turn.
    const index = indexOf(directory, base, file.index, stat.ino)
    if (index === undefined || options.mayRename?.() === false) return undefined
    if (lookAt(join(directory, nameOf(base, index)))?.size !== stat.size) return undefined
    if (lookAt(temporary)?.ino !== ino) throw exchanged(temporary)
    const name = nameOf(base, index, true)
    if (!renameExclusively(temporary, join(directory, name))) return undefined

    // What the device does not have is not removed in its other spelling.
    const refusal = await syncDirectoryLater(directory)
    if (refusal !== undefined) options.refused?.(refusal)
    const now = indexOf(directory, base, index, stat.ino)
    if (now !== undefined) {
      // The two move together. What bears the name may be another file by now.
      const packed = nameOf(base, now, true)
      if (lookAt(join(directory, packed))?.ino !== ino) throw exchanged(packed)
      await discard(directory, nameOf(base, now), stat)
    }
    return { file: name, bytes_before: Number(stat.size), bytes_after: Number(bytes) }
  } finally {
    await source.close()
    rmSync(temporary, { force: true })
  }
}

/**
 * Whether a compressed file holds just what a plain one does: what a job leaves that was ended
 * between its last two steps. Compared byte by byte: the plain one is about to be deleted.
 */
export async function isGzipOf(
  directory: string,
  gzip: string,
  plain: string,
  options: CompressOptions = {},
): Promise<boolean> {
  const [packed, source] = await Promise.all([
    openFile(directory, gzip),
    openFile(directory, plain),
  ])
  try {
    const gunzip = createGunzip({ chunkSize: pieceBytes })
    let position = 0
    await pipeline(piecesOf(packed, options), gunzip, async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) {
        const { buffer, bytesRead } = await source.read(
          Buffer.allocUnsafe(piece.length),
          0,
          piece.length,
          position,
        )
        if (!buffer.subarray(0, bytesRead).equals(piece)) throw new Error('not the same')
        position += bytesRead
      }
    })
    return position === (await source.stat()).size
  } catch {
    // Damaged, or of another file: then neither is superfluous.
    return false
  } finally {
    await Promise.all([packed.close(), source.close()])
  }
}

function openFile(directory: string, name: string): Promise<FileHandle> {
  return open(join(directory, name), readOurs)
}

/** Writes the gzip of a file to a new file, with mode, owner, times and all on the disk. */
async function gzipTo(
  path: string,
  source: FileHandle,
  options: CompressOptions,
): Promise<BigIntStats> {
  const { atimeMs, mtimeMs, uid, gid } = await source.stat()
  const { fileMode = fileModeDefault } = options
  const target = await open(path, 'wx', fileModeDefault)
  const tell = (refusal: Refusal | undefined): void => {
    if (refusal !== undefined) options.refused?.(refusal)
  }
  try {
    // Root cleans the logs of others: whoever owned the file must be able to read it.
    const refusal = setOwner(target.fd, path, process.geteuid?.() === 0 ? uid : undefined, gid)
    if (refusal !== undefined && process.geteuid?.() === 0) throw new Error(refusal.message)
    // Behind that: another group is not to read it meanwhile.
    tell(setMode(target.fd, path, fileMode))
    const gzip = createGzip({ level, chunkSize: 1 << 18 })
    await pipeline(
      piecesOf(source, options),
      gzip,
      async (pieces: AsyncIterable<Buffer>) => {
        // writeFile goes on where it stands, and after a short write.
        for await (const piece of pieces) await target.writeFile(piece)
      },
      { signal: options.signal },
    )
    // How old the file is, is how old its lines are.
    tell(setTimes(target.fd, path, atimeMs / 1000, mtimeMs / 1000))
    await syncFile(target, path, tell)
    return await target.stat({ bigint: true })
  } finally {
    await target.close()
  }
}

/**
 * A system that does not do this is no reason to keep the plain file; a device that has failed is
 * one.
 */
async function syncFile(
  file: FileHandle,
  path: string,
  tell: (refusal: Refusal) => void,
): Promise<void> {
  try {
    await file.sync()
  } catch (error) {
    const refusal = syncRefusal(error, path)
    if (refusal === undefined) throw error
    tell(refusal)
  }
}

async function* piecesOf(
  source: FileHandle,
  { background, signal }: CompressOptions,
): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const piece = Buffer.allocUnsafeSlow(pieceBytes)
    const { bytesRead } = await source.read(piece, 0, pieceBytes, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield piece.subarray(0, bytesRead)
    await sleep(restMs, undefined, { ref: background !== true, signal })
  }
}

/** The number that the file with this inode bears now. Files only ever move on to higher ones. */
function indexOf(directory: string, base: string, from: number, inode: bigint): number | undefined {
  for (let index = from; index <= indexMax; index++) {
    if (lookAt(join(directory, nameOf(base, index)))?.ino === inode) return index
  }
  return undefined
}

/** Renames unless the name is taken; false when it is. */
function renameExclusively(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    unlinkSync(from)
  } catch (error) {
    // Also on a file system without hard links, where nothing else is to be had.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(to)) return false
    renameSync(from, to)
  }
  return true
}

/** Infinity where the system does not say. */
function freeBytes(directory: string): number {
  try {
    const { bavail, blocks, bsize } = statfsSync(directory)
    // A system that sets no limit says 0 blocks.
    return blocks === 0 ? Infinity : bavail * bsize
  } catch {
    return Infinity
  }
}

function exchanged(path: string): Error {
  return new Error(
    `Cannot compress to ${basename(path)}: expected the file that was written, got another; the plain one is kept`,
  )
}

function noRoom(name: string, needed: number, free: number): Error {
  const message = `Cannot compress ${name}: expected ${Math.ceil(needed)} bytes of the disk to be free, got ${free}`
  return Object.assign(new Error(message), { code: 'RINGLOG_NO_ROOM' })
}
