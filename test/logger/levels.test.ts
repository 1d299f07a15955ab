// Levels while a logger runs: what counts, for how long, and that each change is in the audit.

import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { createLogger, defineEvent, type Logger, loadConfig, Type } from '../../lib/index.ts'
import { type LevelChange, Levels } from '../../lib/logger/levels.ts'
import { linesOf, logDirectory } from '../log-directory.ts'
import { writeFileSync } from 'node:fs'

const [DEBUG, INFO, WARNING, OFF] = [0, 1, 2, 5]

/** Two categories, of which the second has a level of its own; what was changed. */
function levelled() {
  const first = { name: 'first', threshold: INFO, own: false }
  const second = { name: 'second', threshold: WARNING, own: true }
  const changes: LevelChange[] = []
  const levels = new Levels([first, second], INFO, (change) => changes.push(change))
  return { first, second, levels, changes }
}

describe('Levels', () => {
  test('the general level leaves alone what a category has of its own', () => {
    const { first, second, levels } = levelled()
    levels.set(DEBUG, undefined)
    assert.deepEqual([first.threshold, second.threshold], [DEBUG, WARNING])
    assert.deepEqual([levels.of(undefined), levels.of(second)], ['DEBUG', 'WARNING'])
    levels.set(OFF, first)
    levels.set(WARNING, undefined)
    assert.deepEqual([first.threshold, second.threshold], [OFF, WARNING])
    assert.equal(levels.of(first), 'off')
  })

  test('set() tells of changes, and of nothing else', () => {
    const { second, levels, changes } = levelled()
    levels.set(DEBUG, second)
    levels.set(DEBUG, second)
    levels.set(OFF, undefined)
    assert.deepEqual(changes, [
      { category: 'second', from: 'WARNING', to: 'DEBUG', forS: undefined, isEnd: false },
      { category: undefined, from: 'INFO', to: 'off', forS: undefined, isEnd: false },
    ])
  })

  /** Real timers, awaited by the change that they make. */
  async function ended(
    levels: Levels<{ name: string; threshold: number; own: boolean }>,
    changes: LevelChange[],
  ) {
    void levels
    const alive = setInterval(() => {}, 1000)
    while (!changes.some(({ isEnd }) => isEnd)) await new Promise(setImmediate)
    clearInterval(alive)
  }

  test('a level for a time goes back to what there was, or to what was set meanwhile', async () => {
    const { first, second, levels, changes } = levelled()
    levels.set(DEBUG, undefined, 0.01)
    levels.set(OFF, second)
    assert.deepEqual([first.threshold, second.threshold], [DEBUG, OFF])
    await ended(levels, changes)
    assert.deepEqual([first.threshold, second.threshold], [INFO, OFF])
    assert.deepEqual(changes.at(-1), {
      category: undefined,
      from: 'DEBUG',
      to: 'INFO',
      forS: undefined,
      isEnd: true,
    })
  })

  test('of two levels for a time the later counts, and both go back to what lasts', async () => {
    const { first, levels, changes } = levelled()
    levels.set(WARNING, first, 0.001)
    levels.set(DEBUG, first, 0.01)
    assert.equal(first.threshold, DEBUG)
    await ended(levels, changes)
    assert.equal(first.threshold, INFO)
    assert.equal(changes.filter(({ isEnd }) => isEnd).length, 1)
  })

  test('a lasting level ends one for a time', async () => {
    const { first, levels, changes } = levelled()
    levels.set(DEBUG, first, 0.001)
    levels.set(WARNING, first)
    levels.set(OFF, undefined, 0.01)
    await ended(levels, changes)
    assert.equal(first.threshold, WARNING)
  })
})

/** A logger, and the entries of a file when it is closed. */
function logger(t: TestContext, config = {}) {
  const directory = logDirectory(t)
  const log: Logger = createLogger({ log_path: directory, ...config })
  const lines = async (file: string) => {
    await log.close()
    return linesOf(directory, file)
  }
  return { log, lines }
}

describe('setLevel()', () => {
  test('writes each change to the audit, whatever its level', async (t) => {
    const { log, lines } = logger(t, { levels: { audit: 'off' } })
    log.setLevel('debug', 'sdk', { for_s: 60 })
    log.with({ request_id: 1 }).setLevel('OFF' as 'off')
    log.setLevel('debug', 'sdk')
    log.audit.critical('silenced')
    log.setLevel('info', 'audit')
    log.audit.info('heard')
    assert.deepEqual(
      (await lines('audit.log')).map(({ level, message, context }) => [level, message, context]),
      [
        [
          'INFO',
          'Level of sdk set from INFO to DEBUG for 60 s',
          { action: 'set_level', category: 'sdk', from: 'INFO', to: 'DEBUG', for_s: 60 },
        ],
        ['INFO', 'Level set from INFO to off', { action: 'set_level', from: 'INFO', to: 'off' }],
        [
          'INFO',
          'Level of audit set from off to INFO',
          { action: 'set_level', category: 'audit', from: 'off', to: 'INFO' },
        ],
        ['INFO', 'heard', undefined],
      ],
    )
  })

  test('off silences every way to log to a category, and level() says so', async (t) => {
    const { log, lines } = logger(t, { levels: { sdk: 'off', system: 'OFF' } })
    assert.deepEqual(
      [log.level('sdk'), log.level('system'), log.level('error'), log.level()],
      ['off', 'off', 'INFO', 'INFO'],
    )
    assert.equal(log.isEnabled('critical', 'sdk'), false)
    const event = log.event(
      defineEvent({ category: 'sdk', level: 'CRITICAL', message: 'm', context: Type.Object({}) }),
    )
    event({})
    log.sdk.critical('m')
    log.logSystem('CRITICAL', 'm')
    log.setLevel('debug', 'sdk')
    event({})
    log.sdk.debug('m')
    assert.equal((await lines('system.log')).length, 2)
  })

  test('refuses what is no level, no category, no time', (t) => {
    const { log } = logger(t)
    t.after(() => log.close())
    assert.throws(
      () => log.setLevel('silent' as never),
      /expected one of DEBUG, INFO, WARNING, ERROR, CRITICAL, off, got silent \(did you mean off/,
    )
    assert.throws(() => log.setLevel('info', 'nope'), /Cannot find the category/)
    for (const seconds of [0, -1, NaN, Infinity, 2 ** 31, '60']) {
      assert.throws(
        () => log.setLevel('info', 'sdk', { for_s: seconds as never }),
        /Cannot set the level: expected for_s to be a number of seconds above 0/,
      )
    }
    assert.throws(() => log.setLevel('info', 'sdk', { for: 60 } as never), /only for_s/)
    assert.throws(() => log.level('nope'), /Cannot find the category/)
    assert.equal(log.level('sdk'), 'INFO')
  })

  test('a level for a time keeps no process alive, and ends with the logger', async (t) => {
    const { log } = logger(t)
    log.setLevel('debug', 'sdk', { for_s: 3600 })
    await log.close()
    assert.equal(log.level('sdk'), 'DEBUG')
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'))
  })

  test('off is a level of a configuration file, for categories alone', (t) => {
    const file = `${logDirectory(t)}.json`
    writeFileSync(file, '{"logging":{"levels":{"sdk":"off"}}}')
    assert.equal(loadConfig(file).levels['sdk'], 'off')
    assert.throws(() => createLogger({ log_level: 'off' as never }), /logging\.log_level/)
    assert.throws(() => createLogger({ levels: { sdk: 'silent' as never } }), /did you mean off\?/)
  })
})
