// Reads a log directory as somebody who knows the contract and nothing of the library, and counts
// what is there: distinct entries, duplicates, disorder, torn lines, wrong modes. An entry is known
// by its category and number.

import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { paddingOf } from './job.ts'

/** The text of one file. */
export interface Source {
  /** The live file's name. */
  readonly base: string
  /** 0 for the live one, more for older ones. */
  readonly index: number
  readonly name: string
  readonly bytes: Buffer
  /**
   * It was taken away by somebody else, with what was in it: its entries may be missing, or there
   * again.
   */
  readonly isGone?: boolean
}

export interface Finding {
  /** Distinct entries, the library's own among them, copies in error.log not. */
  readonly entries: number
  /** Numbers found of each category. */
  readonly seqs: ReadonlyMap<string, ReadonlySet<number>>
  /** Entries that are in files taken away by somebody else, and only there. */
  readonly gone: number
  readonly duplicated: number
  readonly torn: number
  readonly disordered: number
  /** Entries of ERROR or above whose copy is not in error.log. */
  readonly copiesMissing: number
  /** Entries in which the library tells of a torn line. */
  readonly tornTold: number
  /** Entries in which it tells of losses, added up. */
  readonly lossTold: number
  /** What must never be, in words. */
  readonly wrong: readonly string[]
}

interface Line {
  readonly level: string
  readonly category: string
  readonly message: string
  readonly context?: Readonly<Record<string, unknown>>
  readonly seq: number
}

const errorBase = 'error.log'
const namePattern = /^([a-z]+\.log)(?:\.(\d+)(\.gz)?)?$/
const lineEnd = 0x0a

/**
 * All log files of a directory, each base's oldest first; none when it is not there. A file that is
 * there twice, plain and compressed, is one: that is how a compression looks that was ended before
 * its last step.
 */
export function sourcesOf(directory: string): Source[] {
  if (!existsSync(directory)) return []
  const sources = readdirSync(directory)
    .flatMap((name) => {
      const match = namePattern.exec(name)
      if (match === null) return []
      const bytes = readFileSync(join(directory, name))
      return {
        base: match[1]!,
        index: Number(match[2] ?? 0),
        name,
        bytes: match[3] === undefined ? bytes : gunzipSync(bytes),
      }
    })
    .toSorted(oldestFirst)
  return sources.filter(
    ({ base, index, bytes }, i) =>
      !sources
        .slice(i + 1)
        .some((other) => other.base === base && other.index === index && other.bytes.equals(bytes)),
  )
}

/** By base, and there the oldest first. */
export function oldestFirst(a: Source, b: Source): number {
  if (a.base !== b.base) return a.base < b.base ? -1 : 1
  return b.index - a.index
}

/** Files and directory that are open to others. */
export function modeFaults(directory: string): string[] {
  return ['.', ...readdirSync(directory)].flatMap((name) => {
    const stat = statSync(join(directory, name))
    const expected = stat.isDirectory() ? 0o700 : 0o600
    const mode = stat.mode & 0o777
    return mode === expected ? [] : [`${name} has mode ${mode.toString(8)}`]
  })
}

/** @param sources Each base's oldest first. */
export function judge(sources: readonly Source[]): Finding {
  const seqs = new Map<string, Set<number>>()
  const goneSeqs = new Map<string, Set<number>>()
  const copies = new Set<string>()
  const goneCopies = new Set<string>()
  const toBeCopied: string[] = []
  const wrong: string[] = []
  let duplicated = 0
  let torn = 0
  let disordered = 0
  let tornTold = 0
  let lossTold = 0

  /** The highest number so far, by base and category. */
  const highest = new Map<string, number>()
  for (const source of sources) {
    for (const text of linesOf(source.bytes)) {
      const line = text.isEnded ? parse(text.text) : undefined
      if (line === undefined) {
        torn++
        continue
      }
      const { category, seq } = line
      const complaint = damageOf(line)
      if (complaint !== undefined) wrong.push(`${source.name}: ${complaint}`)
      if (!source.isGone) {
        const place = `${source.base} ${category}`
        const before = highest.get(place) ?? 0
        if (seq < before) disordered++
        highest.set(place, Math.max(before, seq))
      }

      const key = `${category} ${seq}`
      if (source.base === errorBase && category !== 'error') {
        if (source.isGone) goneCopies.add(key)
        else if (copies.has(key)) duplicated++
        else copies.add(key)
        continue
      }
      if (source.isGone) {
        add(goneSeqs, category, seq)
        continue
      }
      if (!add(seqs, category, seq)) duplicated++
      if (source.base !== errorBase && (line.level === 'ERROR' || line.level === 'CRITICAL')) {
        toBeCopied.push(key)
      }
      if (typeof line.context?.['torn_bytes'] === 'number') tornTold++
      const dropped = line.context?.['dropped']
      if (category === 'system' && typeof dropped === 'object' && dropped !== null) {
        for (const count of Object.values(dropped)) lossTold += Number(count)
      }
    }
  }
  return {
    entries: sizeOf(seqs),
    seqs,
    gone: [...goneSeqs].reduce(
      (sum, [category, gone]) =>
        sum + [...gone].filter((seq) => !seqs.get(category)?.has(seq)).length,
      0,
    ),
    duplicated,
    torn,
    disordered,
    copiesMissing: toBeCopied.filter((key) => !copies.has(key) && !goneCopies.has(key)).length,
    tornTold,
    lossTold,
    wrong,
  }
}

function sizeOf(seqs: ReadonlyMap<string, ReadonlySet<number>>): number {
  let size = 0
  for (const set of seqs.values()) size += set.size
  return size
}

/** @returns whether it was not there before. */
function add(seqs: Map<string, Set<number>>, category: string, seq: number): boolean {
  let set = seqs.get(category)
  if (set === undefined) seqs.set(category, (set = new Set()))
  const { size } = set
  return set.add(seq).size > size
}

function* linesOf(bytes: Buffer): Generator<{ text: string; isEnded: boolean }> {
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(lineEnd, from)
    const to = end === -1 ? bytes.length : end
    yield { text: bytes.toString('utf8', from, to), isEnded: end !== -1 }
    from = to + 1
  }
}

function parse(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Line
    return typeof line.seq === 'number' && typeof line.category === 'string' ? line : undefined
  } catch {
    // Torn: the reader of a log meets that after a crash, and goes on.
    return undefined
  }
}

/**
 * What is wrong with an entry that was logged under fault: another number than was logged, other
 * bytes.
 */
function damageOf({ category, seq, context }: Line): string | undefined {
  const n = context?.['n']
  const text = context?.['text']
  if (typeof n !== 'number' || typeof text !== 'string') return undefined
  if (n !== seq) return `entry ${n} of ${category} has the number ${seq}`
  return text === paddingOf(n, text.length) ? undefined : `entry ${n} of ${category} is damaged`
}
