// What a logger does for its directory, from the outside: the lock, the numbers, compression and
// retention.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { gunzipSync } from 'node:zlib'
import { filesByBase, parseName } from '../../lib/directory/names.ts'
import { DirectoryLock } from '../../lib/directory/lock.ts'
import { stateOf } from '../../lib/directory/lock-files.ts'
import { Maintenance } from '../../lib/directory/maintenance.ts'
import { createLogger, LockedError, type LoggingConfig } from '../../lib/index.ts'
import { linesOf, logDirectory, modeOf, type Line } from '../log-directory.ts'
import { importInWorker, library } from '../loader.ts'

/** Waits for what comes by itself; the test's own limit of time ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(5)
}

/**
 * All lines of a file in both spellings, oldest first; each compressed one has been tested by gzip.
 */
function allLinesOf(directory: string, base: string): Line[] {
  return (filesByBase(readdirSync(directory)).get(base) ?? []).flatMap(({ name, compressed }) => {
    const path = join(directory, name)
    if (compressed) execFileSync('gzip', ['-t', path])
    const bytes = readFileSync(path)
    return String(compressed ? gunzipSync(bytes) : bytes)
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line)
  })
}

describe('createLogger()', () => {
  test('is an exception while another logger writes to the directory, in a worker too, and not after close()', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    assert.throws(() => createLogger({ log_path: directory, lock_wait_s: 0 }), LockedError)
    const script = `${importInWorker(library)}
      .then(({ createLogger }) => { createLogger({ log_path: ${JSON.stringify(directory)}, lock_wait_s: 0 }) })`
    const [error] = (await once(new Worker(script, { eval: true }), 'error')) as [Error]
    assert.match(
      error.message,
      new RegExp(`expected no other writer, got process ${process.pid} \\(this very one\\)`),
    )
    log.system.info('still ours')
    await log.close()
    const next = createLogger({ log_path: directory })
    next.system.info('next')
    await next.close()
    assert.deepEqual(
      linesOf(directory, 'system.log').map(({ seq }) => seq),
      [1, 2],
    )
  })

  test('takes over from a worker that was terminated while its process lives on', async (t) => {
    const directory = logDirectory(t)
    const script = `${importInWorker(library)}
      .then(({ createLogger }) => {
        createLogger({ log_path: ${JSON.stringify(directory)} })
        require('node:worker_threads').parentPort.postMessage('holds')
        setInterval(() => {}, 1000)
      })`
    const worker = new Worker(script, { eval: true })
    await once(worker, 'message')
    assert.throws(() => createLogger({ log_path: directory, lock_wait_s: 0 }), LockedError)
    await worker.terminate()
    await createLogger({ log_path: directory }).close()
  })

  test('is no exception where the directory cannot be used; the lock is taken when it can', async (t) => {
    const directory = logDirectory(t)
    writeFileSync(directory, 'a file stands here')
    const log = createLogger({ log_path: directory, console: 'off' })
    log.system.info('waits')
    await assert.rejects(log.flush())
    rmSync(directory)
    await until(() => log.stats().written === log.stats().accepted)
    assert.equal(stateOf(directory).holder?.pid, process.pid)
    assert.throws(() => createLogger({ log_path: directory, lock_wait_s: 0 }), LockedError)
    await log.close()
    assert.equal(linesOf(directory, 'system.log')[0]?.message, 'waits')
  })

  test('goes on with the numbers though the files are gone, compressed, or not written in JSON', async (t) => {
    const directory = logDirectory(t)
    const run = async (config: LoggingConfig, entries: number): Promise<void> => {
      const log = createLogger({ log_path: directory, ...config })
      for (let i = 0; i < entries; i++) log.system.info('entry')
      await log.close()
    }
    await run({}, 10)
    rmSync(join(directory, 'system.log'))
    await run({ structured_format: false }, 5)
    await run({}, 1)
    assert.equal(linesOf(directory, 'audit.log').length, 0)
    const last = readFileSync(join(directory, 'system.log'), 'utf8').trimEnd().split('\n').at(-1)!
    assert.equal((JSON.parse(last) as Line).seq, 16)
    // Without a checkpoint all is searched, compressed files too.
    execFileSync('gzip', [join(directory, 'system.log')])
    execFileSync('mv', [join(directory, 'system.log.gz'), join(directory, 'system.log.1.gz')])
    for (const name of readdirSync(directory)) {
      if (name.endsWith('.lock')) rmSync(join(directory, name))
    }
    await run({}, 1)
    assert.equal(linesOf(directory, 'system.log')[0]?.seq, 17)
  })

  test('compresses what it rotates; no line is lost, also when that is switched off and fewer files are kept', async (t) => {
    const directory = logDirectory(t)
    const padding = 'x'.repeat(2000)
    const run = async (
      max_files: number,
      compress: boolean,
      isDone: () => boolean,
    ): Promise<void> => {
      const log = createLogger({
        log_path: directory,
        rotation: { max_size_mb: 1, max_files, compress },
      })
      const before = log.stats().rotations
      while (log.stats().rotations - before < 4) {
        for (let i = 0; i < 100; i++) log.system.info('entry', { padding, i })
        await log.flush()
      }
      await until(isDone)
      await log.close()
      assert.equal(log.stats().failures, 0, log.stats().last_error)
    }
    const rotated = (): string[] =>
      readdirSync(directory).filter((name) => (parseName(name)?.index ?? 0) > 0)
    const isPlain = (name: string): boolean => !name.endsWith('.gz')
    const isTidy = (): boolean => !readdirSync(directory).some((name) => name.endsWith('.tmp'))

    await run(10, true, () => !rotated().some(isPlain) && isTidy())
    assert.ok(rotated().length >= 4, String(rotated()))
    for (const name of rotated()) assert.equal(modeOf(join(directory, name)), 0o600)
    const lines = allLinesOf(directory, 'system.log')
    assert.deepEqual(
      lines.map(({ seq }) => seq),
      lines.map((_, i) => i + 1),
    )

    await run(10, false, isTidy)
    assert.ok(rotated().filter(isPlain).length >= 4 && rotated().some((name) => !isPlain(name)))
    const more = allLinesOf(directory, 'system.log')
    assert.ok(more.length > lines.length)
    assert.deepEqual(
      more.map(({ seq }) => seq),
      more.map((_, i) => i + 1),
    )

    await run(2, true, () => !rotated().some(isPlain) && isTidy())
    assert.deepEqual(rotated(), ['system.log.1.gz', 'system.log.2.gz'])
    const kept = allLinesOf(directory, 'system.log')
    assert.deepEqual(
      kept.map(({ seq }) => seq),
      kept.map((_, i) => kept[0]!.seq + i),
    )
  })

  test('deletes at the start what is too old or too many, and what was left in the middle of a job', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const days = (count: number): Date => new Date(Date.now() - count * 86_400_000)
    const put = (name: string, age: number): void => {
      writeFileSync(join(directory, name), '')
      utimesSync(join(directory, name), days(age), days(age))
    }
    put('system.log.1', 6)
    put('system.log.2.gz', 8)
    put('system.log.4', 1)
    put('audit.log', 500)
    put('audit.log.3.gz.1.tmp', 0)
    put('other.log.1', 500)
    const log = createLogger({ log_path: directory, retention_days: 7, rotation: { max_files: 3 } })
    const isThere = (name: string): boolean => readdirSync(directory).includes(name)
    await until(
      () =>
        !['system.log.2.gz', 'system.log.4', 'audit.log.3.gz.1.tmp'].some((name) => isThere(name)),
    )
    await log.close()
    for (const name of ['system.log.1', 'audit.log', 'other.log.1']) assert.ok(isThere(name), name)
  })

  test('leaves the history of another logger, and gives it the mode of ours', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory)
    const strange = Array.from({ length: 30 }, (_, i) => `error.log.${i + 1}`)
    const old = new Date(Date.now() - 400 * 86_400_000)
    for (const name of [...strange, 'gone.log']) {
      writeFileSync(join(directory, name), '{"level":30,"msg":"not ours"}\n', { mode: 0o644 })
      utimesSync(join(directory, name), old, old)
    }
    // One that this library has written is deleted, so it is known when the cleaning has come so
    // far.
    const own =
      '{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","category":"system","message":"m","seq":1}\n'
    writeFileSync(join(directory, 'system.log.1'), own)
    utimesSync(join(directory, 'system.log.1'), old, old)
    for (let start = 0; start < 2; start++) {
      const log = createLogger({ log_path: directory })
      await until(() => !readdirSync(directory).includes('system.log.1'))
      await log.close()
    }
    assert.deepEqual(
      readdirSync(directory)
        .filter((name) => name.startsWith('error.log.'))
        .toSorted(),
      strange.toSorted(),
    )
    for (const name of strange) assert.equal(modeOf(join(directory, name)), 0o600)
    assert.equal(modeOf(join(directory, 'gone.log')), 0o644)
  })
})

describe('Maintenance.awaitTurnSync()', () => {
  const checkpoint = { max_files: 5, compress: false, seq: {}, files: {} }
  const nothing = (): void => {}

  function waiting(directory: string, waitMs: number): Maintenance {
    const maintenance = new Maintenance({
      directory,
      bases: ['system.log'],
      fileMode: '0600',
      maxFiles: 5,
      retentionDays: 90,
      compress: false,
      totalBytes: undefined,
      keepUnshipped: false,
      putAsideOld: () => Infinity,
      madeRoom: nothing,
      lostUnshipped: nothing,
      numbers: () => ({ seqs: {}, lsn: 0 }) as never,
      takeLate: () => undefined,
      beforeTaking: nothing,
      goOn: nothing,
      refused: nothing,
      changed: nothing,
      waitOver: nothing,
      waitMs,
      tell: nothing,
      failed: nothing,
    })
    assert.throws(() => maintenance.hold(), LockedError)
    return maintenance
  }

  function held(t: TestContext): { directory: string; holder: DirectoryLock } {
    const directory = logDirectory(t)
    const holder = new DirectoryLock({ directory, taken: nothing })
    holder.hold()
    t.after(() => holder.release(checkpoint))
    return { directory, holder }
  }

  test('waits for a holder that lives as long as the end has time, and no longer', (t) => {
    const { directory } = held(t)
    const maintenance = waiting(directory, 30_000)
    let naps = 0
    maintenance.awaitTurnSync(() => {
      // Nothing else would end a wait that goes on.
      assert.ok(++naps <= 3)
      return naps < 3
    })
    assert.equal(naps, 3)
    assert.equal(maintenance.isWaiting, true)
    maintenance.exit()
  })

  test('takes the directory when its holder lets go', (t) => {
    const { directory, holder } = held(t)
    const maintenance = waiting(directory, 30_000)
    let naps = 0
    maintenance.awaitTurnSync(() => {
      if (++naps === 2) holder.release(checkpoint)
      return true
    })
    assert.equal(naps, 2)
    assert.equal(maintenance.isWaiting, false)
    maintenance.exit()
  })

  test('does not wait for the silence of a thread of its own process', (t) => {
    const { directory } = held(t)
    const [name] = readdirSync(directory).filter((file) => file.endsWith('.lock'))
    const path = join(directory, name!)
    const record = JSON.parse(readFileSync(path, 'utf8')) as object
    // As where the system does not say whether a thread lives.
    const thread = { ...record, thread: 4_000_000, started: '' }
    writeFileSync(path, JSON.stringify(thread).padEnd(readFileSync(path).length))
    const maintenance = waiting(directory, 30_000)
    let naps = 0
    maintenance.awaitTurnSync(() => {
      assert.equal(++naps, 1)
      return false
    })
    assert.equal(naps, 1)
    assert.equal(maintenance.isWaiting, true)
    maintenance.exit()
  })
})
