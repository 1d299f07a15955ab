// The lines of an engine that the options ask for: those of the command, and of `streamLogs()`.

import { levelNames, severityOf } from '../entry/level.ts'
import type { StreamOptions, Wanted } from '../read/query.ts'
import type { LogLine } from '../read/time-order.ts'
import type { EngineReader } from './engine.ts'
import { placeAt } from './engines.ts'
import { Fleet } from './fleet.ts'
import { parseFleetCursor } from './fleet-cursor.ts'

/** One iteration. */
export interface FleetReading {
  /** Checked. */
  readonly options: StreamOptions
  /** What they ask for. */
  readonly wanted: Wanted
  /** The cursor of the line behind which they are. */
  readonly after: string | undefined
  /** Told what a person should know: one line. */
  readonly tell: (text: string) => void
  /** Told that nothing is there yet, and is waited for. @default nobody */
  readonly waiting?: () => void
  readonly signal: AbortSignal
}

/** All logs that a reader reads. @throws {RangeError} when the cursor is none. */
export function fleetOf(
  reader: EngineReader,
  { options, wanted, after, tell, waiting, signal }: FleetReading,
): Fleet {
  const { follow = false, categories, level, account_id: account, grep, where } = options
  return new Fleet(reader, {
    wanted,
    after: after === undefined ? undefined : parseFleetCursor(after),
    follow,
    categories,
    levels: level === undefined ? undefined : levelNames.slice(severityOf(level)),
    accounts: account === undefined ? undefined : [account].flat(),
    grep: typeof grep === 'string' ? new RegExp(grep) : grep,
    where,
    tell,
    waiting,
    signal,
  })
}

/** The lines of an engine. @throws {EngineRefusal} when the URL is none. What the engine says. */
export async function* fleetLines(
  url: string,
  reading: FleetReading,
): AsyncGenerator<LogLine, undefined> {
  const place = await placeAt(url, { warn: reading.tell, env: process.env, dry: true })
  const reader = place.reader()
  try {
    yield* fleetOf(reader, reading).lines()
  } finally {
    await reader.close()
  }
}
