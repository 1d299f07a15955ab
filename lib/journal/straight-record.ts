// HOT PATH: call → block. The part of a straight call (event/compile-capture.ts) that writes the
// entry into a block: code that is compiled into that call, so that each value goes there from
// where it was read. By way of the lanes it is stored, read and stored once more: the enforcement
// entry takes 203 ns then instead of 156 when its strings repeat, 482 instead of 347 when all of
// them change (Node 20.20, 2026-11).
//
// With a writer thread the lanes have no part in it; else the pump reads the values there, and they
// stand in both.
//
// The caller's stack may be full at each call. So all that may fail is done before anything changes
// that counts.

import type { RecordCode, StraightRecord } from '../capture/typed.ts'
import type { Shape } from '../encode/event-encoder.ts'
import { type Block, bytesOf, callsRemembered, forget } from './block.ts'
import { lengthWord, markWord, seedOf, tailAt } from './layout.ts'
import { placesOf, recordLines } from './record-writer.ts'

/** What the code refers to of a ring, beside its numbers. */
interface StraightRing {
  readonly block: Block
  place(bytes: number): number
}

/** The record stands beside the values in the lanes: `ring.commitRecorded()` takes these. */
export const besideLanes: RecordCode = {
  isAlone: false,
  lines: (numbers, strings) => [
    ...recordOf(numbers, strings, 'owner.seqBase + accepted'),
    'ring.commitRecorded(template, time, a, accepted)',
    ...ended,
  ],
}

/**
 * The record stands for the entry, and bears the numbers of the run: `ring.publish()` tells who
 * reads it.
 */
export const aloneInBlock: RecordCode = {
  isAlone: true,
  lines: (numbers, strings) => [
    ...recordOf(numbers, strings, 'accepted'),
    // In the order of all entries it has its place; in the ring it never was.
    'ring.skipped++',
    ...ended,
    // The next entry publishes this one as well.
    'try { ring.publish() } catch {}',
  ],
}

/** What a straight call takes to write its records; undefined without fixed places. */
export function straightRecord(
  ring: StraightRing,
  shape: Shape,
  code: RecordCode,
): StraightRecord | undefined {
  if (placesOf(shape) === undefined) return undefined
  const { block } = ring
  const { words, numbers } = block
  return { code, parts: { ring, block, words, numbers, seedOf, forget } }
}

/** Writes a record but for its length and mark, and leaves these in `length` and `mark`. */
function recordOf(
  numbers: readonly string[],
  strings: readonly string[],
  seq: string,
): readonly string[] {
  const bytes = bytesOf(1, numbers.length, strings.length)
  return [
    // The first entry of a template comes by commit(), and so does one that brings its definition.
    'const known = template.record',
    'if (known === undefined || known.at === 0 || known.block !== block) break recorded',
    `const need = ${bytes} + (a === undefined ? chars : chars + a.length) * 2`,
    'const start = ring.place(need)',
    'if (start === -1) break recorded',
    // One word may be put behind it, so that it ends at a multiple of eight.
    'const word = start >> 2, limit = ((start + need) >> 2) - 1',
    'const { memory, at: definition } = known, { texts, heads } = memory, { owner } = template',
    `if (++memory.calls === ${callsRemembered}) forget(memory)`,
    'const accepted = owner.accepted + 1',
    'const lsn = block.lsnBase + ring.tail + ring.skipped + 1',
    `const seq = ${seq}, accountId = a`,
    ...recordLines(
      numbers,
      strings.map((name) => ({ before: '', name })),
      'block.put(memory, ',
    ),
    'if (to > limit) break recorded',
    'if ((to & 1) !== 0) words[to++] = 0',
    'const length = (to - word) << 2',
    'const mark = (seedOf(block.key, block.tail, length) + sum) | 0',
  ]
}

/** Counts the entry, and ends its record; the tail of the block comes last. */
const ended = [
  'owner.accepted = accepted',
  'counters.levels[severity]++',
  `words[word + ${lengthWord}] = length`,
  `words[word + ${markWord}] = mark`,
  'const tail = block.tail + length, tailAt = block.tailAt + length',
  'block.tail = tail',
  'block.tailAt = tailAt === block.ringBytes ? 0 : tailAt',
  `numbers[${tailAt >> 3}] = tail`,
]
