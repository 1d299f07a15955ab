// `ringlog ship`: a log into an engine. What happens is told on standard error: how far it is, on a
// terminal all the time, elsewhere once a minute when something was sent.

import { setFlagsFromString } from 'node:v8'
import { isoOf, monotonicMs } from '../entry/clock.ts'
import { visible } from '../entry/visible-text.ts'
import { type EnginePlace, EngineRefusal } from '../ship/engine.ts'
import { placeAt } from '../ship/engines.ts'
import type { ShipEvent, ShipReport } from '../ship/events.ts'
import { shipTo } from '../ship/ship-logs.ts'
import { counted, verbOf } from './count.ts'
import { UsageError, directoryHint, isDefaultDirectory } from './failure.ts'
import type { Io } from './io.ts'
import { type DirectoryOptions, placeOf } from './target-directory.ts'

/** Between two lines where nobody watches. Milliseconds. */
const lineMs = 60_000

/** The options of `ringlog ship`. */
export interface ShipCommandOptions extends DirectoryOptions {
  readonly once?: boolean
  readonly host?: string
  readonly dryRun?: boolean
}

/** Where it runs. */
export interface Surroundings {
  /** Standard error is a terminal. */
  readonly isTerminal: boolean
  readonly env: { readonly [name: string]: string | undefined }
}

/**
 * Ships.
 *
 * @returns the exit code.
 * @throws {UsageError} when the URL is none. What {@link shipTo} throws.
 */
export async function ship(
  url: string,
  { once = false, host, dryRun = false, ...where }: ShipCommandOptions,
  { isTerminal, env }: Surroundings,
  io: Io,
): Promise<number> {
  if (host === '') throw new UsageError(`option '--host': expected a name, got ''`)
  // Lines live for one batch, so the young generation gains nothing from growing: it took 25 MB of
  // 135 in a backlog, and 50 of 180 with Node 24 (Node 20.20 and 24.21, 2026-11).
  setFlagsFromString('--semi-space-growth-factor=1')
  // What gets older is garbage soon after, and so are the bytes of batches, of which the heap holds
  // but the handles. With the heap kept from growing fast a backlog takes 106 MB in the place of
  // 131 (Node 24.21) and 125 (22.23), for 1 to 4 % more of the processor. With 60 % it was 98 MB,
  // for 12 to 24 % more (NATS, 700,000 entries, 2026-11).
  setFlagsFromString('--heap-growing-percent=120')
  const { directories } = await placeOf(where)
  const remark = (message: string): void => {
    io.progress.clear()
    io.remark(message)
  }
  const engine = await engineAt(url, { warn: remark, env, dry: dryRun })
  const tell = ({ kind, message, directory }: ShipEvent): void => {
    const isUnnamed = kind === 'waiting' && isDefaultDirectory(directory)
    if (kind === 'would_send') void io.out.write(`${visible(message)}\n`)
    else if (isUnnamed) remark(`${message}; ${directoryHint}`)
    else remark(message)
  }
  const pace = new Pace(engine.name)
  let toldMs = monotonicMs()
  let toldSent = 0
  const progress = (report: Readonly<ShipReport>): void => {
    if (isTerminal) io.progress.show(pace.textOf(report))
    else if (monotonicMs() - toldMs >= lineMs && report.sent > toldSent) {
      io.remark(pace.textOf(report))
      toldMs = monotonicMs()
      toldSent = report.sent
    }
  }
  try {
    const named = host === undefined ? {} : { host }
    const options = { ...named, once, dry_run: dryRun, tell, progress }
    const { sent, logs, missing, passed_over: others } = await shipTo(engine, directories, options)
    io.progress.clear()
    if (missing > 0) {
      const were = verbOf(missing, 'was', 'were')
      io.remark(`${counted(missing, 'entry')} ${were} in no file any more`)
    }
    if (others > 0) {
      const what = verbOf(others, 'is no entry and was', 'are no entries and were')
      io.remark(`${counted(others, 'line')} ${what} not sent`)
    }
    const what = dryRun ? 'would be sent' : 'sent'
    const of = `${counted(sent, 'entry')} of ${counted(logs, 'log')}`
    await io.out.write(`${of} ${what} to ${visible(engine.name)}\n`)
    return 0
  } finally {
    io.progress.clear()
  }
}

/** @throws {UsageError} when the URL is none that can be used. */
async function engineAt(
  url: string,
  settings: Parameters<typeof placeAt>[1],
): Promise<EnginePlace> {
  try {
    return await placeAt(url, settings)
  } catch (error) {
    if (error instanceof EngineRefusal) throw new UsageError(error.message)
    throw error
  }
}

/** How far it is, and how fast. */
class Pace {
  readonly #name: string
  #sent = 0
  #ms = monotonicMs()
  #rate = 0

  constructor(name: string) {
    this.#name = name
  }

  textOf({ sent, logs, last_time: time }: Readonly<ShipReport>): string {
    const nowMs = monotonicMs()
    if (nowMs - this.#ms >= 1) this.#rate = ((sent - this.#sent) * 1000) / (nowMs - this.#ms)
    this.#sent = sent
    this.#ms = nowMs
    const last = time === undefined ? '' : `, up to ${isoOf(time)}`
    const what = `${counted(sent, 'entry')} of ${counted(logs, 'log')} sent`
    return visible(`${this.#name}: ${what}, ${Math.round(this.#rate)}/s${last}`)
  }
}
