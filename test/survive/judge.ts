// What must be true of a log after processes that were killed: everything accepted is there, once,
// in order, and nothing that is secret.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export interface Verdict {
  entries: number
  lost: number
  twice: number
  disordered: number
  /** Copies in error.log that are missing, or there twice. */
  copies: number
  leaks: number
  /** Entries that were said to have come back. */
  recovered: number
  faults: string[]
}

interface Entry {
  readonly level: string
  readonly category: string
  readonly seq: number
  readonly lsn: number
  readonly message: string
  readonly context?: { readonly run?: number; readonly i?: number; readonly recovered?: number }
}

/** `accepted`: by run, the last entry whose call has returned. */
export function judge(directory: string, accepted: ReadonlyMap<number, number>): Verdict {
  const verdict: Verdict = {
    entries: 0,
    lost: 0,
    twice: 0,
    disordered: 0,
    copies: 0,
    leaks: 0,
    recovered: 0,
    faults: [],
  }
  const seen = new Map<number, Map<number, number>>()
  const own = new Set<string>()
  const copied = new Map<string, number>()
  const fault = (text: string): void => {
    if (verdict.faults.length < 10) verdict.faults.push(text)
  }
  for (const base of ['system.log', 'enforcement.log', 'error.log', 'audit.log']) {
    let last = 0
    for (const line of linesOf(directory, base)) {
      if (line.includes('CANARY')) verdict.leaks++
      const entry = parsed(line)
      if (entry === undefined) continue
      if (entry.lsn <= last) {
        verdict.disordered++
        fault(`${base}: lsn ${entry.lsn} behind ${last}`)
      }
      last = entry.lsn
      const word = `${entry.category} ${entry.seq} ${entry.lsn}`
      if (base === 'error.log' && entry.category !== 'error') {
        copied.set(word, (copied.get(word) ?? 0) + 1)
        continue
      }
      if (entry.category === 'enforcement' && entry.level === 'ERROR') own.add(word)
      verdict.recovered += entry.context?.recovered ?? 0
      const { run, i } = entry.context ?? {}
      if (run === undefined || i === undefined) continue
      const ofRun = seen.get(run) ?? new Map<number, number>()
      seen.set(run, ofRun)
      if (ofRun.has(i)) {
        verdict.twice++
        fault(`run ${run}: ${i} twice`)
      }
      ofRun.set(i, entry.lsn)
      verdict.entries++
    }
  }
  for (const word of own) if (copied.get(word) !== 1) verdict.copies++
  for (const word of copied.keys()) if (!own.has(word)) verdict.copies++
  let lastLsn = 0
  for (const [run, count] of [...accepted].toSorted(([a], [b]) => a - b)) {
    const ofRun = seen.get(run) ?? new Map<number, number>()
    for (let i = 1; i <= count; i++) {
      const lsn = ofRun.get(i)
      if (lsn === undefined) {
        verdict.lost++
        fault(`run ${run}: ${i} of ${count} lost`)
      } else {
        if (lsn <= lastLsn) {
          verdict.disordered++
          fault(`run ${run}: ${i} has lsn ${lsn} behind ${lastLsn}`)
        }
        lastLsn = lsn
      }
    }
  }
  return verdict
}

function parsed(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry
  } catch {
    // A torn line, which has been ended.
    return undefined
  }
}

/**
 * The lines of a base, the oldest first. Who is killed amid a compression leaves both files, of
 * which the plain one counts.
 */
function* linesOf(directory: string, base: string): Generator<string> {
  const all = readdirSync(directory)
  const names = all.filter(
    (name) =>
      name === base ||
      (isRotated(name, base) && !(name.endsWith('.gz') && all.includes(name.slice(0, -3)))),
  )
  const numberOf = (name: string): number => Number(/\.(\d+)(?:\.gz)?$/.exec(name)?.[1] ?? 0)
  for (const name of names.toSorted((a, b) => numberOf(b) - numberOf(a))) {
    const bytes = readFileSync(join(directory, name))
    const text = name.endsWith('.gz') ? gunzipSync(bytes) : bytes
    yield* text.toString('utf8').split('\n').slice(0, -1)
  }
}

function isRotated(name: string, base: string): boolean {
  return name.startsWith(`${base}.`) && /^\d+(?:\.gz)?$/.test(name.slice(base.length + 1))
}
