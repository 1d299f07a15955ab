// Are the lines on disk exactly those which were logged? Every one there, valid JSON, in order,
// none twice.
//
// An entry's running number is in its context (workload.ts). Within a file numbers go up; a file
// and its rotated parts, ordered by their first number, do not overlap; and together all files hold
// 0 to n - 1, each once. Lines without a context have no number: they are counted.

import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { groupBy } from './statistics.ts'
import { sequenceOf } from './workload.ts'

/** What was found. */
export interface Findings {
  readonly lines: number
  readonly bytes: number
  /** What is not as it should be; undefined when all is well. */
  readonly fault: string | undefined
}

interface Part {
  readonly name: string
  readonly first: number
  readonly last: number
}

/** A line as it was parsed. */
export interface Line {
  readonly [key: string]: unknown
}

/** Where most put what they were given. */
export function contextOf(line: Line): unknown {
  return line['context']
}

const chunkBytes = 1 << 20
const newline = 0x0a

/**
 * Reads all log files of the directory.
 *
 * @param expected Entries that must be there.
 * @param numbered Whether the entries carry a running number.
 * @param contextIn Where the context of an entry is in its line.
 */
export function checkLines(
  directory: string,
  expected: number,
  numbered: boolean,
  contextIn: (line: Line) => unknown = contextOf,
): Findings {
  const check = new Check(expected, numbered, contextIn)
  for (const name of logFiles(directory)) check.file(join(directory, name), name)
  return { lines: check.lines, bytes: check.bytes, fault: check.fault() }
}

/**
 * `error.log`, with what it was rotated to, holds copies of ringlog's entries of level ERROR, which
 * are in their own file too.
 */
function logFiles(directory: string): string[] {
  return readdirSync(directory).filter(
    (name) => name.includes('.log') && !name.startsWith('error.log'),
  )
}

class Check {
  readonly #expected: number
  readonly #numbered: boolean
  readonly #contextIn: (line: Line) => unknown
  readonly #seen: Uint8Array
  readonly #parts: Part[] = []
  #faultCount = 0
  #firstFault: string | undefined
  lines = 0
  bytes = 0

  constructor(expected: number, numbered: boolean, contextIn: (line: Line) => unknown) {
    this.#expected = expected
    this.#numbered = numbered
    this.#contextIn = contextIn
    this.#seen = new Uint8Array(numbered ? expected : 0)
  }

  file(path: string, name: string): void {
    let first = -1
    let last = -1
    for (const text of linesOf(path)) {
      this.lines++
      this.bytes += text.length + 1
      const line = parsed(text)
      if (line === undefined) {
        this.#note(`${name}: not JSON: ${text.subarray(0, 60).toString()}`)
        continue
      }
      if (!this.#numbered) continue
      const sequence = sequenceOf(this.#contextIn(line))
      if (sequence === undefined) {
        this.#note(`${name}: an entry nobody logged: ${text.subarray(0, 60).toString()}`)
        continue
      }
      if (this.#seen[sequence] !== 0) this.#note(`${name}: entry ${sequence} is there twice`)
      if (sequence <= last) this.#note(`${name}: entry ${sequence} comes after ${last}`)
      this.#seen[sequence] = 1
      if (first === -1) first = sequence
      last = sequence
    }
    if (last !== -1) this.#parts.push({ name, first, last })
  }

  fault(): string | undefined {
    this.#checkParts()
    if (this.lines !== this.#expected) {
      this.#note(`expected ${this.#expected} lines, got ${this.lines}`)
    }
    const missing = this.#seen.indexOf(0)
    if (missing !== -1) this.#note(`entry ${missing} is missing`)
    if (this.#firstFault === undefined) return undefined
    return this.#faultCount === 1
      ? this.#firstFault
      : `${this.#firstFault} (and ${this.#faultCount - 1} more faults)`
  }

  #checkParts(): void {
    const groups = groupBy(this.#parts, ({ name }) => /^[^.\d]+/.exec(name)?.[0] ?? name)
    for (const parts of groups.values()) {
      parts.sort((a, b) => a.first - b.first)
      for (const [index, { name, first }] of parts.entries()) {
        const before = parts[index - 1]
        if (before !== undefined && first <= before.last) {
          this.#note(`${name} starts with entry ${first}, before the end of ${before.name}`)
        }
      }
    }
  }

  #note(fault: string): void {
    this.#faultCount++
    this.#firstFault ??= fault
  }
}

function parsed(text: Buffer): Line | undefined {
  try {
    const value: unknown = JSON.parse(text.toString())
    return typeof value === 'object' && value !== null ? (value as Line) : undefined
  } catch {
    // That it is not JSON is what the caller wants to know.
    return undefined
  }
}

/** The lines of a file, of any size; a last one without its end is one too. */
function* linesOf(path: string): Generator<Buffer> {
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    let rest: Buffer = Buffer.alloc(0)
    for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)])
      let start = 0
      for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
        yield bytes.subarray(start, end)
        start = end + 1
      }
      rest = bytes.subarray(start)
    }
    if (rest.length > 0) yield rest
  } finally {
    closeSync(file)
  }
}
