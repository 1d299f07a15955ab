// Follows one base: the lines that its files get, each once, in the order in which they were written.
//
// The file that is being read stays open, so it is read to its end wherever it is renamed to, and no other file
// can get its inode meanwhile. A look opens what has become newer since: `held` is a queue, oldest first, whose
// last one is the one that grows.
//
//   look   system.log = A                   held: A
//          A → .1, B → .1, live = C         (two rotations)
//   look   C new, .1 = B new, .2 = A known  held: A B C      read A to its end, then B, then C as it grows
//
// A file is finished when a newer one had bytes before its end was reached: until the first of these, a writer may
// still append to the file it has renamed. A line whose `\n` has not come is kept back until it comes, or its file
// is finished.

import { join } from 'node:path'
import { LineSplitter, type RawLine } from './line-splitter.ts'
import { type Identity, type OpenLog, isSame, keyOf, openNewer } from './log-file.ts'
import { readForwards } from './read-lines.ts'
import type { Remarks } from './remark.ts'
import type { Sieve } from './sieve.ts'

/** A base cannot have more files that are worth recognizing: rotation keeps 100 at most. */
const knownMax = 128
/** Files that wait to be read, when the reader is slower than the rotation. Above it, those that are removed are lost. */
const heldMax = 1024
const chunkBytes = 1 << 18

interface Held {
  readonly log: OpenLog
  /** How far it has been read, in bytes, uncompressed. */
  offset: number
  /** A compressed file is read in one go. */
  unpacked: boolean
  splitter: LineSplitter
  /** Its first bytes when it was last looked at: if they change, it was truncated and has grown again. */
  head: Buffer
}

/** Lines of one file. */
export interface FileLines {
  readonly lines: readonly RawLine[]
  readonly file: string
}

/** The growing end of one base. */
export class Tail {
  readonly base: string
  readonly #directory: string
  readonly #path: string
  readonly #remarks: Remarks
  readonly #sieve: Sieve | undefined
  readonly #held: Held[] = []
  /** Files that have been read, latest last. */
  readonly #known: Identity[] = []

  /**
   * @param remarks Told of what cannot be read.
   * @param sieve Lines that need not be given out.
   */
  constructor(directory: string, base: string, remarks: Remarks, sieve?: Sieve) {
    this.base = base
    this.#directory = directory
    this.#path = join(directory, base)
    this.#remarks = remarks
    this.#sieve = sieve
  }

  /** Takes a file as read. */
  pass(log: OpenLog): void {
    this.#known.push(log.identity())
    if (this.#known.length > knownMax) this.#known.shift()
  }

  /** Goes on with a file from an offset, which is the beginning of a line; owns the file from now on. */
  hold(log: OpenLog, offset: number): void {
    this.#held.push(this.#heldAt(log, offset))
  }

  /** Looks what files there are and opens those that are new. Soon after each rotation, or they may be gone. */
  look(): void {
    const newest = this.#held.at(-1)
    // As long as the directory cannot be searched, nothing new is seen.
    const live = keyOf(this.#path)
    if (newest !== undefined && live === newest.log.key) {
      this.#checkTruncated(newest)
      return
    }
    if (this.#held.length >= heldMax) return
    for (const log of openNewer(
      this.#directory,
      this.base,
      (each) => this.#knows(each),
      this.#remarks,
    )) {
      this.hold(log, 0)
    }
  }

  /** Looks, and gives the lines that are there; it does not wait for more. */
  async *available(): AsyncGenerator<FileLines> {
    this.look()
    const last = this.#held.at(-1)
    if (last === undefined) return
    // Only what is there now: a file that grows as fast as it is read would keep the others waiting.
    const end = last.log.size
    for (let held = this.#held[0]!; held !== last; held = this.#held[0]!) {
      const next = this.#held[1]!
      // Asked before the end is read: whoever writes into the next one has done with this one.
      const finished = next !== last || next.log.compressed || next.log.size > 0
      yield* this.#read(held, Infinity)
      if (!finished) return
      yield* this.#finish(held)
    }
    yield* this.#read(last, end)
  }

  close(): void {
    for (const { log } of this.#held.splice(0)) log.close()
  }

  async *#read(held: Held, end: number): AsyncGenerator<FileLines> {
    const file = held.log.name
    if (held.log.compressed) {
      // Complete from the moment it has its name.
      if (held.unpacked) return
      held.unpacked = true
      try {
        for await (const lines of readForwards(held.log, Infinity, this.#sieve)) {
          yield { lines: lines.filter((line) => line.offset >= held.offset), file }
        }
      } catch (error) {
        this.#remarks.unread(file, error)
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
        this.#remarks.unread(file, error)
        return
      }
      if (chunk.length === 0) return
      this.look()
      // Truncated: these bytes may be of the past or of the time after. The copy, if there is one, is read first.
      if (held.splitter !== splitter) return
      held.offset += chunk.length
      const lines = splitter.push(chunk)
      if (lines.length > 0) yield { lines, file }
    }
  }

  *#finish(held: Held): Generator<FileLines> {
    // The writer of a removed file writes the torn line again, into the next.
    const rest = held.log.removed ? undefined : held.splitter.end()
    this.pass(held.log)
    held.log.close()
    this.#held.splice(this.#held.indexOf(held), 1)
    if (rest !== undefined) yield { lines: [rest], file: held.log.name }
  }

  #knows(log: OpenLog): boolean {
    if (this.#held.some((held) => held.log.key === log.key)) return true
    const identity = log.identity()
    if (this.#known.some((known) => isSame(known, identity))) return true
    return log.compressed && this.#held.some((held) => isSame(held.log.identity(), identity))
  }

  /** Copied away and truncated, or written anew in its place: reads what it missed from the copy, then begins anew. */
  #checkTruncated(held: Held): void {
    const head = held.log.head()
    const truncated = held.log.size < held.offset || !startsWith(head, held.head)
    const before = held.head
    held.head = head
    if (!truncated) return
    const { offset, splitter } = held
    held.offset = 0
    held.splitter = new LineSplitter(0, this.#sieve)
    this.#held.splice(-1, 0, ...this.#copies(before, offset, splitter))
  }

  /** What was put aside since the last look: the copy, from where the live file was read to, and later ones. */
  #copies(head: Buffer, offset: number, splitter: LineSplitter): Held[] {
    const logs = openNewer(
      this.#directory,
      this.base,
      (each) => this.#knows(each),
      this.#remarks,
      1,
    )
    const at = logs.findIndex((log) => startsWith(log.head(), head))
    return logs.flatMap((log, i) => {
      if (i > at) return this.#heldAt(log, 0)
      if (i === at && log.compressed) return this.#heldAt(log, offset - splitter.restBytes)
      if (i === at) return { ...this.#heldAt(log, offset), splitter }
      log.close()
      return []
    })
  }

  #heldAt(log: OpenLog, offset: number): Held {
    const splitter = new LineSplitter(offset, this.#sieve)
    return { log, offset, unpacked: false, splitter, head: log.head() }
  }
}

function startsWith(bytes: Buffer, beginning: Buffer): boolean {
  return bytes.subarray(0, beginning.length).equals(beginning)
}
