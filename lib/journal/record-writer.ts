// HOT PATH: call → ring → block. The record of a typed event all of whose values have fixed places,
// by generated code: each value is a store at a known place, with no loop around it, and the sum is
// made on the way. Against the loops it saves 35 of 95 ns (the enforcement entry, Node 20.20,
// 2026-11).
//
// Functions are built with `new Function`, of numbers only. Where a process forbids that, the loops
// of the block do.

import { TYPED } from '../capture/lanes.ts'
import type { Shape } from '../encode/event-encoder.ts'
import { mayGenerateCode } from '../event/interpret.ts'
import {
  definitionWord,
  lsnNumber,
  markWord,
  MISSING,
  numbersFrom,
  numsWord,
  refsWord,
  seqNumber,
  tagsWord,
  timeNumber,
} from './layout.ts'

/** The strings that entries alike have had last, and the words for them in a record. */
export interface Recent {
  readonly texts: readonly string[]
  readonly heads: Int32Array
}

/** Writes a string that is another one than before; returns where it ends. */
export type Put = (place: number, text: string, word: number, limit: number) => number

/**
 * Writes a record up to its length and mark. At the place of the mark it leaves the sum over the
 * words behind that.
 *
 * @param num Where its numbers and strings stand in the lanes, each in one piece.
 * @param word Where it begins in the block.
 * @returns where it ends: behind the limit when there is no room for it.
 */
export type WriteRecord = (
  nums: Float64Array,
  refs: readonly unknown[],
  num: number,
  ref: number,
  word: number,
  definition: number,
  lsn: number,
  time: number,
  seq: number,
  accountId: string | undefined,
  limit: number,
) => number

/** How many values of a typed event are numbers, and how many strings. */
export interface Places {
  readonly nums: number
  readonly refs: number
}

/** Values in all up to which code is generated. */
const placesMax = 80

/** The places of an event; undefined for one that has others, or very many. */
export function placesOf(shape: Shape): Places | undefined {
  const kinds = kindsIn(shape)
  if (kinds.includes('loose') || kinds.length > placesMax || !mayGenerateCode()) return undefined
  const refs = kinds.filter((kind) => kind === 'string').length
  return { nums: kinds.filter((kind) => kind === 'number' || kind === 'boolean').length, refs }
}

function kindsIn(shape: Shape): string[] {
  return shape.flatMap(([, value]) => (typeof value === 'string' ? [value] : kindsIn(value)))
}

/** Compiles the writer of records of so many numbers and strings into one block. */
export function recordWriter(
  places: Places,
  words: Int32Array,
  numbers: Float64Array,
  { texts, heads }: Recent,
  put: Put,
): WriteRecord {
  const parameters = 'nums, refs, num, ref, word, definition, lsn, time, seq, accountId, limit'
  const lines = [
    'let text',
    ...recordLines(
      Array.from({ length: places.nums }, (_, i) => `nums[num + ${i}]`),
      Array.from({ length: places.refs }, (_, i) => ({
        before: `text = refs[ref + ${i}]`,
        name: 'text',
      })),
      'put(',
    ),
    `words[word + ${markWord}] = sum`,
    'return to',
  ]
  // oxlint-disable-next-line no-implied-eval -- compiling the record is the point; its text has numbers only
  const make = new Function(
    'words',
    'numbers',
    'texts',
    'heads',
    'put',
    `return (${parameters}) => {\n${lines.join('\n')}\n}`,
  )
  return make(words, numbers, texts, heads, put) as WriteRecord
}

/** A string of a record in generated code: a name for it, and what gives it that. */
export interface NamedString {
  readonly before: string
  readonly name: string
}

/**
 * The code that writes a record, up to its length and mark: `to` is where it ends then, `sum` the
 * sum over the words behind its mark.
 *
 * @param numbers Its numbers, as expressions.
 * @param put The beginning of a call that writes a string which is another one than before.
 */
export function recordLines(
  numbers: readonly string[],
  strings: readonly NamedString[],
  put: string,
): string[] {
  const tagAt = (numbersFrom + numbers.length) * 2
  const numberWords = Array.from({ length: tagAt - 6 }, (_, i) => `words[word + ${i + 6}]`)
  return [
    'const at = word >> 1',
    `words[word + ${definitionWord}] = definition`,
    `words[word + ${tagsWord}] = 1`,
    `words[word + ${numsWord}] = ${numbers.length}`,
    `words[word + ${refsWord}] = ${strings.length}`,
    `numbers[at + ${lsnNumber}] = lsn`,
    `numbers[at + ${timeNumber}] = time`,
    `numbers[at + ${seqNumber}] = seq`,
    ...numbers.map((number, i) => `numbers[at + ${numbersFrom + i}] = ${number}`),
    `words[word + ${tagAt}] = ${TYPED}`,
    // The message is that of the event: there is none.
    `words[word + ${tagAt + 1}] = 0`,
    `let sum = definition + ${1 + numbers.length + strings.length + TYPED}`,
    // Cut at each step: else V8 adds them as doubles.
    ...numberWords.map((from) => `sum = (sum + ${from}) | 0`),
    `let to = word + ${tagAt + 2}`,
    'let head, end',
    `if (accountId === undefined) { words[to++] = ${MISSING}; sum = (sum + ${MISSING}) | 0 }`,
    ...putString(1, 'accountId', 'else ', put),
    ...strings.flatMap(({ before, name }, i) => [before, ...putString(i + 2, name, '', put)]),
  ]
}

function putString(place: number, name: string, before: string, put: string): string[] {
  return [
    `${before}if (${name} === texts[${place}]) {`,
    `head = heads[${place}]; words[to++] = head; sum = (sum + head) | 0`,
    '} else {',
    `end = ${put}${place}, ${name}, to, limit)`,
    'for (; to < end; to++) sum = (sum + words[to]) | 0',
    '}',
  ]
}
