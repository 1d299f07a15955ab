// The progress of a block that another thread fills, as the writer of the files notes it for
// whoever goes on with the block: how far the records are in the files, and where the numbers of
// this run stand in the log.
//
//   written (8 bytes)  slot that counts (4)  -  │ slot 1 │ slot 2      each: length  mark  JSON
//
// A record bears the numbers of the run, which the thread that logs counts. The directory says what
// is added to them: when it has been taken, and again when another writer has had it. That is a
// step, above some number. A step concerns no entry that is in a file. All steps are written as one
// piece, into the slot that does not count, and a single store makes that slot count: a process
// that is killed before has changed nothing.

import { type Move, sumOf } from './block.ts'

/** What is added to the numbers above one, up to the next step; the lowest first. */
type Steps = readonly (readonly [above: number, base: number])[]

/** Where the numbers of a run stand in the log. */
export interface Bases {
  readonly lsn: Steps
  readonly seqs: { readonly [category: string]: Steps }
}

const writtenAt = 0
const slotAt = 8
const slotsAt = 16
const slotHeadBytes = 8
/** Bytes in a slot for each category, beside its name, and for the rest. */
const bytesPerCategory = 256
const bytesBesides = 1024
/** It takes so many at least, and is a multiple of them. */
export const progressBytesMin = 4096

/** Bytes that it takes for categories of these names. */
export function progressBytesOf(categories: Iterable<string>): number {
  let slot = slotHeadBytes + bytesBesides
  for (const name of categories) slot += bytesPerCategory + Buffer.byteLength(name)
  return Math.ceil((slotsAt + 2 * slot) / progressBytesMin) * progressBytesMin
}

/** What is added to a number of the run. */
export function baseOf(steps: Steps | undefined, number: number): number {
  let base = 0
  for (const [above, added] of steps ?? []) if (number > above) base = added
  return base
}

/** The last step: what is added to the numbers that are given now. */
export function lastBaseOf(steps: Steps | undefined): number {
  return steps?.at(-1)?.[1] ?? 0
}

/** Writes it, and reads what was written in the same process. */
export class HandedProgress {
  readonly #bytes: Buffer
  readonly #words: Int32Array
  readonly #numbers: Float64Array
  readonly #slotBytes: number
  #lsnBase: number | undefined

  /** @param from Where it begins in the memory, up to whose end it goes. A multiple of 8. */
  constructor(memory: ArrayBuffer | SharedArrayBuffer, from: number) {
    const bytes = memory.byteLength - from
    this.#bytes = Buffer.from(memory, from, bytes)
    this.#words = new Int32Array(memory, from, bytes >> 2)
    this.#numbers = new Float64Array(memory, from, bytes >> 3)
    this.#slotBytes = slotBytesOf(bytes)
  }

  /** All records in front of a position of the block are in the files, or given up. */
  written(position: number): void {
    this.#numbers[writtenAt >> 3] = position
  }

  /** What is added to the number of an entry among all that comes now. */
  get lsnBase(): number {
    this.#lsnBase ??= lastBaseOf(this.bases.lsn)
    return this.#lsnBase
  }

  get bases(): Bases {
    return readProgress(this.#bytes)?.bases ?? { lsn: [], seqs: {} }
  }

  /** Numbers above some of the log are moved on. */
  move(seqs: ReadonlyMap<string, Move>, lsn: Move): void {
    this.#lsnBase = undefined
    const { bases } = this
    const moved: { [category: string]: Steps } = { ...bases.seqs }
    for (const [name, move] of seqs) moved[name] = stepped(bases.seqs[name] ?? [], move)
    this.#write({ lsn: stepped(bases.lsn, lsn), seqs: moved })
  }

  #write(bases: Bases): void {
    const text = Buffer.from(JSON.stringify(bases))
    if (slotHeadBytes + text.length > this.#slotBytes) {
      // Many have had the directory. Of the oldest steps nothing waits any more, most likely.
      this.#write(withoutOldest(bases))
      return
    }
    const slot = this.#words[slotAt >> 2] === 1 ? 2 : 1
    const at = slotsAt + (slot - 1) * this.#slotBytes
    text.copy(this.#bytes, at + slotHeadBytes)
    this.#words[at >> 2] = text.length
    this.#words[(at >> 2) + 1] = sumOf(text)
    this.#words[slotAt >> 2] = slot
  }
}

/**
 * Reads it from a block that somebody has left.
 *
 * @returns undefined when it is not to be believed.
 */
export function readProgress(
  bytes: Buffer,
): { readonly written: number; readonly bases: Bases } | undefined {
  const written = bytes.readDoubleLE(writtenAt)
  const slot = bytes.readInt32LE(slotAt)
  if (slot === 0) return { written, bases: { lsn: [], seqs: {} } }
  if (slot !== 1 && slot !== 2) return undefined
  const slotBytes = slotBytesOf(bytes.length)
  const at = slotsAt + (slot - 1) * slotBytes
  const length = bytes.readInt32LE(at)
  if (length < 0 || length > slotBytes - slotHeadBytes) return undefined
  const text = bytes.subarray(at + slotHeadBytes, at + slotHeadBytes + length)
  if (bytes.readInt32LE(at + 4) !== sumOf(text)) return undefined
  const bases = asBases(text.toString('utf8'))
  return bases && { written, bases }
}

function slotBytesOf(bytes: number): number {
  return Math.floor((bytes - slotsAt) / 16) * 8
}

/** Of the log's numbers those above one are moved on: of the run's, those that come to such. */
function stepped(steps: Steps, { above, by }: Move): Steps {
  if (by === 0) return steps
  const base = lastBaseOf(steps)
  const from = above - base
  return [...steps.filter(([earlier]) => earlier < from), [from, base + by]]
}

function withoutOldest({ lsn, seqs }: Bases): Bases {
  return {
    lsn: lsn.slice(-1),
    seqs: Object.fromEntries(Object.entries(seqs).map(([name, steps]) => [name, steps.slice(-1)])),
  }
}

function asBases(text: string): Bases | undefined {
  try {
    const { lsn, seqs } = JSON.parse(text) as { lsn: unknown; seqs: object }
    const all: [string, Steps][] = []
    for (const [name, steps] of Object.entries(seqs) as [string, unknown][]) {
      if (!areSteps(steps)) return undefined
      all.push([name, steps])
    }
    return areSteps(lsn) ? { lsn, seqs: Object.fromEntries(all) } : undefined
  } catch {
    return undefined
  }
}

function areSteps(value: unknown): value is Steps {
  return Array.isArray(value) && value.every(isStep)
}

function isStep(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger)
}
