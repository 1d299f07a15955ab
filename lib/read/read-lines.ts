// File → lines, forwards or backwards, in batches of what one read has brought: memory does not grow with the
// file. A line that ends where the file ends, without a `\n`, is a line too.

import { LineSplitter, type RawLine, pieceBytesMax } from './line-splitter.ts'
import type { OpenLog } from './log-file.ts'
import type { Sieve } from './sieve.ts'

/** Forwards, all of it is wanted. */
const forwardBytes = 1 << 18
/** Backwards, the last few lines are: it begins with little, and reads more each time. */
const backwardBytes = 1 << 14
const backwardBytesMax = 1 << 20

const newline = 0x0a

/**
 * The lines of a file from its beginning.
 *
 * @param end Bytes of a plain file that count; what has been appended since is left. A compressed one is read whole.
 * @param sieve Lines that need not be given out.
 * @throws the system's error; or one of zlib, code `Z_…`, after what can be read of a damaged file.
 */
export async function* readForwards(
  log: OpenLog,
  end: number = Infinity,
  sieve?: Sieve,
): AsyncGenerator<RawLine[]> {
  const splitter = new LineSplitter(0, sieve)
  let failure: { readonly error: unknown } | undefined
  try {
    for await (const chunk of log.compressed ? unpacked(log) : chunksOf(log, end)) {
      yield splitter.push(chunk)
    }
  } catch (error) {
    failure = { error }
  }
  const last = splitter.end()
  if (last !== undefined) yield [last]
  if (failure !== undefined) throw failure.error
}

/**
 * The lines of a plain file from its end, the last one first. Reads only as far as it is asked.
 *
 * @param end Where to begin, in bytes.
 * @param sieve Lines that need not be given out.
 * @throws the system's error.
 */
export async function* readBackwards(
  log: OpenLog,
  end: number,
  sieve?: Sieve,
): AsyncGenerator<RawLine[]> {
  /** What is known of the line whose beginning has not been read: its parts, the last one first. */
  let parts: Buffer[] = []
  let partsBytes = 0
  let atEnd = true
  let bytesMax = backwardBytes
  const lineAt = (beginning: Buffer, offset: number): RawLine[] => {
    const bytes = parts.length === 0 ? beginning : Buffer.concat([beginning, ...parts.toReversed()])
    parts = []
    partsBytes = 0
    const passedOver = sieve?.(bytes, 0, bytes.length) === true
    return passedOver ? [] : [{ raw: bytes.toString('utf8'), offset }]
  }
  while (end > 0) {
    const start = Math.max(0, end - bytesMax)
    const chunk = await log.read(start, end - start)
    bytesMax = Math.min(bytesMax * 2, backwardBytesMax)
    // Shorter than it was: truncated while it is read. What is left is read.
    const lines: RawLine[] = []
    let lineEnd = chunk.length
    while (lineEnd > 0) {
      const at = chunk.lastIndexOf(newline, lineEnd - 1)
      if (at === -1) break
      // Behind the last line end of all there is nothing, not an empty line.
      if (!atEnd || at + 1 < chunk.length) {
        lines.push(...lineAt(chunk.subarray(at + 1, lineEnd), start + at + 1))
      }
      atEnd = false
      lineEnd = at
    }
    if (lineEnd > 0) {
      parts.push(chunk.subarray(0, lineEnd))
      partsBytes += lineEnd
      atEnd = false
    }
    if (partsBytes >= pieceBytesMax) lines.push(...lineAt(Buffer.alloc(0), start))
    end = start
    yield lines
  }
  if (!atEnd) yield lineAt(Buffer.alloc(0), 0)
}

/** Where the last whole line of a plain file ends: its size, or less when a line is being written. Synchronous: nothing may come between. */
export function lastLineEnd(log: OpenLog): number {
  for (let end = log.size; end > 0;) {
    const start = Math.max(0, end - backwardBytes)
    const at = log.readSync(start, end - start).lastIndexOf(newline)
    if (at !== -1) return start + at + 1
    end = start
  }
  return 0
}

/** The bytes of a plain file, in a buffer which the next chunk will overwrite. */
async function* chunksOf(log: OpenLog, end: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(forwardBytes, end)))
  for (let position = 0; position < end;) {
    const chunk = await log.read(position, Math.min(forwardBytes, end - position), buffer)
    if (chunk.length === 0) return
    position += chunk.length
    yield chunk
  }
}

/** The bytes of a compressed file. */
async function* unpacked(log: OpenLog): AsyncGenerator<Buffer> {
  // Loaded here: the first line of a plain file does not wait for it.
  const { createGunzip, constants } = await import('node:zlib')
  const { pipeline } = await import('node:stream')
  // Z_SYNC_FLUSH: a file that was cut off gives what it has.
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: forwardBytes })
  const packed = (async function* () {
    for (let position = 0; ;) {
      const chunk = await log.read(position, forwardBytes)
      if (chunk.length === 0) return
      position += chunk.length
      yield chunk
    }
  })()
  // The iteration below meets the same error.
  pipeline(packed, gunzip, () => {})
  for await (const chunk of gunzip) yield chunk as Buffer
}
