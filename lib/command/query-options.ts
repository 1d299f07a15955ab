// The options that say which entries are meant.

import { type LevelName, levelNames, levelQuestion, severityOf } from '../entry/level.ts'
import { parseCursor } from '../read/cursor.ts'
import type { StreamOptions } from '../read/query.ts'
import type { Where } from '../read/where.ts'
import { UsageError } from './failure.ts'
import { momentOfOption } from './moment-option.ts'

/** As they are typed. */
export interface QueryOptions {
  readonly lines?: number
  readonly category?: readonly string[]
  readonly level?: string
  readonly account?: readonly string[]
  readonly grep?: string
  readonly ignoreCase?: boolean
  readonly where?: readonly string[]
  readonly since?: string
  readonly until?: string
  readonly after?: string
  readonly from?: string
  readonly local?: boolean
}

/**
 * What is asked of streamLogs, checked here because an error must name the option as it was typed.
 *
 * @param linesDefault When nothing says how many.
 * @throws {UsageError} when an option has a wrong value.
 */
export function queryOf(
  options: QueryOptions,
  linesDefault: number,
  now: number,
): Omit<StreamOptions, 'log_path' | 'follow' | 'signal'> {
  const { level, account, category, grep, since, until, local = false } = options
  return {
    ...(options.lines !== undefined
      ? { lines: options.lines }
      : since === undefined && options.after === undefined && { lines: linesDefault }),
    ...(options.after !== undefined && { after: cursorOf(options.after, options.from) }),
    ...(category && { categories: category }),
    ...(level !== undefined && { level: levelOf(level) }),
    ...(account && { account_id: account }),
    ...(grep !== undefined && { grep: expressionOf(grep, options.ignoreCase) }),
    ...(options.where && { where: whereOf(options.where) }),
    ...(since !== undefined && { since: momentOfOption('-S, --since', since, now, local) }),
    ...(until !== undefined && { until: momentOfOption('-U, --until', until, now, local) }),
  }
}

function levelOf(text: string): LevelName {
  const name = levelNames[severityOf(text) ?? -1]
  if (name !== undefined) return name
  const known = levelNames.map((each) => each.toLowerCase()).join(', ')
  throw new UsageError(
    `option '-l, --level': expected one of ${known}, got '${text}'${levelQuestion(text)}`,
  )
}

function cursorOf(text: string, from: string | undefined): string {
  // Whoever reads an engine knows its cursors.
  if (from !== undefined) return text
  try {
    parseCursor(text)
    return text
  } catch {
    throw cursorError(text)
  }
}

/** For what is no cursor of what is read. */
export function cursorError(text: string): UsageError {
  return new UsageError(`option '--after': expected what --show-cursor has shown, got '${text}'`)
}

/** `-w context.rule=UnrealizedLoss`; of one field given twice, one of the values is enough. */
function whereOf(texts: readonly string[]): Where {
  const where: { [path: string]: string[] } = Object.create(null)
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at < 1) {
      const example = 'KEY=VALUE, as context.rule=UnrealizedLoss'
      throw new UsageError(`option '-w, --where': expected ${example}, got '${text}'`)
    }
    const path = text.slice(0, at)
    where[path] = [...(where[path] ?? []), text.slice(at + 1)]
  }
  return where
}

function expressionOf(text: string, ignoreCase = false): RegExp {
  try {
    return new RegExp(text, ignoreCase ? 'i' : '')
  } catch (error) {
    const reason = error instanceof Error ? error.message.split(': ').at(-1) : String(error)
    throw new UsageError(
      `option '-g, --grep': expected a regular expression, got '${text}' (${reason})`,
    )
  }
}
