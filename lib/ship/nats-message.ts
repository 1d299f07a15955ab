// A message of the NATS engine: a batch of lines of one series, without a gap, one below the other.
// What a reader has to know before it reads them stands in its headers.
//
//   Ringlog-Seq: 17-44                       the first and the last number
//   Ringlog-Time: 1760711025123-1760711031008    the earliest and the latest time
//   Ringlog-Before: 1760711025121      the latest time of all messages in front of it, or none
//
// The last one never falls from message to message, whatever the clock of the host did, so it is
// found by halves where the entries from a moment on begin. It is left out behind a message that
// has none.

import type { SeqStretch, Shipment } from './engine.ts'

export const seqHeader = 'Ringlog-Seq'
export const timeHeader = 'Ringlog-Time'
export const beforeHeader = 'Ringlog-Before'

const lineEnd = Buffer.from('\n')

/** The body of a batch. */
export function bodyOf(batch: readonly Shipment[]): Buffer {
  const together = inPlace(batch)
  if (together !== undefined) return together
  const parts: Buffer[] = []
  for (const { line } of batch) {
    if (parts.length > 0) parts.push(lineEnd)
    parts.push(line)
  }
  return Buffer.concat(parts)
}

/** The body where it stands: lines that were read together have their line ends between them. */
function inPlace(batch: readonly Shipment[]): Buffer | undefined {
  const { buffer, byteOffset } = batch[0]!.line
  const bytes = new Uint8Array(buffer)
  let at = byteOffset
  for (const { line } of batch) {
    if (line.buffer !== buffer || line.byteOffset !== at) return undefined
    if (at > byteOffset && bytes[at - 1] !== lineEnd[0]) return undefined
    at += line.length + 1
  }
  return Buffer.from(buffer, byteOffset, at - 1 - byteOffset)
}

/** What the headers of a message tell. */
export interface Headers {
  get(name: string): string
}

/**
 * The headers of a batch.
 *
 * @param before The latest time in front of it: see {@link latestIn}.
 */
export function headersOf(
  batch: readonly Shipment[],
  before?: number,
): readonly (readonly [string, string])[] {
  const [earliest, latest] = timesOf(batch)
  return [
    [seqHeader, `${batch[0]!.seq}-${batch.at(-1)!.seq}`],
    [timeHeader, `${earliest}-${latest}`],
    ...(before === undefined
      ? []
      : ([[beforeHeader, before === -Infinity ? 'none' : String(before)]] as const)),
  ]
}

/** The earliest and the latest time of a batch. */
export function timesOf(batch: readonly Shipment[]): readonly [number, number] {
  let [earliest, latest] = [Infinity, -Infinity]
  for (const { time } of batch) {
    if (time < earliest) earliest = time
    if (time > latest) latest = time
  }
  return [earliest, latest]
}

/** The latest time in front of a message; -Infinity: it is the first; undefined: not known. */
export function beforeIn(headers: Headers | undefined): number | undefined {
  const text = headers?.get(beforeHeader) ?? ''
  if (text === 'none') return -Infinity
  return /^-?\d{1,16}$/.test(text) ? Number(text) : undefined
}

/** The latest time up to and with a message; undefined: not known. */
export function latestIn(headers: Headers | undefined): number | undefined {
  const before = beforeIn(headers)
  const own = numbersIn(headers?.get(timeHeader))?.[1]
  return before === undefined || own === undefined ? undefined : Math.max(before, own)
}

/** The two numbers of a header; undefined when it is none of ours. */
export function numbersIn(header: string | undefined): SeqStretch | undefined {
  const found = /^(-?\d{1,16})-(-?\d{1,16})$/.exec(header ?? '')
  return found === null ? undefined : [Number(found[1]), Number(found[2])]
}

/** The lines of a body. */
export function linesIn(body: Uint8Array): Buffer[] {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const lines: Buffer[] = []
  for (let from = 0; ;) {
    const end = bytes.indexOf(10, from)
    if (end === -1) {
      lines.push(bytes.subarray(from))
      return lines
    }
    lines.push(bytes.subarray(from, end))
    from = end + 1
  }
}
