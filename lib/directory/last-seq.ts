// Where each category's numbering goes on after a restart: the `seq` of its last entry in the files.

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type Checkpoint, goesOnFrom, seqMax } from './checkpoint.ts'
import { type FileName, filesByBase } from './names.ts'

/** Bytes read at a time, from the end backwards. */
const chunkBytes = 1 << 20
/** A compressed file that would unpack to more is left: a rotated file holds 500 MiB at most, and one line more. */
const unpackedBytesMax = 600 * 1024 * 1024

const headPattern =
  /^\{"timestamp":"[^"]{1,40}","level":"[A-Z]{4,8}","category":"([a-z0-9._-]{1,64})"/
const tailPattern = /,"seq":(\d{1,16})\}$/

/** Reads so many bytes from a position. */
type Read = (position: number, bytes: number) => Buffer

/**
 * The last `seq` of each of the categories in a file and its rotated ones, newest first. Reads backwards
 * and only as far as it must.
 *
 * @param checkpoint What the last run left: what it has seen is not read again. A number in it may be higher than the
 *   last one in the files, when entries that had been accepted were lost; then it counts.
 * @returns the categories found; those without an entry are missing.
 */
export function lastSeqs(
  directory: string,
  name: string,
  categories: ReadonlySet<string>,
  checkpoint?: Checkpoint,
): Map<string, number> {
  const found = new Map<string, number>()
  const seen = checkpoint?.files[name]
  const isKnown = (category: string): boolean =>
    found.has(category) || Object.hasOwn(checkpoint?.seq ?? {}, category)
  const files = filesByBase(namesIn(directory)).get(name) ?? []
  for (const file of files.toReversed()) {
    if (found.size === categories.size) break
    // Unpacking takes long, and whoever is in the checkpoint has a number without it.
    if (file.compressed && [...categories].every(isKnown)) continue
    try {
      if (searchFile(directory, file, seen, categories, found)) break
    } catch {
      // Not there any more, or not readable, or damaged: what others say must do.
    }
  }
  for (const category of categories) {
    const floor = checkpoint?.seq[category] ?? 0
    if (floor > (found.get(category) ?? 0)) found.set(category, floor)
  }
  return found
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
  categories: ReadonlySet<string>,
  found: Map<string, number>,
): boolean {
  // Without O_NONBLOCK a named pipe would hang the process here.
  const guards = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const fd = openSync(join(directory, file.name), constants.O_RDONLY | guards)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return false
    if (file.compressed) {
      // gzip ends with the length of what it holds: for one of 3 GB, 1.2 GB of memory were used before it was left.
      const length = Buffer.alloc(4)
      readSync(fd, length, 0, 4, Math.max(0, stat.size - 4))
      if (length.readUInt32LE() > unpackedBytesMax) return false
      const text = gunzipSync(readFileSync(fd), { maxOutputLength: unpackedBytesMax })
      searchBackwards(
        (at, bytes) => text.subarray(at, at + bytes),
        0,
        text.length,
        categories,
        found,
      )
      return false
    }
    const isSeen = seen !== undefined && goesOnFrom(fd, seen)
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const read: Read = (at, bytes) => chunk.subarray(0, readSync(fd, chunk, 0, bytes, at))
    searchBackwards(read, isSeen ? seen.bytes : 0, stat.size, categories, found)
    return isSeen
  } finally {
    closeSync(fd)
  }
}

function searchBackwards(
  read: Read,
  begin: number,
  end: number,
  categories: ReadonlySet<string>,
  found: Map<string, number>,
): void {
  // The bytes of a line whose beginning has not been read yet, latest first.
  let rest: Buffer[] = []
  while (end > begin && found.size < categories.size) {
    const start = Math.max(begin, end - chunkBytes)
    const chunk = read(start, end - start)
    let lineEnd = chunk.length
    for (let at = chunk.lastIndexOf(0x0a, lineEnd - 1); at !== -1;) {
      look(chunk.subarray(at + 1, lineEnd), rest, categories, found)
      rest = []
      lineEnd = at
      if (found.size === categories.size) return
      at = at === 0 ? -1 : chunk.lastIndexOf(0x0a, at - 1)
    }
    rest.push(Buffer.from(chunk.subarray(0, lineEnd)))
    end = start
  }
  look(Buffer.alloc(0), rest, categories, found)
}

function look(
  beginning: Buffer,
  rest: readonly Buffer[],
  categories: ReadonlySet<string>,
  found: Map<string, number>,
): void {
  const line = rest.length === 0 ? beginning : Buffer.concat([beginning, ...rest.toReversed()])
  // The number stands at the very end and the category near the beginning: a long line is not decoded whole.
  const tail = tailPattern.exec(line.toString('latin1', Math.max(0, line.length - 64)))
  if (tail === null) return
  const category = headPattern.exec(line.toString('latin1', 0, 256))?.[1]
  if (category === undefined || !categories.has(category) || found.has(category)) return
  const seq = Number(tail[1])
  // After a forged one no number could follow that is exact; the last true one is further up.
  if (seq <= seqMax) found.set(category, seq)
}
