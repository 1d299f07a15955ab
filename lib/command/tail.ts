// `ringlog tail`: the log as a person reads it, or as a pipe wants it.
//
// Entries go to the output and nothing else does, so `--json` may be piped into jq whatever the
// files hold: a remark shows a line that is not JSON.

import { wallMs } from '../entry/clock.ts'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { builtinCategories } from '../entry/builtin-categories.ts'
import { categoriesOfWriter, hasLogs } from '../read/series.ts'
import { readFiles } from '../read/loose-files.ts'
import type { Tell } from '../read/remark.ts'
import { readLogs } from '../read/read-logs.ts'
import { LogFinder } from '../directory/log-finder.ts'
import { nearestOf } from '../entry/closest-word.ts'
import { type DirectoryOptions, type Place, placeOf } from './target-directory.ts'
import { UsageError, directoryHint, isDefaultDirectory } from './failure.ts'
import type { Io } from './io.ts'
import { type QueryOptions, queryOf } from './query-options.ts'
import { type Screen, type ShowOptions, showLines } from './show-lines.ts'

/** Lines shown when nothing says how many. */
const linesDefault = 20

/** The options of `ringlog tail`. */
export interface TailOptions extends DirectoryOptions, QueryOptions, ShowOptions {
  /** In place of a directory; `-` is the standard input. */
  readonly files?: readonly string[]
  /** In place of a directory: the URL of an engine. */
  readonly from?: string
  readonly follow?: boolean
  readonly showCursor?: boolean
}

/**
 * Shows the log.
 *
 * @returns the exit code: 1 when something could not be read, or there is no log.
 * @throws {UsageError} when an option has a wrong value. The system's error when the directory
 *   cannot be read.
 */
export async function tail(options: TailOptions, screen: Screen, io: Io): Promise<number> {
  const { follow = false } = options
  const wanted = { follow, ...queryOf(options, linesDefault, wallMs()) }
  const { files = [], from } = options
  checkPlaces(options)
  if (from !== undefined) {
    // Loaded here: who reads files has the first line sooner.
    const { tailFleet } = await import('./tail-fleet.ts')
    return tailFleet(from, wanted, options, screen, io)
  }
  const place = await placeOf(options)
  const unknown = follow ? unknownOf(options.category, place) : []
  for (const { category, question } of unknown)
    io.remark(`no known category: '${category}'${question}`)
  if (follow && files.length === 0) remarkWaiting(place, io)
  let count = 0
  let isWhole = true
  let cursor = ''
  // Who follows is not told where searching ends and waiting begins.
  if (!follow) io.progress.repeat((seconds) => `searching, ${seconds} s`)
  try {
    const tell: Tell = ({ text }) => {
      isWhole = false
      io.progress.clear()
      io.remark(text)
    }
    const given = { ...wanted, log_path: place.directories, signal: io.out.closed }
    const lines =
      files.length > 0
        ? readFiles(files, given, tell)
        : readLogs(given, tell, (end) => {
            cursor = end
          })
    count = await showLines(lines, options, screen, io)
  } finally {
    io.progress.clear()
  }
  if (options.showCursor === true && cursor !== '') io.remark(`cursor: ${cursor}`)
  const isEmpty = count === 0 && !follow && files.length === 0
  if (isEmpty && !isWhatIsThere(options, place, io)) return 1
  return isWhole ? 0 : 1
}

/**
 * Whether there is a log in which nothing was found.
 *
 * @throws {UsageError} for a category that nobody knows: misspelt, it would show nothing, and
 *   nobody would know why.
 */
function isWhatIsThere({ category }: TailOptions, place: Place, io: Io): boolean {
  if (!logsIn(place).some(hasLogs)) {
    io.remark(`no log files in ${place.name}`)
    return false
  }
  const unknown = unknownOf(category, place)
  for (const { category: name, question } of unknown) {
    if (question !== '') {
      throw new UsageError(
        `option '-c, --category': expected a category of this log, got '${name}'${question}`,
      )
    }
    io.remark(`no entry of the category '${name}' is there`)
  }
  return unknown.length === 0
}

/**
 * Says for what it is waited.
 *
 * @throws {UsageError} when something else is in the place of a directory.
 */
function remarkWaiting(place: Place, io: Io): void {
  const isThere = new Map(place.directories.map((each) => [each, isDirectory(each)]))
  for (const [directory, is] of isThere) {
    if (is) continue
    const hint = isDefaultDirectory(directory) ? `; ${directoryHint}` : ''
    io.remark(`waiting for ${directory}, which is not there yet${hint}`)
  }
  const present = place.directories.filter((each) => isThere.get(each))
  if (present.length === 0 || logsIn({ ...place, directories: present }).some(mayHaveLogs)) return
  io.remark(`waiting for a log in ${present.join(', ')}`)
}

function mayHaveLogs(directory: string): boolean {
  try {
    return hasLogs(directory)
  } catch {
    // Whoever reads it tells.
    return true
  }
}

/** The directories of all logs. */
function logsIn({ directories }: Place): string[] {
  return new LogFinder(directories).find().map(({ directory }) => directory)
}

/** The first option that is given. */
function otherOf(options: { readonly [option: string]: unknown }): string | undefined {
  return Object.entries(options).find(([, value]) => value !== undefined && value !== false)?.[0]
}

/** @throws {UsageError} for what says two things, or what a file or an engine does not do. */
function checkPlaces(options: TailOptions): void {
  const { files = [], from, directory, config, follow, after, showCursor } = options
  const cursors = { '--after': after, '--show-cursor': showCursor }
  const named = { '-d': directory, '--config': config }
  if (from !== undefined) {
    if (files.length > 0) throw new UsageError('expected a directory, an engine or files, got two')
    const other = otherOf(named)
    if (other !== undefined) throw new UsageError(`expected a directory with ${other}, got --from`)
  }
  if (files.length === 0) return
  const other = otherOf({ ...named, '-f': follow, ...cursors })
  if (other !== undefined) throw new UsageError(`expected a directory with ${other}, got files`)
}

/**
 * The categories that neither are built in nor configured, nor have their own file; and which may
 * be meant.
 */
function unknownOf(
  categories: readonly string[] = [],
  place: Place,
): { readonly category: string; readonly question: string }[] {
  const logs = logsIn(place)
  const known = [
    ...Object.keys(builtinCategories),
    ...Object.keys(place.config?.categories ?? {}),
    ...logs.flatMap(categoriesOfWriter),
  ]
  return categories
    .filter(
      (each) => !known.includes(each) && !logs.some((log) => existsSync(join(log, `${each}.log`))),
    )
    .map((category) => {
      const nearest = nearestOf(category, known)
      return { category, question: nearest === undefined ? '' : `; did you mean ${nearest}?` }
    })
}

/** @throws {UsageError} when something else is there: no directory would ever come. */
function isDirectory(path: string): boolean {
  const stat = statSync(path, { bigint: false, throwIfNoEntry: false })
  if (stat?.isDirectory() === false) {
    throw new UsageError(`expected the directory of the logs, got the file '${path}'`)
  }
  return stat !== undefined
}
