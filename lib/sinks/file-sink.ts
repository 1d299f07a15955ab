// A file that takes batches: a bridge over rotating-file-stream 3.2.10, which writes them in the
// thread pool. Bare, it acknowledges short writes, is destroyed by its first error, writes on into
// a deleted file and forgets what is queued when the process exits. Therefore:
//
// - One batch is in flight at a time. It counts as written after the stream's callback *and* a look
//   at the file: same inode, grown by as much as was written. What is missing is written again, and
//   only that.
// - Beside the stream we hold a descriptor of our own (append-file.ts). It tells what really is in
//   the file, survives the stream's death, follows the file through renames, serves the synchronous
//   path and fdatasync.
// - A batch is cut at line ends so that no file outgrows the limit. Between two pieces, when the
//   next line does not fit, we put the file aside ourselves (rotation.ts), and the stream is opened
//   anew.
// - A piece that the thread pool has and that does not land within 2 s counts as failed, but it may
//   yet land: until its callback nobody writes to the file, so that nothing is written twice or out
//   of order.
// - Where it is asked for, a batch is acknowledged only when fdatasync has put it on the device,
//   and so is a file before it is put aside. What a failed fdatasync covered is never believed: it
//   is written once more in its place; and if that fails as well, it is taken back and written into
//   the next file.
//
// The states, and the functions that lead from one to the next:
//
//                              ┌──────────────────────────► writing ─┐
//   closed ──► opening ──► ready ◄───────────────────────────────────┤
//              ▲     ▲      │  └──────────────────────────► syncing ─┘
//              │     │      ├──► reopening ──┐
//              │     └──────┼────────────────┘
//              └─ waiting ◄─┘                     ended: from everywhere
//
//   open                          closed → opening; it opens a stream
//   #opened                       opening → ready
//   #writePiece, #pieceWritten    ready → writing → ready
//   #sync, #pieceSynced           ready → syncing → ready; or #syncRefused, with #fail
//   putAsideOld                   ready → reopening, when nobody writes to a file that is too old
//   #reopen                       ready, waiting → reopening; without a stream at once → opening
//   #streamEnded                  reopening → opening; with an error, from everywhere, with #fail
//   #fail                         closed, ready → waiting; from there #reopen, 100 ms … 30 s later
//   #works                        waiting → ready, opening: the synchronous path has written
//   close                         any → ended
//
// What holds in each of them:
//
//   closed     not opened yet: no stream, and nothing with the thread pool
//   opening    a stream is being opened, on the file that we hold, or held then
//   ready      the stream is open and idle; nothing of the batch is with the thread pool
//   writing    the stream has flight[written, handed), or a piece that the synchronous path
//              has seen land since
//   syncing    the thread pool is putting flight[synced, written) on the device; the stream idles
//   reopening  the stream has been told to end, when it has done what it is doing
//   waiting    it has failed, and a timer is set; the stream is idle, or gone
//   ended      nothing is begun any more; the thread pool may still have something
//
// Beside the state there are four facts:
//
//   failed     it has reported that it cannot write, and not yet that it can
//   silent     what the state waits for has not come for 2 s; it may come yet, and leads on as
//              it would have
//   stale      the stream has another file than the one that we hold: it is opened anew before
//              the next piece
//   doubtful   an fdatasync has refused flight[synced, written): the next one writes it once
//              more first
//
// The synchronous path leaves the thread pool what it has. It writes through our own descriptor, in
// whatever state, once nothing of the batch is with the stream any more, and leaves the stream
// stale when it has opened a file.

import { join } from 'node:path'
import type { Refusal } from '../directory/attributes.ts'
import type { Claim } from '../directory/lock.ts'
import { isSameFile } from '../directory/open.ts'
import { clearTimeout, setTimeout } from '../entry/clock.ts'
import { AppendFile, fileBytesMax } from './append-file.ts'
import { AnswerWatch, answerMsMax, type Patience } from './disk-timeout.ts'
import { FileAge, type FileAgeOptions } from './file-age.ts'
import { FileStream } from './file-stream.ts'
import { Rotation, type RotationOptions } from './rotation.ts'
import type { Sink, SinkEvents } from './sink.ts'
import { WriteProgress } from './write-progress.ts'

/** A file is tried again after 100 ms, then after twice as long each time, up to 30 s. */
const retryMsMin = 100
const retryMsMax = 30_000
/**
 * When a file that is too old is looked at again, if it could not be put aside, in milliseconds.
 */
const busyMs = 1_000
/** Milliseconds without progress after which a piece may have been refused. */
const doubtNaps = 20

export interface FileSinkOptions extends RotationOptions {
  /**
   * A batch counts as written when it is on the device, not only in the operating system. It may
   * change, and holds for the batches that are handed over from then on.
   */
  readonly synced: boolean
  /** Has a file put aside that is too old. @default none ever is */
  readonly age?: FileAgeOptions | undefined
  /** Mode of the file. @default 0o600 */
  readonly fileMode?: number
  /** Our right to the directory. */
  readonly claim: Claim
}

/** See the drawing above. */
export type FileSinkState =
  'closed' | 'opening' | 'ready' | 'writing' | 'syncing' | 'reopening' | 'waiting' | 'ended'

/** A rotating file that takes batches. */
export class FileSink implements Sink {
  readonly #options: FileSinkOptions
  readonly #events: SinkEvents
  readonly #file: AppendFile
  readonly #rotation: Rotation
  readonly #age: FileAge | undefined
  readonly #answers: AnswerWatch
  /** As it was when the batch under way was handed over. */
  #isSynced = false
  #state: FileSinkState = 'closed'
  #failed = false
  #silent = false
  #stale = false
  #doubtful = false
  #stream: FileStream | undefined
  /** The batch that is not acknowledged. */
  #flight: WriteProgress | undefined
  /** What the thread pool does to put it on the device. */
  #syncing: Promise<void> | undefined
  #retryMs = retryMsMin
  #retryTimer: NodeJS.Timeout | undefined
  /** Called when the stream has ended, after the end of the sink. */
  #released: (() => void) | undefined

  constructor(options: FileSinkOptions, events: SinkEvents) {
    this.#options = options
    this.#events = events
    const { directory, name, claim, fileMode } = options
    this.#file = new AppendFile(directory, name, claim, fileMode)
    this.#rotation = new Rotation(options)
    this.#age = options.age === undefined ? undefined : new FileAge(options.age)
    this.#answers = new AnswerWatch(
      () => this.#progress(),
      () => this.#hang(),
    )
  }

  /** Opens the file. A failure is reported through the events, and opening is tried again. */
  open(): void {
    const { directory, name } = this.#options
    this.#enter('closed')
    try {
      this.#settle()
      this.#openFile()
      this.#stream = new FileStream(this.#file, join(directory, name), {
        opened: () => this.#opened(),
        ended: (error) => this.#streamEnded(error),
      })
      this.#stale = false
      this.#await('opening')
    } catch (error) {
      this.#fail(error)
    }
  }

  write(batch: Buffer): void {
    this.#isSynced = this.#options.synced
    this.#flight = new WriteProgress(batch)
    // Nobody watches what nobody waits for.
    if (this.#isAwaiting) this.#answers.begin(this.#file.size)
    this.#step()
  }

  writeSync(batch: Buffer, patience: Patience): boolean {
    const flight = this.#flight
    if (flight !== undefined) {
      if (!this.#landed(flight, patience) || !this.#appendSync(flight, patience)) return false
      this.#acknowledge(flight)
    }
    if (batch.length === 0) return true
    this.#isSynced = this.#options.synced
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
      if (this.#state !== 'writing') this.#settle()
      else flight.advance(this.#file)
    } catch {
      // Then what is known must do.
    }
    return flight.written
  }

  get isQuiet(): boolean {
    if (this.#syncing !== undefined) return false
    const flight = this.#flight
    if (flight === undefined || this.#state !== 'writing') return true
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
    // What is awaited leads on by itself, and looks then.
    if (this.#state !== 'ready' && this.#state !== 'waiting') return
    if (this.#failed || !this.#file.isHeld) this.#reopen()
  }

  putAsideOld(): number {
    const age = this.#age
    if (age === undefined || this.#state === 'ended') return Infinity
    if (!this.#file.isOpen) return busyMs
    try {
      if (this.#flight === undefined) this.#file.look()
      const dueMs = age.dueInMs(this.#file)
      if (dueMs > 0) return dueMs
      // With a batch in flight, before the next piece of it.
      if (this.#state !== 'ready' || this.#flight !== undefined) this.#rotation.demand()
      else if (!this.#file.isHeld) this.#reopen()
      else if (!this.#rotation.isResting) {
        this.#putAside(undefined)
        // The stream would keep the file that was put aside.
        if (this.#stale) this.#reopen()
      }
    } catch (error) {
      this.#fail(error)
    }
    return busyMs
  }

  async close(): Promise<void> {
    const isSilent = this.#silent
    const syncing = this.#syncing
    this.#enter('ended')
    this.#answers.end()
    const released = new Promise<void>((resolve) => {
      this.#released = resolve
      if (this.#stream === undefined) resolve()
      else this.#stream.end()
    })
    // Whatever the thread pool still does has a descriptor of its own, or holds ours.
    this.#file.close()
    if (!isSilent) await Promise.all([released, syncing])
  }

  /**
   * Makes sure of what holds in the state, as it stands at the beginning of this file: for tests,
   * after every step.
   *
   * @throws an error that names what does not hold.
   */
  assertState(): void {
    const state = this.#state
    const hasStream = this.#stream !== undefined
    const { batch, written = 0, handed = 0, synced = 0, isPending = false } = this.#flight ?? {}
    const is = (...states: readonly FileSinkState[]): boolean => states.includes(state)
    const holds: { readonly [what: string]: boolean } = {
      'a stream that is awaited is there': hasStream || !is('opening', 'writing', 'reopening'),
      'an unopened sink has no stream': !hasStream || !is('closed'),
      'a file is held while its stream is used':
        this.#file.isOpen || !is('opening', 'ready', 'writing', 'syncing', 'reopening'),
      'what is pending, a stream has, or nobody has looked yet':
        !isPending || is('writing', 'waiting', 'reopening', 'ended'),
      'a batch does not lie in an idle sink': batch === undefined || !is('ready'),
      'only what is synced is being synced':
        is('ended') || (this.#syncing !== undefined) === is('syncing'),
      'only durable batches are in doubt': this.#isSynced || !this.#doubtful,
      'only what is awaited can be silent': this.#isAwaiting || !this.#silent,
      'a failed sink has told it': this.#failed || !is('waiting'),
      'the parts of a batch are in order':
        synced <= written && written <= handed && handed <= (batch?.length ?? 0),
    }
    for (const [what, isSo] of Object.entries(holds)) {
      if (!isSo) throw new Error(`Cannot be ${this.inspect()}: expected that ${what}`)
    }
  }

  /** The state and the facts in one line, for tests and for debugging. */
  inspect(): string {
    const facts = {
      failed: this.#failed,
      silent: this.#silent,
      stale: this.#stale,
      doubtful: this.#doubtful,
      stream: this.#stream !== undefined,
    }
    const names = Object.entries(facts).flatMap(([name, isSo]) => (isSo ? [name] : []))
    const { batch, handed, written, synced } = this.#flight ?? {}
    const flight = batch === undefined ? [] : [`${synced}/${written}/${handed}/${batch.length}`]
    return [this.#state, ...names, ...flight, this.#file.inspect(), this.#rotation.inspect()].join(
      ' ',
    )
  }

  // --- the states ---

  #enter(state: FileSinkState): void {
    this.#state = state
    this.#silent = false
    clearTimeout(this.#retryTimer)
  }

  /** Enters a state that an answer of the thread pool leads on from. */
  #await(state: 'opening' | 'writing' | 'syncing' | 'reopening'): void {
    this.#enter(state)
    this.#answers.begin(this.#file.size)
  }

  get #isAwaiting(): boolean {
    const state = this.#state
    return (
      state === 'writing' || state === 'syncing' || state === 'opening' || state === 'reopening'
    )
  }

  /** Takes the next step with the batch in flight, if it can be taken now. */
  #step(): void {
    const flight = this.#flight
    if (this.#state !== 'ready' || flight === undefined) return
    const { batch, written } = flight
    try {
      // Others may have truncated the file since the last batch, or added to it.
      if (written === 0) this.#file.look()
    } catch (error) {
      this.#fail(error)
      return
    }
    const end = this.#rotation.pieceEnd(batch, written, this.#file.size)
    const isUnsynced = this.#isSynced && flight.synced < written
    // The last thing before anything is written or renamed.
    if (!flight.isWhole && !this.#file.isHeld) this.#reopen()
    else if (isUnsynced && (end === written || this.#stale || this.#doubtful)) this.#sync(flight)
    else if (flight.isWhole) this.#acknowledge(flight)
    else if (this.#stale || this.#stream === undefined) this.#reopen()
    else if (end === written) this.#rotate(flight)
    else this.#writePiece(this.#stream, flight, end)
  }

  #writePiece(stream: FileStream, flight: WriteProgress, end: number): void {
    const { batch, written } = flight
    flight.handed = end
    this.#await('writing')
    stream.write(batch.subarray(written, end), () => this.#pieceWritten(flight))
  }

  #rotate(flight: WriteProgress): void {
    try {
      this.#putAside(flight)
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#step()
  }

  #reopen(): void {
    if (this.#stream === undefined) {
      this.open()
      return
    }
    this.#await('reopening')
    this.#stream.end()
  }

  #opened(): void {
    if (this.#state === 'ended') return
    this.#enter('ready')
    try {
      if (this.#file.whereabouts() !== 'ours') this.#stale = true
    } catch (error) {
      this.#fail(error)
      return
    }
    // With nothing to write, opening is all that can be known; a full disk shows with the next
    // batch.
    if (this.#flight === undefined) this.#works()
    this.#step()
  }

  #pieceWritten(flight: WriteProgress): void {
    if (this.#state === 'ended') return
    this.#enter('ready')
    try {
      // The synchronous path may have finished the batch meanwhile.
      if (this.#flight === flight && !flight.verify(this.#file)) this.#stale = true
    } catch (error) {
      // It cannot be looked at: how much is in the file is found out when it is opened anew.
      this.#fail(error)
      return
    }
    this.#step()
  }

  #streamEnded(error: Error | undefined): void {
    this.#stream = undefined
    if (this.#state === 'ended') this.#released?.()
    else if (error === undefined || this.#isFull(error)) this.open()
    else {
      this.#enter('closed')
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    const reason = error instanceof Error ? error : new Error(String(error))
    if (this.#failed) this.#events.fault(reason)
    else {
      this.#failed = true
      this.#events.failed(reason)
    }
    // What is awaited leads on by itself.
    if (this.#isAwaiting || this.#state === 'ended') return
    this.#enter('waiting')
    // It must not keep the process alive: what cannot be written until then is dealt with at the
    // exit.
    this.#retryTimer = setTimeout(() => this.#reopen(), this.#retryMs).unref()
    this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax)
  }

  #acknowledge(flight: WriteProgress): void {
    this.#tellLate(flight)
    this.#flight = undefined
    this.#works()
    this.#events.written()
  }

  /** The file has been written, or opened when there is nothing to write. */
  #works(): void {
    this.#retryMs = retryMsMin
    if (!this.#failed) return
    this.#failed = false
    this.#events.recovered()
    // The synchronous path has found out before the next try.
    if (this.#state !== 'waiting') return
    if (this.#stream === undefined) this.open()
    else this.#enter('ready')
  }

  // --- a disk that does not answer ---

  /**
   * Bytes in the file, which grow while the disk answers; undefined when nothing is awaited from
   * it.
   */
  #progress(): number | undefined {
    const flight = this.#flight
    if (flight === undefined || !this.#isAwaiting || this.#silent) return undefined
    try {
      flight.advance(this.#file)
      return this.#file.size
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  #hang(reason: Error = new Error(`no answer from the disk for ${answerMsMax / 1000} s`)): void {
    this.#silent = true
    this.#fail(reason)
  }

  // --- the synchronous path ---

  /** Waits for the piece in the thread pool; false when that makes no progress. */
  #landed(flight: WriteProgress, patience: Patience): boolean {
    try {
      if (this.#state !== 'writing') this.#settle()
      for (let naps = 0; flight.isPending; naps++) {
        // Before the look at the file: what has landed in between has had its space.
        const refusal = naps < doubtNaps ? undefined : this.#file.refusal(flight.pending)
        if (flight.advance(this.#file)) {
          patience.answered()
          this.#silent = false
        } else if (this.#silent) return false
        else if (refusal !== undefined && this.#isFull(refusal)) return true
        else if (refusal !== undefined || !patience.nap()) {
          this.#hang(refusal)
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
      if (this.#state === 'ended') throw new Error('the file has been closed')
      const { isOpen } = this.#file
      if (!isOpen || !this.#file.isHeld || this.#file.whereabouts() !== 'ours') {
        if (isOpen && !this.#syncNow(flight, patience)) return false
        this.#settle(flight)
        this.#openFile(flight)
      }
      // What is being rewritten in its place must not meet lines there, after others have truncated
      // the file.
      const isBeingRewritten = this.#syncing !== undefined && this.#doubtful
      if (isBeingRewritten && this.#file.growth() < 0) this.#rotation.demand()
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

  #sync(flight: WriteProgress): void {
    const file = this.#file
    const { identity } = file
    const { batch, synced, written } = flight
    this.#await('syncing')
    const bytes = batch.subarray(synced, written)
    const work = this.#doubtful ? file.rewrite(bytes) : file.sync(bytes)
    // Not when the synchronous path has finished the batch meanwhile, or gone on with it in another
    // file.
    const isMeant = (): boolean => this.#flight === flight && isSameFile(identity, file.identity)
    this.#syncing = work.then(
      (refusal) => this.#pieceSynced(isMeant() ? flight : undefined, written, refusal),
      (error: unknown) => this.#syncRefused(isMeant() ? flight : undefined, error),
    )
  }

  #pieceSynced(
    flight: WriteProgress | undefined,
    written: number,
    refusal: Refusal | undefined,
  ): void {
    this.#syncing = undefined
    if (this.#state === 'ended') return
    this.#enter('ready')
    if (refusal !== undefined) this.#events.refused(refusal)
    if (flight !== undefined) {
      this.#doubtful = false
      flight.synced = Math.max(flight.synced, written)
    }
    this.#step()
  }

  #syncRefused(flight: WriteProgress | undefined, error: unknown): void {
    this.#syncing = undefined
    if (this.#state === 'ended') return
    this.#enter('ready')
    if (flight === undefined) {
      this.#step()
      return
    }
    // What the device refuses twice goes into the next file, and leaves this one.
    if (this.#doubtful) {
      flight.takeBack(this.#file)
      this.#rotation.demand()
    }
    this.#doubtful = !this.#doubtful
    this.#fail(error)
  }

  /**
   * Puts on the device what the synchronous path has written; false when that has to come later.
   */
  #syncNow(flight: WriteProgress, patience: Patience): boolean {
    if (!this.#isSynced || flight.synced === flight.written) return true
    if (!this.#isSyncedNow(flight, patience)) {
      if (!patience.isLast) return false
      // There is no later: at the end of the process it is enough that it is in the file.
    }
    flight.synced = flight.written
    return true
  }

  #isSyncedNow(flight: WriteProgress, patience: Patience): boolean {
    if (this.#doubtful || this.#silent) return false
    try {
      const refusal = patience.spend(() => this.#syncFlight(flight))
      if (refusal !== undefined) this.#events.refused(refusal)
      return true
    } catch (error) {
      this.#doubtful = true
      this.#fail(error)
      return false
    }
  }

  #syncFlight({ batch, synced, written }: WriteProgress): Refusal | undefined {
    const bytes = batch.subarray(synced, written)
    if (this.#state !== 'syncing') return this.#file.syncNow(bytes)
    // What the thread pool has may be refused before we ask, and only it would be told.
    return this.#file.rewriteNow(bytes)
  }

  // --- the file ---

  /**
   * Whether an error means that the system lets the file grow no further (EFBIG), and it can be put
   * aside: then that is what happens next. Not with a file that holds nothing: a line longer than
   * any file stays a failure.
   */
  #isFull(error: unknown, flight: WriteProgress | undefined = this.#flight): boolean {
    if ((error as NodeJS.ErrnoException).code !== 'EFBIG') return false
    try {
      flight?.settle(this.#file)
      const { size } = this.#file
      flight?.takeBackLine(this.#file)
      if (this.#file.size === 0 || this.#rotation.isResting) return false
      this.#rotation.lower(size)
    } catch {
      // It cannot be looked at: that is the failure then.
      return false
    }
    this.#rotation.demand()
    return true
  }

  /** Puts the file aside and opens the next; one that cannot be renamed is written on. */
  #putAside(flight: WriteProgress | undefined): void {
    const isOurs = this.#file.whereabouts() === 'ours'
    try {
      if (isOurs && !this.#rotation.run()) return
    } catch (error) {
      this.#events.fault(error as Error)
      return
    }
    try {
      this.#openFile(flight)
    } finally {
      if (isOurs) this.#events.rotated()
    }
  }

  /**
   * Finds out what of a batch is in the file, when nothing of it is with the thread pool any more.
   */
  #settle(flight: WriteProgress | undefined = this.#flight): void {
    if (flight === undefined) return
    const { isContested } = this.#file
    flight.settle(this.#file)
    this.#tellLate(flight)
    // Another writer may have put the file aside: then this is the last moment at which we can.
    if (!isContested || !this.#isSynced || flight.synced === flight.written) return
    // An fdatasync after one that has failed says nothing, and what is another's is not written to
    // once more. One beside that of the thread pool could be told of a failure that only one of
    // them hears of.
    if (this.#doubtful || this.#syncing !== undefined) return
    try {
      this.#file.syncNow(flight.batch.subarray(flight.synced, flight.written))
      flight.synced = flight.written
    } catch {
      // What is not on the device is written once more, in its place or, if the file has been put
      // aside, in the next.
      this.#doubtful = true
    }
  }

  #tellLate(flight: WriteProgress): void {
    if (flight.late > 0) this.#events.late(flight.late, false)
    if (flight.takenBack > 0) this.#events.late(flight.takenBack, true)
    flight.late = flight.takenBack = 0
  }

  /**
   * What is not on the device goes into the next file, and leaves one that others have put
   * elsewhere.
   */
  #leave(flight: WriteProgress): void {
    if (!this.#isSynced || flight.synced === flight.written) return
    // There others may stand behind it.
    if (this.#file.isContested) return
    if (this.#file.whereabouts() === 'renamed') flight.takeBack(this.#file)
  }

  /**
   * Opens the file that bears the name now, for the descriptor, when the directory is ours. A
   * stream has another one from then on.
   */
  #openFile(flight: WriteProgress | undefined = this.#flight): void {
    this.#stale = true
    if (flight !== undefined) this.#leave(flight)
    this.#options.claim.hold()
    const opened = this.#file.open(flight?.inLine ?? false)
    const { isOther, isRemoved, tornBytes, isFull, refusal } = opened
    if (isOther) {
      this.#rotation.begin(fileBytesMax())
      flight?.moveOn(isRemoved, this.#isSynced)
      this.#doubtful = false
    }
    // Before anything is written to it.
    if ((this.#age?.dueInMs(this.#file) ?? Infinity) <= 0) this.#rotation.demand()
    if (tornBytes > 0) this.#events.torn(tornBytes)
    if (refusal !== undefined) this.#events.refused(refusal)
    // Its last line could not be ended, so nothing may follow it there.
    if (!isFull || !this.#rotation.run()) return
    this.#openFile(flight)
    this.#events.rotated()
  }
}
