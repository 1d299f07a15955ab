// The files of a log directory, read by themselves: what lies on the disk is taken as it is and
// held against what the library promises. Nothing here uses the library, so that it cannot vouch
// for itself.

import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import ajvFormats from 'ajv-formats'
import { entrySchema } from './entry-schema.ts'

/** A live file with its rotated ones. */
export interface FileGroup {
  /** `system.log` */
  readonly name: string
  readonly liveBytes: number
  readonly rotatedCount: number
  readonly rotatedBytes: number
}

/** What was found in the files. */
export interface Findings {
  readonly groups: readonly FileGroup[]
  /** Lines of all files together. */
  readonly lines: number
  readonly bytes: number
  /** Bytes of the largest file. */
  readonly largestBytes: number
  /** Lines in error.log that are copies of entries of other files. */
  readonly copies: number
  /** Lines which the schema accepts. */
  readonly valid: number
  /** The last number of each category. */
  readonly lastSeq: ReadonlyMap<string, number>
  /** Files that hold the secret. */
  readonly leaks: readonly string[]
  /** Every fault, as `file:line: what`; empty when all is well. */
  readonly faults: readonly string[]
}

/** The part of an entry the checks look at. */
interface Line {
  readonly level: string
  readonly category: string
  readonly seq: number
}

/** Faults that are told in full; the rest is counted. */
const faultsMax = 20
const errorFile = 'error.log'

/**
 * Reads every file of the directory, oldest line first.
 *
 * @param secret Text that must not be found anywhere.
 */
export function inspectFiles(directory: string, secret: string): Findings {
  const inspection = new Inspection(secret)
  const groups: FileGroup[] = []
  const all = readdirSync(directory)
  // The copies are held against the originals, so the originals are read first.
  const names = all.filter((name) => name.endsWith('.log') && name !== errorFile)
  for (const name of [...names, errorFile]) {
    const rotated = all.filter((other) => other.startsWith(`${name}.`)).toSorted(byAge)
    const sizes = rotated.map((file) => inspection.read(directory, file))
    const liveBytes = inspection.read(directory, name)
    const rotatedBytes = sizes.reduce((sum, bytes) => sum + bytes, 0)
    groups.push({ name, liveBytes, rotatedCount: rotated.length, rotatedBytes })
  }
  return { groups, ...inspection.end() }
}

/** `system.log.10` before `system.log.2`: the higher the number, the older the file. */
function byAge(a: string, b: string): number {
  return Number(b.split('.').at(-1)) - Number(a.split('.').at(-1))
}

class Inspection {
  readonly #validate: ValidateFunction
  readonly #secret: string
  readonly #lastSeq = new Map<string, number>()
  /** Lines of other files that have to stand in error.log as well. */
  readonly #copiesExpected = new Set<string>()
  readonly #leaks: string[] = []
  readonly #faults: string[] = []
  #faultCount = 0
  #lines = 0
  #bytes = 0
  #largestBytes = 0
  #copies = 0
  #valid = 0

  constructor(secret: string) {
    const ajv = new Ajv()
    ajvFormats.default(ajv)
    this.#validate = ajv.compile(entrySchema)
    this.#secret = secret
  }

  /** Reads one file; returns its size. */
  read(directory: string, name: string): number {
    const path = join(directory, name)
    const { size } = statSync(path)
    this.#bytes += size
    this.#largestBytes = Math.max(this.#largestBytes, size)
    const text = readFileSync(path, 'utf8')
    if (text.includes(this.#secret)) this.#leaks.push(name)
    const lines = text.split('\n')
    if (lines.pop() !== '') this.#fault(name, lines.length + 1, 'expected a line end at the end')
    const isErrorFile = name.startsWith(errorFile)
    for (let i = 0; i < lines.length; i++) this.#line(lines[i] ?? '', name, i + 1, isErrorFile)
    return size
  }

  end(): Omit<Findings, 'groups'> {
    if (this.#copiesExpected.size > 0) {
      this.#fault(errorFile, 0, `lacks ${this.#copiesExpected.size} copies of errors`)
    }
    const untold = this.#faultCount - this.#faults.length
    return {
      lines: this.#lines,
      bytes: this.#bytes,
      largestBytes: this.#largestBytes,
      copies: this.#copies,
      valid: this.#valid,
      lastSeq: this.#lastSeq,
      leaks: this.#leaks,
      faults: untold > 0 ? [...this.#faults, `and ${untold} more`] : this.#faults,
    }
  }

  #line(text: string, file: string, number: number, isErrorFile: boolean): void {
    this.#lines++
    let line: Line
    try {
      line = JSON.parse(text) as Line
    } catch (error) {
      this.#fault(file, number, `is not JSON: ${String(error)}`)
      return
    }
    if (this.#validate(line)) this.#valid++
    else this.#fault(file, number, `breaks the schema: ${JSON.stringify(this.#validate.errors)}`)
    const { category, level, seq } = line
    if (isErrorFile && category !== 'error') {
      // The same bytes, once: deleting what was never expected, or a second time, fails.
      if (this.#copiesExpected.delete(text)) this.#copies++
      else this.#fault(file, number, `copies ${category} ${seq}, which is nowhere else`)
      return
    }
    const expected = (this.#lastSeq.get(category) ?? 0) + 1
    if (seq !== expected) {
      this.#fault(file, number, `expected ${category} number ${expected}, got ${seq}`)
    }
    this.#lastSeq.set(category, seq)
    if (!isErrorFile && (level === 'ERROR' || level === 'CRITICAL')) this.#copiesExpected.add(text)
  }

  #fault(file: string, line: number, what: string): void {
    this.#faultCount++
    if (this.#faults.length < faultsMax) this.#faults.push(`${file}:${line}: ${what}`)
  }
}
