// A worker whose calls of the file system are made one by one, when they are allowed: for what two
// processes do at the same moment, in every order.

import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Worker } from 'node:worker_threads'
import { extension, importInWorker } from './loader.ts'
import { pathToFileURL } from 'node:url'

/** What the worker is given. */
export interface Steps {
  readonly buffer: SharedArrayBuffer
  readonly task: string
  readonly directory: string
}

/** The worker: fixtures/stepped.ts. */
export class SteppedWorker {
  readonly #control = new Int32Array(new SharedArrayBuffer(12))
  #stops = 0

  constructor(t: TestContext, task: string, directory: string) {
    const fixture = pathToFileURL(join(import.meta.dirname, `fixtures/stepped${extension}`))
    const workerData: Steps = {
      buffer: this.#control.buffer,
      task,
      directory,
    }
    const worker = new Worker(importInWorker(fixture), { eval: true, workerData })
    worker.on('error', (error) => {
      throw error
    })
    t.after(() => worker.terminate())
    this.#wait()
  }

  /** Whether its task is done, or has not begun. */
  get isIdle(): boolean {
    return Atomics.load(this.#control, 2) === 1
  }

  /** Begins its task, up to its first call. */
  begin(): void {
    this.#allow()
  }

  /** Makes it do so many calls, fewer when the task is done earlier. */
  steps(count: number): void {
    for (let i = 0; i < count && !this.isIdle; i++) this.#allow()
  }

  #allow(): void {
    Atomics.add(this.#control, 0, 1)
    Atomics.notify(this.#control, 0)
    this.#wait()
  }

  #wait(): void {
    while (Atomics.load(this.#control, 1) === this.#stops) {
      const result = Atomics.wait(this.#control, 1, this.#stops, 100_000)
      if (result === 'timed-out') throw new Error('Cannot step: expected a call, got none')
    }
    this.#stops++
  }
}
