// HOT PATH: call → ring → block. The ring, with a block beside it: what is committed stands in both
// when the call returns. The lanes serve the pump as ever; the block is for the next start after a
// process was killed.

import { Ring } from '../capture/ring.ts'
import type { StraightRecord } from '../capture/typed.ts'
import type { Shape } from '../encode/event-encoder.ts'
import type { Template } from '../encode/line-template.ts'
import type { Block } from './block.ts'
import { besideLanes, straightRecord } from './straight-record.ts'

/** A ring whose entries are written into a block as well. */
export class JournaledRing<T extends Template> extends Ring<T> {
  readonly block: Block
  // Where the last entry ended in the lanes.
  #tagEnd = 0
  #numEnd = 0
  #refEnd = 0
  /** Entries that the block had no room for, since somebody looked. */
  missed = 0
  /** Entries are written into the block. */
  isJournaling = true

  constructor(entriesMax: number, charsMax: number, entryCharsMax: number, block: Block) {
    super(entriesMax, charsMax, entryCharsMax)
    this.block = block
  }

  /** Whether there was no room for an entry, since this was asked last. */
  takeMissed(): boolean {
    if (this.missed === 0) return false
    this.missed = 0
    return true
  }

  override commit(
    template: T,
    time: number,
    accountId: string | undefined,
    message: string,
    seq: number,
  ): void {
    const { lanes } = this
    let tag = this.#tagEnd
    let num = this.#numEnd
    let ref = this.#refEnd
    if (this.tail === this.head) {
      // An empty ring starts again at its first places.
      tag = lanes.tagHead
      num = lanes.numHead
      ref = lanes.refHead
    }
    const account = accountId === undefined ? 0 : accountId.length
    const chars = lanes.chars + message.length + account
    const number = this.lastNumber + 1
    super.commit(template, time, accountId, message, seq)
    // It is an entry: from here on nothing may fail, and each call may where the stack is full.
    this.#tagEnd = lanes.tagTail
    this.#numEnd = lanes.numTail
    this.#refEnd = lanes.refTail
    if (!this.isJournaling) return
    const { block } = this
    try {
      if (
        block.append(lanes, tag, num, ref, template, time, accountId, message, seq, number, chars)
      ) {
        return
      }
    } catch {
      // Missed, like one that finds no room.
    }
    this.missed++
  }

  /** What a straight call does to have its entry in the block; undefined where it cannot. */
  straight(shape: Shape): StraightRecord | undefined {
    return straightRecord(this, shape, besideLanes)
  }

  /** Where a straight call may write a record of up to so many bytes; -1: it is to commit(). */
  place(bytes: number): number {
    return this.isJournaling ? this.block.place(bytes) : -1
  }

  /** Takes an entry whose record a straight call has written, but for its end. */
  commitRecorded(template: T, time: number, accountId: string | undefined, seq: number): void {
    super.commit(template, time, accountId, '', seq)
    const { lanes } = this
    this.#tagEnd = lanes.tagTail
    this.#numEnd = lanes.numTail
    this.#refEnd = lanes.refTail
  }
}
