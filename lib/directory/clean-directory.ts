// Cleaning a log directory: leftovers of jobs that were ended in the middle, rotated files that are
// too old or too many, and, if wanted, compression of the others. One pass, one file after the
// other, in the background.
//
// It never touches a live file or a name that is none of the log's. Which names are the log's is
// said by the caller, since a directory may be shared: `backup.log.1` of somebody else is not ours
// to delete.

import { readdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileModeDefault, setModeByName } from './attributes.ts'
import { type CompressOptions, compressFile, isGzipOf } from './compress.ts'
import { type FileName, baseOfTemporary, filesByBase, nameOf, parseName } from './names.ts'
import { isOwnContent } from './own-content.ts'
import {
  type Doomed,
  type Limits,
  asideName,
  beyondTotal,
  discard,
  doomedAmong,
  emptyAside,
  lookAt,
} from './retention.ts'

/** What a cleaning has done, or, in a dry run, would do. */
export interface CleanReport {
  /** The directory, absolute. */
  readonly directory: string
  /** Nothing was changed. */
  readonly dry_run: boolean
  /**
   * Files that were deleted: too old, beyond the number of files kept, or beyond what all together
   * may come to, or left by a job that was ended in the middle.
   */
  readonly deleted: readonly {
    readonly file: string
    readonly bytes: number
    readonly reason: 'age' | 'count' | 'total' | 'temporary'
    /** It held something that was not shipped, although that was to be kept. */
    readonly unshipped?: true
  }[]
  /**
   * Files that were compressed, by their new name. In a dry run both sizes are that of the plain
   * file.
   */
  readonly compressed: readonly {
    readonly file: string
    readonly bytes_before: number
    readonly bytes_after: number
  }[]
  /** Files with which something was to be done that could not be. */
  readonly failed: readonly { readonly file: string; readonly reason: string }[]
}

/** What is to be cleaned, and how. */
export interface CleanTask extends CompressOptions {
  readonly directory: string
  /** The names of the live files: which files are the log's. */
  readonly bases: ReadonlySet<string>
  readonly limits: Limits
  /**
   * Remove what jobs have left that were ended in the middle. Not while another process may have
   * such a job.
   */
  readonly leftovers: boolean
  /** Delete only what this library has written; otherwise the names decide. */
  readonly onlyOwn: boolean
  readonly compress: boolean
  /** Why compressing is wanted but left to somebody else. */
  readonly notCompressed?: string | undefined
  readonly dryRun: boolean
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }
type Report = Mutable<CleanReport>

/** Has something done to a file; what fails is in the report. Nothing once the task is aborted. */
type Attempt = (file: string, work: () => Promise<void>) => Promise<void>

/**
 * Cleans a directory.
 *
 * @returns what was done. It ends early, with what was done until then, when the task's signal is
 *   aborted.
 * @throws the system's error when the directory cannot be read.
 */
export async function cleanDirectory(task: CleanTask): Promise<CleanReport> {
  const { directory, bases, dryRun: dry_run, signal } = task
  const report: Report = { directory, dry_run, deleted: [], compressed: [], failed: [] }
  const isAborted = (): boolean => signal?.aborted === true
  const attempt: Attempt = async (file, work) => {
    if (isAborted()) return
    try {
      await work()
    } catch (error) {
      // A file that has been moved on meanwhile, or deleted, is met by the next cleaning, if at
      // all.
      if (isAborted() || (error as NodeJS.ErrnoException).code === 'ENOENT') return
      report.failed.push({ file, reason: error instanceof Error ? error.message : String(error) })
    }
  }

  if (task.leftovers) await removeLeftovers(task, report, attempt)
  for (const [base, files] of filesByBase(readdirSync(directory))) {
    if (bases.has(base)) await cleanSeries(task, files, report, attempt)
  }
  // Behind the compression, which may make enough room.
  for (const doomed of beyondTotal(directory, seriesNow(task, report), task.limits)) {
    await attempt(doomed.name, async () => {
      await remove(task, doomed, report)
    })
  }
  return report
}

/** Removes what jobs have left that were ended in the middle. */
async function removeLeftovers(
  { directory, bases, dryRun }: CleanTask,
  report: Report,
  attempt: Attempt,
): Promise<void> {
  if (!dryRun) await attempt(asideName, async () => emptyAside(directory, bases))
  for (const name of readdirSync(directory)) {
    const base = baseOfTemporary(name)
    const file = lookAt(join(directory, name))
    if (base === undefined || !bases.has(base) || file === undefined) continue
    await attempt(name, async () => {
      // What a rotation has put aside is perhaps just being deleted.
      if (!dryRun) await rm(join(directory, name), { force: true })
      report.deleted.push({ file: name, bytes: Number(file.size), reason: 'temporary' })
    })
  }
}

/** Deletes of a live file and its rotated ones what has to go, and compresses the rest. */
async function cleanSeries(
  task: CleanTask,
  files: readonly FileName[],
  report: Report,
  attempt: Attempt,
): Promise<void> {
  const gone = new Set<string>()
  for (const doomed of doomedAmong(task.directory, files, task.limits)) {
    await attempt(doomed.name, async () => {
      if (await remove(task, doomed, report)) gone.add(doomed.name)
    })
  }
  const kept = files.filter(({ name }) => !gone.has(name))
  if (!task.dryRun) for (const { name } of kept) giveMode(task, name)
  const plain = kept.filter(({ index, compressed }) => index > 0 && !compressed)
  const packed = new Set(files.filter(({ compressed }) => compressed).map(({ index }) => index))
  for (const file of plain) {
    await attempt(file.name, async () => {
      if (packed.has(file.index)) {
        // A job was ended before its last step.
        if (task.leftovers) await removeTwin(task, file, report)
      } else if (task.notCompressed !== undefined) {
        throw new Error(task.notCompressed)
      } else if (task.compress) await compress(task, file, report)
    })
  }
}

async function remove(
  { directory, onlyOwn, dryRun }: CleanTask,
  { name, identity, bytes, reason, isUnshipped }: Doomed,
  report: Report,
): Promise<boolean> {
  if (onlyOwn && !isOwnContent(directory, parseName(name)!)) return false
  if (!dryRun && !(await discard(directory, name, identity))) return false
  report.deleted.push({ file: name, bytes, reason, ...(isUnshipped && { unshipped: true }) })
  return true
}

/** What is there now, without what a dry run would have deleted. */
function seriesNow(
  { directory, bases }: CleanTask,
  report: CleanReport,
): ReadonlyMap<string, readonly FileName[]> {
  const gone = new Set(report.deleted.map(({ file }) => file))
  const names = readdirSync(directory).filter((name) => !report.dry_run || !gone.has(name))
  return new Map([...filesByBase(names)].filter(([base]) => bases.has(base)))
}

/**
 * Gives a file that was there before, or was put there, the mode of ours; one of another user is
 * left.
 */
function giveMode({ directory, fileMode, refused }: CleanTask, name: string): void {
  const path = join(directory, name)
  const stat = lookAt(path)
  // Of a file with two names, the other may be anybody's.
  if (stat === undefined || stat.nlink !== 1n || stat.uid !== BigInt(process.geteuid?.() ?? -1)) {
    return
  }
  const refusal = setModeByName(path, fileMode ?? fileModeDefault)
  if (refusal !== undefined) refused?.(refusal)
}

async function compress(task: CleanTask, file: FileName, report: Report): Promise<void> {
  const { directory, dryRun } = task
  if (!dryRun) {
    const done = await compressFile(directory, file, task)
    if (done !== undefined) report.compressed.push(done)
    return
  }
  const stat = lookAt(join(directory, file.name))
  if (stat === undefined) return
  const bytes = Number(stat.size)
  const name = nameOf(file.base, file.index, true)
  report.compressed.push({ file: name, bytes_before: bytes, bytes_after: bytes })
}

/** Removes a plain file whose gzip is there already. */
async function removeTwin(task: CleanTask, file: FileName, report: Report): Promise<void> {
  const { directory, dryRun } = task
  const plain = lookAt(join(directory, file.name))
  if (plain === undefined) return
  const packed = nameOf(file.base, file.index, true)
  if (!(await isGzipOf(directory, packed, file.name, task))) {
    // A logger would tell it, and compare them, for ever.
    if (task.background === true || lookAt(join(directory, packed)) === undefined) return
    throw new Error(`${packed} is damaged, or holds something else; both are kept`)
  }
  if (!dryRun && !(await discard(directory, file.name, plain))) return
  report.deleted.push({ file: file.name, bytes: Number(plain.size), reason: 'temporary' })
}
