// Cleaning from outside: what the command and a scheduled job call.

import { builtinCategories } from '../entry/category.ts'
import { textOf } from '../entry/exception.ts'
import { type CleanReport, cleanDirectory } from './clean.ts'
import { absolutePathOf, defaultLogPath } from './log-path.ts'
import { dayMs } from './retention.ts'

/** What `cleanLogs` is to do. */
export interface CleanOptions {
  /** The directory; `~` is the home. @default '~/.risk_manager/logs/' */
  readonly log_path?: string
  /** Rotated files that were last written longer ago are deleted. Days, integer, 1 to 365. @default 90 */
  readonly retention_days?: number
  /** Compress rotated files. @default false */
  readonly compress?: boolean
  /** Change nothing, and tell what would be done. @default false */
  readonly dry_run?: boolean
}

/**
 * Deletes rotated files that are too old, and what was left by a job that was ended in the middle; compresses the
 * others if that is wanted. The live files are never touched.
 *
 * @returns what was done, and what could not be.
 * @throws {TypeError | RangeError} (rejects) when an option is none or has a wrong value; the system's error when
 *   the directory cannot be read.
 */
export async function cleanLogs(options: CleanOptions = {}): Promise<CleanReport> {
  const { log_path, retention_days, compress, dry_run } = checked(options)
  return cleanDirectory({
    directory: absolutePathOf(log_path),
    bases: new Set<string>(Object.values(builtinCategories)),
    limits: { keep: undefined, retentionMs: retention_days * dayMs },
    leftovers: true,
    compress,
    dryRun: dry_run,
  })
}

const defaults: Required<CleanOptions> = {
  log_path: defaultLogPath,
  retention_days: 90,
  compress: false,
  dry_run: false,
}

function checked(options: CleanOptions): Required<CleanOptions> {
  if (typeof options !== 'object' || options === null) throw wrong('options', 'an object', options)
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(defaults, key)) {
      throw wrong('the options', `only ${Object.keys(defaults).join(', ')}`, key)
    }
  }
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const all = { ...defaults, ...Object.fromEntries(given) } as Required<CleanOptions>
  const { log_path, retention_days, compress, dry_run } = all
  if (typeof log_path !== 'string' || log_path === '' || log_path.includes('\0')) {
    throw wrong('log_path', 'a non-empty string without NUL', log_path)
  }
  if (!Number.isInteger(retention_days) || retention_days < 1 || retention_days > 365) {
    throw wrong('retention_days', 'an integer from 1 to 365', retention_days, RangeError)
  }
  if (typeof compress !== 'boolean') throw wrong('compress', 'true or false', compress)
  if (typeof dry_run !== 'boolean') throw wrong('dry_run', 'true or false', dry_run)
  return all
}

function wrong(what: string, expected: string, actual: unknown, Class = TypeError): Error {
  const shown = typeof actual === 'string' ? JSON.stringify(actual) : textOf(actual)
  return new Class(`Cannot clean the logs: expected ${what} to be ${expected}, got ${shown}`)
}
