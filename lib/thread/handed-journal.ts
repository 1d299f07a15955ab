// The memory in which the thread that logs hands entries to the writer's: a block, and behind it
// what the writer says of it. With `ring: "shared"` a file of the system's memory that outlives
// both; then it is a journal as well, which the thread that logs goes on with when the writer is no
// more.

import { randomBytes } from 'node:crypto'
import { touchPages } from '../capture/lanes.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import { Block } from '../journal/block.ts'
import { blockIn, type JournalEvents } from '../journal/journal.ts'
import { blockBytesOf } from '../journal/layout.ts'
import { HandedProgress, progressBytesOf } from '../journal/handed-progress.ts'
import { leaveRingFile, makeRingFile, mapRingFile, removeRingFile } from '../journal/ring-file.ts'
import type { CategoryTemplate } from '../deliver/category.ts'
import type { HandedRing } from './handed-ring.ts'

/** An empty block starts again at its first places: so much has memory at the first call. */
const touchedBytes = 2 * 1024 * 1024

/** Where the memory is, for the writer's thread. */
export interface HandedMemory {
  /** Itself, or the path of its file. */
  readonly memory: SharedArrayBuffer | string
  /** Of the block: the rest is the writer's. */
  readonly blockBytes: number
}

/** The memory as the thread that logs has it. */
export interface Handing {
  readonly memory: SharedArrayBuffer | ArrayBuffer
  readonly block: Block
  readonly progress: HandedProgress
  /** Of its file, where it has one. */
  readonly path: string | undefined
  readonly given: HandedMemory
}

/**
 * Makes the memory.
 *
 * @param categories Their names.
 * @throws {RingUnavailable} where `ring` is `shared`, and there is no such memory.
 */
export function makeHanding(
  { buffer, log_path: directory }: ResolvedConfig,
  categories: Iterable<string>,
): Handing {
  const blockBytes = blockBytesOf(buffer.bytes)
  const besideBytes = progressBytesOf(categories)
  const bytes = blockBytes + besideBytes
  if (buffer.ring === 'shared') {
    const { path, memory } = makeRingFile(directory!, bytes)
    const block = blockIn(memory, directory!, besideBytes)
    const progress = new HandedProgress(memory, blockBytes)
    return { memory, block, progress, path, given: { memory: path, blockBytes } }
  }
  const memory = new SharedArrayBuffer(bytes)
  touchPages(new Uint8Array(memory), 0, touchedBytes)
  const block = new Block(memory, '', randomBytes(4).readInt32LE(), besideBytes)
  const progress = new HandedProgress(memory, blockBytes)
  return { memory, block, progress, path: undefined, given: { memory, blockBytes } }
}

/** The memory as the writer's thread has it. */
export class Taking implements JournalEvents {
  /** All of it. */
  readonly bytes: Buffer
  readonly blockBytes: number
  readonly #progress: HandedProgress

  /** @throws {RingUnavailable} when its file cannot be mapped. */
  constructor({ memory, blockBytes }: HandedMemory) {
    const own = typeof memory === 'string' ? mapRingFile(memory) : memory
    this.bytes = Buffer.from(own)
    this.blockBytes = blockBytes
    this.#progress = new HandedProgress(own, blockBytes)
  }

  /** All records in front of a position are in the files, or given up. */
  released(position: number): void {
    this.#progress.written(position)
  }

  identify(logId: string): void {
    Block.identify(this.bytes, logId)
  }

  moved: JournalEvents['moved'] = (seqs, lsn) => {
    this.#progress.move(seqs, lsn)
  }

  // The rest is the other thread's.
  takeMissed = (): boolean => false
  settled(): void {}
  end(): void {}
}

/** The journal of a logger whose writer may be no more; until then the writer does its work. */
export class HandedJournal implements JournalEvents {
  readonly #ring: HandedRing<CategoryTemplate>
  readonly #progress: HandedProgress
  readonly #path: string

  constructor(ring: HandedRing<CategoryTemplate>, progress: HandedProgress, path: string) {
    this.#ring = ring
    this.#progress = progress
    this.#path = path
  }

  takeMissed(): boolean {
    return this.#ring.takeMissed()
  }

  identify(logId: string): void {
    this.#ring.block.identify(logId)
  }

  settled(lsn: number): void {
    if (this.#ring.isLeft) return
    this.#ring.block.release(lsn - this.#progress.lsnBase)
  }

  moved: JournalEvents['moved'] = (seqs, lsn) => {
    this.#progress.move(seqs, lsn)
  }

  end(): void {
    if (this.#ring.isHanding) this.#ring.noteReleased()
    if (this.#ring.block.isEmpty) removeRingFile(this.#path)
    else leaveRingFile(this.#path)
  }
}
