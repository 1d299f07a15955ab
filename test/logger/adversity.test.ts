// What callers do at the worst moment: each of these once broke something.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLogger, defineEvent, Type } from '../../lib/index.ts'
import { linesOf, logDirectory, seqFaults } from '../log-directory.ts'
import { library, loader } from '../loader.ts'

test('a stack overflow in the midst of log calls costs those calls, and no later one', async (t) => {
  // At three places of a call: the typed one, and two of the other.
  for (let round = 0; round < 3; round++) {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory })
    const typed = log.event(
      defineEvent({
        category: 'sdk',
        level: 'INFO',
        message: 'typed {n}',
        context: Type.Object({ n: Type.Number(), text: Type.String() }),
      }),
    )
    const deeper = (n: number): void => {
      if ((n + round) % 3 === 0) log.system.info('step', { n, inner: { list: [n] } })
      else typed({ n, text: `text ${n}` })
      deeper(n + 1)
    }
    try {
      deeper(0)
    } catch {
      // The stack is full: that is the point.
    }
    for (let i = 0; i < 100; i++) log.audit.critical(`later ${i}`)
    await log.flush()
    assert.deepEqual(
      linesOf(directory, 'audit.log').map(({ message }) => message),
      Array.from({ length: 100 }, (_, i) => `later ${i}`),
    )
    await log.close()
    const steps = linesOf(directory, 'system.log').filter(({ category }) => category !== 'audit')
    for (const [at, { category, message, context }] of steps.entries()) {
      // The stack may end amid the copy of a value: then it says so. Only the deepest calls may.
      if (JSON.stringify(context ?? null).includes('"[Throws: ')) {
        assert.ok(at >= steps.length - 100, `the call ${at} of ${steps.length}`)
        continue
      }
      if (message === 'step') assert.deepEqual(context!['inner'], { list: [context!['n']] })
      if (category === 'sdk') assert.equal(context!['text'], `text ${context!['n'] as number}`)
    }
    const { accepted, written, dropped } = log.stats()
    assert.equal(accepted, written + dropped.total)
    const sdk = steps.filter(({ category }) => category === 'sdk')
    assert.ok(sdk.at(-1)!.seq - sdk.length <= dropped.total, 'no number is used up uncounted')
  }
})

test('flushSync(), flush() and with() from within a getter wait for the call they stand in', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory })
  log.system.info('one')
  log.system.info('two', {
    a: 'A',
    get b() {
      log.flushSync()
      void log.flush()
      return 'B'
    },
    c: 'C',
  })
  assert.equal(linesOf(directory, 'system.log').length, 2, 'written when the call returns')
  const bound = log.with({
    p: 1,
    get q() {
      log.with({ other: true })
      return 2
    },
    r: 3,
  })
  bound.system.info('three')
  await log.close()
  const lines = linesOf(directory, 'system.log')
  assert.deepEqual(seqFaults(lines), [])
  assert.deepEqual(
    lines.map(({ context }) => context),
    [undefined, { a: 'A', b: 'B', c: 'C' }, { p: 1, q: 2, r: 3 }],
  )
})

test('process.exit() from within a getter writes what was committed before', (t) => {
  const directory = logDirectory(t)
  const script = `import('${library}').then(({ createLogger }) => {
    const log = createLogger({ log_path: ${JSON.stringify(directory)} })
    log.system.info('one', { a: 1 })
    log.system.info('two', { a: 'lost', get b() { process.exit(0) } })
  })`
  execFileSync(process.execPath, [...loader, '-e', script])
  assert.deepEqual(
    linesOf(directory, 'system.log').map(({ context }) => context),
    [{ a: 1 }],
  )
})

test('secrets in thrown objects are masked by their keys', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory })
  log.logError('A', { password: 'CANARY', code: 'E1' })
  log.error.error(
    'B',
    new Error('b', { cause: { config: { headers: { Authorization: 'CANARY' } } } }),
  )
  log.error.error('C', { token: 'CANARY' }, { a: 1 })
  log.error.error('D', new AggregateError([{ apiKey: 'CANARY' }]))
  await log.close()
  assert.doesNotMatch(readFileSync(join(directory, 'error.log'), 'utf8'), /CANARY/)
  const [first] = linesOf(directory, 'error.log')
  assert.equal(first!.exception!.message, '{"password":"[REDACTED]","code":"E1"}')
})

test('an Error in the place of a context is not lost', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory })
  log.logSystem('ERROR', 'a', new Error('the cause'))
  log.system.info('b', undefined, new Error('the cause'))
  log.with(new Error('the cause')).system.info('c')
  await log.close()
  const [first, second, bound] = linesOf(directory, 'system.log')
  assert.equal(first!.exception!.message, 'the cause')
  assert.equal(second!.exception!.message, 'the cause')
  assert.equal((bound!.context!['error'] as { message: string }).message, 'the cause')
})

test('a context may be a Map, a Set or bytes', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory })
  log.system.info('map', new Map([['a', 1]]))
  log.system.info('set', new Set([1, 2]))
  log.system.info('buffer', Buffer.from([255]))
  log.system.info('array', ['x'])
  await log.close()
  assert.deepEqual(
    linesOf(directory, 'system.log').map(({ context }) => context),
    [{ a: 1 }, { value: [1, 2] }, { value: { type: 'Buffer', bytes: 1, hex: 'ff' } }, { 0: 'x' }],
  )
})

test('a very wide event is written whole, and leaves other entries alone', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, buffer: { entries: 64 } })
  const numbers = Object.fromEntries(
    Array.from({ length: 3500 }, (_, i) => [`n${i}`, Type.Number()]),
  )
  const wide = log.event(
    defineEvent({ category: 'sdk', level: 'INFO', message: 'wide', context: Type.Object(numbers) }),
  )
  const optional = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`o${i}`, Type.Optional(Type.String())]),
  )
  const loose = log.event(
    defineEvent({
      category: 'sdk',
      level: 'INFO',
      message: 'loose',
      context: Type.Object({ list: Type.Array(Type.Number()), ...optional }),
    }),
  )
  const values = Object.fromEntries(Array.from({ length: 3500 }, (_, i) => [`n${i}`, i]))
  const texts = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`o${i}`, `text ${i}`]))
  const list = Array.from({ length: 950 }, (_, i) => i)
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 5; i++) log.audit.info('before', { round, i, text: `r${round}` })
    wide(values)
    loose({ list, ...texts })
    for (let i = 5; i < 9; i++) log.audit.info('after', { round, i, text: `r${round}` })
  }
  await log.close()
  assert.equal(log.stats().mismatched, 0)
  const audited = linesOf(directory, 'audit.log')
  assert.deepEqual(
    audited.map(({ context }) => context),
    Array.from({ length: 180 }, (_, n) => ({
      round: Math.floor(n / 9),
      i: n % 9,
      text: `r${Math.floor(n / 9)}`,
    })),
  )
  for (const { message, context } of linesOf(directory, 'system.log')) {
    assert.deepEqual(context, message === 'wide' ? values : { list, ...texts })
  }
})

test('a directory or a pipe with the name of a log file does not stop createLogger()', async (t) => {
  for (const name of ['system.log', 'system.log.1', 'audit.log']) {
    for (const kind of ['directory', 'pipe']) {
      const directory = logDirectory(t)
      mkdirSync(directory, { recursive: true })
      if (kind === 'directory') mkdirSync(join(directory, name))
      else execFileSync('mkfifo', [join(directory, name)])
      const log = createLogger({ log_path: directory, console: 'off' })
      log.enforcement.info('goes on')
      await log.close().catch(() => {})
      assert.equal(linesOf(directory, 'enforcement.log').length, 1, `${kind} ${name}`)
    }
  }
})

test('human lines survive a file that fails, too', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, structured_format: false, console: 'off' })
  await log.flush()
  rmSync(directory, { recursive: true })
  writeFileSync(directory, 'in the way')
  log.system.warning('held', new Error('e'))
  log.flushSync()
  log.system.warning('back')
  rmSync(directory)
  while (log.stats().queued > 0) await new Promise(setImmediate)
  await log.close()
  assert.match(
    readFileSync(join(directory, 'system.log'), 'utf8'),
    /WARNING \| system {6}\| held\n {4}Error: e\n[^]*WARNING \| system {6}\| back\n/,
  )
})

test('losses are reported in the file: at the close, whatever the level, without a false alarm', async (t) => {
  for (const log_level of ['info', 'error'] as const) {
    const directory = logDirectory(t)
    const log = createLogger({
      log_path: directory,
      log_level,
      buffer: { entries: 64, on_full: 'drop_new' },
    })
    for (let i = 0; i < 1000; i++) log.audit.error(`n ${i}`)
    await log.close()
    const told = linesOf(directory, 'system.log')
    assert.deepEqual(
      told.map(({ level, context }) => [level, context]),
      [['WARNING', { dropped: { ERROR: 936 } }]],
    )
    assert.equal(log.stats().dropped.total, 936)
  }
})

test('an account that is none stays in the context', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory })
  const nullable = log.event(
    defineEvent({
      category: 'system',
      level: 'INFO',
      message: 'm',
      context: Type.Object({
        account_id: Type.Union([Type.String(), Type.Null()]),
        n: Type.Number(),
      }),
    }),
  )
  nullable({ account_id: 'A', n: 1 })
  nullable({ account_id: null, n: 2 })
  log.system.info('m', { account_id: null, n: 3 })
  log.logEnforcement(null as unknown as string, 'R', 'a', { n: 4 })
  await log.close()
  const lines = linesOf(directory, 'system.log')
  assert.deepEqual(
    lines.map(({ account_id, context }) => [account_id, context]),
    [
      ['A', { n: 1 }],
      [undefined, { account_id: null, n: 2 }],
      [undefined, { account_id: null, n: 3 }],
    ],
  )
  assert.equal(linesOf(directory, 'enforcement.log')[0]!.account_id, undefined)
})

test('a string cut twice says how much is missing of the whole', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, buffer: { entry_bytes: 1024 } })
  log.system.info('m', { text: 'x'.repeat(100_000) })
  await log.close()
  const text = linesOf(directory, 'system.log')[0]!.context!['text'] as string
  const [, shown, missing] = /^(x+)…\[(\d+) more characters\]$/.exec(text)!
  assert.equal(shown!.length + Number(missing), 100_000)
})

test('bound fields named like those of every object are kept', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory })
  const event = defineEvent({
    category: 'system',
    level: 'INFO',
    message: 'm',
    context: Type.Object({ n: Type.Number() }),
  })
  log.with({ toString: 'x', constructor: 'y' }).event(event)({ n: 1 })
  await log.close()
  assert.deepEqual(
    { ...linesOf(directory, 'system.log')[0]!.context },
    { toString: 'x', constructor: 'y', n: 1 },
  )
  assert.equal(readdirSync(directory).length, 6, 'five files and the lock')
})

test('texts beyond any line are one line each, and cannot imitate an entry', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({
    log_path: directory,
    structured_format: false,
    console: 'off',
    buffer: { entry_bytes: 65_536 },
  })
  const forged = '[2025-10-17 14:23:45] CRITICAL | audit       | all is lost'
  const text = 'x'.repeat(100 * 1024 * 1024)
  const error = new Error(`e\n${forged}`, { cause: new Error(forged) })
  error.stack = `Error: e\r\n${forged}\u2028${forged}\u009b2J`
  log.system.error(`a\n${forged}`, error, { account_id: `\n${forged}` })
  log.system.info(text, { text, list: Array.from({ length: 40 }, () => text) })
  log.system.info('last')
  await log.close()
  const { accepted, written } = log.stats()
  assert.deepEqual([accepted, written], [3, 3])
  const lines = readFileSync(join(directory, 'system.log'), 'utf8').split('\n')
  assert.equal(lines.filter((line) => line.startsWith('[')).length, 3)
  assert.ok(lines.every((line) => line === '' || /^(?:\[\d{4}| {4})/.test(line)))
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  assert.ok(!/[\u0000-\u001f\u007f-\u009f\u2028]/.test(lines.join('')))
})

/** An entry that takes most of the places that one may take. */
const large = (n: number): object => ({ samples: Array.from({ length: 940 }, () => n) })

test('a context of many values without text overwrites no other entry of a full ring', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, buffer: { entries: 64 } })
  const flags = Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`f${i}`, true]))
  const contexts: object[] = [{ a: 1 }, { b: [true] }, large(1), large(2), large(3)]
  contexts.push({ ...large(4), ...flags }, { last: true })
  for (const context of contexts) log.system.info('one of them', context)
  await log.close()
  const lines = linesOf(directory, 'system.log')
  assert.deepEqual(
    lines.map(({ context }) => context),
    contexts,
  )
  assert.ok(lines.every(({ exception }) => exception === undefined))
})

test('a typed event whose getters log the event itself comes to an end', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory })
  const context = Type.Object({ a: Type.Number(), b: Type.Number() })
  const logged = log.event(
    defineEvent({ category: 'sdk', level: 'INFO', message: 'itself', context }),
  )
  let calls = 0
  const self = {
    get a() {
      if (++calls < 1000) logged(self)
      return 1
    },
    get b() {
      if (++calls < 1000) logged(self)
      return 2
    },
  }
  logged(self)
  assert.ok(calls < 1000, 'they were stopped by the test')
  await log.close()
  const { accepted, written, dropped } = log.stats()
  assert.equal(accepted, written + dropped.total)
  const lines = linesOf(directory, 'system.log').filter(({ category }) => category === 'sdk')
  assert.ok(lines.length > 1)
  for (const line of lines) assert.deepEqual(line.context, { a: 1, b: 2 })
})

test('keys count against buffer.bytes', async (t) => {
  const log = createLogger({
    log_path: logDirectory(t),
    buffer: { bytes: 1 << 20, on_full: 'drop_new' },
  })
  for (let i = 0; i < 100; i++) log.system.info('key', { [`${i} `.padEnd(50_000, 'x')]: i })
  const { queued } = log.stats()
  assert.ok(queued > 5 && queued < 30, `${queued} entries wait`)
  await log.close()
})

test('a file found torn in the midst of a full ring does not hold up flushSync()', (t) => {
  const directory = logDirectory(t)
  const file = join(directory, 'system.log')
  const script = `
    import { rmSync, writeFileSync } from 'node:fs'
    import { createLogger } from '${library}'
    const log = createLogger({ log_path: ${JSON.stringify(directory)}, buffer: { entries: 64 } })
    log.system.info('first')
    await log.flush()
    rmSync(${JSON.stringify(file)})
    writeFileSync(${JSON.stringify(file)}, 'a torn line')
    log.system.info('long', { text: 'x'.repeat(300_000) })
    const samples = Array.from({ length: 940 }, (_, i) => i)
    for (let i = 0; i < 4; i++) log.system.info('large', { samples })
    log.flushSync()
    await log.close()
    const { accepted, written, dropped } = log.stats()
    if (accepted !== written + dropped.total) throw new Error('out of balance')`
  // In a process of its own: the fault was a loop without an end.
  execFileSync(process.execPath, [...loader, '--input-type=module', '-e', script], {
    timeout: 30_000,
  })
  const text = readFileSync(file, 'utf8')
  assert.equal(text.split('\n').filter((line) => line.includes('"large"')).length, 4)
})

test('close() from within a getter leaves the entry whole that is being captured', async (t) => {
  const directory = logDirectory(t)
  const log = createLogger({
    log_path: directory,
    buffer: { entries: 64, on_full: 'drop_new' },
  })
  for (let i = 0; i < 70; i++) log.system.info('fill', { i })
  await log.flush()
  let closing: Promise<void> | undefined
  log.system.info('before', { x: 1 })
  log.system.info('outer', {
    a: 'A',
    get b() {
      closing ??= log.close()
      return 'B'
    },
    c: { d: 1 },
  })
  await closing
  const outer = linesOf(directory, 'system.log').find(({ message }) => message === 'outer')
  assert.deepEqual(outer?.context, { a: 'A', b: 'B', c: { d: 1 } })
})
