// How a process ends, and what is then in its files: everything accepted, once, in order; with the
// exit code and signal of a control process that has no logger. `npm run test:processes` has all
// the other ways.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { EventEmitter } from 'node:events'
import { describe, test } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import { linesOf, logDirectory } from '../log-directory.ts'
import { library, loader } from '../loader.ts'
import { testCompleteEnd } from './ending-process.ts'

describe('the end of the process', () => {
  testCompleteEnd('uncaught exception')
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

  test('stays in line when all listeners are removed, of an event or of all', async (t) => {
    for (const removal of ["process.removeAllListeners('exit')", 'process.removeAllListeners()']) {
      const directory = logDirectory(t)
      const script = `import('${library}').then(async ({ createLogger }) => {
        const log = createLogger({ log_path: ${JSON.stringify(directory)} })
        log.system.info('accepted')
        // Once more: what notices it must have come back, too.
        for (let i = 0; i < 2; i++) {
          ${removal}
          if (${removal.endsWith('()')}) await new Promise(queueMicrotask)
        }
        process.exit()
      })`
      const child = spawn(process.execPath, [...loader, '-e', script], {
        stdio: 'ignore',
        timeout: 60_000,
      })
      assert.equal(await new Promise((resolve) => child.on('exit', resolve)), 0)
      assert.equal(linesOf(directory, 'system.log').length, 1, removal)
    }
  })

  test('comes to an end where somebody removes listeners until there are none', async (t) => {
    const log = createLogger({ log_path: logDirectory(t) })
    const others = process.listeners('exit')
    let removed = 0
    for (
      let [one] = process.listeners('exit');
      one !== undefined;
      [one] = process.listeners('exit')
    ) {
      process.off('exit', one)
      assert.ok(++removed < 1000)
    }
    for (const other of others) process.on('exit', other)
    await log.close()
  })

  test('an idle logger does not keep the process alive', async (t) => {
    const directory = logDirectory(t)
    const script = `import('${library}').then(({ createLogger }) => { createLogger({ log_path: ${JSON.stringify(directory)} }) })`
    const child = spawn(process.execPath, [...loader, '-e', script], {
      stdio: 'ignore',
      timeout: 60_000,
    })
    const code = await new Promise((resolve) => child.on('exit', resolve))
    assert.equal(code, 0)
  })
})
