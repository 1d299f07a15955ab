// Finds the series of a directory: the names in it that are logs. A category may have any file, so
// a name alone does not tell; and what a user or another program left beside the logs must not be
// shown, verified or waited for as one. So beside the built-in files a log is what holds lines of
// ours, in its live file or a rotated one, or what the last writer has left as its own in the lock.
//
// A file that was found to be no log is remembered by its inode and size: while a log is followed,
// the question comes four times a second.

import {
  type BigIntStats,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
} from 'node:fs'
import { join } from 'node:path'
import { builtinCategories, errorFile } from '../entry/builtin-categories.ts'
import { looksLikeOurs } from '../entry/line.ts'
import type { Checkpoint } from '../directory/checkpoint.ts'
import { stateOf } from '../directory/lock-files.ts'
import { type FileName, filesByBase } from '../directory/names.ts'
import { unpackedHead } from './gunzip.ts'
import { Remarks } from './remark.ts'
import { readOurs } from '../directory/open-flags.ts'

/** So much of a file is looked at, in bytes: it nearly always tells. */
const headBytes = 1024
/** And so much of one that has the name of a log, and does not begin as one. */
const longHeadBytes = 65_536

/** `system.log.bak`, `system.log-20251017`: a copy of a log, whose lines would be shown twice. */
const copyPattern = /\.log[^a-z0-9]/

/** Files without a line that are looked at again at each poll, at most. */
const emptyMax = 64

const builtinFiles: ReadonlySet<string> = new Set(Object.values(builtinCategories))

/** A log: a live file and its rotated ones. */
export interface Series {
  readonly base: string
  /** Those that were listed, oldest first. */
  readonly files: readonly FileName[]
}

/** Knows the logs of one directory. */
export class SeriesFinder {
  readonly #directory: string
  readonly #isWanted: (base: string) => boolean
  readonly #remarks: Remarks
  /** Files that do not begin as ours do, by name, with their inode and size. */
  readonly #strangers = new Map<string, string>()
  /** Files that had no line yet. */
  readonly #empty = new Set<string>()
  #ownBases: ReadonlySet<string> | undefined

  /**
   * @param isWanted Asked for each base before anything is opened.
   * @param remarks Gets what may be a log and cannot be opened.
   */
  constructor(directory: string, isWanted: (base: string) => boolean, remarks: Remarks) {
    this.#directory = directory
    this.#isWanted = isWanted
    this.#remarks = remarks
  }

  /**
   * The logs in the directory, `error.log` last: so of an entry and its copy the entry is met
   * first.
   *
   * @param names All names in it.
   * @param isNew Asked for each base before it is looked at. @default all
   */
  find(names: readonly string[], isNew: (base: string) => boolean = () => true): Series[] {
    // The last writer may be another one than before.
    this.#ownBases = undefined
    return [...filesByBase(names)]
      .filter(([base, files]) => isNew(base) && this.isLog(base, files))
      .map(([base, files]) => ({ base, files }))
      .toSorted((a, b) => Number(a.base === errorFile) - Number(b.base === errorFile))
  }

  /** Whether a base is a log that is wanted, as far as these of its files can tell. */
  isLog(base: string, files: readonly FileName[]): boolean {
    if (!this.#isWanted(base)) return false
    if (builtinFiles.has(base)) return true
    const hasLogName = base.endsWith('.log')
    if (!hasLogName && copyPattern.test(base)) return false
    // The live file may be empty.
    return files.some((file) => this.#isOurs(file)) || (hasLogName && this.#isOwn(base))
  }

  /** Whether one of the files that had no line has got one, or is another. */
  hasGrown(): boolean {
    for (const name of this.#empty) {
      const stat = this.#stat(name)
      if (stat === undefined || stat.size > 0) return true
    }
    return false
  }

  #isOurs(file: FileName): boolean {
    const { name } = file
    const stat = this.#stat(name)
    this.#empty.delete(name)
    // A link leads to what has its own name, or to another directory.
    if (stat?.isFile() !== true) return false
    if (stat.size === 0n) {
      if (this.#empty.size < emptyMax) this.#empty.add(name)
      return false
    }
    const state = `${stat.ino}:${stat.size}`
    if (this.#strangers.get(name) === state) return false
    const isLong = stat.size > headBytes && file.base.endsWith('.log')
    if (
      this.#beginsAsOurs(file, headBytes) ||
      (isLong && this.#beginsAsOurs(file, longHeadBytes))
    ) {
      this.#strangers.delete(name)
      return true
    }
    this.#strangers.set(name, state)
    return false
  }

  #beginsAsOurs(file: FileName, bytes: number): boolean {
    try {
      const text = headOf(join(this.#directory, file.name), bytes, file.compressed)
      return looksLikeOurs(text)
    } catch (error) {
      if (file.base.endsWith('.log') || this.#isOwn(file.base)) {
        this.#remarks.unread(file.name, error)
      }
      return false
    }
  }

  #stat(name: string): BigIntStats | undefined {
    try {
      return lstatSync(join(this.#directory, name), { bigint: true, throwIfNoEntry: false })
    } catch {
      return undefined
    }
  }

  /** Whether the last writer has left a base as its own. */
  #isOwn(base: string): boolean {
    this.#ownBases ??= new Set(Object.keys(checkpointOf(this.#directory)?.files ?? {}))
    return this.#ownBases.has(base)
  }
}

/**
 * Whether a directory holds logs.
 *
 * @throws the system's error when it cannot be read.
 */
export function hasLogs(directory: string): boolean {
  const finder = new SeriesFinder(directory, () => true, new Remarks(() => {}))
  return finder.find(readdirSync(directory)).length > 0
}

/**
 * The categories whose numbers the last writer of a directory has left; empty when that is not
 * known.
 */
export function categoriesOfWriter(directory: string): string[] {
  return Object.keys(checkpointOf(directory)?.seq ?? {})
}

function checkpointOf(directory: string): Checkpoint | undefined {
  try {
    return stateOf(directory).checkpoint
  } catch {
    // No directory, or a lock that cannot be read.
    return undefined
  }
}

function headOf(path: string, bytes: number, isCompressed: boolean): string {
  const fd = openSync(path, readOurs)
  try {
    if (!fstatSync(fd).isFile()) return ''
    const head = Buffer.alloc(isCompressed ? 4 * bytes : bytes)
    const read = head.subarray(0, readSync(fd, head, 0, head.length, 0))
    return (isCompressed ? unpackedHead(read, bytes) : read).toString('latin1')
  } finally {
    closeSync(fd)
  }
}
