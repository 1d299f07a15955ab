// The next start: what a killed process has left in its ring, and its files do not hold, is written,
// masked, once and in order. The directory must be ours.
//
// An entry is known by its category, its numbers and its time. It keeps its numbers, so a copy in
// error.log stays a copy of it; only where somebody has used numbers beyond them meanwhile does it
// get the next ones. The ring is removed when all of it is in the operating system: whoever is
// killed before that leaves it to the next one, who finds in the files what has been written.

import { closeSync, fdatasyncSync, writeSync } from 'node:fs'
import { openForAppend } from '../directory/open.ts'
import { lifeOf, type LockOwner, self } from '../directory/lock-owner.ts'
import { rotateSync } from '../directory/rotate.ts'
import { JsonBytes } from '../encode/json-bytes.ts'
import { LineEncoder } from '../encode/line-encoder.ts'
import { ERROR } from '../entry/level.ts'
import type { Redactor } from '../redact/secret-keys.ts'
import { entriesFrom, wordOf } from './entries-in-files.ts'
import { type BlockContent, type BlockEntry, readBlock } from './read-block.ts'
import { Restorer } from './restore.ts'
import {
  findRingFiles,
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

/** Who has written a ring, and where to. */
export interface RingOwner {
  readonly directory: string
  readonly owner: LockOwner
}

/** An entry with the numbers it gets, and where it is missing. */
interface Missing {
  readonly entry: BlockEntry
  readonly seq: number
  readonly lsn: number
  readonly files: readonly string[]
}

/**
 * Writes what the rings of dead processes hold and the files do not.
 *
 * @throws the system's error when a file cannot be written; what is not written stays in its ring.
 */
export function recoverRings(options: RecoveryOptions): Recovered | undefined {
  let recovered: Recovered | undefined
  for (const { path, content } of ringsOf(options)) {
    let lines: ReadonlyMap<string, Lines>
    const missing = missingOf(options, content.entries)
    try {
      lines = linesOf(options, missing)
    } catch (error) {
      tellAside(options, path, `of an entry no line can be made: ${(error as Error).message}`)
      continue
    }
    for (const [file, pieces] of lines) append(options, file, pieces)
    removeRingFile(path)
    if (missing.length === 0) continue
    const times = missing.map(({ entry }) => entry.time)
    recovered = {
      entries: (recovered?.entries ?? 0) + missing.length,
      from: Math.min(recovered?.from ?? Infinity, times[0]!),
      to: Math.max(recovered?.to ?? -Infinity, times.at(-1)!),
    }
  }
  return recovered
}

/**
 * Writes those of the entries of one's own process that the files do not hold.
 *
 * @throws as recoverRings does; then it may be tried again.
 */
export function recoverEntries(options: RecoveryOptions, entries: readonly BlockEntry[]): void {
  for (const [file, lines] of linesOf(options, missingOf(options, entries))) {
    append(options, file, lines)
  }
}

interface Ring {
  readonly path: string
  readonly content: BlockContent
}

/** The rings that are to be believed, and whose writers are dead. The oldest entries first. */
function ringsOf(options: RecoveryOptions): Ring[] {
  const rings: Ring[] = []
  for (const path of findRingFiles(options.directory)) {
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
    if (owner !== undefined && isAlive(owner.owner)) continue
    const fault = faultOf(options, owner, content)
    if (fault === undefined) rings.push({ path, content })
    else tellAside(options, path, fault)
  }
  const first = ({ content }: Ring): number => content.entries[0]?.lsn ?? 0
  return rings.toSorted((one, other) => first(one) - first(other))
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

/** Whether a writer lives. One of this thread has let go of its ring: ours in use are not found. */
function isAlive(owner: LockOwner): boolean {
  const me = self()
  const isThis = owner.pid === me.pid && owner.thread === me.thread && owner.started === me.started
  const life = lifeOf(owner)
  return !isThis && (life === 'alive' || life === 'there')
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

/** The entries that are not where they belong. */
function missingOf(options: RecoveryOptions, entries: readonly BlockEntry[]): Missing[] {
  if (entries.length === 0) return []
  // Not that of the first: who was killed while numbers were moved on has moved the first ones only.
  const first = entries.reduce((least, { lsn }) => Math.min(least, lsn), Infinity)
  const { fileOf, errorFile, directory } = options
  const files = new Set(entries.map(({ definition }) => fileOf(definition.category)))
  const held = new Map(
    [...files, errorFile].map((file) => [file, entriesFrom(directory, file, first)]),
  )
  const isTaken = hasOthers([...held.values()], entries)
  const last = isTaken ? options.last() : undefined
  const seqs = new Map(last?.seqs)
  let lsn = last?.lsn ?? 0
  const missing: Missing[] = []
  for (const entry of entries) {
    const { category, severity } = entry.definition
    const own = fileOf(category)
    const isMissing = !isIn(held.get(own)!, entry)
    const hasCopy = severity >= ERROR && own !== errorFile
    const at = isMissing ? [own] : []
    if (hasCopy && !isIn(held.get(errorFile)!, entry)) at.push(errorFile)
    if (at.length === 0) continue
    if (isTaken && isMissing) {
      const seq = (seqs.get(category) ?? 0) + 1
      seqs.set(category, seq)
      missing.push({ entry, seq, lsn: ++lsn, files: at })
    } else missing.push({ entry, seq: entry.seq, lsn: entry.lsn, files: at })
  }
  return missing
}

/** Whether a file holds an entry. Most of a full ring is in none, which then has nothing. */
function isIn(held: ReadonlySet<string>, entry: BlockEntry): boolean {
  return held.size > 0 && held.has(wordOf(keyOf(entry)))
}

/** Whether somebody has gone on from numbers below ours: they are taken. */
function hasOthers(held: readonly ReadonlySet<string>[], entries: readonly BlockEntry[]): boolean {
  if (held.every((found) => found.size === 0)) return false
  const words = new Set(entries.map((entry) => wordOf(keyOf(entry))))
  return held.some((found) => [...found].some((word) => !words.has(word)))
}

function keyOf({ definition, seq, lsn, time }: BlockEntry): Parameters<typeof wordOf>[0] {
  return { category: definition.category, seq, lsn, time }
}

/** The lines of a file, one behind the other. */
interface Lines {
  readonly out: JsonBytes
  /** Where each of them ends. */
  readonly ends: number[]
}

/** The lines by file. */
function linesOf(
  { redactor, lineBytesMax }: RecoveryOptions,
  missing: readonly Missing[],
): ReadonlyMap<string, Lines> {
  const lines = new Map<string, Lines>()
  const restorer = new Restorer(new LineEncoder(redactor, lineBytesMax), redactor, lineBytesMax)
  for (const { entry, seq, lsn, files } of missing) {
    for (const file of files) {
      let of = lines.get(file)
      if (of === undefined) {
        of = { out: new JsonBytes(1 << 16), ends: [] }
        lines.set(file, of)
      }
      restorer.write(of.out, entry, seq, lsn)
      of.ends.push(of.out.size)
    }
  }
  return lines
}

/** Appends lines to a file, which is put aside where the next one does not fit. */
function append(
  { directory, fileMode, limitBytes, keep }: RecoveryOptions,
  file: string,
  { out, ends }: Lines,
): void {
  const startOf = (line: number): number => (line === 0 ? 0 : ends[line - 1]!)
  for (let next = 0; next < ends.length;) {
    const { fd, size } = openForAppend(directory, file, undefined, fileMode)
    try {
      const from = startOf(next)
      // An empty file takes a line of any length.
      if (size === 0) next++
      while (next < ends.length && size + ends[next]! - from <= limitBytes) next++
      const bytes = out.bytes.subarray(from, startOf(next))
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
      fdatasyncSync(fd)
    } finally {
      closeSync(fd)
    }
    if (next < ends.length) rotateSync(directory, file, keep)
  }
}
