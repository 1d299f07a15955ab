// The checkpoint: what a run leaves for the next one, in the lock of its directory. It holds the
// last numbers of the entries, and the ends of the files at that moment. A start has to read only
// what was written after that.
//
// It is a floor, never the truth: entries may have been written since. A checkpoint that is missing
// or damaged costs time, nothing else. No clock is involved: a file is known by its inode, a moment
// by its size, and a file that was cut and has grown again by the bytes that stood at its end.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { type FileModeName, asFileModeName } from './attributes.ts'
import { type TimeRecord, asTimeRecord } from './trusted-time.ts'
import { namePattern } from '../entry/builtin-categories.ts'
import { isBase } from './names.ts'
import { readOurs } from './open-flags.ts'

/**
 * Numbers above are none of ours: 2^52, so that as many again can follow before they are no longer
 * exact. 1,000,000 entries a second take 142 years to come so far.
 */
export const seqMax: number = 2 ** 52
/** Most rotated files that a configuration may keep. */
const filesMax = 100

/** How much of a file's end is kept, in bytes: the number of its last entry stands there. */
const endBytes = 48

/** A file at some moment. */
export interface FileState {
  readonly inode: string
  readonly bytes: number
  /** Its last bytes then, in base64. */
  readonly end: string
}

/** The numbers that a log has come to. */
export interface LastNumbers {
  /** Per category the `seq` of the last entry accepted. */
  readonly seq: { readonly [category: string]: number }
  /** The highest `lsn`. Missing where a version before it has written. */
  readonly lsn?: number
  /** Up to this `lsn` no entry waits: each is in its file, or has been counted as lost. */
  readonly settled?: number
  /**
   * The logger was closed, or its process ended in order: nothing waits that could still come, or
   * be lost.
   */
  readonly ended?: boolean
}

/** From and to, both included. */
export type Stretch = readonly [from: number, to: number]

/** Stretches that are remembered of each kind, of each kill one: the latest. */
export const stretchesMax = 64

/** The state of a directory at some moment. */
export interface Checkpoint extends LastNumbers {
  /** `rotation.max_files` of the writer. */
  readonly max_files: number
  /** `rotation.compress` of the writer. */
  readonly compress: boolean
  /**
   * The identity of the log: random, made with the directory. Missing where a version before it has
   * written.
   */
  readonly log_id?: string | undefined
  /** What all files may come to by the writer's configuration, in bytes; missing: any number. */
  readonly total_bytes?: number | undefined
  /** `rotation.keep_unshipped` of the writer: whoever ships notes how far it is. */
  readonly keep_unshipped?: boolean | undefined
  /** `file_mode` of the writer. Missing where a version before it has written. */
  readonly file_mode?: FileModeName | undefined
  /** The live files by name. */
  readonly files: { readonly [base: string]: FileState }
  /**
   * Stretches of `lsn` in which a writer was killed: of these, entries may be lost that had not
   * come to a file.
   */
  readonly broken?: readonly Stretch[]
  /**
   * Stretches of `lsn` of a writer that lost the directory amid its writes, and had it back: some
   * of these stand behind higher ones in their file.
   */
  readonly late?: readonly Stretch[]
  /** What the writer knew of the time. */
  readonly time?: TimeRecord | undefined
}

/**
 * The checkpoint of this moment.
 *
 * @param bases The names of the live files.
 * @param writer What only the writer knows.
 * @param earlier The checkpoint before: files that are not written any more stay known, as long as
 *   they are there.
 */
export function captureCheckpoint(
  directory: string,
  bases: Iterable<string>,
  writer: Omit<Checkpoint, 'files'>,
  earlier: Checkpoint | undefined,
): Checkpoint {
  const files: { [base: string]: FileState } = {}
  for (const base of new Set([...bases, ...Object.keys(earlier?.files ?? {})])) {
    const state = stateOfFile(join(directory, base))
    if (state !== undefined) files[base] = state
  }
  return { ...writer, seq: { ...earlier?.seq, ...writer.seq }, files }
}

/** Whether an open file holds all that it held in this state, and in the same place. */
export function goesOnFrom(fd: number, state: FileState): boolean {
  const { size, ino } = fstatSync(fd, { bigint: true })
  return String(ino) === state.inode && size >= state.bytes && endOf(fd, state.bytes) === state.end
}

function stateOfFile(path: string): FileState | undefined {
  let fd: number
  try {
    fd = openSync(path, readOurs)
  } catch {
    // Not there, or not to be read: the next start will look for itself.
    return undefined
  }
  try {
    const { size, ino } = fstatSync(fd, { bigint: true })
    const bytes = Number(size)
    return { inode: String(ino), bytes, end: endOf(fd, bytes) }
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}

function endOf(fd: number, bytes: number): string {
  const end = Buffer.alloc(Math.min(bytes, endBytes))
  readSync(fd, end, 0, end.length, bytes - end.length)
  return end.toString('base64')
}

/**
 * A checkpoint read from a file; `undefined` for anything else. It is believed no further than it
 * has to be: of names and numbers only those that a logger gives are taken, so that it leads to no
 * file but those of the log.
 */
export function asCheckpoint(value: unknown): Checkpoint | undefined {
  if (!isRecord(value)) return undefined
  const { max_files, compress, seq, files } = value
  const time = asTimeRecord(value['time'])
  const fileMode = asFileModeName(value['file_mode'])
  if (!isNumber(max_files, filesMax) || max_files === 0) return undefined
  if (typeof compress !== 'boolean' || !isRecord(seq) || !isRecord(files)) return undefined
  return {
    max_files,
    compress,
    seq: ownOf(seq, (name, number) => namePattern.test(name) && isNumber(number, seqMax)),
    files: ownOf(files, (name, file) => isBase(name) && isFileState(file)),
    ...(isNumber(value['total_bytes'], seqMax) && { total_bytes: value['total_bytes'] }),
    ...(value['keep_unshipped'] === true && { keep_unshipped: true }),
    ...(fileMode !== undefined && { file_mode: fileMode }),
    ...(isLogId(value['log_id']) && { log_id: value['log_id'] }),
    ...(isNumber(value['lsn'], seqMax) && { lsn: value['lsn'] }),
    ...(isNumber(value['settled'], seqMax) && { settled: value['settled'] }),
    ...(value['ended'] === true && { ended: true }),
    ...(Array.isArray(value['broken']) && { broken: stretchesOf(value['broken']) }),
    ...(Array.isArray(value['late']) && { late: stretchesOf(value['late']) }),
    ...(time !== undefined && { time }),
  }
}

/** The members for which `isOurs` says so. */
function ownOf<T>(
  record: { readonly [key: string]: unknown },
  isOurs: (key: string, value: unknown) => boolean,
): { readonly [key: string]: T } {
  return Object.fromEntries(
    Object.entries(record).filter(([key, value]) => isOurs(key, value)),
  ) as {
    [key: string]: T
  }
}

function isFileState(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { inode, end, bytes } = value
  return (
    typeof inode === 'string' && typeof end === 'string' && isNumber(bytes, Number.MAX_SAFE_INTEGER)
  )
}

const logIdPattern = /^[0-9a-f]{32}$/

function isLogId(value: unknown): value is string {
  return typeof value === 'string' && logIdPattern.test(value)
}

function stretchesOf(values: readonly unknown[]): readonly Stretch[] {
  return values.filter(isStretch).slice(-stretchesMax)
}

function isStretch(value: unknown): value is Stretch {
  return Array.isArray(value) && value.length === 2 && value.every((each) => isNumber(each, seqMax))
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumber(value: unknown, max: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max
}
