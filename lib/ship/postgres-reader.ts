// What the PostgreSQL engine has: read by its key, series by series, some thousand rows at a time.

import type { Client } from 'pg'
import { sleep } from '../entry/clock.ts'
import type {
  EngineQuery,
  EngineReader,
  SeqStretch,
  SeriesName,
  ShippedLine,
  ShippedNumbers,
  ShippedSeries,
} from './engine.ts'
import type { Link } from './link.ts'

/** Rows of an answer. */
const rowsMax = 1000
/** Between two looks for what has come, and for series that are new. Milliseconds. */
const lookMs = 200
const seriesMs = 2000

interface Row extends SeriesName {
  readonly seq: string
  readonly ms: string
  readonly line: string
}

/** Reads the table. */
export class PostgresReader implements EngineReader {
  readonly #link: Link<Client>
  readonly #table: string
  readonly #refusalOf: (error: unknown) => unknown
  #turn: Promise<unknown> = Promise.resolve()

  /** @param refusalOf An error, or the refusal that it is. */
  constructor(link: Link<Client>, table: string, refusalOf: (error: unknown) => unknown) {
    this.#link = link
    this.#table = table
    this.#refusalOf = refusalOf
  }

  async logs(): Promise<readonly ShippedSeries[]> {
    const { rows } = await this.#inTurn((client) =>
      client.query<SeriesName & { seq: string; ms: string }>(seriesOf(this.#table)),
    )
    return rows.map(({ host, log_id, category, seq, ms }) => ({
      host,
      log_id,
      category,
      last: Number(seq),
      time: Number(ms),
    }))
  }

  async numbers(): Promise<readonly ShippedNumbers[]> {
    const { rows } = await this.#inTurn((client) =>
      client.query<SeriesName & { first: string; last: string }>({
        text: `select host, log_id, category, min(seq) as first, max(seq) as last from (
            select host, log_id, category, seq, seq - row_number() over (
              partition by host, log_id, category order by seq
            ) as stretch from ${this.#table}
          ) s group by host, log_id, category, stretch order by host, log_id, category, first`,
        // All rows are looked at.
        query_timeout: 0,
      } as { text: string }),
    )
    const found = new Map<string, ShippedNumbers & { stretches: SeqStretch[]; count: number }>()
    for (const { host, log_id, category, ...row } of rows) {
      const stretch = [Number(row.first), Number(row.last)] as const
      const name = JSON.stringify([host, log_id, category])
      const before = found.get(name)
      const count = (before?.count ?? 0) + stretch[1] - stretch[0] + 1
      const stretches = [...(before?.stretches ?? []), stretch]
      const first = stretches[0]![0]
      found.set(name, { host, log_id, category, first, last: stretch[1], stretches, count })
    }
    return [...found.values()]
  }

  async *read(query: EngineQuery): AsyncGenerator<readonly ShippedLine[], undefined> {
    const { follow = false, signal, lines } = query
    if (lines !== undefined && lines > 0 && lines <= rowsMax && !follow && query.series) {
      for (const name of query.series) {
        const last = signal?.aborted === true ? [] : await this.#lastOf(name, lines, query)
        if (last.length > 0) yield last
      }
      return
    }
    const cursors = new Map<string, Cursor>()
    const isOver = (): boolean => signal?.aborted === true
    let lookedMs = -Infinity
    for (let idleMs = 0; !isOver();) {
      if (idleMs - lookedMs >= seriesMs) {
        for (const name of query.series ?? (await this.#seriesOf(query))) {
          const key = JSON.stringify([name.host, name.log_id, name.category])
          if (!cursors.has(key)) cursors.set(key, await this.#begin(name, query))
        }
        lookedMs = query.series === undefined ? idleMs : Infinity
      }
      let count = 0
      for (const cursor of cursors.values()) {
        for (;;) {
          const found = isOver() ? [] : await this.#next(cursor, query)
          if (found.length > 0) yield found
          count += found.length
          if (found.length < rowsMax || lines === 0) break
        }
      }
      if (!follow) return
      if (count > 0) continue
      await sleep(lookMs, undefined, { signal }).catch(() => {})
      idleMs += lookMs
    }
  }

  /** A connection answers one question at a time; those who read several series ask at once. */
  #inTurn<T>(ask: (client: Client) => Promise<T>): Promise<T> {
    const answer = this.#turn.then(() => this.#link.use(ask))
    this.#turn = answer.catch(() => {})
    return answer.catch((error: unknown) => {
      throw this.#refusalOf(error)
    })
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  async #seriesOf({ categories }: EngineQuery): Promise<readonly SeriesName[]> {
    const all = await this.logs()
    return all.filter(({ category }) => categories?.includes(category) ?? true)
  }

  /** Where a series is begun: behind the position, or before its last lines. */
  async #begin(name: SeriesName, query: EngineQuery): Promise<Cursor> {
    const { host, log_id, category } = name
    const { after, lines } = query
    const from = Number(after ?? 0)
    if (lines === undefined) return { host, log_id, category, seq: from }
    const { where, values } = conditionsOf(name, query)
    const { rows } = await this.#inTurn((client) =>
      client.query<{ seq: string }>(
        `select seq from ${this.#table} where ${where} order by seq desc offset $${values.push(lines)} limit 1`,
        values,
      ),
    )
    return { host, log_id, category, seq: Math.max(from, Number(rows[0]?.seq ?? 0)) }
  }

  async #next(cursor: Cursor, query: EngineQuery): Promise<ShippedLine[]> {
    const found = await this.#rows(cursor, query, cursor.seq, `seq limit ${rowsMax}`)
    cursor.seq = found.at(-1)?.seq ?? cursor.seq
    return found
  }

  /** The last so many that meet the conditions: in one question, however far back they are. */
  async #lastOf(name: SeriesName, lines: number, query: EngineQuery): Promise<ShippedLine[]> {
    const after = Number(query.after ?? 0)
    const found = await this.#rows(name, query, after, `seq desc limit ${lines}`)
    return found.toReversed()
  }

  /** Rows of a series that meet the conditions. */
  async #rows(
    name: SeriesName,
    query: EngineQuery,
    after: number,
    order: string,
  ): Promise<ShippedLine[]> {
    const { where, values } = conditionsOf(name, query)
    const { rows } = await this.#inTurn((client) =>
      client.query<Row>(
        `select host, log_id, category, seq, (extract(epoch from time) * 1000)::bigint as ms, line
          from ${this.#table} where ${where} and seq > $${values.push(after)} order by ${order}`,
        values,
      ),
    )
    return rows.map((row) => ({
      host: row.host,
      log_id: row.log_id,
      category: row.category,
      seq: Number(row.seq),
      time: Number(row.ms),
      raw: row.line,
      position: row.seq,
    }))
  }
}

/** What of a query a row of a series must meet, and the values in it. */
function conditionsOf(
  { host, log_id, category }: SeriesName,
  { since, until, levels, accounts }: EngineQuery,
): { readonly where: string; readonly values: unknown[] } {
  const values: unknown[] = [host, log_id, category]
  const conditions = ['host = $1 and log_id = $2 and category = $3']
  const add = (text: string, value: unknown): void => {
    conditions.push(text.replaceAll('?', `$${values.push(value)}`))
  }
  const moment = `timestamptz 'epoch' + ?::bigint * interval '1 millisecond'`
  if (since !== undefined && since > -Infinity) add(`time >= ${moment}`, Math.floor(since))
  if (until !== undefined && until < Infinity) add(`time <= ${moment}`, Math.ceil(until))
  // A line that jsonb does not take has no entry: whoever asks looks again.
  if (levels !== undefined) add(`(entry is null or entry->>'level' = any(?))`, levels)
  if (accounts !== undefined) add(`(entry is null or entry->>'account_id' = any(?))`, accounts)
  return { where: conditions.join(' and '), values }
}

/** How far a series has been read. */
interface Cursor extends SeriesName {
  seq: number
}

/** Each series with its last number and time: some steps into the index for each. */
function seriesOf(table: string): string {
  const names = 'host, log_id, category'
  return `with recursive found(host, log_id, category) as (
      (select ${names} from ${table} order by ${names} limit 1)
      union all
      select next.* from found cross join lateral (
        select ${names} from ${table} t
        where (t.host, t.log_id, t.category) > (found.host, found.log_id, found.category)
        order by ${names} limit 1
      ) next
    )
    select f.*, l.seq, ceil(extract(epoch from l.time) * 1000)::bigint as ms
    from found f cross join lateral (
      select seq, time from ${table} t
      where (t.host, t.log_id, t.category) = (f.host, f.log_id, f.category)
      order by seq desc limit 1
    ) l`
}
