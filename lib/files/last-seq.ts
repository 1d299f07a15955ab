// Where each category's numbering goes on after a restart: the `seq` of its last entry in the files.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { nameOf } from './names.ts'

/** Bytes read at a time, from the end backwards. */
const chunkBytes = 1 << 20

const headPattern =
  /^\{"timestamp":"[^"]{1,40}","level":"[A-Z]{4,8}","category":"([a-z0-9._-]{1,64})"/
const tailPattern = /,"seq":(\d{1,16})\}$/

/**
 * The last `seq` of each of the categories in a file and its rotated ones, newest first. Reads backwards
 * and only as far as it must.
 *
 * @returns the categories found; those without an entry are missing.
 */
export function lastSeqs(
  directory: string,
  name: string,
  keep: number,
  categories: ReadonlySet<string>,
): Map<string, number> {
  const found = new Map<string, number>()
  for (let index = 0; index <= keep && found.size < categories.size; index++) {
    try {
      searchFile(join(directory, nameOf(name, index)), categories, found)
    } catch {
      // Not there, or not readable: a gap in the numbers of the rotated files is allowed.
    }
  }
  return found
}

function searchFile(
  path: string,
  categories: ReadonlySet<string>,
  found: Map<string, number>,
): void {
  // Without O_NONBLOCK a named pipe would hang the process here.
  const guards = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const fd = openSync(path, constants.O_RDONLY | guards)
  try {
    if (fstatSync(fd).isFile()) searchBackwards(fd, categories, found)
  } finally {
    closeSync(fd)
  }
}

function searchBackwards(
  fd: number,
  categories: ReadonlySet<string>,
  found: Map<string, number>,
): void {
  let end = fstatSync(fd).size
  // The bytes of a line whose beginning has not been read yet, latest first.
  let rest: Buffer[] = []
  const chunk = Buffer.allocUnsafe(chunkBytes)
  while (end > 0 && found.size < categories.size) {
    const start = Math.max(0, end - chunkBytes)
    const read = readSync(fd, chunk, 0, end - start, start)
    let lineEnd = read
    for (let at = chunk.lastIndexOf(0x0a, read - 1); at !== -1;) {
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
  found.set(category, Number(tail[1]))
}
