import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { formatEntry } from '../../lib/entry/human-line.ts'
import { parseLine } from '../../lib/entry/line.ts'
import { CRITICAL } from '../../lib/entry/level.ts'
import { type LoggingConfig, resolveConfig } from '../../lib/config/resolve.ts'
import { assemble } from '../../lib/logger/create-logger.ts'
import type { Logger } from '../../lib/logger/logger.ts'
import type { MadeEntry } from '../../lib/entry/made-entry.ts'
import { EventLog, eventText } from '../../lib/sinks/event-log-sink.ts'
import { type EventApi, loadEventApi } from '../../lib/sinks/windows-event-api.ts'
import { anyCharacter } from '../any-character.ts'
import { linesOf, logDirectory } from '../log-directory.ts'
import { extension } from '../loader.ts'
import { runNode } from '../node-run.ts'
import { runs } from '../runs.ts'

/** An event log in memory, whose answers can be chosen. */
class MemoryEventLog implements EventApi {
  readonly name = 'koffi'
  /** Every call, in order. */
  readonly calls: string[] = []
  readonly texts: string[] = []
  readonly types: number[] = []
  /** Handles that were opened. */
  opened = 0
  /** What a call with this handle comes to; undefined: it is reported. */
  answer: (handle: bigint) => Error | undefined = () => undefined
  hangs = false
  inFlight = 0
  inFlightMax = 0

  open(source: Buffer): bigint | undefined {
    this.calls.push(`open ${source.toString('utf16le')}`)
    return BigInt(++this.opened)
  }

  report(
    handle: bigint,
    type: number,
    text: Buffer,
    done: (error: Error | undefined) => void,
  ): void {
    this.inFlightMax = Math.max(this.inFlightMax, ++this.inFlight)
    if (this.hangs) return
    setImmediate(() => {
      this.inFlight--
      done(this.reportSync(handle, type, text))
    })
  }

  reportSync(handle: bigint, type: number, text: Buffer): Error | undefined {
    this.calls.push(`report ${handle}`)
    const error = this.answer(handle)
    if (error !== undefined) return error
    this.types.push(type)
    this.texts.push(text.toString('utf16le').slice(0, -1))
    return undefined
  }

  close(handle: bigint): void {
    this.calls.push(`close ${handle}`)
  }
}

function loggerWith(
  t: TestContext,
  load: () => EventApi,
  config: LoggingConfig = {},
): { readonly log: Logger; readonly directory: string } {
  const directory = logDirectory(t)
  return { log: assemble(resolveConfig({ log_path: directory, ...config }), load), directory }
}

/** An event log by itself, with what it tells and counts. */
function eventLogWith(load: () => EventApi, clock?: { now: number }) {
  const told: string[] = []
  const failures: string[] = []
  const eventLog = new EventLog({
    source: 'RiskManagerDaemon',
    threshold: CRITICAL,
    fail: ({ message }) => failures.push(message),
    tell: (remark) => told.push(remark),
    load,
    ...(clock === undefined ? {} : { now: () => clock.now }),
  })
  eventLog.open()
  return { eventLog, told, failures }
}

function entryOf(message: string): MadeEntry {
  return {
    severity: CRITICAL,
    timestamp: '2026-07-01T12:00:00.000+00:00',
    level: 'CRITICAL',
    category: 'system',
    message,
    line: '',
    bytes: Buffer.alloc(0),
  }
}

describe('assemble() with an event log', () => {
  test('reports every critical entry of every category, in order, once, one call at a time', async (t) => {
    const api = new MemoryEventLog()
    const { log, directory } = loggerWith(t, () => api)
    for (let i = 0; i < 1000; i++) {
      const category = i % 3 === 0 ? log.system : i % 3 === 1 ? log.error : log.enforcement
      category.critical(`grave ${i} — ünïcödé 😀`, { account_id: 'A1', i })
      log.error.error('not so grave', new Error('x'))
      log.audit.info('not grave at all')
    }
    await log.close()
    assert.equal(api.inFlightMax, 1)
    assert.equal(api.texts.length, 1000)
    api.texts.forEach((text, i) => assert.ok(text.endsWith(`| A1 | grave ${i} — ünïcödé 😀`), text))
    assert.deepEqual(new Set(api.types), new Set([1]))
    assert.deepEqual(api.calls.slice(0, 2), ['open RiskManagerDaemon\0', 'report 1'])
    assert.equal(api.calls.at(-1), 'close 1')
    // What a person finds in the files, copies included, is the same text.
    const graves = linesOf(directory, 'error.log').filter(({ level }) => level === 'CRITICAL')
    assert.deepEqual(
      api.texts,
      graves.map((line) => formatEntry(parseLine(JSON.stringify(line))!)),
    )
    assert.equal(log.stats().failures, 0)
  })

  test('reports the human line whatever is written to the files', async (t) => {
    const api = new MemoryEventLog()
    const { log, directory } = loggerWith(t, () => api, { structured_format: false })
    log.system.critical('grave', new Error('x'))
    await log.close()
    const [first] = readFileSync(join(directory, 'system.log'), 'utf8').split('\n')
    assert.deepEqual(api.texts, [first])
  })

  test('log_critical_only: false reports from WARNING up, as error or as warning', async (t) => {
    const api = new MemoryEventLog()
    const { log } = loggerWith(t, () => api, {
      log_level: 'debug',
      windows_event_log: { log_critical_only: false, source: 'Other' },
    })
    log.system.debug('0')
    log.system.info('1')
    log.system.warning('2')
    log.system.error('3')
    log.system.critical('4')
    await log.close()
    assert.deepEqual(
      api.texts.map((text) => text.at(-1)),
      ['2', '3', '4'],
    )
    assert.deepEqual(api.types, [2, 1, 1])
    assert.equal(api.calls[0], 'open Other\0')
  })

  test('enabled: false loads nothing', async (t) => {
    const load = t.mock.fn(() => new MemoryEventLog())
    const { log } = loggerWith(t, load, { windows_event_log: { enabled: false } })
    log.system.critical('grave')
    await log.close()
    assert.equal(load.mock.callCount(), 0)
  })

  test('a failure disturbs neither files nor caller, and is counted', async (t) => {
    const { log, directory } = loggerWith(
      t,
      () => {
        throw new Error('no interface')
      },
      { console: 'off' },
    )
    for (let i = 0; i < 10; i++) log.system.critical('grave')
    await log.close()
    assert.equal(linesOf(directory, 'system.log').length, 10)
    const { failures, last_error: lastError, written, accepted } = log.stats()
    assert.deepEqual([failures, lastError], [1, 'Windows Event Log: no interface'])
    assert.equal(written, accepted)
  })

  test(
    'on other systems nothing is loaded and nothing is said',
    { skip: process.platform === 'win32' && 'this is Windows' },
    async (t) => {
      const directory = logDirectory(t)
      const library = JSON.stringify(new URL(`../../lib/index${extension}`, import.meta.url).href)
      const script = `
      import { existsSync, readFileSync } from 'node:fs'
      import { createRequire } from 'node:module'
      const { createLogger } = await import(${library})
      const log = createLogger({ log_path: ${JSON.stringify(directory)} })
      log.system.critical('grave')
      await log.flush()
      const maps = '/proc/self/maps'
      const loaded = [
        ...process.moduleLoadList,
        ...Object.keys(createRequire(import.meta.url).cache),
        ...(existsSync(maps) ? readFileSync(maps, 'utf8').split('\\n') : []),
      ].filter((name) => /\bffi\b|ffi[-_]|koffi|ref-napi/.test(name))
      console.log(JSON.stringify({ loaded, polluted: 'readPointer' in Buffer.prototype, stats: log.stats() }))
    `
      const { code, stdout, stderr } = await runNode(['--input-type=module', '--eval', script])
      assert.equal(code, 0)
      assert.equal(stderr, '')
      const { loaded, polluted, stats } = JSON.parse(stdout)
      assert.deepEqual(
        { loaded, polluted, failures: stats.failures },
        { loaded: [], polluted: false, failures: 0 },
      )
    },
  )
})

describe('EventLog', () => {
  test('an interface that cannot be loaded is told once, with the remedy', async () => {
    const { eventLog, told, failures } = eventLogWith(loadEventApi)
    for (let i = 0; i < 10; i++) eventLog.take(entryOf('grave'))
    await eventLog.close()
    assert.equal(failures.length, 1)
    assert.match(failures[0]!, /^Windows Event Log: expected ffi-napi or koffi, got neither/)
    assert.deepEqual(told.length, 1)
    assert.match(
      told[0]!,
      /^cannot report to the Windows Event Log: .*; run "npm install koffi", or set/,
    )
  })

  test('a call that is refused is made again with a new handle', async () => {
    const api = new MemoryEventLog()
    api.answer = (handle) => (handle === 1n ? new Error('stale') : undefined)
    const { eventLog, told, failures } = eventLogWith(() => api)
    for (const message of ['a', 'b', 'c']) eventLog.take(entryOf(message))
    await eventLog.close()
    assert.deepEqual(
      api.texts.map((text) => text.at(-1)),
      ['a', 'b', 'c'],
    )
    const [open, ...calls] = api.calls
    assert.deepEqual(calls, [
      'report 1',
      'close 1',
      open,
      'report 2',
      'report 2',
      'report 2',
      'close 2',
    ])
    assert.deepEqual([told, failures], [[], []])
  })

  test('each event that is refused twice is counted, and told once', async () => {
    const api = new MemoryEventLog()
    api.answer = () => new Error('ReportEventW returned FALSE')
    const { eventLog, told, failures } = eventLogWith(() => api)
    for (let i = 0; i < 20; i++) eventLog.take(entryOf('grave'))
    await eventLog.close()
    assert.deepEqual(failures, Array(20).fill('Windows Event Log: ReportEventW returned FALSE'))
    assert.equal(told.length, 1)
    assert.match(told[0]!, /look whether the service .* runs/)
  })

  test('a source that cannot be opened is told at the start, and tried again with each event', async () => {
    const api = new MemoryEventLog()
    const open = api.open.bind(api)
    let isThere = false
    api.open = (source) => (isThere ? open(source) : undefined)
    const { eventLog, told, failures } = eventLogWith(() => api)
    assert.deepEqual(failures, ['Windows Event Log: RegisterEventSourceW returned NULL'])
    assert.match(told[0]!, /ringlog event-source install/)
    isThere = true
    eventLog.take(entryOf('grave'))
    await eventLog.close()
    assert.equal(api.texts.length, 1)
    assert.equal(told.length, 1)
  })

  test('an interface that throws is a failure like any other', async () => {
    const api = new MemoryEventLog()
    api.report = () => {
      throw new Error('Too many asynchronous calls are running')
    }
    const { eventLog, told, failures } = eventLogWith(() => api)
    eventLog.take(entryOf('grave'))
    await eventLog.close()
    assert.equal(failures.length, 1)
    assert.equal(told.length, 1)
  })

  test('keeps 4096 events while the event log hangs, counts the rest, and is given up by close()', async () => {
    const api = new MemoryEventLog()
    api.hangs = true
    const { eventLog, told, failures } = eventLogWith(() => api)
    eventLog.take(entryOf('first'))
    await new Promise(setImmediate)
    assert.equal(api.inFlight, 1)
    for (let i = 0; i < 5000; i++) eventLog.take(entryOf('grave'))
    assert.equal(failures.length, 5000 - 4096)
    assert.equal(told.length, 1)
    await new Promise(setImmediate)
    assert.equal(api.inFlight, 1)
    await eventLog.close()
    assert.equal(failures.length, 5000)
    assert.equal(told.length, 2)
    assert.ok(!api.calls.includes('close 1'), 'the call that hangs has the handle')
  })

  test('keeps 8 MiB', () => {
    const api = new MemoryEventLog()
    const { eventLog, failures } = eventLogWith(() => api)
    const events = 200
    for (let i = 0; i < events; i++) eventLog.take(entryOf('x'.repeat(40_000)))
    const kept = events - failures.length
    assert.ok(
      kept * 31_840 * 2 <= 8 * 1024 * 1024 && (kept + 1) * 31_840 * 2 > 8 * 1024 * 1024,
      `${kept}`,
    )
    eventLog.exit()
    assert.equal(api.texts.length, kept)
    eventLog.take(entryOf('x'.repeat(40_000)))
    assert.equal(kept + failures.length, events)
  })

  test('exit() reports what waits, waits no longer than for a call that hangs', () => {
    const clock = { now: 0 }
    const api = new MemoryEventLog()
    const { eventLog, failures } = eventLogWith(() => api, clock)
    api.answer = () => {
      clock.now += 150
      return undefined
    }
    for (let i = 0; i < 100; i++) eventLog.take(entryOf(`${i}`))
    eventLog.exit()
    // Two seconds of 150 ms each.
    assert.equal(api.texts.length, 14)
    assert.equal(failures.length, 86)
    eventLog.take(entryOf('late'))
    eventLog.exit()
    assert.equal(failures.length, 87)
  })

  test('exit() does not begin a call while one hangs', async () => {
    const clock = { now: 0 }
    const api = new MemoryEventLog()
    api.hangs = true
    const { eventLog, failures } = eventLogWith(() => api, clock)
    eventLog.take(entryOf('hangs'))
    await new Promise(setImmediate)
    clock.now = 3000
    eventLog.take(entryOf('waits'))
    eventLog.exit()
    assert.deepEqual(api.texts, [])
    assert.equal(failures.length, 1)
  })
})

describe('eventText()', () => {
  test('is the human line', () => {
    assert.equal(
      eventText(entryOf('Verlust über 5 000 €')),
      '[2026-07-01 12:00:00] CRITICAL | system      | Verlust über 5 000 €',
    )
  })

  test('parts a % from what a viewer would take for the number of a string', () => {
    assert.ok(
      eventText(entryOf('100%1 of %%5, 50% of a%20b')).endsWith('100% 1 of % % 5, 50% of a% 20b'),
    )
  })

  test('says how much of a long message is missing', () => {
    const text = eventText(entryOf('x'.repeat(100_000)))
    const missing = /x…\[(\d+) more characters\]$/.exec(text)?.[1]
    assert.equal(text.replace(/[^x]/g, '').length + Number(missing), 100_000)
  })

  test('may stand in an event, whatever is in the message', () => {
    const anything = fc.oneof(
      fc.string({ unit: anyCharacter, maxLength: 200 }),
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 })
        .map((units) => String.fromCharCode(...units)),
      fc.constantFrom('%', '%%', '%1', '\0', '\ud83d', '😀'),
    )
    fc.assert(
      fc.property(fc.array(anything), fc.nat({ max: 31_850 }), (parts, fill) => {
        const text = eventText(entryOf(`${'😀'.repeat(fill / 2)}${parts.join('')}`))
        assert.ok(text.length <= 31_839, `${text.length}`)
        assert.ok(!text.includes('\0'))
        assert.equal(Buffer.from(text).toString(), text)
        assert.doesNotMatch(text, /%[%\d]/)
      }),
      { numRuns: runs(30) },
    )
  })
})
