// Copies of entries on standard output, beside their files. A reader may be slow, gone, or asleep:
// the files do not wait for it. What it has not taken waits in memory, within bounds of its own.
// What does not fit is lost on standard output, counted, and reported.

import { setImmediate } from '../entry/clock.ts'
import { WARNING } from '../entry/level.ts'
import type { MadeEntry } from '../entry/made-entry.ts'
import type { Patience } from './disk-timeout.ts'
import type { EntrySink } from './sink.ts'
import { StdoutSink } from './stdout-sink.ts'
import type { StdoutTarget } from './stdout-target.ts'

/** Bytes of a block of lines: what a pipe of Linux holds. */
const blockBytes = 64 * 1024
/** Blocks written in one turn. */
const blocksPerTurn = 4
/** Of the bytes that may wait, the part that is kept for WARNING and above. */
const keptShare = 1 / 4

const nothing = Buffer.alloc(0)

/** Lines that wait. */
interface Block {
  readonly bytes: Buffer
  size: number
  lines: number
}

export interface StdoutCopiesOptions {
  readonly target: StdoutTarget
  /** The lowest severity that it gets. */
  readonly threshold: number
  /** What is written for an entry. Undefined: its line of JSON. */
  readonly form: ((entry: MadeEntry) => string) | undefined
  /** Bytes that may wait. */
  readonly bytesMax: number
  /** Prints a remark on stderr. */
  readonly tell: (remark: string) => void
  /** Counts a failure. */
  readonly fail: (error: Error) => void
  /** Counts an entry that is not shown. */
  readonly lose: () => void
  /** Logs an entry of our own: so many have not been shown. */
  readonly report: (lost: number) => void
}

/** The entries of a logger on standard output. */
export class StdoutCopies implements EntrySink {
  threshold: number
  form: ((entry: MadeEntry) => string) | undefined
  readonly #options: StdoutCopiesOptions
  readonly #sink: StdoutSink
  /** Blocks that wait, oldest first; the last one takes lines. */
  readonly #blocks: Block[] = []
  #waitingBytes = 0
  /** The block that the sink has. */
  #inFlight: Block | undefined
  #isScheduled = false
  #isSynchronous = false
  /** The files take no more entries of our own. */
  #isEnding = false
  #isClosed = false
  /** Entries lost that have not been reported. */
  #lost = 0
  #hasFailed = false
  /** Resolves the promises of those who wait until nothing waits. */
  #answer: () => void = () => {}
  /** A block to be used again. */
  #spare: Block | undefined

  constructor(options: StdoutCopiesOptions) {
    this.#options = options
    this.threshold = options.threshold
    this.form = options.form
    this.#sink = new StdoutSink(options.target, {
      written: () => this.#written(),
      failed: (error) => this.#failed(error),
      recovered: () => {},
    })
  }

  take(entry: MadeEntry): boolean {
    if (this.#isClosed) return false
    // Bytes that are valid until this returns: they are copied into a block.
    const line = this.form === undefined ? entry.bytes : Buffer.from(this.form(entry))
    const { bytesMax } = this.#options
    const limit = entry.severity < WARNING ? bytesMax * (1 - keptShare) : bytesMax
    // A line that is longer than all that may wait is taken where nothing waits.
    if (this.#waitingBytes > 0 && this.#waitingBytes + line.length > limit) {
      this.#lose(1)
      return false
    }
    this.#append(line)
    if (this.#inFlight === undefined) this.#schedule()
    return true
  }

  /** Writes what is taken within the patience, before it returns. */
  flushSync(patience: Patience): void {
    this.#isSynchronous = true
    try {
      if (this.#inFlight !== undefined && !this.#sink.writeSync(nothing, patience)) return
      for (let block = this.#next(); block !== undefined; block = this.#next()) {
        if (!this.#sink.writeSync(shownOf(block), patience)) return
        this.#settle()
      }
    } finally {
      this.#isSynchronous = false
    }
  }

  /**
   * Tells in the files what is missing here.
   *
   * @param isLast No entry is taken after this: what is lost from now on is a remark on stderr.
   */
  tellLost(isLast = false): void {
    if (this.#isEnding) return
    this.#isEnding = isLast
    if (this.#lost === 0) return
    const lost = this.#lost
    this.#lost = 0
    this.#options.report(lost)
  }

  /** The process ends: writes what is taken in the time that is left, and counts the rest. */
  exit(patience: Patience): void {
    this.flushSync(patience)
    this.#giveUp()
  }

  /** Waits for a reader that reads, and gives back what was opened. */
  async close(): Promise<void> {
    this.#writeOn()
    while (this.#inFlight !== undefined && !this.#hasFailed) {
      await new Promise<void>((resolve) => {
        this.#answer = resolve
      })
    }
    this.#giveUp()
    this.#isClosed = true
    await this.#sink.close()
  }

  #append(line: Buffer): void {
    let block = this.#blocks.at(-1)
    if (block === undefined || block.size + line.length > block.bytes.length) {
      block = line.length > blockBytes ? blockOf(line.length) : (this.#spare ?? blockOf(blockBytes))
      if (block === this.#spare) this.#spare = undefined
      this.#blocks.push(block)
    }
    line.copy(block.bytes, block.size)
    block.size += line.length
    block.lines++
    this.#waitingBytes += line.length
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#writeOn()
    })
  }

  /** Hands blocks to the sink while it takes them at once. */
  #writeOn(): void {
    for (let blocks = 0; this.#inFlight === undefined; blocks++) {
      if (blocks === blocksPerTurn) {
        this.#schedule()
        return
      }
      const block = this.#next()
      if (block === undefined) return
      this.#sink.write(shownOf(block))
    }
  }

  /** The next block, which is then in flight. */
  #next(): Block | undefined {
    this.#inFlight = this.#blocks.shift()
    return this.#inFlight
  }

  #written(): void {
    this.#settle()
    if (this.#isSynchronous) return
    this.tellLost()
    if (this.#blocks.length > 0) this.#schedule()
    else this.#answer()
  }

  #settle(): void {
    this.#hasFailed = false
    const block = this.#inFlight
    if (block === undefined) return
    this.#waitingBytes -= block.size
    this.#inFlight = undefined
    if (block.bytes.length !== blockBytes) return
    block.size = block.lines = 0
    this.#spare = block
  }

  #failed(error: Error): void {
    this.#hasFailed = true
    this.#options.fail(error)
    this.#options.tell(`cannot write stdout: ${error.message}; the files are written all the same`)
    this.#answer()
  }

  #lose(entries: number): void {
    this.#lost += entries
    for (let i = 0; i < entries; i++) this.#options.lose()
  }

  #giveUp(): void {
    for (const block of [this.#inFlight, ...this.#blocks.splice(0)]) {
      if (block !== undefined) this.#lose(block.lines)
    }
    this.#inFlight = undefined
    this.#waitingBytes = 0
    if (this.#lost > 0) {
      this.#options.tell(`${this.#lost} entries did not reach stdout; they are in the files`)
      this.#lost = 0
    }
  }
}

function blockOf(bytes: number): Block {
  return { bytes: Buffer.allocUnsafeSlow(bytes), size: 0, lines: 0 }
}

function shownOf({ bytes, size }: Block): Buffer {
  return bytes.subarray(0, size)
}
