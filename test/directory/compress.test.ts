// Compression: at every moment a file is there, whole, under one of its two names; gzip itself is
// the judge.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { compressFile, isGzipOf } from '../../lib/directory/compress.ts'
import { parseName } from '../../lib/directory/names.ts'
import { rotateSync } from '../../lib/directory/rotate.ts'
import { modeOf } from '../log-directory.ts'
import { contentOf, directoryOf, linesOf } from './gzip-files.ts'

describe('compressFile()', () => {
  test('gives a valid gzip with mode 0600 and the time of the file, which is gone', async (t) => {
    const directory = directoryOf(t)
    const content = linesOf('a', 100_000)
    writeFileSync(join(directory, 'a.log.1'), content)
    utimesSync(join(directory, 'a.log.1'), 1e9, 1e9)
    const before = process.umask(0)
    try {
      const done = await compressFile(directory, parseName('a.log.1')!)
      const { size } = statSync(join(directory, 'a.log.1.gz'))
      assert.deepEqual(done, {
        file: 'a.log.1.gz',
        bytes_before: content.length,
        bytes_after: size,
      })
    } finally {
      process.umask(before)
    }
    assert.deepEqual(readdirSync(directory), ['a.log.1.gz'])
    assert.equal(contentOf(directory, 'a.log.1.gz'), content)
    assert.equal(modeOf(join(directory, 'a.log.1.gz')), 0o600)
    assert.equal(statSync(join(directory, 'a.log.1.gz')).mtimeMs, 1e12)
  })

  test('follows its file through rotations', async (t) => {
    const directory = directoryOf(t)
    const content = linesOf('first', 200_000)
    writeFileSync(join(directory, 'a.log.1'), content)
    const job = compressFile(directory, parseName('a.log.1')!)
    while (readdirSync(directory).length === 1) await new Promise(setImmediate)
    for (const live of ['second', 'third']) {
      writeFileSync(join(directory, 'a.log'), live)
      rotateSync(directory, 'a.log', 10)
      await new Promise(setImmediate)
    }
    assert.ok((await job) !== undefined)
    assert.deepEqual(readdirSync(directory), ['a.log.1', 'a.log.2', 'a.log.3.gz'])
    assert.deepEqual(
      ['a.log.1', 'a.log.2', 'a.log.3.gz'].map((name) => contentOf(directory, name)),
      ['third', 'second', content],
    )
  })

  test('leaves everything as it was when it is ended, when it may not rename, and when the name is taken', async (t) => {
    const directory = directoryOf(t)
    const content = linesOf('a', 200_000)
    writeFileSync(join(directory, 'a.log.1'), content)
    const ending = new AbortController()
    const job = compressFile(directory, parseName('a.log.1')!, { signal: ending.signal })
    await new Promise(setImmediate)
    ending.abort()
    await assert.rejects(job, { name: 'AbortError' })
    assert.deepEqual(readdirSync(directory), ['a.log.1'])

    const file = parseName('a.log.1')!
    assert.equal(await compressFile(directory, file, { mayRename: () => false }), undefined)
    assert.deepEqual(readdirSync(directory), ['a.log.1'])

    writeFileSync(join(directory, 'a.log.1.gz'), 'precious')
    assert.equal(await compressFile(directory, file), undefined)
    assert.deepEqual(readdirSync(directory), ['a.log.1', 'a.log.1.gz'])
    assert.equal(String(readFileSync(join(directory, 'a.log.1.gz'))), 'precious')
    assert.equal(contentOf(directory, 'a.log.1'), content)
  })

  test('keeps the file when another one has been put where its gzip was written', async (t) => {
    const directory = directoryOf(t)
    const content = linesOf('a', 100_000)
    writeFileSync(join(directory, 'a.log.1'), content)
    const job = compressFile(directory, parseName('a.log.1')!)
    let temporary: string | undefined
    while (temporary === undefined) {
      await new Promise(setImmediate)
      temporary = readdirSync(directory).find((name) => name.endsWith('.tmp'))
    }
    rmSync(join(directory, temporary))
    writeFileSync(join(directory, temporary), 'another')
    await assert.rejects(job, /expected the file that was written, got another/)
    assert.equal(contentOf(directory, 'a.log.1'), content)
  })

  test('works beside another process of the same number on the same file', async (t) => {
    const directory = directoryOf(t)
    const content = linesOf('a', 100_000)
    writeFileSync(join(directory, 'a.log.1'), content)
    const jobs = [1, 2].map(() => compressFile(directory, parseName('a.log.1')!))
    const done = await Promise.all(jobs)
    assert.equal(done.filter((each) => each !== undefined).length, 1)
    assert.deepEqual(readdirSync(directory), ['a.log.1.gz'])
    assert.equal(contentOf(directory, 'a.log.1.gz'), content)
  })

  test('refuses what is no regular file', async (t) => {
    const directory = directoryOf(t)
    writeFileSync(join(directory, 'victim'), 'precious')
    symlinkSync('victim', join(directory, 'a.log.1'))
    await assert.rejects(compressFile(directory, parseName('a.log.1')!), { code: 'ELOOP' })
    mkdirSync(join(directory, 'a.log.2'))
    assert.equal(await compressFile(directory, parseName('a.log.2')!), undefined)
    execFileSync('mkfifo', [join(directory, 'a.log.3')])
    assert.equal(await compressFile(directory, parseName('a.log.3')!), undefined)
  })

  test('a full disk costs nothing but the compression, which succeeds when there is room again', (t) => {
    const directory = directoryOf(t)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory], { stdio: 'pipe' })
    } catch {
      t.skip('a file system cannot be mounted here')
      return undefined
    }
    return (async () => {
      // What cannot be compressed: its gzip is larger than itself.
      const content = randomBytes(2_000_000)
      writeFileSync(join(directory, 'a.log.1'), content)
      const file = parseName('a.log.1')!
      const whole = (): boolean => readFileSync(join(directory, 'a.log.1')).equals(content)

      writeFileSync(join(directory, 'filler'), Buffer.alloc(1_000_000))
      // There is room for half of it, so it begins, and fails.
      await assert.rejects(compressFile(directory, file), { code: 'ENOSPC' })
      assert.deepEqual([readdirSync(directory), whole()], [['a.log.1', 'filler'], true])

      writeFileSync(join(directory, 'filler'), Buffer.alloc(2_000_000))
      await assert.rejects(compressFile(directory, file), {
        code: 'RINGLOG_NO_ROOM',
        message:
          /^Cannot compress a\.log\.1: expected 1000000 bytes of the disk to be free, got \d+$/,
      })
      assert.deepEqual([readdirSync(directory), whole()], [['a.log.1', 'filler'], true])

      rmSync(join(directory, 'filler'))
      await compressFile(directory, file)
      assert.deepEqual(readdirSync(directory), ['a.log.1.gz'])
      execFileSync('gzip', ['-t', join(directory, 'a.log.1.gz')])
    })().finally(() => execFileSync('umount', [directory]))
  })
})

test('isGzipOf() is true for the same content only', async (t) => {
  const directory = directoryOf(t)
  const content = linesOf('a', 50_000)
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  write('a.log.1', content)
  await compressFile(directory, parseName('a.log.1')!)
  for (const [text, expected] of [
    [content, true],
    [content.slice(0, -1), false],
    [`${content}x`, false],
    [content.replace('a 49999', 'b 49999'), false],
    ['', false],
  ] as const) {
    write('plain', text)
    assert.equal(await isGzipOf(directory, 'a.log.1.gz', 'plain'), expected)
  }
  write('plain', content)
  const packed = readFileSync(join(directory, 'a.log.1.gz'))
  writeFileSync(join(directory, 'a.log.1.gz'), packed.subarray(0, -9))
  assert.equal(await isGzipOf(directory, 'a.log.1.gz', 'plain'), false)
})
