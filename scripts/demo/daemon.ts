// The daemon of the demo: a program of its own, started by the viewer, that logs twenty years of
// trading and knows nothing of who reads its files. It ends by itself, or early and cleanly when it
// is told to or when the viewer is gone; in each case everything it logged is in the files.
//
// Arguments: the system.json, the CSV of bars, the seconds the years are to take (0: as fast as it
// can).

import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type RecordableHistogram, createHistogram } from 'node:perf_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { type Logger, type LoggerStats, createLogger } from 'ringlog'
import type { Limits } from './account.ts'
import { type Bar, parseBars } from './bars.ts'
import type { Decision } from './decision.ts'
import { Journal } from './journal.ts'
import { RiskManager, type Trader } from './risk-manager.ts'
import { Fader, Overtrader, type Strategy, TrendFollower } from './strategies.ts'

/** What the daemon tells the viewer when it is done. */
export interface DaemonReport {
  /** The logger's own counters, after `close()`. */
  readonly stats: LoggerStats
  /** Bars traded. */
  readonly days: number
  /** From the first log call of trading to the end of `flush()`. */
  readonly seconds: number
  /** The seconds it was to take; 0 when it was not to wait. */
  readonly secondsWanted: number
  readonly cost: CallCost
  /** A secret that was handed to the log, and must not be found in any file. */
  readonly secret: string
}

/** What the log calls took, clocked around all calls of one day together. */
export interface CallCost {
  readonly calls: number
  readonly groups: number
  /** Nanoseconds per call. */
  readonly meanNs: number
  /** Nanoseconds per call which half of the groups stay below. */
  readonly p50Ns: number
  /** Nanoseconds per call which 99 of 100 groups stay below. */
  readonly p99Ns: number
}

/** The part of system.json that is the daemon's own; `logging` beside it is the library's. */
export interface RiskSection {
  readonly accounts: readonly {
    readonly id: string
    readonly strategy: 'trend' | 'fade' | 'overtrade'
    readonly limits: Limits
  }[]
}

/** Days traded before other work in this process gets its turn. */
const daysPerTurn = 16
/**
 * The pause between two turns when the years are to take a certain time. Shorter ones would measure
 * how long a processor takes to wake up: with 2 ms the median call took 4.1 µs instead of 0.6 (Node
 * 20.20, two cores).
 */
const pauseMs = 20

/** The strategies by the names they have in system.json. */
const strategies: {
  readonly [name in RiskSection['accounts'][number]['strategy']]: () => Strategy
} = {
  trend: () => new TrendFollower(),
  fade: () => new Fader(),
  overtrade: () => new Overtrader(2000),
}

/** Why the daemon has to stop early, if it has to. */
let stopReason: string | undefined

class CallTimer {
  calls = 0
  groups = 0
  #totalNs = 0
  readonly #perCallNs: RecordableHistogram = createHistogram()

  /** Logs the decisions of one day, and nothing else, between two looks at the clock. */
  time(journal: Journal, decisions: readonly Decision[]): void {
    const startNs = process.hrtime.bigint()
    for (const decision of decisions) journal.write(decision)
    const ns = Number(process.hrtime.bigint() - startNs)
    this.calls += decisions.length
    this.groups++
    this.#totalNs += ns
    this.#perCallNs.record(Math.max(1, Math.round(ns / decisions.length)))
  }

  cost(): CallCost {
    const { calls, groups } = this
    const meanNs = this.#totalNs / calls
    const p50Ns = this.#perCallNs.percentile(50)
    return { calls, groups, meanNs, p50Ns, p99Ns: this.#perCallNs.percentile(99) }
  }
}

async function main(systemFile: string, barsFile: string, secondsWanted: number): Promise<void> {
  const stop = (reason: string): void => {
    stopReason ??= reason
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.once('disconnect', () => stop('the viewer is gone'))

  const log = createLogger(systemFile)
  const secret = randomBytes(16).toString('hex')
  log.service.info('Service starting', { pid: process.pid, node: process.version })
  const { accounts } = (JSON.parse(readFileSync(systemFile, 'utf8')) as { risk: RiskSection }).risk
  log.system.info(`Configuration loaded: ${accounts.length} accounts`, { accounts })
  const bars = parseBars(readFileSync(barsFile, 'utf8'))
  const endpoint = `wss://daemon:${secret}@exchange.invalid/v1`
  log.sdk.info('SDK connected', { endpoint, api_key: secret, bars: bars.length })
  log.service.info('Service started')

  const timer = new CallTimer()
  const startedAt = performance.now()
  const days = await trade(bars, traders(accounts), log, timer, secondsWanted * 1000)
  log.sdk.info('SDK disconnected')
  log.service.info('Service stopped', { reason: stopReason ?? 'end of data', days })
  await log.flush()
  const seconds = (performance.now() - startedAt) / 1000
  await log.close()
  await send({ stats: log.stats(), days, seconds, secondsWanted, cost: timer.cost(), secret })
}

/** Trades day by day until the bars end or the daemon has to stop; returns the days traded. */
async function trade(
  bars: readonly Bar[],
  withTraders: readonly Trader[],
  log: Logger,
  timer: CallTimer,
  durationMs: number,
): Promise<number> {
  const manager = new RiskManager(withTraders)
  const journal = new Journal(log)
  const startedAt = performance.now()
  let days = 0
  for (const bar of bars) {
    timer.time(journal, manager.trade(bar))
    days++
    const dueAt = startedAt + (days / bars.length) * durationMs
    if (performance.now() < dueAt) await setTimeout(pauseMs)
    else if (days % daysPerTurn === 0) await setImmediate()
    if (stopReason !== undefined) return days
  }
  timer.time(journal, manager.closeMonth())
  return days
}

function traders(accounts: RiskSection['accounts']): Trader[] {
  return accounts.map(({ id, strategy, limits }) => ({
    id,
    strategy: strategies[strategy](),
    limits,
  }))
}

/** Reports to the viewer, if it is still there, and lets this process end. */
async function send(report: DaemonReport): Promise<void> {
  if (!process.connected) return
  await new Promise<void>((resolve) => {
    // A viewer that has gone in the meantime wants no report: the error is not one.
    process.send?.(report, undefined, {}, () => resolve())
  })
  process.disconnect()
}

const [systemFile, barsFile, seconds] = process.argv.slice(2)
if (systemFile === undefined || barsFile === undefined) {
  throw new Error('Cannot start the daemon: expected the arguments system.json, bars.csv, seconds')
}
await main(systemFile, barsFile, Number(seconds ?? 0))
