// What became of the entries of many writers: read with one reader over the parent of their
// directories, and verified.

import assert from 'node:assert/strict'
import { streamLogs, verifyLogs } from '../../lib/index.ts'

/** What a writer says of one of its runs. */
export interface Run {
  /** So many of its entries are in the files; 0 as long as it has not said so. */
  readonly flushed: number
  /** How many it has logged; undefined when it was killed. */
  readonly ended: number | undefined
}

/** What was found. */
export interface Whole {
  readonly entries: number
  /** Entries that were accepted by a writer that was killed, and not in a file yet. */
  readonly killed: number
  readonly logs: number
}

/**
 * Has all entries of a run, each once and in the order of its calls: up to its end, or to what it
 * has known to be written when it was killed. What comes behind that may have holes, as its files
 * are written one by one; in none of them is anything missing between two entries.
 *
 * An entry of a run has the context `{ run, n }`, with `n` from 0 on by one; its category is that
 * of `n` modulo the number of categories.
 */
export async function assertWhole(
  log_path: string,
  runs: ReadonlyMap<string, Run>,
  categories: number,
): Promise<Whole> {
  const lsns = new Map<string, number>()
  const seen = new Map<string, { last: number; readonly next: number[] }>()
  let entries = 0
  for await (const { entry, file, raw } of streamLogs({ log_path })) {
    assert.ok(entry !== undefined, `${file}: ${raw}`)
    const directory = file.slice(0, Math.max(0, file.lastIndexOf('/')))
    assert.ok(entry.lsn! > (lsns.get(directory) ?? 0), `${file}: lsn ${entry.lsn}`)
    lsns.set(directory, entry.lsn!)
    if (entry.message !== 'entry') continue
    entries++
    const { run, n } = entry.context as { run: string; n: number }
    let of = seen.get(run)
    if (of === undefined) {
      of = { last: -1, next: Array.from({ length: categories }, (_, i) => i) }
      seen.set(run, of)
    }
    const { flushed, ended } = runs.get(run) ?? assert.fail(`${run} has not begun`)
    if (n < (ended ?? flushed)) assert.equal(n, of.last + 1, `${run}: all of it, in order`)
    assert.ok(n > of.last, `${run}: ${n} behind ${of.last}`)
    // Of an entry that was not in its own file yet, the copy may be in error.log, and what stands
    // in front of it in its own file is not there either.
    const isCopyAlone = file.endsWith('/error.log') && n >= flushed && ended === undefined
    if (!isCopyAlone) assert.equal(n, of.next[n % categories], `${run}: in ${file}`)
    of.last = n
    of.next[n % categories] = n + categories
  }
  for (const [run, { flushed, ended }] of runs) {
    const last = seen.get(run)?.last ?? -1
    if (ended === undefined) assert.ok(last >= flushed - 1, `${run}: ${flushed} flushed, ${last}`)
    else assert.equal(last, ended - 1, `${run} has ended`)
  }
  const { faults, killed, logs } = await verifyLogs({ log_path })
  assert.deepEqual(faults, [])
  return { entries, killed, logs: logs.length }
}
