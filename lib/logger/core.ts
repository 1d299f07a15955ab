// What all loggers derived from one `createLogger` share: categories, levels, ring, pump, files,
// and the end.

import { clearInterval, setImmediate, setInterval } from '../entry/clock.ts'
import { bind, type Bindings } from '../encode/bindings.ts'
import { compileEvent, type EventCodec } from '../event/compile-encoder.ts'
import type { EventDefinition } from '../event/event-definition.ts'
import type { EventCall } from '../event/compile-capture.ts'
import { Lanes } from '../capture/lanes.ts'
import type { StraightRecord } from '../capture/typed.ts'
import type { Shape } from '../encode/event-encoder.ts'
import { questionOf } from '../entry/closest-word.ts'
import { ConfigError } from '../errors.ts'
import { EventCalls } from './event-calls.ts'
import { named, shown } from '../entry/foreign-value.ts'
import { INFO, WARNING, severityOf, thresholdOf, type ThresholdName } from '../entry/level.ts'
import { isError } from '../entry/safe-text.ts'
import type { Redactor } from '../redact/secret-keys.ts'
import type { LineEncoder } from '../encode/line-encoder.ts'
import { templateOf } from '../encode/line-template.ts'
import type { Category } from '../deliver/category.ts'
import { BoundCategory } from './category-logger.ts'
import { type Exiting, unwatchExit, watchExit } from './process-exit.ts'
import type { Intake } from './intake.ts'
import { type LevelChange, Levels } from './levels.ts'
import type { Hand } from '../thread/hand.ts'
import type { Surroundings } from './surroundings.ts'
import type { Pump } from '../deliver/pump.ts'
import type { Route } from '../deliver/route.ts'
import { ConfigWatch } from '../config/config-watch.ts'
import { filePathOf } from '../config/load-file.ts'
import { loadConfig, type ResolvedConfig } from '../config/resolve.ts'
import type { LiveConfig } from './live-config.ts'
import type { Shown } from './shown.ts'
import type { EventLog } from '../sinks/event-log-sink.ts'
import type { Patience } from '../sinks/disk-timeout.ts'
import type { Counters, LoggerStats } from '../deliver/counters.ts'
import type { Maintenance } from '../directory/maintenance.ts'

/** Places of the lanes in which bound fields are captured. */
const bindingPlaces = 4096

/** What the end of a logger needs of the maintenance of its place. */
export type Care = Pick<
  Maintenance,
  'isPatient' | 'isWaiting' | 'awaitTurn' | 'awaitTurnSync' | 'close' | 'exit'
> & {
  /** The configuration has changed. */
  readonly reconfigured?: () => void
}

/** The care of a place that no other writer can have: standard output, memory. */
export const carefree: Care = {
  isPatient: false,
  isWaiting: false,
  awaitTurn: () => Promise.resolve(),
  awaitTurnSync: () => {},
  close: () => Promise.resolve(),
  exit: () => {},
}

/** The parts that `createLogger` joins. */
export interface CoreParts {
  readonly care: Care
  readonly categories: ReadonlyMap<string, Category>
  readonly routes: readonly Route[]
  readonly intake: Intake
  /** The lanes of the ring. */
  readonly lanes: Lanes
  /** What a straight call does to have its entry in a block, where there is one. */
  readonly recordOf: (shape: Shape) => StraightRecord | undefined
  readonly pump: Pump
  readonly encoder: LineEncoder
  readonly redactor: Redactor
  readonly counters: Counters
  /** The level of categories that have none of their own. */
  readonly level: number
  readonly eventLog: EventLog | undefined
  /** What is shown beside the files. */
  readonly shown: Shown
  readonly live: LiveConfig
  /** A configuration as it applies to this place. */
  readonly adapted: (config: ResolvedConfig) => ResolvedConfig
  /** What surrounds each call, if anything is to be asked for. */
  readonly surroundings: Surroundings | undefined
  /** Longest string captured whole, in UTF-16 units. */
  readonly charsMax: number
  /** The caller's end of the writer thread, with `writer: "thread"`. */
  readonly hand: Hand | undefined
}

/** The shared part of loggers. */
export class Core implements Exiting {
  readonly #parts: CoreParts
  readonly #bindingLanes: Lanes
  readonly #inOrder: readonly Category[]
  readonly #levels: Levels<Category>
  #codecs = new WeakMap<EventDefinition, EventCodec>()
  /** The functions that log typed events. */
  readonly #eventCalls = new EventCalls()
  #watch: ConfigWatch | undefined
  #isBinding = false
  /** The process is ending. */
  #isEnding = false
  #closing: Promise<void> | undefined

  constructor(parts: CoreParts) {
    this.#parts = parts
    this.#inOrder = [...parts.categories.values()]
    this.#levels = new Levels(this.#inOrder, parts.level, (change) => this.#levelChanged(change))
    this.#bindingLanes = new Lanes(bindingPlaces, parts.charsMax)
    parts.intake.fold(parts.live.config.repetition)
  }

  /** Captures fields to be bound. What cannot be captured is bound as far as it can. */
  bind(fields: unknown, parent: Bindings | undefined): Bindings {
    // A getter among the fields may bind others.
    if (this.#isBinding) return bind(this.#parts.encoder, fields, parent, this.#parts.charsMax)
    this.#isBinding = true
    try {
      return bind(this.#parts.encoder, fields, parent, this.#parts.charsMax, this.#bindingLanes)
    } finally {
      this.#isBinding = false
    }
  }

  /** @throws {RangeError} when there is no such category. */
  category(name: string): Category {
    const category = this.#parts.categories.get(name)
    if (category !== undefined) return category
    const names = [...this.#parts.categories.keys()]
    const actual = `${named(name)}${typeof name === 'string' ? questionOf(name, names) : ''}`
    throw new RangeError(
      `Cannot find the category: expected one of ${names.join(', ')}, got ${actual}`,
    )
  }

  categoryAt(place: number): Category {
    return this.#inOrder[place]!
  }

  bound(category: Category, bindings: Bindings | undefined): BoundCategory {
    return new BoundCategory(this.#parts.intake, category, bindings)
  }

  /**
   * The function that logs an event of this definition. Compiled once per definition, however often
   * it is asked for.
   */
  eventLogger(event: EventDefinition, bindings: Bindings | undefined): EventCall {
    const owner = this.category(event.category)
    const severity = severityOf(event.level)
    if (severity === undefined) {
      throw new RangeError(`Cannot log the event: expected a level, got ${named(event.level)}`)
    }
    const made = this.#eventCalls.add(() => this.#eventCall(event, severity, bindings))
    // Small enough for V8 to put it into the caller's code: below the level not even the context is
    // made then.
    return (context, accountId, error) => {
      if (owner.threshold <= severity) made.call(context, accountId, error)
    }
  }

  #eventCall(event: EventDefinition, severity: number, bindings: Bindings | undefined): EventCall {
    const owner = this.category(event.category)
    const { intake, redactor, lanes, recordOf, counters, surroundings } = this.#parts
    let compiled = this.#codecs.get(event)
    if (compiled === undefined) {
      compiled = compileEvent(event, redactor)
      this.#codecs.set(event, compiled)
    }
    const template = templateOf<Category>(owner, severity, bindings, compiled)
    const otherwise: EventCall = (context, accountId, error) => {
      // An error in the place of the account is the error: it was called without one.
      const isOdd = error === undefined && isError(accountId)
      intake.log(template, '', isOdd ? undefined : accountId, isOdd ? accountId : error, context)
    }
    const { straight, origin } = compiled
    const record = recordOf(origin.shape)
    return straight === undefined || owner.isWritten || intake.folds(template)
      ? otherwise
      : surrounded(
          straight({ template, severity, lanes, intake, counters, otherwise, record }),
          otherwise,
          surroundings,
        )
  }

  /** Takes another configuration as a whole, and reports each change in an entry of `audit`. */
  reload(given: ResolvedConfig): void {
    const { intake, live, adapted } = this.#parts
    if (intake.isClosed) return
    const { changed, stays } = live.take(adapted(given))
    const isChanged = (section: string): boolean =>
      changed.some(({ what }) => what === section || what.startsWith(`${section}.`))
    if (isChanged('redact')) this.#redact()
    if (isChanged('durability')) this.#setDurability()
    if (isChanged('redact') || isChanged('durability')) this.#eventCalls.refresh()
    if (isChanged('repetition')) this.#fold()
    this.#configure()
    this.#hand?.configure(live.config)
    const audit = this.category('audit').templates[INFO]!
    for (const { what, from, to } of changed) {
      // A level is reported when it comes to hold: not yet, where another one holds for a time.
      if (what === 'log_level' || what.startsWith('levels.')) continue
      const message = `Configuration: ${what} set from ${shown(from)} to ${shown(to)}`
      intake.report(audit, message, { action: 'reload', what, from, to })
    }
    if (stays.length === 0) return
    const names = stays.map(({ what }) => what).join(', ')
    const message = `Configuration: what cannot change while the logger runs stays: ${names}`
    intake.report(this.category('system').templates[WARNING]!, message, { stays })
  }

  /**
   * Begins: everything is open.
   *
   * @param isLasting Whether what waits has to be written when the process ends.
   * @param file What the configuration is from, if it is to be watched.
   */
  begin(isLasting: boolean, file: string | URL | undefined): void {
    this.#parts.eventLog?.open()
    if (isLasting) watchExit(this)
    if (file !== undefined) this.#watchFile(file)
  }

  /** Takes what a file holds each time that it holds something else. */
  #watchFile(file: string | URL): void {
    const path = filePathOf(file)
    this.#watch = new ConfigWatch(path, () => {
      try {
        this.reload(loadConfig(path))
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        this.#notReloaded(error)
      }
    })
  }

  #notReloaded(error: ConfigError): void {
    const problems = error.problems.map(
      ({ path, expected, actual }) => `${path}: expected ${expected}, got ${actual}`,
    )
    const reason = problems.length === 0 ? error.message : problems.join('; ')
    const message = `Configuration not taken, nothing has changed: ${reason}`
    const context = { action: 'reload', file: error.file, problems }
    this.#parts.intake.report(this.category('system').templates[WARNING]!, message, context)
  }

  #configure(): void {
    const { live, pump, shown: places, care } = this.#parts
    const { config } = live
    const own = Object.entries(config.levels).map(
      ([name, level]) => [name, thresholdOf(level) ?? INFO] as const,
    )
    pump.reconfigure(places.of(config))
    care.reconfigured?.()
    this.#levels.configure(thresholdOf(config.log_level) ?? INFO, new Map(own))
  }

  #redact(): void {
    const { redactor, encoder, live } = this.#parts
    redactor.configure(live.config.redact)
    encoder.forget()
    this.#codecs = new WeakMap()
  }

  #fold(): void {
    const { intake, live } = this.#parts
    intake.afterCapture(() => {
      intake.fold(live.config.repetition)
      this.#eventCalls.refresh()
    })
  }

  #setDurability(): void {
    const { durability } = this.#parts.live.config
    for (const category of this.#inOrder) {
      category.isWritten = durability[category.name] === 'written'
      category.isSynced = durability[category.name] === 'synced'
    }
  }

  setLevel(threshold: number, name: string | undefined, forS: number | undefined): void {
    this.#levels.set(threshold, name === undefined ? undefined : this.category(name), forS)
  }

  level(name: string | undefined): ThresholdName {
    return this.#levels.of(name === undefined ? undefined : this.category(name))
  }

  isEnabled(severity: number, name: string | undefined): boolean {
    if (name !== undefined) return this.category(name).threshold <= severity
    for (const category of this.#parts.categories.values()) {
      if (category.threshold <= severity) return true
    }
    return false
  }

  /** The writer's thread, as long as it is at work. */
  get #hand(): Hand | undefined {
    const { hand } = this.#parts
    return hand?.isActive === true ? hand : undefined
  }

  /** Writes everything before it returns, in this thread or in the writer's. */
  #writeAll(patience?: Patience): void {
    if (this.#hand?.flushSync(patience) !== true) this.#parts.pump.flushSync(patience)
  }

  flush(): Promise<void> {
    const { intake, pump, care } = this.#parts
    if (this.#closing !== undefined) return this.#closing
    const flushed = new Promise<void>((resolve, reject) => {
      intake.afterCapture(() => {
        intake.writeHeld()
        ;(this.#hand ?? pump).flush().then(resolve, reject)
      })
    })
    return care.isPatient ? keptAlive(flushed) : flushed
  }

  flushSync(): void {
    // From within a getter that is being captured it has to wait: its call stands half in the ring.
    const { intake } = this.#parts
    intake.afterCapture(() => {
      intake.writeHeld()
      this.#writeAll()
    })
  }

  exception(): void {
    const { intake } = this.#parts
    if (this.#isEnding) return
    this.flushSync()
    intake.writeThrough(() => this.flushSync())
    setImmediate(() => {
      if (!this.#isEnding) intake.writeBehind()
    }).unref()
  }

  exit(patience: Patience): void {
    this.#isEnding = true
    const { pump, intake, routes, eventLog, shown: places, care } = this.#parts
    if (intake.isCapturing) intake.abandon()
    const writeAll = (): void => {
      intake.writeHeld()
      if (this.#hand?.exit(patience) === true) return
      pump.reportDropped(true)
      places.tellLost()
      pump.flushSync(patience)
      if (care.isWaiting && routes.some((route) => route.pending > 0)) {
        care.awaitTurnSync((ms) => patience.nap(ms))
        pump.flushSync(patience)
      }
      pump.giveUp(care.isWaiting)
      places.exit(patience)
      eventLog?.exit()
      care.exit()
    }
    writeAll()
    // Listeners that run after ours may still log.
    intake.writeThrough(writeAll)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  stats(): LoggerStats {
    const { counters, routes } = this.#parts
    if (this.#hand !== undefined) return this.#hand.stats()
    return counters.snapshot(routes.every((route) => !route.isStuck))
  }

  /** An entry of `audit`, whatever its level: silencing it leaves a trace. */
  #levelChanged({ category, from, to, forS, isEnd }: LevelChange): void {
    const { intake } = this.#parts
    const whose = category === undefined ? 'Level' : `Level of ${category}`
    const span = forS === undefined ? '' : ` for ${forS} s`
    const message = `${whose} set ${isEnd ? 'back ' : ''}from ${from} to ${to}${span}`
    const context = { action: 'set_level', category, from, to, for_s: forS }
    intake.report(this.category('audit').templates[INFO]!, message, context)
  }

  async #close(): Promise<void> {
    if (this.#hand !== undefined) {
      this.#levels.close()
      this.#watch?.close()
      const { intake } = this.#parts
      intake.writeHeld()
      try {
        if (await this.#hand.close(() => intake.close())) {
          unwatchExit(this)
          return
        }
      } catch (error) {
        unwatchExit(this)
        throw error
      }
    }
    await this.#closeHere()
  }

  async #closeHere(): Promise<void> {
    const { intake, pump, routes, counters, eventLog, shown: places, care } = this.#parts
    // Where entries were dropped the ring may still be full, and there is no later moment to say
    // so. Not from within a getter: nothing may be read from the ring while its call is being
    // captured.
    if (counters.droppedTotal + counters.diverted > 0 && !intake.isCapturing) pump.makeRoom()
    intake.writeHeld()
    pump.reportDropped(true)
    places.tellLost(true)
    this.#levels.close()
    this.#watch?.close()
    const flushed = pump.flush()
    intake.close()
    try {
      await (care.isPatient ? keptAlive(flushed) : flushed)
    } catch (error) {
      await care.awaitTurn()
      // One last try, in which nothing is left to wait for; then what remains is counted.
      pump.flushSync()
      if (routes.some((route) => route.pending > 0)) throw error
    } finally {
      pump.giveUp(care.isWaiting)
      pump.close()
      const beside = [eventLog?.close(), places.close()]
      await Promise.all([...routes.map((route) => route.sink.close()), ...beside])
      await care.close()
      unwatchExit(this)
    }
  }
}

/**
 * A straight call where nothing surrounds it, else the other: one that asks at each call, if there
 * is something to ask.
 */
function surrounded(
  straight: EventCall,
  otherwise: EventCall,
  surroundings: Surroundings | undefined,
): EventCall {
  if (surroundings === undefined) return straight
  return (context, accountId, error) => {
    try {
      const isSurrounded = surroundings.ask()
      surroundings.isAsked = true
      if (isSurrounded) otherwise(context, accountId, error)
      else straight(context, accountId, error)
    } finally {
      surroundings.isAsked = false
    }
  }
}

/**
 * The same promise, with the process kept alive until it is settled. Nothing else of ours keeps it
 * alive; but a caller who awaits entries that wait for the directory is answered when it is ours.
 */
async function keptAlive(promise: Promise<void>): Promise<void> {
  const alive = setInterval(() => {}, 60_000)
  try {
    await promise
  } finally {
    clearInterval(alive)
  }
}
