// PostgreSQL as an engine: one table, one row an entry, the numbers as its key.
//
//   host  log_id  category  seq │ time  line  bytes  entry
//
// `line` is the line as it stands in the file, `entry` the same as jsonb, to be asked: jsonb keeps
// neither the order of keys nor the spelling of numbers. `bytes` is there for a line alone that is
// no UTF-8, and so no text. A batch is one statement, which is stored whole or not at all, and only
// when the last numbers are those that we know; two at the same time are told apart by the key.
//
// Lines hold no line end, so a batch of them goes as one text that the server splits: an array
// would have to be escaped here and read there, a third of all work (PostgreSQL 15, 2026-11).

import type * as Pg from 'pg'
import type { Client, ClientConfig } from 'pg'
import { visible } from '../entry/visible-text.ts'
import {
  type Engine,
  type EngineKind,
  EngineRefusal,
  NotNextError,
  type LastEntry,
  type LogName,
  type Shipment,
} from './engine.ts'
import { loadClient } from './client.ts'
import { fitForJsonb } from './jsonb.ts'
import { Link } from './link.ts'
import { PostgresReader } from './postgres-reader.ts'
import { readyTable } from './postgres-table.ts'
import { postgresTargetOf } from './postgres-target.ts'
import { tlsFaultOf } from './tls.ts'

/** So long the server may work at one statement, and we wait for it. Milliseconds. */
const statementMs = 10_000
const answerMs = 15_000
const connectMs = 5000

/** What the server says that trying again does not mend: who we are, and what we may. */
const refusals: ReadonlySet<string> = new Set(['28P01', '28000', '3D000', '42501', '3F000'])

const uniqueViolation = '23505'

/** What it says of a value that it cannot take. */
const unfit = /^(?:22|54)/

export const postgres: EngineKind = {
  protocols: ['postgres', 'postgresql'],
  at: (url, { dry, env }) => {
    const { name, table, access } = postgresTargetOf(url, env)
    const connect = async (): Promise<Client> => {
      const [{ default: pg }] = await loadClient<[typeof Pg]>(name, ['pg'])
      const client = new pg.Client({ ...habits, ...access() })
      // What breaks while nothing is asked shows at the next question.
      client.on('error', () => {})
      try {
        await client.connect()
        await readyTable(client, table, dry)
        return client
      } catch (error) {
        void client.end().catch(() => {})
        throw asRefusal(error, name)
      }
    }
    return {
      name,
      log: (log) => new PostgresEngine(new Link(connect, (client) => client.end()), log, table),
      reader: () => {
        const link = new Link(connect, (client) => client.end())
        return new PostgresReader(link, table, (error) => asRefusal(error, name))
      },
    }
  },
}

/** What of a connection does not depend on where it leads. */
const habits: ClientConfig = {
  application_name: 'ringlog ship',
  connectionTimeoutMillis: connectMs,
  statement_timeout: statementMs,
  query_timeout: answerMs,
  keepAlive: true,
}

function asRefusal(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error instanceof EngineRefusal) return error
  const { code = '', message } = error as NodeJS.ErrnoException
  // The client's words for a password that it has not got.
  const isLogin = message.startsWith('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password')
  const fault = isLogin
    ? 'expected a password, got none; PGPASSWORD or PGPASSFILE gives one'
    : refusals.has(code)
      ? message
      : tlsFaultOf(error, 'sslrootcert')
  if (fault === undefined) return error
  return new EngineRefusal(`Cannot use ${name}: ${visible(fault)}`, { cause: error })
}

/** One log in the table. */
class PostgresEngine implements Engine {
  readonly order = 'log'
  readonly #link: Link<Client>
  readonly #log: LogName
  readonly #table: string
  readonly #last = new Map<string, number>()

  constructor(link: Link<Client>, log: LogName, table: string) {
    this.#link = link
    this.#log = log
    this.#table = table
  }

  last(): Promise<ReadonlyMap<string, LastEntry>> {
    return this.#link.use(async (client) => {
      const { host, log_id } = this.#log
      const { rows } = await client.query<LastRow>(lastOf(this.#table), [host, log_id])
      this.#last.clear()
      const found = new Map<string, LastEntry>()
      for (const { category, seq, ms, line, bytes } of rows) {
        this.#last.set(category, Number(seq))
        found.set(category, {
          seq: Number(seq),
          time: Number(ms),
          line: bytes ?? Buffer.from(line),
        })
      }
      return found
    })
  }

  append(_: string, batch: readonly Shipment[]): Promise<void> {
    return this.#link.use(async (client) => {
      const values = valuesOf(batch, this.#log, this.#last)
      const count = await this.#insert(client, values, batch)
      if (count !== batch.length) {
        throw new NotNextError(`expected ${batch.length} rows to be stored, got ${count}`)
      }
      for (const { category, seq } of batch) this.#last.set(category, seq)
    })
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  /** How many rows are stored: all, or none. */
  async #insert(
    client: Client,
    values: unknown[],
    batch: readonly Shipment[],
  ): Promise<number | null> {
    try {
      return (await client.query(appendTo(this.#table), values)).rowCount
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      // Another one has come between the look at the last numbers and the end of the statement.
      if (code === uniqueViolation)
        throw new NotNextError('the entries are there', { cause: error })
      if (!unfit.test(code)) throw error
      values[7] = await withoutUnfit(client, batch, values[7] as Fits)
      return (await client.query(appendTo(this.#table), values)).rowCount
    }
  }
}

interface LastRow {
  readonly category: string
  readonly seq: string
  readonly ms: string
  readonly line: string
  readonly bytes: Buffer | null
}

/** What jsonb gets in the place of the lines: undefined or null, the line itself; '', nothing. */
type Fits = readonly (string | null)[] | null

/**
 * The last entry of each category: one step into the index for each, however many rows there are.
 */
function lastOf(table: string): string {
  const next = (more: string): string =>
    `select category from ${table} where host = $1 and log_id = $2 ${more} order by category limit 1`
  return `with recursive found(category) as (
      (${next('')})
      union all
      select (${next('and category > found.category')}) from found where found.category is not null
    )
    select l.category, l.seq, (extract(epoch from l.time) * 1000)::bigint as ms, l.line, l.bytes
    from found cross join lateral (
      select * from ${table} where host = $1 and log_id = $2 and category = found.category
      order by seq desc limit 1
    ) l`
}

function appendTo(table: string): string {
  return `insert into ${table} (host, log_id, category, seq, time, line, bytes, entry)
    select $1, $2, b.category, b.seq, timestamptz 'epoch' + b.ms * interval '1 millisecond',
      b.line, b.bytes, case when b.fit = '' then null else coalesce(b.fit, b.line)::jsonb end
    from unnest($3::text[], $4::bigint[], $5::bigint[], string_to_array($6, e'\\n'), $7::bytea[], $8::text[])
      as b(category, seq, ms, line, bytes, fit)
    where not exists (
      select from unnest($9::text[], $10::bigint[]) as e(category, seq)
      where e.seq <> coalesce((
        select max(l.seq) from ${table} l
        where l.host = $1 and l.log_id = $2 and l.category = e.category
      ), 0)
    )`
}

function valuesOf(
  batch: readonly Shipment[],
  { host, log_id }: LogName,
  last: ReadonlyMap<string, number>,
): unknown[] {
  // Text has no NUL in PostgreSQL; a damaged line may.
  const lines = batch.map(({ line }) => line.toString().replaceAll('\0', '\ufffd'))
  const fits = lines.map((line) => fitForJsonb(line) ?? null)
  // A line that is no UTF-8 has got other characters here, and so another length, or other bytes.
  const bytes = batch.map(({ line }, i) => (isText(line, lines[i]!) ? null : line))
  const categories = [...new Set(batch.map(({ category }) => category))]
  return [
    host,
    log_id,
    batch.map(({ category }) => category),
    `{${batch.map(({ seq }) => seq).join()}}`,
    `{${batch.map(({ time }) => time).join()}}`,
    lines.join('\n'),
    bytes.some((each) => each !== null) ? bytes : null,
    fits.some((each) => each !== null) ? fits : null,
    categories,
    `{${categories.map((category) => last.get(category) ?? 0).join()}}`,
  ]
}

function isText(line: Buffer, text: string): boolean {
  return !text.includes('\ufffd') || Buffer.from(text).equals(line)
}

/**
 * Finds the lines of a batch that jsonb does not take for any other reason: too deep, a number too
 * large. They are stored without `entry`.
 */
async function withoutUnfit(client: Client, batch: readonly Shipment[], fits: Fits): Promise<Fits> {
  const texts = batch.map(({ line }, i) => fits?.[i] ?? line.toString().replaceAll('\0', ' '))
  const found: (string | null)[] = batch.map((_, i) => fits?.[i] ?? null)
  const look = async (from: number, to: number): Promise<void> => {
    try {
      const lines = [texts.slice(from, to).join('\n')]
      await client.query(
        `select count(l::jsonb) from unnest(string_to_array($1, e'\\n')) as l`,
        lines,
      )
    } catch (error) {
      if (!unfit.test((error as NodeJS.ErrnoException).code ?? '')) throw error
      if (to - from === 1) {
        found[from] = ''
        return
      }
      const middle = (from + to) >> 1
      await look(from, middle)
      await look(middle, to)
    }
  }
  await look(0, batch.length)
  return found
}
