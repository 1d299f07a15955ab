// A cursor: where reading goes on, behind a line, in all files of the directory.
//
// A line has its place among those of the other files only by the order in which they were read,
// and that is not always the order of time: an entry may reach its file late. So a cursor names a
// place in each file. A file is named by a hash of its first line: that stays when it is rotated,
// compressed or copied. While what was there is read, the place at which that ended belongs to it,
// too: what came later was not read in the order of time, and is not passed over.
//
//   time, base, lsn and hash of its line │ per base: file, offset [ file, offset of the end ] │
//   bases that were not read
//
// For everybody else it is a text, `r1.….…`: its version, what it says, and a check sum.

import { type LogLine, ReadLine } from './time-order.ts'

/** A place in a file: by the hash of its first line, and in bytes, uncompressed; -1 is its end. */
export interface Position {
  readonly file: string
  readonly offset: number
}

/** A place in a base. */
export interface Place {
  /** Behind what was read; `undefined` before all of it. */
  readonly at: Position | undefined
  /** Up to here lines were read in the order of time. */
  readonly until: Position | undefined
}

/** What a cursor says. */
export interface Cursor {
  /** Of its line, in milliseconds since 1970. */
  readonly time: number
  /** Of its line; undefined when it has none, or the cursor is of an earlier version. */
  readonly lsn: number | undefined
  /** A hash of its text, when it is an entry and its place is right behind it. */
  readonly hash: string | undefined
  readonly base: string
  readonly places: ReadonlyMap<string, Place>
  /** Bases that were there and were not read. */
  readonly others: readonly string[]
}

/** A line that has been passed. */
export interface Step {
  readonly line: LogLine
  readonly time: number
  readonly lsn: number | undefined
  readonly base: string
  readonly position: Position | undefined
}

/** Which of several logs a base is of; empty: it is the only one. */
export function logOf(base: string): string {
  return base.slice(0, Math.max(0, base.lastIndexOf('/')))
}

export interface CursorKind {
  /** Its text begins with it. */
  readonly version: string
  readonly of: string
}

/** Of a directory's lines, and of shipped ones. */
export const cursorKinds: { readonly files: CursorKind; readonly engine: CursorKind } = {
  files: { version: 'r1', of: 'a line' },
  engine: { version: 'e1', of: 'a line of an engine' },
}

/** Parses a cursor. @throws {RangeError} when the text is no cursor. */
export function parseCursor(text: string): Cursor {
  const bytes = bytesOfCursor(text, cursorKinds.files)
  try {
    return asCursor(JSON.parse(bytes.toString()) as Stored)
  } catch {
    // Of a later version of the same number, or forged.
    throw noCursor(text, cursorKinds.files)
  }
}

/**
 * What such a text holds.
 *
 * @throws {RangeError} when it is none of that kind, or was cut.
 */
export function bytesOfCursor(text: string, kind: CursorKind): Buffer {
  const [name, body = '', sum, ...more] = text.trim().split('.')
  if (name !== kind.version || sum !== sumOf(body) || more.length > 0) throw noCursor(text, kind)
  return Buffer.from(body, 'base64url')
}

export function noCursor(text: string, { version, of }: CursorKind): RangeError {
  return new RangeError(
    `Cannot go on behind a line: expected the cursor of ${of}, as ${version}.…, got ${JSON.stringify(text.slice(0, 40))}`,
  )
}

/** The text of a cursor that holds this. */
export function cursorOf(bytes: Buffer, { version }: CursorKind): string {
  const body = bytes.toString('base64url')
  return `${version}.${body}.${sumOf(body)}`
}

/** As it stands in the text. */
type Stored = readonly [
  time: number | null,
  base: string,
  places: { readonly [base: string]: readonly (string | number)[] },
  others: readonly string[],
  lsn?: number | null,
  hash?: string,
]

function asCursor([time, base, stored, others, lsn, hash]: Stored): Cursor {
  const places = new Map<string, Place>()
  for (const [name, [file, offset, untilFile, untilOffset]] of Object.entries(stored)) {
    places.set(name, { at: positionOf(file, offset), until: positionOf(untilFile, untilOffset) })
  }
  return {
    time: time ?? -Infinity,
    lsn: Number.isSafeInteger(lsn) ? lsn! : undefined,
    hash: typeof hash === 'string' ? hash : undefined,
    base,
    places,
    others: others.map(String),
  }
}

function positionOf(file: unknown, offset: unknown): Position | undefined {
  if (typeof file !== 'string' || file === '' || !Number.isSafeInteger(offset)) return undefined
  return { file, offset: offset as number }
}

function textOfCursor({ time, lsn, hash, base, places, others }: Cursor): string {
  const stored = [...places].map(([name, { at, until }]) => {
    const last = until === undefined ? [] : [until.file, until.offset]
    return [name, [at?.file ?? '', at?.offset ?? 0, ...last]] as const
  })
  const told = time === -Infinity ? null : time
  const all = [told, base, Object.fromEntries(stored), others, lsn, hash]
  return cursorOf(Buffer.from(JSON.stringify(all)), cursorKinds.files)
}

/** A check sum of a cursor's body: against what was cut or mistyped. */
function sumOf(body: string): string {
  return hashOf(Buffer.from(body)).slice(0, 6)
}

/**
 * A hash of 53 bits, cyrb53: as a name for a first line, not against somebody who wants two of the
 * same.
 */
export function hashOf(bytes: Uint8Array): string {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 2_654_435_761)
    b = Math.imul(b ^ byte, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return ((b & 0x1fffff) * 2 ** 32 + (a >>> 0)).toString(36).padStart(11, '0')
}

/** Follows how far an iteration has come, and gives the lines their cursors. */
export class CursorTrack {
  readonly #others: readonly string[]
  #positions: Map<string, Position | undefined>
  /** Where the history of each base ends; undefined when it is over. */
  #ends: ReadonlyMap<string, Position | undefined> | undefined
  #time = -Infinity
  #lsn: number | undefined
  #base = ''

  /**
   * @param begins Where each base begins.
   * @param ends Where what is there ends.
   * @param others Bases that are not read.
   */
  constructor(
    begins: ReadonlyMap<string, Position | undefined>,
    ends: ReadonlyMap<string, Position | undefined>,
    others: readonly string[],
  ) {
    this.#positions = new Map(begins)
    this.#ends = ends
    this.#others = others
  }

  /** Where the iteration has come to. */
  get cursor(): string {
    const last = { time: this.#time, lsn: this.#lsn, hash: undefined, base: this.#base }
    return textOfCursor(this.#cursorAt(this.#positions, last, this.#ends))
  }

  /** The place behind a line: in front of it when it has no end yet, as then it goes on. */
  place(base: string, { file, offset }: Position): Position {
    const end = this.#ends?.get(base)
    const isLast = end?.file === file && end.offset !== -1
    return { file, offset: isLast ? Math.min(offset, end.offset) : offset }
  }

  /**
   * Only the last lines were read: these, so what stands in front of them has been passed.
   *
   * @param isAll What stands behind them has been, too; otherwise only the order tells.
   */
  beginAt(begins: ReadonlyMap<string, Position | undefined>, isAll: boolean): void {
    for (const [base, end] of this.#ends ?? []) {
      this.#positions.set(base, begins.get(base) ?? (isAll ? end : undefined))
    }
  }

  /** Whether a line has been passed. */
  get hasPassed(): boolean {
    return this.#base !== ''
  }

  /**
   * What was there has been read: in each base as far as it went.
   *
   * @param waiting Bases of which lines have been read that are still to be passed.
   */
  endHistory(waiting: ReadonlySet<string> = new Set()): void {
    for (const [base, end] of this.#ends ?? []) {
      if (!waiting.has(base)) this.#positions.set(base, end)
    }
    this.#ends = undefined
  }

  /**
   * Passes lines in the order in which they were read, and gives each the cursor that goes on
   * behind it.
   */
  pass(steps: readonly Step[]): void {
    const before = new Map(this.#positions)
    const ends = this.#ends
    let [done, reached] = [0, new Map(before)]
    for (const [i, { line, time, lsn, base, position }] of steps.entries()) {
      if (position !== undefined) this.#positions.set(base, position)
      this.#time = time
      this.#lsn = lsn
      this.#base = base
      ReadLine.giveCursor(line, () => {
        // Asked in order, as they mostly are, each step is taken once.
        if (i < done - 1) [done, reached] = [0, new Map(before)]
        for (; done <= i; done++) {
          const step = steps[done]!
          if (step.position !== undefined) reached.set(step.base, step.position)
        }
        const hash = hashBehind(line, position)
        return textOfCursor(this.#cursorAt(reached, { time, lsn, hash, base }, ends))
      })
    }
  }

  #cursorAt(
    positions: ReadonlyMap<string, Position | undefined>,
    last: Pick<Cursor, 'time' | 'lsn' | 'hash' | 'base'>,
    ends: ReadonlyMap<string, Position | undefined> | undefined,
  ): Cursor {
    const places = new Map<string, Place>()
    for (const [name, at] of positions) places.set(name, { at, until: ends?.get(name) })
    return { ...last, places, others: this.#others }
  }
}

/** Of a line whose end has not come the place is in front. */
function hashBehind(
  { raw, entry, offset }: LogLine,
  place: Position | undefined,
): string | undefined {
  const isBehind = place !== undefined && place.offset > offset
  return entry !== undefined && isBehind ? hashOf(Buffer.from(raw)) : undefined
}
