// An engine in memory that keeps what an engine has to promise, and fails where it is told to: what
// was sent is stored or not, and the answer is lost; a batch comes late; the end is forgotten.

import {
  type Engine,
  type EnginePlace,
  type LastEntry,
  type LogName,
  NotNextError,
  type Shipment,
} from '../../lib/ship/engine.ts'

/**
 * What happens to one append: it is acknowledged; stored, and the answer is lost; not stored;
 * neither, and stored when somebody appends the next time.
 */
export type Fate = 'acknowledged' | 'stored' | 'not stored' | 'late'

/** The store, which outlives its connections. */
export class MemoryEngine implements EnginePlace {
  readonly name = 'memory'
  readonly order: Engine['order']
  /** By host, log and category, in the order in which they came. */
  readonly stored = new Map<string, Shipment[]>()
  /** What happens to the next appends. */
  fates: Fate[] = []
  /** Asked as often, it does not answer. */
  away = 0
  /** Called before each append is looked at. */
  onAppend: (batch: readonly Shipment[]) => void = () => {}
  appends = 0
  asked = 0
  #late: (() => void)[] = []
  readonly #waiting: (() => void)[] = []

  constructor(order: Engine['order'] = 'category') {
    this.order = order
  }

  reader(): never {
    throw new Error('not needed')
  }

  /**
   * Resolves as soon as something holds, which is looked at after each question and each append.
   */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) setImmediate(resolve)
  }

  /** Forgets the last so many entries of each category. */
  forget(count: number): void {
    for (const entries of this.stored.values()) entries.splice(Math.max(0, entries.length - count))
  }

  /** The lines of a category, of all hosts and logs one behind the other. */
  linesOf(category: string): string[] {
    return [...this.stored]
      .filter(([name]) => name.endsWith(`/${category}`))
      .flatMap(([, entries]) => entries.map(({ line }) => line.toString()))
  }

  log(log: LogName): Engine {
    const expected = new Map<string, number>()
    const of = (category: string): Shipment[] => {
      const name = `${log.host}/${log.log_id}/${category}`
      const entries = this.stored.get(name) ?? []
      this.stored.set(name, entries)
      return entries
    }
    return {
      order: this.order,
      last: async () => {
        this.asked++
        this.#wake()
        if (this.away > 0) {
          this.away--
          throw new Error('nobody is there')
        }
        expected.clear()
        const found = new Map<string, LastEntry>()
        for (const [name, entries] of this.stored) {
          const [host, id, category = ''] = name.split('/')
          const last = entries.at(-1)
          if (host !== log.host || id !== log.log_id || last === undefined) continue
          expected.set(category, last.seq)
          found.set(category, last)
        }
        return found
      },
      append: async (_, batch) => {
        this.appends++
        this.#wake()
        this.onAppend(batch)
        for (const come of this.#late.splice(0)) come()
        const known = new Map(expected)
        const isNext = (): boolean =>
          batch.every(
            ({ category }) => (of(category).at(-1)?.seq ?? 0) === (known.get(category) ?? 0),
          )
        const store = (): void => {
          for (const shipment of batch) of(shipment.category).push(shipment)
        }
        if (!isNext()) throw new NotNextError('wrong last number')
        const fate = this.fates.shift() ?? 'acknowledged'
        if (fate === 'late') this.#late.push(() => isNext() && store())
        if (fate === 'acknowledged' || fate === 'stored') store()
        if (fate !== 'acknowledged') throw new Error('no answer')
        for (const { category, seq } of batch) expected.set(category, seq)
      },
      close: async () => {},
    }
  }
}
