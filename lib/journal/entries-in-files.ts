// The latest entries in the files of a log, read backwards down to a number.

import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readOurs } from '../directory/open-flags.ts'
import { type FileName, filesByBase } from '../directory/names.ts'
import { LineLook } from '../entry/line-places.ts'

const chunkBytes = 1 << 20
const unpackedBytesMax = 600 * 1024 * 1024
const lineEnd = 0x0a

/** What tells an entry from any other. */
export interface EntryKey {
  readonly category: string
  readonly seq: number
  readonly lsn: number
  readonly time: number
}

/** The same as one word. */
export function wordOf({ category, seq, lsn, time }: EntryKey): string {
  return `${category} ${seq} ${lsn} ${time}`
}

/** The words of the entries from this number on that a file and its rotated ones hold. */
export function entriesFrom(directory: string, base: string, lsn: number): Set<string> {
  const found = new Set<string>()
  const look = new LineLook()
  /** False when what is further up is older. */
  const see = (bytes: Buffer, from: number, to: number): boolean => {
    const entry = look.at(bytes, from, to)
    if (entry === undefined) return true
    if (entry.lsn < lsn) return false
    found.add(wordOf(entry))
    return true
  }
  for (const file of (filesByBase(namesIn(directory)).get(base) ?? []).toReversed()) {
    if (!searchFile(directory, file, see)) break
  }
  return found
}

type See = (bytes: Buffer, from: number, to: number) => boolean

function searchFile(directory: string, { name, compressed }: FileName, see: See): boolean {
  const fd = openSync(join(directory, name), readOurs)
  try {
    if (compressed) {
      const text = gunzipSync(readFileSync(fd), { maxOutputLength: unpackedBytesMax })
      return searchLines(text, text.length, see) !== -1
    }
    let rest: Buffer = Buffer.alloc(0)
    for (let end = fstatSync(fd).size; end > 0;) {
      const start = Math.max(0, end - chunkBytes)
      const chunk = Buffer.alloc(end - start + rest.length)
      readSync(fd, chunk, 0, end - start, start)
      rest.copy(chunk, end - start)
      const from = start === 0 ? 0 : chunk.indexOf(lineEnd) + 1
      // A chunk without a line end is a part of one line.
      if (start === 0 || from > 0) {
        if (searchLines(chunk.subarray(from), chunk.length - from, see) === -1) return false
      }
      rest = from === 0 ? chunk : chunk.subarray(0, from)
      end = start
    }
    return true
  } finally {
    closeSync(fd)
  }
}

/** Looks at the lines of bytes, the last one first; -1 when what is further up is older. */
function searchLines(bytes: Buffer, length: number, see: See): number {
  for (let to = length; to > 0;) {
    const from = to < 2 ? 0 : bytes.lastIndexOf(lineEnd, to - 2) + 1
    const end = bytes[to - 1] === lineEnd ? to - 1 : to
    // A torn line is none.
    if (end < to && !see(bytes, from, end)) return -1
    to = from
  }
  return 0
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
