// What surrounds a call: fields and trace of the request in which it is made, on every line, at no
// one's cost.

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import {
  createLogger,
  defineEvent,
  formatEntry,
  type LogEntry,
  type Logger,
  type LoggerOptions,
  Type,
} from '../../lib/index.ts'
import { Surroundings } from '../../lib/logger/surroundings.ts'
import { isValidLine } from '../line-schema.ts'
import { linesOf, logDirectory, seqFaults } from '../log-directory.ts'

const traceIds = {
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
  span_id: '00f067aa0ba902b7',
}

const straight = defineEvent({
  name: 'straight',
  category: 'system',
  level: 'INFO',
  message: 'straight',
  context: Type.Object({ n: Type.Number(), own: Type.String() }),
})
const placed = defineEvent({
  name: 'placed',
  category: 'system',
  level: 'INFO',
  message: 'placed {n}',
  context: Type.Object({ n: Type.Number(), own: Type.String() }),
})
const loose = defineEvent({
  name: 'loose',
  category: 'system',
  level: 'INFO',
  message: 'loose',
  context: Type.Object({ n: Type.Number(), own: Type.Optional(Type.String()) }),
})

/**
 * The ways to log an entry with the context `{ n: 1, own: 'mine' }`, or with one that holds these.
 */
const ways: { readonly [way: string]: (log: Logger) => void } = {
  info: (log) => log.system.info('m', { n: 1, own: 'mine' }),
  'info with an error': (log) => log.system.info('m', new Error('e'), { n: 1, own: 'mine' }),
  'a Map': (log) => log.system.info('m', new Map(Object.entries({ n: 1, own: 'mine' }))),
  'an object with toJSON': (log) => log.system.info('m', { toJSON: () => ({ n: 1, own: 'mine' }) }),
  'too wide for the lanes': (log) =>
    log.system.info('m', { n: 1, own: 'mine', list: Array.from({ length: 5000 }, (_, i) => i) }),
  logSystem: (log) => log.logSystem('INFO', 'm', { n: 1, own: 'mine' }),
  logError: (log) => log.logError('m', new Error('e'), { n: 1, own: 'mine' }),
  logAudit: (log) => log.logAudit('a', 'b', { n: 1, own: 'mine' }),
  logEnforcement: (log) => log.logEnforcement('A', 'r', 'a', { n: 1, own: 'mine' }),
  'a straight event': (log) => log.event(straight)({ n: 1, own: 'mine' }),
  'an event with places': (log) => log.event(placed)({ n: 1, own: 'mine' }),
  'an event with loose values': (log) => log.event(loose)({ n: 1, own: 'mine' }),
  'an event that does not match': (log) =>
    log.event(straight)({
      n: 1,
      own: 'mine',
      get more() {
        return 1
      },
    } as never),
  'an event with an error': (log) =>
    log.event(straight)({ n: 1, own: 'mine' }, undefined, new Error('e')),
  'within another call': (log) =>
    log.system.info('outer', {
      n: 1,
      own: 'mine',
      get inner() {
        log.system.info('inner', { n: 1, own: 'mine' })
        log.event(straight)({ n: 1, own: 'mine' })
        return 1
      },
    }),
}

/** What stands in the files of a logger with these options. */
async function logged(
  t: TestContext,
  options: LoggerOptions,
  work: (log: Logger) => void,
  config: object = {},
): Promise<LogEntry[]> {
  const directory = logDirectory(t)
  const log = createLogger({ log_path: directory, console: 'off', ...config }, options)
  work(log)
  await log.close()
  const { accepted, written, dropped } = log.stats()
  assert.equal(accepted, written + dropped.total)
  const lines = ['system.log', 'enforcement.log', 'audit.log', 'error.log'].flatMap((file) =>
    linesOf(directory, file),
  )
  for (const line of lines) assert.ok(isValidLine(line), JSON.stringify(isValidLine.errors))
  if (dropped.total === 0) assert.deepEqual(seqFaults(linesOf(directory, 'system.log')), [])
  return lines as unknown as LogEntry[]
}

/** What is told of functions that are asked three times. */
function toldOf(options: object): string[] {
  const told: string[] = []
  const surroundings = new Surroundings(options, (remark) => told.push(remark))
  for (let i = 0; i < 3; i++) surroundings.ask()
  return told
}

describe('options.context', () => {
  const fields = { request_id: 'r-1', own: 'theirs', n: 7, bound: 'theirs', user: { id: 5 } }

  for (const [way, call] of Object.entries(ways)) {
    test(`joins the context of an entry, whose own fields win: ${way}`, async (t) => {
      const lines = await logged(t, { context: () => fields }, (log) => {
        call(log)
        call(log.with({ bound: 'ours', also: true }))
      })
      assert.ok(lines.length >= 2)
      for (const [at, { context }] of lines.entries()) {
        assert.equal(context!['request_id'], 'r-1')
        assert.deepEqual(context!['user'], { id: 5 })
        assert.equal(context!['own'], 'mine')
        assert.equal(context!['n'], 1)
        const isBound = context!['also'] === true
        assert.equal(isBound, at >= lines.length / 2)
        assert.equal(context!['bound'], isBound ? 'ours' : 'theirs')
      }
    })
  }

  for (const [way, call] of Object.entries(ways)) {
    test(`writes each key of an entry once: ${way}`, async (t) => {
      const directory = logDirectory(t)
      const log = createLogger({ log_path: directory }, { context: () => fields })
      call(log)
      await log.close()
      for (const file of ['system.log', 'enforcement.log', 'audit.log', 'error.log']) {
        for (const line of readFileSync(join(directory, file), 'utf8').split('\n')) {
          for (const key of ['own', 'n', 'request_id']) {
            assert.ok(line.split(`"${key}":`).length <= 2, line)
          }
        }
      }
    })
  }

  test('is asked at each call, with the values of that moment', async (t) => {
    const storage = new AsyncLocalStorage<{ request_id: number; steps: string[] }>()
    const lines = await logged(t, { context: () => storage.getStore() }, (log) => {
      const event = log.event(straight)
      for (const id of [1, 2, 1]) {
        storage.run({ request_id: id, steps: [] }, () => {
          log.system.info('first')
          storage.getStore()!.steps.push('second')
          event({ n: id, own: 'o' })
        })
      }
      log.system.info('outside')
      event({ n: 0, own: 'o' })
    })
    assert.deepEqual(
      lines.map(({ context }) => context),
      [
        ...[1, 2, 1].flatMap((id) => [
          { request_id: id, steps: [] },
          { request_id: id, steps: ['second'], n: id, own: 'o' },
        ]),
        undefined,
        { n: 0, own: 'o' },
      ],
    )
  })

  test('is asked once for each entry, however it goes', async (t) => {
    let asked = 0
    const context = (): object | undefined => (++asked % 2 === 0 ? { asked } : undefined)
    const lines = await logged(t, { context }, (log) => {
      const events = [straight, placed, loose].map((event) => log.event(event))
      for (let i = 0; i < 12; i++) {
        events[i % 3]!({ n: i, own: 'o' })
        log.system.info('m')
        log.event(straight)({ n: 'no' as never, own: 'o' })
      }
    })
    assert.equal(asked, 36)
    assert.deepEqual(
      lines.map(({ context: own }) => own?.['asked']),
      lines.map((_, i) => (i % 2 === 1 ? i + 1 : undefined)),
    )
  })

  test('lifts an account_id, which is the last to count', async (t) => {
    const lines = await logged(t, { context: () => ({ account_id: 'H', a: 1 }) }, (log) => {
      log.system.info('hook')
      log.system.info('own', { account_id: 'O' })
      log.with({ account_id: 'B' }).system.info('bound')
      log.event(straight)({ n: 1, own: 'hook' })
      log.event(straight)({ n: 1, own: 'given' }, 'G')
    })
    assert.deepEqual(
      lines.map(({ account_id: account }) => account),
      ['H', 'O', 'B', 'H', 'G'],
    )
    assert.ok(lines.every(({ context }) => context!['account_id'] === undefined))
  })

  test('masks secrets in its fields', async (t) => {
    const lines = await logged(
      t,
      { context: () => ({ password: 'CANARY', url: 'https://u:CANARY@h/' }) },
      (log) => {
        log.system.info('m')
        log.event(straight)({ n: 1, own: 'o' })
      },
    )
    assert.doesNotMatch(JSON.stringify(lines), /CANARY/)
  })

  const odd: { readonly [what: string]: readonly [give: () => unknown, told: RegExp | undefined] } =
    {
      'an error thrown': [
        () => {
          throw new Error('no store')
        },
        /options\.context to give an object.*no store/,
      ],
      'a Promise that rejects': [() => Promise.reject(new Error('late')), /got a Promise/],
      'a string': [() => 'text', /got "text"/],
      'a number': [() => 17, /got 17/],
      null: [() => null, undefined],
      'an empty object': [() => ({}), undefined],
      'a getter that throws': [
        () => ({
          get a() {
            throw new Error('g')
          },
          b: 1,
        }),
        undefined,
      ],
      'a Proxy that throws': [
        () =>
          new Proxy(
            {},
            {
              ownKeys: () => {
                throw new Error('p')
              },
            },
          ),
        undefined,
      ],
      'an array': [() => ['x'], undefined],
      'more fields than an entry holds': [
        () => Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`k${i}`, i])),
        undefined,
      ],
      'a text longer than an entry': [() => ({ long: 'x'.repeat(300_000) }), undefined],
    }
  for (const [what, [give, expected]] of Object.entries(odd)) {
    test(`loses no entry, and is told of once: ${what}`, async (t) => {
      const lines = await logged(
        t,
        { context: give as () => object },
        (log) => {
          for (let i = 0; i < 3; i++) {
            log.system.info(`m${i}`, { n: 1, own: 'mine' })
            log.event(straight)({ n: 1, own: 'mine' })
          }
        },
        { buffer: { entry_bytes: 16_384 } },
      )
      assert.equal(lines.length, 6)
      assert.ok(lines.every(({ context }) => context!['own'] === 'mine' || 'context' in context!))
      const told = toldOf({ context: give })
      assert.equal(told.length, expected === undefined ? 0 : 1, told.join(''))
      if (expected !== undefined) assert.match(told[0]!, expected)
    })
  }

  test('may log itself: such an entry is written, without asking again', async (t) => {
    let log: Logger | undefined
    const context = (): object => {
      log?.audit.info('asked', { a: 1 })
      log?.event(straight)({ n: 1, own: 'from the hook' })
      return { request_id: 1 }
    }
    const lines = await logged(t, { context }, (made) => {
      log = made
      made.system.info('m')
      made.event(straight)({ n: 2, own: 'o' })
      log = undefined
    })
    const asked = lines.filter(({ message }) => message === 'asked')
    assert.deepEqual(
      asked.map(({ context: own }) => own),
      [{ a: 1 }, { a: 1 }],
    )
    const others = lines.filter(({ context: own }) => own!['request_id'] === 1)
    assert.equal(others.length, 2)
    assert.equal(lines.length, 6)
  })

  test('is not asked for entries of our own', async (t) => {
    const config = { buffer: { entries: 64, on_full: 'drop_new' } }
    const lines = await logged(
      t,
      { context: () => ({ request_id: 1 }), trace: () => traceIds },
      (log) => {
        for (let i = 0; i < 100; i++) log.system.info('m')
      },
      config,
    )
    const own = lines.find(({ message }) => message.includes('entries were lost'))
    assert.equal(own!.context!['request_id'], undefined)
    assert.equal(own!.trace_id, undefined)
  })
})

describe('options.trace', () => {
  for (const [way, call] of Object.entries(ways)) {
    test(`stands behind the account, in copies as well: ${way}`, async (t) => {
      const lines = await logged(
        t,
        { trace: () => traceIds, context: () => ({ account_id: 'A' }) },
        (log) => {
          call(log)
          log.audit.error('copied')
        },
      )
      for (const line of lines) {
        assert.equal(line.trace_id, traceIds.trace_id)
        assert.equal(line.span_id, traceIds.span_id)
        assert.deepEqual(Object.keys(line).slice(3, 7), [
          'account_id',
          'trace_id',
          'span_id',
          'message',
        ])
      }
      assert.equal(lines.filter(({ message }) => message === 'copied').length, 2)
    })
  }

  const wrong: {
    readonly [what: string]: readonly [give: () => unknown, told: RegExp, trace?: string]
  } = {
    'a trace_id of zeros': [() => ({ ...traceIds, trace_id: '0'.repeat(32) }), /trace_id of 32/],
    'a span_id of zeros': [
      () => ({ ...traceIds, span_id: '0'.repeat(16) }),
      /span_id of 16/,
      traceIds.trace_id,
    ],
    'upper case': [
      () => ({ ...traceIds, trace_id: traceIds.trace_id.toUpperCase() }),
      /32 lower-case/,
    ],
    'too short': [() => ({ ...traceIds, trace_id: 'abc' }), /got abc/],
    'no strings': [() => ({ trace_id: 5, span_id: 6 }), /got 5/],
    'a line end': [() => ({ ...traceIds, trace_id: `${traceIds.trace_id}\n` }), /trace_id/],
    'a forgery': [() => ({ ...traceIds, span_id: '","level":"CR' }), /span_id/, traceIds.trace_id],
    'a string': [() => 'trace', /trace_id/],
    'an error thrown': [
      () => {
        throw new Error('no tracer')
      },
      /no tracer/,
    ],
    'a getter that throws': [
      () => ({
        get trace_id() {
          throw new Error('g')
        },
      }),
      /options\.trace/,
    ],
  }
  for (const [what, [give, expected, trace]] of Object.entries(wrong)) {
    test(`is left out where it is wrong, and told of once: ${what}`, async (t) => {
      const lines = await logged(t, { trace: give as () => undefined }, (log) => {
        log.system.info('m')
        log.event(straight)({ n: 1, own: 'o' })
        log.system.info('m')
      })
      assert.equal(lines.length, 3)
      for (const line of lines) {
        assert.equal(line.trace_id, trace)
        assert.equal(line.span_id, undefined)
      }
      const told = toldOf({ trace: give })
      assert.equal(told.length, 1, told.join(''))
      assert.match(told[0]!, expected)
    })
  }

  test('is shown by formatEntry() with expand', async (t) => {
    const lines = await logged(t, { trace: () => traceIds }, (log) => log.system.info('m'))
    const text = formatEntry(lines[0]!, { expand: true })
    assert.match(
      text,
      new RegExp(`\n    trace_id: ${traceIds.trace_id}\n    span_id: ${traceIds.span_id}$`),
    )
    assert.doesNotMatch(formatEntry(lines[0]!), /trace/)
  })

  test('changes nothing where there is none', async (t) => {
    const lines = await logged(t, { trace: () => undefined }, (log) => log.system.info('m'))
    assert.deepEqual(Object.keys(lines[0]!), [
      'timestamp',
      'level',
      'category',
      'message',
      'seq',
      'lsn',
    ])
  })
})

describe('Surroundings.ask()', () => {
  test('keeps nothing of one call for the next', () => {
    const answers: (object | undefined)[] = [{ a: 1 }, undefined]
    const surroundings = new Surroundings({ context: () => answers.shift() }, () => {})
    assert.equal(surroundings.ask(), true)
    assert.deepEqual(surroundings.fields, { a: 1 })
    assert.equal(surroundings.ask(), false)
    assert.equal(surroundings.fields, undefined)
  })
})

describe('createLogger()', () => {
  test('refuses options that are none', () => {
    assert.throws(() => createLogger({}, { contxt: () => ({}) } as never), {
      name: 'TypeError',
      message:
        /Cannot create the logger: expected the options to be only context, trace, got "contxt"/,
    })
    assert.throws(
      () => createLogger({}, { trace: 'id' } as never),
      /trace to be a function, got "id"/,
    )
  })
})
