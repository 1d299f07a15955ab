// The words that the caller's thread and the writer thread share beside the block: how far each of
// them is, and the counters of the writer, so that `stats()` needs no message.
//
// Each word and each number has one thread that writes it.

import type { Counters } from '../deliver/counters.ts'

/** So many bytes of records do not wait for company. */
export const companyBytes: number = 64 * 1024

// --- words of four bytes, by Atomics ---

/** What the writer does now. Written by the writer. */
export const STATE = 0
/** Where the records end, in units of 8 bytes. Written by the caller's thread. */
export const TAIL = 1
/** Up to here the records are in the files, or counted as lost; likewise. Written by the writer. */
export const RELEASED = 2
/** Whether the directory is open. Written by the writer. */
export const OPENED = 3
/** The number of the question that was answered last. Written by the writer. */
export const DONE = 4
/** Something came that cannot wait. Set by the caller's thread, taken back by the writer. */
export const URGENT = 5
/** Bytes of the message of the latest failure. Written by the writer. */
export const ERROR_BYTES = 6
/** The number of the question that was heard last. Written by the writer. */
export const SIGN = 7
/** Entries that the caller's thread has dropped, by severity. */
export const DROPPED = 8
/** Up to here the writer has read, in units of 8 bytes, likewise. Written by the writer. */
export const READ = 13

/** It is at work, and looks at what has come before it does anything else. */
export const AWAKE = 0
/** It sleeps until it is woken. */
export const IDLE = 1
/** It looks again by itself, in `flush_ms` at the latest, sooner when much comes. */
export const RESTING = 2

/** Of OPENED. */
export const OPEN = 1
export const REFUSED = 2

// --- numbers of eight bytes ---

const numbersAt = 256
const WRITTEN = 0
const DIVERTED = 1
const BYTES = 2
const ROTATIONS = 3
const FAILURES = 4
const MISMATCHED = 5
const STDOUT_LOST = 6
const BYTES_MOST = 7
/** Entries that the writer has lost, by severity. */
const LOST = 8
const HEALTHY = 13
const COPIES_LOST = 14
/** The kernel's number of the writer's thread, and when it was started. */
const THREAD = 15
const STARTED = 16
const ENTRIES_MOST = 17
/** Entries that the writer has logged itself at the end, by severity. */
const OWN = 18
const numbersCount = 23

const errorBytesMax = 1024

/** The memory that both threads have. */
export class Control {
  readonly memory: SharedArrayBuffer
  readonly words: Int32Array
  readonly #numbers: Float64Array
  readonly #error: Buffer

  /** @param memory That of the other thread. @default fresh memory */
  constructor(memory?: SharedArrayBuffer) {
    const errorAt = numbersAt + numbersCount * 8
    this.memory = memory ?? new SharedArrayBuffer(errorAt + errorBytesMax)
    this.words = new Int32Array(this.memory, 0, numbersAt / 4)
    this.#numbers = new Float64Array(this.memory, numbersAt, numbersCount)
    this.#error = Buffer.from(this.memory, errorAt, errorBytesMax)
  }

  /**
   * The writer says what it has done.
   *
   * @param ownDropped What it has dropped, by severity, without what the other thread has.
   * @param taken Entries that it has from the other thread, by severity.
   */
  publish(
    counters: Counters,
    ownDropped: readonly number[],
    taken: readonly number[],
    isHealthy: boolean,
  ): void {
    const numbers = this.#numbers
    numbers[WRITTEN] = counters.written
    numbers[DIVERTED] = counters.diverted
    numbers[BYTES] = counters.bytes
    numbers[ROTATIONS] = counters.rotations
    numbers[MISMATCHED] = counters.mismatched
    numbers[STDOUT_LOST] = counters.stdoutLost
    numbers[COPIES_LOST] = counters.copiesLost
    numbers[BYTES_MOST] = counters.bytesMost
    numbers[ENTRIES_MOST] = counters.entriesMost
    ownDropped.forEach((entries, severity) => {
      numbers[LOST + severity] = entries
      numbers[OWN + severity] = counters.levels[severity]! - taken[severity]!
    })
    numbers[HEALTHY] = isHealthy ? 1 : 0
    if (numbers[FAILURES] === counters.failures) return
    numbers[FAILURES] = counters.failures
    const bytes = this.#error.write(counters.lastError ?? '', 'utf8')
    Atomics.store(this.words, ERROR_BYTES, bytes)
  }

  get isHealthy(): boolean {
    return this.#numbers[HEALTHY] === 1
  }

  /** The writer's thread, as the system knows it. */
  set thread({ thread, started }: { readonly thread: number; readonly started: string }) {
    this.#numbers[THREAD] = thread
    this.#numbers[STARTED] = Number(started)
  }
  get thread(): { readonly thread: number; readonly started: string } {
    const started = this.#numbers[STARTED]!
    return { thread: this.#numbers[THREAD]!, started: started === 0 ? '' : String(started) }
  }

  /** Entries that the writer has lost of each severity. */
  lost(severity: number): number {
    return this.#numbers[LOST + severity]!
  }

  /** Entries of each severity that the other thread does not know of. */
  own(severity: number): number {
    return this.#numbers[OWN + severity]!
  }

  /** Brings what the writer has counted into counters whose other numbers are this thread's. */
  read(counters: Counters): void {
    const numbers = this.#numbers
    counters.written = numbers[WRITTEN]!
    counters.diverted = numbers[DIVERTED]!
    counters.bytes = numbers[BYTES]!
    counters.rotations = numbers[ROTATIONS]!
    counters.failures = numbers[FAILURES]!
    counters.stdoutLost = numbers[STDOUT_LOST]!
    counters.copiesLost = numbers[COPIES_LOST]!
    counters.bytesMost = Math.max(counters.bytesMost, numbers[BYTES_MOST]!)
    counters.entriesMost = Math.max(counters.entriesMost, numbers[ENTRIES_MOST]!)
    const bytes = Atomics.load(this.words, ERROR_BYTES)
    if (bytes > 0) counters.lastError = this.#error.toString('utf8', 0, bytes)
  }

  /** Typed entries that the writer has found to break their schema. */
  get mismatched(): number {
    return this.#numbers[MISMATCHED]!
  }
}
