// rotating-file-stream 3.2.10 on a file that we hold. Its events are many, overlap, and say little:
// 'error' may come before the callback of the write that failed or after it, 'finish' comes also
// when nothing was written, and while 'open' is emitted it still holds writes back. Here there are
// three: it is open; a piece is written; it has ended, with an error or as it was told to. That one
// comes once, and nothing comes after it.
//
// What it has open is the file that we hold, not whatever bears its name by then: that may have
// become a link.

import { basename, dirname } from 'node:path'
import { type Options, type RotatingFileStream, createStream } from 'rotating-file-stream'
import { identityOf, isSameFile } from '../directory/open.ts'
import { setImmediate } from '../entry/clock.ts'
import { withoutInherited } from '../entry/inherited-members.ts'
import type { AppendFile } from './append-file.ts'

/** What a stream tells. None of these may throw. */
export interface FileStreamEvents {
  /** It takes a piece. */
  opened(): void
  /** It is gone. */
  ended(error: Error | undefined): void
}

/** A stream that appends to a file. */
export class FileStream {
  readonly #events: FileStreamEvents
  readonly #stream: RotatingFileStream
  #hasEnded = false

  /** @param path The name of the file, where the one that we hold has no name of its own. */
  constructor(file: AppendFile, path: string, events: FileStreamEvents) {
    this.#events = events
    const { ownName, identity } = file
    const release = file.hold()
    const name = ownName ?? path
    const options: Options = {
      path: dirname(name),
      // It appends for ever: putting the file aside is our affair (rotation.ts).
      size: `${Number.MAX_SAFE_INTEGER}B`,
      // It is asked for with each write.
      teeToStdout: false,
      mode: file.mode,
    }
    this.#stream = withoutInherited(() => createStream(basename(name), options))
    const stream = this.#stream
    let failure: Error | undefined
    let isOpen = false
    stream.on('error', (error) => {
      failure = error
    })
    stream.on('open', () => {
      isOpen = true
      release()
      const fd = descriptorOf(stream)
      if (fd === undefined ? ownName === undefined : !isIdentity(fd, identity)) {
        stream.destroy(new Error('another file was in its place when it was opened'))
        return
      }
      // A macrotask later it does not hold writes back any more. A piece that we believe to be with
      // the thread pool, and that is not, would not be there when the process exits.
      setImmediate(() => {
        if (!this.#hasEnded && !stream.destroyed && !stream.writableEnded) events.opened()
      })
    })
    stream.on('close', () => {
      if (!isOpen) release()
      this.#end(failure)
    })
  }

  /**
   * Has a piece written; one at a time. The bytes must not change until it is, or the stream has
   * ended.
   */
  write(bytes: Buffer, written: () => void): void {
    this.#stream.write(bytes, (error) => {
      // It will close, in some later turn. For us it has.
      if (error) this.#end(error)
      else if (!this.#hasEnded) written()
    })
  }

  /** Has it end when it has done what it is doing. */
  end(): void {
    if (!this.#stream.writableEnded) this.#stream.end()
  }

  #end(error: Error | undefined): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#events.ended(error)
  }
}

function isIdentity(fd: number, identity: AppendFile['identity']): boolean {
  try {
    return isSameFile(identityOf(fd), identity)
  } catch {
    return false
  }
}

/**
 * The descriptor of a stream that is open; `undefined` when it does not say. It keeps it in `file`,
 * which is no part of what it documents: so it is only looked at, and only to make sure.
 */
function descriptorOf(stream: RotatingFileStream): number | undefined {
  const file: unknown = Reflect.get(stream, 'file')
  const fd: unknown =
    typeof file === 'object' && file !== null ? Reflect.get(file, 'fd') : undefined
  return typeof fd === 'number' ? fd : undefined
}
