// A log in batches: against streamLogs(), and at what makes numbers look missing that are not.

import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { type LogLine, createLogger, streamLogs } from '../../lib/index.ts'
import { logIdOf } from '../../lib/directory/lock-files.ts'
import {
  type Arrival,
  type BatchOptions,
  LogBegunAnew,
  lineOf,
  streamBatches,
} from '../../lib/read/stream-batches.ts'
import type { Passed } from '../../lib/read/passed-files.ts'
import { logDirectory } from '../log-directory.ts'

const timeout = 60_000

function line(category: string, seq: number, lsn: number, level = 'INFO', message = 'm'): string {
  const timestamp = new Date(Date.UTC(2025, 9, 17) + lsn * 10).toISOString().replace('Z', '+00:00')
  return `${JSON.stringify({ timestamp, level, category, message, seq, lsn })}\n`
}

/** A directory with these files, and nobody who writes there. */
function directoryOf(t: TestContext, files: { readonly [name: string]: string }): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

async function arrivals(directory: string, options: BatchOptions = {}): Promise<Arrival[]> {
  const all: Arrival[] = []
  for await (const arrival of streamBatches(directory, options)) all.push(arrival)
  return all
}

/** By category the lines, and what is missing between them. */
function linesIn(all: readonly Arrival[]): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const batch of all.flatMap(({ batches }) => batches)) {
    const lines = found.get(batch.category) ?? []
    found.set(batch.category, lines)
    for (let i = 0; i < batch.ends.length; i++) {
      const raw = lineOf(batch, i).toString()
      const { seq, timestamp } = JSON.parse(raw) as { seq: number; timestamp: string }
      assert.equal(seq, batch.first + i)
      assert.equal(batch.times[i], Date.parse(timestamp))
      lines.push(raw)
    }
    assert.equal(batch.last, batch.first + batch.ends.length - 1)
    assert.equal(batch.ends.at(-1), batch.bytes.length)
  }
  return found
}

function seqsIn(all: readonly Arrival[], category: string): number[] {
  return (linesIn(all).get(category) ?? []).map(
    (raw) => (JSON.parse(raw) as LogLine & { seq: number }).seq,
  )
}

/** A log of several files of each base, compressed ones among them, written by a logger. */
async function writtenLog(t: TestContext, count = 3000): Promise<string> {
  const directory = logDirectory(t)
  const log = createLogger({
    log_path: directory,
    rotation: { max_size_mb: 1, max_files: 50, compress: true },
  })
  for (let i = 0; i < count; i++) {
    const context = { i, filling: 'ä"\\\n'.repeat(150) }
    if (i % 10 === 0) log.audit.error('refused', new Error('no'), context)
    else if (i % 3 === 0) log.system.info('tick', context)
    else log.enforcement.warning('closed', context)
    if (i % 200 === 0) await log.flush()
  }
  // A logger that is closed compresses nothing more.
  while (!readdirSync(directory).some((name) => name.endsWith('.gz'))) await setTimeout(5)
  await log.close()
  return directory
}

test('streamBatches() gives the bytes of every entry that streamLogs() gives, each once, in order', async (t) => {
  const directory = await writtenLog(t)
  const expected = new Map<string, string[]>()
  for await (const { raw, entry } of streamLogs({ log_path: directory })) {
    const lines = expected.get(entry!.category) ?? []
    expected.set(entry!.category, [...lines, raw])
  }
  const all = await arrivals(directory)
  assert.deepEqual(linesIn(all), expected)
  assert.deepEqual(
    all.flatMap(({ odd }) => odd),
    [],
  )
  assert.deepEqual(all.map(({ isCaughtUp }) => isCaughtUp).indexOf(true), all.length - 1)
  const small = await arrivals(directory, { limits: { bytes: 5000, lines: 3 } })
  assert.deepEqual(linesIn(small), expected)
  const sizes = small.flatMap(({ batches }) => batches.map(({ ends }) => ends.length))
  assert.equal(Math.max(...sizes), 3)
})

test('streamBatches({ after }) begins behind any number of each category, without what was passed', async (t) => {
  const directory = await writtenLog(t)
  const expected = linesIn(await arrivals(directory))
  for (const share of [0, 0.01, 0.3, 0.77, 0.999, 1]) {
    const after = new Map(
      [...expected].map(([category, { length }]) => [
        category,
        { seq: Math.floor(length * share) },
      ]),
    )
    const rest = linesIn(await arrivals(directory, { after }))
    for (const [category, lines] of expected) {
      const { seq } = after.get(category)!
      assert.deepEqual(rest.get(category) ?? [], lines.slice(seq), `${category} behind ${seq}`)
    }
  }
  // One is far behind the others.
  const after = new Map([...expected].map(([category, { length }]) => [category, { seq: length }]))
  after.set('audit', { seq: 3 })
  const rest = linesIn(await arrivals(directory, { after }))
  assert.deepEqual([...rest.keys()], ['audit'])
  assert.deepEqual(rest.get('audit'), expected.get('audit')!.slice(3))
  after.delete('audit')
  assert.deepEqual(
    linesIn(await arrivals(directory, { after })).get('audit'),
    expected.get('audit'),
  )
})

test('streamBatches() tells what is missing by where the next batch begins, and passes nothing that is not an entry', async (t) => {
  const torn = line('system', 3, 3).slice(0, 40)
  const directory = directoryOf(t, {
    'system.log': `${line('system', 1, 1)}${torn}\n${torn}${line('system', 4, 4)}{"a":1}\n${line('system', 5, 5)}`,
  })
  const all = await arrivals(directory)
  const [one, two] = all.flatMap(({ batches }) => batches)
  assert.deepEqual([one!.first, one!.last, two!.first, two!.last], [1, 1, 5, 5])
  const odd = all.flatMap((each) => each.odd)
  assert.deepEqual(
    odd.map(({ raw }) => raw),
    [torn, torn + line('system', 4, 4).trimEnd(), '{"a":1}'],
  )
  assert.equal(odd[1]!.offset, line('system', 1, 1).length + torn.length + 1)
})

test('streamBatches() takes an entry whose keys stand otherwise, and one with another entry in its context', async (t) => {
  const { timestamp } = JSON.parse(line('system', 1, 1)) as { timestamp: string }
  const entry = { seq: 1, lsn: 1, category: 'system', level: 'INFO', message: 'm', timestamp }
  const nested = { ...entry, seq: 2, lsn: 2, context: { inner: { timestamp } } }
  const text = `${JSON.stringify(entry)}\n${JSON.stringify(nested)}\n`
  const directory = directoryOf(t, { 'system.log': line('system', 1, 1) + text })
  assert.deepEqual(seqsIn(await arrivals(directory), 'system'), [1, 2])
})

test('streamBatches() gives a copy in error.log for an entry that was rotated away, and no other', async (t) => {
  const copies = [2, 4, 6, 7, 9].map((seq) => line('audit', seq, seq, 'ERROR')).join('')
  const own = [6, 7, 8, 9].map((seq) => line('audit', seq, seq, seq === 8 ? 'INFO' : 'ERROR'))
  const directory = directoryOf(t, { 'error.log': copies, 'audit.log': own.join('') })
  const all = await arrivals(directory)
  assert.deepEqual(seqsIn(all, 'audit'), [2, 4, 6, 7, 8, 9])
})

test(
  'streamBatches({ follow }) waits with a copy until its own file has come so far',
  { timeout },
  async (t) => {
    const directory = directoryOf(t, { 'audit.log': line('audit', 1, 1), 'error.log': '' })
    const stream = streamBatches(directory, { follow: true })
    t.after(() => stream.return(undefined))
    const seen: Arrival[] = []
    const caughtUp = async (): Promise<void> => {
      for (;;) {
        const { value } = await stream.next()
        seen.push(value as Arrival)
        if ((value as Arrival).isCaughtUp) return
      }
    }
    await caughtUp()
    appendFileSync(join(directory, 'error.log'), line('audit', 3, 3, 'ERROR'))
    // What it looked at may be older than the line by one look.
    for (let look = 0; look < 3; look++) await caughtUp()
    assert.deepEqual(seqsIn(seen, 'audit'), [1])
    appendFileSync(
      join(directory, 'audit.log'),
      line('audit', 2, 2) + line('audit', 3, 3, 'ERROR') + line('audit', 4, 4),
    )
    while (seqsIn(seen, 'audit').length < 4) await caughtUp()
    assert.deepEqual(seqsIn(seen, 'audit'), [1, 2, 3, 4])
    // Its own file has lost 5, of which there is a copy, and 6.
    appendFileSync(join(directory, 'error.log'), line('audit', 5, 5, 'ERROR'))
    for (let look = 0; look < 3; look++) await caughtUp()
    appendFileSync(join(directory, 'audit.log'), line('audit', 7, 7))
    while (seqsIn(seen, 'audit').length < 6) await caughtUp()
    assert.deepEqual(seqsIn(seen, 'audit'), [1, 2, 3, 4, 5, 7])
  },
)

test(
  'streamBatches({ follow }) follows a logger across rotation, and each entry comes once',
  { timeout },
  async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      rotation: { max_size_mb: 1, max_files: 50, compress: true },
    })
    t.after(() => log.close())
    const seen: Arrival[] = []
    let count = 0
    const total = 4000
    const write = async (): Promise<void> => {
      for (let i = 0; i < total; i++) {
        const context = { i, filling: 'x'.repeat(1500) }
        if (i % 5 === 0) log.audit.error('refused', context)
        else log.system.info('tick', context)
        if (i % 100 === 0) await log.flush()
      }
      await log.flush()
    }
    const written = write()
    for await (const arrival of streamBatches(directory, { follow: true })) {
      seen.push(arrival)
      for (const { ends } of arrival.batches) count += ends.length
      if (count >= total) break
    }
    await written
    assert.deepEqual(
      seqsIn(seen, 'audit'),
      Array.from({ length: total / 5 }, (_, i) => i + 1),
    )
    assert.deepEqual(
      seqsIn(seen, 'system'),
      Array.from({ length: (total / 5) * 4 }, (_, i) => i + 1),
    )
  },
)

test(
  'streamBatches({ logId }) says that the directory has been begun anew, instead of giving other entries for the same',
  { timeout },
  async (t) => {
    const directory = logDirectory(t)
    const write = async (category: 'system' | 'audit'): Promise<void> => {
      const log = createLogger({ log_path: directory })
      for (let i = 0; i < 3; i++) log[category].info(`entry ${i}`)
      await log.close()
    }
    await write('system')
    const logId = logIdOf(directory)!
    const stream = streamBatches(directory, { follow: true, logId })
    const seen: Arrival[] = []
    await assert.rejects(
      async () => {
        for await (const arrival of stream) {
          seen.push(arrival)
          if (!arrival.isCaughtUp || seqsIn(seen, 'system').length < 3) continue
          for (const name of readdirSync(directory)) rmSync(join(directory, name))
          await write('audit')
        }
      },
      (error) => error instanceof LogBegunAnew && error.code === 'RINGLOG_BEGUN_ANEW',
    )
    assert.deepEqual([...linesIn(seen).keys()], ['system'])
  },
)

test('streamBatches() reads what it has passed over when something is missing in front', async (t) => {
  const directory = await writtenLog(t, 1500)
  const all = linesIn(await arrivals(directory))
  const after = new Map<string, Passed>(
    [...all].map(([category, { length }]) => [category, { seq: length }]),
  )
  // What nobody does: it is said to have passed more than it has, by its lsn.
  after.set('enforcement', { seq: 5, lsn: 10 ** 9 })
  const rest = linesIn(await arrivals(directory, { after }))
  assert.deepEqual(rest.get('enforcement'), all.get('enforcement')!.slice(5))
})

test('streamBatches() ends when it is told to, also while it waits', { timeout }, async (t) => {
  const directory = directoryOf(t, { 'system.log': line('system', 1, 1) })
  const leave = new AbortController()
  const ended = once(leave.signal, 'abort')
  let count = 0
  for await (const { batches } of streamBatches(directory, {
    follow: true,
    signal: leave.signal,
  })) {
    count += batches.length
    if (count === 1) queueMicrotask(() => leave.abort())
  }
  await ended
  assert.equal(count, 1)
  await assert.rejects(arrivals(join(directory, 'none')), { code: 'ENOENT' })
})

test('streamBatches() reads a file that was compressed by others, and a category that has moved to another file', async (t) => {
  const directory = directoryOf(t, { 'mine.log': line('mine', 3, 3) + line('mine', 4, 4) })
  writeFileSync(
    join(directory, 'system.log.1.gz'),
    gzipSync(line('mine', 1, 1) + line('mine', 2, 2)),
  )
  writeFileSync(join(directory, 'system.log'), '')
  assert.deepEqual(seqsIn(await arrivals(directory), 'mine'), [1, 2, 3, 4])
  renameSync(join(directory, 'mine.log'), join(directory, 'mine.log.7'))
  assert.deepEqual(seqsIn(await arrivals(directory), 'mine'), [1, 2, 3, 4])
})
