import { strict as assert } from 'node:assert'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type LogLine, type StreamOptions, createLogger, streamLogs } from '../../lib/index.ts'
import { rotateSync } from '../../lib/directory/rotate.ts'
import { logDirectory } from '../log-directory.ts'
import { runs } from '../runs.ts'

interface Fields {
  readonly time: number
  readonly seq: number
  readonly level?: string
  readonly category?: string
  readonly account_id?: string
  readonly message?: string
}

const start = Date.parse('2025-10-17T14:00:00Z')

function line({ time, seq, level = 'INFO', category = 'system', ...rest }: Fields): string {
  const timestamp = new Date(start + time).toISOString().replace('Z', '+00:00')
  return JSON.stringify({ timestamp, level, category, message: `m${seq}`, ...rest, seq })
}

function directoryWith(t: TestContext, files: Readonly<Record<string, readonly string[]>>): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  for (const [name, lines] of Object.entries(files)) {
    const text = lines.map((each) => `${each}\n`).join('')
    writeFileSync(join(directory, name), name.endsWith('.gz') ? gzipSync(text) : text)
  }
  return directory
}

async function all(options: StreamOptions): Promise<LogLine[]> {
  const lines: LogLine[] = []
  for await (const each of streamLogs(options)) lines.push(each)
  return lines
}

const messages = (lines: readonly LogLine[]): string[] =>
  lines.map(({ entry, raw }) => entry?.message ?? raw)

/** Follows a directory; `next(n)` waits for so many messages. */
function following(
  t: TestContext,
  log_path: string,
  options: StreamOptions = {},
): { next: (count: number) => Promise<string[]>; abort: AbortController } {
  const abort = new AbortController()
  const iterator = streamLogs({ log_path, follow: true, signal: abort.signal, ...options })[
    Symbol.asyncIterator
  ]()
  t.after(() => iterator.return?.())
  return {
    abort,
    next: async (count) => {
      const lines: LogLine[] = []
      while (lines.length < count) {
        const { value, done } = await iterator.next()
        if (done === true) break
        lines.push(value)
      }
      return messages(lines)
    },
  }
}

test('streamLogs() gives all lines of live, rotated and compressed files, oldest first', async (t) => {
  const log_path = directoryWith(t, {
    'system.log': [line({ time: 5, seq: 6 })],
    'system.log.1': [line({ time: 4, seq: 5 })],
    'system.log.2.gz': [line({ time: 2, seq: 3 }), line({ time: 3, seq: 4 })],
    'system.log.10': [line({ time: 0, seq: 1 }), line({ time: 1, seq: 2 })],
  })
  const lines = await all({ log_path })
  assert.deepEqual(messages(lines), ['m1', 'm2', 'm3', 'm4', 'm5', 'm6'])
  assert.deepEqual(
    lines.map(({ file }) => file),
    ['10', '10', '2.gz', '2.gz', '1', ''].map((end) => `system.log${end && '.'}${end}`),
  )
  const bytes = readFileSync(join(log_path, 'system.log.10'))
  assert.equal(lines[1]!.offset, bytes.indexOf(0x0a) + 1)
  assert.equal(lines[1]!.raw, line({ time: 1, seq: 2 }))
  assert.deepEqual(lines[1]!.entry, JSON.parse(lines[1]!.raw))
})

test('streamLogs() merges files by time and keeps each file’s own order', async (t) => {
  const log_path = directoryWith(t, {
    'system.log': [1, 5, 3, 9].map((time) => line({ time, seq: time })),
    'audit.log': [2, 4, 9].map((time) => line({ time, seq: time * 10, category: 'audit' })),
  })
  assert.deepEqual(messages(await all({ log_path })), ['m1', 'm20', 'm40', 'm5', 'm3', 'm90', 'm9'])
})

test('streamLogs() shows an entry and its copy in error.log once, under its own file', async (t) => {
  const error = line({ time: 1, seq: 2, level: 'ERROR' })
  const orphan = line({ time: 0, seq: 1, level: 'CRITICAL' })
  const own = line({ time: 2, seq: 1, level: 'ERROR', category: 'error', message: 'own' })
  const log_path = directoryWith(t, {
    'system.log': [error, line({ time: 3, seq: 3 })],
    'error.log': [orphan, error, own],
  })
  for (const lines of [undefined, 4, 10]) {
    const found = await all({ log_path, ...(lines === undefined ? {} : { lines }) })
    // The first one's own file has been rotated away: its copy is shown.
    assert.deepEqual(messages(found), ['m1', 'm2', 'own', 'm3'])
    assert.deepEqual(
      found.map(({ file }) => file),
      ['error.log', 'system.log', 'error.log', 'system.log'],
    )
  }
  const three = await all({ log_path, lines: 3 })
  assert.deepEqual(messages(three), ['m2', 'own', 'm3'])
  assert.equal(three[0]!.file, 'system.log')
})

test('streamLogs({ lines }) gives the last of what it gives without, whatever the files', async (t) => {
  // Times of a file do not go back, as with a clock that does not.
  const categories = fc.constantFrom('system', 'audit', 'error')
  const entries = fc.array(
    fc.record({
      // Mostly of the same time as the one before, which is where it is hard.
      step: fc.constantFrom(0, 0, 0, 1, 2),
      category: categories,
      error: fc.boolean(),
      bad: fc.constantFrom(false, false, true),
    }),
    { maxLength: 40 },
  )
  await fc.assert(
    fc.asyncProperty(entries, fc.nat(45), fc.nat(10), async (made, lines, seed) => {
      const files: Record<string, string[]> = {}
      let time = 0
      made.forEach(({ step, category, error, bad }, i) => {
        time += step
        // One file after the other is left behind by a rotation.
        const end = ['.3.gz', '.2', '.1', ''][Math.min(3, Math.floor(i / (seed + 1)))]!
        const level = error ? 'ERROR' : 'INFO'
        const text = line({ time, seq: i, category, level })
        const names = error && category !== 'error' ? [category, 'error'] : [category]
        for (const name of names) (files[`${name}.log${end}`] ??= []).push(text)
        if (bad) files[`${category}.log${end}`]!.push(`  at line ${i}`)
      })
      const log_path = directoryWith(t, files)
      const complete = await all({ log_path })
      assert.equal(
        complete.length,
        made.length + made.filter(({ bad }) => bad).length,
        messages(complete).join(),
      )
      assert.deepEqual(await all({ log_path, lines }), lines === 0 ? [] : complete.slice(-lines))
      rmSync(log_path, { recursive: true })
    }),
    { numRuns: runs(120) },
  )
})

test('streamLogs() goes on behind lines that are no entries', async (t) => {
  const log_path = directoryWith(t, { 'system.log': [] })
  const bytes = Buffer.concat([
    Buffer.from(`${line({ time: 0, seq: 1 })}\n\n{"torn":\n`),
    Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
    Buffer.from(`${line({ time: 1, seq: 2 })}\nunfinished`),
  ])
  writeFileSync(join(log_path, 'system.log'), bytes)
  const expected = ['m1', '', '{"torn":', '\ufffd\ufffd\u0000', 'm2', 'unfinished']
  assert.deepEqual(messages(await all({ log_path })), expected)
  assert.deepEqual(messages(await all({ log_path, lines: 10 })), expected)
  assert.deepEqual(messages(await all({ log_path, grep: 'torn' })), ['{"torn":'])
  assert.deepEqual(messages(await all({ log_path, level: 'DEBUG' })), expected)
  assert.deepEqual(messages(await all({ log_path, level: 'INFO' })), ['m1', 'm2'])
})

test('streamLogs() gives of a damaged gzip file what can be read', async (t) => {
  const texts = Array.from({ length: 5000 }, (_, i) => line({ time: i, seq: i }))
  const log_path = directoryWith(t, {
    'system.log.1.gz': texts,
    'system.log': [line({ time: 6000, seq: 6000 })],
  })
  const path = join(log_path, 'system.log.1.gz')
  truncateSync(path, Math.floor(readFileSync(path).length / 2))
  const found = await all({ log_path })
  assert.ok(found.length > 1000 && found.length < 5000)
  assert.equal(found.at(-1)?.entry?.message, 'm6000')
})

test('streamLogs() filters by category, level, account, time and message', async (t) => {
  const log_path = directoryWith(t, {
    'system.log': [
      line({ time: 0, seq: 1, level: 'DEBUG' }),
      line({ time: 60_000, seq: 2, level: 'WARNING', account_id: 'A' }),
      line({ time: 120_000, seq: 3, category: 'sdk', level: 'CRITICAL', account_id: 'B' }),
    ],
    'audit.log': [line({ time: 180_000, seq: 4, category: 'audit', message: 'Audit: x by y' })],
    'other.log': [line({ time: 240_000, seq: 5, category: 'other' })],
  })
  const of = async (options: StreamOptions): Promise<string> =>
    messages(await all({ log_path, ...options })).join(' ')
  assert.equal(await of({ categories: ['sdk'] }), 'm3')
  assert.equal(await of({ categories: ['sdk', 'other'] }), 'm3 m5')
  assert.equal(await of({ categories: [] }), '')
  assert.equal(await of({ level: 'warning' }), 'm2 m3')
  assert.equal(await of({ level: 'WARNING', lines: 1 }), 'm3')
  assert.equal(await of({ account_id: 'A' }), 'm2')
  assert.equal(await of({ account_id: ['A', 'B'] }), 'm2 m3')
  assert.equal(await of({ since: new Date(start + 180_000) }), 'Audit: x by y m5')
  assert.equal(await of({ since: '2025-10-17T14:01', until: '2025-10-17 14:02:00' }), 'm2 m3')
  assert.equal(await of({ grep: /^audit: X/gi }), 'Audit: x by y')
  assert.equal(await of({ grep: '[45]$' }), 'm5')
})

test('streamLogs() refuses options that mean nothing, at once', () => {
  const wrong = [
    { lines: -1 },
    { lines: 1.5 },
    { lines: Number.NaN },
    { level: 'loud' },
    { since: 'whenever' },
    { until: new Date('x') },
  ] as unknown as StreamOptions[]
  for (const options of wrong) {
    assert.throws(() => streamLogs(options), RangeError, JSON.stringify(options))
  }
  assert.throws(() => streamLogs({ grep: '(' }), SyntaxError)
})

test('streamLogs() throws when the directory is not there', async (t) => {
  await assert.rejects(all({ log_path: logDirectory(t) }), { code: 'ENOENT' })
})

test('streamLogs() reads a line of 50 MB, from either end', async (t) => {
  const log_path = directoryWith(t, {
    'system.log': [line({ time: 0, seq: 1, message: 'x'.repeat(50_000_000) }), 'bad'],
  })
  const before = process.cpuUsage()
  for (const lines of [Infinity, 2]) {
    const found = await all({ log_path, lines })
    assert.equal(found[0]?.entry?.message.length, 50_000_000)
    assert.equal(found.length, 2)
  }
  const { user, system } = process.cpuUsage(before)
  assert.ok(user + system < 10_000_000, `${user + system} µs of processor`)
})

test('streamLogs() reads what createLogger() writes', async (t) => {
  const log_path = logDirectory(t)
  const log = createLogger({ log_path, log_level: 'debug', console: 'off' })
  log.system.info('one')
  log.error.error('two', new Error('x'))
  log.sdk.error('three')
  log.audit.debug('four')
  await log.close()
  const found = await all({ log_path })
  assert.deepEqual(messages(found).toSorted(), ['four', 'one', 'three', 'two'])
})

test('streamLogs({ follow }) gives the last lines, then what comes', async (t) => {
  const log_path = directoryWith(t, {
    'system.log': Array.from({ length: 30 }, (_, i) => line({ time: i, seq: i })),
  })
  const path = join(log_path, 'system.log')
  const { next } = following(t, log_path)
  assert.deepEqual(
    await next(20),
    Array.from({ length: 20 }, (_, i) => `m${i + 10}`),
  )
  appendFileSync(path, `${line({ time: 40, seq: 40 })}\n`)
  assert.deepEqual(await next(1), ['m40'])
  // Held back until it is whole.
  const torn = line({ time: 41, seq: 41 })
  appendFileSync(path, torn.slice(0, 30))
  const rest = next(1)
  appendFileSync(path, `${torn.slice(30)}\n`)
  assert.deepEqual(await rest, ['m41'])
})

test('streamLogs({ follow }) holds back a line that is torn when it begins', async (t) => {
  const log_path = directoryWith(t, { 'system.log': [line({ time: 0, seq: 1 })] })
  const torn = line({ time: 1, seq: 2 })
  appendFileSync(join(log_path, 'system.log'), torn.slice(0, 20))
  const { next } = following(t, log_path)
  assert.deepEqual(await next(1), ['m1'])
  appendFileSync(join(log_path, 'system.log'), `${torn.slice(20)}\n`)
  assert.deepEqual(await next(1), ['m2'])
})

test('streamLogs({ follow, lines: 0 }) sees three rotations between two looks', async (t) => {
  const log_path = directoryWith(t, { 'system.log': [line({ time: 0, seq: 0 })] })
  const path = join(log_path, 'system.log')
  const { next } = following(t, log_path, { lines: 0 })
  // Its first look is done before it waits.
  const found = next(9)
  await new Promise(setImmediate)
  let seq = 0
  for (let rotation = 0; rotation < 3; rotation++) {
    appendFileSync(path, `${line({ time: ++seq, seq })}\n${line({ time: ++seq, seq })}\n`)
    rotateSync(log_path, 'system.log', 10)
    writeFileSync(path, '')
  }
  appendFileSync(path, [7, 8, 9].map((n) => `${line({ time: n, seq: n })}\n`).join(''))
  assert.deepEqual(await found, ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9'])
})

test('streamLogs({ follow }) sees a file compressed behind its back once', async (t) => {
  const log_path = directoryWith(t, { 'system.log': [line({ time: 0, seq: 0 })] })
  const path = join(log_path, 'system.log')
  const { next } = following(t, log_path)
  assert.deepEqual(await next(1), ['m0'])
  appendFileSync(path, `${line({ time: 1, seq: 1 })}\n`)
  rotateSync(log_path, 'system.log', 10)
  writeFileSync(path, `${line({ time: 2, seq: 2 })}\n`)
  rotateSync(log_path, 'system.log', 10)
  for (const n of [1, 2]) {
    writeFileSync(`${path}.${n}.gz`, gzipSync(readFileSync(`${path}.${n}`)))
    rmSync(`${path}.${n}`)
  }
  writeFileSync(path, `${line({ time: 3, seq: 3 })}\n`)
  assert.deepEqual(await next(3), ['m1', 'm2', 'm3'])
})

test('streamLogs({ follow }) goes on after copytruncate, with what only the copy has', async (t) => {
  const log_path = directoryWith(t, { 'system.log': [1, 2].map((n) => line({ time: n, seq: n })) })
  const path = join(log_path, 'system.log')
  const { next } = following(t, log_path)
  assert.deepEqual(await next(2), ['m1', 'm2'])
  appendFileSync(path, `${line({ time: 3, seq: 3 })}\n`)
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
  // As long as before: the size alone does not tell.
  appendFileSync(path, [4, 5, 6, 7].map((n) => `${line({ time: n, seq: n })}\n`).join(''))
  assert.deepEqual(await next(5), ['m3', 'm4', 'm5', 'm6', 'm7'])
  truncateSync(path)
  appendFileSync(path, `${line({ time: 8, seq: 8 })}\n`)
  assert.deepEqual(await next(1), ['m8'])
})

test('streamLogs({ follow }) waits for the directory, and for it to return', async (t) => {
  const log_path = logDirectory(t)
  const { next } = following(t, log_path)
  const first = next(1)
  mkdirSync(log_path)
  writeFileSync(join(log_path, 'audit.log'), `${line({ time: 1, seq: 1, category: 'audit' })}\n`)
  assert.deepEqual(await first, ['m1'])
  for (const n of [2, 3]) {
    const found = next(1)
    rmSync(log_path, { recursive: true })
    mkdirSync(log_path)
    writeFileSync(join(log_path, 'audit.log'), `${line({ time: n, seq: n, category: 'audit' })}\n`)
    assert.deepEqual(await found, [`m${n}`])
  }
  const found = next(1)
  renameSync(log_path, `${log_path}-away`)
  await new Promise((resolve) => setTimeout(resolve, 300))
  mkdirSync(log_path)
  writeFileSync(join(log_path, 'new.log'), `${line({ time: 4, seq: 4, category: 'new' })}\n`)
  assert.deepEqual(await found, ['m4'])
})

test('streamLogs({ follow }) shows once what a writer writes again after its file was removed', async (t) => {
  const log_path = directoryWith(t, { 'system.log': [line({ time: 1, seq: 1 })] })
  const path = join(log_path, 'system.log')
  const { next } = following(t, log_path)
  assert.deepEqual(await next(1), ['m1'])
  rmSync(path)
  writeFileSync(path, [1, 2].map((n) => `${line({ time: n, seq: n })}\n`).join(''))
  assert.deepEqual(await next(1), ['m2'])
})

test('streamLogs({ signal }) ends at once, waiting or not', { timeout: 60_000 }, async (t) => {
  const log_path = directoryWith(t, { 'system.log': [line({ time: 1, seq: 1 })] })
  const { next, abort } = following(t, log_path)
  assert.deepEqual(await next(1), ['m1'])
  const waiting = next(1)
  await new Promise(setImmediate)
  const ended: (readonly string[])[] = []
  void waiting.then((found) => ended.push(found))
  abort.abort()
  // A poll is some thousand turns away.
  for (let turn = 0; turn < 20 && ended.length === 0; turn++) await new Promise(setImmediate)
  assert.deepEqual(ended, [[]])
  assert.deepEqual(await all({ log_path, signal: AbortSignal.abort() }), [])

  const iterator = streamLogs({ log_path, follow: true, lines: 0 })[Symbol.asyncIterator]()
  const pending = iterator.next()
  await new Promise(setImmediate)
  await iterator.return?.()
  assert.equal((await pending).done, true)
})

test('streamLogs({ follow }) tells nothing of the files when it is left amid a read', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory })
  const warnings: Error[] = []
  const heed = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', heed)
  for (let round = 0; round < 40; round++) {
    const lines = streamLogs({ log_path: directory, follow: true })[Symbol.asyncIterator]()
    for (let i = 0; i < 200; i++) log[i % 2 === 0 ? 'system' : 'audit'].info(`${round} ${i}`)
    log.flushSync()
    const reads = Array.from({ length: 1 + (round % 5) }, () => lines.next())
    for (let turn = 0; turn < round; turn++) await new Promise(setImmediate)
    await lines.return!()
    await Promise.all(reads)
  }
  await log.close()
  await new Promise(setImmediate)
  process.off('warning', heed)
  assert.deepEqual(warnings, [])
})
