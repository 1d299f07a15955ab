// The end of another thread, as it is seen while this one waits and hears no event: its ports close
// with it, whatever it ended of, its module that could not be loaded among that.
//
// A port says nowhere that it is closed. But a closed one cannot be sent, and one that is open can:
// so it is sent to this very thread, and received again, each time that somebody looks.

import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'

/** A port that the other thread is given, and never uses. */
export class Lifeline {
  /** For the other thread. */
  readonly far: MessagePort
  readonly #post = new MessageChannel()
  #near: MessagePort | undefined

  constructor() {
    const { port1, port2 } = new MessageChannel()
    this.#near = port1
    this.far = port2
  }

  /** Whether the other thread has ended, or is about to. */
  get isCut(): boolean {
    if (this.#near === undefined) return true
    // It closes when it comes to the message that says so.
    receiveMessageOnPort(this.#near)
    try {
      this.#post.port1.postMessage(this.#near, [this.#near])
    } catch {
      this.#near = undefined
      return true
    }
    const received = receiveMessageOnPort(this.#post.port2)
    this.#near = received?.message as MessagePort | undefined
    return this.#near === undefined
  }

  /** Nobody looks any more. */
  close(): void {
    this.#near?.close()
    this.#post.port1.close()
  }
}
