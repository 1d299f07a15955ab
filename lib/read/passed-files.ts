// Which files of a log hold nothing behind some numbers: they need not be read again.
//
// A file is passed when the `lsn` of its last entry is one up to which everything has been passed.
// That number is known from both sides. The last writer's checkpoint says how far each category had
// come, and which categories there were: one that has been passed as far has nothing in front of
// the checkpoint. Of another the ends of the files tell it: it has been passed as far as the last
// of its lines there that has been.
//
//   checkpoint   lsn 900: audit 7, system 830        passed: audit 7, system 412
//   system.log.2 … 400 (lsn 440)  } audit: 900
//   system.log.1 … 615 (lsn 660)  } system: 440      ─► files that end at or below 440 are passed

import type { Checkpoint } from '../directory/checkpoint.ts'
import { LineLook, type LinePlaces } from '../entry/line-places.ts'
import type { Base } from './base-files.ts'
import type { Span } from './history.ts'
import { LineSplitter } from './line-splitter.ts'

/** How much of a file's beginning and end is looked at, in bytes. */
const endBytes = 1 << 14

/** How far a category has been passed. */
export interface Passed {
  readonly seq: number
  /** Of the same entry, where it is known: fewer files are read then. */
  readonly lsn?: number | undefined
}

interface Ends {
  readonly base: Base
  readonly span: Span
  readonly head: readonly LinePlaces[]
  readonly tail: readonly LinePlaces[]
}

/** The files that hold nothing behind these numbers. */
export function passedFiles(
  bases: readonly Base[],
  passed: ReadonlyMap<string, Passed>,
  checkpoint: Checkpoint | undefined,
): Set<Span> {
  const none = new Set<Span>()
  if (checkpoint?.lsn === undefined || passed.size === 0) return none
  const ends = bases.flatMap((base) =>
    base.spans.map((span, i): Ends => {
      const tail = i === base.spans.length - 1 ? [] : linesAt(span, 'tail')
      return { base, span, head: linesAt(span, 'head'), tail }
    }),
  )
  const upTo = passedLsn(ends, passed, checkpoint.lsn, checkpoint.seq)
  return new Set(ends.filter((_, i) => lastLsn(ends, i) <= upTo).map(({ span }) => span))
}

/** Up to which number everything has been passed. */
function passedLsn(
  ends: readonly Ends[],
  passed: ReadonlyMap<string, Passed>,
  lsn: number,
  seqs: Checkpoint['seq'],
): number {
  let least = lsn
  for (const [category, last] of Object.entries(seqs)) {
    if (last === 0) continue
    const of = passed.get(category)
    if (of === undefined) return 0
    if (of.seq >= last) continue
    let known = of.lsn ?? 0
    for (const { head, tail } of ends) {
      for (const line of [...head, ...tail]) {
        if (line.category === category && line.seq <= of.seq) known = Math.max(known, line.lsn)
      }
    }
    least = Math.min(least, known)
  }
  return least
}

/** The highest number that a file can hold; Infinity where nothing tells, or it is the newest. */
function lastLsn(ends: readonly Ends[], index: number): number {
  const { base, tail } = ends[index]!
  const next = ends[index + 1]
  if (next?.base !== base) return Infinity
  if (tail.length > 0) return Math.max(...tail.map(({ lsn }) => lsn))
  // Of a compressed file only what comes behind it tells.
  const [first] = next.head
  return first === undefined ? Infinity : first.lsn - 1
}

/** What the lines at one end of a file tell. */
function linesAt({ log, end }: Span, which: 'head' | 'tail'): LinePlaces[] {
  try {
    const current = log.current()
    const isTail = which === 'tail'
    if (isTail && current.compressed) return []
    const start = isTail ? Math.max(0, end - endBytes) : 0
    const bytes = isTail ? current.readSync(start, endBytes) : current.head(endBytes)
    const look = new LineLook()
    const found: LinePlaces[] = []
    const splitter = new LineSplitter(0, (line, from, to) => {
      const places = look.at(line, from, to)
      if (places !== undefined) found.push(places)
      return true
    })
    splitter.push(bytes)
    return found
  } catch {
    // Whoever reads it will tell what is wrong with it.
    return []
  }
}
