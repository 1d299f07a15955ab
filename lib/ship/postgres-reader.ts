// The reader of the PostgreSQL engine: by its key, series by series, some thousand rows at a time.

import type { Client } from 'pg'
import { sleep } from '../entry/clock.ts'
import {
  type EngineQuery,
  type EngineReader,
  type SeqStretch,
  type SeriesName,
  type ShippedLine,
  type ShippedNumbers,
  type ShippedSeries,
  keyOfSeries,
} from './engine.ts'
import type { Link } from './link.ts'
import { conditionsOf } from './postgres-filter.ts'

/** Rows of an answer. */
const rowsMax = 1000
/** Rows that one question looks at where only some of them may be wanted. */
const scannedMax = 20_000
/** Between two looks for what has come, and for series that are new. Milliseconds. */
const lookMs = 200
const seriesMs = 2000

interface Row {
  readonly seq: string
  readonly ms: string
  readonly line: string
}

/** The longest that a timer of Node takes; 0 would be the time of any other question. */
const timeoutMsMax = 2 ** 31 - 1

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
    const { rows } = await this.#inTurn(async (client) => {
      // All rows are looked at, however long that takes, here and there.
      await client.query('set statement_timeout = 0')
      const answer = await client.query<SeriesName & { first: string; last: string }>({
        text: `select host, log_id, category, min(seq) as first, max(seq) as last from (
            select host, log_id, category, seq, seq - row_number() over (
              partition by host, log_id, category order by seq
            ) as stretch from ${this.#table}
          ) s group by host, log_id, category, stretch order by host, log_id, category, first`,
        query_timeout: timeoutMsMax,
      } as { text: string })
      await client.query('reset statement_timeout')
      return answer
    })
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
          const key = keyOfSeries(name)
          if (!cursors.has(key)) cursors.set(key, await this.#begin(name, query))
        }
        lookedMs = query.series === undefined ? idleMs : Infinity
      }
      let count = 0
      for (const cursor of cursors.values()) {
        while (!isOver()) {
          const found = await this.#next(cursor, query)
          if (found.length > 0) yield found
          count += found.length
          if (cursor.isAtEnd || lines === 0) break
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
    const { lines = Infinity } = query
    const { from, to } = await this.#endsOf(name, query)
    const cursor = { host, log_id, category, seq: from, to, isAtEnd: false }
    if (lines === Infinity) return cursor
    let rest = lines
    for (const stretch of backwards(from, to, query)) {
      const counted = stretch[1] === Infinity ? rest + 1 : await this.#count(name, query, stretch)
      if (counted > rest) {
        const order = `order by seq desc offset ${rest} limit 1`
        const rows = await this.#ask<{ seq: string }>('seq', name, query, stretch, order)
        return { ...cursor, seq: Number(rows[0]?.seq ?? from) }
      }
      rest -= counted
    }
    return cursor
  }

  /** The next of a series that meet the conditions: none, where one step holds none. */
  async #next(cursor: Cursor, query: EngineQuery): Promise<ShippedLine[]> {
    if (cursor.seq >= cursor.to) cursor.to = (await this.#endsOf(cursor, query)).to
    const to = Math.min(cursor.to, cursor.seq + stepOf(query))
    const order = `order by seq limit ${rowsMax}`
    const found = await this.#lines(cursor, query, [cursor.seq, to], order)
    const isFull = found.length === rowsMax
    cursor.seq = isFull || to === Infinity ? (found.at(-1)?.seq ?? cursor.seq) : to
    cursor.isAtEnd = !isFull && (to === Infinity || cursor.seq >= cursor.to)
    return found
  }

  /** The last so many that meet the conditions, however far back they are. */
  async #lastOf(name: SeriesName, lines: number, query: EngineQuery): Promise<ShippedLine[]> {
    const { from, to } = await this.#endsOf(name, query)
    const last: ShippedLine[] = []
    for (const stretch of backwards(from, to, query)) {
      const order = `order by seq desc limit ${lines - last.length}`
      last.push(...(await this.#lines(name, query, stretch, order)))
      if (last.length === lines || query.signal?.aborted === true) break
    }
    return last.toReversed()
  }

  /** Where a series begins and ends; of one that is read as it comes only the former. */
  async #endsOf(name: SeriesName, query: EngineQuery): Promise<{ from: number; to: number }> {
    const after = Number(query.after ?? query.behind ?? 0)
    if (stepOf(query) === Infinity) return { from: after, to: Infinity }
    const columns = 'min(seq) as first, max(seq) as last'
    const rows = await this.#ask<{ first: string | null; last: string | null }>(columns, name, {}, [
      after,
      Infinity,
    ])
    const { first, last } = rows[0]!
    return { from: Math.max(after, Number(first ?? 0) - 1), to: Number(last ?? after) }
  }

  async #count(name: SeriesName, query: EngineQuery, stretch: Stretch): Promise<number> {
    const rows = await this.#ask<{ count: string }>('count(*) as count', name, query, stretch)
    return Number(rows[0]!.count)
  }

  /** Lines of a stretch that meet the conditions. */
  async #lines(
    name: SeriesName,
    query: EngineQuery,
    stretch: Stretch,
    order: string,
  ): Promise<ShippedLine[]> {
    const { host, log_id, category } = name
    const columns = 'seq, (extract(epoch from time) * 1000)::bigint as ms, line'
    const rows = await this.#ask<Row>(columns, name, query, stretch, order)
    return rows.map(({ seq, ms, line }) => ({
      host,
      log_id,
      category,
      seq: Number(seq),
      time: Number(ms),
      raw: line,
      position: seq,
    }))
  }

  /** Columns of the rows of a stretch that meet the conditions. */
  async #ask<T extends object>(
    columns: string,
    { host, log_id, category }: SeriesName,
    query: EngineQuery,
    [from, to]: Stretch,
    order = '',
  ): Promise<T[]> {
    const values: unknown[] = []
    const where = [
      ['host = {} and log_id = {} and category = {} and seq > {}', host, log_id, category, from],
      ...(to < Infinity ? [['seq <= {}', to] as const] : []),
      ...conditionsOf(query),
    ].map(([sql, ...given]) => {
      const rest = given.values()
      return String(sql).replaceAll('{}', () => `$${values.push(rest.next().value)}`)
    })
    const text = `select ${columns} from ${this.#table} where ${where.join(' and ')} ${order}`
    return (await this.#inTurn((client) => client.query<T>(text, values))).rows
  }
}

/** How far a series has been read. */
interface Cursor extends SeriesName {
  seq: number
  /** Up to there it is known to go; Infinity: it is read as far as it goes. */
  to: number
  isAtEnd: boolean
}

/** Numbers behind one, up to and with another. */
type Stretch = readonly [from: number, to: number]

/** Rows that are looked at by one question: where few meet it, it must not take too long. */
function stepOf({ levels, accounts, grep, where }: EngineQuery): number {
  return (levels ?? accounts ?? grep ?? where) === undefined ? Infinity : scannedMax
}

/** The steps of a stretch, the last first. */
function backwards(from: number, to: number, query: EngineQuery): Stretch[] {
  const step = stepOf(query)
  if (step === Infinity) return [[from, to]]
  const count = Math.ceil(Math.max(0, to - from) / step)
  return Array.from({ length: count }, (_, i) => [
    Math.max(from, to - (i + 1) * step),
    to - i * step,
  ])
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
