// gzip → bytes, as `gzip -dc` has it: one member behind the other, each checked by its own CRC and
// length, and zeros behind the last one are no fault. What is damaged gives all that stands before
// the damage.
//
//   header, deflate, CRC, length │ header, deflate, CRC, length │ 0 0 0 …
//
// zlib forgets what it has unpacked of a piece when it meets damage in it. So a damaged member is
// unpacked once more, from its beginning, in ever smaller pieces from the last sound one on: down
// to the very byte. Nothing is kept meanwhile; memory does not depend on the file.

import type { InflateRaw } from 'node:zlib'

/** Gives bytes from a position, and fewer than asked for at the end only. */
export type ReadPacked = (position: number, bytes: number) => Promise<Buffer>

/**
 * Packed bytes that are unpacked at a time: deflate makes 1,032 times as many of them at most, so
 * 17 MB.
 */
const pieceBytes = 1 << 14
/** The same again when there is damage, ever closer to it. */
const pieceBytesByPass = [pieceBytes, 256, 1] as const

const headerBytes = 10
const trailerBytes = 8
/** A header with a longer name or comment is not taken for one of gzip. */
const headerBytesMax = 1 << 17

const hasExtra = 0x04
const hasName = 0x08
const hasComment = 0x10
const hasHeaderCheck = 0x02
const reservedFlags = 0xe0

/** What is wrong with a gzip; the code is one of zlib's. */
export function gzipError(code: 'Z_DATA_ERROR' | 'Z_BUF_ERROR', message: string): Error {
  return Object.assign(new Error(message), { code })
}

/**
 * The unpacked bytes of a gzip.
 *
 * @throws an error with a code of zlib, after all that can be read: cut off, damaged, or followed
 *   by what is no gzip.
 */
export async function* unpack(read: ReadPacked): AsyncGenerator<Buffer> {
  for (let at = 0, isFirst = true; ; isFirst = false) {
    if (!isFirst) {
      at = await skipZeros(read, at)
      const next = await read(at, 2)
      if (next.length === 0) return
      if (!isMagic(next)) throw gzipError('Z_DATA_ERROR', 'what stands behind its end is no gzip')
    }
    at = yield* member(read, at + (await headerLength(read, at)))
  }
}

/**
 * The first bytes of a gzip, unpacked, from the first packed ones; empty when they are damaged.
 * Synchronous.
 */
export function unpackedHead(packed: Buffer, bytes: number): Buffer {
  // Loaded here: the first line of a plain file does not wait for it.
  const { constants, inflateRawSync } = process.getBuiltinModule('node:zlib')
  const heads: Buffer[] = []
  let missing = bytes
  try {
    for (let at = 0; missing > 0 && at < packed.length;) {
      const length = parseHeader(packed.subarray(at))
      if (length === undefined) break
      const { buffer, engine } = inflateRawSync(packed.subarray(at + length), {
        finishFlush: constants.Z_SYNC_FLUSH,
        info: true,
      }) as unknown as { readonly buffer: Buffer; readonly engine: InflateRaw }
      heads.push(buffer.subarray(0, missing))
      missing -= buffer.length
      at += length + engine.bytesWritten + trailerBytes
    }
  } catch {
    // What has been unpacked before must do.
  }
  return Buffer.concat(heads)
}

/** Unpacks a member from where its header ends; returns where its trailer ends. */
async function* member(read: ReadPacked, start: number): AsyncGenerator<Buffer, number> {
  const { crc32 } = process.getBuiltinModule('node:zlib')
  let crc = 0
  let bytes = 0
  const deflated = inflated(read, start)
  let next = await deflated.next()
  while (next.done !== true) {
    crc = crc32(next.value, crc)
    bytes += next.value.length
    yield next.value
    next = await deflated.next()
  }
  const end = next.value
  const trailer = await read(end, trailerBytes)
  if (trailer.length < trailerBytes) throw cutOff()
  if (trailer.readUInt32LE() !== crc) throw gzipError('Z_DATA_ERROR', 'incorrect data check')
  if (trailer.readUInt32LE(4) !== bytes % 2 ** 32) {
    throw gzipError('Z_DATA_ERROR', 'incorrect length check')
  }
  return end + trailerBytes
}

/** The deflated bytes that begin at a position; returns where they end. */
async function* inflated(read: ReadPacked, start: number): AsyncGenerator<Buffer, number> {
  /** Unpacked bytes that have been given out. */
  let given = 0
  /** Packed bytes that are known to be sound. */
  let sound = 0
  let failure: unknown
  for (const bytes of pieceBytesByPass) {
    const inflater = new Inflater()
    let made = 0
    try {
      for (let position = 0; ;) {
        const wanted = position < sound ? Math.min(pieceBytes, sound - position) : bytes
        const piece = await read(start + position, wanted)
        if (piece.length === 0) throw cutOff()
        for (const chunk of await inflater.push(piece)) {
          made += chunk.length
          if (made <= given) continue
          yield chunk.subarray(Math.max(0, chunk.length - (made - given)))
          given = made
        }
        if (inflater.end !== undefined) return start + inflater.end
        position += piece.length
        sound = Math.max(sound, position)
      }
    } catch (error) {
      failure = error
      if ((error as NodeJS.ErrnoException).code !== 'Z_DATA_ERROR') break
    } finally {
      inflater.close()
    }
  }
  throw failure
}

/** Unpacks deflated bytes piece by piece: each call gives all that its piece has made. */
class Inflater {
  readonly #stream: InflateRaw
  #made: Buffer[] = []
  #settle: ((error?: Error | null) => void) | undefined
  #end: number | undefined

  constructor() {
    const { constants, createInflateRaw } = process.getBuiltinModule('node:zlib')
    this.#stream = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 1 << 16 })
    this.#stream.on('data', (chunk: Buffer) => this.#made.push(chunk))
    this.#stream.on('end', () => {
      this.#end = this.#stream.bytesWritten
      this.#settle?.()
    })
    this.#stream.on('error', (error) => this.#settle?.(error))
  }

  /**
   * After how many packed bytes the deflated ones have come to their end; `undefined` while they
   * have not.
   */
  get end(): number | undefined {
    return this.#end
  }

  async push(piece: Buffer): Promise<Buffer[]> {
    await new Promise<void>((resolve, reject) => {
      this.#settle = (error) => (error == null ? resolve() : reject(error))
      this.#stream.write(piece, this.#settle)
    })
    const made = this.#made
    this.#made = []
    return made
  }

  close(): void {
    this.#settle = undefined
    this.#stream.destroy()
  }
}

async function headerLength(read: ReadPacked, at: number): Promise<number> {
  for (let bytes = 512; ; bytes *= 4) {
    const beginning = await read(at, bytes)
    const length = parseHeader(beginning)
    if (length !== undefined) return length
    if (beginning.length < bytes) throw cutOff()
    if (bytes > headerBytesMax) throw gzipError('Z_DATA_ERROR', 'incorrect header check')
  }
}

/**
 * The length of the header that bytes begin with: https://www.rfc-editor.org/rfc/rfc1952.
 *
 * @returns `undefined` when there are too few bytes to tell.
 */
function parseHeader(bytes: Buffer): number | undefined {
  if (!isMagic(bytes)) throw gzipError('Z_DATA_ERROR', 'incorrect header check')
  if (bytes.length < headerBytes) return undefined
  const flags = bytes[3]!
  if (bytes[2] !== 8 || (flags & reservedFlags) !== 0) {
    throw gzipError('Z_DATA_ERROR', 'unknown compression method')
  }
  let at = headerBytes
  if ((flags & hasExtra) !== 0) {
    if (bytes.length < at + 2) return undefined
    at += 2 + bytes.readUInt16LE(at)
  }
  for (const flag of [hasName, hasComment]) {
    if ((flags & flag) === 0) continue
    const end = bytes.indexOf(0, at)
    if (end === -1) return undefined
    at = end + 1
  }
  if ((flags & hasHeaderCheck) !== 0) at += 2
  return at <= bytes.length ? at : undefined
}

/** Whether bytes begin as a gzip does; also when there is but one of them. */
function isMagic(bytes: Buffer): boolean {
  return (bytes.length < 1 || bytes[0] === 0x1f) && (bytes.length < 2 || bytes[1] === 0x8b)
}

/** Tapes and block devices fill up with zeros. */
async function skipZeros(read: ReadPacked, at: number): Promise<number> {
  for (;;) {
    const bytes = await read(at, pieceBytes)
    const first = bytes.findIndex((byte) => byte !== 0)
    if (first !== -1) return at + first
    if (bytes.length === 0) return at
    at += bytes.length
  }
}

function cutOff(): Error {
  return gzipError('Z_BUF_ERROR', 'unexpected end of file')
}
