// Verifies a log: is anything missing? Reads every line of every file, rotated and compressed ones
// too, and follows the numbers of each category. The memory it takes does not depend on how much
// there is to read.
//
// What this cannot see: the oldest entries, which rotation and retention delete; whether error.log
// holds a copy of every error, as either may have been rotated away; and what is missing at the
// very end beyond the numbers that the writer has last left in its lock: all of them when it was
// closed, those of its last rotation when it crashed.

import { isUtf8 } from 'node:buffer'
import { type Stats, lstatSync, readdirSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { beforeValue, lineHead, parseLine } from '../entry/line.ts'
import { checkOptions, directoriesToRead, pathsRule } from '../config/options.ts'
import { watchHolder } from '../directory/holder-watch.ts'
import { isShippedNote } from '../directory/hold-back.ts'
import { parseName } from '../directory/names.ts'
import { directoryModeOf, fileModes } from '../directory/attributes.ts'
import { Descriptors } from './descriptors.ts'
import { walkFiles } from './file-walk.ts'
import type { RawLine } from './line-splitter.ts'
import { type LogFile, isGone } from './log-file.ts'
import { lastLineEnd, readForwards } from './read-lines.ts'
import { Remarks } from './remark.ts'
import { LogFinder } from '../directory/log-finder.ts'
import { logIdOf } from '../directory/lock-files.ts'
import { LsnAudit } from './lsn-audit.ts'
import { SeqAudit } from './seq-audit.ts'
import { type Series, SeriesFinder } from './series.ts'
import type { VerifyFault } from './verify-fault.ts'

/** Faults that are kept; the others are counted. */
const faultsMax = 1000

/** The names of locks; other programs have locks of their own. */
const lockPattern = /^ringlog\.\d+\.lock$/

/** What was read, and what was found. */
export interface VerifyReport {
  readonly directory: string
  /** Which logs, and their identities: another one where a directory was begun anew, or copied. */
  readonly logs: readonly { readonly directory: string; readonly log_id: string | undefined }[]
  /** Files read; 0 when there was nothing to verify. */
  readonly files: number
  /** Files with the name of a log which hold no line of ours: they have not been looked at. */
  readonly passed_over: readonly string[]
  readonly lines: number
  /** Entries, copies in `error.log` not counted. */
  readonly entries: number
  /**
   * Entries that had been accepted, and were not in a file when their writer was killed; as far as
   * `lsn` tells.
   */
  readonly killed: number
  /** The first 1,000 faults: by file, gaps behind the others. */
  readonly faults: readonly VerifyFault[]
  /** All faults. */
  readonly faults_total: number
}

export interface VerifyOptions {
  /**
   * The directory, or several, or a parent of instances; `~` is the home. @default
   * '~/.risk_manager/logs/'
   */
  readonly log_path?: string | readonly string[]
}

/**
 * Verifies the files of a directory, rotated and compressed ones too: gaps, duplicates and disorder
 * of each category's `seq` and of all entries' `lsn`, torn and invalid lines, modes other than the
 * `file_mode` of the last writer (0600 where it has left none). Each fault has its file and line.
 *
 * It may run beside a writer. Lines of `structured_format: false` have no numbers: they are read,
 * and not checked.
 *
 * @throws {TypeError} (rejects) for an unknown option; the system's error when the directory
 *   cannot be read.
 */
export async function verifyLogs(options: VerifyOptions = {}): Promise<VerifyReport> {
  const action = 'verify the logs'
  const { log_path } = checkOptions<VerifyOptions>(action, { log_path: pathsRule }, options)
  const finder = new LogFinder(directoriesToRead(action, log_path))
  const reports: VerifyReport[] = []
  for (const { directory, instance } of finder.find()) {
    reports.push(named(await new Verification(directory).run(), instance))
  }
  return reports.length === 1 ? reports[0]! : sumOf(reports, finder.top)
}

/** The report of one of several: with its name in front of those of its files. */
function named(report: VerifyReport, instance: string): VerifyReport {
  if (instance === '') return report
  return {
    ...report,
    passed_over: report.passed_over.map((file) => `${instance}/${file}`),
    faults: report.faults.map((fault) =>
      isAbsolute(fault.file) ? fault : { ...fault, file: `${instance}/${fault.file}` },
    ),
  }
}

function sumOf(reports: readonly VerifyReport[], directory: string): VerifyReport {
  const sum = (numberOf: (report: VerifyReport) => number): number =>
    reports.reduce((total, report) => total + numberOf(report), 0)
  return {
    directory,
    logs: reports.flatMap(({ logs }) => logs),
    files: sum(({ files }) => files),
    passed_over: reports.flatMap((report) => report.passed_over),
    lines: sum(({ lines }) => lines),
    entries: sum(({ entries }) => entries),
    killed: sum(({ killed }) => killed),
    faults: reports.flatMap(({ faults }) => faults).slice(0, faultsMax),
    faults_total: sum(({ faults_total: faults }) => faults),
  }
}

class Verification {
  readonly #directory: string
  readonly #descriptors = new Descriptors()
  readonly #remarks = new Remarks(({ file, text }) => {
    this.#lsns.passUnknown()
    this.#found({ file, line: undefined, kind: 'unreadable', message: text })
  })
  readonly #faults: VerifyFault[] = []
  #faultsTotal = 0
  #files = 0
  #lines = 0
  #entries = 0
  /** Whether the last line was a human line, or one of those indented below it. */
  #isBelowHuman = false
  readonly #seqs = new SeqAudit((fault) => this.#found(fault))
  readonly #lsns = new LsnAudit((fault) => this.#found(fault))

  constructor(directory: string) {
    this.#directory = directory
  }

  async run(): Promise<VerifyReport> {
    // Beside a writer, its last entries may still be on their way.
    const { holder, checkpoint, isWritten } = await watchHolder(this.#directory)
    this.#lsns.expectLate(checkpoint?.late ?? [])
    const names = readdirSync(this.#directory)
    const found = new SeriesFinder(this.#directory, () => true, this.#remarks).find(names)
    const bases = new Set(found.map(({ base }) => base))
    this.#checkModes(names, bases, fileModes[checkpoint?.file_mode ?? '0600'])
    for (const series of found) await this.#checkSeries(series, isWritten())
    this.#seqs.end(holder === undefined ? checkpoint?.seq : undefined)
    const disordered = new Set(
      this.#faults.flatMap(({ kind, file }) => (kind === 'disorder' ? [file] : [])),
    )
    const killed = this.#lsns.end(this.#directory, {
      ...this.#seqs.sums,
      isDisordered: (file) => disordered.has(file),
      checkpoint,
    })
    for (const [base, { bytes }] of Object.entries(checkpoint?.files ?? {})) {
      if (holder === undefined && bytes > 0 && !bases.has(base)) this.#foundMissing(base, bytes)
    }
    return {
      directory: this.#directory,
      logs: [{ directory: this.#directory, log_id: logIdOf(this.#directory) }],
      files: this.#files,
      passed_over: names.filter((name) => {
        const base = parseName(name)?.base
        return base?.endsWith('.log') === true && !bases.has(base)
      }),
      lines: this.#lines,
      entries: this.#entries,
      killed,
      faults: this.#faults,
      faults_total: this.#faultsTotal,
    }
  }

  #found(fault: VerifyFault): void {
    this.#faultsTotal++
    if (this.#faults.length < faultsMax) this.#faults.push(fault)
  }

  /** A live file is never deleted by us. */
  #foundMissing(file: string, bytes: number): void {
    const message = `The file is missing; the last writer has left ${bytes} bytes in it`
    this.#found({ file, line: undefined, kind: 'gap', message })
  }

  /**
   * @param isWritten By a look before the files are opened: a writer that ends meanwhile ends its
   * last line.
   */
  async #checkSeries({ base, files }: Series, isWritten: boolean): Promise<void> {
    const logs = walkFiles({
      directory: this.#directory,
      base,
      files,
      how: 'list',
      descriptors: this.#descriptors,
      remarks: this.#remarks,
    })
    try {
      // Open, they can be read whatever rotation does; the newest are the last that it deletes.
      for (const log of logs.toReversed()) {
        if (this.#descriptors.hasRoom) this.#attempt(log, () => log.current())
      }
      for (const log of logs) {
        await this.#check(log, log.index === 0 && isWritten ? lastLineEnd : sizeOf, base)
        log.close()
      }
    } finally {
      for (const log of logs) log.close()
    }
  }

  #attempt(log: LogFile, work: () => unknown): void {
    try {
      work()
    } catch (error) {
      if (!isGone(error)) this.#remarks.unread(log.name, error)
    }
  }

  /** @param endOf How much of it counts: beside a writer, its last line may not be whole. */
  async #check(listed: LogFile, endOf: (log: LogFile) => number, base: string): Promise<void> {
    const { name: file } = listed
    let line = 1
    let isWhole = true
    try {
      const log = listed.current()
      const end = endOf(log)
      this.#files++
      // Of a file that grows, only one look may be taken: a second one sees a later end.
      isWhole = log.compressed || end === 0 || endOf === lastLineEnd || lastLineEnd(log) === end
      for await (const lines of readForwards(log, { end })) {
        for (const each of lines) {
          this.#checkLine(each, file, line, base)
          if (!each.isCut) line++
        }
      }
    } catch (error) {
      // Rotated away, as retention may: what comes behind it need not join what came before.
      if (isGone(error)) {
        this.#seqs.passUnseen(base)
        this.#lsns.passUnknown()
      } else this.#remarks.unread(file, error)
    }
    const last = this.#faults.at(-1)
    if (!isWhole && (last?.file !== file || last.line !== line - 1)) {
      this.#found({ file, line: line - 1, kind: 'torn', message: 'The last line has no end' })
    }
  }

  #checkLine({ raw, bytes, isCut }: RawLine, file: string, line: number, base: string): void {
    if (!isCut) this.#lines++
    // Bytes that are no UTF-8 do not show in the decoded line; what they were decoded to may be
    // meant.
    if (bytes !== undefined && !isUtf8(bytes)) {
      this.#isBelowHuman = false
      this.#found({ file, line, kind: 'invalid', message: 'The line is not UTF-8' })
      return
    }
    const entry = parseLine(raw)
    if (entry === undefined) {
      const head = lineHead(raw)
      const category = head?.human === true ? head.category : undefined
      if (category !== undefined) {
        this.#seqs.passHumanLine(category)
        this.#lsns.passUnknown()
      }
      this.#isBelowHuman = category !== undefined || (this.#isBelowHuman && raw.startsWith('    '))
      if (!this.#isBelowHuman) this.#found({ file, line, ...whatIsWrongWith(raw) })
      return
    }
    this.#isBelowHuman = false
    const isOwn = this.#seqs.check(entry, file, line, base)
    if (isOwn) this.#entries++
    this.#lsns.check(entry, file, line, base, isOwn)
  }

  #checkModes(names: readonly string[], bases: ReadonlySet<string>, fileMode: number): void {
    if (process.platform === 'win32') return
    const directory = statOf(this.#directory)?.mode
    const expected = directoryModeOf(fileMode)
    if (directory !== undefined) {
      // A directory that was there before us may be open to readers; whoever may write there may do
      // anything.
      const isExposed = (directory & 0o022 & ~expected) !== 0
      const isShut = (directory & expected) !== expected
      if (isExposed || isShut) this.#wrongMode(this.#directory, directory & 0o777, expected)
    }
    for (const name of names) {
      const isLog = bases.has(parseName(name)?.base ?? '')
      if (!isLog && !lockPattern.test(name) && !isShippedNote(name)) continue
      const stat = statOf(join(this.#directory, name))
      // What is no file is nothing that a logger of ours has made.
      if (stat?.isFile() !== true) continue
      const mode = stat.mode & 0o777
      if (mode !== fileMode) this.#wrongMode(name, mode, fileMode)
    }
  }

  #wrongMode(file: string, mode: number, expected: number): void {
    const message = `Expected mode ${octal(expected)}, got ${octal(mode)}`
    this.#found({ file, line: undefined, kind: 'mode', message })
  }
}

function whatIsWrongWith(raw: string): Pick<VerifyFault, 'kind' | 'message'> {
  if (/^(?:\0|\[\d+ NUL bytes\]$)/.test(raw)) {
    return { kind: 'invalid', message: 'NULs stand here, as after a power loss' }
  }
  if (raw === '\ufeff') return { kind: 'invalid', message: 'A byte order mark stands here' }
  try {
    JSON.parse(raw)
  } catch {
    const kind = raw.startsWith(beforeValue.timestamp) ? 'torn' : 'invalid'
    return {
      kind,
      message: kind === 'torn' ? 'The line ends in the middle' : 'The line is not JSON',
    }
  }
  return { kind: 'invalid', message: 'The line is JSON, but no entry' }
}

/** Undefined when it has gone, or is a stranger's: neither is ours to judge. */
function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { bigint: false, throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

function sizeOf(log: LogFile): number {
  return log.size
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
