// Another configuration for a logger that runs.

import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import {
  ConfigError,
  createLogger,
  defineEvent,
  Type,
  type LogEntry,
  type LoggingConfig,
} from '../../lib/index.ts'
import { createTestLogger } from '../../lib/testing.ts'
import { filesOf, linesOf, logDirectory } from '../log-directory.ts'

/** A `system.json` beside the directory of the logs. */
function fileOf(t: TestContext): { file: string; logs: string; write: (section: object) => void } {
  const logs = logDirectory(t)
  const file = join(dirname(logs), 'system.json')
  mkdirSync(dirname(file), { recursive: true })
  const write = (section: object): void =>
    writeFileSync(file, JSON.stringify({ logging: { log_path: logs, ...section } }))
  return { file, logs, write }
}

describe('Logger.reload()', () => {
  for (const [what, options] of [
    ['bound', {}],
    ['bound and asked for', { context: () => ({ store: 'plain', broker_code: 'A-777' }) }],
  ] as const) {
    it(`masks what is a secret by now, also in what was ${what} before; what was masked stays so`, () => {
      const log = createTestLogger({ redact: { keys: ['old_pin'] } }, options)
      const event = defineEvent({
        category: 'sdk',
        level: 'INFO',
        message: 'typed',
        context: Type.Object({ broker_code: Type.String(), n: Type.Number() }),
      })
      const parent = log.with({
        account_id: 'ACC',
        broker_name: 'B-777',
        old_pin: '4711',
        deep: { list: [{ broker_name: 'C-777' }, 1.5, null], text: 'stays' },
        ['__proto__']: { a: 1 },
        3: 'three',
      })
      const child = parent.with({ broker_code: 'D-777', child: true })
      const [parentEvent, childEvent] = [parent.event(event), child.event(event)]
      const all = (): void => {
        for (const each of [log, parent, child, parent.with({ later: 1 })]) {
          each.system.info('untyped', { own: 1 })
          each.system.info('no context')
          each.system.info('overrides', { child: false, deep: 0 })
        }
        parentEvent({ broker_code: 'E-777', n: 1 })
        childEvent({ broker_code: 'F-777', n: 1 })
      }
      all()
      const before = structuredClone(log.entries)
      assert.match(JSON.stringify(before), /B-777.*C-777.*D-777/)
      log.clear()
      log.reload({ redact: { keys: ['broker_code', 'broker_name'] } })
      log.clear()
      all()
      assert.doesNotMatch(JSON.stringify(log.entries), /-777|4711/)
      const masked = JSON.parse(
        JSON.stringify(before).replaceAll(/"[A-F]-777"/g, '"[REDACTED]"'),
      ) as typeof before
      const contents = (entries: readonly LogEntry[]): unknown[] =>
        entries.map(({ message, context, account_id }) => ({ message, context, account_id }))
      assert.deepEqual(contents(log.entries), contents(masked))
    })
  }

  it('takes a configuration as a whole; each change is an entry of audit, what stays is one WARNING', async (t) => {
    const { file, logs, write } = fileOf(t)
    write({ levels: { sdk: 'debug' }, retention_days: 30 })
    const log = createLogger(file)
    const bound = log.with({ request: 1 })
    write({
      log_level: 'warning',
      rotation: { max_files: 3 },
      file_mode: '0640',
      buffer: { bytes: 65_536 },
    })
    log.reload(file)
    bound.system.info('below')
    bound.system.warning('above')
    assert.deepEqual([log.level(), log.level('sdk')], ['WARNING', 'WARNING'])
    await log.close()
    assert.deepEqual(
      linesOf(logs, 'audit.log').map(({ message }) => message),
      [
        'Level set from INFO to WARNING',
        'Level of sdk set from DEBUG to WARNING',
        'Configuration: retention_days set from 30 to 90',
        'Configuration: rotation.max_files set from 10 to 3',
      ],
    )
    const [change] = linesOf(logs, 'audit.log').slice(-1)
    assert.deepEqual(change?.context, {
      action: 'reload',
      what: 'rotation.max_files',
      from: 10,
      to: 3,
    })
    const lines = linesOf(logs, 'system.log')
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [
        [
          'WARNING',
          'Configuration: what cannot change while the logger runs stays: buffer.bytes, buffer.entry_bytes, file_mode',
        ],
        ['WARNING', 'above'],
      ],
    )
    assert.deepEqual((lines[0]!.context!['stays'] as object[])[2], {
      what: 'file_mode',
      from: '0600',
      to: '0640',
    })
  })

  it('throws a ConfigError and changes nothing, when anything is wrong', (t) => {
    const { file, write } = fileOf(t)
    write({ log_level: 'error' })
    const log = createLogger(file)
    t.after(() => log.close())
    write({ log_level: 'debug', rotation: { max_files: 0 }, retention_days: 0 })
    assert.throws(
      () => log.reload(file),
      (error) => error instanceof ConfigError && error.problems.length === 2,
    )
    writeFileSync(file, '{')
    assert.throws(() => log.reload(file), ConfigError)
    assert.equal(log.level(), 'ERROR')
  })

  it('a level that is set for a time holds until its end, and is then what the configuration says', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const log = createTestLogger()
    log.setLevel('debug', 'sdk', { for_s: 60 })
    log.setLevel('error', 'system')
    log.reload({ levels: { sdk: 'warning' } })
    assert.deepEqual([log.level('sdk'), log.level('system')], ['DEBUG', 'INFO'])
    log.reload({ levels: { sdk: 'critical' } })
    assert.equal(log.level('sdk'), 'DEBUG')
    log.setLevel('info', 'sdk')
    assert.equal(log.level('sdk'), 'INFO')
  })

  it('redaction: keys hold at once, for contexts, messages and typed events that are held', () => {
    const log = createTestLogger()
    const event = defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: 'Seen',
      context: Type.Object({ shoe: Type.String(), size: Type.Number() }),
    })
    const seen = log.event(event)
    const all = (): void => {
      for (let i = 0; i < 3; i++) {
        log.system.info('shoe=brown42', { shoe: 'brown42' })
        seen({ shoe: 'brown42', size: 42 })
      }
    }
    const shown = (): unknown =>
      log.entries.filter(({ category }) => category !== 'audit').slice(-2)
    const texts = (): string => JSON.stringify(shown())
    all()
    assert.match(texts(), /"message":"shoe=brown42","context":\{"shoe":"brown42"\}/)
    log.reload({ redact: { keys: ['shoe'] } })
    all()
    assert.doesNotMatch(texts(), /brown42/)
    log.reload({})
    all()
    assert.match(texts(), /"context":\{"shoe":"brown42","size":42\}/)
    assert.equal(log.stats().mismatched, 0)
  })

  it('the limit of rotation holds for the next batch', async (t) => {
    const logs = logDirectory(t)
    const config: LoggingConfig = { log_path: logs, rotation: { max_size_mb: 50 } }
    const log = createLogger(config)
    const text = 'x'.repeat(1000)
    for (let i = 0; i < 1500; i++) log.system.info('entry', { text })
    await log.flush()
    assert.equal(filesOf(logs, 'system.log').length, 1)
    log.reload({ ...config, rotation: { max_size_mb: 1, max_files: 1 } })
    for (let i = 0; i < 3000; i++) log.system.info('entry', { text })
    await log.close()
    assert.equal(filesOf(logs, 'system.log').length, 2)
  })

  it('durability: written holds for the next call, also of a typed event that is held', (t) => {
    const logs = logDirectory(t)
    const log = createLogger({ log_path: logs })
    t.after(() => log.close())
    const started = log.event(
      defineEvent({
        category: 'service',
        level: 'INFO',
        message: 'Started',
        context: Type.Object({}),
      }),
    )
    log.reload({ log_path: logs, durability: { service: 'written' } })
    started({})
    assert.deepEqual(
      linesOf(logs, 'service.log').map(({ message }) => message),
      ['Started'],
    )
    log.reload({ log_path: logs })
    started({})
    assert.equal(linesOf(logs, 'service.log').length, 1)
  })

  it('a category that is not there, and log_path, stay; nothing is lost on the way', async (t) => {
    const logs = logDirectory(t)
    const log = createLogger({ log_path: logs })
    log.reload({
      log_path: join(logs, 'elsewhere'),
      categories: { orders: {} },
      levels: { orders: 'debug' },
    })
    log.system.info('on')
    await log.close()
    const [said, on] = linesOf(logs, 'system.log')
    assert.match(said!.message, /stays: categories\.orders\.file, levels\.orders, log_path$/)
    assert.equal(on?.message, 'on')
    const { accepted, written } = log.stats()
    assert.equal(accepted, written)
  })

  it('a log_path with places for the instance is the same as it was', async (t) => {
    const logs = logDirectory(t)
    const log = createLogger({ log_path: `${logs}/{instance}` })
    log.reload({ log_path: `${logs}/{instance}` })
    log.system.info('on')
    await log.close()
    assert.deepEqual(
      linesOf(join(logs, '0'), 'system.log').map(({ message }) => message),
      ['on'],
    )
  })

  it('after close() it does nothing', async () => {
    const log = createTestLogger()
    await log.close()
    log.reload({ log_level: 'debug' })
    assert.equal(log.entries.length, 0)
    assert.equal(log.stats().dropped.total, 0)
  })
})
