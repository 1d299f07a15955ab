// What an engine in memory has, read as an engine is read; it loses its connection when it is told.

import type {
  EngineQuery,
  EngineReader,
  SeqStretch,
  SeriesName,
  ShippedLine,
  ShippedNumbers,
  ShippedSeries,
} from '../../lib/ship/engine.ts'

/** One read that goes on with what comes. */
interface Listener {
  readonly query: EngineQuery
  readonly lines: ShippedLine[]
  isLost: boolean
  wake: (() => void) | undefined
}

function isOf(line: SeriesName, { series, categories }: EngineQuery): boolean {
  if (series === undefined) return categories?.includes(line.category) ?? true
  return series.some(
    ({ host, log_id, category }) =>
      host === line.host && log_id === line.log_id && category === line.category,
  )
}

/** The store, and its readers. */
export class MemoryReader implements EngineReader {
  readonly lines: ShippedLine[] = []
  readonly #listeners = new Set<Listener>()
  readonly queries: EngineQuery[] = []
  isAway = false
  isClosed = false

  /** Stores an entry, and sends it to who follows. */
  store(name: SeriesName, seq: number, lsn: number, second: number, more: object = {}): void {
    const timestamp = new Date(Date.UTC(2025, 9, 17) + second * 1000)
      .toISOString()
      .replace('Z', '+00:00')
    const { category } = name
    const message = `${name.host} ${category} ${seq}`
    const entry = { timestamp, level: 'INFO', category, message, ...more, seq, lsn }
    const raw = JSON.stringify(entry)
    const { host, log_id } = name
    const time = Date.parse(timestamp)
    const line = { host, log_id, category, seq, time, raw, position: String(seq) }
    this.lines.push(line)
    for (const listener of this.#listeners) {
      if (!this.isAway && isOf(line, listener.query)) listener.lines.push(line)
      listener.wake?.()
    }
  }

  /** The connection is lost, and there is no other. */
  goAway(): void {
    this.isAway = true
    for (const listener of this.#listeners) {
      listener.isLost = true
      listener.wake?.()
    }
  }

  async logs(): Promise<readonly ShippedSeries[]> {
    return (await this.numbers()).map(({ host, log_id, category, last }) => {
      const ofIt = this.lines.filter((line) => isOf(line, { series: [{ host, log_id, category }] }))
      return { host, log_id, category, last, time: ofIt.at(-1)!.time }
    })
  }

  async numbers(): Promise<readonly ShippedNumbers[]> {
    if (this.isAway) throw new Error('nobody is there')
    const series = new Map<string, ShippedLine[]>()
    for (const line of this.lines) {
      const name = JSON.stringify([line.host, line.log_id, line.category])
      series.set(name, [...(series.get(name) ?? []), line])
    }
    return [...series.values()].map((lines) => {
      const stretches: SeqStretch[] = []
      for (const { seq } of lines) {
        const last = stretches.at(-1)
        if (last?.[1] === seq - 1) stretches[stretches.length - 1] = [last[0], seq]
        else stretches.push([seq, seq])
      }
      const [{ host, log_id, category }] = lines as [ShippedLine]
      const seqs = lines.map(({ seq }) => seq)
      const [first, last] = [Math.min(...seqs), Math.max(...seqs)]
      return { host, log_id, category, first, last, stretches, count: lines.length }
    })
  }

  async *read(query: EngineQuery): AsyncGenerator<readonly ShippedLine[], undefined> {
    if (this.isAway) throw new Error('nobody is there')
    this.queries.push(query)
    const { lines = Infinity, behind = 0, follow = false, signal } = query
    const there = this.lines.filter((line) => isOf(line, query) && line.seq > behind)
    if (lines > 0) yield lines === Infinity ? there : there.slice(-lines)
    if (!follow) return
    const listener: Listener = { query, lines: [], isLost: false, wake: undefined }
    this.#listeners.add(listener)
    const wake = (): void => listener.wake?.()
    signal?.addEventListener('abort', wake)
    try {
      for (const isOver = (): boolean => signal?.aborted === true; !isOver();) {
        if (listener.isLost) throw new Error('the connection was lost')
        if (listener.lines.length > 0) yield listener.lines.splice(0)
        else {
          await new Promise<void>((resolve) => {
            listener.wake = resolve
          })
        }
      }
    } finally {
      this.#listeners.delete(listener)
      signal?.removeEventListener('abort', wake)
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}
