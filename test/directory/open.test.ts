// What is opened is what was meant, and nothing else.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import fs, {
  chmodSync,
  closeSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import zlib, { gzipSync } from 'node:zlib'
import { makeDirectory, openForAppend } from '../../lib/directory/open.ts'
import { rotateSync } from '../../lib/directory/rotate.ts'
import { lastNumbers } from '../../lib/directory/last-numbers.ts'
import { logDirectory, modeOf } from '../log-directory.ts'

describe('makeDirectory()', () => {
  test('makes all levels with mode 0700, and leaves what exists as it is', (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { mode: 0o755 })
    chmodSync(directory, 0o755)
    const before = process.umask(0o777)
    try {
      makeDirectory(join(directory, 'a/b'))
    } finally {
      process.umask(before)
    }
    assert.deepEqual(
      [directory, join(directory, 'a'), join(directory, 'a/b')].map(modeOf),
      [0o755, 0o700, 0o700],
    )
  })
  test('fails where a file stands', (t) => {
    const directory = logDirectory(t)
    writeFileSync(directory, '')
    assert.throws(() => makeDirectory(directory), /EEXIST|ENOTDIR/)
    assert.throws(() => makeDirectory(join(directory, 'x')), { code: 'ENOTDIR' })
  })
})

describe('openForAppend()', () => {
  const opened = (
    directory: string,
    name: string,
    content: string | Buffer,
  ): { text: string; torn: number; size: number } => {
    writeFileSync(join(directory, name), content)
    const { fd, tornBytes, size } = openForAppend(directory, name)
    writeSync(fd, 'next\n')
    closeSync(fd)
    return { text: readFileSync(join(directory, name), 'utf8'), torn: tornBytes, size }
  }
  test('ends a torn last line, whatever it is, and cuts nothing', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const cases: [string, string | Buffer, number][] = [
      ['empty', '', 0],
      ['clean', '{"a":1}\n', 0],
      ['torn', '{"a":1}\n{"b":', 5],
      ['only line', '{"b":', 5],
      ['zeros', '{"a":1}\n\0\0\0', 3],
      ['half a character', Buffer.from([0x7b, 0x0a, 0xe2, 0x82]), 2],
      ['long', 'x'.repeat(100_000), 65_535 + 1],
    ]
    for (const [name, content, torn] of cases) {
      const result = opened(directory, name, content)
      const whole = Buffer.from(content).toString('utf8')
      assert.equal(result.text, `${whole}${torn > 0 ? '\n' : ''}next\n`, name)
      assert.equal(result.torn, torn, name)
      assert.equal(result.size, Buffer.byteLength(content) + (torn > 0 ? 1 : 0), name)
    }
  })
  test('leaves the last line of the file that its caller goes on with', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    writeFileSync(join(directory, 'f'), '{"half":')
    const first = openForAppend(directory, 'f')
    closeSync(first.fd)
    writeFileSync(join(directory, 'f'), '{"half":')
    const again = openForAppend(directory, 'f', first)
    closeSync(again.fd)
    assert.equal(readFileSync(join(directory, 'f'), 'utf8'), '{"half":')
  })
  test(
    'opens a file of ours without our own bits, and sets the mode of none that takes its place',
    { skip: process.platform === 'linux' ? false : 'needs /proc' },
    (t) => {
      const directory = logDirectory(t)
      makeDirectory(directory)
      const [path, victim] = [join(directory, 'f'), join(directory, 'victim')]
      writeFileSync(victim, '', { mode: 0o644 })
      writeFileSync(path, '', { mode: 0o000 })
      // The rights of root are not asked for.
      const { openSync, chmodSync: chmod } = fs
      let isRefused = false
      t.mock.method(fs, 'openSync', (...words: Parameters<typeof openSync>) => {
        if (isRefused || words[0] !== path) return openSync(...words)
        isRefused = true
        throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
      })
      // The moment of a swap: the file has been looked at, and its mode is about to be set.
      t.mock.method(fs, 'chmodSync', (...words: Parameters<typeof chmod>) => {
        renameSync(path, join(directory, 'aside'))
        symlinkSync(victim, path)
        chmod(...words)
      })
      syncBuiltinESMExports()
      t.after(() => {
        t.mock.restoreAll()
        syncBuiltinESMExports()
      })
      assert.throws(() => openForAppend(directory, 'f'), { code: 'ELOOP' })
      assert.deepEqual([modeOf(victim), modeOf(join(directory, 'aside'))], [0o644, 0o600])
    },
  )
  test('refuses links, pipes and directories, without touching what is behind them', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const victim = join(directory, 'victim')
    writeFileSync(victim, 'precious')
    symlinkSync(victim, join(directory, 'link'))
    symlinkSync(join(directory, 'nothing'), join(directory, 'dangling'))
    execFileSync('mkfifo', [join(directory, 'pipe')])
    mkdirSync(join(directory, 'directory'))
    assert.throws(() => openForAppend(directory, 'link'), { code: 'ELOOP' })
    assert.throws(() => openForAppend(directory, 'dangling'), { code: 'ELOOP' })
    assert.throws(() => openForAppend(directory, 'pipe'), {
      code: 'RINGLOG_UNSAFE',
      message: `Cannot open ${join(directory, 'pipe')}: expected a regular file, got a pipe`,
    })
    assert.throws(() => openForAppend(directory, 'directory'), { code: 'EISDIR' })
    assert.equal(readFileSync(victim, 'utf8'), 'precious')
    assert.ok(!readdirSync(directory).includes('nothing'))
  })
})

describe('rotateSync()', () => {
  const files = (directory: string): Record<string, string> =>
    Object.fromEntries(
      // What has been put aside to be deleted may be there for a moment.
      readdirSync(directory)
        .filter((name) => !name.endsWith('.tmp'))
        .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
    )
  test('moves every file one up, and the oldest out', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    for (let turn = 0; turn < 6; turn++) {
      writeFileSync(join(directory, 'a.log'), `${turn}`)
      rotateSync(directory, 'a.log', 3)
    }
    assert.deepEqual(files(directory), { 'a.log.1': '5', 'a.log.2': '4', 'a.log.3': '3' })
  })
  test('fills a gap instead of moving what is above it', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    writeFileSync(join(directory, 'a.log'), 'live')
    writeFileSync(join(directory, 'a.log.1'), '1')
    writeFileSync(join(directory, 'a.log.3'), '3')
    rotateSync(directory, 'a.log', 3)
    assert.deepEqual(files(directory), { 'a.log.1': 'live', 'a.log.2': '1', 'a.log.3': '3' })
  })
})

describe('lastNumbers()', () => {
  const line = (category: string, seq: number, text = ''): string =>
    `{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","category":"${category}","message":${JSON.stringify(text)},"seq":${seq}}\n`
  test('finds the last number of each category, through rubbish, torn lines, long lines and rotated files', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const long = 'x'.repeat(3_000_000)
    writeFileSync(join(directory, 's.log.2'), line('old', 7) + line('sdk', 1))
    writeFileSync(
      join(directory, 's.log.1'),
      line('sdk', 2, long) + 'not json\n' + line('system', 10, long),
    )
    writeFileSync(
      join(directory, 's.log'),
      line('system', 11) +
        line('forged', 99) +
        '{"seq":500}\n' +
        line('system', 12, '"seq":77}').slice(0, -3),
    )
    const found = lastNumbers(
      directory,
      new Map([['s.log', new Set(['system', 'sdk', 'old', 'never'])]]),
    ).seqs
    assert.deepEqual(
      [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      [
        ['old', 7],
        ['sdk', 2],
        ['system', 11],
      ],
    )
  })
  test('leaves a compressed file that is too long for a rotated one, without unpacking it', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    // So long that it may be so.
    const packed = gzipSync(`${randomBytes(700_000).toString('base64')}\n${line('system', 5)}`)
    writeFileSync(join(directory, 's.log.1.gz'), packed)
    assert.equal(
      lastNumbers(directory, new Map([['s.log', new Set(['system'])]])).seqs.get('system'),
      5,
    )
    packed.writeUInt32LE(3_000_000_000, packed.length - 4)
    writeFileSync(join(directory, 's.log.1.gz'), packed)
    const { mock: unpack } = t.mock.method(zlib, 'gunzipSync')
    syncBuiltinESMExports()
    t.after(() => {
      t.mock.restoreAll()
      syncBuiltinESMExports()
    })
    assert.equal(lastNumbers(directory, new Map([['s.log', new Set(['system'])]])).seqs.size, 0)
    assert.equal(unpack.callCount(), 0)
  })
  test('is not fooled by a context that looks like an entry', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const text = line('system', 3).replace(
      '"seq":3',
      '"context":{"category":"system","seq":999},"seq":3',
    )
    writeFileSync(join(directory, 's.log'), text)
    assert.deepEqual(
      [...lastNumbers(directory, new Map([['s.log', new Set(['system'])]])).seqs],
      [['system', 3]],
    )
  })
})
