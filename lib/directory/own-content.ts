// Whether a file with the name of a rotated one was written by this library. A name is no proof:
// `error.log.4` may be another logger's, which wrote to this directory before, and its history is
// not ours to delete.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { constants as zlib, gunzipSync } from 'node:zlib'
import { headBytes as lineHeadBytes, lineHead } from '../entry/line.ts'
import type { FileName } from './names.ts'
import { readOurs } from './open-flags.ts'

/** Bytes that are looked at, of both ends. A line is known by its first 200. */
const headBytes = 4096
const endBytes = 65_536

/**
 * Whether a line of ours stands at one of its ends; an empty file is anybody's. False for what
 * cannot be read.
 */
export function isOwnContent(directory: string, { name, compressed }: FileName): boolean {
  let fd: number
  try {
    fd = openSync(join(directory, name), readOurs)
  } catch {
    return false
  }
  try {
    const { size } = fstatSync(fd)
    if (size === 0) return true
    const head = read(fd, 0, headBytes)
    // It unpacks to a thousand times as much at most.
    if (compressed) return isLine(gunzipSync(head, { finishFlush: zlib.Z_SYNC_FLUSH }))
    return isLine(head) || isLine(read(fd, Math.max(0, size - endBytes), endBytes))
  } catch {
    return false
  } finally {
    closeSync(fd)
  }
}

function read(fd: number, at: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  return buffer.subarray(0, readSync(fd, buffer, 0, bytes, at))
}

function isLine(bytes: Buffer): boolean {
  const lines = bytes.toString('latin1', 0, endBytes).split('\n')
  return lines.some((line) => lineHead(line.slice(0, lineHeadBytes)) !== undefined)
}
