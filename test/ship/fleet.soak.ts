// All hosts of a real engine, read by a program.

import assert from 'node:assert/strict'
import { after as afterAll, before as beforeAll, describe, test } from 'node:test'
import { type LogLine, type StreamOptions, createLogger, streamLogs } from '../../lib/index.ts'
import { ship } from '../../lib/ship/ship-logs.ts'
import { logDirectory } from '../log-directory.ts'
import { engines } from './engines.ts'
import { type Expected, expectedOf, hostLogs, shipAll, writeTo } from './hosts.ts'
import type { Servers } from './servers.ts'

async function rawOf(options: StreamOptions): Promise<string[]> {
  const found: string[] = []
  for await (const { raw } of streamLogs(options)) found.push(raw)
  return found
}

function rawWhere(lines: readonly Expected[], isWanted: (line: Expected) => boolean): string[] {
  return lines.filter(isWanted).map(({ raw }) => raw)
}

/** The next lines; who has taken them may leave the iterator as it is. */
async function next(lines: AsyncIterator<LogLine>, count: number): Promise<LogLine[]> {
  const found: LogLine[] = []
  while (found.length < count) {
    const { value, done } = await lines.next()
    assert.ok(done !== true)
    found.push(value)
  }
  return found
}

for (const { name, skip, start } of engines) {
  describe(`${name}: streamLogs({ from })`, { skip, timeout: 60_000 }, () => {
    let servers: Servers
    beforeAll(async () => {
      servers = await start()
    })
    afterAll(() => servers.close())

    test('gives nothing of an engine that is empty, and makes nothing in it', async () => {
      assert.deepEqual(await rawOf({ from: servers.url }), [])
      const { placeAt } = await import('../../lib/ship/engines.ts')
      const place = await placeAt(servers.url, { warn: () => {}, env: {}, dry: true })
      const reader = place.reader()
      await assert.rejects(reader.logs(), /is not there/)
      await reader.close()
    })

    test('gives all hosts by time, with each condition, and the last so many', async (t) => {
      const warnings: string[] = []
      const note = (warning: Error): number => warnings.push(warning.name)
      process.on('warning', note)
      t.after(() => process.off('warning', note))
      const logs = hostLogs(t)
      await writeTo(logs, 211)
      const all = expectedOf(logs)
      assert.equal(all.length, 633)
      await shipAll(servers.url, logs)
      const from = servers.url
      assert.deepEqual(
        await rawOf({ from }),
        rawWhere(all, () => true),
      )
      const { time: since } = all[200]!
      const { time: until } = all[500]!
      const isBetween = ({ time }: Expected): boolean => time >= since && time <= until
      const cases: readonly [StreamOptions, (line: Expected) => boolean][] = [
        [{ level: 'warning' }, ({ level }) => !['DEBUG', 'INFO'].includes(level)],
        [{ categories: ['audit', 'sdk'] }, ({ category }) => ['audit', 'sdk'].includes(category)],
        [{ account_id: 'ABC1' }, ({ account_id }) => account_id === 'ABC1'],
        [{ account_id: ['ABC0', 'ABC1'] }, ({ account_id }) => account_id !== undefined],
        [{ grep: /OF THREE$/i }, ({ message }) => message.endsWith('of three')],
        [
          { where: { 'context.rule': 'UnrealizedLoss' } },
          ({ context }) => context?.rule === 'UnrealizedLoss',
        ],
        [
          { where: { 'context.size.lots': [1, '3'] } },
          ({ context }) => (context?.size?.lots ?? 0) % 2 === 1,
        ],
        [{ since: new Date(since), until: new Date(until) }, isBetween],
        [
          { since: new Date(since), until: new Date(until), level: 'error', categories: ['sdk'] },
          (line) => isBetween(line) && line.category === 'sdk' && /^[EC]R/.test(line.level),
        ],
        [{ categories: ['none'] }, () => false],
      ]
      for (const [options, isWanted] of cases) {
        const wanted = rawWhere(all, isWanted)
        assert.deepEqual(await rawOf({ from, ...options }), wanted, JSON.stringify(options))
        const last = await rawOf({ from, ...options, lines: 7 })
        assert.deepEqual(last, wanted.slice(-7), `the last 7 of ${JSON.stringify(options)}`)
      }
      const [line] = await next(streamLogs({ from, lines: 1 })[Symbol.asyncIterator](), 1)
      assert.ok(!warnings.includes('MaxListenersExceededWarning'), 'of its own listeners')
      assert.match(line!.file, /^(?:a\.example|b\/[0-9a-f]{8})\/\w+$/)
    })

    test('goes on behind the cursor of any line, also when a host comes late with older entries', async (t) => {
      const logs = hostLogs(t)
      // Nobody else's: the logs of the test before are there, too.
      const categories = ['audit', 'sdk', 'enforcement']
      await writeTo(logs, 40)
      const from = servers.url
      const late = logs.pop()!
      await shipAll(from, logs)
      const ways: readonly StreamOptions[] = [
        { categories },
        { categories, level: 'warning' },
        { categories, where: { 'context.rule': 'Other' }, grep: /three/ },
      ]
      const given: LogLine[][] = []
      for (const way of ways) {
        given.push(await next(streamLogs({ from, ...way })[Symbol.asyncIterator](), 30))
      }
      const cursors = given.map((lines) => lines.map(({ cursor }) => cursor))
      await shipAll(from, [late])
      for (const [i, way] of ways.entries()) {
        const all = (await rawOf({ from, ...way })).toSorted()
        const before = given[i]!.map(({ raw }) => raw)
        for (const at of [0, 13, 29]) {
          const after = cursors[i]![at]!
          const rest = await rawOf({ from, ...way, after })
          assert.deepEqual([...before.slice(0, at + 1), ...rest].toSorted(), all, `${i} ${at}`)
          assert.deepEqual(await rawOf({ from, ...way, after, lines: 5 }), rest.slice(-5))
        }
      }
    })

    test('follows: what is there, what comes, a host that is new, and ends', async (t) => {
      const directory = logDirectory(t)
      const log = createLogger({ log_path: directory, console: 'off' })
      t.after(() => log.close())
      log.service.info('first')
      await log.flush()
      const from = servers.url
      const end = new AbortController()
      const shipping = ship(from, { log_path: directory, host: 'c', signal: end.signal })
      t.after(() => end.abort())
      const leave = new AbortController()
      const options = { categories: ['service'], follow: true, signal: leave.signal }
      const lines = streamLogs({ from, ...options })[Symbol.asyncIterator]()
      const [first] = await next(lines, 1)
      assert.deepEqual([first!.entry!.message, first!.file], ['first', 'c/service'])
      log.service.info('second')
      assert.equal((await next(lines, 1))[0]!.entry!.message, 'second')
      const other = logDirectory(t)
      const another = createLogger({ log_path: other, console: 'off' })
      another.service.info('of a host that is new')
      await another.close()
      const coming = next(lines, 1)
      await ship(from, { log_path: other, host: 'd', once: true })
      assert.equal((await coming)[0]!.file, 'd/service')
      const last = lines.next()
      leave.abort()
      assert.equal((await last).done, true)
      end.abort()
      await shipping
    })

    test('follows behind a cursor: each line once', async (t) => {
      const log = { host: 'f', directory: logDirectory(t) }
      const from = servers.url
      const options = { from, account_id: 'F', follow: true }
      const seen: string[] = []
      let after: string | undefined
      for (let round = 0; round < 4; round++) {
        const logger = createLogger({ log_path: log.directory, console: 'off' })
        for (let i = 0; i < 3; i++) logger.service.info(`${round} ${i}`, { account_id: 'F' })
        await logger.close()
        await shipAll(from, [log])
        const leave = new AbortController()
        const goesOn = after === undefined ? {} : { after }
        const lines = streamLogs({ ...options, ...goesOn, signal: leave.signal })
        // One is left for the next round each time.
        const found = await next(lines[Symbol.asyncIterator](), round === 0 ? 2 : 3)
        leave.abort()
        after = found.at(-1)!.cursor
        seen.push(...found.map(({ entry }) => entry!.message))
      }
      const all = [0, 1, 2, 3].flatMap((round) => [0, 1, 2].map((i) => `${round} ${i}`))
      assert.deepEqual(seen, all.slice(0, -1))
    })

    test('ends when what is wanted is over', async () => {
      const until = new Date(Date.now() - 4000)
      const from = servers.url
      const lines = await rawOf({ from, follow: true, until, categories: ['none'] })
      assert.deepEqual(lines, [])
    })
  })
}
