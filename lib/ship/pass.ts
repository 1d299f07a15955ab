// One pass over the files of a log: what is there behind the last entries that the engine has, then
// what comes; each entry goes into the outbox, in the order of its category.
//
// Numbers have no gap. Where one shows, a file was rotated away before it was reached, or the
// entries are in no file any more. So a gap ends the pass, and the next one looks again. When that
// one finds a gap as well, in what was there when it began, it reports the gap and goes on.
//
// A directory that is begun anew has another identity, and its numbers begin again. The identity is
// made before the first line. So whoever has read lines, and then finds the identity unchanged, has
// read no line of the new log.
//
// The newest entry that the engine has is read once more, and compared: when a directory was put
// back to an earlier state, or a machine has lost what it had not yet written, numbers are given a
// second time, to other entries.

import { sleep } from '../entry/clock.ts'
import { lineHead } from '../entry/line.ts'
import { visible } from '../entry/visible-text.ts'
import { logIdOf } from '../directory/lock-files.ts'
import { type LineBatch, lineOf } from '../read/line-batch.ts'
import { type Arrival, LogBegunAnew, type OddLine, streamBatches } from '../read/stream-batches.ts'
import { EngineRefusal, type LastEntry, batchBytesMax, batchEntriesMax } from './engine.ts'
import type { ShipEvent, ShipReport } from './events.ts'
import type { Outbox } from './outbox.ts'
import type { ShippedNote } from './shipped-note.ts'

/** Between two looks for an identity that is just being written, and how often. Milliseconds. */
const lookMs = 50
const looksMax = 100

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
  /** Told what is shipped; undefined where nobody may be told. */
  readonly note?: ShippedNote | undefined
}

/** Reads, and hands to the outbox. */
export class Pass {
  readonly #settings: PassSettings
  readonly #leaving = new AbortController()
  #end: PassEnd | undefined
  #error: Error | undefined
  /** The last number of each category that was taken from the files, or is in the engine. */
  readonly #taken = new Map<string, number>()
  /** The entry that is compared, until it is found. */
  #compared: Newest | undefined
  /** What was there has been read. */
  #isLive = false
  /** The highest that was taken, or is in the engine. */
  #lsn = 0
  /** The last line that was looked at is a human one. */
  #isHuman = false
  /** Files of which a line was passed over. */
  readonly #odd = new Set<string>()

  constructor(settings: PassSettings) {
    this.#settings = settings
    for (const [category, { seq }] of settings.last) this.#taken.set(category, seq)
    this.#compared = newestOf(settings.last)
    this.#lsn = this.#compared?.lsn ?? 0
    settings.note?.forget()
  }

  /** Called when the outbox has ended: reading on is of no use. */
  readonly leave = (): void => this.#leaving.abort()

  /** @throws when the log cannot be read, or cannot be shipped. */
  async run(): Promise<PassEnd> {
    const { directory, logId, follow, outbox, signal, note } = this.#settings
    const arrivals = streamBatches(directory, {
      after: this.#after(),
      follow,
      limits: { bytes: batchBytesMax, lines: batchEntriesMax },
      logId,
      tell: ({ text }) => this.#warn(text),
      signal: AbortSignal.any([signal, this.#leaving.signal]),
    })
    try {
      for await (const arrival of arrivals) {
        if (await this.#isOfAnother()) this.#leave('renewed')
        else this.#take(arrival)
        if (this.#hasLeft) break
        if (arrival.isCaughtUp) this.#tellShipped()
        await outbox.room()
      }
    } catch (error) {
      if (!(error instanceof LogBegunAnew)) throw error
      this.#leave('renewed')
    }
    if (this.#error !== undefined) throw this.#error
    if (outbox.ending === undefined) await outbox.drained()
    const { ending } = outbox
    if (ending?.kind === 'failed') throw ending.error
    if (ending?.kind === 'lost') note?.takeBack()
    else if (!follow && this.#end === undefined && !signal.aborted) note?.end(this.#lsn)
    return this.#end ?? (ending?.kind === 'lost' ? 'lost' : 'done')
  }

  #tellShipped(): void {
    const { note, outbox } = this.#settings
    note?.caughtUp(this.#lsn, this.#taken, (category) => outbox.confirmed(category))
  }

  /** Where reading begins: behind what the engine has, but for the entry that is compared. */
  #after(): Map<string, { readonly seq: number; readonly lsn?: number | undefined }> {
    const after = new Map(
      [...this.#settings.last].map(([category, { seq, line }]) => [
        category,
        { seq, lsn: lsnOf(line) },
      ]),
    )
    if (this.#compared !== undefined) {
      const { category, seq, lsn } = this.#compared
      after.set(category, { seq: seq - 1, lsn: lsn - 1 })
    }
    return after
  }

  get #hasLeft(): boolean {
    return this.#leaving.signal.aborted || this.#settings.signal.aborted
  }

  /** Whether what was read last may be of another log. */
  async #isOfAnother(): Promise<boolean> {
    for (let looks = 0; looks < looksMax && !this.#hasLeft; looks++) {
      const id = this.#identity()
      if (id !== undefined) return id !== this.#settings.logId
      await sleep(lookMs)
    }
    return true
  }

  /** The identity of the directory; undefined while it is being written. */
  #identity(): string | undefined {
    const { directory, logId } = this.#settings
    try {
      return logIdOf(directory)
    } catch (error) {
      // It has been removed, and no other is in its place: what was read is of the old one.
      return (error as NodeJS.ErrnoException).code === 'ENOENT' ? logId : undefined
    }
  }

  #take({ batches, odd, isCaughtUp }: Arrival): void {
    for (const batch of batches) {
      if (this.#hasLeft) return
      this.#takeBatch(batch)
    }
    for (const line of odd) this.#passOver(line)
    if (batches.length > 0) this.#isHuman = false
    if (!isCaughtUp || this.#isLive || this.#hasLeft) return
    this.#isLive = true
    if (this.#isHuman) this.#fail(humanRefusal(this.#settings.directory))
    if (this.#compared === undefined) return
    const { category, seq } = this.#compared
    this.#warn(
      `${this.#settings.directory}: the engine has ${category} entry ${seq}, the files have not: they were removed, or the machine has lost them`,
    )
  }

  #takeBatch(batch: LineBatch): void {
    const { outbox, report, isWhole } = this.#settings
    const { category, first, last } = batch
    const taken = this.#taken.get(category) ?? 0
    if (category === this.#compared?.category) this.#compare(batch, this.#compared)
    if (this.#hasLeft || last <= taken) return
    if (first > taken + 1) {
      if (!isWhole || this.#isLive) {
        this.#leave('gap')
        return
      }
      report.missing += first - taken - 1
      this.#tellGap(category, taken + 1, first - 1)
    }
    this.#taken.set(category, last)
    this.#lsn = Math.max(this.#lsn, lsnOf(lineOf(batch, batch.ends.length - 1)) ?? 0)
    for (let i = Math.max(0, taken + 1 - first); i < batch.ends.length; i++) {
      const time = batch.times[i]!
      outbox.push({ category, seq: first + i, time, line: lineOf(batch, i) })
    }
  }

  /** The same number of the same log must be the same entry. */
  #compare(batch: LineBatch, { category, seq, line: theirs }: Newest): void {
    if (seq > batch.last) return
    this.#compared = undefined
    if (seq < batch.first || lineOf(batch, seq - batch.first).equals(theirs)) return
    this.#fail(
      new EngineRefusal(
        `Cannot ship ${visible(this.#settings.directory)}: expected ${category} entry ${seq} to be the one that the engine has, got another one; the directory was put back to an earlier state, or the machine lost what it had not yet written. Move the directory's files elsewhere, so that a new log begins`,
      ),
    )
  }

  #passOver({ raw, file, offset }: OddLine): void {
    const { report, directory, logId, tell } = this.#settings
    report.passed_over++
    this.#isHuman = lineHead(raw)?.human === true
    if (this.#isHuman && this.#isLive) this.#fail(humanRefusal(directory))
    if (this.#odd.has(file)) return
    this.#odd.add(file)
    tell({
      kind: 'passed_over',
      message: `${visible(directory)}: not shipped from ${visible(file)}: the line at byte ${offset}, which is no entry with a number`,
      directory,
      log_id: logId,
    })
  }

  #tellGap(category: string, from: number, to: number): void {
    const { directory, logId, tell } = this.#settings
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

/** `entry 7`, `entries 7 to 9`. */
export function numbers(from: number, to: number): string {
  return from === to ? `entry ${from}` : `entries ${from} to ${to}`
}

function humanRefusal(directory: string): Error {
  return new EngineRefusal(
    `Cannot ship ${visible(directory)}: expected lines of JSON with numbers, got human lines; set structured_format to true`,
  )
}

/** The newest of the last entries. */
interface Newest extends LastEntry {
  readonly category: string
  readonly lsn: number
}

function newestOf(last: ReadonlyMap<string, LastEntry>): Newest | undefined {
  let newest: Newest | undefined
  for (const [category, entry] of last) {
    const lsn = lsnOf(entry.line)
    if (lsn !== undefined && lsn > (newest?.lsn ?? 0)) newest = { ...entry, category, lsn }
  }
  return newest
}

function lsnOf(line: Buffer): number | undefined {
  const found = /,"lsn":(\d{1,16})\}$/.exec(line.toString('latin1', Math.max(0, line.length - 40)))
  return found === null ? undefined : Number(found[1])
}
