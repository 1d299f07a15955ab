// How far a log is shipped, noted in its directory for a logger that holds back what is not
// (`rotation.keep_unshipped`). Nobody who ships reads it: the engine alone says where to go on.
//
// The note is one look behind the acknowledgements: a line may come to its file a moment after one
// with a higher number has come to another file.

import { monotonicMs } from '../entry/clock.ts'
import { visible } from '../entry/visible-text.ts'
import { fileModes } from '../directory/attributes.ts'
import { noteShipped } from '../directory/hold-back.ts'
import { stateOf } from '../directory/lock-files.ts'

/** Between two notes. Milliseconds. */
const noteMs = 1000

/** What a note is about. */
export interface ShippedNoteSettings {
  readonly directory: string
  readonly logId: string
  /** The engine, and the name of the host in it. */
  readonly engine: string
  readonly warn: (text: string) => void
  readonly nowMs?: () => number
}

/** What had been taken at a moment at which nothing else was there. */
interface Taken {
  readonly lsn: number
  readonly seqs: ReadonlyMap<string, number>
}

/** Notes how far one log is shipped. */
export class ShippedNote {
  readonly #settings: ShippedNoteSettings
  readonly #nowMs: () => number
  #taken: Taken | undefined
  /** Acknowledged, and noted at the next look. */
  #shipped: number | undefined
  #noted: number | undefined
  /** The last that was to be noted: where it is not wanted, that is asked once for each. */
  #tried: number | undefined
  #lookedMs = -Infinity
  #isRefused = false

  constructor(settings: ShippedNoteSettings) {
    this.#settings = settings
    this.#nowMs = settings.nowMs ?? monotonicMs
  }

  /**
   * All that was there has been taken, up to this lsn, and of each category up to these numbers.
   *
   * @param confirmed How far the engine has acknowledged a category.
   */
  caughtUp(
    lsn: number,
    seqs: ReadonlyMap<string, number>,
    confirmed: (category: string) => number,
  ): void {
    const now = this.#nowMs()
    if (now - this.#lookedMs < noteMs) return
    this.#taken ??= { lsn, seqs: new Map(seqs) }
    const isThere = [...this.#taken.seqs].every(([category, seq]) => confirmed(category) >= seq)
    if (!isThere) return
    this.#lookedMs = now
    if (this.#shipped !== undefined) this.#note(this.#shipped)
    this.#shipped = this.#taken.lsn
    this.#taken = undefined
  }

  /** Everything has been acknowledged, and nothing more is looked for. */
  end(lsn: number): void {
    this.#note(lsn)
  }

  /** The engine has lost something, or a pass begins: what is known holds no longer. */
  forget(): void {
    this.#taken = undefined
    this.#shipped = undefined
  }

  /** The engine has less than is noted. */
  takeBack(): void {
    this.forget()
    if (this.#noted !== undefined && this.#noted > 0) this.#note(0)
  }

  #note(lsn: number): void {
    const { directory, logId, engine, warn } = this.#settings
    if (lsn === this.#tried) return
    this.#tried = lsn
    try {
      const { checkpoint } = stateOf(directory)
      if (checkpoint?.keep_unshipped !== true || checkpoint.log_id !== logId) return
      noteShipped(
        directory,
        engine,
        { log_id: logId, lsn },
        fileModes[checkpoint.file_mode ?? '0600'],
      )
      this.#noted = lsn
    } catch (error) {
      if (this.#isRefused) return
      this.#isRefused = true
      const { message } = error as Error
      warn(`${directory}: cannot note what is shipped, so that files stay: ${visible(message)}`)
    }
  }
}
