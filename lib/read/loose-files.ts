// Files that are named one by one, wherever they lie, and the standard input: their lines by time,
// with the conditions that hold for a directory. They are read once, forwards.

import { createReadStream } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { createGunzip } from 'node:zlib'
import { commonOf } from '../directory/log-finder.ts'
import { wallMs } from '../entry/clock.ts'
import { Copies } from './copies.ts'
import { type HistoryLine, lastLines } from './history.ts'
import { LineSplitter } from './line-splitter.ts'
import { mergeLogs } from './merge.ts'
import { type StreamOptions, type Wanted, checkedOptions, wantedOf } from './query.ts'
import { Remarks, type Tell } from './remark.ts'
import { Forwards, type LogLine } from './time-order.ts'

/** The name of the standard input. */
export const standardInput = '-'

/** The first bytes of a gzip. */
const gzipMagic = Buffer.of(0x1f, 0x8b)

/** The lines of files. What cannot be read is reported, and the others are shown. */
export async function* readFiles(
  files: readonly string[],
  given: StreamOptions,
  tell: Tell,
): AsyncGenerator<LogLine> {
  const { options } = checkedOptions(given)
  const wanted = wantedOf(options, wallMs())
  const remarks = new Remarks(tell)
  const copies = new Copies(false)
  const names = namesOf(files)
  const sources = files.map((file, i) =>
    linesOf({ file, name: names[i]! }, wanted, copies, remarks),
  )
  const batches = sources.length === 1 ? sources[0]! : mergeLogs(sources)
  if (wanted.lines === Infinity) {
    for await (const lines of batches) yield* shownOf(lines)
  } else yield* shownOf(await lastLines(batches, wanted.lines))
}

/** What they are called: by their way from the directory above all of them. */
function namesOf(files: readonly string[]): string[] {
  const paths = files.map((file) => (file === standardInput ? undefined : resolve(file)))
  const directories = paths.flatMap((path) => (path === undefined ? [] : [dirname(path)]))
  const top = directories.length === 0 ? '' : directories.reduce(commonOf)
  return paths.map((path) =>
    path === undefined ? standardInput : relative(top, path).split(sep).join('/'),
  )
}

function shownOf(lines: readonly HistoryLine[]): LogLine[] {
  return lines.flatMap(({ line, isShown }) => (isShown ? [line] : []))
}

async function* linesOf(
  { file, name }: { readonly file: string; readonly name: string },
  wanted: Wanted,
  copies: Copies,
  remarks: Remarks,
): AsyncGenerator<HistoryLine[]> {
  const splitter = new LineSplitter(0, wanted.sieve)
  const times = new Forwards()
  const source = { name, id: undefined }
  const wantedAmong = (lines: ReturnType<LineSplitter['push']>): HistoryLine[] =>
    times
      .timed(lines, source)
      .filter(wanted.matches)
      .map((timed) => ({ ...timed, isShown: copies.seen(timed.line) === undefined }))
  try {
    for await (const chunk of chunksOf(file)) yield wantedAmong(splitter.push(chunk))
  } catch (error) {
    remarks.unread(file, error)
  }
  yield wantedAmong(splitter.end())
}

/** The bytes, unpacked where they are a gzip's. */
async function* chunksOf(file: string): AsyncGenerator<Buffer> {
  const stream = file === standardInput ? process.stdin : createReadStream(file)
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await chunks.next()
  if (first.done === true) return
  const all = chained(first.value, chunks)
  if (first.value.subarray(0, 2).equals(gzipMagic)) {
    const { Readable } = await import('node:stream')
    const packed = Readable.from(all)
    const gunzip = createGunzip()
    packed.on('error', (error) => gunzip.destroy(error))
    yield* packed.pipe(gunzip) as AsyncIterable<Buffer>
  } else yield* all
}

async function* chained(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}
