// A message of the NATS engine: a batch of lines of one series, without a gap, one below the other.
// What a reader has to know before it reads them stands in its headers.
//
//   Ringlog-Seq: 17-44                       the first and the last number
//   Ringlog-Time: 1760711025123-1760711031008    the earliest and the latest time

import type { SeqStretch, Shipment } from './engine.ts'

export const seqHeader = 'Ringlog-Seq'
export const timeHeader = 'Ringlog-Time'

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

/** The headers of a batch. */
export function headersOf(batch: readonly Shipment[]): readonly (readonly [string, string])[] {
  let [earliest, latest] = [Infinity, -Infinity]
  for (const { time } of batch) {
    if (time < earliest) earliest = time
    if (time > latest) latest = time
  }
  return [
    [seqHeader, `${batch[0]!.seq}-${batch.at(-1)!.seq}`],
    [timeHeader, `${earliest}-${latest}`],
  ]
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
