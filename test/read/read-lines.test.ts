import { strict as assert } from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { parseName } from '../../lib/directory/names.ts'
import type { RawLine } from '../../lib/read/line-splitter.ts'
import { type LogFile, openLog } from '../../lib/read/log-file.ts'
import { lastLineEnd, readBackwards, readForwards } from '../../lib/read/read-lines.ts'
import { logDirectory } from '../log-directory.ts'

function logOf(t: TestContext, directory: string, name: string, bytes: Buffer): LogFile {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, name), bytes)
  const log = openLog(directory, parseName(name)!)!
  t.after(() => log.close())
  return log
}

async function collect(batches: AsyncIterable<readonly RawLine[]>): Promise<RawLine[]> {
  const lines: RawLine[] = []
  for await (const batch of batches) lines.push(...batch)
  return lines
}

// Lines around the size of a chunk, so that the cuts fall everywhere.
const sizes = fc.array(fc.oneof(fc.nat(5), fc.integer({ min: 65_500, max: 65_600 })), {
  maxLength: 12,
})

test('readBackwards() gives the lines of readForwards(), last one first', async (t) => {
  const directory = logDirectory(t)
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async (lengths, ended) => {
      const text = lengths.map((n) => 'ü'.repeat(n)).join('\n') + (ended ? '\n' : '')
      const log = logOf(t, directory, 'a.log', Buffer.from(text))
      const forwards = await collect(readForwards(log))
      assert.deepEqual(await collect(readBackwards(log, { end: log.size })), forwards.toReversed())
      assert.deepEqual(
        forwards.map(({ raw }) => raw).join('\n') + (text.endsWith('\n') ? '\n' : ''),
        text,
      )
      assert.equal(lastLineEnd(log), Buffer.from(text).lastIndexOf(0x0a) + 1)
      log.close()
    }),
    { numRuns: 40 },
  )
})

test('readBackwards() keeps lines apart wherever a chunk is cut', async (t) => {
  const directory = logDirectory(t)
  for (let more = -3; more <= 3; more++) {
    const text = `first\n\n${'x'.repeat((1 << 16) + more)}\n`
    const log = logOf(t, directory, 'a.log', Buffer.from(text))
    const lines = await collect(readBackwards(log, { end: log.size }))
    assert.deepEqual(
      lines.map(({ raw, offset }) => [raw.length, offset]),
      [
        [(1 << 16) + more, 7],
        [0, 6],
        [5, 0],
      ],
    )
    log.close()
  }
})

test('readForwards() gives of a compressed file what it gives of the plain one', async (t) => {
  const directory = logDirectory(t)
  const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join(''))
  const plain = await collect(readForwards(logOf(t, directory, 'a.log', bytes)))
  assert.equal(plain.length, 50_000)
  const packed = logOf(t, directory, 'a.log.1.gz', gzipSync(bytes))
  assert.deepEqual(await collect(readForwards(packed)), plain)
})

// NULs, and lines above the limits, which are cut.
const odd = fc.array(
  fc.constantFrom(
    '\n',
    '{"a":1}',
    'text',
    '\ufeff{}',
    '\0',
    '\0'.repeat(5000),
    '\0'.repeat(3 << 20),
    'x'.repeat((1 << 20) + 7),
    'y'.repeat(3 << 20),
    `{${'z'.repeat(2 << 20)}`,
  ),
  { maxLength: 8 },
)

test('readBackwards() gives the pieces of readForwards() of holes and long lines, and from any line on', async (t) => {
  const directory = logDirectory(t)
  await fc.assert(
    fc.asyncProperty(odd, fc.nat(), async (parts, from) => {
      const log = logOf(t, directory, 'a.log', Buffer.from(parts.join('')))
      const forwards = await collect(readForwards(log))
      const backwards = await collect(readBackwards(log, { end: log.size }))
      assert.deepEqual(backwards.toReversed(), forwards)
      const begin = [0, ...forwards.filter(({ isCut }) => !isCut).map(({ end }) => end)]
      const at = begin[from % begin.length]!
      const rest = forwards.filter(({ offset }) => offset >= at)
      assert.deepEqual(await collect(readForwards(log, { begin: at })), rest)
      const back = await collect(readBackwards(log, { begin: at, end: log.size }))
      assert.deepEqual(back.toReversed(), rest)
      log.close()
    }),
    { numRuns: 15 },
  )
})

test('readForwards() gives a compressed file from any line on', async (t) => {
  const directory = logDirectory(t)
  const bytes = Buffer.from(Array.from({ length: 9000 }, (_, i) => `line ${i}\n`).join(''))
  const packed = logOf(t, directory, 'a.log.1.gz', gzipSync(bytes))
  const all = await collect(readForwards(packed))
  for (const at of [0, 1, 4567, 8999]) {
    const { offset: begin } = all[at]!
    assert.deepEqual(await collect(readForwards(packed, { begin })), all.slice(at))
  }
})

test('readBackwards() reads no more than it is asked for', async (t) => {
  const directory = logDirectory(t)
  const log = logOf(t, directory, 'a.log', Buffer.alloc(20 << 20, 'line\n'))
  let bytes = 0
  const read = log.read.bind(log)
  log.read = (position, size) => {
    bytes += size
    return read(position, size)
  }
  for await (const lines of readBackwards(log, { end: log.size })) {
    assert.equal(lines[0]?.raw, 'line')
    break
  }
  assert.ok(bytes <= 1 << 16)
})

test('readForwards() stops at the end that it is given', async (t) => {
  const log = logOf(t, logDirectory(t), 'a.log', Buffer.from('one\ntwo\nthree\n'))
  assert.deepEqual(
    (await collect(readForwards(log, { end: 8 }))).map(({ raw }) => raw),
    ['one', 'two'],
  )
})
