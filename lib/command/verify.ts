// `ringlog verify`: every fault in a line, and the sum of it.

import { visible } from '../entry/visible-text.ts'
import { verifyLogs } from '../read/verify-logs.ts'
import { counted, verbOf } from './count.ts'
import { type DirectoryOptions, placeOf } from './target-directory.ts'
import type { Io } from './io.ts'

/** Names that a remark lists. */
const namesMax = 5

/**
 * Verifies.
 *
 * @returns the exit code: 1 when there is a fault, or nothing to verify.
 * @throws {ConfigError} when the configuration cannot be used. The system's error when the
 *   directory cannot be read.
 */
export async function verify(options: DirectoryOptions, io: Io): Promise<number> {
  const { directories, name } = await placeOf(options)
  io.progress.repeat((seconds) => `verifying, ${seconds} s`)
  const report = await verifyLogs({ log_path: directories }).finally(() => io.progress.clear())
  for (const { file, line, kind, message } of report.faults) {
    const place = line === undefined ? file : `${file}:${line}`
    await io.out.write(`${visible(place)}: ${kind}: ${visible(message)}\n`)
  }
  const { entries, files, passed_over: others, faults_total: faults } = report
  const untold = faults - report.faults.length
  if (untold > 0) io.remark(`${untold} more ${verbOf(untold, 'fault is', 'faults are')} not listed`)
  if (others.length > 0)
    io.remark(`not verified, as no line of ringlog's is in it: ${listOf(others)}`)
  if (files === 0) {
    io.remark(`no log files in ${name}`)
    if (faults === 0) return 1
  }
  for (const { directory, log_id: id } of report.logs) {
    if (id !== undefined) io.remark(`${directory} is log ${id}`)
  }
  if (report.killed > 0) {
    const were = verbOf(report.killed, 'was', 'were')
    io.remark(
      `${counted(report.killed, 'entry')} ${were} not in a file when their writer was killed`,
    )
  }
  const found = faults === 0 ? 'no fault' : counted(faults, 'fault')
  await io.out.write(`${counted(entries, 'entry')} in ${counted(files, 'file')}, ${found}\n`)
  return faults === 0 ? 0 : 1
}

/** Some names, and how many more. */
function listOf(names: readonly string[]): string {
  const more = names.length - namesMax
  return names.slice(0, namesMax).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
