// Cleaning from outside: the function that the command and a scheduled job call. It may run while a
// logger writes there, in this process or another.
//
// It takes no lock: a logger that starts meanwhile would find itself locked out by a cleaning.
// Deleting is safe without one (retention.ts). Compressing is left to a live writer, whose
// rotations would move the numbers; one that starts in the middle is noticed before the new name is
// given.

import { builtinCategories } from '../entry/builtin-categories.ts'
import { type CleanReport, cleanDirectory } from './clean-directory.ts'
import { unshippedIn } from './hold-back.ts'
import { watchHolder } from './holder-watch.ts'
import { type OptionRules, checkOptions, directoriesToRead, pathsRule } from '../config/options.ts'
import { fileModes } from './attributes.ts'
import { LogFinder } from './log-finder.ts'
import { dayMs } from './retention.ts'
import { TrustedTime, heldBack, lastChange } from './trusted-time.ts'

/** For errors. */
const action = 'clean the logs'

/** What `cleanLogs` is to do. */
export interface CleanOptions {
  /**
   * The directory, or several, or a parent of instances; `~` is the home. @default
   * '~/.risk_manager/logs/'
   */
  readonly log_path?: string | readonly string[]
  /**
   * Rotated files that were last written longer ago are deleted. Days, integer, 1 to 365. @default
   * 90
   */
  readonly retention_days?: number
  /** Compress rotated files. @default false */
  readonly compress?: boolean
  /** Change nothing, and tell what would be done. @default false */
  readonly dry_run?: boolean
}

/**
 * Deletes rotated files that are older, or more, or together larger, than the last writer was
 * configured to keep, and leftovers of a job that was ended in the middle. Compresses the others
 * with `compress`. The live files are never touched.
 *
 * It may run beside a logger. Then compressing is left to that one: if it does not compress, the
 * files are reported as failed. Only the built-in files and those that a logger has written here
 * are looked at.
 *
 * @returns what was done, and what could not be.
 * @throws {TypeError | RangeError} (rejects) when an option is unknown or has a wrong value; the
 *   system's error when the directory cannot be read.
 */
export async function cleanLogs(options: CleanOptions = {}): Promise<CleanReport> {
  const checked = checkOptions<CleanOptions>(action, rules, options)
  const finder = new LogFinder(directoriesToRead(action, checked.log_path))
  const reports: CleanReport[] = []
  for (const { directory, instance } of finder.find()) {
    reports.push(named(await cleanLog(directory, checked), instance))
  }
  if (reports.length === 1) return reports[0]!
  return {
    directory: finder.top,
    dry_run: checked.dry_run ?? false,
    deleted: reports.flatMap(({ deleted }) => deleted),
    compressed: reports.flatMap(({ compressed }) => compressed),
    failed: reports.flatMap(({ failed }) => failed),
  }
}

/** The report of one of several: with its name in front of those of its files. */
function named(report: CleanReport, instance: string): CleanReport {
  if (instance === '') return report
  const placed = <T extends { readonly file: string }>(files: readonly T[]): T[] =>
    files.map((each) => ({ ...each, file: `${instance}/${each.file}` }))
  const { deleted, compressed, failed } = report
  return {
    ...report,
    deleted: placed(deleted),
    compressed: placed(compressed),
    failed: placed(failed),
  }
}

async function cleanLog(
  directory: string,
  { retention_days = 90, compress = false, dry_run = false }: CleanOptions,
): Promise<CleanReport> {
  const { holder, checkpoint, isWritten } = await watchHolder(directory)
  const files = [...Object.values(builtinCategories), ...Object.keys(checkpoint?.files ?? {})]
  const isLeft = holder !== undefined && compress && checkpoint?.compress !== true
  const bases = new Set(files)
  const time = new TrustedTime(checkpoint?.time, lastChange(directory, bases))
  const retentionMs = retention_days * dayMs
  const report = await cleanDirectory({
    directory,
    bases,
    limits: {
      keep: checkpoint?.max_files,
      totalBytes: checkpoint?.total_bytes,
      retentionMs,
      now: time.now(),
      isUnshipped:
        checkpoint?.keep_unshipped === true ? unshippedIn(directory, checkpoint.log_id) : undefined,
    },
    leftovers: holder === undefined,
    onlyOwn: false,
    fileMode: fileModes[checkpoint?.file_mode ?? '0600'],
    compress: compress && holder === undefined,
    notCompressed: isLeft
      ? `not compressed: process ${holder.pid} writes here; set its rotation.compress`
      : undefined,
    dryRun: dry_run,
    mayRename: () => !isWritten(),
  })
  const doubted = heldBack(directory, bases, retentionMs, time)
  return { ...report, failed: [...report.failed, ...doubted] }
}

const rules: OptionRules<CleanOptions> = {
  log_path: pathsRule,
  retention_days: { type: 'integer', minimum: 1, maximum: 365 },
  compress: { type: 'boolean' },
  dry_run: { type: 'boolean' },
}
