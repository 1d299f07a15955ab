// File → lines, forwards or backwards, in batches of what one read has brought: memory does not
// grow with the file, nor with a line in it. A line that ends where the file ends, without a `\n`,
// is a line too.

import { unpack } from './gunzip.ts'
import {
  LineSplitter,
  type RawLine,
  isPlain,
  pieceBytesMax,
  rawLineOf,
  textBytesMax,
} from './line-splitter.ts'
import type { LogFile } from './log-file.ts'
import type { Sieve } from './sieve.ts'

/** Forwards, all of it is wanted. */
const forwardBytes = 1 << 18
/** Backwards, the last few lines are: it begins with little, and reads more each time. */
const backwardBytes = 1 << 14
const backwardBytesMax = 1 << 20

/** How much of a growing file's end may still be on its way: pages of a network file system. */
const settlingBytes = 1 << 16

const newline = 0x0a
const brace = 0x7b

/** Which part of a file is read, in bytes, uncompressed. */
export interface Part {
  /** @default 0 */
  readonly begin?: number
  /** What has been appended since is left. A compressed file is read to its end. @default all */
  readonly end?: number
}

/**
 * The lines of a file from its beginning.
 *
 * @param sieve Lines that need not be given out.
 * @throws the system's error; or one of zlib, code `Z_…`, after what can be read of a damaged file.
 */
export async function* readForwards(
  log: LogFile,
  { begin = 0, end = Infinity }: Part = {},
  sieve?: Sieve,
): AsyncGenerator<RawLine[]> {
  const splitter = new LineSplitter(begin, sieve)
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const chunk of log.compressed ? unpackedOf(log, begin) : chunksOf(log, begin, end)) {
      yield splitter.push(chunk)
    }
  } catch (error) {
    failure = { error }
  }
  yield splitter.end()
  if (failure !== undefined) throw failure.error
}

/**
 * The lines of a plain file from its end, the last one first. Reads only as far as it is asked.
 *
 * @param sieve Lines that need not be given out.
 * @throws the system's error.
 */
export async function* readBackwards(
  log: LogFile,
  { begin = 0, end }: Part & { readonly end: number },
  sieve?: Sieve,
): AsyncGenerator<RawLine[]> {
  /**
   * The line whose beginning has not been read: where it ends, and its parts, the last one first.
   */
  let line = { end, endBytes: 0 }
  let parts: Buffer[] = []
  let partsBytes = 0
  let bytesMax = backwardBytes
  for (let position = end; position > begin;) {
    const start = Math.max(begin, position - bytesMax)
    // Shorter than it was: truncated while it is read. What is left is read.
    const chunk = await log.read(start, position - start)
    bytesMax = Math.min(bytesMax * 2, backwardBytesMax)
    const lines: RawLine[] = []
    let lineEnd = chunk.length
    for (let at = lastNewline(chunk, lineEnd); at !== -1; at = lastNewline(chunk, at)) {
      const offset = start + at + 1
      // Behind the last line end of all there is nothing, not an empty line.
      if (offset < end || line.endBytes > 0) {
        const bytes = joined(chunk.subarray(at + 1, lineEnd), parts)
        lines.push(...linesAt(bytes, offset, line.endBytes, sieve))
      }
      line = { end: offset - 1, endBytes: 1 }
      parts = []
      partsBytes = 0
      lineEnd = at
    }
    position = start
    if (lineEnd > 0) {
      parts.push(chunk.subarray(0, lineEnd))
      partsBytes += lineEnd
    }
    if (partsBytes <= textBytesMax) {
      yield lines
      continue
    }
    if (lines.length > 0) yield lines
    parts = []
    partsBytes = 0
    const offset = await lineStart(log, begin, position)
    yield* piecesOf(log, { begin: offset, end: line.end }, line.endBytes, sieve)
    if (offset === begin) return
    position = offset - 1
    line = { end: position, endBytes: 1 }
  }
  if (begin < end && (parts.length > 0 || line.endBytes > 0)) {
    yield linesAt(joined(Buffer.alloc(0), parts), begin, line.endBytes, sieve)
  }
}

/**
 * Where the last whole line of a plain file ends: its size, or less when a line is being written.
 * Synchronous: nothing may come between.
 *
 * @param size Bytes of it that count.
 */
export function lastLineEnd(log: LogFile, size: number = log.size): number {
  // What goes on for longer is no line that is being written.
  const least = Math.max(0, size - pieceBytesMax)
  for (let end = size, bytes = backwardBytes; end > least; bytes = backwardBytesMax) {
    const start = Math.max(least, end - bytes)
    const at = log.readSync(start, end - start).lastIndexOf(newline)
    if (at !== -1) return start + at + 1
    end = start
  }
  return least === 0 ? 0 : size
}

/**
 * The same, but in front of NULs near the end, which may become data. Looked for there alone: a
 * line that is cut by NULs further on is read as it is.
 */
export function settledLineEnd(log: LogFile): number {
  const end = lastLineEnd(log)
  const start = Math.max(0, end - settlingBytes)
  const bytes = log.readSync(start, end - start)
  const nul = bytes.indexOf(0)
  if (nul === -1) return end
  const at = lastNewline(bytes, nul)
  return at === -1 && start > 0 ? end : start + at + 1
}

function lastNewline(chunk: Buffer, before: number): number {
  return before === 0 ? -1 : chunk.lastIndexOf(newline, before - 1)
}

function joined(beginning: Buffer, parts: readonly Buffer[]): Buffer {
  return parts.length === 0 ? beginning : Buffer.concat([beginning, ...parts.toReversed()])
}

/** A line, or its pieces, the last one first. */
function linesAt(bytes: Buffer, offset: number, endBytes: number, sieve?: Sieve): RawLine[] {
  if (isPlain(bytes) && (bytes.length <= textBytesMax || bytes[0] === brace)) {
    if (sieve?.(bytes, 0, bytes.length) === true) return []
    return [rawLineOf(bytes, 0, bytes.length, offset, offset + bytes.length + endBytes)]
  }
  const splitter = new LineSplitter(offset, sieve)
  return [...splitter.push(bytes), ...lastOf(splitter, endBytes)].toReversed()
}

/** What a splitter gives at the end of a line, which may have a line end. */
function lastOf(splitter: LineSplitter, endBytes: number): RawLine[] {
  return endBytes > 0 ? splitter.push(Buffer.of(newline)) : splitter.end()
}

/** Where the line begins that is under way at a position. */
async function lineStart(log: LogFile, begin: number, position: number): Promise<number> {
  for (let end = position; end > begin;) {
    const start = Math.max(begin, end - backwardBytesMax)
    const at = (await log.read(start, end - start)).lastIndexOf(newline)
    if (at !== -1) return start + at + 1
    end = start
  }
  return begin
}

/**
 * The pieces of a long line, the last one first. Looked for forwards, so that they are the same as
 * those of {@link readForwards}, and then read one by one.
 */
async function* piecesOf(
  log: LogFile,
  line: Required<Part>,
  endBytes: number,
  sieve?: Sieve,
): AsyncGenerator<RawLine[]> {
  const splitter = new LineSplitter(line.begin, undefined, { isBare: true })
  const pieces: RawLine[] = []
  for await (const chunk of chunksOf(log, line.begin, line.end))
    pieces.push(...splitter.push(chunk))
  pieces.push(...lastOf(splitter, endBytes))
  for (const piece of pieces.toReversed()) {
    const { raw, offset, end, isCut } = piece
    if (raw !== '') {
      yield sieve === undefined ? [piece] : []
      continue
    }
    const bytes = await log.read(offset, end - offset - (isCut ? 0 : endBytes))
    const isUnwanted = sieve?.(bytes, 0, bytes.length) === true
    yield isUnwanted ? [] : [rawLineOf(bytes, 0, bytes.length, offset, end, isCut)]
  }
}

/** The bytes of a plain file, in a buffer which the next chunk will overwrite. */
async function* chunksOf(log: LogFile, begin: number, end: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(forwardBytes, end - begin)))
  for (let position = begin; position < end;) {
    const chunk = await log.read(position, Math.min(forwardBytes, end - position), buffer)
    if (chunk.length === 0) return
    position += chunk.length
    yield chunk
  }
}

/** The bytes of a compressed file, from a position on. */
async function* unpackedOf(log: LogFile, begin: number): AsyncGenerator<Buffer> {
  let position = 0
  for await (const chunk of unpack((at, bytes) => log.read(at, bytes))) {
    position += chunk.length
    if (position > begin) yield chunk.subarray(Math.max(0, chunk.length - (position - begin)))
  }
}
