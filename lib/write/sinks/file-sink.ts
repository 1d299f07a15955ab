// A file that takes batches: a bridge over rotating-file-stream 3.2.10, which brings the size trigger, the
// rename chain and the reopening. Bare, it acknowledges short writes, is destroyed by its first error,
// writes on into a deleted file and forgets what is queued when the process exits. Therefore:
//
// - One batch is in flight at a time, and a batch counts as written after the stream's callback *and* a
//   look at the file: same inode, grown by as much as was written. What is missing is written again, and
//   only that.
// - Beside the stream we hold a descriptor of our own (O_APPEND). It tells what really is in the file,
//   survives the stream's death, follows the file through renames and serves the synchronous path.
// - A batch is cut at line ends so that no file outgrows the limit: the stream rotates when `limit - slack`
//   is passed; where the next line is longer than what is left, we rotate ourselves.
// - A stream is told of no bytes but its own, so after a synchronous write it is opened anew.
//
//   closed ──open()──► opening ──'open' + a macrotask──► ready ──write()──► in flight ──callback──► ready
//     ▲                                                    │ 'rotation' … 'open'      │ 'error'
//     └──────────────── back-off 100 ms … 30 s ◄───────────┴──────────────────────────┘
//
// The macrotask: while 'open' is emitted, the stream still holds writes back, and a batch that we believe
// to be in the thread pool would not be there when the process exits.

import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import { fileMode } from '../../files/open.ts'
import { rotateSync } from '../../files/rotate.ts'
import { AppendFile } from './append-file.ts'
import type { Sink, SinkEvents } from './sink.ts'

/** A file is rotated when less than this is left of its limit. At most a batch's usual size. */
const slackBytes = 64 * 1024
/** A file is tried again after 100 ms, then after twice as long each time, up to 30 s. */
const retryMsMin = 100
const retryMsMax = 30_000
/** A rotation that has failed is tried again after 1 s, then after twice as long each time, up to 60 s. */
const rotationRetryMsMin = 1_000
const rotationRetryMsMax = 60_000
/** How long the synchronous path waits for a write in the thread pool that makes no progress. */
const stallMsMax = 2_000

const lineEnd = 0x0a
const napCell = new Int32Array(new SharedArrayBuffer(4))

/** A batch on its way. */
interface Flight {
  readonly batch: Buffer
  /** Bytes that are in the file. */
  written: number
  /** End of the piece that the stream has been given; equals `written` when it has none. */
  handed: number
}

export interface FileSinkOptions {
  readonly directory: string
  readonly name: string
  /** Bytes a file holds at most; a single longer line gets a file to itself. */
  readonly limitBytes: number
  /** Rotated files kept. */
  readonly keep: number
}

/** A rotating file that takes batches. */
export class FileSink implements Sink {
  readonly #options: FileSinkOptions
  readonly #events: SinkEvents
  readonly #file: AppendFile
  #stream: RotatingFileStream | undefined
  #ready = false
  /** The process is ending: the stream will take no further step. */
  #last = false
  /** Between the stream's 'rotation' and its next 'open'. */
  #rotating = false
  /** The stream was opened with a size, so that it rotates. */
  #sized = false
  /** The stream's count of the file's bytes is wrong: it is opened anew before the next write. */
  #stale = false
  /** The next line does not fit, and the stream has not rotated: we do, when it is opened anew. */
  #mustRotate = false
  #flight: Flight | undefined
  #failed = false
  #retryMs = retryMsMin
  #retryTimer: NodeJS.Timeout | undefined
  #rotateNotBefore = 0
  #rotationRetryMs = rotationRetryMsMin
  #closed: (() => void) | undefined

  constructor(options: FileSinkOptions, events: SinkEvents) {
    this.#options = options
    this.#events = events
    this.#file = new AppendFile(options.directory, options.name)
  }

  get rotating(): boolean {
    return this.#rotating
  }

  /** Opens the file. A failure is told through the events, and opening is tried again. */
  open(): void {
    const { directory, name, keep, limitBytes } = this.#options
    this.#stale = false
    try {
      this.#openFile()
      if (this.#mustRotate || this.#file.size >= limitBytes - slackBytes) this.#rotateSelf()
      this.#sized = this.#mayRotate
      // Without a size the stream appends for ever: what is wanted while rotations fail.
      const rotation = this.#sized ? { size: `${limitBytes - slackBytes}B`, rotate: keep } : {}
      this.#attach(createStream(name, { path: directory, mode: fileMode, ...rotation }))
    } catch (error) {
      this.#fail(error)
    }
  }

  write(batch: Buffer): void {
    this.#flight = { batch, written: 0, handed: 0 }
    this.#submit()
  }

  writeSync(batch: Buffer, last: boolean): boolean {
    this.#last = last
    const flight = this.#flight
    if (flight !== undefined) {
      if (!this.#landed(flight)) return false
      flight.handed = flight.written = this.#appendSync(flight.batch, flight.written)
      if (flight.written < flight.batch.length) return false
      this.#acknowledge()
    }
    const written = this.#appendSync(batch, 0)
    if (written === batch.length) return true
    this.#flight = { batch, written, handed: written }
    return false
  }

  close(): Promise<void> {
    clearTimeout(this.#retryTimer)
    return new Promise((resolve) => {
      this.#closed = () => {
        this.#file.close()
        resolve()
      }
      if (this.#stream === undefined) this.#closed()
      else this.#stream.end()
    })
  }

  #attach(stream: RotatingFileStream): void {
    this.#stream = stream
    let opened = false
    let failure: Error | undefined
    stream.on('error', (error) => {
      failure = error
    })
    stream.on('rotation', () => this.#rotation())
    stream.on('open', () => {
      this.#rotating = false
      try {
        this.#openFile()
      } catch (error) {
        stream.destroy(error as Error)
        return
      }
      if (opened) {
        this.#rotationRetryMs = rotationRetryMsMin
        this.#events.rotated()
        return
      }
      opened = true
      setImmediate(() => {
        if (this.#stream !== stream || stream.destroyed) return
        this.#ready = true
        // With nothing to write, opening is all that can be known; a full disk shows with the next batch.
        if (this.#flight === undefined) this.#works()
        this.#submit()
      })
    })
    stream.on('close', () => this.#streamClosed(failure))
  }

  /** Gives the stream the next piece of the batch, if it can take one. */
  #submit(): void {
    const flight = this.#flight
    const stream = this.#stream
    if (flight === undefined || stream === undefined || !this.#ready) return
    if (flight.handed > flight.written) return
    if (flight.written === flight.batch.length) {
      this.#acknowledge()
      return
    }
    const end = this.#pieceEnd(flight.batch, flight.written)
    if (end === flight.written) this.#mustRotate = true
    if (this.#mustRotate || this.#stale || (!this.#sized && this.#mayRotate)) {
      this.#reopen()
      return
    }
    flight.handed = end
    stream.write(flight.batch.subarray(flight.written, end), (error) => {
      // After an error the stream closes, and what is missing is found out there.
      if (error || this.#stream !== stream || this.#flight !== flight) return
      this.#verify(flight)
      this.#submit()
    })
  }

  /** After the stream's word that a piece is written: looks whether it is, and in the file that bears the name. */
  #verify(flight: Flight): void {
    if (flight.written === flight.handed) return
    const piece = flight.handed - flight.written
    const place = this.#file.whereabouts()
    if (place !== 'ours') {
      // What is in a renamed file is written; what is in a removed one is not.
      flight.handed = flight.written += place === 'renamed' ? this.#file.grown(piece) : 0
      this.#stale = true
    } else {
      const growth = this.#file.growth()
      if (growth < piece) {
        const isWhole = this.#file.endsWith(flight.batch, flight.written, flight.handed)
        if (growth >= 0 && !isWhole) {
          // A short write, which the stream does not notice: what is missing is written again.
          flight.handed = flight.written + growth
        } else {
          // Truncated under us, before the piece or after it. The stream's count of bytes is wrong now.
          this.#stale = true
        }
      }
      flight.written = flight.handed
      this.#file.look()
    }
  }

  /** The stream has written a piece and found the file full: it now renames and reopens. */
  #rotation(): void {
    const flight = this.#flight
    if (flight !== undefined && flight.handed > flight.written) {
      flight.written += this.#file.grown(flight.handed - flight.written)
      try {
        // The rest of a short write belongs into the same file, which the descriptor still has.
        while (flight.written < flight.handed) {
          flight.written += this.#file.write(flight.batch, flight.written, flight.handed)
        }
      } catch {
        // It is written with the next piece, into the file that comes after the rotation.
        flight.handed = flight.written
      }
    }
    this.#rotating = true
  }

  #streamClosed(failure: Error | undefined): void {
    const whileRotating = this.#rotating
    this.#stream = undefined
    this.#ready = false
    this.#rotating = false
    const flight = this.#flight
    if (flight !== undefined && flight.handed > flight.written) {
      flight.handed = flight.written += this.#file.grown(flight.handed - flight.written)
    }
    if (this.#closed !== undefined) {
      this.#closed()
    } else if (failure === undefined) {
      this.open()
    } else if (whileRotating) {
      this.#rotationFailed(failure)
      this.open()
    } else this.#fail(failure)
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
    if (this.#closed !== undefined) return
    // It must not keep the process alive: what cannot be written until then is dealt with at the exit.
    this.#retryTimer = setTimeout(() => this.#reopen(), this.#retryMs).unref()
    this.#retryMs = Math.min(this.#retryMs * 2, retryMsMax)
  }

  #acknowledge(): void {
    this.#flight = undefined
    this.#retryMs = retryMsMin
    this.#works()
    this.#events.written()
  }

  #works(): void {
    if (!this.#failed) return
    this.#failed = false
    this.#events.recovered()
  }

  // --- the synchronous path ---

  /** Waits for the piece in the thread pool; false when it makes no progress. */
  #landed(flight: Flight): boolean {
    let piece = flight.handed - flight.written
    let progress = Date.now()
    while (piece > 0) {
      const grown = this.#file.grown(piece)
      flight.written += grown
      piece -= grown
      if (piece === 0) break
      if (grown > 0) progress = Date.now()
      else if (Date.now() - progress > stallMsMax || this.#stream === undefined) {
        flight.handed = flight.written
        this.#fail(new Error(`no progress for ${stallMsMax} ms`))
        return false
      }
      Atomics.wait(napCell, 0, 0, 1)
    }
    return true
  }

  /** Appends through our own descriptor; returns the end of what is written. */
  #appendSync(bytes: Buffer, from: number): number {
    let done = from
    if (done === bytes.length) return done
    try {
      if (!this.#file.isOpen || (!this.#rotating && this.#file.whereabouts() !== 'ours')) {
        this.#openFile()
      }
      this.#stale = true
      while (done < bytes.length) {
        const end = this.#pieceEnd(bytes, done)
        if (end === done) this.#rotateSelf()
        else done += this.#file.write(bytes, done, end)
      }
      if (this.#flight === undefined) this.#works()
    } catch (error) {
      this.#fail(error)
    }
    return done
  }

  // --- the file ---

  get #mayRotate(): boolean {
    return Date.now() >= this.#rotateNotBefore
  }

  /** Where to cut so that the file keeps its limit and no line is split; `from` when a rotation must come first. */
  #pieceEnd(bytes: Buffer, from: number): number {
    // While the stream renames, nobody else may; and a file that cannot be rotated is written on.
    if ((this.#rotating && !this.#last) || !this.#mayRotate) return bytes.length
    const room = this.#options.limitBytes - this.#file.size
    if (bytes.length - from <= room) return bytes.length
    const end = room <= 0 ? 0 : bytes.lastIndexOf(lineEnd, from + room - 1) + 1
    if (end > from) return end
    if (this.#file.size > 0) return from
    const next = bytes.indexOf(lineEnd, from) + 1
    return next === 0 ? bytes.length : next
  }

  #rotateSelf(): void {
    this.#mustRotate = false
    if (!this.#mayRotate) return
    try {
      // The stream, stopped amid its renames, may have come to the last one; a step of it may be under way.
      if (this.#rotating) Atomics.wait(napCell, 0, 0, 5)
      if (this.#file.whereabouts() === 'ours') {
        rotateSync(this.#options.directory, this.#options.name, this.#options.keep)
      }
      this.#rotating = false
    } catch (error) {
      this.#rotationFailed(error as Error)
      return
    }
    this.#openFile()
    this.#rotationRetryMs = rotationRetryMsMin
    this.#events.rotated()
  }

  #rotationFailed(error: Error): void {
    this.#rotateNotBefore = Date.now() + this.#rotationRetryMs
    this.#rotationRetryMs = Math.min(this.#rotationRetryMs * 2, rotationRetryMsMax)
    this.#events.fault(error)
  }

  /** Opens the file that bears the name now, for the descriptor. */
  #openFile(): void {
    const flight = this.#flight
    const inLine =
      flight !== undefined && flight.written > 0 && flight.batch[flight.written - 1] !== lineEnd
    const { isOther, tornBytes } = this.#file.open(inLine)
    if (inLine && isOther) {
      // The line begins again in this file, so that none is split over two.
      flight.handed = flight.written = flight.batch.lastIndexOf(lineEnd, flight.written - 1) + 1
    }
    if (tornBytes > 0) this.#events.torn(tornBytes)
  }
}
