// A sieve: it knows lines that are surely not wanted by their bytes, before they are decoded and
// parsed.
//
// The serializer writes the keys in one order, so the level stands at the same place in every line
// of ours. A line that looks otherwise, or that might name its level once more further on, is not
// passed over: it is parsed, as every line is when nothing but its entry can tell.
//
// HOT PATH of a search: a line of 660 bytes that is passed over costs 0.9 µs, reading included, and
// one that is parsed 4.9 µs (Node 20.20 on one core, 2026-11; bench/measures/reading.ts).

import { levelNames } from '../entry/level.ts'
import { beforeValue } from '../entry/line.ts'

/**
 * Whether the line that stands in `bytes` from `from` to `to`, without its line end, is surely not
 * wanted.
 */
export type Sieve = (bytes: Buffer, from: number, to: number) => boolean

const beginning = Buffer.from(beforeValue.timestamp)
const timestampBytes = '2025-10-17T14:23:45.123+00:00'.length
const between = Buffer.from(beforeValue.level)
const levelAt = beginning.length + timestampBytes + between.length

/** A key may be spelled with escapes. */
const escape = Buffer.from('\\u')
/**
 * The end of the key `level`; searched for, it is quicker than the whole, which begins with a
 * frequent byte.
 */
const keyEnd = Buffer.from('vel"')

const quote = 0x22
const backslash = 0x5c
const brace = 0x7b
const endBrace = 0x7d
const zero = 0x30
const nine = 0x39
const lsnKey = Buffer.from(beforeValue.lsn)

/** Passes over entries below a level, and over lines that cannot be an entry's. */
export function sieveBelow(severity: number): Sieve {
  const unwanted = levelNames.slice(0, severity).map((name) => Buffer.from(`${name}"`))
  return (bytes, from, to) => {
    const first = bytes[from]
    if (first !== brace) return !isSpace(first)
    const at = from + levelAt
    if (at >= to || !isAt(bytes, from, beginning) || !isAt(bytes, at - between.length, between)) {
      return false
    }
    for (let i = from + beginning.length; i < at - between.length; i++) {
      if (bytes[i] === quote || bytes[i] === backslash) return false
    }
    if (!unwanted.some((name) => isAt(bytes, at, name))) return false
    const rest = bytes.subarray(at, to)
    return rest.indexOf(keyEnd) === -1 && rest.indexOf(escape) === -1
  }
}

/** The same, with the `lsn` of each line told that is passed over. */
export function noting(sieve: Sieve, note: (lsn: number) => void): Sieve {
  return (bytes, from, to) => {
    if (!sieve(bytes, from, to)) return false
    const lsn = lsnAtEnd(bytes, from, to)
    if (lsn !== undefined) note(lsn)
    return true
  }
}

/** The `lsn` of the line that stands in `bytes` from `from` to `to`, which is its last key. */
export function lsnAtEnd(bytes: Buffer, from: number, to: number): number | undefined {
  if (bytes[to - 1] !== endBrace) return undefined
  let at = to - 2
  while (at > from && bytes[at]! >= zero && bytes[at]! <= nine) at--
  const digits = to - 2 - at
  const key = at + 1 - lsnKey.length
  if (digits === 0 || digits > 16 || key < from || !isAt(bytes, key, lsnKey)) return undefined
  return Number(bytes.toString('latin1', at + 1, to - 1))
}

function isAt(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) {
    if (bytes[at + i] !== expected[i]) return false
  }
  return true
}

/** What JSON allows in front of an object, in a line. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d
}
