// `buffer.writer: "thread"`: whatever becomes of the writer's thread or of the process, everything
// accepted is in the files, once, in order.

import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ConfigError,
  createLogger,
  defineEvent,
  LockedError,
  type Logger,
  type LoggingConfig,
  NotWrittenError,
  Type,
  verifyLogs,
} from '../../lib/index.ts'
import { assertBalanced, linesOf, logDirectory, seqFaults } from '../log-directory.ts'
import { extension, library, loader } from '../loader.ts'

const fixtures = join(import.meta.dirname, '../fixtures')
/** A worker of a TypeScript source cannot be started while its parent waits for it. */
const skip = extension === '.ts' ? 'the writer thread runs compiled only' : false

interface End {
  readonly code: number | null
  readonly remarks: string
}

function end(fixture: string, args: readonly string[]): Promise<End> {
  const child = spawn(process.execPath, [join(fixtures, `${fixture}${extension}`), ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, WRITER: 'thread' },
  })
  let text = ''
  child.stderr.on('data', (bytes: Buffer) => {
    text += String(bytes)
  })
  return new Promise((resolve) =>
    child.on('close', (code) => {
      const remarks = text
        .split('\n')
        .filter((line) => line.startsWith('ringlog: '))
        .join('\n')
      resolve({ code, remarks })
    }),
  )
}

/** All system entries are there once and in order, and each ERROR has one copy. */
async function assertComplete(directory: string, logged: number): Promise<void> {
  const lines = linesOf(directory, 'system.log')
  const entries = lines.filter(({ message }) => message.startsWith('entry '))
  assert.deepEqual(
    entries.map(({ message }) => message),
    Array.from({ length: logged }, (_, i) => `entry ${i + 1}`),
  )
  const errors = entries.filter(({ level }) => level === 'ERROR').map(({ lsn }) => lsn)
  assert.deepEqual(
    linesOf(directory, 'error.log').map(({ lsn }) => lsn),
    errors,
  )
  const { faults, entries: count } = await verifyLogs({ log_path: directory })
  assert.deepEqual(faults, [])
  assert.ok(count >= lines.length)
}

describe('the end of a process with a writer thread', { skip, concurrency: 2 }, () => {
  for (const [way, code] of [
    ['natural end', 0],
    ['exit amid writing', 4],
    ['uncaught exception', 1],
    ['unhandled rejection', 1],
    ['entries from a late exit listener', 0],
    ['graceful SIGTERM', 0],
    ['several loggers', 11],
  ] as const) {
    test(`${way}: everything accepted is there`, async (t) => {
      const directory = logDirectory(t)
      assert.equal((await end('exiting', [way, directory])).code, code)
      const lines = linesOf(directory, 'system.log')
      assert.deepEqual(seqFaults(lines), [])
      assert.equal(lines.length, Number(readFileSync(`${directory}.logged`, 'utf8')))
      assert.deepEqual((await verifyLogs({ log_path: directory })).faults, [])
    })
  }

  test('a worker of the application that exits: its own files are complete', async (t) => {
    const directory = logDirectory(t)
    assert.equal((await end('exiting', ['worker exits', directory])).code, 0)
    const lines = linesOf(`${directory}-worker`, 'system.log')
    assert.deepEqual(seqFaults(lines), [])
    assert.equal(lines.length, Number(readFileSync(`${directory}-worker.logged`, 'utf8')))
  })
})

describe('a writer thread that', { skip, concurrency: 2 }, () => {
  for (const [way, code, remark] of [
    ['ends before it has opened the directory', 0, /the writer thread has ended/],
    ['is terminated amid writing', 0, /the writer thread has ended/],
    ['is terminated when the process exits', 3, /the writer thread has ended/],
    // It may have finished before.
    ['is terminated while close() waits', 0, /^$|the writer thread has ended/],
    ['is terminated while flush() waits', 0, /the writer thread has ended/],
    ['closes while the thread that logs is busy', 0, /^$/],
    ['throws', 0, /the writer thread has ended: broken/],
    ['hangs when the process exits', 3, /the writer thread does not answer/],
    ['hangs when an exception ends the process', 1, /the writer thread does not answer/],
  ] as const) {
    test(`${way}: its work goes on, nothing is lost, and it is told`, async (t) => {
      const directory = logDirectory(t)
      const { code: actual, remarks } = await end('handing', [way, directory])
      assert.match(remarks, remark)
      assert.equal(actual, code)
      const text = readFileSync(`${directory}.logged`, 'utf8')
      const { logged, ...stats } = JSON.parse(text) as { [key: string]: number }
      const { accepted, written, queued } = stats
      assert.deepEqual({ written, queued }, { written: accepted, queued: 0 })
      await assertComplete(directory, logged!)
    })
  }
})

/** Resolves when there is such a file. */
async function appeared(path: string): Promise<void> {
  while (!existsSync(path)) await sleep(5)
}

const withPipes = process.platform === 'win32' ? 'there are no named pipes' : skip

describe('a writer thread that hangs in the system', { skip: withPipes }, () => {
  for (const ring of ['memory', 'shared'] as const) {
    const onlyLinux = ring === 'shared' && process.platform !== 'linux'
    const unless = onlyLinux && 'shared memory is used on Linux only'
    test(
      `and has the directory is given up at the end of the process (${ring})`,
      { skip: unless },
      async (t) => {
        const directory = logDirectory(t)
        const pipe = `${directory}.pipe`
        execFileSync('mkfifo', [pipe])
        const ended = end('handing', [
          'hangs in the system when the process exits',
          directory,
          ring,
        ])
        // Its listeners have run, and what is left of it waits for the thread.
        await appeared(`${directory}.logged`)
        writeFileSync(pipe, '')
        const { code, remarks } = await ended
        assert.equal(code, 3)
        assert.match(remarks, /the writer thread does not answer/)
        const text = readFileSync(`${directory}.logged`, 'utf8')
        const { logged, ...stats } = JSON.parse(text) as { [key: string]: number }
        const { accepted, written, queued, dropped, diverted } = stats
        assert.equal(queued, 0)
        assert.equal(accepted, written! + dropped! + diverted!)
        assert.ok(written! >= 3000, `${written} are written`)
        if (ring === 'memory') return
        // What could not be written stands in the block.
        await createLogger({ log_path: directory }).close()
        await assertComplete(directory, logged!)
      },
    )
  }
})

const onLinux = process.platform === 'linux' ? skip : 'shared memory is used on Linux only'

describe('a writer thread with a shared ring that', { skip: onLinux, concurrency: 2 }, () => {
  const ringsNow = (): string[] =>
    readdirSync('/dev/shm').filter((name) => name.startsWith('ringlog-'))

  for (const way of [
    'is killed with the process',
    'is killed with the process amid more than the block holds',
    'is terminated before the process is killed',
    'is terminated as the process is killed',
  ] as const) {
    for (const next of ['inline', 'thread'] as const) {
      test(`${way}: everything accepted is there after the next start (${next})`, async (t) => {
        const directory = logDirectory(t)
        const { code } = await end('handing', [way, directory, 'shared'])
        assert.equal(code, null)
        const text = readFileSync(`${directory}.logged`, 'utf8')
        const { logged = 0 } = JSON.parse(text) as { logged?: number }
        const log = createLogger({ log_path: directory, buffer: { writer: next } })
        log.system.info(`entry ${logged + 1}`)
        await log.close()
        const lines = linesOf(directory, 'system.log')
        const told = lines.filter(({ message }) => message.startsWith('Recovered'))
        assert.equal(told.length, 1)
        await assertComplete(directory, logged + 1)
        const prefix = `ringlog-${process.geteuid!()}-${nameOf(directory)}`
        assert.deepEqual(
          ringsNow().filter((name) => name.startsWith(prefix)),
          [],
        )
      })
    }
  }
})

/** How the rings of a directory are called. */
function nameOf(directory: string): string {
  return createHash('sha256').update(realpathSync(directory)).digest('hex').slice(0, 24)
}

/** A logger whose lines a writer thread makes. */
function threaded(directory: string, config: LoggingConfig = {}): Logger {
  const { buffer, ...rest } = config
  return createLogger({ log_path: directory, ...rest, buffer: { ...buffer, writer: 'thread' } })
}

describe('a logger with a writer thread', { skip }, () => {
  test('writes the lines that it would write itself', async (t) => {
    const [directory, other] = [logDirectory(t), logDirectory(t)]
    const closed = defineEvent({
      name: 'closed',
      category: 'enforcement',
      level: 'info',
      message: 'Closed {rule}',
      context: Type.Object({
        rule: Type.String(),
        limit: Type.Number(),
        open: Type.Boolean(),
        password: Type.String(),
        more: Type.Optional(Type.Unknown()),
      }),
    })
    const options = {
      context: () => ({ request: 'r-1', account_id: 'A' }),
      trace: () => ({ trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) }),
    }
    const loggers = [
      createLogger({ log_path: directory, buffer: { writer: 'thread' } }, options),
      createLogger({ log_path: other }, options),
    ]
    for (const log of loggers) {
      const bound = log.with({ service: 'risk', token: 'secret-0' })
      bound.system.info('Grüße', { list: [1, 'zwei', null, { deep: true }], api_key: 'abc' })
      bound.error.error('failed', new TypeError('no', { cause: 'that' }), { n: 1n })
      log.event(closed)({ rule: 'Loss', limit: -1.5, open: true, password: 'p', more: [1] }, 'B')
      log.logEnforcement('C', 'Loss', 'close', { quantity: 3 })
      log.logAudit('change', 'me', { text: '\u2028\ud800' })
      log.system.info('x'.repeat(70_000))
      log.setLevel('debug', 'sdk')
    }
    await Promise.all(loggers.map((log) => log.close()))
    for (const file of ['system.log', 'enforcement.log', 'error.log', 'audit.log']) {
      const [mine, expected] = [directory, other].map((from) =>
        linesOf(from, file).map(({ exception, ...line }) => ({
          ...line,
          timestamp: '',
          exception: exception?.message,
        })),
      )
      assert.deepEqual(mine, expected)
      assert.ok(mine!.length > 0)
    }
    const text = readFileSync(join(directory, 'system.log'), 'utf8')
    assert.doesNotMatch(text, /secret-0|"abc"/)
  })

  test('flush() and flushSync() find everything in the files, and the counters balance', async (t) => {
    const directory = logDirectory(t)
    const log = threaded(directory)
    for (let i = 0; i < 500; i++) log.system.info(`entry ${i}`)
    await log.flush()
    assert.equal(linesOf(directory, 'system.log').length, 500)
    assertBalanced(log.stats())
    for (let i = 0; i < 500; i++) log.audit.info(`entry ${i}`)
    log.flushSync()
    assert.equal(linesOf(directory, 'audit.log').length, 500)
    const { accepted, written, queued, healthy, bytes } = log.stats()
    assert.deepEqual([accepted, written, queued, healthy], [1000, 1000, 0, true])
    assert.ok(bytes > 0)
    await log.close()
    log.system.info('too late')
    const after = log.stats()
    assert.deepEqual([after.accepted, after.written, after.dropped.INFO], [1001, 1000, 1])
    assertBalanced(after)
  })

  test('an entry that is `written` is in its file when the call returns', async (t) => {
    const directory = logDirectory(t)
    const log = threaded(directory, { durability: { audit: 'written' } })
    for (let i = 1; i <= 20; i++) {
      log.audit.info(`entry ${i}`)
      assert.equal(linesOf(directory, 'audit.log').length, i)
    }
    await log.close()
  })

  test('an entry that is larger than the block comes in its place', async (t) => {
    const directory = logDirectory(t)
    const log = threaded(directory, { buffer: { bytes: 1 << 20 } })
    log.system.info('before')
    log.system.info('large', { text: 'x'.repeat(900_000) })
    log.system.info('after', { list: Array.from({ length: 900 }, (_, i) => `s${i}`) })
    await log.close()
    const lines = linesOf(directory, 'system.log')
    assert.deepEqual(
      lines.map(({ message, seq, lsn }) => [message, seq, lsn]),
      [
        ['before', 1, 1],
        ['large', 2, 2],
        ['after', 3, 3],
      ],
    )
    assert.equal((lines[1]!.context as { text: string }).text.length, 900_000)
  })

  test('more than the block holds waits for room, and goes through rotations', async (t) => {
    const directory = logDirectory(t)
    const log = threaded(directory, {
      rotation: { max_size_mb: 1, max_files: 50 },
      buffer: { bytes: 1 << 20 },
    })
    for (let i = 1; i <= 20_000; i++) log.system.info(`entry ${i}`, { text: `${i} `.repeat(20) })
    await log.close()
    const { accepted, written, rotations } = log.stats()
    assert.deepEqual([accepted, written], [20_000, 20_000])
    assert.ok(rotations > 0)
    await assertComplete(directory, 20_000)
  })

  test('drop_new: what finds the block full is counted, and reported in the file', async (t) => {
    const directory = logDirectory(t)
    const log = threaded(directory, { buffer: { bytes: 1 << 17, on_full: 'drop_new' } })
    for (let i = 1; i <= 5000; i++) log.system.info(`entry ${i}`, { text: `${i} `.repeat(20) })
    const { dropped, accepted } = log.stats()
    assert.equal(accepted, 5000)
    assert.ok(dropped.INFO > 0)
    await log.close()
    const stats = log.stats()
    assertBalanced(stats)
    assert.equal(stats.queued, 0)
    const lines = linesOf(directory, 'system.log')
    const reports = lines.filter(({ message }) => /entries were lost/.test(message))
    const lost = reports.map(
      ({ context }) => (context as { dropped: { INFO?: number } }).dropped.INFO ?? 0,
    )
    assert.equal(
      lost.reduce((sum, entries) => sum + entries, 0),
      dropped.INFO,
    )
    assert.equal(lines.length, 5000 - dropped.INFO + reports.length)
  })

  test('a file that fails is told, keeps its entries, and gets them when it works again', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(join(directory, 'system.log'), { recursive: true })
    const log = threaded(directory, { console: 'off' })
    for (let i = 1; i <= 100; i++) log.system.info(`entry ${i}`)
    await assert.rejects(log.flush(), NotWrittenError)
    const { healthy, last_error: error } = log.stats()
    assert.equal(healthy, false)
    assert.match(error ?? '', /system\.log/)
    rmdirSync(join(directory, 'system.log'))
    while (!log.stats().healthy) await sleep(20)
    await log.flush()
    assertBalanced(log.stats())
    await log.close()
    await assertComplete(directory, 100)
  })

  test('reload() reaches the writer', async (t) => {
    const directory = logDirectory(t)
    const log = threaded(directory)
    log.reload({
      log_path: directory,
      redact: { keys: ['pin'] },
      durability: { service: 'written' },
      buffer: { writer: 'thread' },
    })
    log.system.info('entry', { pin: 'geheim' })
    log.service.info('entry')
    assert.equal(linesOf(directory, 'service.log').length, 1)
    await log.close()
    assert.doesNotMatch(readFileSync(join(directory, 'system.log'), 'utf8'), /geheim/)
    const changes = linesOf(directory, 'audit.log').map(({ message }) => message)
    assert.equal(changes.filter((message) => message.includes('redact.keys')).length, 1)
  })

  test(
    'with a shared ring leaves none behind, whoever has the directory',
    { skip: onLinux },
    async (t) => {
      const directory = logDirectory(t)
      const own = (): string[] =>
        readdirSync('/dev/shm').filter(
          (name) => name.includes(nameOf(directory)) && !name.endsWith('.pipe'),
        )
      const log = threaded(directory, { buffer: { ring: 'shared' } })
      assert.equal(own().length, 1)
      log.system.info('entry 1')
      const config: LoggingConfig = { lock_wait_s: 0, buffer: { ring: 'shared' } }
      assert.throws(() => threaded(directory, config), LockedError)
      assert.equal(own().length, 1)
      await log.close()
      assert.deepEqual(own(), [])
      await assertComplete(directory, 1)
    },
  )

  test('throws a LockedError as one without', async (t) => {
    const directory = logDirectory(t)
    const first = createLogger({ log_path: directory })
    assert.throws(
      () => threaded(directory, { lock_wait_s: 0 }),
      (error) => error instanceof LockedError && error.pid === process.pid,
    )
    await first.close()
    const second = threaded(directory, { lock_wait_s: 0 })
    assert.throws(() => createLogger({ log_path: directory, lock_wait_s: 0 }), LockedError)
    await second.close()
    await createLogger({ log_path: directory, lock_wait_s: 0 }).close()
  })

  test('drop_old: what finds no room takes that of the oldest, and all is counted', async (t) => {
    const directory = logDirectory(t)
    mkdirSync(join(directory, 'system.log'), { recursive: true })
    const buffer = { on_full: 'drop_old', bytes: 1 << 20 } as const
    const log = threaded(directory, { console: 'off', buffer })
    for (let i = 1; i <= 20_000; i++) log.system.info(`entry ${i}`, { text: `${i} `.repeat(20) })
    await assert.rejects(log.flush(), NotWrittenError)
    assert.ok(log.stats().dropped.INFO > 1000)
    rmdirSync(join(directory, 'system.log'))
    while (!log.stats().healthy) await sleep(20)
    await log.close()
    assertBalanced(log.stats())
    const lines = linesOf(directory, 'system.log')
    const entries = lines.filter(({ message }) => message.startsWith('entry '))
    assert.equal(entries.at(-1)?.message, 'entry 20000')
    const lost = log.stats().dropped.INFO
    assert.equal(entries.length, 20_000 - lost)
    const { faults } = await verifyLogs({ log_path: directory })
    const missing = faults.map(({ kind, message }) => {
      assert.equal(kind, 'gap')
      return Number.parseInt(message, 10)
    })
    assert.equal(
      missing.reduce((sum, of) => sum + of, 0),
      lost,
    )
  })

  test('shows beside the files, and folds, what one without does', (t) => {
    const shown = (['inline', 'thread'] as const).map((writer) => {
      const config = {
        log_path: logDirectory(t),
        console: 'always',
        console_level: 'info',
        stdout: 'json',
        stdout_level: 'warning',
        repetition: { fold_s: 60 },
        buffer: { writer },
      }
      const program = `
        import { createLogger } from ${JSON.stringify(library)}
        const log = createLogger(${JSON.stringify(config)})
        log.system.info('shown', { n: 1, password: 'secret-0' })
        log.system.warning('shown and printed')
        for (let i = 0; i < 40; i++) log.service.info('again', { i })
        log.system.error('failed', new RangeError('no'))
        await log.close()
        const { accepted, written, folded, stdout_lost, dropped } = log.stats()
        console.log({ accepted, written, folded, stdout_lost, dropped: dropped.total })`
      const args = [...loader, '--input-type=module', '-e', program]
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
      const times = /\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:\d\d)?/g
      const stacks = /^ +at .*$|"stack_trace":"(?:[^"\\]|\\.)*"/gm
      const plain = (text: string): string => text.replace(times, 'TIME').replace(stacks, '')
      return {
        stdout: plain(stdout),
        stderr: plain(stderr),
        service: linesOf(config.log_path, 'service.log').length,
      }
    })
    assert.deepEqual(shown[1], shown[0])
    assert.match(shown[1]!.stdout, /"shown and printed"/)
    assert.match(shown[1]!.stdout, /folded: 3\d/)
    assert.match(shown[1]!.stderr, /INFO .* shown/)
    assert.doesNotMatch(shown[1]!.stdout + shown[1]!.stderr, /secret-0/)
  })

  test('refuses what a writer thread cannot do, and names both keys', () => {
    const refused: readonly (readonly [LoggingConfig, RegExp])[] = [
      [{ log_path: null, stdout: 'json' }, /logging\.log_path is null/],
      [{ structured_format: false }, /logging\.structured_format false/],
    ]
    for (const [config, other] of refused) {
      assert.throws(
        () => createLogger({ ...config, buffer: { writer: 'thread' } }),
        (error) =>
          error instanceof ConfigError &&
          error.problems.some(
            ({ path, expected }) =>
              path === 'logging.buffer.writer' &&
              expected.startsWith('"inline"') &&
              other.test(expected),
          ),
      )
    }
  })
})
