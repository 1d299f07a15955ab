// An application under load, of which the lateness is measured: handlers of events that come from
// outside at an even rate, and a timer of 1 ms. Lateness counts from the moment something was meant
// to happen, so that a stop of 100 ms is seen by everything that should have happened meanwhile,
// not once.

import { Worker } from 'node:worker_threads'
import { percentileName, percentilePoints, Samples } from './statistics.ts'
import type { Metric } from './measure.ts'
import type { EventSchedule } from './event-source.ts'

const timerNs = 1e6
/** Until the thread of the events runs. */
const leadNs = 150e6

export interface Load {
  readonly eventsPerS: number
  readonly durationMs: number
  /** What the application does for event number k. */
  readonly handle: (k: number) => void
}

/** How late things were. */
export interface Lateness {
  readonly handlers: Samples
  readonly timers: Samples
}

/** Runs the load to its end: until the last event is handled. */
export async function runLoad(load: Load): Promise<Lateness> {
  const count = Math.round((load.eventsPerS * load.durationMs) / 1000)
  const startNs = nowNs() + leadNs
  const schedule: EventSchedule = { startNs, intervalNs: 1e9 / load.eventsPerS, count }
  const handlers = new Samples(count)
  const timer = new MillisecondTimer(startNs, load.durationMs)

  const source = new Worker(new URL('./event-source.js', import.meta.url), { workerData: schedule })
  await new Promise<void>((resolve, reject) => {
    let handled = 0
    source.on('error', reject)
    source.on('message', (intendedNs: number) => {
      handlers.record(nowNs() - intendedNs)
      load.handle(handled++)
      if (handled === count) resolve()
    })
  })
  const timers = await timer.done
  await source.terminate()
  return { handlers, timers }
}

/** Metrics of a lateness, in microseconds: `handler_p99_us`, `timer_max_us`. */
export function latenessMetrics({ handlers, timers }: Lateness): Record<string, number> {
  return {
    ...handlers.percentiles('us', 1000, 'handler_'),
    ...timers.percentiles('us', 1000, 'timer_'),
  }
}

/** The columns for them. */
export const latenessColumns: readonly Metric[] = [
  ...columnsOf('handler', new Set([50, 99, 99.9, 100])),
  ...columnsOf('timer', new Set([99.9, 100])),
]

function columnsOf(kind: 'handler' | 'timer', shown: ReadonlySet<number>): Metric[] {
  return percentilePoints.map((point) => ({
    name: `${kind}_${percentileName(point)}_us`,
    title: `${kind} ${percentileName(point)}, µs`,
    better: 'lower',
    hidden: !shown.has(point),
  }))
}

function nowNs(): number {
  return Number(process.hrtime.bigint())
}

/** A timer due every millisecond; a late turn of the loop is a sample for each tick it missed. */
class MillisecondTimer {
  readonly done: Promise<Samples>
  readonly #samples: Samples
  readonly #count: number
  readonly #startNs: number
  #tick = 0
  #resolve: (samples: Samples) => void = () => {}

  constructor(startNs: number, durationMs: number) {
    this.#count = durationMs
    this.#startNs = startNs
    this.#samples = new Samples(durationMs)
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#wait()
  }

  #wait(): void {
    const dueNs = this.#startNs + this.#tick * timerNs
    setTimeout(this.#ring, Math.max(1, Math.round((dueNs - nowNs()) / 1e6)))
  }

  readonly #ring = (): void => {
    const now = nowNs()
    for (; this.#tick < this.#count; this.#tick++) {
      const lateNs = now - (this.#startNs + this.#tick * timerNs)
      // Node rounds timers to milliseconds and may ring a little early: that tick is still to come.
      if (lateNs < 0) break
      this.#samples.record(lateNs)
    }
    if (this.#tick === this.#count) this.#resolve(this.#samples)
    else this.#wait()
  }
}
