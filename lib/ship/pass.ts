// One pass over the files of a log: what is there from some moment on, then what comes; each entry
// that the engine has not got goes into the outbox, in the order of its category.
//
// Numbers have no gap. Where one shows, either too little was read (the moment to begin at is a
// guess by the clock, which may have been set back; a file may have been rotated away before it was
// reached), or the entries are in no file any more. So a gap ends the pass, unless it read
// everything and what is there is all there is: then it is told, and the pass goes on.
//
// A directory that is begun anew has another identity, and its numbers begin again. The identity is
// made before the first line. So whoever has read lines, and then finds the identity unchanged, has
// read no line of the new log.

import { setImmediate, sleep } from '../entry/clock.ts'
import { visible } from '../entry/visible-text.ts'
import { lineHead } from '../entry/line.ts'
import { logIdOf } from '../directory/lock-files.ts'
import { readLogs } from '../read/stream-logs.ts'
import { type LogLine, bytesOf } from '../read/time-order.ts'
import { type LastEntry, type Shipment, EngineRefusal } from './engine.ts'
import type { ShipEvent, ShipReport } from './events.ts'
import type { Outbox } from './outbox.ts'

/** Lines that are looked at together at most, and their characters. */
const pieceLinesMax = 2000
const pieceCharsMax = 1 << 20

/** Between two looks for an identity that is just being written, and how often. Milliseconds. */
const lookMs = 50
const looksMax = 100

/**
 * Before the oldest of the last entries: an entry may be older than others in front of it, by as
 * long as it takes to reach its file. Milliseconds.
 */
const earlierMs = 10_000

/**
 * How a pass has ended: all is sent; a gap was found, so that everything is to be read; the engine
 * has lost its end; the directory was begun anew.
 */
export type PassEnd = 'done' | 'gap' | 'lost' | 'renewed'

/** What a pass is made with. */
export interface PassSettings {
  readonly directory: string
  readonly logId: string
  readonly outbox: Outbox
  readonly last: ReadonlyMap<string, LastEntry>
  /** Everything is read. */
  readonly isWhole: boolean
  readonly follow: boolean
  readonly report: ShipReport
  readonly tell: (event: ShipEvent) => void
  readonly signal: AbortSignal
}

/** Reads, and hands to the outbox. */
export class Pass {
  readonly #settings: PassSettings
  readonly #leaving = new AbortController()
  #end: PassEnd | undefined
  #error: Error | undefined
  /** The last number of each category that was taken from the files, or is in the engine. */
  readonly #taken = new Map<string, number>()
  /** Lines that were read and not looked at. */
  #piece: LogLine[] = []
  #pieceChars = 0
  #isScheduled = false
  /** The outbox had no room when it was looked last. */
  #isCrowded = false
  /** What was there has been read. */
  #isLive = false
  /** The last line that was looked at is a human one. */
  #isHuman = false
  /** Files of which a line was passed over. */
  readonly #odd = new Set<string>()

  constructor(settings: PassSettings) {
    this.#settings = settings
    for (const [category, { seq }] of settings.last) this.#taken.set(category, seq)
  }

  /** Called when the outbox has ended: reading on is of no use. */
  readonly leave = (): void => this.#leaving.abort()

  /** @throws when the log cannot be read, or cannot be shipped. */
  async run(): Promise<PassEnd> {
    const { directory, follow, outbox, signal } = this.#settings
    const options = {
      log_path: directory,
      follow,
      lines: Infinity,
      ...this.#since(),
      signal: AbortSignal.any([signal, this.#leaving.signal]),
    }
    const tell = ({ text }: { readonly text: string }): void => this.#warn(text)
    for await (const line of readLogs(options, tell, () => this.#piece.push(historyEnd))) {
      // Those of logs below are theirs.
      if (line.file.includes('/')) continue
      this.#piece.push(line)
      this.#pieceChars += line.raw.length
      if (this.#piece.length >= pieceLinesMax || this.#pieceChars >= pieceCharsMax) {
        await this.#takeAll()
      } else if (!this.#isScheduled) {
        this.#isScheduled = true
        setImmediate(() => this.#takeSoon())
      }
      if (this.#isCrowded) await outbox.room()
    }
    await this.#takeAll()
    if (this.#error !== undefined) throw this.#error
    if (outbox.ending === undefined) await outbox.drained()
    const { ending } = outbox
    if (ending?.kind === 'failed') throw ending.error
    return this.#end ?? (ending?.kind === 'lost' ? 'lost' : 'done')
  }

  /** Where reading begins; nothing when everything is read. */
  #since(): { readonly since?: Date } {
    const { last, isWhole } = this.#settings
    if (isWhole || last.size === 0) return {}
    const times = [...last.values()].map(({ time }) => time)
    return { since: new Date(Math.min(...times) - earlierMs) }
  }

  #takeSoon(): void {
    this.#isScheduled = false
    // When the identity is not to be had now, with the next line, or the next look.
    if (!this.#take()) void this.#takeAll()
  }

  /** Takes what was read, as soon as it is known whose it is. */
  async #takeAll(): Promise<void> {
    for (let looks = 0; !this.#take(); looks++) {
      if (looks === looksMax) {
        this.#leave('renewed')
        return
      }
      await sleep(lookMs)
    }
  }

  /** @returns false when it cannot be known now which log the lines are of. */
  #take(): boolean {
    if (this.#piece.length === 0 || this.#hasLeft) return true
    const id = this.#identity()
    if (id === undefined) return false
    const piece = this.#piece
    this.#piece = []
    this.#pieceChars = 0
    if (id !== this.#settings.logId) {
      this.#leave('renewed')
      return true
    }
    for (const line of piece) {
      if (line === historyEnd) this.#endHistory()
      else if (!this.#hasLeft) this.#takeLine(line)
    }
    this.#isCrowded = this.#settings.outbox.isFull
    return true
  }

  get #hasLeft(): boolean {
    return this.#leaving.signal.aborted || this.#settings.signal.aborted
  }

  #identity(): string | undefined {
    const { directory, logId } = this.#settings
    try {
      return logIdOf(directory)
    } catch (error) {
      // It has been removed, and no other is in its place: what was read is of the old one.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? logId : undefined
    }
  }

  #endHistory(): void {
    this.#isLive = true
    if (this.#isHuman) this.#fail(humanRefusal(this.#settings.directory))
  }

  #takeLine(line: LogLine): void {
    const { entry, raw } = line
    if (entry?.seq === undefined) {
      this.#passOver(line)
      return
    }
    this.#isHuman = false
    const { category, seq, timestamp } = entry
    const { outbox, report, isWhole, last } = this.#settings
    const taken = this.#taken.get(category) ?? 0
    if (seq <= taken) {
      if (seq === last.get(category)?.seq) this.#compare(line, category, last.get(category)!)
      report.already++
      return
    }
    if (seq !== taken + 1) {
      if (!isWhole || this.#isLive) {
        this.#leave('gap')
        return
      }
      this.#tellGap(category, taken + 1, seq - 1)
    }
    this.#taken.set(category, seq)
    const bytes = bytesOf(line) ?? Buffer.from(raw)
    const shipment: Shipment = { category, seq, time: Date.parse(timestamp), line: bytes }
    outbox.push(shipment)
  }

  /** The same number of the same log must be the same entry. */
  #compare(line: LogLine, category: string, { seq, line: theirs }: LastEntry): void {
    if ((bytesOf(line) ?? Buffer.from(line.raw)).equals(theirs)) return
    this.#fail(
      new EngineRefusal(
        `Cannot ship ${visible(this.#settings.directory)}: expected ${category} entry ${seq} to be the one that the engine has, got another one; the directory was put back to an earlier state, or the machine lost what it had not yet written. Move the directory's files elsewhere, so that a new log begins`,
      ),
    )
  }

  #passOver(line: LogLine): void {
    const { report, directory, logId, tell } = this.#settings
    report.passed_over++
    this.#isHuman = lineHead(line.raw)?.human === true
    if (this.#isHuman && this.#isLive) this.#fail(humanRefusal(directory))
    if (this.#odd.has(line.file)) return
    this.#odd.add(line.file)
    tell({
      kind: 'passed_over',
      message: `${visible(directory)}: not shipped from ${visible(line.file)}: the line at byte ${line.offset}, which is no entry with a number`,
      directory,
      log_id: logId,
    })
  }

  #tellGap(category: string, from: number, to: number): void {
    const { report, directory, logId, tell } = this.#settings
    report.missing += to - from + 1
    tell({
      kind: 'gap',
      message: `${visible(directory)}: missing for ever: ${category} ${numbers(from, to)}, which ${to === from ? 'is' : 'are'} in no file any more`,
      directory,
      log_id: logId,
      category,
      from,
      to,
    })
  }

  #warn(text: string): void {
    const { directory, logId, tell } = this.#settings
    tell({ kind: 'warning', message: visible(text), directory, log_id: logId })
  }

  #fail(error: Error): void {
    this.#error ??= error
    this.#leaving.abort()
  }

  #leave(end: PassEnd): void {
    this.#end ??= end
    this.#leaving.abort()
  }
}

/** Stands among the lines where what was there ends. */
const historyEnd: LogLine = { raw: '', entry: undefined, file: '', offset: 0, cursor: '' }

/** `entry 7`, `entries 7 to 9`. */
export function numbers(from: number, to: number): string {
  return from === to ? `entry ${from}` : `entries ${from} to ${to}`
}

function humanRefusal(directory: string): Error {
  return new EngineRefusal(
    `Cannot ship ${visible(directory)}: expected lines of JSON with numbers, got human lines; set structured_format to true`,
  )
}
