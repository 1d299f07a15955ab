// The console as a last resort: human lines on stderr. It never blocks on a pipe, never throws and
// never uses `process.stderr.write`, which on a full pipe buffers without bound and on a closed one
// ends the process.

import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { formatEntry, formatFields } from '../entry/human-line.ts'
import { WARNING } from '../entry/level.ts'
import { parseLine } from '../entry/line.ts'
import type { MadeEntry } from '../entry/made-entry.ts'
import { visible } from '../entry/visible-text.ts'
import type { LastResort } from './sink.ts'

/** Entries on the console, each as one human line. */
export class ConsoleSink implements LastResort {
  threshold: number
  readonly #console: Pick<Console, 'write'>

  constructor(console: Pick<Console, 'write'>, threshold: number = WARNING) {
    this.#console = console
    this.threshold = threshold
  }

  take(entry: MadeEntry): boolean {
    return this.#console.write(formatFields(entry))
  }

  takeWaiting(text: string): boolean {
    const line = text.split('\n', 1)[0]!
    // `structured_format: false`: it is a human line already.
    if (!line.startsWith('{')) return this.#console.write(line)
    const entry = parseLine(line)
    return this.#console.write(entry === undefined ? visible(line) : formatEntry(entry))
  }
}

/** Writes lines to stderr. */
export class Console {
  /** Lines that stderr did not take. */
  lost = 0

  /**
   * Writes one line or several.
   *
   * @param text Without the last `\n`.
   * @returns whether all of it has been taken.
   */
  write(text: string): boolean {
    const bytes = Buffer.from(`${text}\n`)
    try {
      if (!isMainThread) return this.#writeFromWorker(bytes)
      // Asking for the stream makes Node set a pipe to non-blocking: then a full one is an error,
      // not a wait for ever.
      if (process.stderr.destroyed) return this.#lose()
      writeAll(2, bytes)
      return true
    } catch {
      // A full or a closed stderr: there is nowhere to report it, so it is counted.
      return this.#lose()
    }
  }

  /**
   * In a worker, asking for the stream sets nothing, for it leads to the main thread, and writing
   * to it there may end the process. So what the main thread has not set is opened anew,
   * non-blocking, through its name below /proc. A socket cannot be: then it counts as one that
   * takes nothing.
   */
  #writeFromWorker(bytes: Buffer): boolean {
    if (!mayBlock()) {
      writeAll(2, bytes)
      return true
    }
    const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants
    const fd = openSync('/proc/self/fd/2', O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY)
    try {
      writeAll(fd, bytes)
    } finally {
      closeSync(fd)
    }
    return true
  }

  #lose(): boolean {
    this.lost++
    return false
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
}

/** Whether a write to stderr could wait for ever: known on Linux only. */
function mayBlock(): boolean {
  // Under Wine a Windows process finds the /proc of the system below.
  if (process.platform !== 'linux') return false
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync('/proc/self/fdinfo/2', 'utf8'))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & constants.O_NONBLOCK) === 0
  } catch {
    return false
  }
}
