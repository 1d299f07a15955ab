// A send queue: entries on their way to an engine in one order. While one batch is under way the
// next gathers, so batches size themselves: a single entry goes at once, a backlog in large ones.

import { type Shipment, batchBytesMax, batchEntriesMax } from './engine.ts'

/** Taken entries stand in front of the queue until there are so many of them. */
const takenMax = 4096

/** Entries that go to an engine in one order: those of a category, or of a log. */
export class SendQueue {
  readonly name: string
  #waiting: Shipment[] = []
  #head = 0
  #bytes = 0
  /** Somebody sends it. */
  isBusy = false

  constructor(name: string) {
    this.name = name
  }

  get size(): number {
    return this.#waiting.length - this.#head
  }

  /** Of the lines. */
  get bytes(): number {
    return this.#bytes
  }

  push(shipment: Shipment): void {
    this.#waiting.push(shipment)
    this.#bytes += shipment.line.length
  }

  /**
   * The next batch, which stays in the queue. Of a category it has no gap. Empty: there is none.
   */
  batch(): Shipment[] {
    const waiting = this.#waiting
    const last = new Map<string, number>()
    let end = this.#head
    let bytes = 0
    for (; end < waiting.length && end - this.#head < batchEntriesMax; end++) {
      const { category, seq, line } = waiting[end]!
      const before = last.get(category)
      if (before !== undefined && seq !== before + 1) break
      bytes += line.length + 1
      if (bytes > batchBytesMax && end > this.#head) break
      last.set(category, seq)
    }
    return waiting.slice(this.#head, end)
  }

  /** Takes as many out in front. */
  shift(count: number): void {
    const end = this.#head + count
    for (let i = this.#head; i < end; i++) this.#bytes -= this.#waiting[i]!.line.length
    this.#head = end
    if (this.#head < this.#waiting.length && this.#head < takenMax) return
    this.#waiting.splice(0, this.#head)
    this.#head = 0
  }

  /** Takes out what the engine has: everything up to these numbers. */
  dropUpTo(seqOf: (category: string) => number): void {
    this.#waiting = this.#waiting
      .slice(this.#head)
      .filter(({ category, seq }) => seq > seqOf(category))
    this.#head = 0
    this.#bytes = this.#waiting.reduce((sum, { line }) => sum + line.length, 0)
  }

  clear(): void {
    this.#waiting = []
    this.#head = 0
    this.#bytes = 0
  }
}
