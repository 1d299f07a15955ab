// One writer per directory: whoever else there is, however they came and went.

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { watch } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { LockedError } from '../../lib/errors.ts'
import type { Checkpoint } from '../../lib/directory/checkpoint.ts'
import { DirectoryLock } from '../../lib/directory/lock.ts'
import { stateOf } from '../../lib/directory/lock-files.ts'
import { self } from '../../lib/directory/lock-owner.ts'
import { makeDirectory } from '../../lib/directory/open.ts'
import { logDirectory, modeOf } from '../log-directory.ts'
const isRoot = process.geteuid?.() === 0
const hasPython = spawnSync('python3', ['--version']).status === 0
const checkpoint: Checkpoint = { max_files: 10, compress: false, seq: { system: 7 }, files: {} }

async function said(child: ChildProcessWithoutNullStreams): Promise<string> {
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  return String(chunk).trim()
}

function lockOf(directory: string): DirectoryLock {
  return new DirectoryLock({ directory, taken: () => {} })
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
    ['a container without a /proc of its own', { pids: 'pid:[1]', started: '' }],
  ] as const) {
    test(`believes a holder in ${where} dead when its sign has stood still for 10 s of our clock, whatever its own says`, (t) => {
      for (const apartMs of [0, -3_600_000, 3_600_000]) {
        const directory = logDirectory(t)
        const holder = lockOf(directory)
        holder.hold()
        rewrite(directory, change)
        const path = join(directory, 'ringlog.1.lock')
        let signs = 0
        const sign = (): void => {
          const time = (Date.now() + apartMs + ++signs * 2_000) / 1000
          utimesSync(path, time, time)
        }
        sign()
        const clock = { ms: 0 }
        const next = new DirectoryLock({ directory, taken: () => {}, now: () => clock.ms })
        const isRefused = (): void => {
          assert.throws(() => next.hold(), { code: 'RINGLOG_LOCKED', certain: false })
        }
        isRefused()
        for (let minute = 0; minute < 60; minute += 2) {
          clock.ms += 2_000
          sign()
          isRefused()
        }
        assert.equal(next.mayBeDead, false)
        for (; clock.ms < 69_000; clock.ms += 1_000) isRefused()
        isRefused()
        clock.ms += 1_000
        next.hold()
        assert.equal(holder.check(), false)
        assert.throws(() => holder.hold(), LockedError)
        next.release(checkpoint)
        holder.hold()
        assert.equal(holder.tenure, 2)
        holder.release(checkpoint)
      }
    })
  }

  test('believes nobody dead for a silence that it has not watched', (t) => {
    const directory = logDirectory(t)
    const holder = lockOf(directory)
    holder.hold()
    rewrite(directory, { pids: 'pid:[1]' })
    const clock = { ms: 0 }
    const next = new DirectoryLock({ directory, taken: () => {}, now: () => clock.ms })
    assert.throws(() => next.hold(), LockedError)
    // Our own process was stopped.
    clock.ms += 3_600_000
    assert.throws(() => next.hold(), LockedError)
    assert.equal(next.mayBeDead, true)
    holder.release(checkpoint)
  })

  test('takes over from a copy of a lock, though the process it names lives; never from the original', (t) => {
    const directory = logDirectory(t)
    const holder = lockOf(directory)
    holder.hold()
    const copy = `${directory}.copy`
    cpSync(directory, copy, { recursive: true })
    const clock = { ms: 0 }
    const next = new DirectoryLock({ directory: copy, taken: () => {}, now: () => clock.ms })
    const other = new DirectoryLock({ directory, taken: () => {}, now: () => clock.ms })
    for (; clock.ms < 10_000; clock.ms += 1_000) {
      assert.throws(() => next.hold(), { certain: false })
      assert.throws(() => other.hold(), { certain: true })
    }
    next.hold()
    assert.throws(() => other.hold(), { certain: true })
    next.release(checkpoint)
    holder.release(checkpoint)
  })

  test('knows its own earlier lock in a directory that comes back, and gives it back when it leaves', (t) => {
    const directory = logDirectory(t)
    const lock = lockOf(directory)
    lock.hold()
    renameSync(directory, `${directory}.away`)
    lock.hold()
    assert.equal(stateOf(`${directory}.away`).holder, undefined)
    renameSync(directory, `${directory}.new`)
    renameSync(`${directory}.away`, directory)
    // As if it had not been possible to give it back.
    rewrite(directory, { released: false })
    lock.hold()
    assert.equal(lock.tenure, 3)
    assert.equal(stateOf(`${directory}.new`).holder, undefined)
    lock.release(checkpoint)
  })

  test('check() finds out that the file is gone, is another, or that a higher one is there', (t) => {
    const clock = { ms: 0 }
    for (const [what, harm] of [
      ['gone', (path: string) => rmSync(path)],
      ['another', (path: string) => cpSync(path, `${path}.1`) ?? renameSync(`${path}.1`, path)],
      ['its directory is gone', (path: string) => rmSync(dirname(path), { recursive: true })],
      ['a higher one', (path: string) => cpSync(path, path.replace('.1.', '.7.'))],
    ] as const) {
      const directory = logDirectory(t)
      const lock = new DirectoryLock({ directory, taken: () => {}, now: () => clock.ms })
      lock.hold()
      assert.equal(lock.check(), true)
      harm(join(directory, 'ringlog.1.lock'))
      // A search of the directory is due every other second only.
      clock.ms += 2_000
      assert.equal(lock.check(), false, what)
      assert.equal(lock.tenure, 0)
      lock.release(checkpoint)
    }
  })

  test('check() gives the signs of life that a busy event loop does not', (t) => {
    const directory = logDirectory(t)
    const clock = { ms: 0 }
    const lock = new DirectoryLock({ directory, taken: () => {}, now: () => clock.ms })
    lock.hold()
    const path = join(directory, 'ringlog.1.lock')
    utimesSync(path, 1, 1)
    clock.ms += 2_001
    lock.check()
    // The thread pool sets the time; it needs no turn of ours for that.
    while (statSync(path).mtimeMs < 2_000);
    lock.release(checkpoint)
  })

  test('passes over what is no regular file of ours below 1 MB, and says once which', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    const at = (generation: number): string => join(directory, `ringlog.${generation}.lock`)
    const live = JSON.stringify({ ...self(), since: '2026-11-24T00:00:00.000Z', released: false })
    mkdirSync(at(1))
    symlinkSync('/dev/zero', at(2))
    writeFileSync(at(3), live)
    truncateSync(at(3), 1.9e9)
    writeFileSync(at(999_999_999_999_999), live)
    writeFileSync(at(9_007_199_254_740_991), live)
    const oddities = [1, 2, 3, 999_999_999_999_999, 9_007_199_254_740_991]
    if (isRoot) {
      const theirs = 65_000
      // Pid 1 lives, and has not written it.
      writeFileSync(at(4), live.replace(/"pid":\d+/, '"pid":1'))
      chownSync(at(4), theirs, theirs)
      oddities.push(4)
    }
    if (spawnSync('mkfifo', [at(5)]).status === 0) oddities.push(5)
    const remarks: string[] = []
    const lock = new DirectoryLock({
      directory,
      taken: () => {},
      remark: (remark) => remarks.push(remark),
    })
    for (let round = 0; round < 2; round++) {
      lock.hold()
      assert.throws(() => lockOf(directory).hold(), { pid: process.pid, certain: true })
      lock.release(checkpoint)
    }
    assert.deepEqual(
      remarks.map((remark) => /ringlog\.(\d+)\.lock/.exec(remark)?.[1] ?? '').toSorted(),
      oddities.map(String).toSorted(),
    )
    assert.equal(stateOf(directory).holder, undefined)
  })

  test(
    'believes a user of whom there is such a process',
    { skip: !isRoot && 'needs root' },
    async (t) => {
      const directory = logDirectory(t)
      makeDirectory(directory)
      chmodSync(dirname(directory), 0o755)
      chmodSync(directory, 0o777)
      const child = spawn('sleep', ['60'], { uid: 65_000, gid: 65_000 })
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1')
      const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
      const record = { ...self(), pid: child.pid, thread: child.pid, started }
      const path = join(directory, 'ringlog.1.lock')
      writeFileSync(path, JSON.stringify({ ...record, since: '', released: false }))
      chownSync(path, 65_000, 65_000)
      assert.throws(() => lockOf(directory).hold(), { pid: child.pid, certain: true })
      child.kill()
      await once(child, 'exit')
      const lock = lockOf(directory)
      lock.hold()
      lock.release(checkpoint)
    },
  )

  test(
    'believes a holder alive as long as a thread of its process is',
    { skip: !hasPython && 'needs python3' },
    async (t) => {
      const directory = logDirectory(t)
      makeDirectory(directory)
      // The main thread ends; 60 is exit(2) on x86-64, 93 on arm64.
      const script = `import ctypes, platform, threading, time
threading.Thread(target=lambda: time.sleep(60)).start()
print('started', flush=True)
ctypes.CDLL(None).syscall(60 if platform.machine() == 'x86_64' else 93, 0)`
      const child = spawn('python3', ['-c', script])
      const statOf = (): string => readFileSync(`/proc/${child.pid}/stat`, 'latin1')
      await said(child)
      while (!/\) Z /.test(statOf()));
      const started = statOf()
        .slice(statOf().lastIndexOf(')') + 2)
        .split(' ')[19]
      const record = { ...self(), pid: child.pid, thread: child.pid, started }
      const path = join(directory, 'ringlog.1.lock')
      writeFileSync(path, JSON.stringify({ ...record, since: '', released: false }))
      assert.throws(() => lockOf(directory).hold(), { pid: child.pid, certain: true })
      child.kill('SIGKILL')
      await once(child, 'exit')
      const lock = lockOf(directory)
      lock.hold()
      lock.release(checkpoint)
    },
  )

  test('waits for the end of what may be on its way when a lock was removed, and not otherwise', (t) => {
    const directory = logDirectory(t)
    makeDirectory(directory)
    writeFileSync(join(directory, 'system.log'), 'line\n')
    const { wait } = Atomics
    let napsMs = 0
    t.mock.method(Atomics, 'wait', (cell: Int32Array, at: number, value: number, ms: number) => {
      napsMs += ms
      return wait(cell, at, value, 0)
    })
    const lock = lockOf(directory)
    lock.hold()
    assert.equal(napsMs, 50)
    lock.release(checkpoint)
    lock.hold()
    assert.equal(napsMs, 50)
    lock.release(checkpoint)
  })

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
    const lock = new DirectoryLock({
      directory,
      taken: () => {
        taken++
      },
    })
    lock.hold()
    rmSync(directory, { recursive: true })
    assert.equal(lock.check(), false)
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
    assert.equal(faster.check(), true)
    assert.throws(() => lockOf(directory).hold(), LockedError)
    faster.release(checkpoint)
  })

  test('hold() leaves the log what it was when a starter was killed before its lock was written', (t) => {
    const directory = logDirectory(t)
    const first = lockOf(directory)
    first.hold()
    const known = { ...checkpoint, log_id: 'a'.repeat(32) }
    first.release(known)
    writeFileSync(join(directory, 'ringlog.2.lock'), '')
    assert.deepEqual(stateOf(directory).checkpoint, known)
    let ms = 0
    let inherited: Checkpoint | undefined
    const next = new DirectoryLock({
      directory,
      taken: (left) => {
        inherited = left
      },
      now: () => ms,
      nap: (napMs) => {
        ms += napMs
      },
    })
    next.hold()
    assert.deepEqual(inherited, known)
    next.release(known)
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
