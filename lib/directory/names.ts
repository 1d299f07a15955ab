// The names in a log directory: `system.log` is live, `system.log.1` the newest of the rotated ones
// and `system.log.10` the oldest; a compressed one has `.gz` behind its number. All of one file,
// live and rotated, share a *base*, the live one's name.

import { namePattern } from '../entry/builtin-categories.ts'

/** What a file's name says. */
export interface FileName {
  /** The name itself: `system.log.3.gz`. */
  readonly name: string
  /** The name of the live file: `system.log`. */
  readonly base: string
  /** 0 for the live file, 1 for the newest rotated one, more for older ones. */
  readonly index: number
  /** Whether it is gzip. Never for the live file. */
  readonly compressed: boolean
}

const rotatedPattern = /^(.+)\.([1-9]\d{0,5})(\.gz)?$/

const temporaryPattern = /^(.+)\.[1-9]\d{0,5}(?:\.gz)?\.\d{1,20}\.tmp$/

/** Names that no live file has: they are given by the directory itself. */
const reservedPattern = /\.(?:\d+|gz|tmp|lock|)$/

/**
 * What a name says.
 *
 * @returns `undefined` for a name that no log file has: a lock, a temporary file, a stranger's.
 */
export function parseName(name: string): FileName | undefined {
  if (isBase(name)) return { name, base: name, index: 0, compressed: false }
  const match = rotatedPattern.exec(name)
  const base = match?.[1]
  if (base === undefined || !isBase(base)) return undefined
  return { name, base, index: Number(match![2]), compressed: match![3] !== undefined }
}

/** The name of a base's file: its live one when `index` is 0. */
export function nameOf(base: string, index: number, compressed = false): string {
  if (index === 0) return base
  return compressed ? `${base}.${index}.gz` : `${base}.${index}`
}

/**
 * The name of a temporary file: `name` becoming what it is called, or on its way out.
 *
 * @param id Keeps temporary files of one name apart: the process that writes it, the inode that is
 *   to go.
 */
export function temporaryName(name: string, id: number | bigint): string {
  return `${name}.${id}.tmp`
}

/**
 * The name of the live file that a temporary file belongs to; `undefined` for a name that is none
 * of ours.
 */
export function baseOfTemporary(name: string): string | undefined {
  const base = temporaryPattern.exec(name)?.[1]
  return base !== undefined && isBase(base) ? base : undefined
}

/**
 * The log files among a directory's names, by base, each base's oldest first; bases in the order of
 * the alphabet.
 */
export function filesByBase(names: Iterable<string>): Map<string, FileName[]> {
  const found = new Map<string, FileName[]>()
  for (const name of [...names].toSorted()) {
    const file = parseName(name)
    if (file === undefined) continue
    const files = found.get(file.base)
    if (files === undefined) found.set(file.base, [file])
    else files.push(file)
  }
  for (const files of found.values()) files.sort(oldestFirst)
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Where both spellings of a number exist, the compressed one comes first: it may be the older. */
function oldestFirst(a: FileName, b: FileName): number {
  return b.index - a.index || Number(b.compressed) - Number(a.compressed)
}

/** Whether a live file may have this name. */
export function isBase(name: string): boolean {
  return namePattern.test(name) && !reservedPattern.test(name)
}
