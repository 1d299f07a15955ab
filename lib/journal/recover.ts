// Recovery at the next start: entries that a killed process has left in its ring, and that its
// files do not hold, are written, masked, once and in order. The directory must be ours.
//
// An entry is known by its category, its numbers and its time. It keeps its numbers, so a copy in
// error.log stays a copy of it; only where somebody has used them meanwhile, or has gone beyond
// them in the same file, does it get the next ones, which are stored in the ring first. A process
// that is killed between the two leaves numbers that do not rise. A process that never had the
// directory has given numbers of its own, from 1 on: all of them are given anew before anything is
// looked for. The ring is removed when all of it is in the operating system: whoever is killed
// before that leaves it to the next one, who finds in the files what has been written.

import { closeSync, fdatasyncSync, writeSync } from 'node:fs'
import { isSyncRefused } from '../directory/attributes.ts'
import { openForAppend } from '../directory/open.ts'
import { lifeOf, type LockOwner } from '../directory/lock-owner.ts'
import { rotateSync } from '../directory/rotate.ts'
import { JsonBytes } from '../encode/json-bytes.ts'
import { LineEncoder } from '../encode/line-encoder.ts'
import { ERROR } from '../entry/level.ts'
import type { Redactor } from '../redact/secret-keys.ts'
import { entriesFrom, wordOf } from './entries-in-files.ts'
import { type BlockContent, type BlockEntry, type NumbersOf, readBlock } from './read-block.ts'
import { Restorer } from './restore.ts'
import {
  changeRingFile,
  findRingFiles,
  isInUse,
  isThisThread,
  lifeOfOwner,
  putAside,
  readRingFile,
  realPathOf,
  removeRingFile,
  unmade,
} from './ring-file.ts'

export interface RecoveryOptions {
  readonly directory: string
  /** The identity of the log; undefined while it has none. */
  readonly logId: string | undefined
  readonly redactor: Redactor
  readonly lineBytesMax: number
  /** The file of a category. */
  readonly fileOf: (category: string) => string
  /** The file that gets copies of ERROR and CRITICAL. */
  readonly errorFile: string
  readonly fileMode: number
  readonly limitBytes: number
  /** Rotated files kept. */
  readonly keep: number
  /** The numbers that the files have come to. */
  readonly last: () => { readonly seqs: ReadonlyMap<string, number>; readonly lsn: number }
  /** A file had a torn last line, of so many bytes, which has been ended. */
  readonly torn: (file: string, bytes: number) => void
  /** Tells a person. */
  readonly tell: (remark: string) => void
}

/** What has come back. */
export interface Recovered {
  readonly entries: number
  /** When the first and the last of them were logged, in milliseconds since the epoch. */
  readonly from: number
  readonly to: number
}

/** A file gets its lines in pieces of so many bytes. */
const pieceBytes = 1 << 20

/** Entries that are looked at more than once. */
type Entries = Iterable<BlockEntry>

/** Who has written a ring, and where to. */
export interface RingOwner {
  readonly directory: string
  readonly owner: LockOwner
}

/**
 * Writes what the rings of dead processes hold and the files do not.
 *
 * @throws the system's error when a file cannot be written; what is not written stays in its ring.
 */
export function recoverRings(options: RecoveryOptions): Recovered | undefined {
  const all = new Tally()
  for (const ring of ringsOf(options)) recoverRing(options, ring, all)
  return all.recovered
}

function recoverRing(options: RecoveryOptions, { path, content }: Ring, all: Tally): void {
  const { logId } = options
  if (content.logId === undefined && logId !== undefined) {
    changeRingFile(path, (store) => {
      content.renumber(
        nextNumbers(options, () => false),
        store,
      )
      content.identify(logId, store)
    })
  }
  const held = heldOf(options, content.entries)
  const numbersOf = newNumbers(options, held, content.entries)
  // Before any of them is written: who is killed then leaves entries that will be found again.
  if (numbersOf !== undefined) changeRingFile(path, (store) => content.renumber(numbersOf, store))
  try {
    write(options, held, content.entries, all)
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error
    tellAside(options, path, `of an entry no line can be made: ${error.message}`)
    return
  }
  removeRingFile(path)
}

/**
 * Writes those of the entries of one's own process that the files do not hold.
 *
 * @throws as recoverRings does; then it may be tried again.
 */
export function recoverEntries(options: RecoveryOptions, entries: readonly BlockEntry[]): void {
  const held = heldOf(options, entries)
  const numbersOf = newNumbers(options, held, entries)
  const known = numbersOf === undefined ? entries : numbered(entries, numbersOf)
  write(options, held, known, new Tally())
}

function numbered(entries: Entries, numbersOf: NumbersOf): BlockEntry[] {
  return [...entries].map((entry) => ({ ...entry, ...numbersOf(entry) }))
}

interface Ring {
  readonly path: string
  readonly content: BlockContent
}

/** The rings that are to be believed, and whose writers are dead. */
function ringsOf(options: RecoveryOptions): Ring[] {
  const rings: Ring[] = []
  for (const path of findRingFiles(options.directory)) {
    // Before it is read: what is written to meanwhile looks torn.
    if (isInUse(path)) continue
    let content: BlockContent | string
    try {
      const state = unmade(path)
      if (state === 'abandoned') removeRingFile(path)
      if (state !== undefined) continue
      const bytes = readRingFile(path)
      content = typeof bytes === 'string' ? bytes : readBlock(bytes)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') continue
      content = message
    }
    if (typeof content === 'string') {
      tellAside(options, path, content)
      continue
    }
    const owner = asOwner(content.owner)
    if (owner !== undefined && isAlive(path, owner.owner)) continue
    const fault = faultOf(options, owner, content)
    if (fault === undefined) rings.push({ path, content })
    else tellAside(options, path, fault)
  }
  return rings
    .map((ring) => ({ ring, ...firstOf(ring.content) }))
    .toSorted((one, other) => one.had - other.had || one.first - other.first)
    .map(({ ring }) => ring)
}

/**
 * By what rings are sorted. Those of processes that had the directory come first, since their
 * numbers are those of the log; who has waited for it until he died has begun at 1.
 */
function firstOf({ logId, entries }: BlockContent): { had: number; first: number } {
  const had = logId === undefined ? 1 : 0
  for (const { lsn, time } of entries) return { had, first: had === 0 ? lsn : time }
  return { had, first: 0 }
}

function faultOf(
  { directory, logId }: RecoveryOptions,
  owner: RingOwner | undefined,
  content: BlockContent,
): string | undefined {
  if (owner === undefined) return 'it does not say whose it is'
  const own = realPathOf(directory)
  if (owner.directory !== own) return `it belongs to ${owner.directory}`
  if (content.logId === undefined || content.logId === logId) return undefined
  return 'it belongs to another log, which was in this directory before'
}

function tellAside({ tell }: RecoveryOptions, path: string, reason: string): void {
  tell(`a ring of entries is not believed: ${reason}; it is put aside as ${putAside(path)}`)
}

function isAlive(path: string, owner: LockOwner): boolean {
  const life = lifeOfOwner(path, lifeOf(owner))
  return !isThisThread(owner) && (life === 'alive' || life === 'there')
}

function asOwner(text: string): RingOwner | undefined {
  try {
    const { directory, owner } = JSON.parse(text) as { directory: unknown; owner: LockOwner }
    const { pid, thread, started, boot, pids, host } = owner
    const areNumbers = Number.isSafeInteger(pid) && pid > 0 && Number.isSafeInteger(thread)
    const areTexts = [started, boot, pids, host, directory].every((of) => typeof of === 'string')
    return areNumbers && areTexts ? { directory: directory as string, owner } : undefined
  } catch {
    return undefined
  }
}

/** What the files hold of late, by file: words of entries. */
type Held = ReadonlyMap<string, ReadonlySet<string>>

/** What the files of these entries hold, from the first of them on. */
function heldOf({ fileOf, errorFile, directory }: RecoveryOptions, entries: Entries): Held {
  let first = Infinity
  const categories = new Set<string>()
  for (const { lsn, definition } of entries) {
    // Not that of the first one: who was killed while numbers were moved on has moved the first
    // ones only.
    first = Math.min(first, lsn)
    categories.add(definition.category)
  }
  if (categories.size === 0) return new Map()
  const files = new Set([...[...categories].map(fileOf), errorFile])
  return new Map([...files].map((file) => [file, entriesFrom(directory, file, first)]))
}

/** The numbers that entries get which no file holds; undefined when they keep theirs. */
function newNumbers(options: RecoveryOptions, held: Held, entries: Entries): NumbersOf | undefined {
  const { fileOf, errorFile } = options
  const isWritten = (entry: BlockEntry): boolean =>
    isIn(held.get(fileOf(entry.definition.category))!, entry) || isIn(held.get(errorFile)!, entry)
  return areTaken(options, held, entries, isWritten) ? nextNumbers(options, isWritten) : undefined
}

/** The numbers behind those of the files, for the entries that are not written. */
function nextNumbers(
  options: RecoveryOptions,
  isWritten: (entry: BlockEntry) => boolean,
): NumbersOf {
  const last = options.last()
  const seqs = new Map(last.seqs)
  let { lsn } = last
  return (entry) => {
    const { category } = entry.definition
    if (isWritten(entry)) return undefined
    const seq = (seqs.get(category) ?? 0) + 1
    seqs.set(category, seq)
    return { seq, lsn: ++lsn }
  }
}

/** Whether a file holds an entry. Most of a full ring is in none, which then has nothing. */
function isIn(held: ReadonlySet<string>, entry: BlockEntry): boolean {
  return held.size > 0 && held.has(wordOf(keyOf(entry)))
}

/**
 * Whether entries cannot keep their numbers. Others in the files are no sign of that: those for
 * which the ring had no room were written at once.
 */
function areTaken(
  { fileOf, errorFile }: RecoveryOptions,
  held: Held,
  entries: Entries,
  isWritten: (entry: BlockEntry) => boolean,
): boolean {
  const taken = new Set<number | string>()
  const lastIn = new Map<string, number>()
  for (const [file, words] of held) {
    let last = 0
    for (const word of words) {
      const [category = '', seq = '', number = ''] = word.split(' ')
      const lsn = Number(number)
      taken.add(lsn).add(`${category} ${seq}`)
      last = Math.max(last, lsn)
    }
    lastIn.set(file, last)
  }
  let before = 0
  const seqs = new Map<string, number>()
  for (const entry of entries) {
    const { definition, lsn, seq } = entry
    const { category, severity } = definition
    const seqBefore = seqs.get(category) ?? 0
    if (!isWritten(entry)) {
      if (lsn <= before || seq <= seqBefore) return true
      if (taken.has(lsn) || taken.has(`${category} ${seq}`)) return true
      const last = lastIn.get(fileOf(category))!
      if (lsn < (severity >= ERROR ? Math.max(last, lastIn.get(errorFile)!) : last)) return true
    }
    before = Math.max(before, lsn)
    seqs.set(category, Math.max(seqBefore, seq))
  }
  return false
}

function keyOf({ definition, seq, lsn, time }: BlockEntry): Parameters<typeof wordOf>[0] {
  return { category: definition.category, seq, lsn, time }
}

/** Why an entry cannot be written. */
class Unwritable extends Error {}

/**
 * Writes the entries that are not where they belong, a piece at a time: all lines at once would be
 * three times the ring.
 */
function write(options: RecoveryOptions, held: Held, entries: Entries, all: Tally): void {
  const { redactor, lineBytesMax, fileOf, errorFile } = options
  const restorer = new Restorer(new LineEncoder(redactor, lineBytesMax), redactor, lineBytesMax)
  const appenders = new Map([...held.keys()].map((file) => [file, new Appender(options, file)]))
  const put = (file: string, entry: BlockEntry): boolean => {
    if (isIn(held.get(file)!, entry)) return false
    appenders.get(file)!.append(restorer, entry)
    return true
  }
  let failure: Unwritable | undefined
  try {
    try {
      for (const entry of entries) {
        const { category, severity } = entry.definition
        const own = fileOf(category)
        const isMissing = put(own, entry)
        const isCopyMissing = severity >= ERROR && own !== errorFile && put(errorFile, entry)
        if (isMissing || isCopyMissing) all.count(entry)
      }
    } catch (error) {
      if (!(error instanceof Unwritable)) throw error
      failure = error
    }
    for (const appender of appenders.values()) appender.end(true)
  } finally {
    for (const appender of appenders.values()) appender.end(false)
  }
  if (failure !== undefined) throw failure
}

/** Appends lines to a file, which is put aside where the next one does not fit. */
class Appender {
  readonly #options: RecoveryOptions
  readonly #file: string
  readonly #lines = new JsonBytes(pieceBytes + pieceBytes / 8)
  #fd = -1
  #size = 0

  constructor(options: RecoveryOptions, file: string) {
    this.#options = options
    this.#file = file
  }

  append(restorer: Restorer, entry: BlockEntry): void {
    const { directory, limitBytes, keep } = this.#options
    const lines = this.#lines
    const from = lines.size
    try {
      restorer.write(lines, entry, entry.seq, entry.lsn)
    } catch (error) {
      throw new Unwritable((error as Error).message)
    }
    this.#open()
    // An empty file takes a line of any length.
    if (this.#size + lines.size > limitBytes && this.#size + from > 0) {
      const line = Buffer.from(lines.bytes.subarray(from, lines.size))
      lines.size = from
      this.#close(true)
      rotateSync(directory, this.#file, keep)
      this.#open()
      lines.append(line)
    }
    if (lines.size >= pieceBytes) this.#write()
  }

  /** `isDone`: what has been made is written; else it is given up. */
  end(isDone: boolean): void {
    this.#close(isDone)
  }

  #open(): void {
    if (this.#fd !== -1) return
    const { directory, fileMode, torn } = this.#options
    const { fd, size, tornBytes } = openForAppend(directory, this.#file, undefined, fileMode)
    if (tornBytes > 0) torn(this.#file, tornBytes)
    this.#fd = fd
    this.#size = size
  }

  #write(): void {
    const lines = this.#lines
    const bytes = lines.bytes.subarray(0, lines.size)
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at)
    this.#size += bytes.length
    lines.clear()
  }

  #close(isDone: boolean): void {
    const fd = this.#fd
    if (fd === -1) return
    try {
      if (isDone) {
        this.#write()
        sync(fd)
      }
    } finally {
      this.#fd = -1
      closeSync(fd)
    }
  }
}

/** Where the system puts no file on the device, that its lines are in it is all there is. */
function sync(fd: number): void {
  try {
    fdatasyncSync(fd)
  } catch (error) {
    if (!isSyncRefused(error)) throw error
  }
}

/** Counts what has come back. */
class Tally {
  #entries = 0
  #from = Infinity
  #to = -Infinity

  count({ time }: BlockEntry): void {
    this.#entries++
    this.#from = Math.min(this.#from, time)
    this.#to = Math.max(this.#to, time)
  }

  get recovered(): Recovered | undefined {
    if (this.#entries === 0) return undefined
    return { entries: this.#entries, from: this.#from, to: this.#to }
  }
}
