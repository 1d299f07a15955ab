// Standard output, opened so that a write never waits for the reader.
//
// | what it is         | how it is written to                                                    |
// | ------------------ | ----------------------------------------------------------------------- |
// | a pipe, a terminal | opened anew, non-blocking: what others share with us stays as it is     |
// | a socket           | cannot be opened anew; it is made non-blocking, as console.log makes it |
// | a regular file     | by the thread pool, where the system tells how far the file has come    |
// | on another system  | a pipe as a socket; a terminal or a file in our turn, as console.log    |
//
// `process.stdout` is not used: on a full pipe it keeps everything in memory, and of a closed one
// it tells by an event that ends the process.

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  write as writeLater,
  writeSync,
} from 'node:fs'
import { isatty } from 'node:tty'

/** The number of standard output. In a worker thread as well it is that of the process. */
const stdoutFd = 1

/** What a sink needs of standard output. A test has its own. */
export interface StdoutTarget {
  /** Whether a write may wait for a disk, so that it belongs to the thread pool. */
  readonly isFile: boolean
  /**
   * Writes as much of some bytes as is taken now, and returns how much that was.
   *
   * @throws {Error} with the code EAGAIN when nothing is taken now; with EPIPE or ENXIO when nobody
   *   reads.
   */
  write(bytes: Buffer, from: number): number
  /** The same by the thread pool; `done` is called in a later turn, with how much was taken. */
  writeLater(bytes: Buffer, done: (error: Error | null, taken: number) => void): void
  /** How far a regular file has been written, in bytes from its beginning. */
  position(): number
  /** Gives back what was opened. */
  close(): void
}

/** Standard output of this process. */
export class Stdout implements StdoutTarget {
  readonly isFile: boolean
  #fd: number | undefined

  constructor() {
    this.isFile = isRegular() && positionOf() !== undefined
    if (this.isFile) this.#fd = stdoutFd
  }

  write(bytes: Buffer, from: number): number {
    this.#fd ??= openStdout()
    return writeSync(this.#fd, bytes, from)
  }

  writeLater(bytes: Buffer, done: (error: Error | null, taken: number) => void): void {
    writeLater(stdoutFd, bytes, 0, bytes.length, null, done)
  }

  position(): number {
    return positionOf() ?? 0
  }

  close(): void {
    if (this.#fd !== undefined && this.#fd !== stdoutFd) closeSync(this.#fd)
    this.#fd = stdoutFd
  }
}

/** @throws {Error} with the code ENXIO when it is a pipe that nobody reads. */
function openStdout(): number {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
  if (process.platform === 'linux') {
    try {
      return openSync(`/proc/self/fd/${stdoutFd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY)
    } catch (error) {
      const isSocket = fstatSync(stdoutFd).isSocket()
      if ((error as NodeJS.ErrnoException).code === 'ENXIO' && !isSocket) throw error
      // A socket; or another user's pipe or terminal, which may be written to, but not opened.
    }
  }
  setNonBlocking()
  return stdoutFd
}

/**
 * Has a socket or pipe answer EAGAIN instead of waiting, for all who share it: a handle of Node's
 * does that when it is made, and leaves standard output open when it is closed (libuv 1.46 to 1.51,
 * 2026-11).
 */
function setNonBlocking(): void {
  if (process.platform === 'win32') return
  try {
    // Loaded only here: it takes 5 ms.
    const { Socket } = process.getBuiltinModule('node:net')
    new Socket({ fd: stdoutFd, readable: false, writable: true }).destroy()
  } catch {
    // A terminal or a device, of which there is no such handle; or process.stdout has one already.
  }
}

function isRegular(): boolean {
  try {
    return fstatSync(stdoutFd).isFile()
  } catch {
    // Closed: the first write says so.
    return false
  }
}

/** Where the next write to standard output goes; undefined where the system does not tell. */
function positionOf(): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const position = /^pos:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${stdoutFd}`, 'utf8'))
    return position === null ? undefined : Number(position[1])
  } catch {
    return undefined
  }
}

/** Whether a person sees it as it is. */
export function isStdoutTerminal(): boolean {
  return isatty(stdoutFd)
}

/**
 * Whether the journal of systemd reads it: the environment names the socket that it was given,
 * which may have been replaced since.
 */
export function isStdoutJournal(): boolean {
  const { JOURNAL_STREAM: stream } = process.env
  if (stream === undefined) return false
  try {
    const { dev, ino } = fstatSync(stdoutFd, { bigint: true })
    return stream === `${dev}:${ino}`
  } catch {
    return false
  }
}
