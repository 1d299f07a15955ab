// `ringlog tail`: the log as a person reads it, or as a pipe wants it.
//
// Entries go to the output and nothing else does, so `--json` may be piped into jq whatever the files hold: a line
// that is not JSON is told in a remark there.

import { wallMs } from '../entry/clock.ts'
import { readdirSync, statSync } from 'node:fs'
import { builtinCategories } from '../entry/category.ts'
import { type LevelName, levelNames, severityOf } from '../entry/level.ts'
import { filesByBase } from '../directory/names.ts'
import type { LogLine } from '../read/time-order.ts'
import { readLogs } from '../read/stream-logs.ts'
import type { StreamOptions } from '../read/query.ts'
import { nearestOf } from '../entry/closest-word.ts'
import { type DirectoryOptions, type Place, placeOf } from './target-directory.ts'
import { UsageError } from './failure.ts'
import type { Io } from './io.ts'
import { momentOfOption } from './moment.ts'
import { LineShower } from './render-line.ts'

/** Lines shown when nothing says how many. */
const linesDefault = 20

/** How much of a line that is not JSON is told in a remark. */
const remarkCharsMax = 1000

/** The options of `ringlog tail`. */
export interface TailOptions extends DirectoryOptions {
  readonly lines?: number
  readonly follow?: boolean
  readonly category?: readonly string[]
  readonly level?: string
  readonly account?: readonly string[]
  readonly grep?: string
  readonly since?: string
  readonly until?: string
  readonly output?: 'human' | 'json'
  readonly json?: boolean
  readonly expand?: boolean
  readonly local?: boolean
}

/**
 * Shows the log.
 *
 * @param color Whether human lines are coloured.
 * @returns the exit code: 1 when something could not be read.
 * @throws {UsageError} when an option has a wrong value. The system's error when the directory cannot be read.
 */
export async function tail(options: TailOptions, color: boolean, io: Io): Promise<number> {
  const wanted = wantedOf(options, wallMs())
  const place = await placeOf(options)
  remarkUnknown(options.category ?? [], place, io)
  if (wanted.follow === true && !isDirectory(place.directory)) {
    io.remark(`waiting for ${place.directory}, which is not there yet`)
  }
  const { local = false, expand = false } = options
  const shower = new LineShower({ color, local, expand })
  const json = options.json === true || options.output === 'json'

  let count = 0
  let isWhole = true
  // Who follows is not told where searching ends and waiting begins.
  if (wanted.follow !== true) io.progress.repeat((seconds) => `searching, ${seconds} s`)
  try {
    const lines = readLogs(
      { ...wanted, log_path: place.directory, signal: io.out.closed },
      ({ text }) => {
        isWhole = false
        io.progress.clear()
        io.remark(text)
      },
    )
    for await (const line of lines) {
      if (count++ === 0) io.progress.clear()
      for (const text of json ? jsonOf(line, io) : shower.show(line)) {
        const busy = io.out.write(text)
        if (busy !== undefined) await busy
      }
    }
  } finally {
    io.progress.clear()
  }
  if (count === 0 && wanted.follow !== true) remarkEmpty(place.directory, io)
  return isWhole ? 0 : 1
}

/** The line's own bytes, if a JSON parser can read them. */
function jsonOf({ entry, raw, file, offset }: LogLine, io: Io): readonly string[] {
  if (entry !== undefined || isJson(raw)) return [raw, '\n']
  const text = raw.length > remarkCharsMax ? `${raw.slice(0, remarkCharsMax)}…` : raw
  io.remark(`not JSON, in ${file} at byte ${offset}: ${text}`)
  return []
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // Torn, or rubbish.
    return false
  }
}

/** What is asked of streamLogs, checked here because an error must name the option as it was typed. */
function wantedOf(options: TailOptions, now: number): StreamOptions {
  const { level, account, category, grep, since, until, follow = false, local = false } = options
  return {
    follow,
    ...(options.lines !== undefined
      ? { lines: options.lines }
      : since === undefined && { lines: linesDefault }),
    ...(category && { categories: category }),
    ...(level !== undefined && { level: levelOf(level) }),
    ...(account && { account_id: account }),
    ...(grep !== undefined && { grep: expressionOf(grep) }),
    ...(since !== undefined && { since: momentOfOption('-S, --since', since, now, local) }),
    ...(until !== undefined && { until: momentOfOption('-U, --until', until, now, local) }),
  }
}

function levelOf(text: string): LevelName {
  const name = levelNames[severityOf(text) ?? -1]
  if (name !== undefined) return name
  const known = levelNames.map((each) => each.toLowerCase())
  const nearest = nearestOf(text, known)
  const question = nearest === undefined ? '' : ` (did you mean ${nearest}?)`
  throw new UsageError(
    `option '-l, --level': expected one of ${known.join(', ')}, got '${text}'${question}`,
  )
}

function expressionOf(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(': ').at(-1) : String(error)
    throw new UsageError(
      `option '-g, --grep': expected a regular expression, got '${text}' (${reason})`,
    )
  }
}

/** A misspelt category would show nothing, and nobody would know why. */
function remarkUnknown(categories: readonly string[], { config }: Place, io: Io): void {
  const known = [...Object.keys(builtinCategories), ...Object.keys(config?.categories ?? {})]
  for (const category of categories) {
    if (known.includes(category)) continue
    const nearest = nearestOf(category, known)
    if (nearest !== undefined) {
      io.remark(`'${category}' is not a built-in category; did you mean ${nearest}?`)
    }
  }
}

function remarkEmpty(directory: string, io: Io): void {
  if ([...filesByBase(readdirSync(directory)).keys()].every((base) => !base.endsWith('.log'))) {
    io.remark(`no log files in ${directory}`)
  }
}

/** @throws {UsageError} when something else is there: no directory would ever come. */
function isDirectory(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory() === false) {
    throw new UsageError(`expected the directory of the logs, got the file '${path}'`)
  }
  return stat !== undefined
}
