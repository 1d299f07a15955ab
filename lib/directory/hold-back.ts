// Which rotated files hold something that is not shipped yet, by what the shippers of this log have
// noted in its directory: with `rotation.keep_unshipped` such a file stays beyond `max_files`.
//
//   ringlog.shipped.<of the engine>.lock    {"log_id":"…","lsn":4711}
//
// A note says: of this log, everything up to this lsn is in that engine. With several engines the
// one that is behind counts. A note that is missing, damaged, or of another log says nothing, and
// then nothing is shipped: too much stays, never too little. Deleting goes on where a bound is
// reached, and says so.

import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { constants as zlib, gunzipSync } from 'node:zlib'
import { setMode } from './attributes.ts'
import type { FileName } from './names.ts'
import { guards, readOurs } from './open-flags.ts'

/** Rotated files of each base that stay because of what they hold, at most. */
export const heldFilesMax = 100

/** A note is smaller. */
const noteBytesMax = 4096
const notePattern = /^ringlog\.shipped\.[0-9a-f]{16}\.lock$/

/** Of the beginning of a file, plain or compressed, and of its end. */
const plainBytes = 262_144
const packedBytes = 16_384

/** Whether a name in a log directory is that of a note. */
export function isShippedNote(name: string): boolean {
  return notePattern.test(name)
}

/** Notes that everything up to an lsn is in an engine. @throws the system's error. */
export function noteShipped(
  directory: string,
  engine: string,
  note: { readonly log_id: string; readonly lsn: number },
  mode: number,
): void {
  const id = createHash('sha256').update(engine).digest('hex').slice(0, 16)
  const path = join(directory, `ringlog.shipped.${id}.lock`)
  const temporary = `${path}.tmp`
  const { O_WRONLY, O_CREAT, O_EXCL } = constants
  // A new file: what stands there may have another name as well, and be anybody's.
  rmSync(temporary, { force: true })
  const fd = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | guards, mode)
  try {
    // Where it cannot be read as the others can, nothing is shipped for who cannot: too much stays.
    setMode(fd, temporary, mode)
    writeSync(fd, `${JSON.stringify(note)}\n`)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
}

/** Up to which lsn a log is in each engine that it is shipped to; 0 where nothing says so. */
export function shippedLsn(directory: string, logId: string | undefined): number {
  let least: number | undefined
  for (const name of logId === undefined ? [] : readdirSync(directory)) {
    if (!isShippedNote(name)) continue
    const lsn = lsnIn(join(directory, name), logId)
    if (lsn !== undefined) least = Math.min(lsn, least ?? lsn)
  }
  return least ?? 0
}

/** Undefined for what is no note of this log. */
function lsnIn(path: string, logId: string | undefined): number | undefined {
  try {
    const note = JSON.parse(bytesOf(path, noteBytesMax, false).toString()) as {
      readonly log_id?: unknown
      readonly lsn?: unknown
    } | null
    const lsn = note?.lsn
    const isNote = note?.log_id === logId && Number.isSafeInteger(lsn)
    return isNote && (lsn as number) >= 0 ? (lsn as number) : undefined
  } catch {
    // A link, a pipe, something else: whatever it is, it says nothing.
    return undefined
  }
}

/** Whether a file holds something that is not shipped. */
export type IsUnshipped = (file: FileName, files: readonly FileName[]) => boolean

/**
 * The question for the files of a directory.
 *
 * A file ends before the next one begins, whose first line tells where that is; of the last one its
 * own last line does. Files come oldest first.
 */
export function unshippedIn(directory: string, logId: string | undefined): IsUnshipped {
  const shipped = shippedLsn(directory, logId)
  const firsts = new Map<string, number | undefined>()
  const firstOf = (file: FileName): number | undefined => {
    if (!firsts.has(file.name)) firsts.set(file.name, firstLsnOf(directory, file))
    return firsts.get(file.name)
  }
  return (file, files) => {
    const next = files.find((other) => other.index < file.index && firstOf(other) !== undefined)
    if (next !== undefined && firstOf(next)! - 1 <= shipped) return false
    // Between the two much may have come to other files.
    const last = lastLsnOf(directory, file)
    return last === undefined || last > shipped
  }
}

function firstLsnOf(directory: string, { name, compressed }: FileName): number | undefined {
  try {
    const bytes = bytesOf(join(directory, name), compressed ? packedBytes : plainBytes, false)
    // It unpacks to a thousand times as much at most.
    const plain = compressed ? gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH }) : bytes
    return lsnsIn(plain).next().value
  } catch {
    return undefined
  }
}

function lastLsnOf(directory: string, { name, compressed }: FileName): number | undefined {
  if (compressed) return undefined
  try {
    return [...lsnsIn(bytesOf(join(directory, name), plainBytes, true))].at(-1)
  } catch {
    return undefined
  }
}

/** The numbers at the ends of whole lines. */
function* lsnsIn(bytes: Buffer): Generator<number, undefined> {
  for (const [, lsn] of bytes.toString('latin1').matchAll(/,"lsn":(\d{1,16})\}\r?\n/g)) {
    yield Number(lsn)
  }
}

/** The first or the last bytes of a file of ours. @throws what the system says. */
function bytesOf(path: string, bytesMax: number, atEnd: boolean): Buffer {
  const fd = openSync(path, readOurs)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new Error('no file')
    const bytes = Buffer.alloc(Math.min(bytesMax, stat.size))
    const from = atEnd ? stat.size - bytes.length : 0
    return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from))
  } finally {
    closeSync(fd)
  }
}
