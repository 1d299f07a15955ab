// Going on behind a line, whatever becomes of the files meanwhile.

import { strict as assert } from 'node:assert'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type LogLine, type StreamOptions, streamLogs } from '../../lib/index.ts'
import { filesByBase, nameOf } from '../../lib/directory/names.ts'
import { parseCursor } from '../../lib/read/cursor.ts'
import { readLogs } from '../../lib/read/read-logs.ts'
import { logDirectory } from '../log-directory.ts'
import { runs } from '../runs.ts'

const start = Date.parse('2026-03-01T12:00:00Z')

function entry(time: number, category: string, seq: number, level = 'INFO'): string {
  const timestamp = new Date(start + time).toISOString().replace('Z', '+00:00')
  const message = `${category} ${seq}`
  return `${JSON.stringify({ timestamp, level, category, message, seq })}\n`
}

async function read(
  options: StreamOptions,
  told: string[] = [],
): Promise<{ lines: LogLine[]; shown: string[]; end: string }> {
  const lines: LogLine[] = []
  let end = ''
  const atEnd = (cursor: string): void => {
    end = cursor
  }
  for await (const line of readLogs(options, ({ text }) => told.push(text), atEnd)) lines.push(line)
  return { lines, end, shown: lines.map(({ entry: each, raw }) => each?.message ?? raw) }
}

function empty(t: TestContext): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  return directory
}

function rotate(directory: string, base: string): void {
  for (const { name, index, compressed } of filesByBase(readdirSync(directory)).get(base) ?? []) {
    renameSync(join(directory, name), join(directory, nameOf(base, index + 1, compressed)))
  }
}

function compress(directory: string, base: string): void {
  const path = join(directory, `${base}.1`)
  if (!existsSync(path)) return
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
  rmSync(path)
}

/** A log that a few loggers' worth of files has, with copies and lines that are no entries. */
class Writer {
  readonly directory: string
  #time = 0
  #untimed = 0
  readonly #seqs = new Map<string, number>()

  constructor(directory: string) {
    this.directory = directory
  }

  step(what: { readonly kind: string; readonly category: string; readonly later: number }): void {
    const { kind, category } = what
    const base = `${category}.log`
    if (kind === 'rotate') rotate(this.directory, base)
    else if (kind === 'compress') compress(this.directory, base)
    else if (kind === 'untimed') {
      // In front of all others it would tell no time at all.
      if (this.#seqs.has(category))
        appendFileSync(join(this.directory, base), `    at ${this.#untimed++}\n`)
    } else {
      this.#time += what.later
      const seq = (this.#seqs.get(category) ?? 0) + 1
      this.#seqs.set(category, seq)
      const line = entry(this.#time, category, seq, kind === 'error' ? 'ERROR' : 'INFO')
      appendFileSync(join(this.directory, base), line)
      if (kind === 'error' && category !== 'error') {
        appendFileSync(join(this.directory, 'error.log'), line)
      }
    }
  }
}

const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('info', 'info', 'info', 'error', 'untimed', 'rotate', 'compress'),
    category: fc.constantFrom('system', 'audit', 'error'),
    later: fc.nat(2),
  }),
  { maxLength: 40 },
)

test('streamLogs({ after }) goes on exactly behind any line, through rotation and compression', async (t) => {
  await fc.assert(
    fc.asyncProperty(steps, steps, fc.nat(), async (before, behind, at) => {
      const log_path = empty(t)
      const writer = new Writer(log_path)
      for (const step of before) writer.step(step)
      const { lines, shown } = await read({ log_path })
      if (lines.length === 0) return
      const place = at % lines.length
      const { cursor } = lines[place]!
      for (const step of behind) writer.step(step)
      const told: string[] = []
      const after = await read({ log_path, after: cursor }, told)
      const all = await read({ log_path })
      assert.deepEqual(told, [])
      // Of all that is there by now, in its order, what was not given up to the line.
      const expected = [...all.shown]
      for (const given of shown.slice(0, place + 1)) expected.splice(expected.indexOf(given), 1)
      assert.deepEqual(after.shown, expected)
    }),
    { numRuns: runs(60) },
  )
})

test('streamLogs({ after }) goes on behind the last lines, and behind a filter', async (t) => {
  const log_path = empty(t)
  const add = (name: string, ...lines: string[]): void => {
    appendFileSync(join(log_path, name), lines.join(''))
  }
  add('audit.log', entry(0, 'audit', 1), entry(50, 'audit', 2))
  add('system.log', ...Array.from({ length: 9 }, (_, i) => entry(10 * i, 'system', i + 1)))
  const last = await read({ log_path, lines: 2 })
  assert.deepEqual(last.shown, ['system 8', 'system 9'])
  assert.deepEqual((await read({ log_path, after: last.lines[1]!.cursor })).shown, [])
  assert.deepEqual((await read({ log_path, after: last.lines[0]!.cursor })).shown, ['system 9'])
  assert.equal(last.lines[1]!.cursor, last.lines[1]!.cursor)
  const only = await read({ log_path, categories: ['system'], grep: '6$' })
  const { cursor } = only.lines[0]!
  // The line of audit.log that is older than it was not read, and is not behind it.
  assert.deepEqual((await read({ log_path, after: cursor })).shown, [
    'system 7',
    'system 8',
    'system 9',
  ])
  assert.deepEqual((await read({ log_path, after: cursor, lines: 1 })).shown, ['system 9'])
  const since = await read({ log_path, since: new Date(start + 70) })
  assert.deepEqual((await read({ log_path, after: since.lines[0]!.cursor })).shown, ['system 9'])
  // Late, with a time that is before that of the line: it was not there.
  const end = (await read({ log_path, lines: 1 })).lines[0]!.cursor
  add('audit.log', entry(60, 'audit', 3))
  add('service.log', entry(61, 'service', 1))
  assert.deepEqual((await read({ log_path, after: end })).shown, ['audit 3', 'service 1'])
  const none = await read({ log_path, lines: 0 })
  assert.deepEqual((await read({ log_path, after: none.end })).shown, [])
})

test('streamLogs({ after }) shows an entry behind one of the last lines whose copy is not shown', async (t) => {
  const log_path = empty(t)
  const lines = [1, 2, 3].map((seq) => entry(seq, 'system', seq))
  const failed = entry(4, 'system', 4, 'ERROR')
  writeFileSync(join(log_path, 'system.log'), [...lines, failed].join(''))
  writeFileSync(join(log_path, 'error.log'), failed)
  const last = await read({ log_path, lines: 2 })
  assert.deepEqual(last.shown, ['system 3', 'system 4'])
  assert.deepEqual((await read({ log_path, after: last.lines[0]!.cursor })).shown, ['system 4'])
  assert.deepEqual((await read({ log_path, after: last.lines[1]!.cursor })).shown, [])
  appendFileSync(join(log_path, 'system.log'), entry(5, 'system', 5))
  assert.deepEqual((await read({ log_path, after: last.end })).shown, ['system 5'])
})

test('streamLogs({ after }) knows the copies of entries that have been compressed by much', async (t) => {
  const log_path = empty(t)
  const path = join(log_path, 'system.log')
  // All of one millisecond: of each, entry and copy stand far apart.
  const lines = Array.from({ length: 500 }, (_, i) => entry(0, 'system', i + 1, 'ERROR')).join('')
  writeFileSync(path, lines)
  writeFileSync(join(log_path, 'error.log'), lines)
  rotate(log_path, 'system.log')
  compress(log_path, 'system.log')
  const { lines: all } = await read({ log_path })
  assert.equal(all.length, 500)
  const { shown } = await read({ log_path, after: all[249]!.cursor })
  assert.deepEqual(
    shown,
    Array.from({ length: 250 }, (_, i) => `system ${i + 251}`),
  )
  // In the next file, with copies of the one before still to come.
  writeFileSync(path, entry(0, 'system', 501) + entry(0, 'system', 502))
  const behind = (await read({ log_path })).lines[500]!.cursor
  assert.deepEqual((await read({ log_path, after: behind })).shown, ['system 502'])
})

test('streamLogs({ after }) gives a line whole whose end had not come', async (t) => {
  const log_path = empty(t)
  const path = join(log_path, 'system.log')
  const second = entry(2, 'system', 2)
  writeFileSync(path, entry(1, 'system', 1) + second.slice(0, 30))
  const { lines } = await read({ log_path })
  assert.equal(lines.length, 2)
  appendFileSync(path, second.slice(30))
  assert.deepEqual((await read({ log_path, after: lines[1]!.cursor })).shown, ['system 2'])
})

test('streamLogs({ after }) says that the file of the line is gone, and goes on from the oldest', async (t) => {
  const log_path = empty(t)
  const path = join(log_path, 'system.log')
  writeFileSync(path, entry(1, 'system', 1))
  writeFileSync(join(log_path, 'audit.log'), entry(0, 'audit', 1) + entry(2, 'audit', 2))
  const { lines } = await read({ log_path })
  writeFileSync(path, entry(3, 'system', 3))
  const told: string[] = []
  const { shown } = await read({ log_path, after: lines[1]!.cursor }, told)
  assert.deepEqual(shown, ['audit 2', 'system 3'])
  assert.deepEqual(told, [
    'Cannot go on in system.log behind the line of the cursor: its file is gone; going on from the beginning of system.log',
  ])
})

test('streamLogs({ after }) knows a copy that has had other entries since, by the text of its line', async (t) => {
  for (const isCompressed of [false, true]) {
    const [original, copy] = [empty(t), empty(t)]
    const [first, second, third] = [1, 2, 3].map((seq) => entry(seq, 'system', seq))
    writeFileSync(join(original, 'system.log'), first! + second!)
    // Another entry, and its end is at the same byte.
    writeFileSync(join(copy, 'system.log'), first! + entry(2, 'system', 9) + third!)
    const { lines } = await read({ log_path: original })
    if (isCompressed) {
      rotate(copy, 'system.log')
      compress(copy, 'system.log')
    }
    const told: string[] = []
    const { shown } = await read({ log_path: copy, after: lines[1]!.cursor }, told)
    assert.deepEqual(shown, ['system 1', 'system 9', 'system 3'])
    assert.match(told.join('\n'), /^Cannot go on in system\.log .*: it is not there any more/)
    const unchanged = await read({ log_path: copy, after: lines[0]!.cursor })
    assert.deepEqual(unchanged.shown, ['system 9', 'system 3'])
  }
})

test(
  'streamLogs({ after, follow }) goes on, follows, and gives cursors that go on',
  { timeout: 20_000 },
  async (t) => {
    const log_path = empty(t)
    const path = join(log_path, 'system.log')
    writeFileSync(path, [1, 2, 3].map((seq) => entry(seq, 'system', seq)).join(''))
    const found: string[] = []
    let after = (await read({ log_path })).lines[0]!.cursor
    for await (const { entry: each, cursor } of streamLogs({ log_path, after, follow: true })) {
      found.push(each!.message)
      after = cursor
      if (found.length === 3) break
      if (found.length < 2) continue
      appendFileSync(path, entry(4, 'system', 4) + entry(5, 'system', 5))
      rotate(log_path, 'system.log')
      writeFileSync(path, entry(6, 'system', 6))
    }
    assert.deepEqual(found, ['system 2', 'system 3', 'system 4'])
    assert.deepEqual((await read({ log_path, after })).shown, ['system 5', 'system 6'])
  },
)

test(
  'readLogs({ follow, until }) gives at its end the cursor behind what it showed',
  { timeout: 20_000 },
  async (t) => {
    const log_path = empty(t)
    const path = join(log_path, 'system.log')
    writeFileSync(path, entry(1, 'system', 1))
    const found: string[] = []
    let end = ''
    const atEnd = (cursor: string): void => {
      if (end === '') appendFileSync(path, entry(2, 'system', 2))
      end = cursor
    }
    const options = { log_path, follow: true, until: new Date() }
    for await (const { entry: each } of readLogs(options, () => {}, atEnd))
      found.push(each!.message)
    assert.deepEqual(found, ['system 1', 'system 2'])
    assert.deepEqual((await read({ log_path, after: end })).shown, [])
  },
)

test('parseCursor() refuses what is no cursor, also a part of one', async (t) => {
  const log_path = empty(t)
  writeFileSync(join(log_path, 'system.log'), entry(1, 'system', 1))
  const { cursor } = (await read({ log_path })).lines[0]!
  assert.ok(cursor.length < 400, cursor)
  assert.equal(parseCursor(cursor).base, 'system.log')
  for (const text of [
    '',
    'r1',
    cursor.slice(0, -1),
    cursor.replace('r1', 'r2'),
    `${cursor}.`,
    'r1.e30.x',
  ]) {
    assert.throws(() => streamLogs({ log_path, after: text }), RangeError, text)
  }
})
