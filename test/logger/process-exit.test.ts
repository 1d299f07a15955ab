// How a process ends, and what is then in its files: everything accepted, once, in order; with the
// exit code and signal of a control process that has no logger.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { filesOf, type Line, linesOf, logDirectory, seqFaults } from '../log-directory.ts'
import { extension, loader } from '../loader.ts'

const fixture = join(import.meta.dirname, `../fixtures/exiting${extension}`)

function end(
  way: string,
  directory: string,
): Promise<{ code: number | null; signal: string | null }> {
  const child = spawn(process.execPath, [...loader, fixture, way, directory], {
    stdio: 'ignore',
  })
  return new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))
}

const complete = [
  'natural end',
  'exit at once',
  'exit amid writing',
  'exit in an async function',
  'uncaught exception',
  'unhandled rejection',
  'caught exception',
  'an exit listener that throws',
  'an earlier exit listener that exits',
  'an earlier monitor that throws',
  'a later exit listener, put first, that exits',
  'a later monitor, put first, that throws',
  'an exception handler that logs and throws',
  'a capture callback that logs and throws',
  'an exit listener that throws into a handler that logs',
  'entries from a late exit listener',
  'exit within exit',
  'stack overflow',
  'unsettled top-level await',
  'graceful SIGTERM',
  'several loggers',
]

describe('the end of the process', { concurrency: 2 }, () => {
  for (const way of complete) {
    test(`${way}: everything accepted is there, and the exit code is the application's`, async (t) => {
      const directory = logDirectory(t)
      const [control, logging] = await Promise.all([end(way, '-'), end(way, directory)])
      assert.deepEqual(logging, control)
      const lines = linesOf(directory, 'system.log')
      assert.deepEqual(seqFaults(lines), [])
      assert.equal(lines.length, Number(readFileSync(`${directory}.logged`, 'utf8')))
    })
  }

  for (const way of ['SIGTERM', 'SIGKILL']) {
    test(`${way}: dies as it would, and what is there is a beginning without a gap`, async (t) => {
      const directory = logDirectory(t)
      const logging = await end(way, directory)
      assert.deepEqual(logging, { code: null, signal: way })
      // The next start ends a line that the signal tore.
      const next = createLogger({ log_path: directory })
      next.audit.info('next')
      await next.close()
      const lines = filesOf(directory, 'system.log').flatMap((file) =>
        readFileSync(join(directory, file), 'utf8').split('\n'),
      )
      const whole = lines.filter((line) => line.endsWith('}') && line.includes('"entry '))
      assert.ok(whole.length >= 3000, `${whole.length} entries: what was flushed is there`)
      assert.deepEqual(seqFaults(whole.map((line) => JSON.parse(line) as Line)), [])
    })
  }

  for (const way of [
    'worker ends',
    'worker exits',
    'worker throws',
    'cluster worker disconnects',
    'cluster worker exits',
    'cluster worker throws',
  ]) {
    test(`${way}: its own files are complete`, async (t) => {
      const directory = logDirectory(t)
      assert.equal((await end(way, directory)).code, 0)
      const lines = linesOf(`${directory}-worker`, 'system.log')
      assert.deepEqual(seqFaults(lines), [])
      assert.equal(lines.length, Number(readFileSync(`${directory}-worker.logged`, 'utf8')))
    })
  }
})

describe('listeners', () => {
  test('one exit and one monitor listener, however many loggers; none for signals or exceptions; none after the last', async (t) => {
    const count = (): number[] =>
      [
        'exit',
        'uncaughtExceptionMonitor',
        'uncaughtException',
        'unhandledRejection',
        'SIGTERM',
        'SIGINT',
        'SIGHUP',
        'beforeExit',
        'newListener',
      ].map((event) => process.listenerCount(event))
    const before = count()
    const loggers = [1, 2, 3].map(() => createLogger({ log_path: logDirectory(t) }))
    const [exit, monitor, ...others] = count()
    assert.deepEqual(
      [exit, monitor, ...others],
      [before[0]! + 1, before[1]! + 1, ...before.slice(2, -1), before.at(-1)! + 1],
    )
    await Promise.all(loggers.map((log) => log.close()))
    assert.deepEqual(count(), before)
  })

  test('writes behind again when the handlers of an exception have run', async (t) => {
    const log = createLogger({ log_path: logDirectory(t) })
    await log.flush()
    const ignore = (): void => {}
    process.on('uncaughtException', ignore)
    const events: EventEmitter = process
    events.emit('uncaughtExceptionMonitor', new Error('boom'), 'uncaughtException')
    process.off('uncaughtException', ignore)
    log.system.info('within the turn')
    assert.equal(log.stats().written, 1)
    await new Promise(setImmediate)
    log.system.info('after it')
    assert.equal(log.stats().written, 1)
    await log.close()
    assert.equal(log.stats().written, 2)
  })

  test('comes to an end where somebody else insists on being first as well', async (t) => {
    const log = createLogger({ log_path: logDirectory(t) })
    const first = (): void => {}
    let moves = 0
    const insist = (event: string | symbol, listener: () => void): void => {
      if (event !== 'exit' || listener === first) return
      queueMicrotask(() => {
        moves++
        process.off('exit', first)
        process.prependListener('exit', first)
      })
    }
    process.on('newListener', insist)
    process.prependListener('exit', first)
    await new Promise(setImmediate)
    process.off('newListener', insist)
    process.off('exit', first)
    assert.ok(moves > 0 && moves < 1000, String(moves))
    await log.close()
  })

  test('an idle logger does not keep the process alive', async (t) => {
    const directory = logDirectory(t)
    const script = `import('${join(import.meta.dirname, `../../lib/index${extension}`)}').then(({ createLogger }) => { createLogger({ log_path: ${JSON.stringify(directory)} }) })`
    const child = spawn(process.execPath, [...loader, '-e', script], {
      stdio: 'ignore',
      timeout: 60_000,
    })
    const code = await new Promise((resolve) => child.on('exit', resolve))
    assert.equal(code, 0)
  })
})
