// What cleaning deletes, what it compresses, and what it never touches.

import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { compressFile } from '../../lib/directory/compress.ts'
import { DirectoryLock } from '../../lib/directory/lock.ts'
import { parseName } from '../../lib/directory/names.ts'
import { dayMs, discard } from '../../lib/directory/retention.ts'
import { beyondTotal } from '../../lib/directory/retention.ts'
import { filesByBase } from '../../lib/directory/names.ts'
import { cleanLogs, createLogger, verifyLogs } from '../../lib/index.ts'
import { logDirectory, modeOf } from '../log-directory.ts'

/** A directory with files of the given ages in days. */
function directoryOf(t: TestContext, ages: Readonly<Record<string, number>>): string {
  const directory = logDirectory(t)
  mkdirSync(directory)
  for (const [name, days] of Object.entries(ages)) {
    const path = join(directory, name)
    writeFileSync(path, `${name}\n`)
    const time = new Date(Date.now() - days * dayMs)
    utimesSync(path, time, time)
  }
  return directory
}

describe('cleanLogs()', () => {
  const ages = {
    'system.log': 400,
    'system.log.1': 29,
    'system.log.2': 31,
    'system.log.3.gz': 31,
    'system.log.11.gz': 1,
    'error.log.4': 91,
    'error.log.5.gz.77.tmp': 0,
    'audit.log.7.1234.tmp': 0,
    // Of others, who share the directory.
    'other.log.1': 400,
    'system.log.bak': 400,
    'system.log.1.bak': 400,
    'other.log.1.9.tmp': 400,
    'x.tmp': 400,
  }
  const strangers = [
    'other.log.1',
    'other.log.1.9.tmp',
    'system.log.1.bak',
    'system.log.bak',
    'x.tmp',
  ]

  test('deletes what is too old and what jobs have left, never a live file or one of others', async (t) => {
    const directory = directoryOf(t, ages)
    const report = await cleanLogs({ log_path: directory, retention_days: 30 })
    const expected = [
      ['audit.log.7.1234.tmp', 'temporary'],
      ['error.log.5.gz.77.tmp', 'temporary'],
      ['error.log.4', 'age'],
      ['system.log.3.gz', 'age'],
      ['system.log.2', 'age'],
    ]
    assert.deepEqual(
      report.deleted.map(({ file, reason }) => [file, reason]),
      expected,
    )
    for (const { file, bytes } of report.deleted) assert.equal(bytes, file.length + 1)
    assert.deepEqual([report.compressed, report.failed, report.dry_run], [[], [], false])
    assert.equal(report.directory, directory)
    assert.deepEqual(
      readdirSync(directory),
      ['system.log', 'system.log.1', 'system.log.11.gz', ...strangers].toSorted(),
    )
  })

  for (const [what, gzipOf] of [
    [
      'a damaged one',
      () => Buffer.concat([gzipSync('system.log.1\n').subarray(0, -8), Buffer.alloc(8, 7)]),
    ],
    ['one of something else', () => gzipSync('system.log.1, and more\n')],
  ] as const) {
    test(`keeps a plain file beside its gzip, and says so, when that is ${what}`, async (t) => {
      const directory = directoryOf(t, { 'system.log.1': 1 })
      writeFileSync(join(directory, 'system.log.1'), 'system.log.1\n')
      writeFileSync(join(directory, 'system.log.1.gz'), gzipOf())
      for (const dry_run of [true, false]) {
        const { deleted, failed } = await cleanLogs({ log_path: directory, dry_run })
        const reason = 'system.log.1.gz is damaged, or holds something else; both are kept'
        assert.deepEqual([deleted, failed], [[], [{ file: 'system.log.1', reason }]])
      }
      assert.equal(readdirSync(directory).length, 2)
    })
  }

  test('deletes more than the last writer kept, and knows its files', async (t) => {
    const directory = directoryOf(t, ages)
    const lock = new DirectoryLock({ directory, taken: () => {} })
    lock.hold()
    const state = { inode: '1', bytes: 0, end: '' }
    lock.release({ max_files: 10, compress: false, seq: {}, files: { 'other.log': state } })
    const { deleted } = await cleanLogs({ log_path: directory })
    assert.deepEqual(
      deleted.map(({ file, reason }) => [file, reason]),
      [
        ['audit.log.7.1234.tmp', 'temporary'],
        ['error.log.5.gz.77.tmp', 'temporary'],
        ['other.log.1.9.tmp', 'temporary'],
        ['error.log.4', 'age'],
        ['other.log.1', 'age'],
        ['system.log.11.gz', 'count'],
      ],
    )
  })

  test('changes nothing in a dry run, and then does what it said', async (t) => {
    const directory = directoryOf(t, ages)
    const before = readdirSync(directory)
    const options = { log_path: directory, retention_days: 30, compress: true }
    const said = await cleanLogs({ ...options, dry_run: true })
    assert.deepEqual(readdirSync(directory), before)
    const done = await cleanLogs(options)
    assert.deepEqual([said.deleted, said.failed], [done.deleted, done.failed])
    assert.deepEqual(
      done.compressed.map(({ file, bytes_before }) => [file, bytes_before]),
      [['system.log.1.gz', 'system.log.1\n'.length]],
    )
    assert.deepEqual(said.compressed, [
      { file: 'system.log.1.gz', bytes_before: 13, bytes_after: 13 },
    ])
  })

  test('removes a plain file whose gzip is whole already, and keeps both when they differ', async (t) => {
    const directory = directoryOf(t, { 'system.log.1': 1, 'system.log.2': 1 })
    for (const name of ['system.log.1', 'system.log.2']) {
      const content = readFileSync(join(directory, name))
      await compressFile(directory, parseName(name)!)
      writeFileSync(join(directory, name), name.endsWith('1') ? content : 'another')
    }
    const { deleted, compressed } = await cleanLogs({ log_path: directory, compress: true })
    assert.deepEqual(deleted, [{ file: 'system.log.1', bytes: 13, reason: 'temporary' }])
    assert.deepEqual(compressed, [])
    assert.deepEqual(readdirSync(directory), ['system.log.1.gz', 'system.log.2', 'system.log.2.gz'])
  })

  test('leaves compressing and temporary files to a live writer, and says so unless that one compresses', async (t) => {
    const directory = directoryOf(t, ages)
    const lock = new DirectoryLock({ directory, taken: () => {} })
    lock.hold()
    const options = { log_path: directory, compress: true }
    const { deleted, compressed, failed } = await cleanLogs(options)
    assert.deepEqual(
      deleted.map(({ file }) => file),
      ['error.log.4'],
    )
    assert.deepEqual(compressed, [])
    const reason = `not compressed: process ${process.pid} writes here; set its rotation.compress`
    assert.deepEqual(failed, [
      { file: 'system.log.2', reason },
      { file: 'system.log.1', reason },
    ])
    lock.save({ max_files: 10, compress: true, seq: {}, files: {} })
    assert.deepEqual((await cleanLogs(options)).failed, [])
    lock.release({ max_files: 10, compress: true, seq: {}, files: {} })
  })

  test('deletes nothing by a clock that is far ahead of the log, and says so', async (t) => {
    const directory = directoryOf(t, { 'system.log.1': 100, 'system.log.2': 200 })
    const lock = new DirectoryLock({ directory, taken: () => {} })
    lock.hold()
    // As if the clock had been put 150 days ahead since.
    const time = { seen: Date.now() - 150 * dayMs, doubted: Date.now() }
    lock.release({ max_files: 10, compress: false, seq: {}, files: {}, time })
    const { deleted, failed } = await cleanLogs({ log_path: directory })
    assert.deepEqual(deleted, [])
    assert.deepEqual(
      failed.map(({ file }) => file),
      ['system.log.2', 'system.log.1'],
    )
    assert.match(failed[0]!.reason, /the clock is 150 days ahead of the log/)
  })

  test('gives all files of the log mode 0600, those of others not, nor what has another name', async (t) => {
    const directory = directoryOf(t, ages)
    for (const name of readdirSync(directory)) chmodSync(join(directory, name), 0o644)
    linkSync(join(directory, 'system.log.1'), join(directory, 'theirs'))
    await cleanLogs({ log_path: directory, dry_run: true })
    assert.equal(modeOf(join(directory, 'system.log')), 0o644)
    await cleanLogs({ log_path: directory })
    for (const name of ['system.log', 'system.log.2', 'system.log.3.gz']) {
      assert.equal(modeOf(join(directory, name)), 0o600, name)
    }
    for (const name of [...strangers, 'theirs']) {
      assert.equal(modeOf(join(directory, name)), 0o644, name)
    }
  })

  test(
    'leaves what it compresses to its owner',
    { skip: process.geteuid?.() === 0 ? false : 'needs root, to clean the log of another' },
    async (t) => {
      const directory = directoryOf(t, { 'system.log.1': 1 })
      chownSync(join(directory, 'system.log.1'), 61_234, 61_235)
      await cleanLogs({ log_path: directory, compress: true })
      const { uid, gid, mode } = statSync(join(directory, 'system.log.1.gz'))
      assert.deepEqual([uid, gid, mode & 0o777], [61_234, 61_235, 0o600])
    },
  )

  test('rejects wrong options and a directory that is not there', async (t) => {
    const cases: [unknown, string, string][] = [
      [null, 'TypeError', 'expected options to be an object, got null'],
      [
        { path: 1 },
        'TypeError',
        'expected the options to be only log_path, retention_days, compress, dry_run, got "path" (did you mean log_path?)',
      ],
      [
        { log_path: '' },
        'TypeError',
        'expected log_path to be a non-empty string without NUL, or an array of such, got ""',
      ],
      [
        { log_path: 7 },
        'TypeError',
        'expected log_path to be a non-empty string without NUL, or an array of such, got 7',
      ],
      [
        { retention_days: 0 },
        'RangeError',
        'expected retention_days to be an integer from 1 to 365, got 0',
      ],
      [
        { retention_days: '7' },
        'RangeError',
        'expected retention_days to be an integer from 1 to 365, got "7"',
      ],
      [{ compress: 'yes' }, 'TypeError', 'expected compress to be true or false, got "yes"'],
      [{ dry_run: 1 }, 'TypeError', 'expected dry_run to be true or false, got 1'],
    ]
    for (const [options, name, message] of cases) {
      await assert.rejects(cleanLogs(options as object), {
        name,
        message: `Cannot clean the logs: ${message}`,
      })
    }
    await assert.rejects(cleanLogs({ log_path: logDirectory(t) }), { code: 'ENOENT' })
  })
})

describe('discard()', () => {
  test('leaves a file that is not the one meant, and what is no file', async (t) => {
    const directory = directoryOf(t, { 'system.log.1': 1 })
    const stat = statSync(join(directory, 'system.log.1'), { bigint: true })
    assert.equal(await discard(directory, 'system.log.1', { ...stat, ino: stat.ino + 1n }), false)
    const later = stat.mtimeNs + 1n
    assert.equal(await discard(directory, 'system.log.1', { ...stat, mtimeNs: later }), false)
    assert.equal(await discard(directory, 'system.log.2', stat), false)
    symlinkSync('system.log.1', join(directory, 'system.log.3'))
    assert.equal(await discard(directory, 'system.log.3', stat), false)
    assert.deepEqual(readdirSync(directory), ['system.log.1', 'system.log.3'])
    assert.equal(await discard(directory, 'system.log.1', stat), true)
    assert.deepEqual(readdirSync(directory), ['system.log.3'])
  })
})

describe('beyondTotal()', () => {
  const doomed = (directory: string, totalBytes: number, now = Date.now()): string[] =>
    beyondTotal(directory, filesByBase(readdirSync(directory)), {
      keep: undefined,
      retentionMs: Infinity,
      totalBytes,
      now,
    }).map(({ name }) => name)
  /** Each of 10 bytes; the live ones too. */
  const directoryOfTens = (t: TestContext, ages: Readonly<Record<string, number>>): string => {
    const directory = directoryOf(t, ages)
    for (const [name, days] of Object.entries(ages)) {
      writeFileSync(join(directory, name), '123456789\n')
      const time = new Date(Date.now() - days * dayMs)
      utimesSync(join(directory, name), time, time)
    }
    return directory
  }

  test('takes the oldest first, the audit last, and never a live file', (t) => {
    const directory = directoryOfTens(t, {
      'system.log': 500,
      'system.log.1': 3,
      'system.log.2.gz': 6,
      'error.log.1': 5,
      'audit.log': 0,
      'audit.log.1': 400,
      'audit.log.2': 401,
    })
    assert.deepEqual(doomed(directory, 70), [])
    assert.deepEqual(doomed(directory, 69), ['system.log.2.gz'])
    assert.deepEqual(doomed(directory, 50), ['system.log.2.gz', 'error.log.1'])
    assert.deepEqual(doomed(directory, 31).slice(2), ['system.log.1', 'audit.log.2'])
    assert.equal(doomed(directory, 0).length, 5)
  })

  test('does not believe a time that is before an older file, or has not come', (t) => {
    const directory = directoryOfTens(t, {
      // Written while the clock was at 1970.
      'system.log.1': 20_000,
      'system.log.2': 2,
      'system.log.3': 9,
      // Written while it was a thousand days ahead.
      'error.log.1': 1,
      'error.log.2': -1000,
      'service.log.1': 5,
    })
    const order = ['system.log.3', 'service.log.1', 'system.log.2', 'system.log.1']
    assert.deepEqual(doomed(directory, 0), [...order.slice(0, 4), 'error.log.2', 'error.log.1'])
  })
})

describe('createLogger({ rotation: { max_total_mb } })', () => {
  const mebibyte = 1024 * 1024
  const sizeOf = (directory: string): number =>
    readdirSync(directory)
      .filter((name) => parseName(name) !== undefined)
      .reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)

  /** Some 1 MiB for each file and round, the audit first. */
  async function logRounds(directory: string, compress: boolean): Promise<number> {
    const rotation = { max_size_mb: 1, max_files: 50, max_total_mb: 6, compress }
    const log = createLogger({ log_path: directory, rotation })
    const filling = 'x'.repeat(500_000)
    for (let round = 0; round < 4; round++) {
      for (const category of ['audit', 'system', 'enforcement']) {
        for (let i = 0; i < 2; i++) log.category(category).info(`n ${i}`, { filling })
        await log.flush()
      }
      // A busy machine compresses later than files are filled.
      if (compress) await waitFor(() => !readdirSync(directory).some((name) => isPlain(name)))
    }
    await log.close()
    // What the last rotation has left, the next start does.
    const next = createLogger({ log_path: directory, rotation })
    await next.flush()
    await waitFor(() => sizeOf(directory) <= 6 * mebibyte)
    await next.close()
    return sizeOf(directory)
  }

  /** Rotated, and not compressed. */
  function isPlain(name: string): boolean {
    return /\.log\.\d+$/.test(name)
  }

  async function waitFor(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
  }

  test('keeps all files below it, those of the audit longest, and tells it', async (t) => {
    const directory = logDirectory(t)
    assert.ok((await logRounds(directory, false)) <= 6 * mebibyte)
    const names = readdirSync(directory)
    assert.ok(names.includes('audit.log.3'), names.join(' '))
    assert.ok(!names.some((name) => /^(?:system|enforcement)\.log\.3/.test(name)), names.join(' '))
    const lines = readFileSync(join(directory, 'system.log'), 'utf8')
    assert.match(
      lines,
      /"level":"INFO".*"Rotated files deleted, to keep max_total_mb".*"max_total_mb":6/,
    )
    const { faults } = await verifyLogs({ log_path: directory })
    assert.deepEqual(faults, [])
  })

  test('deletes nothing where compression has made room enough', async (t) => {
    const directory = logDirectory(t)
    await logRounds(directory, true)
    const report = await cleanLogs({ log_path: directory, compress: true })
    assert.deepEqual(report.failed, [])
    assert.ok(readdirSync(directory).includes('enforcement.log.3.gz'))
  })

  test('is known to cleanLogs(), in a dry run too', async (t) => {
    const directory = logDirectory(t)
    await logRounds(directory, false)
    writeFileSync(join(directory, 'error.log.4'), `${'y'.repeat(3 * mebibyte)}\n`)
    utimesSync(join(directory, 'error.log.4'), 1_600_000_000, 1_600_000_000)
    for (const dry_run of [true, false]) {
      const { deleted } = await cleanLogs({ log_path: directory, dry_run, retention_days: 365 })
      assert.deepEqual(
        deleted.map(({ file, reason }) => [file, reason]),
        [['error.log.4', 'age']],
      )
    }
    writeFileSync(join(directory, 'error.log.4'), `${'y'.repeat(3 * mebibyte)}\n`)
    const { deleted } = await cleanLogs({ log_path: directory, dry_run: true })
    assert.ok(deleted.length > 0 && deleted.every(({ reason }) => reason === 'total'))
    const done = await cleanLogs({ log_path: directory })
    assert.deepEqual(done.deleted, deleted)
    assert.ok(sizeOf(directory) <= 6 * mebibyte)
  })
})
