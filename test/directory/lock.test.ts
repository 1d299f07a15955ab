// One writer per directory: whoever else there is, however they came and went.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { watch } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { LockedError } from '../../lib/errors.ts'
import type { Checkpoint } from '../../lib/directory/checkpoint.ts'
import { DirectoryLock, stateOf } from '../../lib/directory/lock.ts'
import { makeDirectory } from '../../lib/directory/open.ts'
import { logDirectory, modeOf } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/locking${extension}`)
const checkpoint: Checkpoint = { max_files: 10, compress: false, seq: { system: 7 }, files: {} }

function start(directory: string, ...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [...loader, fixture, directory, ...args])
}

async function said(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  return String(chunk).trim()
}

function lockOf(directory: string): DirectoryLock {
  return new DirectoryLock(directory, () => {})
}

/** The lock of the directory, and its record changed in the way that is given. */
function rewrite(directory: string, change: object): void {
  const name = readdirSync(directory).find((file) => file.endsWith('.lock'))!
  const record = JSON.parse(readFileSync(join(directory, name), 'utf8')) as object
  writeFileSync(join(directory, name), JSON.stringify({ ...record, ...change }))
}

describe('DirectoryLock', () => {
  test('hold() is an exception while another lock of this process is held, and not after release()', (t) => {
    const directory = logDirectory(t)
    const first = lockOf(directory)
    first.hold()
    assert.throws(() => lockOf(directory).hold(), {
      name: 'LockedError',
      code: 'RINGLOG_LOCKED',
      pid: process.pid,
      directory,
      certain: true,
    })
    // Holding on is no second holding.
    first.hold()
    first.release(checkpoint)
    const second = lockOf(directory)
    second.hold()
    assert.deepEqual(second.checkpoint, checkpoint)
    // It is another's now.
    first.release({ ...checkpoint, seq: {} })
    assert.throws(() => first.hold(), LockedError)
    second.release(checkpoint)
  })

  test('the file has mode 0600 whatever the umask, and one is left', (t) => {
    for (const mask of [0o000, 0o777]) {
      const directory = logDirectory(t)
      const before = process.umask(mask)
      try {
        for (let run = 1; run <= 3; run++) {
          const lock = lockOf(directory)
          lock.hold()
          lock.release(checkpoint)
        }
      } finally {
        process.umask(before)
      }
      assert.deepEqual(readdirSync(directory), ['ringlog.3.lock'])
      assert.equal(modeOf(join(directory, 'ringlog.3.lock')), 0o600)
    }
  })

  test('names a living process, outlives a killed one, and has one winner among many starters', async (t) => {
    const directory = logDirectory(t)
    let holder = start(directory, 'hold')
    assert.equal(await said(holder), 'held')
    for (let round = 0; round < 2; round++) {
      assert.throws(() => lockOf(directory).hold(), { pid: holder.pid })
      holder.kill('SIGKILL')
      await once(holder, 'exit')
      const starters = Array.from({ length: 5 }, () => start(directory, 'hold'))
      const words = await Promise.all(starters.map(said))
      const winner = starters[words.indexOf('held')]!
      assert.deepEqual(
        words.toSorted(),
        ['held', ...Array.from({ length: 4 }, () => `locked ${winner.pid}`)],
        words.join(', '),
      )
      for (const starter of starters) if (starter !== winner) starter.stdin.end()
      holder = winner
    }
    holder.stdin.end()
    await once(holder, 'exit')
    const lock = lockOf(directory)
    lock.hold()
    assert.deepEqual(lock.checkpoint, { ...checkpoint, seq: {} })
    lock.release(checkpoint)
  })

  test('is held by one at a time, though five processes take it over from released and killed ones', async (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const racers = Array.from({ length: 5 }, () => start(directory, 'race', '60'))
    const ends = racers.map((racer) => once(racer, 'close'))
    const [words, faults] = await Promise.all([
      Promise.all(racers.map((racer) => text(racer.stdout))),
      Promise.all(racers.map((racer) => text(racer.stderr))),
    ])
    assert.deepEqual(faults, ['', '', '', '', ''])
    assert.deepEqual(
      await Promise.all(ends),
      racers.map(() => [0, null]),
    )
    for (const word of words) assert.match(word, /^60 \d+\n$/)
    t.diagnostic(`held and refused: ${words.map((word) => word.trim()).join(', ')}`)
    assert.equal(readdirSync(directory).length, 1, String(readdirSync(directory)))
  })

  test('knows a process whose pid was given away from the one that bears it now', (t) => {
    const directory = logDirectory(t)
    const lock = lockOf(directory)
    lock.hold()
    // Our own pid, as in a container that was started again.
    rewrite(directory, { started: '1' })
    const next = lockOf(directory)
    next.hold()
    assert.deepEqual(readdirSync(directory), ['ringlog.2.lock'])
    // A worker that has ended.
    rewrite(directory, { thread: 4_000_000 })
    const third = lockOf(directory)
    third.hold()
    third.release(checkpoint)
  })

  for (const [where, change] of [
    ['another container', { pids: 'pid:[1]' }],
    ['another boot or machine', { boot: 'another' }],
    ['a system without /proc, another machine', { boot: '', started: '', host: 'elsewhere' }],
  ] as const) {
    test(`believes a holder in ${where} alive as long as it gives signs of life`, (t) => {
      const directory = logDirectory(t)
      const lock = lockOf(directory)
      lock.hold()
      rewrite(directory, change)
      assert.throws(() => lockOf(directory).hold(), { code: 'RINGLOG_LOCKED', certain: false })
      const longAgo = new Date(Date.now() - 11_000)
      utimesSync(join(directory, 'ringlog.1.lock'), longAgo, longAgo)
      const next = lockOf(directory)
      next.hold()
      next.release(checkpoint)
      lock.release(checkpoint)
    })
  }

  test('gives signs of life', async (t) => {
    const directory = logDirectory(t)
    const lock = lockOf(directory)
    lock.hold()
    const path = join(directory, 'ringlog.1.lock')
    utimesSync(path, 1, 1)
    for await (const { filename } of watch(directory)) {
      if (filename === 'ringlog.1.lock' && statSync(path).mtimeMs > 1_000) break
    }
    assert.ok(Date.now() - statSync(path).mtimeMs < 60_000)
    lock.release(checkpoint)
  })

  test('is taken anew when it was removed with its directory, unless another one was faster', (t) => {
    const directory = logDirectory(t)
    let taken = 0
    const lock = new DirectoryLock(directory, () => {
      taken++
    })
    lock.hold()
    rmSync(directory, { recursive: true })
    assert.equal(lock.isHeld, false)
    lock.save(checkpoint)
    assert.throws(() => readdirSync(directory), { code: 'ENOENT' })
    lock.hold()
    assert.equal(taken, 2)
    assert.deepEqual(readdirSync(directory), ['ringlog.1.lock'])
    rmSync(directory, { recursive: true })
    const faster = lockOf(directory)
    faster.hold()
    assert.throws(() => lock.hold(), LockedError)
    lock.release(checkpoint)
    assert.equal(faster.isHeld, true)
    assert.throws(() => lockOf(directory).hold(), LockedError)
    faster.release(checkpoint)
  })

  test('takes over what is damaged, empty or no lock at all, and throws what the system says', (t) => {
    for (const content of ['', '{"pid":1', 'null', '5', '[]', '{"pid":"1"}', '\0'.repeat(512)]) {
      const directory = logDirectory(t)
      makeDirectory(directory)
      writeFileSync(join(directory, 'ringlog.41.lock'), content)
      utimesSync(join(directory, 'ringlog.41.lock'), 1, 1)
      const lock = lockOf(directory)
      lock.hold()
      assert.equal(lock.checkpoint, undefined)
      assert.deepEqual(readdirSync(directory), ['ringlog.42.lock'])
      lock.release(checkpoint)
    }
    const directory = logDirectory(t)
    writeFileSync(directory, '')
    assert.throws(() => lockOf(directory).hold(), /EEXIST|ENOTDIR/)
  })

  test('stateOf() tells who writes, and what the last one left', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    assert.deepEqual(stateOf(directory), { holder: undefined, checkpoint: undefined })
    const lock = lockOf(directory)
    lock.hold()
    lock.save(checkpoint)
    assert.equal(stateOf(directory).holder?.pid, process.pid)
    assert.deepEqual(stateOf(directory).checkpoint, checkpoint)
    lock.release({ ...checkpoint, seq: { system: 8 } })
    assert.equal(stateOf(directory).holder, undefined)
    assert.deepEqual(stateOf(directory).checkpoint?.seq, { system: 8 })
  })
})
