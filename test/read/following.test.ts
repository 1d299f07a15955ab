// What happens to the files of a writer that is not ours, or at an unlucky moment, while they are
// followed.

import { strict as assert } from 'node:assert'
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type LogLine, type StreamOptions, streamLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

const timeout = 60_000

/** Lines whose messages are their numbers. */
function lines(from: number, to = from, fields: object = {}): string {
  let text = ''
  for (let seq = from; seq <= to; seq++) {
    const timestamp = new Date().toISOString().replace('Z', '+00:00')
    const entry = {
      timestamp,
      level: 'INFO',
      category: 'system',
      message: `${seq}`,
      ...fields,
      seq,
    }
    text += `${JSON.stringify(entry)}\n`
  }
  return text
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => `${from + i}`)

interface Followed {
  readonly path: string
  /** Waits for so many lines, and gives their messages. */
  readonly next: (count: number) => Promise<string[]>
  readonly nextLine: () => Promise<LogLine>
}

/** Follows a directory whose `system.log` holds line 1, which has been shown. */
async function follow(t: TestContext, options: StreamOptions = {}): Promise<Followed> {
  const log_path = logDirectory(t)
  mkdirSync(log_path)
  const path = join(log_path, 'system.log')
  writeFileSync(path, lines(1))
  const iterator = streamLogs({ log_path, follow: true, ...options })[Symbol.asyncIterator]()
  t.after(() => iterator.return?.())
  const nextLine = async (): Promise<LogLine> => {
    const { value, done } = await iterator.next()
    assert.notEqual(done, true)
    return value as LogLine
  }
  const next = async (count: number): Promise<string[]> => {
    const found: string[] = []
    while (found.length < count) {
      const { entry, raw } = await nextLine()
      found.push(entry?.message ?? raw)
    }
    return found
  }
  assert.deepEqual(await next(1), ['1'])
  return { path, next, nextLine }
}

test(
  'streamLogs({ follow }) keeps the order of a category whose copies come first',
  { timeout },
  async (t) => {
    const { path, nextLine } = await follow(t)
    const error = lines(3, 3, { level: 'ERROR' })
    const found = nextLine()
    writeFileSync(join(path, '../error.log'), error)
    // A look sees the copy alone.
    await new Promise((resolve) => setTimeout(resolve, 50))
    appendFileSync(path, `${lines(2)}${error}${lines(4)}`)
    const all = [await found, await nextLine(), await nextLine()]
    assert.deepEqual(
      all.map(({ entry, file }) => `${entry?.seq} ${file}`),
      ['2 system.log', '3 system.log', '4 system.log'],
    )
  },
)

test('streamLogs({ follow }) shows a copy whose entry never comes', { timeout }, async (t) => {
  const { path, next } = await follow(t)
  writeFileSync(join(path, '../error.log'), lines(2, 3, { level: 'CRITICAL' }))
  assert.deepEqual(await next(2), ['2', '3'])
})

test(
  'streamLogs({ follow }) reads what is still appended to a renamed file before the new one has bytes',
  { timeout },
  async (t) => {
    const { path, next } = await follow(t)
    const fd = openSync(path, 'a')
    t.after(() => closeSync(fd))
    writeSync(fd, lines(2))
    renameSync(path, `${path}.1`)
    writeFileSync(path, '')
    assert.deepEqual(await next(1), ['2'])
    // The new file has been seen.
    const found = next(2)
    await new Promise((resolve) => setTimeout(resolve, 50))
    writeSync(fd, lines(3))
    appendFileSync(path, lines(4))
    assert.deepEqual(await found, ['3', '4'])
  },
)

test(
  'streamLogs({ follow }) finds what it missed in a copy that has been compressed',
  { timeout },
  async (t) => {
    const { path, next } = await follow(t)
    const torn = lines(2)
    appendFileSync(path, torn.slice(0, 40))
    const found = next(3)
    await new Promise((resolve) => setTimeout(resolve, 50))
    appendFileSync(path, `${torn.slice(40)}${lines(3)}`)
    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(path)))
    truncateSync(path)
    appendFileSync(path, lines(4))
    assert.deepEqual(await found, ['2', '3', '4'])
  },
)

test(
  'streamLogs({ follow }) finds what it missed in two copies between two looks',
  { timeout },
  async (t) => {
    const { path, next } = await follow(t)
    for (const seq of [2, 3]) {
      appendFileSync(path, lines(seq))
      if (seq === 3) renameSync(`${path}.1`, `${path}.2`)
      copyFileSync(path, `${path}.1`)
      truncateSync(path)
    }
    appendFileSync(path, lines(4))
    assert.deepEqual(await next(3), ['2', '3', '4'])
  },
)

test(
  'streamLogs({ follow }) reads the copy first when a file is truncated amid its backlog',
  { timeout: 60_000 },
  async (t) => {
    const { path, next } = await follow(t)
    appendFileSync(path, lines(2, 5000))
    assert.deepEqual(await next(9), numbers(2, 10))
    copyFileSync(path, `${path}.1`)
    truncateSync(path)
    appendFileSync(path, lines(5001, 12_000))
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(await next(11_990), numbers(11, 12_000))
  },
)

test('streamLogs({ follow, until }) ends when the moment has passed', { timeout }, async (t) => {
  const log_path = logDirectory(t)
  mkdirSync(log_path)
  writeFileSync(join(log_path, 'system.log'), lines(1))
  const found: string[] = []
  const until = new Date()
  for await (const { raw } of streamLogs({ log_path, follow: true, until })) found.push(raw)
  assert.equal(found.length, 1)
})
