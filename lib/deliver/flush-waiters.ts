// The promises of `flush()`: each resolves when all that was in the ring at its call is in the
// files.

import { NotWrittenError } from '../errors.ts'
import type { Route } from './route.ts'

interface Waiter {
  /** The ring position up to which everything must be written. */
  readonly position: number
  /** Per route the lines that must be settled; known once the pump has passed the position. */
  marks: ReadonlyMap<Route, number> | undefined
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** The callers of `flush()` that have not been answered. */
export class FlushWaiters {
  readonly #routes: readonly Route[]
  #waiters: Waiter[] = []

  constructor(routes: readonly Route[]) {
    this.#routes = routes
  }

  /**
   * Resolves when everything before a position of the ring is settled.
   *
   * @returns a promise that rejects as soon as one of the files cannot be written.
   */
  add(position: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ position, marks: undefined, resolve, reject })
    })
  }

  /**
   * Answers those whose wait is over.
   *
   * @param head The ring position that the pump has come to.
   */
  settle(head: number): void {
    if (this.#waiters.length === 0) return
    const routes = this.#routes
    this.#waiters = this.#waiters.filter((waiter) => {
      const broken = routes.find((route) => route.down && route.pending > 0)
      if (broken !== undefined) {
        waiter.reject(new NotWrittenError(broken.file, broken.reason))
        return false
      }
      if (head < waiter.position) return true
      waiter.marks ??= new Map(routes.map((route) => [route, route.taken]))
      for (const [route, taken] of waiter.marks) if (route.settled < taken) return true
      waiter.resolve()
      return false
    })
  }
}
