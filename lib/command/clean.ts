// `ringlog clean`: what has been deleted and compressed, a line each.

import { visible } from '../entry/visible-text.ts'
import { LogFinder } from '../directory/log-finder.ts'
import { cleanLogs } from '../directory/clean-logs.ts'
import { hasLogs } from '../read/series.ts'
import { type DirectoryOptions, placeOf } from './target-directory.ts'
import { counted } from './count.ts'
import type { Io } from './io.ts'

/** The options of `ringlog clean`. */
export interface CleanCommandOptions extends DirectoryOptions {
  readonly retentionDays?: number
  readonly compress?: boolean
  readonly dryRun?: boolean
}

const reasons = {
  age: 'too old',
  count: 'more than are kept',
  total: 'more than all may come to',
  temporary: 'left over',
} as const

/**
 * Cleans.
 *
 * @returns the exit code: 1 when something could not be done, or there are no logs.
 * @throws {ConfigError} when the configuration cannot be used. The system's error when the
 *   directory cannot be read.
 */
export async function clean(options: CleanCommandOptions, io: Io): Promise<number> {
  const { directories, name, config } = await placeOf(options)
  io.progress.repeat((seconds) => `cleaning, ${seconds} s`)
  const report = await cleanLogs({
    log_path: directories,
    retention_days: options.retentionDays ?? config?.retention_days ?? 90,
    compress: options.compress ?? config?.rotation.compress ?? false,
    dry_run: options.dryRun ?? false,
  }).finally(() => io.progress.clear())
  const would = report.dry_run ? 'would be ' : ''
  for (const { file, bytes, reason, unshipped } of report.deleted) {
    const why = `${reasons[reason]}${unshipped === true ? ', not shipped' : ''}`
    await io.out.write(`${would}deleted     ${visible(file)}  ${sizeOf(bytes)}, ${why}\n`)
  }
  for (const { file, bytes_before: before, bytes_after: after } of report.compressed) {
    const sizes = report.dry_run ? sizeOf(before) : `${sizeOf(before)} to ${sizeOf(after)}`
    await io.out.write(`${would}compressed  ${visible(file)}  ${sizes}\n`)
  }
  for (const { file, reason } of report.failed) io.remark(`${file}: ${reason}`)
  if (report.deleted.length + report.compressed.length + report.failed.length === 0) {
    if (!new LogFinder(directories).find().some(({ directory }) => hasLogs(directory))) {
      io.remark(`no log files in ${name}`)
      return 1
    }
    io.remark(`nothing to clean in ${name}`)
  }
  return report.failed.length === 0 ? 0 : 1
}

function sizeOf(bytes: number): string {
  if (bytes < 10_000) return counted(bytes, 'byte')
  return bytes < 10_000_000 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`
}
