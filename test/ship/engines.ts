// Each kind of engine, as a real server, for a test that any of them must pass.

import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import pg from 'pg'
import type { SeqStretch, SeriesName } from '../../lib/ship/engine.ts'
import { numbersIn, seqHeader } from '../../lib/ship/nats-message.ts'
import { subjectOf } from '../../lib/ship/subject.ts'
import {
  type Servers,
  natsBinaries,
  postgresBinaries,
  startNats,
  startPostgres,
} from './servers.ts'

/** A kind of engine that may be there. */
export interface TestedEngine {
  readonly name: string
  /** Why it is not tested; false when it is. */
  readonly skip: string | false
  readonly start: () => Promise<Servers>
  /** Makes a store that lets somebody remove entries; one that we make does not. */
  readonly prepare: (url: string) => Promise<void>
  /** Removes entries that were sent together. */
  readonly remove: (url: string, series: SeriesName, stretch: SeqStretch) => Promise<void>
}

const nats = natsBinaries()[0]
const postgres = postgresBinaries()

async function natsOf<T>(
  url: string,
  work: (jsm: Awaited<ReturnType<typeof jetstreamManager>>) => Promise<T>,
): Promise<T> {
  const connection = await connect({ servers: new URL(url).host })
  try {
    return await work(await jetstreamManager(connection))
  } finally {
    await connection.close()
  }
}

export const engines: readonly TestedEngine[] = [
  {
    name: `NATS ${nats?.version ?? ''}`,
    skip: nats === undefined && 'nats-server is not installed',
    start: () => startNats(nats!.path, 1),
    prepare: (url) =>
      natsOf(url, async (jsm) => {
        await jsm.streams.add({ name: 'LOGS', subjects: ['logs.>'], discard: 'old' })
      }),
    remove: (url, series, [from, to]) =>
      natsOf(url, async (jsm) => {
        const { state } = await jsm.streams.info('LOGS')
        for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
          const message = await jsm.streams.getMessage('LOGS', { seq }).catch(() => null)
          if (message?.subject !== subjectOf(series)) continue
          const numbers = numbersIn(message.header.get(seqHeader))
          if (numbers?.[0] === from && numbers[1] === to) {
            await jsm.streams.deleteMessage('LOGS', seq)
            return
          }
        }
        throw new Error('there is no such message')
      }),
  },
  {
    name: 'PostgreSQL',
    skip: postgres === undefined && 'PostgreSQL is not installed',
    start: () => startPostgres(postgres!),
    prepare: async () => {},
    remove: async (url, { host, log_id, category }, [from, to]) => {
      const client = new pg.Client(url)
      await client.connect()
      const { rowCount } = await client.query(
        `delete from ringlog.entries where host = $1 and log_id = $2 and category = $3
          and seq between $4 and $5`,
        [host, log_id, category, from, to],
      )
      await client.end()
      if (rowCount !== to - from + 1) throw new Error('there are no such entries')
    },
  },
]
