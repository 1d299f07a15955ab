// One transaction at the door: whichever way an entry comes in, it is counted once and has one
// number.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createLogger, defineEvent, type Logger, Type } from '../../lib/index.ts'
import { linesOf, logDirectory, seqFaults } from '../log-directory.ts'

const straight = defineEvent({
  category: 'system',
  level: 'INFO',
  message: 'straight',
  context: Type.Object({ n: Type.Number() }),
})
const loose = defineEvent({
  category: 'system',
  level: 'INFO',
  message: 'loose',
  context: Type.Object({ list: Type.Array(Type.Number()) }),
})

/** What each way in logs, and how many entries that are. */
const ways: { readonly [way: string]: readonly [entries: number, log: (log: Logger) => void] } = {
  untyped: [1, (log) => log.system.info('m', { a: 1 })],
  'with an error': [1, (log) => log.system.error('m', new Error('e'), { a: 1 })],
  'without a context': [1, (log) => log.system.info('m')],
  'too wide for the lanes': [
    1,
    (log) => log.system.info('m', { list: Array.from({ length: 5000 }, (_, i) => i) }),
  ],
  'an error too wide for the lanes': [
    1,
    (log) => {
      const errors = Array.from({ length: 400 }, (_, i) => ({ at: i, of: [i, i, i] }))
      log.system.error('m', Object.assign(new Error('wide'), { list: errors }), { a: 1 })
    },
  ],
  straight: [1, (log) => log.event(straight)({ n: 1 }, 'A')],
  'a typed event that is not straight': [1, (log) => log.event(loose)({ list: [1] }, 'A')],
  'a typed event that does not match': [1, (log) => log.event(straight)({ n: 'x' as never })],
  'from within another': [
    2,
    (log) =>
      log.system.info('outer', {
        get inner() {
          log.system.info('inner')
          return 1
        },
      }),
  ],
  'a typed one from within another': [
    3,
    (log) =>
      log.system.info('outer', {
        get inner() {
          log.event(straight)({ n: 1 })
          log.event(loose)({ list: [] })
          return 1
        },
      }),
  ],
}

describe('Intake.log()', () => {
  for (const [way, [entries, call]] of Object.entries(ways)) {
    test(`counts and numbers an entry once: ${way}`, async (t) => {
      const directory = logDirectory(t)
      const log = createLogger({ log_path: directory })
      log.system.info('before')
      call(log)
      log.system.info('after')
      await log.flush()
      const { accepted, written, dropped } = log.stats()
      await log.close()
      const lines = linesOf(directory, 'system.log')
      assert.deepEqual([accepted, written, dropped.total], [entries + 2, entries + 2, 0])
      assert.equal(lines.length, entries + 2)
      assert.deepEqual(seqFaults(lines), [])
    })
  }

  test('uses up a number for an entry that finds no room', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, buffer: { entries: 64, on_full: 'drop_new' } })
    for (let i = 0; i < 100; i++) log.system.info('m', { i })
    await log.flush()
    log.system.info('last')
    await log.close()
    const { accepted, written, dropped } = log.stats()
    assert.equal(dropped.INFO, 36)
    assert.equal(accepted, written + dropped.total)
    const last = linesOf(directory, 'system.log').find(({ message }) => message === 'last')
    assert.equal(last!.seq, 102, 'behind 100 calls and the entry that tells of the loss')
  })
})
