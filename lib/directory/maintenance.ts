// A logger's care for its directory: that no other writer is there, that the next start knows where the numbers
// have come to, and that rotated files are compressed and deleted in time.
//
// All of it happens beside the writing. What fails is counted, told once, and tried again; a line of the log never
// waits for it. Names are changed within single turns of the event loop, as rotations are, so that neither sees
// the other half done.

import {
  sleep,
  clearInterval,
  setInterval,
  clearTimeout,
  setImmediate,
  setTimeout,
  monotonicMs,
  wallMs,
} from '../entry/clock.ts'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { OnRefusal } from './attributes.ts'
import { type CleanReport, cleanDirectory } from './clean.ts'
import { type Checkpoint, captureCheckpoint } from './checkpoint.ts'
import { DirectoryLock } from './lock.ts'
import { baseOfTemporary } from './names.ts'
import { dayMs } from './retention.ts'
import { TrustedTime, heldBack, lastChange } from './trusted-time.ts'

/** What could not be done is tried again after 5 minutes; a disk that is full seldom is no longer so sooner. */
const retryMs = 300_000
/** Time between two looks whether a day has passed, in milliseconds. */
const hourMs = 3_600_000
/** How long close() waits for the end of what is under way, in milliseconds. */
const endMsMax = 2_000

export interface MaintenanceOptions {
  readonly directory: string
  /** The names of the live files. */
  readonly bases: readonly string[]
  /** Rotated files kept of each. */
  readonly maxFiles: number
  readonly retentionDays: number
  readonly compress: boolean
  /** The number of the last entry accepted, of each category. */
  readonly numbers: () => { readonly [category: string]: number }
  /** The directory is ours now, and this is what the last writer has left. */
  readonly taken: (checkpoint: Checkpoint | undefined) => void
  /** The system refuses the directory or a file in it what it can do without. */
  readonly refused: OnRefusal
  /** A rotated file could not be compressed or deleted; again, when it was so the last time. */
  readonly failed: (error: Error, again: boolean) => void
}

/** What a logger does for its directory. */
export class Maintenance {
  readonly #options: MaintenanceOptions
  readonly #lock: DirectoryLock
  readonly #ending = new AbortController()
  #cleaning: Promise<void> | undefined
  #again = false
  /** The last cleaning has failed, and that has been told. */
  #isFailing = false
  #daily: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #time = new TrustedTime(undefined, undefined)
  #isDoubtTold = false

  constructor(options: MaintenanceOptions) {
    this.#options = options
    const taken = (checkpoint: Checkpoint | undefined): void => {
      options.taken(checkpoint)
      this.#lookAtTime(checkpoint)
      this.#save()
      this.#begin()
    }
    this.#lock = new DirectoryLock(options.directory, taken, options.refused)
  }

  /**
   * Makes the directory if it is not there, and makes sure that nobody else writes to it.
   *
   * @throws {LockedError} when somebody does. The system's error when that cannot be known.
   */
  hold(): void {
    this.#lock.hold()
  }

  /** A file has been rotated: there is something to compress, and something to delete. */
  rotated(): void {
    this.#save()
    this.#clean()
  }

  /** Ends all work; a compression under way is given up, and begins again with the next start. */
  async close(): Promise<void> {
    this.#end()
    const patience = new AbortController()
    const { signal } = patience
    // A disk that hangs is not waited for.
    const late = sleep(endMsMax, undefined, { signal }).catch(() => {})
    await Promise.race([this.#cleaning, late])
    patience.abort()
    this.#lock.release(this.#checkpoint())
  }

  /** The same, at once: the process ends. */
  exit(): void {
    this.#end()
    if (this.#cleaning !== undefined) this.#removeTemporaries()
    this.#lock.release(this.#checkpoint())
  }

  #begin(): void {
    clearInterval(this.#daily)
    let [wall, monotonic] = [wallMs(), monotonicMs()]
    // A timer of a day would not run while the machine sleeps.
    this.#daily = setInterval(() => {
      const isDue = wallMs() - wall >= dayMs || monotonicMs() - monotonic >= dayMs
      if (!isDue) return
      ;[wall, monotonic] = [wallMs(), monotonicMs()]
      this.#clean()
    }, hourMs).unref()
    this.#clean()
  }

  /** Before anything is written: the files tell when the clock was looked at last. */
  #lookAtTime(checkpoint: Checkpoint | undefined): void {
    let last: number | undefined
    try {
      last = lastChange(this.#options.directory, this.#bases)
    } catch {
      // It cannot be read: then the record must do, or the clock.
    }
    this.#time = new TrustedTime(checkpoint?.time, last)
    this.#time.now()
  }

  #end(): void {
    this.#ending.abort()
    clearInterval(this.#daily)
    clearTimeout(this.#retry)
  }

  /** Cleans in a later turn, or once more when that is being done. */
  #clean(): void {
    if (this.#ending.signal.aborted) return
    this.#again = true
    this.#cleaning ??= this.#cleanAll()
  }

  async #cleanAll(): Promise<void> {
    clearTimeout(this.#retry)
    while (this.#again && !this.#ending.signal.aborted) {
      this.#again = false
      // Whoever has rotated a file, or is about to open it, goes on first.
      await new Promise(setImmediate)
      const failed = await this.#cleanOnce()
      for (const { file, reason } of failed) {
        this.#options.failed(new Error(`cannot clean up ${file}: ${reason}`), this.#isFailing)
        this.#isFailing = true
      }
      if (failed.length === 0) this.#isFailing = false
      if (failed.length > 0 && !this.#ending.signal.aborted) {
        this.#retry = setTimeout(() => this.#clean(), retryMs).unref()
      }
    }
    this.#cleaning = undefined
  }

  async #cleanOnce(): Promise<CleanReport['failed']> {
    const { directory, maxFiles, retentionDays, compress, refused } = this.#options
    const retentionMs = retentionDays * dayMs
    const bases = this.#bases
    try {
      const { failed } = await cleanDirectory({
        directory,
        bases,
        limits: { keep: maxFiles, retentionMs, now: this.#time.now() },
        leftovers: true,
        onlyOwn: true,
        refused,
        compress,
        dryRun: false,
        background: true,
        signal: this.#ending.signal,
        mayRename: () => this.#lock.isHeld,
      })
      this.#tellDoubt(heldBack(directory, bases, retentionMs, this.#time))
      this.#save()
      return failed
    } catch (error) {
      return [{ file: directory, reason: error instanceof Error ? error.message : String(error) }]
    }
  }

  /** Told once: it lasts a day. */
  #tellDoubt([first]: CleanReport['failed']): void {
    if (first === undefined || this.#isDoubtTold) return
    this.#isDoubtTold = true
    this.#options.failed(new Error(`${first.file}: ${first.reason}`), false)
  }

  #removeTemporaries(): void {
    const { directory } = this.#options
    for (const name of readdirSync(directory)) {
      const base = baseOfTemporary(name)
      if (base !== undefined && this.#bases.has(base))
        rmSync(join(directory, name), { force: true })
    }
  }

  /** Also files that an earlier configuration wrote: they grow old as well. */
  get #bases(): ReadonlySet<string> {
    return new Set([...this.#options.bases, ...Object.keys(this.#lock.checkpoint?.files ?? {})])
  }

  #checkpoint(): Checkpoint {
    const { directory, bases, maxFiles, compress, numbers } = this.#options
    return captureCheckpoint(
      directory,
      bases,
      { max_files: maxFiles, compress, seq: numbers(), time: this.#time.record },
      this.#lock.checkpoint,
    )
  }

  #save(): void {
    try {
      this.#lock.save(this.#checkpoint())
    } catch (error) {
      // The disk has failed: the next start reads more, that is all.
      this.#options.failed(error as Error, true)
    }
  }
}
