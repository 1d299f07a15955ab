// Shipping into an engine in memory, which fails in every way that an engine can.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import { createLogger } from '../../lib/index.ts'
import type { Engine, EnginePlace, LogName } from '../../lib/ship/engine.ts'
import type { ShipEvent, ShipReport } from '../../lib/ship/events.ts'
import { type ShipOptions, ship, shipTo } from '../../lib/ship/ship-logs.ts'
import { type Fate, MemoryEngine } from '../fakes/memory-engine.ts'
import { logDirectory } from '../log-directory.ts'

const categories = ['system', 'audit', 'error', 'enforcement']

function write(log_path: string, entries: number, word = 'entry'): Promise<void> {
  const log = createLogger({ log_path, log_level: 'DEBUG', rotation: { max_size_mb: 1 } })
  for (let i = 0; i < entries; i++) {
    log.system.info(`${word} ${i}`, { i })
    if (i % 3 === 0) log.audit.error(`${word} ${i}`, { text: 'ü\u0000\ud800' })
    if (i % 7 === 0) log.error.warning(`${word} ${i}`)
    if (i % 5 === 0) log.enforcement.critical(`${word} ${i}`)
  }
  return log.close()
}

/** The lines of a category in a directory, by their numbers; copies are left out. */
function linesIn(directory: string, category: string): string[] {
  const lines = readdirSync(directory)
    .filter((name) => /\.log(\.\d+)?$/.test(name))
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n').slice(0, -1))
    .filter((line) => line.includes(`"category":"${category}"`))
  const seqOf = (line: string): number => (JSON.parse(line) as { seq: number }).seq
  return [...new Set(lines)].toSorted((a, b) => seqOf(a) - seqOf(b))
}

function assertAllIsThere(engine: MemoryEngine, directory: string): void {
  for (const category of categories) {
    assert.deepEqual(engine.linesOf(category), linesIn(directory, category), category)
  }
}

interface Run {
  readonly events: ShipEvent[]
  readonly done: Promise<ShipReport>
  readonly stop: () => void
}

function start(engine: EnginePlace, directory: string, options: ShipOptions = {}): Run {
  const events: ShipEvent[] = []
  const stop = new AbortController()
  const tell = (event: ShipEvent): number => events.push(event)
  const done = shipTo(engine, [directory], { host: 'h', tell, signal: stop.signal, ...options })
  // What it rejects with is looked at later.
  done.catch(() => {})
  return { events, done, stop: () => stop.abort() }
}

function once(engine: MemoryEngine, directory: string): Promise<ShipReport> {
  return start(engine, directory, { once: true }).done
}

async function following(t: TestContext, engine: EnginePlace, directory: string): Promise<Run> {
  const run = start(engine, directory)
  t.after(run.stop)
  return run
}

/** An engine for one shipper, whose appends wait while it is another one's turn. */
class Turn implements EnginePlace {
  readonly name = 'memory'
  readonly #engine: MemoryEngine
  #mayGo: Promise<void> = Promise.resolve()
  /** Lets those go that wait. */
  go: () => void = () => {}

  constructor(engine: MemoryEngine) {
    this.#engine = engine
  }

  reader(): never {
    return this.#engine.reader()
  }

  stop(): void {
    this.#mayGo = new Promise((resolve) => {
      this.go = resolve
    })
  }

  log(name: LogName): Engine {
    const engine = this.#engine.log(name)
    return {
      ...engine,
      append: async (...words) => {
        await this.#mayGo
        return await engine.append(...words)
      },
    }
  }
}

describe('ship()', () => {
  test('sends each entry once and in order, byte for byte, and nothing the second time', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 1500)
    const engine = new MemoryEngine()
    const report = await once(engine, directory)
    assertAllIsThere(engine, directory)
    const all = categories.reduce((sum, category) => sum + engine.linesOf(category).length, 0)
    assert.deepEqual([report.sent, report.missing, report.passed_over], [all, 0, 0])
    assert.equal((await once(engine, directory)).sent, 0)
    await write(directory, 10, 'later')
    await once(engine, directory)
    assertAllIsThere(engine, directory)
  })

  for (const order of ['category', 'log'] as readonly Engine['order'][]) {
    test(`sends each once whatever becomes of three appends, by ${order}`, async (t) => {
      const directory = logDirectory(t)
      await write(directory, 60)
      const fates: readonly Fate[] = ['acknowledged', 'stored', 'not stored', 'late']
      const cases = fates.flatMap((a) => fates.flatMap((b) => fates.map((c) => [a, b, c])))
      assert.equal(cases.length, 64)
      // All at once: each waits a moment after a trouble.
      await Promise.all(
        cases.map(async (these) => {
          const engine = new MemoryEngine(order)
          engine.fates = [...these]
          const { events, done } = start(engine, directory, { once: true })
          await done
          assertAllIsThere(engine, directory)
          assert.deepEqual(events, [], these.join())
        }),
      )
    })
  }

  test('follows, and sends again what the engine has lost', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 300)
    const engine = new MemoryEngine()
    const run = await following(t, engine, directory)
    await engine.until(() => engine.linesOf('system').length === 300)
    engine.forget(10)
    await write(directory, 1, 'next')
    await engine.until(() => engine.linesOf('system').length === 301)
    await engine.until(() => engine.linesOf('audit').length === 101)
    run.stop()
    await run.done
    assertAllIsThere(engine, directory)
    assert.ok(run.events.some(({ kind }) => kind === 'lost'))
  })

  test('asks one that is away until it answers, and tells both once', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 3)
    const engine = new MemoryEngine()
    engine.away = 3
    const { events, done } = start(engine, directory, { once: true })
    await done
    assertAllIsThere(engine, directory)
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['away', 'back'],
    )
    assert.match(events[0]!.message, /nobody is there/)
  })

  test('leaves the place to a shipper that began later, and says so', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 10)
    const engine = new MemoryEngine()
    const turn = new Turn(engine)
    const first = await following(t, turn, directory)
    await engine.until(() => engine.linesOf('system').length === 10)
    turn.stop()
    await following(t, engine, directory)
    const log = createLogger({ log_path: directory })
    t.after(() => log.close())
    log.system.info('sent by the second, while the first waits')
    await engine.until(() => engine.linesOf('system').length === 11)
    turn.go()
    await assert.rejects(
      first.done,
      /Cannot go on: expected to be the only shipper of this log, got system entr/,
    )
    log.system.info('sent by the second alone')
    await log.close()
    const all = linesIn(directory, 'system').length
    await engine.until(() => engine.linesOf('system').length === all)
    assertAllIsThere(engine, directory)
  })

  test('sends a directory that is begun anew as another log', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 50, 'old')
    const old = linesIn(directory, 'system')
    const engine = new MemoryEngine()
    const run = await following(t, engine, directory)
    await engine.until(() => engine.linesOf('system').length === 50)
    rmSync(directory, { recursive: true })
    await write(directory, 50, 'new')
    await engine.until(() => engine.linesOf('system').length === 100)
    run.stop()
    await run.done
    assert.deepEqual(engine.linesOf('system'), [...old, ...linesIn(directory, 'system')])
    const logs = [...engine.stored.keys()].filter((name) => name.endsWith('/system'))
    assert.equal(logs.length, 2)
    assert.ok(run.events.some(({ kind }) => kind === 'renewed'))
  })

  test('tells by numbers what was rotated away before it was sent', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 10)
    const engine = new MemoryEngine()
    await once(engine, directory)
    await write(directory, 10)
    const file = join(directory, 'system.log')
    const lines = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, lines.slice(15).join('\n'))
    const { events, done } = start(engine, directory, { once: true })
    const report = await done
    const [gap] = events
    assert.deepEqual(
      [events.length, gap?.kind, gap?.category, gap?.from, gap?.to, report.missing],
      [1, 'gap', 'system', 11, 15, 5],
    )
    assert.equal(engine.linesOf('system').length, 15)
  })

  test('sends the logs below a parent, each as its own', async (t) => {
    const parent = logDirectory(t)
    for (const name of ['a', 'b', 'c']) await write(join(parent, name), 20, name)
    const engine = new MemoryEngine()
    const report = await once(engine, parent)
    assert.equal(report.logs, 3)
    for (const name of ['a', 'b', 'c']) {
      const lines = linesIn(join(parent, name), 'audit')
      assert.deepEqual(
        engine.linesOf('audit').filter((line) => line.includes(`"message":"${name} `)),
        lines,
      )
    }
  })

  test('passes over a line that is no entry, and tells where', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 4)
    const file = join(directory, 'service.log')
    writeFileSync(file, 'torn\n{"a":1}\n')
    const engine = new MemoryEngine()
    const { events, done } = start(engine, directory, { once: true })
    assert.equal((await done).passed_over, 2)
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['passed_over'],
    )
    assert.match(events[0]!.message, /service\.log: the line at byte 0, which is no entry/)
    assertAllIsThere(engine, directory)
  })

  test('refuses human lines, a log without identity, and none', async (t) => {
    const directory = logDirectory(t)
    const log = createLogger({ log_path: directory, structured_format: false })
    log.system.info('a')
    await log.close()
    const engine = new MemoryEngine()
    await assert.rejects(
      once(engine, directory),
      /expected lines of JSON with numbers, got human lines/,
    )
    for (const name of readdirSync(directory)) {
      if (name.endsWith('.lock')) rmSync(join(directory, name))
    }
    await assert.rejects(once(engine, directory), /expected a log with an identity, got none/)
    await assert.rejects(once(engine, join(directory, 'no')), /expected a log, got none/)
    assert.equal(engine.appends, 0)
  })

  test('refuses a log whose last entry is another one than in the engine', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 4)
    const engine = new MemoryEngine()
    await once(engine, directory)
    for (const name of ['audit.log', 'error.log']) {
      const file = join(directory, name)
      writeFileSync(file, readFileSync(file, 'utf8').replace('entry 3', 'entry X'))
    }
    await assert.rejects(
      once(engine, directory),
      /expected audit entry 2 to be the one that the engine has/,
    )
  })

  test('waits for room when the engine is slow: memory does not grow with the log', async (t) => {
    const directory = logDirectory(t)
    await write(directory, 4000)
    const engine = new MemoryEngine('log')
    let most = 0
    engine.onAppend = (batch) => {
      const bytes = batch.reduce((sum, { line }) => sum + line.length, 0)
      most = Math.max(most, bytes)
    }
    await once(engine, directory)
    assertAllIsThere(engine, directory)
    assert.ok(most <= 256 * 1024 && most > 100_000, `${most}`)
  })

  test('says which URLs there are, and shows no secret of one that is wrong', async () => {
    const message = async (url: string): Promise<string> => {
      const error = await ship(url, { log_path: '/nowhere', once: true }).catch((e: Error) => e)
      return (error as Error).message
    }
    for (const url of [
      'redis://user:secret@host',
      'secret',
      'nats://user:secret@ho st/LOGS',
      'nats://user:secret@host',
      'nats://user:sec%ret@host/LOGS',
      'nats://user:secret@host/LOGS?no=1',
      'postgres://user:sec/ret@host:x/d',
      'postgres://user:secret@host/d?table=a%20b',
    ]) {
      assert.match(await message(url), /^Cannot use .*expected/)
      assert.doesNotMatch(await message(url), /sec\/?%?ret/)
    }
  })
})
