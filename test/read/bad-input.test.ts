// What a directory may hold that nobody wants to find there. Nothing of it ends the reading; all of it is shown or told.

import { strict as assert } from 'node:assert'
import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { LogLine, StreamOptions } from '../../lib/index.ts'
import { streamLogs } from '../../lib/index.ts'
import { readLogs } from '../../lib/read/stream-logs.ts'
import { logDirectory } from '../log-directory.ts'

const timeout = 20_000

function line(seq: number, level = 'INFO'): string {
  const timestamp = `2025-10-17T14:00:${String(seq).padStart(2, '0')}.000+00:00`
  return `${JSON.stringify({ timestamp, level, category: 'system', message: `m${seq}`, seq })}\n`
}

function directoryWith(t: TestContext, files: Readonly<Record<string, string | Buffer>>): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
  return directory
}

async function read(options: StreamOptions): Promise<{ shown: string[]; told: string[] }> {
  const told: string[] = []
  const shown: string[] = []
  for await (const { entry, raw } of readLogs(options, ({ text }) => told.push(text))) {
    shown.push(entry?.message ?? raw)
  }
  return { shown, told }
}

/** A file that cannot be opened, also by root. */
function unreadable(directory: string, name: string): void {
  symlinkSync(name, join(directory, name))
}

test('readLogs() tells of a file that cannot be opened, and gives the others', async (t) => {
  const log_path = directoryWith(t, {
    'system.log': line(3),
    'system.log.2': line(1),
    'audit.log': line(2),
  })
  unreadable(log_path, 'system.log.1')
  unreadable(log_path, 'error.log')
  for (const lines of [Infinity, 10]) {
    const { shown, told } = await read({ log_path, lines })
    assert.deepEqual(shown, ['m1', 'm2', 'm3'])
    assert.deepEqual(told.toSorted(), [
      'Cannot read error.log: ELOOP: too many symbolic links encountered',
      'Cannot read system.log.1: ELOOP: too many symbolic links encountered',
    ])
  }
})

test('streamLogs() warns of a file that cannot be opened', async (t) => {
  const log_path = directoryWith(t, { 'audit.log': line(1) })
  unreadable(log_path, 'system.log')
  const warned: (string | undefined)[] = []
  const listener = (warning: NodeJS.ErrnoException): void => {
    warned.push(warning.code)
  }
  process.on('warning', listener)
  t.after(() => process.off('warning', listener))
  const shown: LogLine[] = []
  for await (const each of streamLogs({ log_path })) shown.push(each)
  await new Promise(setImmediate)
  assert.equal(shown.length, 1)
  assert.deepEqual(warned, ['RINGLOG_UNREAD'])
})

test('readLogs() tells of a damaged gzip file, and gives what stands before the damage', async (t) => {
  let text = ''
  for (let i = 0; i < 20_000; i++) text += `${i} ${Math.sin(i)}\n`
  const packed = gzipSync(text)
  packed.fill(0xff, packed.length - 2000, packed.length - 1000)
  const log_path = directoryWith(t, {
    'system.log.2.gz': packed,
    'system.log.1.gz': 'no gzip at all',
    'system.log': line(1),
  })
  for (const lines of [Infinity, 30_000]) {
    const { shown, told } = await read({ log_path, lines })
    assert.equal(shown.at(-1), 'm1')
    assert.match(
      told.join('\n'),
      /^Cannot read system\.log\.1\.gz: damaged gzip: incorrect header check$/m,
    )
    assert.match(told.join('\n'), /^Cannot read system\.log\.2\.gz: damaged gzip: /m)
    assert.equal(told.length, 2)
  }
})

test(
  'readLogs({ follow }) goes on beside what cannot be opened, and reads it when it can be',
  { timeout },
  async (t) => {
    const log_path = directoryWith(t, { 'audit.log': line(1) })
    unreadable(log_path, 'system.log')
    const told: string[] = []
    const tell = ({ text }: { readonly text: string }): void => {
      told.push(text)
    }
    const iterator = readLogs({ log_path, follow: true }, tell)[Symbol.asyncIterator]()
    t.after(() => iterator.return?.())
    const next = async (): Promise<string | undefined> =>
      ((await iterator.next()).value as LogLine).entry?.message
    assert.equal(await next(), 'm1')
    const second = next()
    appendFileSync(join(log_path, 'audit.log'), line(2))
    assert.equal(await second, 'm2')
    const third = next()
    rmSync(join(log_path, 'system.log'))
    writeFileSync(join(log_path, 'system.log'), line(3))
    assert.equal(await third, 'm3')
    assert.deepEqual(told, ['Cannot read system.log: ELOOP: too many symbolic links encountered'])
  },
)

test('readLogs() survives a chunk of nothing but line ends, rubbish, and lying entries', async (t) => {
  const lies = [
    { timestamp: 'yesterday', level: 'ERROR', category: 'a', message: 'm' },
    { timestamp: '2025-10-17T14:00:00Z', level: 'LOUD', category: 'a', message: 'm' },
    { timestamp: '2025-10-17T14:00:00Z', level: 'ERROR', category: 1, message: 'm' },
    { timestamp: '2025-10-17T14:00:00Z', level: 'ERROR', category: 'a', message: {} },
    { timestamp: '2025-10-17T14:00:00Z', level: 'ERROR', category: 'a', message: 'm', seq: -1.5 },
    { timestamp: '2025-10-17T14:00:00Z', level: 'ERROR', category: 'a', message: 'm', context: [] },
  ].map((lie) => `${JSON.stringify(lie)}\n`)
  const bytes = Buffer.from(Array.from({ length: 1 << 16 }, (_, i) => (i * 2_654_435_761) >>> 24))
  const log_path = directoryWith(t, {
    'system.log.2.gz': gzipSync(Buffer.alloc(1 << 18, '\n')),
    'system.log.1': Buffer.concat([bytes, Buffer.from('\n')]),
    'system.log': `${lies.join('')}${line(1, 'ERROR')}`,
  })
  const all = await read({ log_path })
  assert.ok(all.shown.length > 1 << 18)
  assert.equal(all.shown.at(-1), 'm1')
  for (const lines of [Infinity, 1_000_000]) {
    assert.deepEqual(await read({ log_path, level: 'ERROR', lines }), { shown: ['m1'], told: [] })
  }
  assert.equal((await read({ log_path, lines: 1_000_000 })).shown.length, all.shown.length)
})
