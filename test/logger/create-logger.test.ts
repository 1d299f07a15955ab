// createLogger() from the outside: what is called, and what then stands in the files.

import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ConfigError, createLogger, defineEvent, type LoggerStats, Type } from '../../lib/index.ts'
import { filesOf, linesOf, logDirectory, modeOf, seqFaults } from '../log-directory.ts'
import { isValidLine } from '../line-schema.ts'

const files = ['audit.log', 'enforcement.log', 'error.log', 'service.log', 'system.log']
const inDirectory = [...files, 'ringlog.1.lock'].toSorted()

function assertBalanced(stats: LoggerStats): void {
  const { accepted, written, queued, dropped, diverted } = stats
  assert.equal(accepted, written + queued + dropped.total + diverted)
}

describe('createLogger()', () => {
  test('makes the five files, 0600, in a directory 0700, whatever the umask', async (t) => {
    for (const mask of [0o000, 0o022, 0o077, 0o777]) {
      const directory = logDirectory(t)
      const before = process.umask(mask)
      try {
        await createLogger({ log_path: directory }).close()
      } finally {
        process.umask(before)
      }
      assert.deepEqual(readdirSync(directory).toSorted(), inDirectory)
      assert.equal(modeOf(directory), 0o700)
      for (const file of inDirectory) assert.equal(modeOf(join(directory, file)), 0o600)
    }
  })

  test('takes permissions away from a file that others could read', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'system.log'), '')
    chmodSync(join(directory, 'system.log'), 0o644)
    await createLogger({ log_path: directory }).close()
    assert.equal(modeOf(join(directory, 'system.log')), 0o600)
  })

  test('writes each category to its file, and errors of all to error.log as well', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, log_level: 'debug' })
    for (const name of ['system', 'enforcement', 'error', 'audit', 'sdk', 'service'] as const) {
      log[name].debug(`${name} d`)
      log[name].warning(`${name} w`)
      log[name].error(`${name} e`)
      log[name].critical(`${name} c`)
    }
    await log.close()
    const messages = (file: string): string[] =>
      linesOf(directory, file).map(({ message }) => message)
    const all = (name: string): string[] => [`${name} d`, `${name} w`, `${name} e`, `${name} c`]
    const grave = (name: string): string[] => [`${name} e`, `${name} c`]
    assert.deepEqual(messages('system.log'), [...all('system'), ...all('sdk')])
    assert.deepEqual(messages('enforcement.log'), all('enforcement'))
    assert.deepEqual(messages('audit.log'), all('audit'))
    assert.deepEqual(messages('service.log'), all('service'))
    assert.deepEqual(messages('error.log'), [
      ...grave('system'),
      ...grave('enforcement'),
      ...all('error'),
      ...grave('audit'),
      ...grave('sdk'),
      ...grave('service'),
    ])
    assert.equal(log.stats().accepted, 24)
    assert.equal(log.stats().written, 24)
    assertBalanced(log.stats())
  })

  test('writes an entry as the format says, key by key', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const before = Date.now()
    log.enforcement.info('Position closed', {
      rule: 'Loss',
      account_id: 'ABC123',
      violation: { limit: -200 },
    })
    log.error.error('failed', Object.assign(new RangeError('bad'), { code: 'E1', cause: 'why' }), {
      a: 1,
    })
    await log.close()
    const [closed] = linesOf(directory, 'enforcement.log')
    assert.deepEqual(Object.keys(closed!), [
      'timestamp',
      'level',
      'category',
      'account_id',
      'message',
      'context',
      'seq',
    ])
    assert.match(closed!.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/)
    assert.ok(
      Date.parse(closed!.timestamp) >= before && Date.parse(closed!.timestamp) <= Date.now(),
    )
    assert.deepEqual(
      { ...closed, timestamp: '' },
      {
        timestamp: '',
        level: 'INFO',
        category: 'enforcement',
        account_id: 'ABC123',
        message: 'Position closed',
        context: { rule: 'Loss', violation: { limit: -200 } },
        seq: 1,
      },
    )
    const [failed] = linesOf(directory, 'error.log')
    assert.deepEqual(Object.keys(failed!), [
      'timestamp',
      'level',
      'category',
      'message',
      'context',
      'exception',
      'seq',
    ])
    assert.deepEqual(Object.keys(failed!.exception!), [
      'type',
      'message',
      'stack_trace',
      'code',
      'cause',
    ])
  })

  test('accepts whatever is passed, and makes one valid line of it', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const hostile = {
      get a(): never {
        throw new Error('a')
      },
      toString(): never {
        throw new Error('b')
      },
    }
    const cyclic: Record<string, unknown> = {}
    cyclic['cyclic'] = cyclic
    const things: unknown[] = [
      undefined,
      null,
      0,
      -0,
      Number.NaN,
      17n,
      '',
      'text',
      true,
      Symbol('s'),
      () => 1,
      [],
      [1],
      {},
      hostile,
      cyclic,
      proxy,
      new Error('e'),
      new Map([[1, 2]]),
      new Set([1]),
      Buffer.from('b'),
      new Date(Number.NaN),
      Object.create(null),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('get')
          },
        },
      ),
      JSON.parse('{"__proto__":1}'),
      'x'.repeat(200_000),
      Array.from({ length: 20_000 }, (_, i) => i),
    ]
    let calls = 0
    for (const one of things) {
      for (const other of [undefined, one, new Error('other'), { context: one }]) {
        log.system.info(one as string, other, one as object)
        log.logEnforcement(one as string, other as string, one as string, one as object)
        log.logError(one as string, one, other as object)
        log.logAudit(one as string, one as string, other as object)
        log.logSystem(one as 'INFO', other as string, one as object)
        log.with(one as object).sdk.error(other as string, one)
        calls += 6
      }
    }
    assert.equal(log.stats().accepted, calls)
    await log.close()
    assert.equal(log.stats().written, calls)
    assertBalanced(log.stats())
    const lines = files.flatMap((file) =>
      linesOf(directory, file).filter(
        ({ category }) => file !== 'error.log' || category === 'error',
      ),
    )
    assert.equal(lines.length, calls)
    for (const line of lines) assert.ok(isValidLine(line), JSON.stringify(isValidLine.errors))
  })

  test('logs the values of the moment of the call', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const order = { id: 1, fills: [{ price: 1 }] }
    const error = new Error('before')
    log.system.info('order', order)
    log.system.error('error', error)
    order.id = 2
    order.fills[0]!.price = 2
    error.message = 'after'
    await log.close()
    const [first, second] = linesOf(directory, 'system.log')
    assert.deepEqual(first!.context, { id: 1, fills: [{ price: 1 }] })
    assert.equal(second!.exception!.message, 'before')
  })

  test('a call from within a getter that is being captured comes right after its caller', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.system.info('outer', {
      before: 1,
      get inner() {
        log.system.info('inner', new Error('e'), { n: 1 })
        return 'value'
      },
      after: 2,
    })
    log.system.info('next')
    await log.close()
    const lines = linesOf(directory, 'system.log')
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['outer', 'inner', 'next'],
    )
    assert.deepEqual(lines[0]!.context, { before: 1, inner: 'value', after: 2 })
    assert.equal(lines[1]!.exception!.message, 'e')
    assert.deepEqual(
      lines.map(({ seq }) => seq).toSorted((a, b) => a - b),
      [1, 2, 3],
    )
  })

  test('a getter that logs its own object ends', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const endless = {
      get self(): string {
        log.system.info('again', endless)
        return 's'
      },
    }
    log.system.info('first', endless)
    await log.close()
    assertBalanced(log.stats())
    assert.ok(log.stats().dropped.total >= 1)
    assert.equal(linesOf(directory, 'system.log')[0]!.message, 'first')
  })

  test('does nothing below the level, and changes levels while it runs', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      log_level: 'warning',
      levels: { sdk: 'debug' },
    })
    const child = log.with({ child: true })
    log.system.info('no')
    log.sdk.debug('yes 1')
    assert.equal(log.isEnabled('debug'), true)
    assert.equal(log.isEnabled('INFO', 'system'), false)
    log.setLevel('INFO')
    log.system.info('yes 2')
    child.system.info('yes 3')
    log.sdk.debug('yes 4')
    log.setLevel('critical', 'sdk')
    log.sdk.error('no')
    child.sdk.critical('yes 5')
    assert.throws(() => log.setLevel('loud' as 'info'), {
      name: 'RangeError',
      message: /expected one of DEBUG/,
    })
    assert.throws(() => log.setLevel('info', 'nowhere'), {
      name: 'RangeError',
      message: /got nowhere/,
    })
    assert.throws(() => log.category('nowhere'), RangeError)
    await log.close()
    assert.deepEqual(
      linesOf(directory, 'system.log').map(({ message }) => message),
      ['yes 1', 'yes 2', 'yes 3', 'yes 4', 'yes 5'],
    )
    assert.equal(log.stats().accepted, 5)
  })

  test('logEnforcement() and logAudit(): the arguments win, the message says what was done', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.logEnforcement('ABC', 'Loss', 'close', {
      rule: 'forged',
      action: 'forged',
      account_id: 'forged',
      x: 1,
    })
    log.logAudit('limit changed', 'alice', { actor: 'forged', old: 1, new: 2 })
    await log.close()
    const [enforced] = linesOf(directory, 'enforcement.log')
    assert.equal(enforced!.account_id, 'ABC')
    assert.equal(enforced!.message, 'Enforcement action: close for rule Loss')
    assert.deepEqual(enforced!.context, { rule: 'Loss', action: 'close', x: 1 })
    const [audited] = linesOf(directory, 'audit.log')
    assert.equal(audited!.message, 'Audit: limit changed by alice')
    assert.deepEqual(audited!.context, { action: 'limit changed', actor: 'alice', old: 1, new: 2 })
  })

  test("with(): bound fields stand in every entry, and account_id becomes the entry's", async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, categories: { latency: {} } })
    const bindings = { account_id: 'A', strategy: 's', token: 'CANARY' }
    const bound = log.with(bindings).with({ venue: 'v', strategy: 't' })
    bindings.strategy = 'changed'
    bound.enforcement.info('one')
    bound.enforcement.info('two', { strategy: 'own', n: 1 })
    bound.logEnforcement('B', 'R', 'a', {})
    bound.category('latency').info('three')
    ;(bound as unknown as { latency: typeof bound.system }).latency.info('four')
    await log.close()
    const [one, two, three] = linesOf(directory, 'enforcement.log')
    assert.equal(one!.account_id, 'A')
    assert.deepEqual(one!.context, { strategy: 't', token: '[REDACTED]', venue: 'v' })
    assert.deepEqual(two!.context, { token: '[REDACTED]', venue: 'v', strategy: 'own', n: 1 })
    assert.equal(three!.account_id, 'B')
    assert.equal(linesOf(directory, 'latency.log').length, 2)
    assert.ok(!readFileSync(join(directory, 'enforcement.log'), 'utf8').includes('CANARY'))
  })

  test('configured categories are members, may share a file, and never hide a method', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      categories: {
        latency: { file: 'perf.log' },
        memory: { file: 'perf.log' },
        orders: { file: 'enforcement.log' },
        flush: {},
      },
    })
    log.latency.info('l')
    log.memory.info('m')
    log.orders.error('o')
    log.category('flush').info('f')
    await log.flush()
    assert.deepEqual(
      linesOf(directory, 'perf.log').map(({ category, seq }) => [category, seq]),
      [
        ['latency', 1],
        ['memory', 1],
      ],
    )
    assert.equal(linesOf(directory, 'enforcement.log')[0]!.category, 'orders')
    assert.equal(linesOf(directory, 'error.log')[0]!.category, 'orders')
    assert.equal(linesOf(directory, 'flush.log')[0]!.message, 'f')
    await log.close()
  })

  test('event(): typed entries, and a mismatch is logged as it is and counted', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const filled = defineEvent({
      name: 'filled',
      category: 'sdk',
      level: 'INFO',
      message: 'Order {id} filled',
      context: Type.Object({ id: Type.String(), price: Type.Number() }),
    })
    const logFilled = log.event(filled)
    logFilled({ id: 'a', price: 1 }, 'ABC')
    logFilled({ id: 'b', price: 'x' as unknown as number })
    logFilled(undefined as never)
    logFilled({
      get id(): string {
        throw new Error('no')
      },
      price: 2,
    })
    await log.close()
    const lines = linesOf(directory, 'system.log')
    assert.deepEqual(
      lines.map(({ message }) => message),
      [
        'Order a filled',
        'Order b filled',
        'Order undefined filled',
        'Order [Throws: Error: no] filled',
      ],
    )
    assert.equal(lines[0]!.account_id, 'ABC')
    assert.equal(lines[0]!.event, 'filled')
    assert.deepEqual(lines[1]!.context, { id: 'b', price: 'x' })
    assert.equal(log.stats().mismatched, 3)
    assert.throws(() => log.event({ ...filled, category: 'nowhere' }), RangeError)
  })

  test('numbers go on after a restart, per category, also from rotated files', async (t) => {
    const directory = logDirectory(t)
    const config = { log_path: directory, rotation: { max_size_mb: 1 } }
    for (let run = 0; run < 3; run++) {
      const log = createLogger(config)
      for (let i = 0; i < 100; i++) log.sdk.info(`sdk ${run}`)
      for (let i = 0; i < 3000; i++) log.system.info(`system ${run}`, { text: 'x'.repeat(400) })
      for (let i = 0; i < 10; i++) log.audit.error(`audit ${run}`)
      await log.close()
    }
    const lines = linesOf(directory, 'system.log')
    assert.ok(filesOf(directory, 'system.log').length > 1)
    assert.deepEqual(seqFaults(lines.filter(({ category }) => category === 'sdk')), [])
    assert.deepEqual(seqFaults(lines.filter(({ category }) => category === 'system')), [])
    assert.deepEqual(seqFaults(linesOf(directory, 'audit.log')), [])
    assert.equal(lines.length, 9300)
  })

  test('ends a torn last line, says so, and cuts nothing', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.audit.info('whole')
    await log.close()
    const torn = '{"timestamp":"2026-01-01T00:00:00.000+00:00","level":"INFO","categ'
    const path = join(directory, 'audit.log')
    writeFileSync(path, torn, { flag: 'a' })
    const next = createLogger({ log_path: directory })
    next.audit.info('after')
    await next.close()
    const [first, second, third] = readFileSync(path, 'utf8').split('\n')
    assert.equal(JSON.parse(first!).message, 'whole')
    assert.equal(second, torn)
    assert.deepEqual([JSON.parse(third!).message, JSON.parse(third!).seq], ['after', 2])
    const [told] = linesOf(directory, 'system.log')
    assert.equal(told!.level, 'WARNING')
    assert.deepEqual(told!.context, { file: 'audit.log', torn_bytes: torn.length })
  })

  test('structured_format: false writes human lines, exceptions indented below', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, structured_format: false })
    log.enforcement.info('Position closed', { account_id: 'ABC123' })
    log.enforcement.error('Failed', new Error('rejected', { cause: new Error('limit') }))
    await log.close()
    const lines = readFileSync(join(directory, 'enforcement.log'), 'utf8').split('\n')
    assert.match(
      lines[0]!,
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] INFO  \| enforcement \| ABC123 \| Position closed$/,
    )
    assert.match(lines[1]!, /^\[.*\] ERROR \| enforcement \| Failed$/)
    assert.ok(
      lines.slice(2, -1).length > 2 && lines.slice(2, -1).every((line) => line.startsWith(' ')),
    )
    assert.match(lines.slice(2).join('\n'), /rejected[^]*limit/)
  })

  test('escapes what could drive a terminal, in keys and values, to the same values', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const nasty =
      'a\u001b[31m\u007f\u009b31m\u202e\u2066\u2028\u2029\u061c\u200f\u0085 é 漢 😀 \ud800'
    log.system.info(nasty, { [nasty]: nasty })
    log.system.info('del only \u007f')
    await log.close()
    const bytes = readFileSync(join(directory, 'system.log'), 'utf8')
    assert.doesNotMatch(
      bytes,
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/,
    )
    const [line, second] = linesOf(directory, 'system.log')
    assert.equal(line!.message, nasty)
    assert.deepEqual(line!.context, { [nasty]: nasty })
    assert.equal(second!.message, 'del only \u007f')
  })

  test('cuts the longest strings of an entry above entry_bytes, and marks them', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, buffer: { entry_bytes: 4096 } })
    log.system.info('long', { short: 'kept', long: 'é'.repeat(5000), list: ['x'.repeat(3000)] })
    log.system.info('m'.repeat(10_000))
    log.system.info('many', { list: Array.from({ length: 3000 }, (_, i) => i) })
    const typed = defineEvent({
      category: 'system',
      level: 'INFO',
      message: '{a}',
      context: Type.Object({ a: Type.String(), b: Type.String() }),
    })
    log.event(typed)({ a: 'a'.repeat(9000), b: 'kept' })
    await log.close()
    const text = readFileSync(join(directory, 'system.log'), 'utf8')
    for (const line of text.split('\n'))
      assert.ok(Buffer.byteLength(line) <= 4096, `${Buffer.byteLength(line)} bytes`)
    const [long, message, , event] = linesOf(directory, 'system.log')
    assert.equal(long!.context!['short'], 'kept')
    assert.match(long!.context!['long'] as string, /^é+…\[\d+ more characters\]$/)
    assert.match(message!.message, /^m+…\[\d+ more characters\]$/)
    assert.equal(event!.context!['b'], 'kept')
  })

  test('throws one ConfigError for a wrong configuration, before it touches the disk', (t) => {
    const directory = logDirectory(t)
    assert.throws(
      () =>
        createLogger({
          log_path: directory,
          log_level: 'loud',
          rotation: { max_size_mb: 900 },
        } as never),
      (error) => error instanceof ConfigError && error.problems.length === 2,
    )
    assert.throws(() => statSync(directory), { code: 'ENOENT' })
  })

  test('takes the logging section of a file', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { recursive: true })
    const file = join(directory, 'system.json')
    writeFileSync(
      file,
      JSON.stringify({
        daemon: { x: 1 },
        logging: { log_path: join(directory, 'logs'), log_level: 'error' },
      }),
    )
    const log = createLogger(file)
    assert.equal(log.isEnabled('warning'), false)
    await log.close()
    assert.deepEqual(readdirSync(join(directory, 'logs')).toSorted(), inDirectory)
  })

  test('is closed once, by await using too, and counts what comes after as dropped', async (t) => {
    const directory = logDirectory(t)
    const outside = await (async () => {
      await using log = createLogger({ log_path: directory })
      log.system.info('inside')
      return log
    })()
    assert.equal(linesOf(directory, 'system.log').length, 1)
    await outside.close()
    outside.system.info('late')
    outside.flushSync()
    await outside.flush()
    assert.equal(outside.stats().dropped.INFO, 1)
    assertBalanced(outside.stats())
  })
})

describe('Logger.flush()', () => {
  test('resolves when all entries accepted before it are in the files', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 500; i++) log[i % 2 === 0 ? 'system' : 'audit'].error(`r${round} ${i}`)
      await log.flush()
      assert.equal(linesOf(directory, 'system.log').length, (round + 1) * 250)
      assert.equal(linesOf(directory, 'audit.log').length, (round + 1) * 250)
      assert.equal(linesOf(directory, 'error.log').length, (round + 1) * 500)
    }
    await log.close()
  })
})

describe('Logger.flushSync()', () => {
  test('writes before it returns, in order with what was under way, also across rotations', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, rotation: { max_size_mb: 1, max_files: 50 } })
    let n = 0
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 300; i++) log.system.info(`n ${n++}`, { text: 'x'.repeat(300) })
      // At times a batch is in flight, at times a rotation is under way, at times nothing is.
      for (let turn = 0; turn < round % 4; turn++) await new Promise(setImmediate)
      log.flushSync()
      assert.equal(log.stats().written, n)
    }
    await log.close()
    const lines = linesOf(directory, 'system.log')
    assert.equal(lines.length, n)
    assert.deepEqual(seqFaults(lines), [])
  })
})

describe('buffer.on_full', () => {
  const rounds = async (
    t: Parameters<typeof logDirectory>[0],
    on_full: 'block' | 'drop_new' | 'drop_old',
  ): Promise<{ lines: ReturnType<typeof linesOf>; stats: LoggerStats }> => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, buffer: { entries: 64, on_full } })
    for (let i = 0; i < 1000; i++) log.system.info(`n ${i}`)
    await log.flush()
    log.system.info('after')
    await log.flush()
    await log.close()
    return { lines: linesOf(directory, 'system.log'), stats: log.stats() }
  }
  test('block loses nothing', async (t) => {
    const { lines, stats } = await rounds(t, 'block')
    assert.equal(stats.written, 1001)
    assert.deepEqual(seqFaults(lines), [])
  })
  test('drop_new keeps the oldest, drop_old the newest; both count the rest and say so in the file', async (t) => {
    for (const policy of ['drop_new', 'drop_old'] as const) {
      const { lines, stats } = await rounds(t, policy)
      assert.equal(stats.dropped.INFO, 936)
      assertBalanced(stats)
      const kept = lines.filter(({ message }) => message.startsWith('n '))
      assert.equal(kept.length, 64)
      assert.equal(kept[0]!.message, policy === 'drop_new' ? 'n 0' : 'n 936')
      const told = lines.find(({ message }) => message.includes('were lost'))
      assert.deepEqual(told!.context, { dropped: { INFO: 936 } })
    }
  })
})

describe('files that fail', () => {
  test('an unusable directory is no exception: one line on stderr, and entries are written when it can be used', async (t) => {
    const directory = logDirectory(t)
    writeFileSync(directory, 'a file stands here')
    const log = createLogger({ log_path: join(directory, 'logs'), console: 'off' })
    log.system.info('one')
    await assert.rejects(log.flush(), { name: 'NotWrittenError', code: 'RINGLOG_NOT_WRITTEN' })
    assert.equal(log.stats().queued, 1)
    rmSync(directory)
    await retried(log)
    assert.deepEqual(
      linesOf(join(directory, 'logs'), 'system.log')
        .map(({ message }) => message.slice(0, 8))
        .slice(0, 2),
      ['one', 'Log file'],
    )
    await log.close()
    assertBalanced(log.stats())
  })

  test('what does not fit the buffer goes by level, the lowest first, and is told in the file', async (t) => {
    const directory = logDirectory(t)
    writeFileSync(directory, 'a file stands here')
    const log = createLogger({
      log_path: join(directory, 'logs'),
      log_level: 'debug',
      console: 'off',
      buffer: { entries: 64, bytes: 1 << 20 },
    })
    const padding = 'x'.repeat(1000)
    for (let i = 0; i < 500; i++) {
      log.audit.debug('d', { padding })
      log.audit.info('i', { padding })
      log.audit.warning('w', { padding })
    }
    log.flushSync()
    const { dropped, queued } = log.stats()
    // Of the lowest level some were with the file already when it failed, and some came last, when there was room.
    assert.ok(dropped.DEBUG > 350 && dropped.INFO > 0 && dropped.INFO < dropped.DEBUG)
    assert.equal(dropped.WARNING, 0)
    assert.ok(queued * 1000 < 1.1 * (1 << 20))
    rmSync(directory)
    await retried(log)
    await log.close()
    assertBalanced(log.stats())
    const lines = linesOf(join(directory, 'logs'), 'audit.log')
    assert.equal(lines.filter(({ level }) => level === 'WARNING').length, 500)
    assert.equal(lines.length, 1500 - dropped.total)
    const seqs = lines.map(({ seq }) => seq)
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    )
    const told = linesOf(join(directory, 'logs'), 'system.log').flatMap(({ context }) =>
      context?.['dropped'] === undefined ? [] : [context['dropped']],
    )
    assert.deepEqual(told, [{ DEBUG: dropped.DEBUG, INFO: dropped.INFO }])
  })

  test('a file removed or renamed under us is written anew; nothing after that is lost', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    log.system.info('before')
    await log.flush()
    renameSync(join(directory, 'system.log'), join(directory, 'moved'))
    log.system.info('into the renamed one')
    await log.flush()
    log.system.info('into the new one')
    await log.flush()
    rmSync(join(directory, 'system.log'))
    log.system.info('again')
    await log.flush()
    await log.close()
    const moved = readFileSync(join(directory, 'moved'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message as string)
    assert.deepEqual(moved, ['before', 'into the renamed one'])
    assert.deepEqual(
      linesOf(directory, 'system.log').map(({ message }) => message),
      ['again'],
    )
  })

  test('a link in place of a file is refused, and what it points to is untouched', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(directory, { recursive: true })
    const victim = join(directory, 'victim')
    writeFileSync(victim, 'precious')
    const { symlinkSync } = await import('node:fs')
    symlinkSync(victim, join(directory, 'audit.log'))
    const log = createLogger({ log_path: directory, console: 'off' })
    log.audit.info('no')
    log.system.info('yes')
    await assert.rejects(log.close(), { code: 'RINGLOG_NOT_WRITTEN' })
    assert.equal(readFileSync(victim, 'utf8'), 'precious')
    assert.equal(linesOf(directory, 'system.log')[0]!.message, 'yes')
    assertBalanced(log.stats())
    assert.equal(log.stats().dropped.INFO, 1)
  })
})

/** Waits until the entries that a failed file held back are written: it is tried again by itself. */
async function retried(log: ReturnType<typeof createLogger>): Promise<void> {
  while (log.stats().queued > 0) await new Promise(setImmediate)
  await log.flush()
}
