// A reader that asks once more what was not answered, by another connection: a cluster needs
// seconds to notice that a server is lost, a server that is started again as long. A read goes on
// behind the line that it has given out last, so nothing comes twice and nothing is left out.
//
// A refusal is final. A server that has never listened is not waited for.

import { monotonicMs, sleep } from '../entry/clock.ts'
import { visible } from '../entry/visible-text.ts'
import { BackOff } from './back-off.ts'
import {
  EngineMissing,
  type EngineQuery,
  type EngineReader,
  EngineRefusal,
  type ShippedLine,
  type ShippedNumbers,
  type ShippedSeries,
  keyOfSeries,
} from './engine.ts'

/**
 * So long an engine may give nothing to a read of what is there. A cluster of NATS chooses a new
 * leader within 4 to 9 s, and begins again when the votes are even (`minElectionTimeoutDefault` and
 * `maxElectionTimeoutDefault` in nats-server's raft.go): room for three such elections. With 10 s
 * a read ended where both other servers had stood for election. Milliseconds.
 */
export const readPatienceMs = 30_000

/** What the system says of a place where nobody is. */
const nobodyThere: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
])

/** How patient a reader is. */
export interface ReadPatience {
  /** So long nothing may come behind the first failure; Infinity: for ever. Milliseconds. */
  readonly patienceMs: number
  /** Told what a person should know: one line. */
  readonly tell: (text: string) => void
  /** What is waited for is over, and the last failure is thrown. */
  readonly signal?: AbortSignal
  /** Between two questions. @default of 50 milliseconds to 10 s */
  readonly backOff?: () => Pauses
}

/** How long to wait, each time. */
export type Pauses = Pick<BackOff, 'next' | 'reset'>

/** Reads with patience. */
export class PatientReader implements EngineReader {
  readonly #reader: EngineReader
  readonly #patience: ReadPatience
  #hasAnswered = false
  #isTold = false

  constructor(reader: EngineReader, patience: ReadPatience) {
    this.#reader = reader
    this.#patience = patience
  }

  logs(): Promise<readonly ShippedSeries[]> {
    return this.#ask(() => this.#reader.logs())
  }

  numbers(): Promise<readonly ShippedNumbers[]> {
    return this.#ask(() => this.#reader.numbers())
  }

  async *read(query: EngineQuery): AsyncGenerator<readonly ShippedLine[], undefined> {
    const wait = this.#newWait()
    const given = new Given(query)
    for (;;) {
      try {
        for await (const batch of this.#reader.read(given.rest())) {
          wait.reset()
          this.#hasAnswered = true
          const lines = given.add(batch)
          if (lines.length > 0) yield lines
        }
        return
      } catch (error) {
        await this.#pause(error, wait)
      }
    }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    const wait = this.#newWait()
    for (;;) {
      try {
        const answer = await question()
        this.#hasAnswered = true
        return answer
      } catch (error) {
        await this.#pause(error, wait)
      }
    }
  }

  #newWait(): Wait {
    return new Wait(this.#patience.backOff?.() ?? new BackOff())
  }

  /** Resolves when it may be asked once more. @throws the failure, when it may not. */
  async #pause(error: unknown, wait: Wait): Promise<void> {
    const { patienceMs, tell, signal } = this.#patience
    if (error instanceof EngineRefusal || error instanceof EngineMissing) throw error
    const isBounded = patienceMs < Infinity
    if (isBounded && !this.#hasAnswered && isOfNobody(error)) throw error
    const ms = wait.next()
    if (isOver(signal) || wait.sinceMs() >= patienceMs) throw error
    if (!this.#isTold) {
      const until = isBounded ? `for ${Math.round(patienceMs / 1000)} s` : 'until it answers'
      tell(`the engine is away, and asked ${until}: ${textOf(error)}`)
    }
    this.#isTold = true
    await pause(ms, signal)
    if (isOver(signal)) throw error
  }
}

/** How long there has been no answer. */
class Wait {
  readonly #backOff: Pauses
  #failedMs: number | undefined

  constructor(backOff: Pauses) {
    this.#backOff = backOff
  }

  /** It has failed: the next pause. */
  next(): number {
    this.#failedMs ??= monotonicMs()
    return this.#backOff.next()
  }

  /** Since the first failure. */
  sinceMs(): number {
    return this.#failedMs === undefined ? 0 : monotonicMs() - this.#failedMs
  }

  /** It has answered. */
  reset(): void {
    this.#failedMs = undefined
    this.#backOff.reset()
  }
}

/** What of a query has been given out. */
class Given {
  readonly #query: EngineQuery
  /** Of several series all is asked for again, and what was given out is left out. */
  readonly #isOne: boolean
  readonly #seqs = new Map<string, number>()
  #position: string | undefined

  constructor(query: EngineQuery) {
    this.#query = query
    this.#isOne = query.series?.length === 1
  }

  /** What to ask for now. */
  rest(): EngineQuery {
    if (!this.#isOne || this.#position === undefined) return this.#query
    const { lines: _, ...query } = this.#query
    return { ...query, after: this.#position }
  }

  /** What of a batch has not been given out, which it now is. */
  add(batch: readonly ShippedLine[]): readonly ShippedLine[] {
    if (!this.#isOne) return batch.filter((line) => this.#isNew(line))
    this.#position = batch.at(-1)?.position ?? this.#position
    return batch
  }

  #isNew(line: ShippedLine): boolean {
    const key = keyOfSeries(line)
    if (line.seq <= (this.#seqs.get(key) ?? 0)) return false
    this.#seqs.set(key, line.seq)
    return true
  }
}

/** Told to end, it wakes. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal })
  } catch {
    // Whoever waits looks at the signal.
  }
}

function isOver(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function isOfNobody(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (nobodyThere.has((each as NodeJS.ErrnoException).code ?? '')) return true
  }
  return false
}

function textOf(error: unknown): string {
  return visible(error instanceof Error ? error.message : String(error))
}
