// Is anything missing? Reads every line of every file, rotated and compressed ones too, and follows the numbers of
// each category. The memory it takes does not depend on how much there is to read.
//
// What this cannot see: the oldest entries, which rotation and retention delete; whether error.log holds a copy of
// every error, as either may have been rotated away; and what is missing at the very end beyond the numbers that the
// writer has last left in its lock: all of them when it was closed, those of its last rotation when it crashed.

import { isUtf8 } from 'node:buffer'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseLine } from '../entry/line.ts'
import { checkOptions, directoryToRead, pathRule } from '../config/options.ts'
import { stateOf } from '../directory/lock.ts'
import { parseName } from '../directory/names.ts'
import { directoryMode, fileMode } from '../directory/attributes.ts'
import { basesIn } from './series.ts'
import { type OpenLog, openNewer } from './log-file.ts'
import { lastLineEnd, readForwards } from './read-lines.ts'
import { Remarks } from './remark.ts'
import { SeqChecks } from './seq-audit.ts'
import type { Sieve } from './sieve.ts'
import type { VerifyFault } from './verify-fault.ts'

/** Faults that are kept; the others are counted. */
const faultsMax = 1000

/** A line of `structured_format: false`, with its category. */
const humanLine =
  /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] [A-Z]{4,8} *\| ([a-z0-9][a-z0-9._-]{0,63}) *\| /

/** What was read, and what was found. */
export interface VerifyReport {
  readonly directory: string
  /** Files read. */
  readonly files: number
  readonly lines: number
  /** Entries, copies in `error.log` not counted. */
  readonly entries: number
  /** The first 1,000 faults: by file, gaps behind the others. */
  readonly faults: readonly VerifyFault[]
  /** All faults. */
  readonly faults_total: number
}

export interface VerifyOptions {
  /** The directory; `~` is the home. @default '~/.risk_manager/logs/' */
  readonly log_path?: string
}

/**
 * Verifies the files of a directory: gaps, duplicates and disorder of each category's `seq`, torn and invalid lines,
 * modes other than 0600, by file and line, across rotation and compression. It may run beside a writer. Lines of
 * `structured_format: false` have no numbers: they are read, and not checked.
 *
 * @throws {TypeError} (rejects) for an option that is none; the system's error when the directory cannot be read.
 */
export async function verifyLogs(options: VerifyOptions = {}): Promise<VerifyReport> {
  const action = 'verify the logs'
  const { log_path } = checkOptions<VerifyOptions>(action, { log_path: pathRule }, options)
  return new Verification(directoryToRead(action, log_path)).run()
}

class Verification {
  readonly #directory: string
  readonly #faults: VerifyFault[] = []
  #faultsTotal = 0
  #files = 0
  #lines = 0
  #entries = 0
  /** Whether the last line was a human line, or one of those indented below it. */
  #isBelowHuman = false
  readonly #seqs = new SeqChecks((fault) => this.#found(fault))

  constructor(directory: string) {
    this.#directory = directory
  }

  async run(): Promise<VerifyReport> {
    const names = readdirSync(this.#directory)
    const remarks = new Remarks(({ file, text }) => {
      this.#found({ file, line: undefined, kind: 'unreadable', message: text })
    })
    this.#checkModes(names)
    // Beside a writer, its last entries may still be on their way.
    const { holder, checkpoint } = stateOf(this.#directory)
    for (const base of basesIn(this.#directory, names, () => true, remarks)) {
      // Before the files are opened: a writer that ends meanwhile ends its last line.
      const isWritten = stateOf(this.#directory).holder !== undefined
      const logs = openNewer(this.#directory, base, () => false, remarks)
      const ends = logs.map((log) => (log.index === 0 && isWritten ? lastLineEnd(log) : log.size))
      try {
        for (const [i, log] of logs.entries()) await this.#check(log, ends[i]!, base, remarks)
      } finally {
        for (const log of logs) log.close()
      }
    }
    this.#seqs.end(holder === undefined ? checkpoint?.seq : undefined)
    return {
      directory: this.#directory,
      files: this.#files,
      lines: this.#lines,
      entries: this.#entries,
      faults: this.#faults,
      faults_total: this.#faultsTotal,
    }
  }

  #found(fault: VerifyFault): void {
    this.#faultsTotal++
    if (this.#faults.length < faultsMax) this.#faults.push(fault)
  }

  async #check(log: OpenLog, end: number, base: string, remarks: Remarks): Promise<void> {
    const { name: file } = log
    this.#files++
    const isTorn = !log.compressed && end > 0 && lastLineEnd(log) < end
    let line = 0
    let read = 0
    // Bytes that are no UTF-8 do not show in the decoded line; what they were decoded to may be meant.
    let decoded = 0
    const foreign = new Set<number>()
    const notice: Sieve = (bytes, from, to) => {
      decoded++
      if (!isUtf8(bytes.subarray(from, to))) foreign.add(decoded)
      return false
    }
    try {
      for await (const lines of readForwards(log, end, notice)) {
        for (const { raw, offset } of lines) {
          line++
          if (foreign.delete(line)) this.#foundForeign(file, line)
          else this.#checkLine(raw, file, line, base)
          read = offset + Buffer.byteLength(raw)
        }
      }
      // What was cut off is not missed by zlib; but gzip ends with the number of bytes that there should be.
      if (
        log.compressed &&
        ![read, read + 1].some((bytes) => bytes % 2 ** 32 === log.unpackedSize)
      ) {
        remarks.unread(file, new Error('the gzip is cut off'))
      }
    } catch (error) {
      remarks.unread(file, error)
    }
    const last = this.#faults.at(-1)
    if (isTorn && (last?.file !== file || last.line !== line)) {
      this.#found({ file, line, kind: 'torn', message: 'The last line has no end' })
    }
  }

  #checkLine(raw: string, file: string, line: number, base: string): void {
    this.#lines++
    const entry = parseLine(raw)
    if (entry === undefined) {
      const category = humanLine.exec(raw)?.[1]
      if (category !== undefined) this.#seqs.passHumanLine(category)
      this.#isBelowHuman = category !== undefined || (this.#isBelowHuman && raw.startsWith('    '))
      if (!this.#isBelowHuman) this.#found({ file, line, ...whatIsWrongWith(raw) })
      return
    }
    this.#isBelowHuman = false
    if (this.#seqs.check(entry, file, line, base)) this.#entries++
  }

  #foundForeign(file: string, line: number): void {
    this.#lines++
    this.#isBelowHuman = false
    this.#found({ file, line, kind: 'invalid', message: 'The line is not UTF-8' })
  }

  #checkModes(names: readonly string[]): void {
    if (process.platform === 'win32') return
    const directory = modeOf(this.#directory)
    // A directory that was there before us may be open to readers; whoever may write there may do anything.
    if (directory !== undefined && (directory & 0o022) !== 0) {
      this.#wrongMode(this.#directory, directory, directoryMode)
    }
    for (const name of names) {
      if (parseName(name) === undefined && !name.endsWith('.lock')) continue
      const mode = modeOf(join(this.#directory, name))
      if (mode !== undefined && mode !== fileMode) this.#wrongMode(name, mode, fileMode)
    }
  }

  #wrongMode(file: string, mode: number, expected: number): void {
    const message = `Expected mode ${octal(expected)}, got ${octal(mode)}`
    this.#found({ file, line: undefined, kind: 'mode', message })
  }
}

function whatIsWrongWith(raw: string): Pick<VerifyFault, 'kind' | 'message'> {
  try {
    JSON.parse(raw)
  } catch {
    const kind = raw.startsWith('{"timestamp":"') ? 'torn' : 'invalid'
    return {
      kind,
      message: kind === 'torn' ? 'The line ends in the middle' : 'The line is not JSON',
    }
  }
  return { kind: 'invalid', message: 'The line is JSON, but no entry' }
}

/** Undefined when it has gone, or is a stranger's: neither is ours to judge. */
function modeOf(path: string): number | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat && stat.mode & 0o777
  } catch {
    return undefined
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
