// Where a command writes what it was asked for. Lines written one after the other go out together:
// at 64 Ki characters, or when the event loop turns because there is no next one yet. So a search
// is quick, and an entry that is followed is seen at once.
//
// Whoever reads slowly slows us down, and memory does not grow: `write` says when to wait. Whoever
// has closed the pipe has seen enough: from then on nothing is written, and `closed` ends what was
// only done for the sake of it.

import { setImmediate } from '../entry/clock.ts'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { onceOnly } from '../entry/inherited-members.ts'

const batchChars = 65_536

/** A stream for people and pipes. */
export class Output {
  readonly #stream: Writable
  readonly #closing = new AbortController()
  #text = ''
  #scheduled = false
  #draining: Promise<void> | undefined
  #error: Error | undefined

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A closed pipe is not a failure: `ringlog tail | head` has what it wanted.
      if (error.code !== 'EPIPE') this.#error ??= error
      this.abandon()
    })
  }

  /** Aborted when nobody reads any more, or the stream has failed. */
  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** Why the stream has failed; `undefined` while it works, and when it was only closed. */
  get error(): Error | undefined {
    return this.#error
  }

  /** Nobody reads any more: as if the pipe had been found closed. */
  abandon(): void {
    this.#text = ''
    this.#closing.abort()
  }

  /** @returns what to wait for before writing more; `undefined` when there is no need to. */
  write(text: string | Buffer): Promise<void> | undefined {
    if (this.closed.aborted) return undefined
    if (typeof text !== 'string') {
      this.#flush()
      this.#send(text)
      return this.#draining
    }
    this.#text += text
    if (this.#text.length >= batchChars) this.#flush()
    else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.#flush()
      })
    }
    return this.#draining
  }

  /** Resolves when all that was written has been taken, or will never be. */
  async end(): Promise<void> {
    this.#flush()
    if (this.closed.aborted) return
    await new Promise<void>((resolve) => {
      this.closed.addEventListener('abort', () => resolve(), onceOnly)
      this.#stream.write('', () => resolve())
    })
  }

  #flush(): void {
    if (this.#text === '') return
    const text = this.#text
    this.#text = ''
    this.#send(text)
  }

  #send(text: string | Buffer): void {
    if (this.#stream.write(text) || this.closed.aborted) return
    this.#draining ??= once(this.#stream, 'drain', { signal: this.closed }).then(
      () => this.#drained(),
      // Closed or failed: `closed` has said so.
      () => this.#drained(),
    )
  }

  #drained(): void {
    this.#draining = undefined
  }
}
