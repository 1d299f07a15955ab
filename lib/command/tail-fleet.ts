// `ringlog tail --from URL`: the logs of all hosts that are shipped to an engine, as one.

import { wallMs } from '../entry/clock.ts'
import { visible } from '../entry/visible-text.ts'
import {
  type FleetWanted,
  type StreamOptions,
  checkedOptions,
  wantedOfFleet,
} from '../read/query.ts'
import { type EnginePlace, EngineRefusal } from '../ship/engine.ts'
import { placeAt } from '../ship/engines.ts'
import { fleetOf } from '../ship/fleet-lines.ts'
import { parseFleetCursor } from '../ship/fleet-cursor.ts'
import { UsageError } from './failure.ts'
import type { Io } from './io.ts'
import { cursorError } from './query-options.ts'
import { type Screen, type ShowOptions, showLines } from './show-lines.ts'

/**
 * Shows them.
 *
 * @returns the exit code: 1 when there is nothing, or not what comes behind a cursor.
 * @throws {UsageError} when the URL is none, or the cursor. What the engine says.
 */
export async function tailFleet(
  url: string,
  query: StreamOptions,
  options: ShowOptions & { readonly showCursor?: boolean },
  screen: Screen,
  io: Io,
): Promise<number> {
  const remark = (text: string): void => {
    io.progress.clear()
    io.remark(text)
  }
  const { options: checked } = checkedOptions(query)
  const wanted = wantedBy(checked)
  const place = await engineOf(url, remark)
  const { follow = false, categories } = checked
  if (!follow) io.progress.repeat((seconds) => `searching, ${seconds} s`)
  const reader = place.reader()
  const of = categories === undefined ? '' : ` of ${categories.map(visible).join(', ')}`
  const waiting = (): void => remark(`waiting for a log${of} in ${visible(place.name)}`)
  const reading = { options: checked, ...wanted, tell: remark, waiting, signal: io.out.closed }
  const fleet = fleetOf(reader, reading)
  try {
    const count = await showLines(fleet.lines(), options, screen, io)
    io.progress.clear()
    // Of what was shown when the reader has gone nobody knows how much has arrived.
    const hasCursor = options.showCursor === true && !io.out.closed.aborted
    if (hasCursor && fleet.cursor !== '') io.remark(`cursor: ${fleet.cursor}`)
    if (!fleet.isWhole) return 1
    if (count > 0 || follow || fleet.series.length > 0) return 0
    remark(`no log${of} in ${visible(place.name)}`)
    return 1
  } finally {
    io.progress.clear()
    await reader.close()
  }
}

/** @throws {UsageError} when the cursor is none of an engine. */
function wantedBy(options: StreamOptions): FleetWanted {
  try {
    const wanted = wantedOfFleet(options, wallMs())
    if (wanted.after !== undefined) parseFleetCursor(wanted.after)
    return wanted
  } catch (error) {
    if (options.after === undefined || !(error instanceof RangeError)) throw error
    throw cursorError(options.after)
  }
}

/** @throws {UsageError} when the URL is none that can be used. */
export async function engineOf(url: string, warn: (text: string) => void): Promise<EnginePlace> {
  try {
    return await placeAt(url, { warn, env: process.env, dry: true })
  } catch (error) {
    if (error instanceof EngineRefusal) throw new UsageError(error.message)
    throw error
  }
}
