// What a batch holds, read back from its bytes: for the rare moments when entries of one level have
// to go, or when it must be known which of them have come to the file. Nothing is kept per line on
// the usual way.

import { severityOf } from '../entry/level.ts'
import { headBytes, lineHead } from '../entry/line.ts'

const lineEnd = 0x0a
const space = 0x20

/** An entry as it stands in a batch. */
export interface BatchEntry {
  readonly from: number
  readonly end: number
  readonly severity: number | undefined
  readonly category: string | undefined
}

/** The entries in bytes, in order: JSON, or human lines. */
export function* entriesIn(bytes: Buffer): Generator<BatchEntry> {
  for (let from = 0; from < bytes.length;) {
    const end = entryEnd(bytes, from)
    const head = lineHead(bytes.toString('latin1', from, Math.min(end, from + headBytes)))
    yield { from, end, severity: severityOf(head?.level), category: head?.category }
    from = end
  }
}

/**
 * The end of the entry that begins at `from`: an exception of a human line goes on in indented
 * ones.
 */
function entryEnd(bytes: Buffer, from: number): number {
  for (let at = from; ;) {
    const end = bytes.indexOf(lineEnd, at) + 1
    if (end === 0) return bytes.length
    if (bytes[end] !== space) return end
    at = end
  }
}
