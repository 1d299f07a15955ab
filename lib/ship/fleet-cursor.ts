// A cursor of shipped lines: where reading goes on, behind a line, in all series of an engine.
//
// A series has numbers, so its place is the number of the last line that was given: what comes late
// from another host has a higher one, whatever its time, and is not passed over. No position of the
// engine is in it, so it outlives a stream or a table that is made anew and shipped to again.
//
//   time, lsn and log of its line │ conditions │ per log: host, log_id, [ category, at, until ]
//
// `until` is where a series ended when reading began, as long as its history is not over, and in a
// category that was not asked for. Up to there lines were read in the order of time. So with other
// conditions than before, what stands there in front of the line counts as passed, too. With the
// same conditions the numbers alone tell.
//
// For everybody else it is a text, `e1.….…`: its version, what it says, packed, and a check sum.

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { bytesOfCursor, cursorKinds, cursorOf, hashOf, noCursor } from '../read/cursor.ts'
import { type LogLine, ReadLine, type TimedLine } from '../read/time-order.ts'
import { type LogName, type SeriesName, keyOfSeries } from './engine.ts'

/** A place in a series. */
export interface SeriesPlace {
  readonly name: SeriesName
  /** The number up to which all has been passed that meets the conditions. */
  readonly at: number
  /** Up to this number lines were read in the order of time; undefined: as they came. */
  readonly until: number | undefined
}

/** The line of a cursor. */
interface LastLine {
  /** In milliseconds since 1970; -Infinity: nothing has been given. */
  readonly time: number
  readonly lsn: number | undefined
  readonly log: LogName | undefined
}

/** What a cursor says. */
export interface FleetCursor extends LastLine {
  /** A hash of what was asked for; empty where it does not tell what was passed. */
  readonly conditions: string
  /** By {@link keyOfSeries}. */
  readonly places: ReadonlyMap<string, SeriesPlace>
}

/** A line of an engine, on its way to who reads. */
export interface FleetLine extends TimedLine {
  readonly name: SeriesName
  /** The same as {@link keyOfSeries}. */
  readonly key: string
  readonly seq: number
}

/** What a text may be at most when it is unpacked: some hundred thousand series. */
const unpackedBytesMax = 1 << 24

/** Places of series that the engine does not have any more, at most. */
const goneMax = 256

/** So many lines share what was passed in front of them, or as many as there are series. */
const chunkLines = 1000

/** As it stands in the text. */
type Stored = readonly [
  time: number | null,
  lsn: number | null,
  log: number,
  conditions: string,
  logs: readonly (readonly [
    host: string,
    log_id: string,
    ...places: (readonly [category: string, at: number, until?: number])[],
  ])[],
]

/** Parses a cursor. @throws {RangeError} when the text is none of shipped lines. */
export function parseFleetCursor(text: string): FleetCursor {
  const bytes = bytesOfCursor(text, cursorKinds.engine)
  try {
    const unpacked = inflateRawSync(bytes, { maxOutputLength: unpackedBytesMax })
    return asCursor(JSON.parse(unpacked.toString()) as Stored)
  } catch {
    // Of a later version of the same number, or forged.
    throw noCursor(text, cursorKinds.engine)
  }
}

function asCursor([time, lsn, own, conditions, logs]: Stored): FleetCursor {
  const places = new Map<string, SeriesPlace>()
  for (const [host, log_id, ...series] of logs) {
    for (const [category, at, until] of series) {
      const name = { host, log_id, category }
      places.set(keyOfSeries(name), { name, at: numberOf(at), until: until && numberOf(until) })
    }
  }
  const log = logs[own]
  return {
    time: time === null ? -Infinity : numberOf(time),
    lsn: lsn === null ? undefined : numberOf(lsn),
    log: log && { host: log[0], log_id: log[1] },
    conditions,
    places,
  }
}

function numberOf(value: number): number {
  if (!Number.isSafeInteger(value)) throw new RangeError('no number')
  return value
}

function textOf({ time, lsn, log, conditions, places }: FleetCursor): string {
  type Log = [host: string, log_id: string, ...places: [string, number, number?][]]
  const logs = new Map<string, Log>()
  let own = -1
  for (const { name, at, until } of places.values()) {
    const { host, log_id, category } = name
    const key = keyOfLog(name)
    const of = logs.get(key) ?? [host, log_id]
    of.push(until === undefined ? [category, at] : [category, at, until])
    if (!logs.has(key) && host === log?.host && log_id === log.log_id) own = logs.size
    logs.set(key, of)
  }
  const told = time === -Infinity ? null : time
  const stored: Stored = [told, lsn ?? null, own, conditions, [...logs.values()]]
  return cursorOf(deflateRawSync(JSON.stringify(stored)), cursorKinds.engine)
}

/** A text of its own for each log. */
function keyOfLog({ host, log_id }: LogName): string {
  return JSON.stringify([host, log_id])
}

/** A hash of what is asked for. */
export function conditionsHash(conditions: unknown): string {
  return hashOf(Buffer.from(JSON.stringify(conditions)))
}

/** Lines that were passed one after the other, and what was passed in front of them. */
interface Chunk {
  readonly before: ReadonlyMap<string, number>
  /** The texts of the lines are not held. */
  readonly passed: Pick<FleetLine, 'key' | 'seq'>[]
  readonly untils: ReadonlyMap<string, number | undefined>
}

/** Follows how far an iteration has come, and gives the lines their cursors. */
export class FleetTrack {
  readonly #conditions: string
  readonly #names = new Map<string, SeriesName>()
  readonly #at = new Map<string, number>()
  #untils = new Map<string, number | undefined>()
  #last: LastLine
  #chunk: Chunk | undefined

  /**
   * @param places Where each series begins; those come first that the engine has.
   * @param last The line that it goes on behind.
   */
  constructor(places: Iterable<SeriesPlace>, last: LastLine | undefined, conditions: string) {
    this.#conditions = conditions
    this.#last = last ?? { time: -Infinity, lsn: undefined, log: undefined }
    for (const { name, at, until } of places) {
      const key = keyOfSeries(name)
      this.#names.set(key, name)
      this.#at.set(key, at)
      this.#untils.set(key, until)
    }
  }

  /** Where the iteration has come to. */
  get cursor(): string {
    return this.#textAt(this.#at, this.#untils, this.#last)
  }

  /** How far a series has been passed. */
  at(key: string): number {
    return this.#at.get(key) ?? 0
  }

  /** A line that is not given out: it was passed before. */
  skip(line: FleetLine): void {
    this.#step(line)
  }

  /** Passes a line, and gives it the cursor that goes on behind it. */
  pass(line: FleetLine): LogLine {
    const { chunk, count } = this.#step(line)
    const { time, lsn, name } = line
    const last = { time, lsn, log: name }
    this.#last = last
    ReadLine.giveCursor(line.line, () => {
      const at = new Map(chunk.before)
      for (const { key, seq } of chunk.passed.slice(0, count)) at.set(key, seq)
      return this.#textAt(at, chunk.untils, last)
    })
    return line.line
  }

  /** Of a series what stands in front of a number has been passed. */
  passTo(key: string, seq: number): void {
    this.#chunk = undefined
    this.#at.set(key, Math.max(this.at(key), seq))
  }

  /** The history of a series is over: what comes of it is read as it comes. */
  end(key: string, seq: number): void {
    this.passTo(key, seq)
    this.#untils = new Map(this.#untils).set(key, undefined)
  }

  #step(line: FleetLine): { readonly chunk: Chunk; readonly count: number } {
    const { key, name, seq } = line
    if (!this.#names.has(key)) this.#names.set(key, name)
    let chunk = this.#chunk
    if (chunk === undefined || chunk.passed.length >= Math.max(chunkLines, this.#at.size)) {
      chunk = this.#chunk = { before: new Map(this.#at), passed: [], untils: this.#untils }
    }
    const count = chunk.passed.push({ key, seq })
    this.#at.set(key, Math.max(this.at(key), seq))
    return { chunk, count }
  }

  #textAt(
    at: ReadonlyMap<string, number>,
    untils: ReadonlyMap<string, number | undefined>,
    last: LastLine,
  ): string {
    const places = new Map<string, SeriesPlace>()
    for (const [key, seq] of at) {
      places.set(key, { name: this.#names.get(key)!, at: seq, until: untils.get(key) })
    }
    return textOf({ ...last, conditions: this.#conditions, places })
  }
}

/** Series of a cursor that the engine does not have: it may get them again. */
export function gonePlaces(
  { places }: FleetCursor,
  found: ReadonlySet<string>,
): readonly SeriesPlace[] {
  // Those that have just gone come first.
  return [...places].flatMap(([key, place]) => (found.has(key) ? [] : [place])).slice(0, goneMax)
}

/** Whether a line of the history counts as passed, as long as all in front of it in its log did. */
export function isInFront(line: FleetLine, { places, time, lsn, log }: FleetCursor): boolean {
  const { name } = line
  const until = places.get(line.key)?.until
  if (until === undefined || line.seq > until || log === undefined) return false
  const isOfSameLog = name.host === log.host && name.log_id === log.log_id
  if (isOfSameLog && line.lsn !== undefined && lsn !== undefined) return line.lsn < lsn
  return line.time < time || (line.time === time && isBefore(name, log))
}

function isBefore(a: LogName, b: LogName): boolean {
  return a.host < b.host || (a.host === b.host && a.log_id < b.log_id)
}
