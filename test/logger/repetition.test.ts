// `logging.repetition` from the call to the file.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLogger, defineEvent, Type, verifyLogs, type LoggingConfig } from '../../lib/index.ts'
import { createTestLogger } from '../../lib/testing.ts'
import { assertBalanced, type Line, linesOf, logDirectory, seqFaults } from '../log-directory.ts'

const tick = defineEvent({
  name: 'tick',
  category: 'sdk',
  level: 'INFO',
  message: 'Tick of {symbol}',
  context: Type.Object({ symbol: Type.String(), price: Type.Number() }),
})

/** Lines as a person sees them. */
function seen(lines: readonly Pick<Line, 'message' | 'context'>[]): string[] {
  return lines.map(({ message, context }) =>
    typeof context?.['n'] === 'number' ? `${message} ${context['n']}` : message,
  )
}

const config: LoggingConfig = { repetition: { fold_s: 60 } }

describe('repetition', () => {
  it('folds a storm into its first entry, a count and its last, told by stats(); off by default', () => {
    const folding = createTestLogger(config)
    const plain = createTestLogger({})
    for (const log of [folding, plain]) {
      for (let n = 0; n < 100; n++) log.system.info('Connection lost', { n })
    }
    assert.equal(plain.entries.length, 100)
    assert.deepEqual(seen(folding.entries as Line[]), [
      'Connection lost 0',
      '98 entries of the same call were folded: Connection lost',
      'Connection lost 99',
    ])
    const { context, timestamp } = folding.entries[1]!
    assert.deepEqual(Object.keys(context!), ['folded', 'from', 'to'])
    assert.equal(context!['folded'], 98)
    assert.equal(Date.parse(String(context!['to'])), Date.parse(timestamp))
    assert.ok(Date.parse(String(context!['from'])) <= Date.parse(timestamp))
    const { accepted, written, folded, queued, levels } = folding.stats()
    assert.deepEqual([accepted, written, folded, queued], [101, 3, 98, 0])
    assert.equal(levels.INFO, 101, 'with the one that counts')
    assert.equal(plain.stats().folded, 0)
  })

  it('takes for the same call: category, level and message; of a typed event the event', () => {
    const log = createTestLogger(config)
    const call = log.event(tick)
    const bound = log.with({ request: 7 }).event(tick)
    for (let n = 0; n < 3; n++) {
      log.system.info('m', { n })
      log.sdk.info('m', { n })
      log.system.warning('m', { n })
      log.system.info('other', { n })
      call({ symbol: `S${n}`, price: n })
      bound({ symbol: `B${n}`, price: n }, 'ACC')
    }
    const of = (name: string): unknown[] =>
      log.entries.filter(({ message }) => message.includes(name)).map(({ message }) => message)
    assert.deepEqual(of('Tick'), [
      'Tick of S0',
      '4 entries of the same call were folded: Tick of {symbol}',
      'Tick of B2',
    ])
    const last = log.entries.findLast(({ event }) => event === 'tick')!
    assert.deepEqual(last.context, { request: 7, symbol: 'B2', price: 2 })
    assert.equal(last.account_id, 'ACC')
    const count = log.entries.find(({ context }) => context?.['folded'] === 4)!
    assert.equal(count.context!['event'], 'tick')
    assert.equal(of('of the same call').length, 5)
    assert.deepEqual(
      log.entries.map(({ lsn }) => lsn),
      log.entries.map((_, i) => i + 1),
    )
  })

  it('keeps the values at the moment of the call: context, account, error, request, trace', () => {
    const trace = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) }
    let request = 0
    const log = createTestLogger(
      { repetition: { fold_s: 60, max_level: 'critical' } },
      { context: () => ({ request: ++request }), trace: () => trace },
    )
    const data = { account_id: 'A', list: [1], deep: { text: 'x' } }
    for (let n = 0; n < 3; n++) {
      data.account_id = `A${n}`
      data.list.push(n)
      log.system.error('m', new Error(`e${n}`, { cause: new Error('inner') }), data)
    }
    data.deep.text = 'changed'
    const last = log.entries.at(-1)!
    assert.equal(log.entries.length, 3)
    assert.deepEqual(last.context, { request: 3, list: [1, 0, 1, 2], deep: { text: 'x' } })
    assert.deepEqual([last.account_id, last.exception?.message], ['A2', 'e2'])
    assert.equal(last.trace_id, trace.trace_id)
    assert.equal(log.entries[1]!.trace_id, undefined, 'the count belongs to no request')
  })

  it('spares audit, ERROR and above, and what is written before its call returns, as configured', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      repetition: { fold_s: 60 },
      durability: { service: 'written' },
    })
    for (let n = 0; n < 5; n++) {
      log.audit.info('m')
      log.system.error('m')
      log.service.info('m')
      log.enforcement.info('m')
    }
    await log.close()
    const counts = ['audit', 'system', 'service', 'enforcement'].map(
      (name) => linesOf(directory, `${name}.log`).length,
    )
    assert.deepEqual(counts, [5, 5, 5, 3])
    const all = createTestLogger({
      repetition: { fold_s: 60, max_level: 'critical', except: ['enforcement'] },
    })
    for (let n = 0; n < 5; n++) {
      all.audit.info('m')
      all.system.critical('m')
      all.enforcement.info('m')
    }
    assert.equal(all.entries.length, 3 + 3 + 5)
  })

  it('folds nothing of what the library says itself', () => {
    const log = createTestLogger({
      repetition: { fold_s: 60, max_level: 'critical', except: [] },
    })
    for (let n = 0; n < 3; n++) {
      log.setLevel('debug')
      log.setLevel('info')
    }
    assert.equal(log.entries.length, 6)
    assert.equal(log.stats().folded, 0)
  })

  it('writes so many whole as burst says, before it folds', () => {
    const log = createTestLogger({ repetition: { fold_s: 60, burst: 4 } })
    for (let n = 0; n < 5; n++) log.system.info('m', { n })
    assert.deepEqual(seen(log.entries as Line[]), ['m 0', 'm 1', 'm 2', 'm 3', 'm 4'])
    for (let n = 5; n < 9; n++) log.system.info('m', { n })
    assert.deepEqual(seen(log.entries.slice(5) as Line[]), [
      '3 entries of the same call were folded: m',
      'm 8',
    ])
  })

  it('writes copies of what it holds to error.log; verify finds nothing amiss', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      repetition: { fold_s: 60, max_level: 'critical' },
    })
    for (let n = 0; n < 50; n++) {
      log.enforcement.error('Order rejected', { n })
      log.system.info(`other ${n}`)
    }
    await log.flush()
    const expected = [
      'Order rejected 0',
      '48 entries of the same call were folded: Order rejected',
      'Order rejected 49',
    ]
    assert.deepEqual(seen(linesOf(directory, 'error.log')), expected)
    assert.deepEqual(seen(linesOf(directory, 'enforcement.log')), expected)
    for (let n = 50; n < 60; n++) log.enforcement.error('Order rejected', { n })
    await log.close()
    const lines = linesOf(directory, 'enforcement.log')
    assert.deepEqual(seen(lines.slice(3)), [
      '9 entries of the same call were folded: Order rejected',
      'Order rejected 59',
    ])
    assert.deepEqual(seqFaults(lines), [])
    const stats = log.stats()
    assert.equal(stats.queued, 0)
    assertBalanced(stats)
    const { faults } = await verifyLogs({ log_path: directory })
    assert.deepEqual(faults, [])
  })

  it('is taken up and given up by reload(), typed events included; what is held is written first', () => {
    const log = createTestLogger({})
    const call = log.event(tick)
    const storm = (): void => {
      for (let price = 0; price < 5; price++) call({ symbol: 'S', price })
      for (let n = 0; n < 5; n++) log.system.info('m', { n })
    }
    const written = (): number => log.entries.filter(({ category }) => category !== 'audit').length
    storm()
    assert.equal(written(), 10)
    log.clear()
    log.reload(config)
    storm()
    log.reload({})
    storm()
    const lines = log.entries.filter(({ category }) => category !== 'audit')
    assert.equal(lines.length, 6 + 10)
    assert.deepEqual(
      lines.slice(0, 2).map(({ context }) => context),
      [{ symbol: 'S', price: 0 }, { n: 0 }],
    )
    assert.deepEqual(log.stats().folded, 6)
  })

  it('writes what is held when the time is over, with nobody asking', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, repetition: { fold_s: 1 } })
    for (let n = 0; n < 10; n++) log.system.info('m', { n })
    // The timer keeps nothing alive.
    const alive = setInterval(() => {}, 1000)
    while (log.stats().written < 3) await new Promise((resolve) => setTimeout(resolve, 20))
    clearInterval(alive)
    for (let n = 10; n < 12; n++) log.system.info('m', { n })
    await log.close()
    assert.deepEqual(seen(linesOf(directory, 'system.log')), [
      'm 0',
      '8 entries of the same call were folded: m',
      'm 9',
      'm 10',
      'm 11',
    ])
  })
})
