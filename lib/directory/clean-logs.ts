// Cleaning from outside: what the command and a scheduled job call. It may be done while a logger writes there, in
// this process or another.
//
// It takes no lock: a logger that starts meanwhile would find itself locked out by a cleaning. Deleting is safe
// without one (retention.ts). Compressing is left to a live writer, whose rotations would move the numbers; one
// that starts in the middle is noticed before the new name is given.

import { builtinCategories } from '../entry/category.ts'
import { textOf } from '../entry/safe-text.ts'
import { type CleanReport, cleanDirectory } from './clean.ts'
import { stateOf } from './lock.ts'
import { absolutePathOf, defaultLogPath } from '../config/log-path.ts'
import { dayMs } from './retention.ts'
import { TrustedTime, heldBack, lastChange } from './trusted-time.ts'

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
 * Deletes rotated files that are too old, or more than the last writer was configured to keep, and what was left by
 * a job that was ended in the middle; compresses the others if that is wanted. The live files are never touched.
 *
 * It may run beside a logger. Then compressing is left to that one: if it does not compress, the files are reported
 * as failed. Only the built-in files and those that a logger has written here are looked at.
 *
 * @returns what was done, and what could not be.
 * @throws {TypeError | RangeError} (rejects) when an option is none or has a wrong value; the system's error when
 *   the directory cannot be read.
 */
export async function cleanLogs(options: CleanOptions = {}): Promise<CleanReport> {
  const { log_path, retention_days, compress, dry_run } = checked(options)
  const directory = absolutePathOf(log_path)
  const { holder, checkpoint } = stateOf(directory)
  const files = [...Object.values(builtinCategories), ...Object.keys(checkpoint?.files ?? {})]
  const isLeft = holder !== undefined && compress && checkpoint?.compress !== true
  const bases = new Set(files)
  const time = new TrustedTime(checkpoint?.time, lastChange(directory, bases))
  const retentionMs = retention_days * dayMs
  const report = await cleanDirectory({
    directory,
    bases,
    limits: { keep: checkpoint?.max_files, retentionMs, now: time.now() },
    leftovers: holder === undefined,
    onlyOwn: false,
    compress: compress && holder === undefined,
    notCompressed: isLeft
      ? `not compressed: process ${holder.pid} writes here; set its rotation.compress`
      : undefined,
    dryRun: dry_run,
    mayRename: () => stateOf(directory).holder === undefined,
  })
  const doubted = heldBack(directory, bases, retentionMs, time)
  return { ...report, failed: [...report.failed, ...doubted] }
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
