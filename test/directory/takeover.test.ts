// A holder that is paused with a piece on its way, and another one that takes over meanwhile:
// whatever comes first, each entry is in the file once, and each number is given once.

import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import type { Checkpoint } from '../../lib/directory/checkpoint.ts'
import { lastNumbers } from '../../lib/directory/last-numbers.ts'
import { DirectoryLock, type LockOptions } from '../../lib/directory/lock.ts'
import type { LockRecord } from '../../lib/directory/lock-files.ts'
import { makeDirectory } from '../../lib/directory/open.ts'
import { AppendFile } from '../../lib/sinks/append-file.ts'
import { WriteProgress } from '../../lib/sinks/write-progress.ts'
import { verifyLogs } from '../../lib/read/verify-logs.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

const categories = new Set(['system'])
const checkpoint: Checkpoint = { max_files: 5, compress: false, seq: {}, files: {} }

function entry(message: string, seq: number): string {
  return `{"timestamp":"2026-11-27T10:00:00.000Z","level":"INFO","category":"system","message":"${message}","seq":${seq}}\n`
}

/** Has a lock look like that of a process in another container. */
function hide(directory: string): void {
  const [name] = readdirSync(directory).filter((file) => file.endsWith('.lock'))
  const path = join(directory, name!)
  const record = JSON.parse(readFileSync(path, 'utf8')) as object
  writeFileSync(path, JSON.stringify({ ...record, pids: 'pid:[1]' }))
}

/**
 * A holder that has handed over a piece of two entries, and a contender that will take over from
 * it.
 */
function rig(t: TestContext, hooks: Partial<LockOptions>) {
  const directory = logDirectory(t)
  makeDirectory(directory)
  const path = join(directory, 'system.log')
  const clock = { ms: 0 }
  const now = (): number => clock.ms
  const paused = new DirectoryLock({ directory, taken: () => {}, now, nap: () => {} })
  paused.hold()
  const file = new AppendFile(directory, 'system.log', paused)
  file.open(false)
  const flight = new WriteProgress(
    Buffer.from([1, 2, 3, 4].map((seq) => entry(`first ${seq}`, seq)).join('')),
  )
  const half = flight.batch.length / 2
  flight.append(file, half)
  assert.equal(file.isHeld, true)
  flight.handed = flight.batch.length
  hide(directory)
  const next = new DirectoryLock({ directory, taken: () => {}, now, nap: () => {}, ...hooks })
  const takeOver = (): void => {
    for (let end = clock.ms + 10_000; clock.ms < end; clock.ms += 2_000) {
      assert.throws(() => next.hold(), { certain: false })
    }
    next.hold()
  }
  t.after(() => {
    file.close()
    paused.release(checkpoint)
    next.release(checkpoint)
  })
  const land = (): void => appendFileSync(path, flight.batch.subarray(half))
  return { directory, path, clock, paused, next, file, flight, half, takeOver, land }
}

const moments = [
  'before it is taken over',
  'before the lock is made',
  'before the numbers are read',
  'when they have been read',
  'when the end has been noted',
  'after a first entry of the other',
  'after a second one',
] as const

describe('a piece that was on its way when its writer was paused', () => {
  for (const [at, landing] of moments.entries()) {
    for (const settling of ['at once', 'after an entry', 'when it is taken back'] as const) {
      test(`is there once, with numbers of its own, when it lands ${landing} and is looked for ${settling}`, async (t) => {
        let last = 0
        let reads = 0
        const reach = (moment: number): void => {
          if (moment === at) land()
        }
        const { directory, path, paused, next, file, flight, half, takeOver, land } = rig(t, {
          beforeTaking: () => reach(1),
          goOn: () => {
            if (reads++ === 0) reach(2)
            const files = new Map([['system.log', categories]])
            last = lastNumbers(directory, files).seqs.get('system') ?? 0
            if (reads === 1) reach(3)
          },
          taken: () => reach(4),
        })
        reach(0)
        takeOver()
        assert.equal(reads, { 2: 2, 3: 2 }[at] ?? 1, 'it is read again when something has come')
        const log = (moment: number): void => {
          if (settling === 'at once' && flight.isPending && at < moment) flight.settle(file)
          appendFileSync(path, entry(`other ${++last}`, last))
          reach(moment)
        }
        log(5)
        log(6)
        if (settling === 'after an entry') flight.settle(file)
        appendFileSync(path, entry(`other ${++last}`, last))
        next.release(checkpoint)
        flight.settle(file)
        paused.hold()
        assert.equal(paused.tenure, 2)
        const isCounted = flight.written > half
        assert.equal(isCounted, at <= 3, 'what has come before the note counts, and nothing else')
        assert.equal(flight.late, 0)
        assert.equal(flight.takenBack, isCounted ? 0 : flight.batch.length - half)
        if (!isCounted) for (const n of [3, 4]) appendFileSync(path, entry(`first ${n}`, ++last))
        const lines = linesOf(directory, 'system.log')
        const counted = lines.filter(({ seq }) => seq !== undefined)
        assert.deepEqual(
          counted.map(({ seq }) => seq),
          counted.map((_, i) => i + 1),
        )
        assert.equal(counted.filter(({ message }) => message.startsWith('first')).length, 4)
        assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
      })
    }
  }
})

describe('DirectoryLock', () => {
  test('boundOf() waits for the note of one that is taking over, and not for ever', (t) => {
    const directory = logDirectory(t)
    let naps = 0
    const paused = new DirectoryLock({ directory, taken: () => {}, nap: () => naps++ })
    paused.hold()
    hide(directory)
    const [name] = readdirSync(directory)
    const own = JSON.parse(readFileSync(join(directory, name!), 'utf8')) as object
    const other = { ...own, mark: 'other', settled: false, takeovers: [] as object[] }
    const otherPath = join(directory, 'ringlog.2.lock')
    writeFileSync(otherPath, JSON.stringify(other))
    assert.equal(paused.boundOf(5n), Infinity)
    assert.equal(naps, 200)
    const noting = new DirectoryLock({
      directory,
      taken: () => {},
      nap: () => {
        const notes = [
          { by: 'other 1', inode: '4', bytes: 10 },
          { by: 'other 1', inode: '5', bytes: 20 },
          { by: 'third 1', inode: '5', bytes: 30 },
          { by: 'third 1', inode: '6', bytes: -1.5 },
        ]
        writeFileSync(otherPath, JSON.stringify({ ...other, settled: true, takeovers: notes }))
      },
    })
    assert.equal(noting.boundOf(5n), 20, 'the first one since counts')
    assert.equal(noting.boundOf(6n), Infinity)
    paused.release(checkpoint)
  })

  test('boundOf() passes over what had been noted before its own tenure', (t) => {
    const { directory, next, paused, file, flight, takeOver, land } = rig(t, {})
    takeOver()
    land()
    flight.settle(file)
    next.release(checkpoint)
    paused.hold()
    const { inode } = file.identity
    const locks = readdirSync(directory).filter((name) => name.endsWith('.lock'))
    const own = JSON.parse(readFileSync(join(directory, locks[0]!), 'utf8')) as LockRecord
    assert.equal(own.takeovers.length, 1)
    writeFileSync(join(directory, 'ringlog.99.lock'), JSON.stringify({ ...own, mark: 'other' }))
    assert.equal(paused.boundOf(inode), Infinity)
  })

  for (const which of ['monotonic', 'wall'] as const) {
    test(`checkAfter() looks when so much time has passed that somebody may have taken over, by the ${which} clock`, (t) => {
      const directory = logDirectory(t)
      const clocks = { monotonic: 0, wall: 0 }
      const lock = new DirectoryLock({
        directory,
        taken: () => {},
        now: () => clocks.monotonic,
        wall: () => clocks.wall,
      })
      lock.hold()
      assert.equal(lock.check(), true)
      const [name] = readdirSync(directory)
      renameSync(join(directory, name!), join(directory, 'elsewhere'))
      clocks[which] += 19
      assert.equal(lock.checkAfter(), true)
      clocks[which] += 1
      assert.equal(lock.checkAfter(), false)
      assert.equal(lock.tenure, 0)
    })
  }
})
