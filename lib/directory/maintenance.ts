// A logger's care for its directory: that no other writer is there, that the next start knows where
// the numbers have come to, and that rotated files are compressed and deleted in time.
//
// All of it happens beside the writing. What fails is counted, reported once, and tried again; a
// line of the log never waits for it. Names are changed within single turns of the event loop, as
// rotations are, so that neither sees the other half done.

import {
  napSync,
  sleep,
  clearInterval,
  setInterval,
  clearTimeout,
  setImmediate,
  setTimeout,
  monotonicMs,
  wallMs,
} from '../entry/clock.ts'
import { type FSWatcher, readdirSync, rmSync, watch } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type FileModeName, type OnRefusal, fileModes } from './attributes.ts'
import { type CleanReport, cleanDirectory } from './clean-directory.ts'
import {
  type Checkpoint,
  type LastNumbers,
  type Stretch,
  captureCheckpoint,
  stretchesMax,
} from './checkpoint.ts'
import { LockedError } from '../errors.ts'
import { type Claim, DirectoryLock } from './lock.ts'
import { unshippedIn } from './hold-back.ts'
import { baseOfTemporary } from './names.ts'
import { dayMs } from './retention.ts'
import { TrustedTime, heldBack, lastChange } from './trusted-time.ts'

/**
 * What could not be done is tried again after 5 minutes; a disk that is full seldom is no longer so
 * sooner.
 */
const retryMs = 300_000
/** Time between two looks whether a day has passed, in milliseconds. */
const hourMs = 3_600_000
/**
 * Least time between two looks whether a file is too old, and before the first one, in which files
 * are opened, in milliseconds.
 */
const agesMsMin = 100
/** How long close() waits for the end of what is under way, in milliseconds. */
const endMsMax = 2_000
/** Time between two looks at a directory that another writer holds, in milliseconds. */
const lookMs = 500
/** The same while an end waits for it. */
const turnMs = 100

/** What a maintenance is made of. The limits may change: then `reconfigured` is called. */
export interface MaintenanceOptions {
  readonly directory: string
  /** The names of the live files. */
  readonly bases: readonly string[]
  /** Mode of the files. */
  readonly fileMode: FileModeName
  /** Rotated files kept of each. */
  readonly maxFiles: number
  readonly retentionDays: number
  readonly compress: boolean
  /** What all files may come to, in bytes; `undefined`: any number. */
  readonly totalBytes: number | undefined
  /** Files that are not shipped stay beyond `maxFiles`. */
  readonly keepUnshipped: boolean
  /**
   * Puts files aside whose first entry is too old; says in how many milliseconds to look again.
   */
  readonly putAsideOld: () => number
  /** Rotated files have been deleted because all together were too large. */
  readonly madeRoom: (names: readonly string[], bytes: number) => void
  /** Files have been deleted that were to be kept, as they were not shipped. */
  readonly lostUnshipped: (names: readonly string[]) => void
  /** The numbers of what is in the files; at the end, of what was accepted. */
  readonly numbers: (isEnd: boolean) => LastNumbers
  /** Numbers below which entries of ours come late, since the directory was another's; once. */
  readonly takeLate: () => Stretch | undefined
  /** Throws while something written in an earlier tenure may still be on its way. */
  readonly beforeTaking: () => void
  /**
   * Has the numbers go on where the files end, with what the last writer has left. May be called
   * twice.
   */
  readonly goOn: (checkpoint: Checkpoint | undefined) => void
  /** The system refuses the directory or a file in it what it can do without. */
  readonly refused: OnRefusal
  /** The directory is ours, and this is the identity of its log. */
  readonly identified?: ((logId: string) => void) | undefined
  /** The directory has been let go of for good. */
  readonly ended?: (() => void) | undefined
  /** The directory has become ours, or another's, in a turn before this one. */
  readonly changed: () => void
  /** Another writer has had the directory for as long as is waited for it. */
  readonly waitOver: (error: Error) => void
  /**
   * How long is waited for a directory that another writer has when the logger is made, in
   * milliseconds.
   */
  readonly waitMs: number
  /** Prints a remark on stderr. */
  readonly tell: (remark: string) => void
  /**
   * Called when a rotated file could not be compressed or deleted. `again`: the run before failed
   * too, so it has been reported.
   */
  readonly failed: (error: Error, again: boolean) => void
}

/** The wait for a directory that another writer has. */
interface Turn {
  readonly looks: NodeJS.Timeout
  readonly since: number
  watcher?: FSWatcher
  /** Runs as long as it is waited for; afterwards the files have failed. */
  patience?: NodeJS.Timeout | undefined
}

/** What a logger does for its directory. */
export class Maintenance implements Claim {
  readonly #options: MaintenanceOptions
  readonly #lock: DirectoryLock
  readonly #ending = new AbortController()
  #cleaning: Promise<void> | undefined
  #again = false
  /** The last cleaning has failed, and that has been reported. */
  #isFailing = false
  #daily: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  /** Runs until a file may be too old. */
  #ages: NodeJS.Timeout | undefined
  #time = new TrustedTime(undefined, undefined)
  #isDoubtTold = false
  #broken: readonly Stretch[] = []
  #late: readonly Stretch[] = []
  #logId: string | undefined
  /** While another writer has the directory. */
  #turn: Turn | undefined

  constructor(options: MaintenanceOptions) {
    const { directory, fileMode, beforeTaking, tell, refused } = options
    this.#options = options
    this.#lock = new DirectoryLock({
      directory,
      fileMode: fileModes[fileMode],
      beforeTaking,
      remark: tell,
      refused,
      goOn: options.goOn,
      taken: (checkpoint) => {
        this.#endTurn()
        this.#logId = checkpoint?.log_id ?? this.#logId ?? randomBytes(16).toString('hex')
        this.#noteStretches(checkpoint)
        this.#lookAtTime(checkpoint)
        this.#save()
        options.identified?.(this.#logId)
        this.#begin()
        this.#announce()
      },
      lost: () => this.#announce(),
    })
  }

  /**
   * Makes the directory if it is not there, and takes its lock. Where another writer has it, the
   * lock is taken as soon as that one has let go.
   *
   * @throws {LockedError} when another writer has it. The system's error when that cannot be known.
   */
  hold(): void {
    try {
      this.#lock.hold()
    } catch (error) {
      if (error instanceof LockedError) this.#wait(error)
      throw error
    }
  }

  /** Whether the holder that keeps us out has given a sign not long ago, by two wall clocks. */
  get holderSeemsAlive(): boolean {
    return this.#lock.holderSeemsAlive
  }

  get tenure(): number {
    return this.#lock.tenure
  }

  check(): boolean {
    return this.#lock.check()
  }

  checkAfter(): boolean {
    return this.#lock.checkAfter()
  }

  boundOf(inode: bigint): number {
    return this.#lock.boundOf(inode)
  }

  /** Whether another writer has the directory. */
  get isWaiting(): boolean {
    return this.#turn !== undefined
  }

  /** Whether the directory is waited for, and its files have not failed because of that. */
  get isPatient(): boolean {
    return this.#turn?.patience !== undefined
  }

  /**
   * Waits for the directory at the end: as long as is waited for it in any case, and until it is
   * known whether its holder lives. An end must not cost what waits only because the last writer
   * was killed a moment ago.
   */
  async awaitTurn(): Promise<void> {
    while (this.#mayTakeSoon(this.isPatient)) await sleep(turnMs)
  }

  /**
   * The same at the end of the process: blocks. A live holder may be ending, too: it is waited for
   * as long as the end has time. So is a thread of this very process, also where it is not to be
   * seen that it lives: it hangs, and will not be heard of any more.
   *
   * @param nap Blocks for some milliseconds; false when there is no time for it.
   */
  awaitTurnSync(nap: (ms: number) => boolean): void {
    let hasTime = this.isPatient
    while (this.#mayTakeSoon(hasTime)) {
      hasTime &&= nap(turnMs)
      if (hasTime) continue
      if (this.#lock.isHolderOurs) return
      napSync(turnMs)
    }
  }

  /** A file has been rotated: there is something to compress, and something to delete. */
  rotated(): void {
    this.#save()
    this.#clean()
  }

  /** The time as far as it is believed, in milliseconds since 1970. */
  now(): number {
    return this.#time.now()
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
    this.#lock.release(this.#checkpoint(true))
    this.#options.ended?.()
  }

  /** The same, at once: the process ends. */
  exit(): void {
    this.#end()
    if (this.#cleaning !== undefined && this.check()) this.#removeTemporaries()
    this.#lock.release(this.#checkpoint(true))
    this.#options.ended?.()
  }

  /** Whether the directory is still another's and is worth another look. */
  #mayTakeSoon(isPatient: boolean): boolean {
    if (!this.isWaiting) return false
    try {
      this.#lock.hold()
    } catch (error) {
      return error instanceof LockedError && (isPatient || this.#lock.mayBeDead)
    }
    return false
  }

  /** Waits for its turn: looks when something happens to a lock, and every now and then. */
  #wait(error: LockedError): void {
    if (this.#turn !== undefined || this.#ending.signal.aborted) return
    const { directory, waitMs, waitOver, tell } = this.#options
    const look = (): void => {
      try {
        this.#lock.hold()
      } catch {
        // The file that wants to write reports what it is.
      }
    }
    const turn: Turn = { looks: setInterval(look, lookMs).unref(), since: monotonicMs() }
    try {
      turn.watcher = watch(directory, { persistent: false }, (_, name) => {
        if (name?.endsWith('.lock') === true) look()
      })
      turn.watcher.on('error', () => {
        // The looks must do.
      })
    } catch {
      // The same: the system cannot watch, or no more.
    }
    // One that had the directory and has lost it has failed at once: it did write, and a person has
    // to know.
    if (waitMs > 0 && !this.#lock.wasHeld) {
      turn.patience = setTimeout(() => {
        turn.patience = undefined
        waitOver(error)
      }, waitMs).unref()
      tell(`${error.message}; it is waited for up to ${waitMs / 1000} s, entries wait in memory`)
    }
    this.#turn = turn
    this.#announce()
  }

  #stopLooking(): void {
    clearInterval(this.#turn?.looks)
    clearTimeout(this.#turn?.patience)
    this.#turn?.watcher?.close()
  }

  #endTurn(): void {
    const turn = this.#turn
    if (turn === undefined) return
    this.#stopLooking()
    this.#turn = undefined
    if (turn.patience === undefined) return
    const seconds = Math.round((monotonicMs() - turn.since) / 100) / 10
    this.#options.tell(`has ${this.#options.directory} to itself now, after ${seconds} s`)
  }

  /** Calls `changed` in a later turn: it opens files, and may be in the middle of that now. */
  #announce(): void {
    setImmediate(() => {
      if (!this.#ending.signal.aborted) this.#options.changed()
    })
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
    this.#watchAges(0)
    this.#clean()
  }

  /** Options have changed: what they ask for is done now, not when the day is over. */
  reconfigured(): void {
    if (this.#daily === undefined) return
    this.#watchAges(0)
    this.#clean()
  }

  /** @param inMs When somebody looks; never, where no file is ever too old. */
  #watchAges(inMs: number): void {
    clearTimeout(this.#ages)
    if (inMs === Infinity) return
    // A timer does not run while the machine sleeps, and the clock may be set.
    const look = (): void => this.#watchAges(this.#options.putAsideOld())
    this.#ages = setTimeout(look, Math.min(Math.max(inMs, agesMsMin), hourMs)).unref()
  }

  /**
   * Where the last writer was killed, what it had not written is missing among the numbers; where
   * we were kept from writing, some come late.
   */
  #noteStretches(checkpoint: Checkpoint | undefined): void {
    const { settled, ended, broken = [], late = [] } = checkpoint ?? {}
    const { lsn = 0 } = this.#options.numbers(false)
    const isKilled = settled !== undefined && ended !== true && lsn > settled
    this.#broken = isKilled ? [...broken, [settled + 1, lsn] as const].slice(-stretchesMax) : broken
    const ours = this.#options.takeLate()
    this.#late = ours === undefined ? late : [...late, ours].slice(-stretchesMax)
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
    this.#stopLooking()
    clearInterval(this.#daily)
    clearTimeout(this.#retry)
    clearTimeout(this.#ages)
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
    const { directory, fileMode, maxFiles, totalBytes, retentionDays, compress, refused } =
      this.#options
    const { keepUnshipped } = this.#options
    const retentionMs = retentionDays * dayMs
    const bases = this.#bases
    if (!this.check()) return []
    try {
      const { deleted, failed } = await cleanDirectory({
        directory,
        bases,
        limits: {
          keep: maxFiles,
          totalBytes,
          retentionMs,
          now: this.#time.now(),
          isUnshipped: keepUnshipped ? unshippedIn(directory, this.#logId) : undefined,
        },
        leftovers: true,
        onlyOwn: true,
        fileMode: fileModes[fileMode],
        refused,
        compress,
        dryRun: false,
        background: true,
        signal: this.#ending.signal,
        mayRename: () => this.check(),
      })
      const gone = deleted.filter(({ reason }) => reason === 'total')
      if (gone.length > 0) {
        const bytes = gone.reduce((sum, each) => sum + each.bytes, 0)
        this.#options.madeRoom(
          gone.map(({ file }) => file),
          bytes,
        )
      }
      const lost = deleted.filter(({ unshipped }) => unshipped === true)
      if (lost.length > 0) this.#options.lostUnshipped(lost.map(({ file }) => file))
      this.#tellDoubt(heldBack(directory, bases, retentionMs, this.#time))
      this.#save()
      return failed
    } catch (error) {
      return [{ file: directory, reason: error instanceof Error ? error.message : String(error) }]
    }
  }

  /** Reported once: it lasts a day. */
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

  #checkpoint(isEnd: boolean): Checkpoint {
    const { directory, bases, fileMode, maxFiles, totalBytes, compress, numbers } = this.#options
    const { keepUnshipped } = this.#options
    return captureCheckpoint(
      directory,
      bases,
      {
        max_files: maxFiles,
        compress,
        file_mode: fileMode,
        total_bytes: totalBytes,
        ...(keepUnshipped && { keep_unshipped: true }),
        ...numbers(isEnd),
        broken: this.#broken,
        late: this.#late,
        log_id: this.#logId,
        time: this.#time.record,
      },
      this.#lock.checkpoint,
    )
  }

  #save(): void {
    try {
      this.#lock.save(this.#checkpoint(false))
    } catch (error) {
      // The disk has failed: the next start reads more, that is all.
      this.#options.failed(error as Error, true)
    }
  }
}
