// What a run leaves for the next one: a floor for the numbers, and what need not be read again.

import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { lastNumbers } from '../../lib/directory/last-numbers.ts'
import { asCheckpoint, type Checkpoint, captureCheckpoint } from '../../lib/directory/checkpoint.ts'
import { logDirectory } from '../log-directory.ts'

const line = (category: string, seq: number): string =>
  `{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","category":"${category}","message":"m","seq":${seq}}\n`

function directoryOf(t: TestContext): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  return directory
}

function ledgerIn(directory: string, seq: Checkpoint['seq'], earlier?: Checkpoint): Checkpoint {
  return captureCheckpoint(directory, ['s.log'], { max_files: 10, compress: false, seq }, earlier)
}

function found(directory: string, checkpoint?: Checkpoint): Record<string, number> {
  return Object.fromEntries(
    lastNumbers(
      directory,
      new Map([['s.log', new Set(['system', 'sdk', 'constructor'])]]),
      checkpoint,
    ).seqs,
  )
}

describe('lastNumbers()', () => {
  test('reads only what was written since the checkpoint, also in a file rotated since', (t) => {
    const directory = directoryOf(t)
    // What stands here contradicts the checkpoint, so it shows when it is read.
    writeFileSync(join(directory, 's.log.1'), line('sdk', 999))
    writeFileSync(join(directory, 's.log'), line('sdk', 888) + line('system', 10))
    const checkpoint = ledgerIn(directory, { system: 10, sdk: 5 })
    assert.deepEqual(found(directory, checkpoint), { system: 10, sdk: 5 })
    appendFileSync(join(directory, 's.log'), line('system', 11) + line('system', 12))
    assert.deepEqual(found(directory, checkpoint), { system: 12, sdk: 5 })
    renameSync(join(directory, 's.log.1'), join(directory, 's.log.2'))
    renameSync(join(directory, 's.log'), join(directory, 's.log.1'))
    writeFileSync(join(directory, 's.log'), line('system', 13))
    assert.deepEqual(found(directory, checkpoint), { system: 13, sdk: 5 })
  })

  test('takes the number of an entry behind NULs or a mark, and before the \\r of an editor', (t) => {
    const directory = directoryOf(t)
    const entry = line('system', 7)
    for (const last of [
      `\0\0\0${entry}`,
      `\ufeff${entry}`,
      `\0\ufeff${entry}`,
      `{"timestamp":"2026-11-\0\0${entry}`,
      entry.replace('\n', '\r\n'),
      entry.replace('\n', ' \r\n'),
      `${'\0'.repeat(200_000)}${entry}`,
    ]) {
      writeFileSync(join(directory, 's.log'), line('system', 6) + last)
      assert.deepEqual(found(directory), { system: 7 }, JSON.stringify(last.slice(-200)))
    }
  })

  test('the checkpoint is a floor: entries that were accepted and lost keep their numbers', (t) => {
    const directory = directoryOf(t)
    writeFileSync(join(directory, 's.log'), line('system', 10))
    assert.deepEqual(found(directory, ledgerIn(directory, { system: 14 })), { system: 14 })
  })

  test('reads all when the file was removed, replaced, truncated, or cut and grown again', (t) => {
    for (const change of [
      (path: string) => rmSync(path),
      (path: string) => truncateSync(path, 3),
      (path: string) => {
        truncateSync(path)
        appendFileSync(path, line('sdk', 20) + line('system', 11).repeat(3))
      },
    ]) {
      const directory = directoryOf(t)
      writeFileSync(join(directory, 's.log.1'), line('sdk', 19))
      writeFileSync(join(directory, 's.log'), line('system', 10).repeat(2))
      const checkpoint = ledgerIn(directory, { system: 10 })
      change(join(directory, 's.log'))
      assert.ok((found(directory, checkpoint)['sdk'] ?? 0) >= 19, String(change))
    }
  })

  test('unpacks compressed files only for a category that the checkpoint does not know', (t) => {
    const directory = directoryOf(t)
    writeFileSync(join(directory, 's.log'), line('system', 10))
    writeFileSync(join(directory, 's.log.2.gz'), gzipSync(line('sdk', 1)))
    writeFileSync(join(directory, 's.log.1.gz'), gzipSync(line('sdk', 7) + line('system', 9)))
    writeFileSync(join(directory, 's.log.3.gz'), 'damaged')
    assert.deepEqual(found(directory), { system: 10, sdk: 7 })
    const elsewhere = { 's.log': { inode: '1', bytes: 0, end: '' } }
    const checkpoint = {
      max_files: 1,
      compress: true,
      seq: { sdk: 3, constructor: 2 },
      files: elsewhere,
    }
    assert.deepEqual(found(directory, checkpoint), { system: 10, sdk: 3, constructor: 2 })
  })
})

describe('captureCheckpoint()', () => {
  test('keeps categories and files of before as long as the files are there', (t) => {
    const directory = directoryOf(t)
    writeFileSync(join(directory, 's.log'), 's')
    writeFileSync(join(directory, 'old.log'), 'old')
    const state = { inode: '1', bytes: 1, end: '' }
    const earlier = {
      max_files: 1,
      compress: false,
      seq: { old: 4, system: 1 },
      files: { 'old.log': state, 'gone.log': state },
    }
    const checkpoint = ledgerIn(directory, { system: 2 }, earlier)
    assert.deepEqual(checkpoint.seq, { old: 4, system: 2 })
    assert.deepEqual(Object.keys(checkpoint.files).toSorted(), ['old.log', 's.log'])
    assert.deepEqual(asCheckpoint(JSON.parse(JSON.stringify(checkpoint))), checkpoint)
  })
})

test('asCheckpoint() takes no other thing for one', () => {
  const right = { max_files: 1, compress: false, seq: { a: 1 }, files: {} }
  assert.deepEqual(asCheckpoint(right), right)
  for (const wrong of [
    undefined,
    null,
    [],
    'text',
    {},
    { ...right, max_files: -1 },
    { ...right, compress: 'no' },
    { ...right, max_files: 0 },
    { ...right, max_files: 101 },
    { ...right, seq: [] },
    { ...right, files: 'a' },
  ]) {
    assert.equal(asCheckpoint(wrong), undefined, JSON.stringify(wrong))
  }
})

describe('asCheckpoint()', () => {
  const state = { inode: '1', bytes: 1, end: '' }
  const right = { max_files: 1, compress: false, seq: { a: 1 }, files: { 'a.log': state } }

  test('leaves out numbers that no category has come to, or that leave no room above them', () => {
    for (const seq of [1.5, '1', -1, NaN, null, 2 ** 52 + 1, 2 ** 53 - 2, 2 ** 53, 1e300]) {
      assert.deepEqual(asCheckpoint({ ...right, seq: { a: 1, b: seq } }), right, String(seq))
    }
    assert.equal(asCheckpoint({ ...right, seq: { a: 2 ** 52 } })?.seq['a'], 2 ** 52)
  })

  test('leaves out names that are no log file, so that it leads out of no directory', () => {
    const names = [
      '../secret',
      '/etc/passwd',
      '.',
      '..',
      'a/b',
      'a\\b',
      '',
      'a.lock',
      'a.1',
      'a.gz',
      'a\0',
    ]
    const files = Object.fromEntries([...names.map((name) => [name, state]), ['a.log', state]])
    assert.deepEqual(asCheckpoint(JSON.parse(JSON.stringify({ ...right, files }))), right)
    const proto = JSON.parse(`{"__proto__":${JSON.stringify(state)}}`) as object
    assert.deepEqual(asCheckpoint({ ...right, seq: proto, files: proto }), {
      ...right,
      seq: {},
      files: {},
    })
  })

  test('leaves out files whose state is none', () => {
    const wrong = [null, {}, { ...state, inode: 1 }, { ...state, bytes: -1 }, { ...state, end: 0 }]
    for (const file of wrong) {
      assert.deepEqual(asCheckpoint({ ...right, files: { 'a.log': state, 'b.log': file } }), right)
    }
  })
})

for (const [what, damage, last] of [
  ['says that it is 3 GB long', (gz) => gz.writeUInt32LE(3e9, gz.length - 4), 5_000],
  ['says that it is empty', (gz) => gz.writeUInt32LE(0, gz.length - 4), 5_000],
  ['has a wrong check sum', (gz) => gz.writeUInt32LE(7, gz.length - 8), 5_000],
  ['has no end', (gz) => gz.subarray(0, -9), undefined],
  [
    'is damaged in the middle',
    (gz) => gz.fill(0xff, gz.length >> 1, (gz.length >> 1) + 99),
    undefined,
  ],
  ['is none', (gz) => gz.fill(0), 0],
] as const satisfies [string, (gz: Buffer) => unknown, number | undefined][]) {
  test(`lastNumbers() finds what can be unpacked of a gzip that ${what}`, (t) => {
    const directory = directoryOf(t)
    writeFileSync(join(directory, 's.log'), '')
    const text = Array.from({ length: 5_000 }, (_, i) => line('system', i + 1)).join('')
    const gz = gzipSync(text)
    const damaged = damage(gz)
    writeFileSync(join(directory, 's.log.1.gz'), Buffer.isBuffer(damaged) ? damaged : gz)
    const { system = 0 } = found(directory)
    if (last !== undefined) assert.equal(system, last)
    else assert.ok(system > 1_000 && system < 5_000, String(system))
  })
}

test('lastNumbers() takes no number that leaves no room above it, and finds the true one before', (t) => {
  const directory = directoryOf(t)
  const forged = line('system', 2 ** 53 - 2)
  writeFileSync(join(directory, 's.log'), line('system', 41) + forged)
  assert.deepEqual(found(directory), { system: 41 })
})
