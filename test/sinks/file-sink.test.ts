// The file sink by itself, on a real directory: batches in, lines in files out.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { FileSink } from '../../lib/sinks/file-sink.ts'
import { Patience } from '../../lib/sinks/disk-timeout.ts'
import { filesOf, freeClaim, logDirectory } from '../log-directory.ts'

const kib = 1024

interface Rig {
  readonly sink: FileSink
  readonly directory: string
  readonly told: string[]
  /** Batches acknowledged. */
  readonly written: { batches: number }
  /** Writes a batch and waits until it is acknowledged. */
  readonly write: (text: string) => Promise<void>
}

function rig(
  t: TestContext,
  limitBytes = 256 * kib,
  directory = logDirectory(t),
  synced = false,
  keep = 10,
): Rig {
  const told: string[] = []
  const written = { batches: 0 }
  let acknowledged: (() => void) | undefined
  const sink = new FileSink(
    { directory, name: 'a.log', limitBytes, keep, synced, claim: freeClaim(directory) },
    {
      written: () => {
        written.batches++
        const resolve = acknowledged
        acknowledged = undefined
        resolve?.()
      },
      failed: (error) =>
        told.push(`failed ${(error as NodeJS.ErrnoException).code ?? error.message}`),
      fault: (error) =>
        told.push(`fault ${(error as NodeJS.ErrnoException).code ?? error.message}`),
      recovered: () => told.push('recovered'),
      rotated: () => told.push('rotated'),
      torn: (bytes) => told.push(`torn ${bytes}`),
      refused: ({ message }) => told.push(message),
      late: (bytes) => told.push(`late ${bytes}`),
    },
  )
  sink.open()
  const write = (text: string): Promise<void> =>
    new Promise((resolve) => {
      acknowledged = resolve
      sink.write(Buffer.from(text))
    })
  return { sink, directory, told, written, write }
}

/** Lines of a given length, numbered. */
function lines(from: number, count: number, length: number): string {
  return (
    Array.from({ length: count }, (_, i) => `${from + i} `.padEnd(length - 1, 'x')).join('\n') +
    '\n'
  )
}

function numbers(directory: string): number[] {
  return filesOf(directory, 'a.log').flatMap((file) =>
    readFileSync(join(directory, file), 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => Number.parseInt(line, 10)),
  )
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

describe('FileSink', () => {
  test('write() acknowledges a batch when it is in the file, whole', async (t) => {
    const { sink, directory, write } = rig(t)
    await write(lines(0, 100, 80))
    assert.equal(readFileSync(join(directory, 'a.log'), 'utf8'), lines(0, 100, 80))
    await sink.close()
  })

  test('cuts a batch at line ends, so that no file outgrows its limit and each is filled', async (t) => {
    for (const length of [50, 1000, 30 * kib, 70 * kib, 100 * kib]) {
      const { sink, directory, write } = rig(t)
      let from = 0
      for (let i = 0; i < 12; i++) {
        const count = Math.max(1, Math.floor((150 * kib) / length))
        await write(lines(from, count, length))
        from += count
      }
      await sink.close()
      assert.deepEqual(numbers(directory), upTo(from), `lines of ${length}`)
      const [live, ...rotated] = filesOf(directory, 'a.log').toReversed()
      for (const file of rotated) {
        const { size } = statSync(join(directory, file))
        assert.ok(size <= 256 * kib, `${file}: ${size}`)
        assert.ok(size > 256 * kib - 64 * kib - length, `${file} is filled: ${size}`)
      }
      assert.equal(live, 'a.log')
    }
  })

  test('gives a line above the limit a file to itself', async (t) => {
    const { sink, directory, write } = rig(t)
    await write(lines(0, 10, 1000))
    await write(lines(10, 1, 300 * kib))
    await write(lines(11, 10, 1000))
    await sink.close()
    assert.deepEqual(
      filesOf(directory, 'a.log').map((file) => statSync(join(directory, file)).size),
      [10_000, 300 * kib, 10_000],
    )
  })

  test('writeSync() finishes the batch in flight first, then appends, and rotates', async (t) => {
    const { sink, directory, told } = rig(t)
    await new Promise(setImmediate)
    let from = 0
    for (let round = 0; round < 40; round++) {
      sink.write(Buffer.from(lines(from, 100, 200)))
      from += 100
      for (let turn = 0; turn < round % 3; turn++) await new Promise(setImmediate)
      // The batch may have been acknowledged meanwhile: then this is all there is to write.
      assert.ok(
        sink.writeSync(Buffer.from(lines(from, 100, 200)), new Patience(false)),
        told.join(),
      )
      from += 100
    }
    await sink.close()
    assert.deepEqual(numbers(directory), upTo(from))
  })

  test('batches and synchronous writes in any order: each line once, in order, no file above its limit', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            sync: fc.boolean(),
            count: fc.integer({ min: 1, max: 60 }),
            length: fc.constantFrom(40, 900, 3000),
            turns: fc.integer({ min: 0, max: 8 }),
          }),
          { minLength: 5, maxLength: 40 },
        ),
        fc.boolean(),
        async (steps, synced) => {
          const { sink, directory, written, told } = rig(t, 64 * kib, logDirectory(t), synced, 1000)
          let from = 0
          let isWriting = false
          for (const { sync, count, length, turns } of steps) {
            const text = lines(from, count, length)
            if (sync || (isWriting && written.batches === 0)) {
              assert.ok(sink.writeSync(Buffer.from(text), new Patience(false)), told.join())
              isWriting = false
            } else {
              written.batches = 0
              sink.write(Buffer.from(text))
              isWriting = true
            }
            from += count
            for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
          }
          assert.ok(sink.writeSync(Buffer.alloc(0), new Patience(false)))
          await sink.close()
          assert.deepEqual(numbers(directory), upTo(from))
          for (const file of filesOf(directory, 'a.log')) {
            assert.ok(statSync(join(directory, file)).size <= 64 * kib, file)
          }
          assert.ok(
            told.every((word) => word === 'rotated'),
            told.join(),
          )
        },
      ),
      { numRuns: 40 },
    )
  })

  test('a disk that does not answer counts as failed after 2 s, and nothing is written twice when it does', async (t) => {
    const { sink, directory, told, written, write } = rig(t)
    await write(lines(0, 10, 100))
    const parent = dirname(directory)
    // Four readers of pipes that nobody writes to hold the four threads of the pool.
    const pipes = [1, 2, 3, 4].map((n) => join(parent, `pipe${n}`))
    execFileSync('mkfifo', pipes)
    const held = pipes.map((pipe) => open(pipe, 'r'))
    written.batches = 0
    sink.write(Buffer.from(lines(10, 10, 100)))
    const times = [performance.now()]
    assert.equal(sink.writeSync(Buffer.alloc(0), new Patience(false)), false)
    times.push(performance.now())
    assert.deepEqual(told, ['failed no answer from the disk for 2 s'])
    assert.equal(sink.writeSync(Buffer.alloc(0), new Patience(false)), false)
    times.push(performance.now())
    const [start = 0, first = 0, second = 0] = times
    assert.ok(second - first < first - start, 'nobody waits for it again')
    assert.equal(readFileSync(join(directory, 'a.log'), 'utf8'), lines(0, 10, 100))
    const writers = pipes.map((pipe) => openSync(pipe, 'w'))
    for (const reader of await Promise.all(held)) await reader.close()
    for (const writer of writers) closeSync(writer)
    while (written.batches === 0) await new Promise(setImmediate)
    assert.deepEqual(told.slice(1), ['recovered'])
    await write(lines(20, 10, 100))
    assert.equal(readFileSync(join(directory, 'a.log'), 'utf8'), lines(0, 30, 100))
    await sink.close()
  })

  test('keeps exactly the configured number of rotated files, named .1 to .10', async (t) => {
    const { sink, directory, told, write } = rig(t)
    for (let i = 0; i < 16; i++) await write(lines(i, 1, 200 * kib))
    await sink.close()
    assert.deepEqual(
      readdirSync(directory).toSorted(),
      ['a.log', ...upTo(10).map((i) => `a.log.${i + 1}`)].toSorted(),
    )
    assert.equal(told.filter((word) => word === 'rotated').length, 15)
  })

  test('a full file found at the start is put aside before the first line', async (t) => {
    const directory = logDirectory(t)
    await rig(t, 256 * kib, directory).sink.close()
    writeFileSync(join(directory, 'a.log'), lines(0, 1, 256 * kib))
    const { sink, write } = rig(t, 256 * kib, directory)
    await write(lines(1, 1, 100))
    await sink.close()
    assert.deepEqual(numbers(directory), [0, 1])
    assert.deepEqual(filesOf(directory, 'a.log'), ['a.log.1', 'a.log'])
  })

  test('goes on in the right file when it is removed, renamed or truncated between batches', async (t) => {
    const { sink, directory, write } = rig(t)
    const path = join(directory, 'a.log')
    await write(lines(0, 10, 100))
    renameSync(path, join(directory, 'renamed'))
    await write(lines(10, 10, 100))
    assert.equal(readFileSync(join(directory, 'renamed'), 'utf8'), lines(0, 20, 100))
    await write(lines(20, 10, 100))
    assert.equal(readFileSync(path, 'utf8'), lines(20, 10, 100))
    rmSync(path)
    await write(lines(30, 10, 100))
    assert.equal(
      readFileSync(path, 'utf8'),
      lines(30, 10, 100),
      'a batch that went into a removed file is written again',
    )
    const fd = openSync(path, 'r+')
    ftruncateSync(fd, 0)
    closeSync(fd)
    await write(lines(40, 10, 100))
    await write(lines(50, 10, 100))
    assert.equal(readFileSync(path, 'utf8'), lines(40, 20, 100))
    rmSync(directory, { recursive: true })
    await write(lines(60, 10, 100))
    assert.equal(readFileSync(path, 'utf8'), lines(60, 10, 100))
    await sink.close()
  })

  test('says once that it fails, tries again by itself, and says that it works', async (t) => {
    const directory = logDirectory(t)
    writeFileSync(directory, 'in the way')
    const { sink, told, write } = rig(t, 256 * kib, directory)
    const done = write(lines(0, 10, 100))
    // Trying again does not keep a process alive.
    const alive = setInterval(() => {}, 1000)
    t.after(() => clearInterval(alive))
    assert.deepEqual(told, ['failed EEXIST'])
    assert.equal(sink.writeSync(Buffer.alloc(0), new Patience(false)), false)
    rmSync(directory)
    await done
    assert.deepEqual(numbers(directory), upTo(10))
    assert.deepEqual(
      told.filter((word) => !word.startsWith('fault')),
      ['failed EEXIST', 'recovered'],
    )
    await sink.close()
  })
})
