// The mark over entries that reached a file after another writer had taken the directory over. They
// are not counted, and are written again with other numbers. Bytes amid a file cannot be taken out
// while somebody appends to it, so one line as long as all of them covers them: an entry without a
// number, which says so.

import type { LogEntry } from './entry.ts'
import { headBytes, lineHead } from './line.ts'

const words = 'Taken back: it came when another writer had the directory, and follows anew'
/** The least of the words that tells it. */
const wordsMin = 'Taken ba'

const lineEnd = 0x0a
const space = 0x20

/** A line as long as some whole lines. */
export function coverOf(lines: Buffer): Buffer {
  const cover = Buffer.alloc(lines.length, space)
  cover[lines.length - 1] = lineEnd
  const head = lineHead(lines.toString('latin1', 0, headBytes))
  if (head === undefined) return cover
  const [before, behind] = head.human ? [head.text, ''] : [`${head.text},"message":"`, '"}']
  const room = lines.length - 1 - before.length - behind.length
  cover.write(before + words.slice(0, Math.max(0, room)) + behind, 'latin1')
  cover[lines.length - 1] = lineEnd
  return cover
}

/** Whether an entry stands in the place of others. */
export function isCover({ seq, message }: LogEntry): boolean {
  return seq === undefined && message.startsWith(wordsMin) && words.startsWith(message)
}
