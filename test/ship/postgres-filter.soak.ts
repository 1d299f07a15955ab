// What PostgreSQL leaves out: nothing that the judge, who looks at each line, would have let pass.
// Lines that no logger writes are among them.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { type LogLine, type StreamOptions, streamLogs } from '../../lib/index.ts'
import { checkedOptions, wantedOf } from '../../lib/read/query.ts'
import type { Shipment } from '../../lib/ship/engine.ts'
import { placeAt } from '../../lib/ship/engines.ts'
import { type Servers, postgresBinaries, startPostgres } from './servers.ts'

const binaries = postgresBinaries()
const entries = 3000
const firstMs = Date.UTC(2026, 10, 1)

let state = 4711
function pick<T>(of: readonly T[]): T {
  state = (state * 48271) % 2147483647
  return of[state % of.length]!
}

const messages = [
  'Order 17 refused',
  'ORDER 18 REFUSED',
  'order\\t19\\u0000 refused',
  '\\u212aosten K k',
  'Gro\\u00dfe ſs \\ud83d\\ude00',
  'half \\ud83d of it',
  'a.b \\"quoted\\" \\\\ {,5}',
  '',
]
const values = [
  '"x"',
  '"x\\u0000"',
  '"\\ufffd"',
  '"\\ud800"',
  '1',
  '1.0',
  '1e0',
  '-0',
  '0',
  '1e400',
  '12345678901234567890',
  '0.1',
  '0.1000000000000000055511151231257827',
  '"1"',
  '"true"',
  'true',
  'null',
  '"null"',
  '["x",1,null]',
  '[["x"]]',
  '[]',
  '{"x":1}',
  '{"b":"x"}',
  '[{"b":1}]',
  '{"b":{"c":[1,"x"]}}',
  '1e-400',
]
const keys = ['a', 'a.b', 'b', 'a\\u0000', 'length', 'c', '', '0', 'a.b.c']

function lineOf(seq: number): string {
  const fields = Array.from({ length: seq % 4 }, () => `"${pick(keys)}":${pick(values)}`)
  const timestamp = new Date(firstMs + seq * 1000).toISOString().replace('Z', '+00:00')
  const level = pick(['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL', 'OTHER'])
  const account = pick(['', `"account_id":"A1",`, `"account_id":"A\\u0000",`, `"account_id":7,`])
  return `{"timestamp":"${timestamp}","level":"${level}","category":"audit",${account}"message":"${pick(messages)}","context":{${fields.join()}},"seq":${seq},"lsn":${seq}}`
}

function queryOf(i: number): StreamOptions {
  const grep = pick([
    /refused/,
    /order \d+/i,
    /Kosten/iu,
    /kosten/i,
    /^Order/,
    /gros?e/i,
    /ſs/iu,
    /so?s 😀/u,
    /half .* of/,
    /"quoted" \\/,
    /\{,5\}/,
    /^$/,
    /one|refused/,
    /"seq":1/,
    /\ufffd/,
    /a\.b/,
  ])
  const where = {
    [pick([
      'context.a',
      'context.a.b',
      'context.a.b.c',
      'context.a.0',
      'context.a.length',
      'message',
      'seq',
    ])]: pick([
      'x',
      1,
      true,
      null,
      0,
      '-0',
      Infinity,
      0.1,
      '12345678901234567000',
      '',
      '\ufffd',
      [1, 'x'],
      'null',
      'Order 17 refused',
      17,
    ]),
  }
  const moment = (at: number): Date => new Date(firstMs + at * 1000)
  return {
    ...(i % 2 === 0 && { grep }),
    ...(i % 3 === 0 && { where }),
    ...(i % 5 === 0 && { level: pick(['info', 'error'] as const) }),
    ...(i % 7 === 0 && { account_id: pick([['A1'], ['A\0', 'A1'], ['A\ufffd']]) }),
    ...(i % 11 === 0 && { since: moment(400), until: moment(2500) }),
    ...(i % 4 === 0 && { lines: pick([1, 7, 200, 1500]) }),
  }
}

/** Random queries. */
const queries = process.env['CI'] === undefined ? 300 : 100

describe(
  'PostgreSQL: conditions',
  // One of the questions waits, and nothing else.
  {
    skip: binaries === undefined && 'PostgreSQL is not installed',
    timeout: 120_000,
    concurrency: 2,
  },
  () => {
    let servers: Servers
    before(async () => {
      servers = await startPostgres(binaries!)
      const place = await placeAt(servers.url, { warn: () => {}, env: {} })
      const log = place.log({ host: 'a', log_id: 'f'.repeat(32) })
      await log.last()
      for (let seq = 1; seq <= entries; seq += 500) {
        const batch = Array.from({ length: 500 }, (_, i): Shipment => {
          const line = Buffer.from(lineOf(seq + i))
          return { category: 'audit', seq: seq + i, time: firstMs + (seq + i) * 1000, line }
        })
        await log.append('*', batch)
      }
      await log.close()
    })
    after(() => servers.close())

    describe('are looked at there', { concurrency: 1 }, () => {
      test('streamLogs({ from }) gives exactly what its conditions let pass of all lines', async () => {
        const all: LogLine[] = []
        for await (const line of streamLogs({ from: servers.url })) all.push(line)
        assert.equal(all.length, entries)
        let found = 0
        for (let i = 0; i < queries; i++) {
          const options = queryOf(i)
          const { matches, lines } = wantedOf(checkedOptions(options).options, Date.now())
          const wanted = all
            .filter((line, at) =>
              matches({
                line,
                time: firstMs + (at + 1) * 1000,
                lsn: at + 1,
                slackMs: 0,
                source: '',
                end: 0,
              }),
            )
            .slice(lines === Infinity ? 0 : -lines)
          const given: string[] = []
          for await (const { raw } of streamLogs({ from: servers.url, ...options })) given.push(raw)
          const shown = JSON.stringify({ ...options, grep: String(options.grep) })
          assert.deepEqual(
            given,
            wanted.map(({ raw }) => raw),
            shown,
          )
          found += given.length
        }
        assert.ok(found > entries)
      })

      test('read() sends nothing of what a field or an expression leaves out, however many rows that are', async () => {
        const place = await placeAt(servers.url, { warn: () => {}, env: {} })
        const reader = place.reader()
        const series = [{ host: 'a', log_id: 'f'.repeat(32), category: 'audit' }]
        const countOf = async (query: object): Promise<number> => {
          let count = 0
          for await (const batch of reader.read({ series, ...query })) count += batch.length
          return count
        }
        assert.equal(await countOf({}), entries)
        // More than one question looks at.
        const long = [{ ...series[0]!, category: 'long' }]
        const client = new pg.Client(servers.url)
        await client.connect()
        await client.query(
          `insert into ringlog.entries select host, log_id, 'long', n, time, '', null, jsonb_build_object('seq', n % 30000)
          from ringlog.entries, generate_series(1001, 70000) as n where seq = 1`,
        )
        await client.end()
        assert.equal(await countOf({ series: long, where: { seq: 17 } }), 2)
        for (const lines of [1, 2, 3, 1500]) {
          const expected = Math.min(lines, 2)
          assert.equal(
            await countOf({ series: long, where: { seq: 1017 }, lines }),
            Math.min(lines, 3),
          )
          assert.equal(await countOf({ series: long, where: { seq: 17 }, lines }), expected)
        }
        assert.equal(await countOf({ series: long, where: { seq: 17 }, after: '30017' }), 1)
        assert.equal(await countOf({ where: { seq: 17 } }), 1)
        assert.equal(await countOf({ where: { seq: 17 }, lines: 5 }), 1)
        assert.ok((await countOf({ grep: /^order 18/i })) < entries / 4)
        assert.equal(
          await countOf({ grep: /Order 17/, lines: 1200 }),
          await countOf({ grep: /Order 17/ }),
        )
        await reader.close()
      })
    })

    test('numbers() may take longer than any other question', async () => {
      const client = new pg.Client(servers.url)
      await client.connect()
      await client.query(`create role slow login; grant usage on schema ringlog to slow;
      grant select on ringlog.entries to slow; alter table ringlog.entries enable row level security;
      create policy slow on ringlog.entries using (
        (select pg_sleep(16)) is not null and seq = 1)`)
      await client.end()
      const url = servers.url.replace('postgres@', 'slow@')
      const reader = (await placeAt(url, { warn: () => {}, env: {}, dry: true })).reader()
      const [found] = await reader.numbers()
      assert.deepEqual([found?.first, found?.last], [1, 1])
      await reader.close()
    })
  },
)
