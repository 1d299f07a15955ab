// Who writes to a directory, judged by whoever takes no lock: also when the clocks are apart.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { watchHolder } from '../../lib/directory/holder-watch.ts'
import { DirectoryLock } from '../../lib/directory/lock.ts'
import { cleanLogs, verifyLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

/**
 * A lock that is held on another machine, or in another container, by a clock that is an hour
 * behind.
 */
function foreign(t: TestContext, change: object) {
  const directory = logDirectory(t)
  const lock = new DirectoryLock({ directory, taken: () => {} })
  lock.hold()
  const [name] = readdirSync(directory)
  const path = join(directory, name!)
  const record = JSON.parse(readFileSync(path, 'utf8')) as object
  writeFileSync(path, JSON.stringify({ ...record, ...change }))
  let signs = 0
  const sign = (): void => {
    const time = (Date.now() - 3_600_000 + ++signs * 10) / 1000
    utimesSync(path, time, time)
  }
  sign()
  t.after(() => lock.release({ max_files: 1, compress: false, seq: {}, files: {} }))
  return { directory, path, sign }
}

const elsewhere = {
  'on another machine': { boot: 'another' },
  'in another container': { pids: 'pid:[1]' },
}

describe('watchHolder()', () => {
  for (const [where, change] of Object.entries(elsewhere)) {
    test(`believes the signs of a holder ${where}, whatever its clock shows`, async (t) => {
      const { directory, sign } = foreign(t, change)
      const clock = { ms: 0 }
      const clocks = {
        now: () => clock.ms,
        sleep: (ms: number) => {
          clock.ms += ms
          if (clock.ms === 2_000) sign()
          return Promise.resolve()
        },
      }
      const { holder, isWritten } = await watchHolder(directory, clocks)
      assert.equal(holder?.pid, process.pid)
      assert.equal(isWritten(), true)
      assert.equal(clock.ms, 2_000)
    })

    test(`takes a holder ${where} for dead when it has given none for 10 s, until it gives one`, async (t) => {
      const { directory, sign } = foreign(t, change)
      const clock = { ms: 0 }
      const sleep = (ms: number): Promise<void> => {
        clock.ms += ms
        return Promise.resolve()
      }
      const { holder, isWritten } = await watchHolder(directory, { now: () => clock.ms, sleep })
      assert.equal(holder, undefined)
      assert.equal(clock.ms, 10_000)
      assert.equal(isWritten(), false)
      sign()
      assert.equal(isWritten(), true)
    })
  }

  test('waits for nothing when it is clear', async (t) => {
    const sleep = (): Promise<void> => assert.fail()
    const directory = logDirectory(t)
    const lock = new DirectoryLock({ directory, taken: () => {} })
    lock.hold()
    const clocks = { now: () => 0, sleep }
    assert.equal((await watchHolder(directory, clocks)).holder?.pid, process.pid)
    lock.release({ max_files: 1, compress: false, seq: {}, files: {} })
    assert.equal((await watchHolder(directory, clocks)).holder, undefined)
  })
})

test('cleanLogs() and verifyLogs() leave a holder whose clock is behind in peace', async (t) => {
  const { directory, sign } = foreign(t, elsewhere['on another machine'])
  const leftover = join(directory, 'system.log.1.gz.99.tmp')
  writeFileSync(leftover, 'half')
  writeFileSync(join(directory, 'system.log'), '{"timestamp":"2026-11-27T10:00:0', { mode: 0o600 })
  const signs = setInterval(sign, 50)
  t.after(() => clearInterval(signs))
  const { deleted } = await cleanLogs({ log_path: directory })
  assert.deepEqual(deleted, [])
  assert.equal(existsSync(leftover), true)
  const { faults } = await verifyLogs({ log_path: directory })
  assert.deepEqual(
    faults.filter(({ kind }) => kind === 'torn'),
    [],
  )
})
