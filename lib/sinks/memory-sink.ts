// A sink that keeps its lines: for tests, whose log is read by the program that writes it.

import type { Sink, SinkEvents } from './sink.ts'

/** Lines in memory. Each batch is there when it has been handed over. */
export class MemorySink implements Sink {
  readonly #events: SinkEvents
  #text = ''

  constructor(events: SinkEvents) {
    this.#events = events
  }

  /** The lines that have come since this was called last, without their ends. */
  take(): string[] {
    const lines = this.#text.split('\n')
    // What stands behind the end of the last line: nothing.
    lines.pop()
    this.#text = ''
    return lines
  }

  write(batch: Buffer): void {
    this.#text += batch.toString()
    this.#events.written()
  }

  writeSync(batch: Buffer): boolean {
    this.#text += batch.toString()
    return true
  }

  /** Nothing is ever under way. */
  readonly landed = 0
  readonly isQuiet = true
  replace(): void {}
  revisit(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }
}
