// A logger without files. `npm run test:processes` uses it in the test runners whose users it is
// for.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it, mock } from 'node:test'
import { defineEvent, Type } from '../../lib/event/event-definition.ts'
import { createTestLogger } from '../../lib/testing.ts'
import { isValidLine } from '../line-schema.ts'
import { project, run } from './test-project.ts'

const root = mkdtempSync(join(tmpdir(), 'ringlog-testing-'))
after(() => rmSync(root, { recursive: true, force: true }))

const orderFilled = defineEvent({
  name: 'order_filled',
  category: 'latency',
  level: 'info',
  message: 'Filled {quantity} {symbol}',
  context: Type.Object({ symbol: Type.String(), quantity: Type.Integer(), api_key: Type.String() }),
})

describe('createTestLogger()', () => {
  it('has each entry at once, in the order of the calls, as a reader gets it', () => {
    const log = createTestLogger({ log_level: 'debug', categories: { latency: {} } })
    const fill = log.event(orderFilled)
    log.system.debug('first', { password: 'p' })
    fill({ symbol: 'MNQ', quantity: 2, api_key: 'k' }, 'ABC123')
    log.sdk.critical('third', new TypeError('no', { cause: new Error('why') }))
    log.with({ request_id: 7 }).category('latency').info('fourth')
    log.logAudit('changed', 'me', { from: 1 })
    const { entries } = log
    assert.deepEqual(
      entries.map(({ category, level, seq, message }) => [category, level, seq, message]),
      [
        ['system', 'DEBUG', 1, 'first'],
        ['latency', 'INFO', 1, 'Filled 2 MNQ'],
        ['sdk', 'CRITICAL', 1, 'third'],
        ['latency', 'INFO', 2, 'fourth'],
        ['audit', 'INFO', 1, 'Audit: changed by me'],
      ],
    )
    for (const entry of entries) assert.ok(isValidLine(entry), JSON.stringify(isValidLine.errors))
    const [first, filled, third, fourth] = entries
    assert.deepEqual(first?.context, { password: '[REDACTED]' })
    assert.equal(filled?.account_id, 'ABC123')
    assert.deepEqual(filled.context, { symbol: 'MNQ', quantity: 2, api_key: '[REDACTED]' })
    assert.equal(third?.exception?.type, 'TypeError')
    assert.deepEqual(fourth?.context, { request_id: 7 })
  })

  it('keeps levels, and changes them', () => {
    const log = createTestLogger({ levels: { sdk: 'error' } })
    log.sdk.warning('no')
    log.system.debug('no')
    assert.deepEqual(log.entries, [])
    log.setLevel('debug')
    log.system.debug('yes')
    assert.deepEqual(
      log.entries.map(({ category }) => category),
      ['audit', 'system'],
      'the change of the level, and what it lets through',
    )
    assert.equal(log.isEnabled('warning', 'sdk'), false)
  })

  it('gives an array that stays as it is, the same one while nothing is logged', () => {
    const log = createTestLogger()
    log.system.info('a')
    const before = log.entries
    assert.equal(log.entries, before)
    log.system.info('b')
    assert.equal(before.length, 1)
    assert.equal(log.entries.length, 2)
    assert.equal(log.entries[0], before[0])
  })

  it('clear() forgets what has been logged, also what has not been asked for, and goes on counting', () => {
    const log = createTestLogger()
    log.system.info('a')
    log.clear()
    log.system.info('b')
    assert.deepEqual(
      log.entries.map(({ message, seq }) => [message, seq]),
      [['b', 2]],
    )
    const { written, queued } = log.stats()
    assert.deepEqual({ written, queued }, { written: 2, queued: 0 })
  })

  it('loses nothing of a burst that no buffer holds, and keeps its order', () => {
    const log = createTestLogger({ buffer: { entries: 64, bytes: 65_536 } })
    for (let n = 0; n < 5_000; n++) (n % 2 === 0 ? log.system : log.sdk).info('n', { n })
    assert.deepEqual(
      log.entries.map(({ context }) => context?.['n']),
      Array.from({ length: 5_000 }, (_, n) => n),
    )
  })

  it('drops where it is configured to, and counts', () => {
    const log = createTestLogger({ buffer: { entries: 64, on_full: 'drop_new' } })
    for (let n = 0; n < 100; n++) log.system.info('n')
    assert.equal(log.stats().dropped.INFO, 36)
    assert.deepEqual(
      log.entries.slice(63).map(({ message }) => message),
      ['n', '36 entries were lost'],
    )
  })

  it('is asked from within a getter that is being logged', () => {
    const log = createTestLogger()
    let seen: number | undefined
    log.system.info('outer', {
      get inner() {
        log.system.info('inner')
        seen = log.entries.length
        return 1
      },
    })
    assert.equal(seen, 0)
    assert.deepEqual(
      log.entries.map(({ message }) => message),
      ['outer', 'inner'],
    )
  })

  it('resolves flush() and close() while all timers are faked, and counts what comes afterwards', async () => {
    mock.timers.enable()
    const remark = mock.method(process.stderr, 'write', () => true)
    try {
      const log = createTestLogger()
      log.system.info('a')
      await log.flush()
      assert.equal(log.stats().written, 1)
      log.system.info('b')
      await log.close()
      log.system.info('late')
      assert.equal(log.entries.length, 2)
      assert.equal(log.stats().dropped.INFO, 1)
    } finally {
      remark.mock.restore()
      mock.timers.reset()
    }
  })

  it('makes no files, also where the configuration names a directory', async () => {
    const path = join(root, 'never')
    writeFileSync(join(root, 'system.json'), JSON.stringify({ logging: { log_path: path } }))
    const log = createTestLogger(join(root, 'system.json'))
    log.error.error('a')
    assert.equal(log.entries.length, 1)
    await log.close()
    assert.deepEqual(readdirSync(root), ['system.json'])
  })

  it('takes categories of any name; entries and clear stay its own', () => {
    const log = createTestLogger({ categories: { entries: {}, latency: {} } })
    log.category('entries').info('a')
    log.latency.info('b')
    assert.deepEqual(
      log.entries.map(({ category }) => category),
      ['entries', 'latency'],
    )
  })

  it('leaves no listener, and is collected when nobody holds it', () => {
    const directory = project(root, 'program')
    writeFileSync(
      join(directory, 'program.mjs'),
      `import { createTestLogger } from 'ringlog/testing'
const before = process.listenerCount('exit')
const refs = []
for (let n = 0; n < 50; n++) {
  const log = createTestLogger()
  log.system.info('a', { n })
  log.error.error('b', new Error('c'))
  if (n % 2 === 0 && log.entries.length !== 2) throw new Error('entries')
  refs.push(new WeakRef(log))
}
await new Promise((resolve) => setTimeout(resolve))
gc()
const alive = refs.filter((ref) => ref.deref() !== undefined).length
console.log(JSON.stringify({ alive, listeners: process.listenerCount('exit') - before }))`,
    )
    const { stdout } = run(['--expose-gc', 'program.mjs'], directory)
    // The last one may still be held by the frame of the loop.
    const { alive, listeners } = JSON.parse(stdout) as { alive: number; listeners: number }
    assert.ok(alive <= 1, `${alive} alive`)
    assert.equal(listeners, 0)
  })
})
