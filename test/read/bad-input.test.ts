// What a directory may hold that nobody wants to find there. Nothing of it ends the reading; all of
// it is shown or told.

import { strict as assert } from 'node:assert'
import {
  appendFileSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import type { LogLine, StreamOptions } from '../../lib/index.ts'
import { streamLogs } from '../../lib/index.ts'
import { readLogs } from '../../lib/read/read-logs.ts'
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
  for (let i = 0; i < 8_000; i++) text += `${i} ${Math.sin(i)}\n`
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
    'system.log.2.gz': gzipSync(Buffer.alloc(1 << 15, '\n')),
    'system.log.1': Buffer.concat([bytes, Buffer.from('\n')]),
    'system.log': `${lies.join('')}${line(1, 'ERROR')}`,
  })
  const all = await read({ log_path })
  assert.ok(all.shown.length > 1 << 15)
  assert.equal(all.shown.at(-1), 'm1')
  for (const lines of [Infinity, 1_000_000]) {
    assert.deepEqual(await read({ log_path, level: 'ERROR', lines }), { shown: ['m1'], told: [] })
  }
  assert.equal((await read({ log_path, lines: 1_000_000 })).shown.length, all.shown.length)
})

/** The whole lines in front of the first byte in which a gzip is another than it was. */
function linesOf(damaged: Buffer, packed: Buffer): string[] {
  const different = packed.findIndex((byte, i) => byte !== damaged[i])
  const sound = packed.subarray(0, different === -1 ? packed.length : different)
  if (sound.length === 0) return []
  return gunzipSync(sound, { finishFlush: constants.Z_SYNC_FLUSH })
    .toString()
    .split('\n')
    .slice(0, -1)
}

test('readLogs() gives of a damaged gzip each line in front of the damage, and tells of it', async (t) => {
  // A line is dear to read, a byte is not: few lines, and long.
  const count = 800
  const numbers = Array.from({ length: 10 * count }, (_, i) => Math.sin(i))
  const text = Array.from(
    { length: count },
    (_, i) => `${i} ${numbers.slice(10 * i, 10 * i + 10).join(' ')}\n`,
  ).join('')
  const packed = gzipSync(text)
  assert.ok(packed.length > 60_000, 'the page of NULs is in its middle')
  const filled = (value: number, from: number, to: number): Buffer =>
    Buffer.from(packed).fill(value, from, to)
  const half = packed.subarray(0, packed.length >> 1)
  const { length } = packed
  const damages: Readonly<Record<string, readonly [Buffer, number | undefined, string]>> = {
    'half is missing': [half, undefined, 'unexpected end of file'],
    'the last byte is missing': [packed.subarray(0, -1), count, 'unexpected end of file'],
    'the trailer is missing': [packed.subarray(0, -8), count, 'unexpected end of file'],
    'the CRC is damaged': [filled(0, length - 8, length - 6), count, 'incorrect data check'],
    'garbage behind': [
      Buffer.concat([packed, Buffer.from('garbage')]),
      count,
      'what stands behind its end is no gzip',
    ],
    'the last page is NULs': [filled(0, length - 4096, length), undefined, ''],
    'a page of NULs in the middle': [filled(0, 40_960, 45_056), undefined, ''],
    'it is empty': [Buffer.alloc(0), 0, 'unexpected end of file'],
  }
  for (const [name, [damaged, whole, reason]] of Object.entries(damages)) {
    const log_path = directoryWith(t, { 'system.log.1.gz': damaged, 'system.log': line(1) })
    for (const lines of [Infinity, 30_000]) {
      const { shown, told } = await read({ log_path, lines })
      assert.equal(shown.pop(), 'm1', name)
      const [remark] = told
      assert.ok(remark?.startsWith(`Cannot read system.log.1.gz: damaged gzip: ${reason}`), remark)
      assert.equal(told.length, 1)
      if (whole !== undefined) assert.equal(shown.length, whole, name)
      // What stands in front of the damage is what was written.
      const least = linesOf(damaged, packed)
      assert.deepEqual(shown.slice(0, least.length), least, name)
    }
  }
})

test('readLogs() reads gzip of several members, and zeros behind it, without a remark', async (t) => {
  const log_path = directoryWith(t, {
    'system.log.1.gz': Buffer.concat([
      gzipSync(line(1)),
      gzipSync(''),
      gzipSync(line(2)),
      Buffer.alloc(10_240),
    ]),
    'system.log': line(3),
  })
  for (const lines of [Infinity, 3]) {
    assert.deepEqual(await read({ log_path, lines }), { shown: ['m1', 'm2', 'm3'], told: [] })
  }
})

test('readLogs() reads the entry behind NULs and behind a byte order mark, and shows both', async (t) => {
  const log_path = directoryWith(t, {
    'system.log': `\ufeff${line(1)}${'\0'.repeat(4096)}${line(2)}${line(3).slice(0, 40)}\0\0${line(4)}`,
  })
  const expected = ['\ufeff', 'm1', '[4096 NUL bytes]', 'm2', line(3).slice(0, 40), '\0\0', 'm4']
  for (const lines of [Infinity, 7]) {
    assert.deepEqual(await read({ log_path, lines }), { shown: expected, told: [] })
  }
  assert.deepEqual((await read({ log_path, level: 'INFO', categories: ['system'] })).shown, [
    'm1',
    'm2',
    'm4',
  ])
})

test('readLogs({ lines }) does not read a hole in front of what is wanted, and never holds one', async (t) => {
  const log_path = directoryWith(t, { 'system.log': line(1) })
  const path = join(log_path, 'system.log')
  truncateSync(path, 1 << 28)
  appendFileSync(path, line(2) + line(3))
  const before = process.memoryUsage().rss
  for (const [lines, expected] of [
    [1, ['m3']],
    [2, ['m2', 'm3']],
    [4, ['m1', `[${(1 << 28) - line(1).length} NUL bytes]`, 'm2', 'm3']],
    [Infinity, ['m1', `[${(1 << 28) - line(1).length} NUL bytes]`, 'm2', 'm3']],
  ] as const) {
    assert.deepEqual((await read({ log_path, lines })).shown, expected)
  }
  assert.ok(process.memoryUsage().rss - before < 200 << 20)
})
