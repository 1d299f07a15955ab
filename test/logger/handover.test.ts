// The directory changes hands while a logger lives: what it takes over, what it loses, and how it
// gets it back. The other writer is played by the test, as one in another container: its lock, its
// signs, its lines.

import assert from 'node:assert/strict'
import { readdirSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type Logger, createLogger, verifyLogs } from '../../lib/index.ts'
import { Console } from '../../lib/sinks/console.ts'
import { linesOf, logDirectory } from '../log-directory.ts'
import { Other } from './other-holder.ts'

/** Waits for what comes by itself; the test's own limit of time ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(5)
}

function isWritten(log: Logger): boolean {
  return log.stats().queued === 0
}

async function assertSound(directory: string, ...messages: string[]): Promise<void> {
  assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
  const ours = linesOf(directory, 'system.log').map(({ message }) => message)
  assert.deepEqual(
    ours.filter((message) => !message.startsWith('Log file')),
    messages,
  )
}

describe('a logger', () => {
  test('goes on with the numbers where the files end when it takes over, not where they ended at its start', async (t) => {
    const directory = logDirectory(t)
    const other = new Other(directory)
    other.log(2)
    const log = createLogger({ log_path: directory, console: 'off' })
    for (let i = 0; i < 3; i++) log.system.error(`ours ${i}`)
    // Its lines have been made, with the numbers that would hold now.
    log.flushSync()
    log.system.info('ours 3')
    other.log(9)
    other.sign(true)
    await until(() => isWritten(log))
    await log.close()
    const theirs = Array.from({ length: 11 }, () => 'theirs')
    await assertSound(directory, ...theirs, 'ours 0', 'ours 1', 'ours 2', 'ours 3')
    const copies = linesOf(directory, 'error.log').map(({ seq }) => seq)
    assert.deepEqual(copies, [12, 13, 14])
  })

  test('that has lost its directory writes nothing, says so once, and takes its turn again', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, console: 'off' })
    log.system.info('ours 0')
    await log.flush()
    const other = new Other(directory)
    other.log(3)
    for (let i = 1; i < 5; i++) {
      log.system.info(`ours ${i}`)
      await assert.rejects(log.flush(), /expected no other writer/)
    }
    other.log(3)
    assert.equal(linesOf(directory, 'system.log').length, 7)
    other.sign(true)
    await until(() => isWritten(log))
    await log.close()
    const theirs = Array.from({ length: 6 }, () => 'theirs')
    await assertSound(directory, 'ours 0', ...theirs, 'ours 1', 'ours 2', 'ours 3', 'ours 4')
  })

  test('finds out on the synchronous way, too', async (t) => {
    const directory = logDirectory(t)
    const durability = { system: 'written' } as const
    const log = createLogger({ log_path: directory, console: 'off', durability })
    log.system.info('ours 0')
    const other = new Other(directory)
    other.log(1)
    log.system.info('ours 1')
    assert.equal(linesOf(directory, 'system.log').length, 2)
    other.sign(true)
    await until(() => isWritten(log))
    await log.close()
    await assertSound(directory, 'ours 0', 'theirs', 'ours 1')
  })

  test('takes its lock again when it was deleted, and loses no line', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, console: 'off' })
    const messages: string[] = []
    for (let round = 0; round < 5; round++) {
      const [lock] = readdirSync(directory).filter((name) => name.endsWith('.lock'))
      rmSync(join(directory, lock!))
      messages.push(`ours ${round}`)
      log.system.info(`ours ${round}`)
      await log.flush()
    }
    assert.equal(log.stats().failures, 0)
    await log.close()
    await assertSound(directory, ...messages)
  })

  test('writes on in a directory that was moved away and comes back', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, console: 'off' })
    const say = async (message: string): Promise<void> => {
      log.system.info(message)
      await log.flush()
    }
    await say('1')
    renameSync(directory, `${directory}.away`)
    await say('2')
    await say('3')
    renameSync(directory, `${directory}.new`)
    renameSync(`${directory}.away`, directory)
    await say('4')
    await say('5')
    await log.close()
    const messagesIn = (path: string): string[] =>
      linesOf(path, 'system.log').map(({ message }) => message)
    assert.deepEqual(messagesIn(directory), ['1', '4', '5'])
    assert.deepEqual(messagesIn(`${directory}.new`), ['2', '3'])
  })
})

describe('lock_wait_s', () => {
  /** What a logger says on stderr until `work` is done. */
  async function said(t: TestContext, work: () => Promise<void>): Promise<string> {
    const lines: string[] = []
    t.mock.method(Console.prototype, 'write', (line: string) => lines.push(line) > 0)
    await work()
    t.mock.restoreAll()
    return lines.join('\n')
  }

  test('a second logger waits, says for whom, and takes over when the first closes: flush() resolves then', async (t) => {
    const directory = logDirectory(t)
    const first = createLogger({ log_path: directory })
    const stderr = await said(t, async () => {
      const second = createLogger({ log_path: directory })
      first.system.info('1')
      second.system.error('3')
      const flushed = second.flush()
      first.system.info('2')
      await first.close()
      await flushed
      assert.deepEqual([second.stats().failures, second.stats().queued], [0, 0])
      second.system.info('4')
      await second.close()
    })
    await assertSound(directory, '1', '2', '3', '4')
    const [waits, has, ...others] = stderr.split('\n')
    assert.deepEqual(others, [], 'what is written later is not shown')
    assert.match(waits!, new RegExp(`process ${process.pid} .*up to 30 s.*`))
    assert.match(waits!, /directory of its own/)
    assert.match(has!, /to itself now/)
  })

  test('when it is over the files count as failed, which is said, and it is taken over when it can be', async (t) => {
    const directory = logDirectory(t)
    const first = createLogger({ log_path: directory })
    let second: Logger | undefined
    const stderr = await said(t, async () => {
      second = createLogger({ log_path: directory, lock_wait_s: 1 })
      second.system.warning('waits')
      await assert.rejects(second.flush(), { name: 'NotWrittenError', file: 'system.log' })
      second.system.info('waits on')
    })
    assert.match(stderr, /cannot write system.log: .*expected no other writer/)
    assert.match(stderr, /WARNING \| system +\| waits/)
    await first.close()
    await until(() => isWritten(second!))
    await second!.close()
    await assertSound(directory, 'waits', 'waits on')
  })

  test('0: an exception at once, which says what to do', (t) => {
    const directory = logDirectory(t)
    const first = createLogger({ log_path: directory })
    t.after(() => first.close())
    assert.throws(() => createLogger({ log_path: directory, lock_wait_s: 0 }), {
      name: 'LockedError',
      pid: process.pid,
      message: /expected no other writer.*a directory of its own/,
    })
  })

  test('0: an exception also for one in another container that gives signs, not for one that seems dead', async (t) => {
    const directory = logDirectory(t)
    const other = new Other(directory)
    assert.throws(() => createLogger({ log_path: directory, lock_wait_s: 0, console: 'off' }), {
      name: 'LockedError',
      certain: false,
    })
    utimesSync(join(directory, 'ringlog.1.lock'), 1, 1)
    const log = createLogger({ log_path: directory, lock_wait_s: 0, console: 'off' })
    other.sign(true)
    await log.close()
  })

  test('what does not fit the buffer while it waits is dropped by level, counted and told', async (t) => {
    const directory = logDirectory(t)
    const first = createLogger({ log_path: directory })
    const buffer = { entries: 64, bytes: 65_536, entry_bytes: 1024 }
    const second = createLogger({ log_path: directory, console: 'off', buffer })
    for (let i = 0; i < 1000; i++) second.system.info('x'.repeat(500))
    second.system.error('grave')
    const { dropped } = second.stats()
    assert.ok(dropped.INFO > 0 && dropped.ERROR === 0, JSON.stringify(dropped))
    await first.close()
    await second.close()
    const lines = linesOf(directory, 'system.log')
    assert.equal(lines.filter(({ message }) => message === 'grave').length, 1)
    assert.ok(lines.some(({ message }) => /^\d+ entries were lost/.test(message)))
    const { accepted, written, queued, dropped: lost, diverted } = second.stats()
    assert.equal(accepted, written + queued + lost.total + diverted)
  })
})
