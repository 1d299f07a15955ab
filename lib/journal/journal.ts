// A journal: the ring of a logger with a block in shared memory beside it, from its making to its
// end.

import { randomBytes } from 'node:crypto'
import type { Template } from '../encode/line-template.ts'
import { self } from '../directory/lock-owner.ts'
import { Block } from './block.ts'
import { JournaledRing } from './journaled-ring.ts'
import { blockBytesOf } from './layout.ts'
import type { RingOwner } from './recover.ts'
import { leaveRingFile, makeRingFile, realPathOf, removeRingFile } from './ring-file.ts'

export interface JournalOptions {
  readonly directory: string
  readonly entriesMax: number
  /** `buffer.bytes`. */
  readonly bytesMax: number
  readonly entryCharsMax: number
}

/** What a logger tells its journal. */
export type JournalEvents = Pick<
  Journal<Template>,
  'takeMissed' | 'identify' | 'settled' | 'moved' | 'end'
>

/** Makes a block for the entries of a directory. `besideBytes`: as Block has it. */
export function blockIn(
  memory: ArrayBuffer | SharedArrayBuffer,
  directory: string,
  besideBytes?: number,
): Block {
  const owner: RingOwner = { directory: realPathOf(directory), owner: self() }
  return new Block(memory, JSON.stringify(owner), randomBytes(4).readInt32LE(), besideBytes)
}

/** A ring that the process may be killed with. */
export class Journal<T extends Template> {
  readonly ring: JournaledRing<T>
  readonly #path: string
  readonly #block: Block
  #isEnded = false

  /** @throws {RingUnavailable} where there is no such memory. */
  constructor({ directory, entriesMax, bytesMax, entryCharsMax }: JournalOptions) {
    const { path, memory } = makeRingFile(directory, blockBytesOf(bytesMax))
    this.#path = path
    this.#block = blockIn(memory, directory)
    this.ring = new JournaledRing<T>(entriesMax, bytesMax, entryCharsMax, this.#block)
  }

  /** Whether there was no room for an entry, since this was asked last. */
  takeMissed(): boolean {
    return this.ring.takeMissed()
  }

  /** Notes whose entries these are. */
  identify(logId: string): void {
    this.#block.identify(logId)
  }

  /** All entries up to this number are in the files, or counted as lost. */
  settled(lsn: number): void {
    this.#block.release(lsn)
  }

  /** Has the numbers go on elsewhere: of those above one, by so much. */
  moved: Block['move'] = (seqs, lsn) => {
    this.#block.move(seqs, lsn)
  }

  /** The end of the logger. What could not be written is left to the next one. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#block.isEmpty) removeRingFile(this.#path)
    else leaveRingFile(this.#path)
  }
}
