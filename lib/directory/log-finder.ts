// Finds the logs: the directories that are named, and those of instances below them, as they come
// and go.
//
// A directory that is named is one, whatever it holds. Below it one is recognized by its lock, or
// by a file that begins as ours do: there may be anything.

import { closeSync, existsSync, openSync, readSync, readdirSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { monotonicMs } from '../entry/clock.ts'
import { looksLikeOurs } from '../entry/line.ts'
import { type FileName, parseName } from './names.ts'
import { readAny } from './open-flags.ts'

/** How far below a named directory is looked: `{host}/{instance}`, and one more. */
const depthMax = 3
/** Directories that are looked at, and files in one of them, at most. */
const directoriesMax = 10_000
const filesMax = 16
/** Bytes in which the first line tells whose it is, as they lie on the disk. */
const headBytes = 512
/** Between two looks for those that have come, in milliseconds. */
const lookMs = 500
/**
 * Of the time that passes, these looks take this part at most: 5 000 other files take 9 ms, and a
 * look twice a second took 0.8 % of a core (Node 20, 2026-11).
 */
const lookShare = 0.0005

const lockName = /^ringlog\.\d+\.lock$/

/** A log. */
export interface FoundLog {
  readonly directory: string
  /** How it is called among others, by where it lies; empty for the one that is named alone. */
  readonly instance: string
}

/** Finds logs. */
export class LogFinder {
  readonly #paths: readonly string[]
  /** Above all that are named. */
  readonly top: string
  readonly #known = new Set<string>()
  #lookedAt = -Infinity
  /** How long the last look for those that have come took. */
  #lookTookMs = 0

  /** @param paths Absolute. */
  constructor(paths: readonly string[]) {
    this.#paths = paths
    this.top = paths.reduce(commonOf)
  }

  /**
   * All that there are, in the order of their names. A directory that is named counts unless there
   * are some below.
   */
  find(): FoundLog[] {
    const found = this.#paths.flatMap((path) => {
      const below = this.#below(path, depthMax)
      return below.length === 0 || isLog(path, namesIn(path)) ? [path, ...below] : below
    })
    this.#lookedAt = monotonicMs()
    return this.#named(found)
  }

  /** Those that have come since; looked for every now and then. */
  findNew(): FoundLog[] {
    const nowMs = monotonicMs()
    if (nowMs - this.#lookedAt < Math.max(lookMs, this.#lookTookMs / lookShare)) return []
    const found = this.#paths.flatMap((path) => this.#below(path, depthMax))
    const top = this.#paths.filter((path) => !this.#known.has(path) && isLog(path, namesIn(path)))
    this.#lookedAt = monotonicMs()
    this.#lookTookMs = this.#lookedAt - nowMs
    return this.#named([...top, ...found].filter((directory) => !this.#known.has(directory)))
  }

  /** Forgets one that is not there any more; false as long as it is. */
  isGone({ directory, instance }: FoundLog): boolean {
    if (instance === '' || existsSync(directory)) return false
    this.#known.delete(directory)
    return true
  }

  #named(directories: readonly string[]): FoundLog[] {
    const all = [...new Set(directories)].toSorted()
    for (const directory of all) this.#known.add(directory)
    return all.map((directory) => ({
      directory,
      instance: relative(this.top, directory).split(sep).join('/'),
    }))
  }

  #below(directory: string, depth: number): string[] {
    if (depth === 0 || this.#known.size > directoriesMax) return []
    let directories: string[]
    try {
      directories = readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map(({ name }) => join(directory, name))
        .slice(0, directoriesMax)
    } catch {
      // Not there yet, or not to be read: whoever reads it tells.
      return []
    }
    return directories.flatMap((each) => {
      const isOne = this.#known.has(each) || isLog(each, namesIn(each))
      return [...(isOne ? [each] : []), ...this.#below(each, depth - 1)]
    })
  }
}

/** The directory above two paths, or one of them. */
export function commonOf(a: string, b: string): string {
  for (let common = a; ; common = dirname(common)) {
    const way = relative(common, b)
    if (way !== '..' && !way.startsWith(`..${sep}`)) return common
    if (common === dirname(common)) return common
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Whether a directory is a log of ours. */
export function isLog(directory: string, names: readonly string[]): boolean {
  if (names.some((name) => lockName.test(name))) return true
  const files = names.flatMap((name) => {
    const file = parseName(name)
    return file?.base.endsWith('.log') === true ? [file] : []
  })
  // What has to be unpacked tells only where nothing else does: in an archive.
  const [packed, plain] = [true, false].map((is) =>
    files.filter(({ compressed }) => compressed === is),
  )
  return [plain!, packed!].some((some) =>
    some.slice(0, filesMax).some((file) => beginsAsOurs(directory, file)),
  )
}

function beginsAsOurs(directory: string, { name, compressed }: FileName): boolean {
  try {
    const fd = openSync(join(directory, name), readAny)
    try {
      const buffer = Buffer.alloc(headBytes)
      const head = buffer.subarray(0, readSync(fd, buffer, 0, headBytes, 0))
      return looksLikeOurs((compressed ? unpacked(head) : head).toString())
    } finally {
      closeSync(fd)
    }
  } catch {
    // Whoever reads it tells.
    return false
  }
}

/** What the first bytes of a gzip say. @throws zlib's error for what is none. */
function unpacked(head: Buffer): Buffer {
  const { constants, gunzipSync } = process.getBuiltinModule('node:zlib')
  return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH })
}
