// Files that are put aside because of their age: when one is too old, and that it goes, quiet or
// not.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { FileAge } from '../../lib/sinks/file-age.ts'
import { createLogger, verifyLogs, type LoggingConfig } from '../../lib/index.ts'
import { linesOf, logDirectory } from '../log-directory.ts'

const hourMs = 3_600_000

/** Waits for what comes by itself; the test's own limit of time ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(5)
}

/** The line of an entry that was logged so long ago. */
function lineOf(agoMs: number, seq = 1): string {
  const timestamp = new Date(Date.now() - agoMs).toISOString().replace('Z', '+00:00')
  return `{"timestamp":"${timestamp}","level":"INFO","category":"system","message":"old","seq":${seq},"lsn":${seq}}\n`
}

function humanLineOf(agoMs: number): string {
  const time = new Date(Date.now() - agoMs).toISOString().slice(0, 19).replace('T', ' ')
  return `[${time}] INFO  | system      | old\n`
}

describe('FileAge.dueInMs()', () => {
  const file = (first: number | undefined, size = 1, inode = 1n) => ({
    size,
    identity: { device: 1n, inode },
    firstMoment: () => first,
  })
  const clocks = { wall: 10 * hourMs, monotonic: 5 }
  const ageOf = (): FileAge => {
    Object.assign(clocks, { wall: 10 * hourMs, monotonic: 5 })
    return new FileAge({
      maxMs: hourMs,
      now: () => clocks.wall,
      monotonicMs: () => clocks.monotonic,
    })
  }

  test('counts from the first entry, known before or not', () => {
    const age = ageOf()
    assert.equal(age.dueInMs(file(9.25 * hourMs)), 0.25 * hourMs)
    clocks.wall += 0.25 * hourMs
    assert.equal(age.dueInMs(file(9.25 * hourMs)), 0)
    assert.equal(age.dueInMs(file(10 * hourMs, 1, 2n)), 0.75 * hourMs)
  })

  test('never is over for an empty file', () => {
    const age = ageOf()
    assert.equal(age.dueInMs(file(1)) < 0, true)
    for (const monotonic of [5, 100 * hourMs]) {
      clocks.monotonic = monotonic
      assert.equal(age.dueInMs(file(undefined, 0)), hourMs)
    }
  })

  test('counts by the monotonic clock what no clock tells', () => {
    for (const first of [undefined, 1000 * hourMs]) {
      const age = ageOf()
      assert.equal(age.dueInMs(file(first)), hourMs)
      clocks.monotonic += hourMs + 1
      clocks.wall -= 100 * hourMs
      assert.equal(age.dueInMs(file(first)), -1)
      // The next file begins anew.
      assert.equal(age.dueInMs(file(first, 1, 2n)), hourMs)
    }
  })
})

describe('createLogger({ rotation: { max_age_hours } }) rotates', () => {
  const config = (log_path: string, more: LoggingConfig = {}): LoggingConfig => ({
    log_path,
    rotation: { max_age_hours: 1 },
    ...more,
  })
  const begin = (directory: string, lines: string, name = 'system.log'): void => {
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, name), lines, { mode: 0o600 })
  }

  test('a quiet file that is too old at the start, and no other', async (t) => {
    const directory = logDirectory(t)
    begin(directory, lineOf(hourMs + 1000))
    begin(directory, lineOf(hourMs / 2), 'audit.log')
    begin(directory, '', 'error.log')
    const log = createLogger(config(directory))
    await until(() => existsSync(join(directory, 'system.log.1')))
    await log.flush()
    log.system.info('next')
    await log.close()
    assert.deepEqual(
      linesOf(directory, 'system.log').map(({ message, seq }) => `${message} ${seq}`),
      ['old 1', 'next 2'],
    )
    assert.deepEqual(
      readdirSync(directory).filter((name) => /\d$/.test(name)),
      ['system.log.1'],
    )
    assert.equal(log.stats().rotations, 1)
  })

  test('it before the first entry of a start comes to it, whatever way it is written', async (t) => {
    for (const durability of ['buffered', 'written', 'synced'] as const) {
      const directory = logDirectory(t)
      begin(directory, lineOf(2 * hourMs))
      const log = createLogger(config(directory, { durability: { system: durability } }))
      log.system.info('next')
      await log.close()
      assert.match(readFileSync(join(directory, 'system.log.1'), 'utf8'), /"old"[^\n]*\n$/)
      assert.match(readFileSync(join(directory, 'system.log'), 'utf8'), /^[^\n]*"next"[^\n]*\n$/)
      assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
    }
  })

  test('a quiet file when its hour comes, by a timer', async (t) => {
    const directory = logDirectory(t)
    begin(directory, lineOf(hourMs - 700))
    const log = createLogger(config(directory))
    await log.flush()
    assert.ok(!existsSync(join(directory, 'system.log.1')))
    await until(() => existsSync(join(directory, 'system.log.1')))
    await log.close()
    assert.equal(readFileSync(join(directory, 'system.log'), 'utf8'), '')
  })

  test('a file that is always being written to', async (t) => {
    const directory = logDirectory(t)
    begin(directory, lineOf(hourMs - 700))
    const log = createLogger(config(directory, { buffer: { flush_ms: 0 } }))
    let count = 0
    const filling = '.'.repeat(1000)
    await until(() => {
      for (let i = 0; i < 500; i++) log.system.info(`n ${++count}`, { filling })
      return existsSync(join(directory, 'system.log.1'))
    })
    await log.close()
    assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
    assert.equal(linesOf(directory, 'system.log').length, count + 1)
    assert.equal(log.stats().rotations, 1)
  })

  test('files of human lines, and by the first entry that there is', async (t) => {
    const directory = logDirectory(t)
    begin(directory, humanLineOf(hourMs + 2000))
    begin(directory, `torn\n    at nothing\n${lineOf(hourMs + 1000)}`, 'service.log')
    const log = createLogger(config(directory, { structured_format: false }))
    await until(() => existsSync(join(directory, 'system.log.1')))
    await until(() => existsSync(join(directory, 'service.log.1')))
    await log.close()
  })

  test('nothing where no age is configured', async (t) => {
    const directory = logDirectory(t)
    begin(directory, lineOf(9000 * hourMs))
    const log = createLogger({ log_path: directory, rotation: { max_age_hours: null } })
    log.system.info('next')
    await log.close()
    assert.equal(linesOf(directory, 'system.log').length, 2)
    assert.ok(!existsSync(join(directory, 'system.log.1')))
  })

  test('nothing by a clock that is not believed', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger(config(directory))
    log.system.info('first')
    await log.close()
    // The last writer has seen a time long ago: the clock is far ahead of it.
    const [lock] = readdirSync(directory).filter((name) => name.endsWith('.lock'))
    const path = join(directory, lock!)
    const old = Date.now() - 1000 * hourMs
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/"time":\{"seen":\d+/, `"time":{"seen":${old}`),
    )
    begin(directory, lineOf(1000 * hourMs))
    const next = createLogger(config(directory))
    next.system.info('next')
    await next.flush()
    await setTimeout(150)
    await next.close()
    assert.ok(!existsSync(join(directory, 'system.log.1')))
  })
})
