// `ship()`: all logs of a directory, or of several, into an engine.

import { hostname } from 'node:os'
import { type OptionRules, checkOptions, directoriesToRead, pathsRule } from '../config/options.ts'
import { clearInterval, setInterval, sleep } from '../entry/clock.ts'
import { visible } from '../entry/visible-text.ts'
import { type FoundLog, LogFinder } from '../directory/log-finder.ts'
import type { EnginePlace } from './engine.ts'
import { type WouldSend, dryPlace } from './dry-engine.ts'
import { placeAt } from './engines.ts'
import type { ShipEvent, ShipReport } from './events.ts'
import { LogShipper } from './log-shipper.ts'
import { numbers } from './pass.ts'

/** Between two looks for logs that have come. Milliseconds. */
const lookMs = 1000

/** Between two calls of `progress`. Milliseconds. */
const progressMs = 1000

/** With `once`, an engine that does not answer for so long is given up. Milliseconds. */
const patienceMs = 60_000

/** Logs that are shipped at a time with `once`. */
const logsMax = 8

/** How a log is shipped. */
export interface ShipOptions {
  /**
   * The directory, or several, or the parent of those that `{instance}` has made. @default
   * '~/.risk_manager/logs/'
   */
  readonly log_path?: string | readonly string[]
  /** Under which name the entries of this machine are kept. @default the host's name */
  readonly host?: string
  /**
   * Until all is sent that was there at the beginning. An engine that does not answer for a minute
   * is given up. @default false: for ever
   */
  readonly once?: boolean
  /** Sends nothing, makes nothing, and tells what would be sent (`would_send`); with `once`. */
  readonly dry_run?: boolean
  /**
   * Told what happens. @default it is a warning of the process (code `RINGLOG_SHIP`), but for what
   * is no trouble
   */
  readonly tell?: (event: ShipEvent) => void
  /** Told now and then how far it is. The object is the same each time. */
  readonly progress?: (report: Readonly<ShipReport>) => void
  /** Ends it when the batch under way is over, without an error. */
  readonly signal?: AbortSignal
}

const rules: OptionRules<ShipOptions> = {
  log_path: pathsRule,
  host: { type: 'string', pattern: '^[^\\0]+$', description: 'a non-empty string without NUL' },
  once: { type: 'boolean' },
  dry_run: { type: 'boolean' },
  tell: { description: 'a function', accepts: (value) => typeof value === 'function' },
  progress: { description: 'a function', accepts: (value) => typeof value === 'function' },
  signal: {
    description: 'an AbortSignal',
    accepts: (value) => typeof (value as Partial<AbortSignal> | null)?.aborted === 'boolean',
  },
}

/**
 * Sends a log, past and future, into an engine. Every entry arrives exactly once, and in order per
 * host, log and category, whatever dies meanwhile: there is no position file, the engine is asked
 * how far it has come.
 *
 * @param url `nats://host[,host…]/STREAM`, or `postgres://host/database`. The packages that talk to
 *   it must be installed.
 * @returns what was sent, when it has ended: with `once`, or by the signal.
 * @throws {TypeError} when an option is wrong. {EngineRefusal} when it will not work by going on:
 *   human lines, a password that is wrong, a stream with other settings. An error when another
 *   shipper of the same log has begun.
 *
 * @example
 * ```ts
 * await ship('nats://127.0.0.1/LOGS', { log_path: './logs', once: true })
 * ```
 */
export async function ship(url: string, options: ShipOptions = {}): Promise<ShipReport> {
  const checked = checkOptions<ShipOptions>('ship', rules, options)
  const directories = directoriesToRead('ship', checked.log_path)
  const tell = checked.tell ?? warn
  const place = await placeAt(url, {
    warn: (message) => tell({ kind: 'warning', message }),
    dry: checked.dry_run === true,
    env: process.env,
  })
  return shipTo(place, directories, { ...checked, tell })
}

/** The same with an engine that is given. */
export async function shipTo(
  place: EnginePlace,
  directories: readonly string[],
  options: Omit<ShipOptions, 'log_path'> & Required<Pick<ShipOptions, 'tell'>>,
): Promise<ShipReport> {
  const { host = hostname(), dry_run: dry = false, tell, progress, signal } = options
  const once = options.once === true || dry
  const report: ShipReport = {
    logs: 0,
    sent: 0,
    bytes: 0,
    batches: 0,
    already: 0,
    missing: 0,
    passed_over: 0,
    last_time: undefined,
  }
  const end = signal ?? new AbortController().signal
  const patience = once ? patienceMs : Infinity
  const settings = {
    place: dry ? dryPlace(place, toldBy(tell)) : place,
    host,
    follow: !once,
    patienceMs: patience,
    report,
    tell,
    signal: end,
    isDry: dry,
  }
  const finder = new LogFinder(directories)
  const shippers = new Shippers(async (found) => {
    report.logs++
    const mayGo = !directories.includes(found.directory)
    await new LogShipper(found.directory, mayGo, settings).run()
    if (mayGo) finder.isGone(found)
  }, tell)
  const timer = progress === undefined ? undefined : setInterval(() => progress(report), progressMs)
  try {
    await (once ? shippers.runOnce(finder.find()) : shippers.run(finder, end))
  } finally {
    clearInterval(timer)
    progress?.(report)
  }
  return report
}

/** Logs that are shipped side by side. One that fails is told, and leaves the others alone. */
class Shippers {
  readonly #run: (found: FoundLog) => Promise<void>
  readonly #tell: (event: ShipEvent) => void
  readonly #running = new Set<Promise<void>>()
  #failure: unknown

  constructor(run: (found: FoundLog) => Promise<void>, tell: (event: ShipEvent) => void) {
    this.#run = run
    this.#tell = tell
  }

  /** @throws the first failure, when all others are done. */
  async runOnce(logs: readonly FoundLog[]): Promise<void> {
    for (const found of logs) {
      if (this.#running.size >= logsMax) await Promise.race(this.#running)
      this.#start(found, logs.length > 1)
    }
    await Promise.all(this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** @throws the first failure, when none is left. */
  async run(finder: LogFinder, signal: AbortSignal): Promise<void> {
    for (const found of finder.find()) this.#start(found, true)
    while (!signal.aborted) {
      if (this.#failure !== undefined && this.#running.size === 0) throw this.#failure
      const pause = sleep(lookMs, undefined, { signal, ref: true }).catch(() => {})
      await (this.#failure === undefined ? pause : Promise.race([pause, ...this.#running]))
      for (const found of signal.aborted ? [] : finder.findNew()) this.#start(found, true)
    }
    await Promise.all(this.#running)
  }

  #start(found: FoundLog, tells: boolean): void {
    const running = this.#run(found)
      .catch((error: unknown) => {
        if (this.#failure === undefined) this.#failure = error
        // What is thrown in the end need not be told before.
        if (!tells || this.#running.size === 1) return
        const message = error instanceof Error ? error.message : String(error)
        this.#tell({ kind: 'failed', message: visible(message), directory: found.directory })
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }
}

function toldBy(tell: (event: ShipEvent) => void): WouldSend {
  return (log, category, from, to) => {
    const message = `${log.host} ${log.log_id}: would send ${category} ${numbers(from, to)}`
    tell({ kind: 'would_send', message, log_id: log.log_id, category, from, to })
  }
}

/** What is trouble, as a warning of the process. */
function warn({ kind, message }: ShipEvent): void {
  if (kind === 'back') return
  process.emitWarning(message, { type: 'RinglogWarning', code: 'RINGLOG_SHIP' })
}
