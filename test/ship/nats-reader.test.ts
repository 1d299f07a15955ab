// A server of NATS that lags behind its leader. A real one does so for moments only, and nobody can
// choose them: here the consumer, which may be on such a server, ends in front of what the leader
// tells.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineQuery, SeriesName } from '../../lib/ship/engine.ts'
import { Link } from '../../lib/ship/link.ts'
import type { NatsLink } from '../../lib/ship/nats-connection.ts'
import { NatsReader } from '../../lib/ship/nats-reader.ts'
import { bodyOf, headersOf } from '../../lib/ship/nats-message.ts'
import { subjectOf } from '../../lib/ship/subject.ts'

const name: SeriesName = {
  host: 'a',
  log_id: 'f'.repeat(32),
  category: 'system',
}

/** A message of three entries. */
function message(at: number, pending: number): object {
  const batch = [1, 2, 3].map((i) => {
    const seq = 3 * (at - 1) + i
    return {
      category: 'system',
      seq,
      time: seq,
      line: Buffer.from(`{"seq":${seq}}`),
    }
  })
  const found = new Map(headersOf(batch))
  const headers = { get: (header: string) => found.get(header) ?? '' }
  const subject = subjectOf(name)
  return {
    subject,
    seq: at,
    data: bodyOf(batch),
    headers,
    header: headers,
    info: { pending },
  }
}

/** What is read where a server has so many messages, and the leader as many as it has. */
async function seqsOf(has: number, leaderHas: number, query: EngineQuery): Promise<number[]> {
  const given = Array.from({ length: has }, (_, i) => message(i + 1, has - i - 1))
  const messages = Object.assign(given.values(), { stop: () => {} })
  const consumer = {
    info: () => Promise.resolve({ num_pending: has }),
    consume: () => Promise.resolve(messages),
  }
  const connection = {
    nc: { closed: () => new Promise(() => {}), info: { version: '2.10.27' } },
    js: { consumers: { get: () => Promise.resolve(consumer) } },
    jsm: {
      streams: { getMessage: () => Promise.resolve(message(leaderHas, 0)) },
    },
  }
  const link = new Link(
    () => Promise.resolve(connection as unknown as NatsLink),
    () => Promise.resolve(),
  )
  const reader = new NatsReader(link, { name: 'nats://a', stream: 'LOGS' })
  const seqs: number[] = []
  for await (const lines of reader.read(query)) seqs.push(...lines.map(({ seq }) => seq))
  return seqs
}

test('NatsReader.read() fails where a server ends in front of what a series is known to have', async () => {
  const query = { series: [name] }
  const all = [1, 2, 3, 4, 5, 6]
  await assert.rejects(seqsOf(2, 3, { ...query, upTo: 9 }), /has sent entries up to 6 of 9/)
  await assert.rejects(seqsOf(2, 3, { ...query, upTo: 7 }), /has sent entries up to 6 of 9/)
  assert.deepEqual(await seqsOf(2, 3, { ...query, upTo: 6 }), all, 'what is known has come')
  assert.deepEqual(await seqsOf(2, 2, { ...query, upTo: 9 }), all, 'the rest has been deleted')
})
