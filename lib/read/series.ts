// Which names of a directory are logs. A category may have any file, so a name alone does not tell; but what a user
// or another program left beside the logs must not be shown as one. So a name that ends in `.log` is a log, and any
// other is one when it begins as our lines do.

import { errorFile } from '../entry/category.ts'
import { type FileName, filesByBase } from '../directory/names.ts'
import { humanTime } from './time-order.ts'
import { openLog } from './log-file.ts'
import type { Remarks } from './remark.ts'

/** `system.log.bak`, `system.log-20251017`: a copy of a log, whose lines would be shown twice. */
const copyPattern = /\.log[^a-z0-9]/

/**
 * The bases of the logs in a directory, `error.log` last: so of an entry and its copy the entry is met first.
 *
 * @param names All names in it.
 * @param isWanted Asked for each base before anything is opened.
 */
export function basesIn(
  directory: string,
  names: readonly string[],
  isWanted: (base: string) => boolean,
  remarks: Remarks,
): string[] {
  return [...filesByBase(names)]
    .filter(([base, files]) => isWanted(base) && isLog(directory, base, files, remarks))
    .map(([base]) => base)
    .toSorted((a, b) => Number(a === errorFile) - Number(b === errorFile))
}

function isLog(
  directory: string,
  base: string,
  files: readonly FileName[],
  remarks: Remarks,
): boolean {
  if (base.endsWith('.log')) return true
  // The live file may be empty.
  return !copyPattern.test(base) && files.some((file) => beginsAsOurs(directory, file, remarks))
}

function beginsAsOurs(directory: string, file: FileName, remarks: Remarks): boolean {
  try {
    const log = openLog(directory, file)
    if (log === undefined) return false
    try {
      const head = log.head().toString('latin1')
      return head.startsWith('{"timestamp":"') || humanTime.test(head)
    } finally {
      log.close()
    }
  } catch (error) {
    remarks.unread(file.name, error)
    return false
  }
}
