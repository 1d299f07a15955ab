// The table of the PostgreSQL engine: made when it is missing, looked at when it is there. One with
// another key would keep entries twice, or out of order, and nobody would see it.

import type { Client } from 'pg'
import { EngineMissing, EngineRefusal } from './engine.ts'

/** Its columns, with their types as the system calls them. */
const columns: { readonly [name: string]: string } = {
  host: 'text',
  log_id: 'text',
  category: 'text',
  seq: 'bigint',
  time: 'timestamp(3) with time zone',
  line: 'text',
  bytes: 'bytea',
  entry: 'jsonb',
}
const key = 'host, log_id, category, seq'

/** What makes it; for whoever may, when we may not. */
export function tableSql(table: string): string[] {
  const [schema, name] = table.includes('.') ? table.split('.') : [undefined, table]
  const rows = Object.entries(columns).map(([column, type]) =>
    column === 'bytes' || column === 'entry' ? `${column} ${type}` : `${column} ${type} not null`,
  )
  return [
    ...(schema === undefined ? [] : [`create schema if not exists ${schema}`]),
    `create table if not exists ${table} (${rows.join(', ')}, primary key (${key}))`,
    `create index if not exists ${name}_time on ${table} (time)`,
  ]
}

/**
 * Makes the table when it is missing.
 *
 * @throws {EngineRefusal} when it may not be made, or is another one.
 */
export async function readyTable(client: Client, table: string, dry = false): Promise<void> {
  const server = await client.query<{ encoding: string; standby: boolean }>(
    `select current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby`,
  )
  const { encoding, standby } = server.rows[0]!
  // It may be on the way to be none, or the address to lead elsewhere.
  if (standby) throw new Error('the server is a standby, which takes nothing')
  if (encoding !== 'UTF8') {
    throw new EngineRefusal(
      `Cannot use this database: expected its encoding to be UTF8, got ${encoding}`,
    )
  }
  if (!(await isThere(client, table))) {
    if (dry) throw new EngineMissing(`the table ${table}`)
    await make(client, table)
  }
  const faults = await faultsOf(client, table)
  if (faults.length === 0) return
  throw new EngineRefusal(`Cannot use the table ${table}: expected ${faults.join('; ')}`)
}

async function isThere(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    'select to_regclass($1) is not null as found',
    [table],
  )
  return rows[0]!.found
}

async function make(client: Client, table: string): Promise<void> {
  const statements = tableSql(table)
  try {
    for (const statement of statements) await client.query(statement)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== '42501') throw error
    throw new EngineRefusal(
      `Cannot make the table ${table}: ${message}; let its owner run: ${statements.join('; ')}`,
      { cause: error },
    )
  }
}

/** What is expected and not so. */
async function faultsOf(client: Client, table: string): Promise<string[]> {
  const found = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
    [table],
  )
  const types = new Map(found.rows.map(({ name, type }) => [name, type]))
  const faults = Object.entries(columns)
    .filter(([name, type]) => types.get(name) !== type)
    .map(([name, type]) => `the column ${name} to be ${type}, got ${types.get(name) ?? 'none'}`)
  const keys = await client.query<{ columns: string; kind: string }>(
    `select coalesce((
        select string_agg(a.attname, ', ' order by k.place) from pg_index i
        cross join lateral unnest(i.indkey) with ordinality as k(attnum, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary
      ), 'none') as columns, c.relpersistence as kind
      from pg_class c where c.oid = to_regclass($1)`,
    [table],
  )
  const { columns: primary, kind } = keys.rows[0]!
  if (primary !== key) faults.push(`its primary key to be (${key}), got ${primary}`)
  if (kind !== 'p') faults.push('it to be kept through a crash, got an unlogged or temporary table')
  return faults
}
