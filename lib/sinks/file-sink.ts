// A file that takes batches: a bridge over rotating-file-stream 3.2.10, which writes them in the thread pool.
// Bare, it acknowledges short writes, is destroyed by its first error, writes on into a deleted file and forgets
// what is queued when the process exits. Therefore:
//
// - One batch is in flight at a time, and a batch counts as written after the stream's callback *and* a look at
//   the file: same inode, grown by as much as was written. What is missing is written again, and only that.
// - Beside the stream we hold a descriptor of our own (O_APPEND). It tells what really is in the file, survives
//   the stream's death, follows the file through renames, serves the synchronous path and fdatasync.
// - A batch is cut at line ends so that no file outgrows the limit. Between two pieces, when the next line does
//   not fit, we put the file aside ourselves (rotation.ts), and the stream is opened anew.
// - A piece that the thread pool has and that does not land within 2 s counts as failed, but it may yet land:
//   until its callback nobody writes to the file, so that nothing is written twice or out of order.
// - Where it is asked for, a batch is acknowledged only when fdatasync has put it on the device, and so is a file
//   before it is put aside. What a failed fdatasync covered is never believed: it is written once more in its
//   place; and if that fails as well, it is taken back and written into the next file.
//
//   closed ──open()──► opening ──'open' + a macrotask──► ready ──write()──► in flight ──callback──► ready
//     ▲                                                    │ full, renamed, removed       │ 'error'
//     └─────────────────── at once ────────────────────────┘                              │
//     └──────────────── back-off 100 ms … 30 s ───────────────────────────────────────────┘
//
// The macrotask: while 'open' is emitted, the stream still holds writes back, and a batch that we believe
// to be in the thread pool would not be there when the process exits.

import { clearTimeout, setImmediate, setTimeout } from '../entry/clock.ts'
import { type Options, type RotatingFileStream, createStream } from 'rotating-file-stream'
import { basename, dirname, join } from 'node:path'
import { fileMode } from '../directory/attributes.ts'
import type { Claim } from '../directory/lock.ts'
import { identityOf, isSameFile } from '../directory/open.ts'
import { AppendFile, fileBytesMax } from './append-file.ts'
import { WriteProgress } from './write-progress.ts'
import { AnswerWatch, answerMsMax, type Patience } from './disk-timeout.ts'
import { Rotation, type RotationOptions } from './rotation.ts'
import type { Sink, SinkEvents } from './sink.ts'

/** A file is tried again after 100 ms, then after twice as long each time, up to 30 s. */
const retryMsMin = 100
const retryMsMax = 30_000
/** Milliseconds without progress after which a piece may have been refused. */
const doubtNaps = 20

export interface FileSinkOptions extends RotationOptions {
  /** A batch counts as written when it is on the device, not only in the operating system. */
  readonly synced: boolean
  /** Our right to the directory. */
  readonly claim: Claim
}

/** A rotating file that takes batches. */
export class FileSink implements Sink {
  readonly #options: FileSinkOptions
  readonly #events: SinkEvents
  readonly #file: AppendFile
  readonly #rotation: Rotation
  #stream: RotatingFileStream | undefined
  #ready = false
  /** The stream has not called back. What it is given meanwhile it would only queue. */
  #writing = false
  /** The stream writes to another file than the one that bears the name: it is opened anew before the next write. */
  #stale = false
  #flight: WriteProgress | undefined
  /** The thread pool is putting the batch on the device. */
  #syncing = false
  /** fdatasync has refused what is written and not synced. */
  #doubtful = false
  #failed = false
  #retryMs = retryMsMin
  #retryTimer: NodeJS.Timeout | undefined
  readonly #answers = new AnswerWatch(
    () => this.#progress(),
    () => this.#stall(),
  )
  /** The thread pool has had something for so long that the disk counts as failed. */
  #stalled = false
  #closed: (() => void) | undefined

  constructor(options: FileSinkOptions, events: SinkEvents) {
    this.#options = options
    this.#events = events
    this.#file = new AppendFile(options.directory, options.name, options.claim)
    this.#rotation = new Rotation(options)
  }

  /** Opens the file. A failure is told through the events, and opening is tried again. */
  open(): void {
    try {
      this.#settle()
      this.#openFile()
      this.#attach()
      this.#stale = false
    } catch (error) {
      this.#fail(error)
    }
  }

  write(batch: Buffer): void {
    this.#flight = new WriteProgress(batch)
    this.#submit()
  }

  writeSync(batch: Buffer, patience: Patience): boolean {
    const flight = this.#flight
    if (flight !== undefined) {
      if (!this.#landed(flight, patience) || !this.#appendSync(flight, patience)) return false
      this.#acknowledge(flight)
    }
    if (batch.length === 0) return true
    const next = new WriteProgress(batch)
    this.#flight = next
    if (!this.#appendSync(next, patience)) return false
    this.#flight = undefined
    this.#works()
    return true
  }

  get landed(): number {
    const flight = this.#flight
    if (flight === undefined) return 0
    try {
      if (!this.#writing) this.#settle()
      else if (flight.isPending) flight.advance(this.#file)
    } catch {
      // Then what is known must do.
    }
    return flight.written
  }

  get isQuiet(): boolean {
    const flight = this.#flight
    if (flight === undefined || this.#syncing) return !this.#syncing
    if (!this.#writing) return true
    try {
      flight.advance(this.#file)
    } catch {
      return false
    }
    return !flight.isPending
  }

  replace(batch: Buffer): void {
    if (this.#flight !== undefined) this.#flight.batch = batch
  }

  revisit(): void {
    if (this.#closed !== undefined || this.#stalled) return
    if (this.#failed || !this.#file.isHeld) this.#reopen()
  }

  close(): Promise<void> {
    clearTimeout(this.#retryTimer)
    this.#answers.end()
    return new Promise((resolve) => {
      this.#closed = () => {
        this.#file.close()
        resolve()
      }
      if (this.#stream === undefined) this.#closed()
      else {
        this.#stream.end()
        if (this.#stalled) resolve()
      }
    })
  }

  /** Has the stream open the file that we hold, whatever bears its name by then. */
  #attach(): void {
    const file = this.#file
    const { ownName, identity } = file
    const release = file.hold()
    const path = ownName ?? join(this.#options.directory, this.#options.name)
    const stream = createStream(basename(path), {
      // Nothing is an option that somebody has put on the prototype of all objects. The stream copies them into an
      // object that has one, so those that would do harm are given.
      __proto__: null,
      path: dirname(path),
      // It appends for ever: putting the file aside is our affair.
      size: `${Number.MAX_SAFE_INTEGER}B`,
      teeToStdout: false,
      mode: fileMode,
    } as Options)
    this.#stream = stream
    let failure: Error | undefined
    stream.on('error', (error) => {
      failure = error
    })
    let isOpen = false
    stream.on('open', () => {
      isOpen = true
      release()
      try {
        const fd = descriptorOf(stream)
        if (fd === undefined ? ownName === undefined : !isSameFile(identityOf(fd), identity)) {
          throw new Error('another file was in its place when it was opened')
        }
        if (file.whereabouts() !== 'ours') this.#stale = true
      } catch (error) {
        stream.destroy(error as Error)
        return
      }
      setImmediate(() => {
        if (this.#stream !== stream || stream.destroyed || stream.writableEnded) return
        this.#ready = true
        // With nothing to write, opening is all that can be known; a full disk shows with the next batch.
        if (this.#flight === undefined) this.#works()
        this.#submit()
      })
    })
    stream.on('close', () => {
      if (!isOpen) release()
      if (this.#stream === stream) this.#streamClosed(failure)
    })
  }

  /** Takes the next step with the batch under way, if it can be taken now. */
  #submit(): void {
    const flight = this.#flight
    const stream = this.#stream
    if (flight === undefined || stream === undefined || !this.#ready) return
    if (this.#writing || this.#syncing) return
    const { batch, written } = flight
    if (flight.isPending) return
    const end = this.#rotation.pieceEnd(batch, written, this.#file.size)
    // The last thing before anything is written or renamed.
    if (!flight.isWhole && !this.#file.isHeld) this.#reopen()
    else if (
      this.#options.synced &&
      flight.synced < written &&
      (end === written || this.#stale || this.#doubtful)
    ) {
      void this.#sync(flight)
    } else if (flight.isWhole) this.#acknowledge(flight)
    else if (this.#stale) this.#reopen()
    else if (end === written) this.#rotate(flight)
    else {
      flight.handed = end
      this.#writing = true
      this.#answers.begin(this.#file.size)
      stream.write(batch.subarray(written, end), (error) => {
        if (this.#stream !== stream) return
        // It will close, in some later turn; for us it has. What is missing is found out when the file is opened anew.
        if (error) return this.#streamClosed(error)
        this.#writing = this.#stalled = false
        try {
          if (this.#flight === flight && !flight.verify(this.#file)) this.#stale = true
        } catch (reason) {
          // It cannot be looked at: how much is in the file is found out when it is opened anew.
          this.#fail(reason)
          return
        }
        this.#submit()
      })
    }
  }

  #streamClosed(failure: Error | undefined): void {
    this.#stream = undefined
    this.#ready = false
    this.#writing = this.#stalled = false
    if (this.#closed !== undefined) this.#closed()
    else if (failure === undefined || this.#isFull(failure)) this.open()
    else this.#fail(failure)
  }

  /** Opens the stream anew: at once, or when it has ended what it is doing. */
  #reopen(): void {
    clearTimeout(this.#retryTimer)
    this.#ready = false
    if (this.#stream === undefined) this.open()
    else if (!this.#stream.writableEnded) this.#stream.end()
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error : new Error(String(error))
    if (this.#failed) this.#events.fault(reason)
    else {
      this.#failed = true
      this.#events.failed(reason)
    }
    clearTimeout(this.#retryTimer)
    if (this.#closed !== undefined || this.#stalled) return
    // It must not keep the process alive: what cannot be written until then is dealt with at the exit.
    this.#retryTimer = setTimeout(() => this.#reopen(), this.#retryMs).unref()
    this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax)
  }

  #acknowledge(flight: WriteProgress): void {
    this.#tellLate(flight)
    this.#flight = undefined
    this.#works()
    this.#events.written()
  }

  #works(): void {
    this.#retryMs = retryMsMin
    if (!this.#failed) return
    this.#failed = false
    // The synchronous path may have found out before the stream's next try.
    if (this.#stream === undefined && this.#closed === undefined) this.#reopen()
    this.#events.recovered()
  }

  // --- a disk that does not answer ---

  /** Bytes in the file, which grow while the disk answers; undefined when nothing is awaited from it. */
  #progress(): number | undefined {
    const flight = this.#flight
    if (flight === undefined || this.#stalled) return undefined
    if (!this.#writing && !this.#syncing) return undefined
    try {
      flight.advance(this.#file)
      return this.#file.size
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  #stall(reason: Error = new Error(`no answer from the disk for ${answerMsMax / 1000} s`)): void {
    this.#stalled = true
    this.#fail(reason)
  }

  // --- the synchronous path ---

  /** Waits for the piece in the thread pool; false when that makes no progress. */
  #landed(flight: WriteProgress, patience: Patience): boolean {
    try {
      if (!this.#writing) this.#settle()
      for (let naps = 0; flight.isPending; naps++) {
        // Before the look at the file: what has landed in between has had its space.
        const refusal = naps < doubtNaps ? undefined : this.#file.refusal(flight.pending)
        if (flight.advance(this.#file)) patience.answered()
        else if (this.#stalled) return false
        else if (refusal !== undefined && this.#isFull(refusal)) return true
        else if (refusal !== undefined || !patience.nap()) {
          this.#stall(refusal)
          return false
        }
      }
      return true
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  /** Appends what is missing of a batch through our own descriptor; false when that fails. */
  #appendSync(flight: WriteProgress, patience: Patience): boolean {
    try {
      if (patience.isOver) throw new Error('no time is left to write')
      const { isOpen } = this.#file
      if (!isOpen || !this.#file.isHeld || this.#file.whereabouts() !== 'ours') {
        if (isOpen && !this.#syncNow(flight, patience)) return false
        this.#settle(flight)
        this.#openFile(flight)
        this.#stale = true
      }
      while (!flight.isWhole) {
        const end = this.#rotation.pieceEnd(flight.batch, flight.written, this.#file.size)
        if (end > flight.written) this.#append(flight, end, patience)
        else if (this.#syncNow(flight, patience)) this.#putAside(flight)
        else return false
        patience.answered()
      }
      return this.#syncNow(flight, patience)
    } catch (error) {
      this.#fail(error)
      return false
    }
  }

  #append(flight: WriteProgress, end: number, patience: Patience): void {
    try {
      patience.spend(() => flight.append(this.#file, end))
    } catch (error) {
      if (!this.#isFull(error, flight)) throw error
    }
  }

  // --- the device ---

  async #sync(flight: WriteProgress): Promise<void> {
    const { written } = flight
    this.#syncing = true
    this.#answers.begin(this.#file.size)
    try {
      if (this.#doubtful) await this.#file.rewrite(flight.batch.subarray(flight.synced, written))
      else await this.#file.sync()
    } catch (error) {
      this.#syncing = this.#stalled = false
      // What the device refuses twice goes into the next file, and leaves this one.
      if (this.#doubtful) {
        flight.takeBack(this.#file)
        this.#rotation.demand()
      }
      this.#doubtful = !this.#doubtful
      this.#fail(error)
      return
    }
    this.#syncing = this.#stalled = this.#doubtful = false
    flight.synced = written
    this.#submit()
  }

  /** Puts on the device what the synchronous path has written. */
  #syncNow(flight: WriteProgress, patience: Patience): boolean {
    if (!this.#options.synced || flight.synced === flight.written) return true
    // At the end of the process nobody waits for more than that it is in the file.
    if (this.#doubtful || this.#stalled) return patience.isLast
    try {
      patience.spend(() => this.#file.syncNow())
    } catch (error) {
      this.#doubtful = true
      this.#fail(error)
      return patience.isLast
    }
    flight.synced = flight.written
    return true
  }

  // --- the file ---

  /**
   * Whether an error means that the system lets the file grow no further (EFBIG), and it can be put aside: then that
   * is what happens next. Not with a file that holds nothing: a line longer than any file stays a failure.
   */
  #isFull(error: unknown, flight: WriteProgress | undefined = this.#flight): boolean {
    if ((error as NodeJS.ErrnoException).code !== 'EFBIG') return false
    flight?.settle(this.#file)
    const { size } = this.#file
    flight?.takeBackLine(this.#file)
    if (this.#file.size === 0 || this.#rotation.isResting) return false
    this.#rotation.lower(size)
    this.#rotation.demand()
    return true
  }

  #rotate(flight: WriteProgress): void {
    try {
      this.#putAside(flight)
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#submit()
  }

  /** Puts the file aside and opens the next; one that cannot be renamed is written on. */
  #putAside(flight: WriteProgress): void {
    const isOurs = this.#file.whereabouts() === 'ours'
    try {
      if (isOurs && !this.#rotation.run()) return
    } catch (error) {
      this.#events.fault(error as Error)
      return
    }
    this.#openFile(flight)
    this.#stale = true
    if (isOurs) this.#events.rotated()
  }

  /** Finds out what of a batch is in the file, when nothing of it is with the thread pool any more. */
  #settle(flight: WriteProgress | undefined = this.#flight): void {
    if (flight === undefined) return
    const { isContested } = this.#file
    flight.settle(this.#file)
    this.#tellLate(flight)
    // Another writer may have put the file aside: then this is the last moment at which we can.
    if (!isContested || !this.#options.synced || flight.synced === flight.written) return
    try {
      this.#file.syncNow()
      flight.synced = flight.written
    } catch {
      // What is not on the device is written once more, if the file has been put aside.
    }
  }

  #tellLate(flight: WriteProgress): void {
    if (flight.late > 0) this.#events.late(flight.late, false)
    if (flight.takenBack > 0) this.#events.late(flight.takenBack, true)
    flight.late = flight.takenBack = 0
  }

  /** Opens the file that bears the name now, for the descriptor, when the directory is ours. */
  #openFile(flight: WriteProgress | undefined = this.#flight): void {
    this.#options.claim.hold()
    const { isOther, tornBytes, isFull, refusal } = this.#file.open(flight?.inLine ?? false)
    if (isOther) {
      this.#rotation.lower(fileBytesMax())
      flight?.moveOn(this.#options.synced)
      this.#doubtful = false
    }
    if (tornBytes > 0) this.#events.torn(tornBytes)
    if (refusal !== undefined) this.#events.refused(refusal)
    // Its last line could not be ended, so nothing may follow it there.
    if (!isFull || !this.#rotation.run()) return
    this.#openFile(flight)
    this.#events.rotated()
  }
}

/**
 * The descriptor of a stream that is open; `undefined` when it does not say. rotating-file-stream 3.2.10 keeps it
 * in `file`, which is no part of what it documents: so it is only looked at, and only to make sure.
 */
function descriptorOf(stream: RotatingFileStream): number | undefined {
  const file: unknown = Reflect.get(stream, 'file')
  const fd: unknown =
    typeof file === 'object' && file !== null ? Reflect.get(file, 'fd') : undefined
  return typeof fd === 'number' ? fd : undefined
}
