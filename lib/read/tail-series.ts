// Follows one base: the lines that its files get, each once, in the order in which they were
// written.
//
// The file that is being read stays open, so it is read to its end wherever it is renamed to, and
// no other file can get its inode meanwhile. A look opens what has become newer since: `held` is a
// queue, oldest first, whose last one is the one that grows.
//
//   look   system.log = A                   held: A
//          A → .1, B → .1, live = C         (two rotations)
//   look   C new, .1 = B new, .2 = A known  held: A B C
//                                           read A to its end, then B, then C as it grows
//
// A file is finished when a newer one had bytes before its end was reached: until the first of
// these, a writer may still append to the file it has renamed. A line whose `\n` has not come is
// kept back until it comes, or its file is finished.
//
// On a network file system a file may be longer before its bytes have come: then NULs stand there,
// which become data. So they are not read before they have stood for a while, and while the file
// ends in them not at all: other writers take the room of a file in advance.

import { join } from 'node:path'
import { monotonicMs } from '../entry/clock.ts'
import type { Descriptors } from './descriptors.ts'
import { walkFiles } from './file-walk.ts'
import { LineSplitter, type RawLine } from './line-splitter.ts'
import { type Identity, type LogFile, isSame, keyOf } from './log-file.ts'
import { readForwards } from './read-lines.ts'
import type { Remarks } from './remark.ts'
import type { Sieve } from './sieve.ts'
import type { LineSource } from './time-order.ts'

/** A base cannot have more files that are worth recognizing: rotation keeps 100 at most. */
const knownMax = 128
/**
 * Files that wait to be read, when the reader is slower than the rotation. Above it, those that are
 * removed are lost.
 */
const heldMax = 1024
const chunkBytes = 1 << 18
/** How long NULs may become data, in milliseconds. */
const nulWaitMs = 2000

interface Held {
  readonly log: LogFile
  /** How far it has been read, in bytes, uncompressed. */
  offset: number
  /** A compressed file is read in one go. */
  unpacked: boolean
  splitter: LineSplitter
  /**
   * Its first bytes when it was last looked at: if they change, it was truncated and has grown
   * again.
   */
  head: Buffer
  /** NULs in front of this place are what the file holds, and will not become anything else. */
  settled: number
  /** NULs have been met in a file of this size, at this moment. */
  unsettled: { readonly size: number; readonly sinceMs: number } | undefined
}

/** Lines of one file. */
export interface FileLines {
  readonly lines: readonly RawLine[]
  readonly file: LineSource
}

/** The growing end of one base. */
export class Tail {
  readonly base: string
  readonly #directory: string
  readonly #path: string
  readonly #descriptors: Descriptors
  readonly #remarks: Remarks
  readonly #sieve: Sieve | undefined
  readonly #nulWaitMs: number
  readonly #held: Held[] = []
  /** Files that have been read, latest last. */
  readonly #known: Identity[] = []

  /**
   * @param remarks Gets what cannot be read.
   * @param sieve Lines that need not be given out.
   * @param waitMs How long NULs may become data. @default 2000
   */
  constructor(
    directory: string,
    base: string,
    descriptors: Descriptors,
    remarks: Remarks,
    sieve?: Sieve,
    waitMs: number = nulWaitMs,
  ) {
    this.base = base
    this.#directory = directory
    this.#path = join(directory, base)
    this.#descriptors = descriptors
    this.#remarks = remarks
    this.#sieve = sieve
    this.#nulWaitMs = waitMs
  }

  /** Takes a file as read. */
  pass(log: LogFile): void {
    this.#known.push(log.identity())
    if (this.#known.length > knownMax) this.#known.shift()
  }

  /**
   * Goes on with a file from an offset, which is the beginning of a line; owns the file from now
   * on.
   */
  hold(log: LogFile, offset: number): void {
    log.hold()
    this.#held.push(this.#heldAt(log, offset))
  }

  /**
   * Looks what files there are and opens those that are new. Soon after each rotation, or they may
   * be gone.
   */
  look(): void {
    const newest = this.#held.at(-1)
    // As long as the directory cannot be searched, nothing new is seen.
    const live = keyOf(this.#path)
    if (newest !== undefined && live === newest.log.key) {
      this.#checkTruncated(newest)
      return
    }
    if (this.#held.length >= heldMax) return
    for (const log of this.#openNewer(0)) this.hold(log, 0)
  }

  /** Looks, and gives the lines that are there; it does not wait for more. */
  async *available(): AsyncGenerator<FileLines> {
    this.look()
    const last = this.#held.at(-1)
    if (last === undefined) return
    // Only what is there now: a file that grows as fast as it is read would keep the others
    // waiting.
    const end = last.log.size
    for (let held = this.#held[0]!; held !== last; held = this.#held[0]!) {
      const next = this.#held[1]!
      // Asked before the end is read: whoever writes into the next one has done with this one.
      const finished = next !== last || next.log.compressed || next.log.size > 0
      yield* this.#read(held, Infinity, finished)
      if (!finished || held.unsettled !== undefined) return
      yield* this.#finish(held)
    }
    yield* this.#read(last, end, false)
  }

  close(): void {
    for (const { log } of this.#held.splice(0)) log.close()
  }

  /** @param isFinished Nothing will be written to it any more. */
  async *#read(held: Held, end: number, isFinished: boolean): AsyncGenerator<FileLines> {
    const file = held.log
    if (held.log.compressed) {
      // Complete from the moment it has its name.
      if (held.unpacked) return
      held.unpacked = true
      try {
        const part = { begin: held.offset }
        for await (const lines of readForwards(held.log, part, this.#sieve)) yield { lines, file }
      } catch (error) {
        this.#remarks.unread(file.name, error)
      }
      return
    }
    const { splitter } = held
    while (held.offset < end && held.splitter === splitter) {
      const from = held.offset
      const bytes = Math.min(chunkBytes, Math.max(1, held.log.size - from), end - from)
      let chunk: Buffer
      try {
        chunk = await held.log.read(from, bytes)
      } catch (error) {
        this.#remarks.unread(file.name, error)
        return
      }
      if (chunk.length === 0) return
      this.look()
      // Truncated: these bytes may be of the past or of the time after. The copy, if there is one,
      // is read first.
      if (held.splitter !== splitter) return
      chunk = this.#settledPart(held, chunk, isFinished)
      if (chunk.length === 0) return
      held.offset += chunk.length
      // Also where the sieve leaves nothing: it may be a sieve that takes lines for itself.
      yield { lines: splitter.push(chunk), file }
    }
  }

  /** What of a chunk, which begins at the offset, is what it will stay: NULs may become data. */
  #settledPart(held: Held, chunk: Buffer, isFinished: boolean): Buffer {
    const from = Math.max(0, held.settled - held.offset)
    const nul = from >= chunk.length ? -1 : chunk.indexOf(0, from)
    if (nul === -1) {
      held.unsettled = undefined
      return chunk
    }
    const { size } = held.log
    held.unsettled ??= { size, sinceMs: monotonicMs() }
    const isNew = monotonicMs() - held.unsettled.sinceMs < this.#nulWaitMs
    // Up to its end they may be room that has been taken in advance.
    if (isNew || (!isFinished && held.log.readSync(size - 1, 1)[0] === 0)) {
      return chunk.subarray(0, nul)
    }
    held.settled = held.unsettled.size
    held.unsettled = undefined
    return this.#settledPart(held, chunk, isFinished)
  }

  *#finish(held: Held): Generator<FileLines> {
    // The writer of a removed file writes the torn line again, into the next.
    const rest = held.log.removed ? [] : held.splitter.end()
    const { name, id } = held.log
    this.pass(held.log)
    held.log.close()
    this.#held.splice(this.#held.indexOf(held), 1)
    yield { lines: rest, file: { name, id } }
  }

  #openNewer(from: number): LogFile[] {
    return walkFiles({
      directory: this.#directory,
      base: this.base,
      how: 'open',
      descriptors: this.#descriptors,
      remarks: this.#remarks,
      isKnown: (log) => this.#knows(log),
      from,
    })
  }

  #knows(log: LogFile): boolean {
    if (this.#held.some((held) => held.log.key === log.key)) return true
    const identity = log.identity()
    if (this.#known.some((known) => isSame(known, identity))) return true
    return log.compressed && this.#held.some((held) => isSame(held.log.identity(), identity))
  }

  /**
   * Copied away and truncated, or written anew in its place: reads what it missed from the copy,
   * then begins anew.
   */
  #checkTruncated(held: Held): void {
    const head = headOf(held.log)
    const truncated = held.log.size < held.offset || !startsWith(head, held.head)
    const before = held.head
    held.head = head
    if (!truncated) return
    const { offset, splitter } = held
    held.offset = 0
    held.splitter = new LineSplitter(0, this.#sieve)
    this.#held.splice(-1, 0, ...this.#copies(before, offset, splitter))
  }

  /**
   * What was put aside since the last look: the copy, from where the live file was read to, and
   * later ones.
   */
  #copies(head: Buffer, offset: number, splitter: LineSplitter): Held[] {
    const logs = this.#openNewer(1)
    const at = logs.findIndex((log) => startsWith(headOf(log), head))
    return logs.flatMap((log, i) => {
      if (i > at) return this.#heldAt(log, 0)
      if (i === at && log.compressed) return this.#heldAt(log, offset - splitter.restBytes)
      if (i === at) return { ...this.#heldAt(log, offset), splitter }
      log.close()
      return []
    })
  }

  #heldAt(log: LogFile, offset: number): Held {
    const splitter = new LineSplitter(offset, this.#sieve)
    const nuls = { settled: 0, unsettled: undefined }
    return { log, offset, unpacked: false, splitter, head: headOf(log), ...nuls }
  }
}

/** The first bytes of a file; NULs, and what stands behind them, may still change. */
function headOf(log: LogFile): Buffer {
  const head = log.head()
  const nul = head.indexOf(0)
  return nul === -1 ? head : head.subarray(0, nul)
}

function startsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning)
}
