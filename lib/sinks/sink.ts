// A sink takes entries: as batches of lines, which are to be there once and in order; or one by
// one, as they are made, for a person who looks at them now.

import type { MadeEntry } from '../entry/made-entry.ts'
import type { Refusal } from '../directory/attributes.ts'
import type { Patience } from './disk-timeout.ts'

/** What a sink reports to its writer. None of these may throw. */
export interface SinkEvents {
  /** The batch handed over last is written, whole, and on the device where that is asked for. */
  written(): void
  /** The sink cannot write now; it keeps the batch and keeps trying. */
  failed(error: Error): void
  /** Something went wrong that does not keep the sink from writing. */
  fault(error: Error): void
  /**
   * It can write again: a batch has been written after a failure, or, with none to write, the file
   * opened.
   */
  recovered(): void
  /** A full file was put aside and a new one begun. */
  rotated(): void
  /** A file was found whose last line was not ended; it has been ended. */
  torn(bytes: number): void
  /** The system refuses a file what it can do without. */
  refused(refusal: Refusal): void
  /**
   * So much came to the file after another writer had taken over: it was on its way when this
   * process was paused. It was taken back, and comes anew; or it stays, and its numbers may be
   * there twice.
   */
  late(bytes: number, isTakenBack: boolean): void
}

/** A destination for batches: whole lines, written once, in order. */
export interface Sink {
  /**
   * Hands over a batch; one at a time, the next after `written`. The bytes must not change until
   * then.
   */
  write(batch: Buffer): void
  /**
   * Finishes the batch under way, telling `written`, and writes another one, before it returns.
   * Blocks.
   *
   * @param patience How long to wait for a disk that does not answer.
   * @returns true when all of it is written; false when the sink has failed, and goes on with the
   *   batch on its own as if it had been given to `write`. It is not given another one while it has
   *   a batch, except an empty one, to finish that.
   */
  writeSync(batch: Buffer, patience: Patience): boolean
  /** Bytes of the batch under way that are in the file, as far as is known. */
  readonly landed: number
  /**
   * Whether nothing of the batch under way is with the thread pool: what has not landed now does
   * not by itself.
   */
  readonly isQuiet: boolean
  /** Takes other bytes for the batch under way, the same up to `landed`. Only while it is quiet. */
  replace(batch: Buffer): void
  /**
   * The directory has become ours, or another's: looks at once, not when it would try again by
   * itself.
   */
  revisit(): void
  /**
   * Puts the file aside if its first entry is too old, at once or before the next piece.
   *
   * @returns in how many milliseconds it is to be looked at again; Infinity for never.
   */
  putAsideOld?(): number
  /**
   * Finishes the batch under way if it can, and releases everything. Does not wait for a disk that
   * hangs.
   */
  close(): Promise<void>
}

/** A destination for single entries, beside the files. */
export interface EntrySink {
  /** The lowest severity that it gets. */
  readonly threshold: number
  /**
   * Takes an entry. Never throws and never blocks; what it keeps of the entry, it copies.
   *
   * @returns false when it could not be taken.
   */
  take(entry: MadeEntry): boolean
}

/** The destination of entries whose file fails. */
export interface LastResort extends EntrySink {
  /** Takes an entry that has waited for its file, as it would stand there. */
  takeWaiting(text: string): boolean
}
