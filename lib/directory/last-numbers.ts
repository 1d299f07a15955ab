// The numbers from which a restart goes on: the `seq` of each category's last entry in the files,
// and the highest `lsn`.

import { closeSync, fstatSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { constants as zlib, gunzipSync } from 'node:zlib'
import { type Checkpoint, goesOnFrom, seqMax } from './checkpoint.ts'
import { type FileName, filesByBase } from './names.ts'
import { headBytes, lineHead, lineNumbers, numbersBytes } from '../entry/line.ts'
import { readOurs } from './open-flags.ts'

/** Bytes read at a time, from the end backwards. */
const chunkBytes = 1 << 20
/**
 * A compressed file that would unpack to more is left: a rotated file holds 500 MiB at most, and
 * one line more.
 */
const unpackedBytesMax = 600 * 1024 * 1024
/** Bytes that deflate makes of one at most. */
const deflateRatioMax = 1032
const trailerBytes = 8

/** Reads so many bytes from a position. */
type Read = (position: number, bytes: number) => Buffer

/** What is looked for in a file and its rotated ones, and what has been found. */
interface Search {
  readonly categories: ReadonlySet<string>
  readonly seqs: Map<string, number>
  lsn: number
}

/** The last numbers of a log. */
export interface FoundNumbers {
  /** By category; those without an entry are missing. */
  readonly seqs: ReadonlyMap<string, number>
  /** The highest `lsn`; 0 when there is none. */
  readonly lsn: number
}

/**
 * The last numbers of all files of a log.
 *
 * @param files By name, the categories whose entries go there. Other files are looked at for their
 *   `lsn` alone: they may be those of an earlier configuration.
 * @param checkpoint What the last run left: what it has seen is not read again. A number in it may
 *   be higher than the last one in the files, when entries that had been accepted were lost; then
 *   it counts.
 */
export function lastNumbers(
  directory: string,
  files: ReadonlyMap<string, ReadonlySet<string>>,
  checkpoint?: Checkpoint,
): FoundNumbers {
  const seqs = new Map<string, number>()
  let lsn = checkpoint?.lsn ?? 0
  const listed = filesByBase(namesIn(directory))
  for (const [name, categories] of files) {
    const found = searchBase(directory, listed.get(name) ?? [], categories, checkpoint)
    for (const [category, seq] of found.seqs) seqs.set(category, seq)
    lsn = Math.max(lsn, found.lsn)
  }
  for (const [name, others] of listed) {
    const isOurs = name.endsWith('.log') || Object.hasOwn(checkpoint?.files ?? {}, name)
    if (isOurs && !files.has(name)) lsn = Math.max(lsn, lastLsnOf(directory, others))
  }
  return { seqs, lsn }
}

/** The last numbers of a file and its rotated ones. Reads backwards and only as far as it must. */
function searchBase(
  directory: string,
  files: readonly FileName[],
  categories: ReadonlySet<string>,
  checkpoint: Checkpoint | undefined,
): Search {
  const search: Search = { categories, seqs: new Map(), lsn: 0 }
  const { seqs: found } = search
  const isKnown = (category: string): boolean =>
    found.has(category) || Object.hasOwn(checkpoint?.seq ?? {}, category)
  for (const file of files.toReversed()) {
    if (found.size === categories.size) break
    // Unpacking takes long, and whoever is in the checkpoint has a number without it.
    if (file.compressed && [...categories].every(isKnown)) continue
    try {
      if (searchFile(directory, file, checkpoint?.files[file.base], search)) break
    } catch {
      // Not there any more, or not readable, or damaged: what others say must do.
    }
  }
  for (const category of categories) {
    const floor = checkpoint?.seq[category] ?? 0
    if (floor > (found.get(category) ?? 0)) found.set(category, floor)
  }
  return search
}

/** The highest `lsn` near the end of a file that may be a stranger's: it is not read through. */
function lastLsnOf(directory: string, files: readonly FileName[]): number {
  const search: Search = { categories: new Set(['']), seqs: new Map(), lsn: 0 }
  for (const { name, compressed } of files.toReversed()) {
    if (compressed) break
    try {
      const fd = openSync(join(directory, name), readOurs)
      try {
        const { size } = fstatSync(fd)
        if (size === 0) continue
        searchBackwards(readerOf(fd), Math.max(0, size - chunkBytes), size, search)
        break
      } finally {
        closeSync(fd)
      }
    } catch {
      // The same.
    }
  }
  return search.lsn
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    // No directory, no entries.
    return []
  }
}

/** Searches a file; true when all that is older is in the checkpoint. */
function searchFile(
  directory: string,
  file: FileName,
  seen: Checkpoint['files'][string] | undefined,
  search: Search,
): boolean {
  const fd = openSync(join(directory, file.name), readOurs)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return false
    if (file.compressed) {
      // gzip ends with the length of what it holds: for one of 3 GB, 1.2 GB of memory were used
      // before it was left.
      const length = Buffer.alloc(4)
      readSync(fd, length, 0, 4, Math.max(0, stat.size - 4))
      // Which may not be so: a short one cannot hold so much.
      const isLong = length.readUInt32LE() > unpackedBytesMax
      if (isLong && stat.size * deflateRatioMax > unpackedBytesMax) return false
      const text = unpacked(readFileSync(fd))
      searchBackwards((at, bytes) => text.subarray(at, at + bytes), 0, text.length, search)
      return false
    }
    const isSeen = seen !== undefined && goesOnFrom(fd, seen)
    searchBackwards(readerOf(fd), isSeen ? seen.bytes : 0, stat.size, search)
    return isSeen
  } finally {
    closeSync(fd)
  }
}

/**
 * What a gzip holds, or as much of it as can be unpacked: a damaged one has given numbers, too.
 *
 * @throws when it is too long.
 */
function unpacked(packed: Buffer): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: unpackedBytesMax })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw error
  }
  // What is cut off is no error to zlib when it need not come to the end.
  const options = { maxOutputLength: unpackedBytesMax, finishFlush: zlib.Z_SYNC_FLUSH }
  let text = Buffer.alloc(0)
  let [sound, broken] = [0, packed.length - trailerBytes + 1]
  for (let end = broken - 1; broken - sound > 1; end = (sound + broken) >> 1) {
    try {
      text = gunzipSync(packed.subarray(0, end), options)
      sound = end
    } catch {
      broken = end
    }
  }
  return text
}

function readerOf(fd: number): Read {
  const chunk = Buffer.allocUnsafe(chunkBytes)
  return (at, bytes) => chunk.subarray(0, readSync(fd, chunk, 0, bytes, at))
}

function searchBackwards(read: Read, begin: number, end: number, search: Search): void {
  const { seqs, categories } = search
  // The bytes of a line whose beginning has not been read yet, latest first.
  let rest: Buffer[] = []
  while (end > begin && seqs.size < categories.size) {
    const start = Math.max(begin, end - chunkBytes)
    const chunk = read(start, end - start)
    let lineEnd = chunk.length
    for (let at = chunk.lastIndexOf(0x0a, lineEnd - 1); at !== -1;) {
      look(chunk.subarray(at + 1, lineEnd), rest, search)
      rest = []
      lineEnd = at
      if (seqs.size === categories.size) return
      at = at === 0 ? -1 : chunk.lastIndexOf(0x0a, at - 1)
    }
    rest.push(Buffer.from(chunk.subarray(0, lineEnd)))
    end = start
  }
  look(Buffer.alloc(0), rest, search)
}

function look(beginning: Buffer, rest: readonly Buffer[], search: Search): void {
  const line = entryOf(
    rest.length === 0 ? beginning : Buffer.concat([beginning, ...rest.toReversed()]),
  )
  // The numbers stand at the very end and the category near the beginning: a long line is not
  // decoded whole.
  const numbers = lineNumbers(line.toString('latin1', Math.max(0, line.length - numbersBytes)))
  if (numbers === undefined) return
  const head = lineHead(line.toString('latin1', 0, headBytes))
  if (head === undefined || head.human) return
  const { category } = head
  // After a forged one no number could follow that is exact; the last true one is further up.
  const { seq, lsn = 0 } = numbers
  if (lsn <= seqMax) search.lsn = Math.max(search.lsn, lsn)
  const { categories, seqs } = search
  if (!categories.has(category) || seqs.has(category)) return
  if (seq <= seqMax) seqs.set(category, seq)
}

const mark = Buffer.from('\ufeff')

/**
 * An entry without what others have put around it, as whoever reads it does: NULs of a power loss
 * or a byte order mark in front, the `\r` of an editor behind. Its numbers are taken.
 */
function entryOf(line: Buffer): Buffer {
  let from = line.lastIndexOf(0) + 1
  if (line.subarray(from, from + mark.length).equals(mark)) from += mark.length
  let end = line.length
  while (end > from && (line[end - 1] === 0x0d || line[end - 1] === 0x20)) end--
  return line.subarray(from, end)
}
