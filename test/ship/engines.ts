// Each kind of engine, as a real server, for a test that any of them must pass.

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
}

const nats = natsBinaries()[0]
const postgres = postgresBinaries()

export const engines: readonly TestedEngine[] = [
  {
    name: `NATS ${nats?.version ?? ''}`,
    skip: nats === undefined && 'nats-server is not installed',
    start: () => startNats(nats!.path, 1),
  },
  {
    name: 'PostgreSQL',
    skip: postgres === undefined && 'PostgreSQL is not installed',
    start: () => startPostgres(postgres!),
  },
]
