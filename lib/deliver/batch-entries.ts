// The entries of a batch, read back from its bytes. Two rare moments need them: entries of one
// level are dropped, or only some of a batch have reached the file.

import { severityOf } from '../entry/level.ts'
import { headBytes, lineHead } from '../entry/line.ts'

/** A priority for the journal of systemd, in front of each line. */
const priority = /^<\d>/
const priorityBytes = 3
/** Colours and their end. */
// oxlint-disable-next-line no-control-regex -- a colour begins with ESC
const colors = /\u001b\[[\d;]*m/g
/** What these may take of the first bytes of an entry. */
const paintBytes = 32

const lineEnd = 0x0a
const space = 0x20
const lessThan = 0x3c

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
    const text = bytes.toString('latin1', from, Math.min(end, from + headBytes + paintBytes))
    const head = lineHead(text.startsWith('{') ? text : plainOf(text))
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
    const begin = bytes[end] === lessThan ? end + priorityBytes : end
    if (bytes[begin] !== space) return end
    at = end
  }
}

/** An entry as it is read by a program: without what only a terminal or the journal reads. */
export function plainOf(text: string): string {
  return text.replace(priority, '').replaceAll(colors, '')
}
