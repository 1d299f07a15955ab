// The environment's clocks and timers are taken once: whoever fakes them later does not reach the
// logger.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { monotonicMs, napSync } from '../../lib/entry/clock.ts'
import { createLogger, streamLogs } from '../../lib/index.ts'
import { logDirectory } from '../log-directory.ts'

const faked = ['setTimeout', 'setInterval', 'setImmediate', 'Date'] as const

describe('clock', () => {
  test('an entry logged under fake timers is written while they are, at its real time', async (t) => {
    const log_path = logDirectory(t)
    const log = createLogger({ log_path })
    t.mock.timers.enable({ apis: [...faked], now: 1_000 })
    log.system.info('under fake timers')
    await log.flush()
    t.mock.timers.reset()
    log.system.info('after it')
    await log.close()
    const messages: string[] = []
    for await (const { entry } of streamLogs({ log_path })) {
      messages.push(entry?.message ?? '')
      assert.ok(Date.parse(entry?.timestamp ?? '') > 1e12, entry?.timestamp)
    }
    assert.deepEqual(messages, ['under fake timers', 'after it'])
  })

  test('the global timers may be missing when a call comes', async (t) => {
    const log_path = logDirectory(t)
    const log = createLogger({ log_path })
    const { setImmediate: original } = globalThis
    // @ts-expect-error -- as a simulated browser does it
    delete globalThis.setImmediate
    try {
      log.system.info('without setImmediate')
      await log.flush()
    } finally {
      globalThis.setImmediate = original
    }
    await log.close()
    assert.match(readFileSync(join(log_path, 'system.log'), 'utf8'), /without setImmediate/)
  })

  test('napSync() waits, also where there is no shared memory', () => {
    const shared = globalThis.SharedArrayBuffer
    try {
      for (const memory of [shared, undefined]) {
        Object.assign(globalThis, { SharedArrayBuffer: memory })
        const start = monotonicMs()
        napSync(5)
        assert.ok(monotonicMs() - start >= 4)
      }
    } finally {
      globalThis.SharedArrayBuffer = shared
    }
  })

  test('no other file of lib/ takes a clock or a timer from the environment', () => {
    const forms =
      /(?<![.\w'])(?:setTimeout|setInterval|setImmediate|queueMicrotask)\(|Date\.now|performance\.now|nextTick|hrtime|node:timers/
    const imported = /^import \{[^}]*\} from '[./]+entry\/clock\.ts'$/gm
    const found = readdirSync('lib', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== join('entry', 'clock.ts'))
      .filter((name) => {
        const text = readFileSync(join('lib', name), 'utf8')
        const own = [...text.matchAll(imported)].join(' ')
        const code = text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '')
        const used = [...code.matchAll(new RegExp(forms, 'g'))].map(([use]) => use.replace('(', ''))
        return used.some((use) => !own.includes(use))
      })
    assert.deepEqual(found, [])
    assert.match('setTimeout(f)', forms)
  })
})
