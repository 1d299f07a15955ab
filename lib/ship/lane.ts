// A lane: entries on their way to an engine in one order. While one batch is under way the next
// gathers, so batches size themselves: a single entry goes at once, a backlog in large ones.

import { type Shipment, batchBytesMax, batchEntriesMax } from './engine.ts'

/** Taken entries stand in front of the queue until there are so many of them. */
const takenMax = 4096

/** A queue. */
export class Lane {
  readonly name: string
  #queue: Shipment[] = []
  #head = 0
  #bytes = 0
  /** Somebody sends it. */
  isBusy = false

  constructor(name: string) {
    this.name = name
  }

  get size(): number {
    return this.#queue.length - this.#head
  }

  /** Of the lines. */
  get bytes(): number {
    return this.#bytes
  }

  push(shipment: Shipment): void {
    this.#queue.push(shipment)
    this.#bytes += shipment.line.length
  }

  /** The next batch, which stays in the queue. Of a category it has no gap. Empty: there is none. */
  batch(): Shipment[] {
    const queue = this.#queue
    const last = new Map<string, number>()
    let end = this.#head
    let bytes = 0
    for (; end < queue.length && end - this.#head < batchEntriesMax; end++) {
      const { category, seq, line } = queue[end]!
      const before = last.get(category)
      if (before !== undefined && seq !== before + 1) break
      bytes += line.length + 1
      if (bytes > batchBytesMax && end > this.#head) break
      last.set(category, seq)
    }
    return queue.slice(this.#head, end)
  }

  /** Takes as many out in front. */
  shift(count: number): void {
    const end = this.#head + count
    for (let i = this.#head; i < end; i++) this.#bytes -= this.#queue[i]!.line.length
    this.#head = end
    if (this.#head < this.#queue.length && this.#head < takenMax) return
    this.#queue.splice(0, this.#head)
    this.#head = 0
  }

  /** Takes out what the engine has: everything up to these numbers. */
  dropUpTo(seqOf: (category: string) => number): void {
    this.#queue = this.#queue.slice(this.#head).filter(({ category, seq }) => seq > seqOf(category))
    this.#head = 0
    this.#bytes = this.#queue.reduce((sum, { line }) => sum + line.length, 0)
  }

  clear(): void {
    this.#queue = []
    this.#head = 0
    this.#bytes = 0
  }
}
