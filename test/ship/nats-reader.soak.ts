// Where the reader of NATS begins: behind a number, and at a moment, whatever the clock did.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { EngineQuery, EngineReader, SeriesName } from '../../lib/ship/engine.ts'
import { placeAt } from '../../lib/ship/engines.ts'
import { type Servers, natsBinaries, startNats } from './servers.ts'

const [nats] = natsBinaries()

/** Entries of a message, and messages. */
const entries = 3
const messages = 1200

const name: SeriesName = { host: 'a', log_id: 'a'.repeat(32), category: 'system' }
const other: SeriesName = { ...name, host: 'b' }
const begin = Date.UTC(2026, 0, 1)

/** A clock that is put back by an hour now and then, and once was ahead by one. */
function timeOf(seq: number): number {
  const ahead = seq > 900 && seq < 910 ? 3_600_000 : 0
  return begin + seq * 1000 + ahead - (seq % 700 < 30 ? 3_600_000 : 0)
}

async function read(reader: EngineReader, query: EngineQuery): Promise<number[]> {
  const seqs: number[] = []
  for await (const batch of reader.read(query)) seqs.push(...batch.map(({ seq }) => seq))
  return seqs
}

describe(
  'NatsReader.read()',
  { skip: nats === undefined && 'nats-server is not installed' },
  () => {
    let servers: Servers
    let reader: EngineReader
    before(async () => {
      servers = await startNats(nats!.path, 1)
      const place = await placeAt(servers.url, { warn: () => {}, env: {} })
      const engines = [name, other].map((each) => place.log(each))
      for (const engine of engines) await engine.last()
      for (let i = 0; i < messages; i++) {
        // One that is started again has forgotten all.
        if (i % 100 === 50) for (const engine of engines) await engine.last()
        const batch = Array.from({ length: entries }, (_, j) => {
          const seq = i * entries + j + 1
          const time = timeOf(seq)
          const timestamp = new Date(time).toISOString().replace('Z', '+00:00')
          const line = Buffer.from(JSON.stringify({ timestamp, seq }))
          return { category: 'system', seq, time, line }
        })
        await Promise.all(engines.map((engine) => engine.append('system', batch)))
      }
      await Promise.all(engines.map((engine) => engine.close()))
      reader = place.reader()
    })
    after(async () => {
      await reader.close()
      await servers.close()
    })

    const last = messages * entries
    const all = Array.from({ length: last }, (_, i) => i + 1)

    test('goes on behind a number, and reads little in front of it', async () => {
      for (const behind of [1, 2, 3, 500, 1801, last - 200, last - 4, last - 3, last - 1, last]) {
        const seqs = await read(reader, { series: [name], behind })
        assert.deepEqual(seqs, all.slice(behind), `behind ${behind}`)
        const few = await read(reader, { series: [name], behind, lines: 7 })
        assert.deepEqual(few.slice(-7), all.slice(behind).slice(-7))
      }
    })

    test('begins at a moment: no entry is missing, and little is read in front of it', async () => {
      const seconds = [0, 1, 700, 905, 1500, 2500, last - 100, last - 1, last, last + 4000]
      for (const second of seconds) {
        const since = begin + second * 1000
        const wanted = all.filter((seq) => timeOf(seq) >= since)
        const seqs = await read(reader, { series: [name], since })
        assert.deepEqual(
          seqs.filter((seq) => timeOf(seq) >= since),
          wanted,
          `since ${second}`,
        )
        // Two series share the stream, and 64 messages too many are read at most.
        if (second === 2500) assert.ok(seqs.length < wanted.length + 64 * entries, `${seqs.length}`)
        const rest = wanted.filter((seq) => seq > 2000)
        const behind = await read(reader, { series: [name], since, behind: 2000 })
        assert.deepEqual(
          behind.filter((seq) => timeOf(seq) >= since),
          rest,
        )
      }
    })

    test('fails where a series is known to go further than what came', async () => {
      const query = { series: [name], behind: last - 500 }
      assert.deepEqual(await read(reader, { ...query, upTo: last }), all.slice(-500))
      // What is not there any more is not waited for.
      assert.deepEqual(await read(reader, { ...query, upTo: last + 1 }), all.slice(-500))
    })
  },
)
