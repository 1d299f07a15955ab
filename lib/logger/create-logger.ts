// The one place where the parts of the write side are joined.

import { type CategoryName, builtinCategories } from '../entry/builtin-categories.ts'
import { withoutInherited } from '../entry/inherited-members.ts'
import { formatException, formatFields } from '../entry/human-line.ts'
import type { MadeEntry } from '../entry/made-entry.ts'
import { visible } from '../entry/visible-text.ts'
import {
  CRITICAL,
  ERROR,
  INFO,
  type Level,
  type LevelName,
  WARNING,
  thresholdOf,
} from '../entry/level.ts'
import { Redactor } from '../redact/secret-keys.ts'
import { LineEncoder } from '../encode/line-encoder.ts'
import { LockedError } from '../errors.ts'
import { fileModes } from '../directory/attributes.ts'
import { exposureOf } from '../directory/exposure.ts'
import { heldFilesMax } from '../directory/hold-back.ts'
import { type FoundNumbers, lastNumbers } from '../directory/last-numbers.ts'
import type { Checkpoint } from '../directory/checkpoint.ts'
import { Category, type CategoryTemplate } from '../deliver/category.ts'
import type { CategoryLogger } from './category-logger.ts'
import {
  type LoggingConfig,
  type ResolvedConfig,
  loadConfig,
  resolveConfig,
} from '../config/resolve.ts'
import type { ByCategory } from '../config/schema.ts'
import { Core } from './core.ts'
import type { Files, Place } from './place.ts'
import { Intake, type IntakeOptions } from './intake.ts'
import { journalOf, Recovery } from './shared-ring.ts'
import type { JournalEvents } from '../journal/journal.ts'
import { type LoggerOptions, type Surroundings, surroundingsOf } from './surroundings.ts'
import { BoundLogger, type Logger, memberNames } from './logger.ts'
import type { JournaledRing } from '../journal/journaled-ring.ts'
import type { Hand } from '../thread/hand.ts'
import { handOf, startWriter } from './handed.ts'
import { Pump } from '../deliver/pump.ts'
import { Ring } from '../capture/ring.ts'
import { Route } from '../deliver/route.ts'
import { Console } from '../sinks/console.ts'
import { EventLog } from '../sinks/event-log-sink.ts'
import { type EventApi, loadEventApi } from '../sinks/windows-event-api.ts'
import { FileSink } from '../sinks/file-sink.ts'
import { LiveConfig } from './live-config.ts'
import { Shown } from './shown.ts'
import { onStdout } from './stdout-place.ts'
import { Counters } from '../deliver/counters.ts'
import { Maintenance, type MaintenanceOptions } from '../directory/maintenance.ts'
import { Numbering } from '../deliver/numbering.ts'

/** A configuration that adds categories. */
export interface ConfigWithCategories<Name extends string> extends LoggingConfig {
  readonly categories: { readonly [Category in Name]: { readonly file?: string } }
  /** The lowest level of single categories, in place of `log_level`. */
  readonly levels?: ByCategory<Level | 'off' | 'OFF', NoInfer<Name>>
  /** What a category's entries survive. */
  readonly durability?: ByCategory<'buffered' | 'written' | 'synced', NoInfer<Name>>
}

/** The categories that a configuration adds, as members of the logger. */
export type ConfiguredCategories<Name extends string> = {
  readonly [Category in Exclude<Name, keyof Logger>]: CategoryLogger
}

/**
 * What takes or keeps the names of categories: `with()` keeps those that a configuration adds, and
 * an editor completes them.
 */
export interface KnownCategories<Name extends string> {
  with(this: void, bindings: object): ConfiguredLogger<Name>
  category(this: void, name: CategoryName<Name>): CategoryLogger
  setLevel(
    this: void,
    level: Level | 'off',
    category?: CategoryName<Name>,
    options?: { readonly for_s?: number | undefined },
  ): void
  level(this: void, category?: CategoryName<Name>): LevelName | 'off'
  isEnabled(this: void, level: Level, category?: CategoryName<Name>): boolean
}

/** A logger with the categories that a configuration adds. */
export type ConfiguredLogger<Name extends string> = KnownCategories<Name> &
  Logger &
  ConfiguredCategories<Name>

/**
 * Creates a logger and opens its files. Entries may be logged from the next line on.
 *
 * A directory that cannot be used is no error: one line on stderr says so, entries of WARNING and
 * above are shown there, and the logger goes on trying.
 *
 * @param config The path of a `system.json` whose `logging` section is used; or that section
 *   itself; or nothing, for the defaults: five files below `~/.risk_manager/logs/`, level INFO.
 * @param options What is asked of the application at each call: the fields and the trace of a
 *   request.
 * @throws {TypeError} when an option is unknown, or no function.
 * @throws {ConfigError} when the configuration cannot be used; it names every problem.
 * @throws {LockedError} with `lock_wait_s: 0`, when another logger writes to the directory: one
 *   that has not been closed, of this process, of a worker of it, or of another process.
 *
 * @example
 * ```ts
 * const log = createLogger({ log_path: './logs', log_level: 'debug' })
 * log.system.info('Daemon started', { version: '1.4.2' })
 * await log.close()
 * ```
 */
export function createLogger<Name extends string>(
  config: ConfigWithCategories<Name>,
  options?: LoggerOptions,
): ConfiguredLogger<Name>
export function createLogger(config?: LoggingConfig, options?: LoggerOptions): Logger
export function createLogger(config?: string | URL | LoggingConfig, options?: LoggerOptions): Logger
export function createLogger(
  config?: string | URL | LoggingConfig,
  options: LoggerOptions = {},
): Logger {
  // What a part leaves out, `clock` or `error`, must not be found on the prototype of all objects.
  return withoutInherited(() => {
    const fromFile = typeof config === 'string' || config instanceof URL
    const resolved = fromFile ? loadConfig(config) : resolveConfig(config)
    const { log_path: path } = resolved
    const source = fromFile && resolved.watch ? config : undefined
    if (path === null) return assemble(resolved, undefined, onStdout, options, source)
    return assemble(resolved, undefined, inDirectory, options, source)
  })
}

/** The usual place: a directory. */
export const inDirectory: Place = {
  filesOf: (config) =>
    new Map([
      ...Object.entries(builtinCategories),
      ...Object.entries(config.categories).map(([name, { file }]): [string, string] => [
        name,
        file,
      ]),
    ]),
  careOf(live, files) {
    const recovery = recoveryOf(live, files)
    const maintenance = maintenanceOf(live, files, recovery)
    const open = (): void => {
      takeDirectory(live, files, maintenance)
      openSinks(live, files, maintenance)
      recovery.report()
    }
    return Object.assign(maintenance, { open })
  },
  isLasting: true,
}

/**
 * Joins the parts.
 *
 * @param source The file that the configuration is from, if it is to be watched.
 * @param loadApi Loads what reports to the Windows Event Log. @default on other systems nothing is
 *   loaded
 */
export function assemble(
  config: ResolvedConfig,
  loadApi: (() => EventApi) | undefined = process.platform === 'win32' ? loadEventApi : undefined,
  place: Place = inDirectory,
  options: LoggerOptions = {},
  source?: string | URL,
): Logger {
  const { buffer } = config
  const stderr = new Console()
  const tell = tellerOf(stderr)
  const surroundings = surroundingsOf(options, tell)
  const counters = new Counters()
  const redactor = new Redactor(config.redact)
  const encoder = new LineEncoder(redactor, buffer.entry_bytes, () => {
    counters.mismatched++
  })
  const fileOf = place.filesOf(config)
  const { ring, journaled, journal, hand } = ringOf(config, place, fileOf.keys())
  const routes = routesOf(config, fileOf, place.hasFiles)
  const categories = categoriesOf(config, fileOf, routes)
  const report = (message: string, context: object): void =>
    intake.report(categories.get('system')!.templates[WARNING]!, message, context)
  const eventLog = eventLogOf(config, counters, tell, loadApi)
  const shown = new Shown({ stderr, eventLog, counters, tell, report })
  const live = new LiveConfig(config, categories.keys())
  const numbering = new Numbering(categories, [...routes.values()], ring)
  numbering.moved = journal?.moved
  const pump = new Pump({
    ring,
    encoder,
    numbering,
    counters,
    routes: [...routes.values()],
    tees: [{ route: categories.get('error')!.route, threshold: ERROR }],
    ...shown.of(config),
    waitingBytesMax: buffer.bytes,
    dropOld: buffer.on_full === 'drop_old',
    isWaitedFor: (error) => error instanceof LockedError && care.isPatient,
    written: writtenOf(place, journal, numbering),
    later: place.later,
    tell,
    report,
  })
  const parts = { ring, journal, hand, encoder, redactor, counters, pump, tell }
  const intake = intakeOf(config, { ...parts, surroundings, place })
  const files: Files = { ...parts, routes, categories, numbering, intake }
  const care = place.careOf(live, files)
  const core = new Core({
    ...parts,
    care,
    categories,
    routes: [...routes.values()],
    intake,
    lanes: ring.lanes,
    recordOf: (shape) => journaled?.straight(shape),
    eventLog,
    shown,
    live,
    adapted: place.adapted ?? ((given) => given),
    surroundings,
    level: thresholdOf(config.log_level) ?? INFO,
    charsMax: buffer.entry_bytes,
  })
  const logger = new (boundLoggerOf(config))(core, undefined)
  startWriter(live, files, () => care.open())
  core.begin(place.isLasting, source)
  place.begun?.(core)
  return logger
}

/** Prints remarks on stderr. */
function tellerOf(stderr: Console): (remark: string) => void {
  return (remark) => {
    stderr.write(`ringlog: ${visible(remark)}`)
  }
}

/** Where entries wait, with what survives the process and what writes in another thread. */
function ringOf(
  config: ResolvedConfig,
  { isLasting, journal }: Place,
  names: Iterable<string>,
): Pick<Files, 'ring' | 'journal' | 'hand'> & {
  readonly journaled: JournaledRing<CategoryTemplate> | undefined
} {
  const { buffer } = config
  const hand = isLasting ? handOf(config, names) : undefined
  if (hand !== undefined) {
    return { ring: hand.ring, journaled: hand.ring, journal: hand.journal, hand }
  }
  const own = isLasting ? journalOf(config) : undefined
  const ring = own?.ring ?? new Ring(buffer.entries, buffer.bytes, buffer.entry_bytes)
  return { ring, journaled: own?.ring, journal: journal ?? own, hand }
}

function routesOf(
  { structured_format: isJson }: ResolvedConfig,
  fileOf: ReadonlyMap<string, string>,
  hasFiles: boolean | undefined,
): Map<string, Route> {
  const files = [...new Set(fileOf.values())]
  const routes = new Map(files.map((file) => [file, new Route(file, hasFiles)]))
  if (!isJson) for (const route of routes.values()) route.form = humanLines
  return routes
}

function intakeOf(
  { buffer }: ResolvedConfig,
  parts: {
    readonly ring: Ring<CategoryTemplate>
    readonly journal: JournalEvents | undefined
    readonly hand: Hand | undefined
    readonly encoder: LineEncoder
    readonly counters: Counters
    readonly pump: Pump
    readonly tell: (remark: string) => void
    readonly surroundings: Surroundings | undefined
    readonly place: Place
  },
): Intake {
  const { ring, journal, hand, encoder, counters, pump, tell, surroundings, place } = parts
  const inline = {
    schedule:
      journal === undefined
        ? (template: CategoryTemplate): void => pump.schedule(template)
        : (template: CategoryTemplate): void => {
            pump.schedule(template)
            // What the journal has no room for survives in the file alone.
            if (journal.takeMissed()) pump.writeThrough(template.owner.route)
          },
    wake: () => pump.wake(),
    writeThrough: (route: Route) => pump.writeThrough(route),
  }
  const { schedule, wake, writeThrough } = hand === undefined ? inline : handed(hand, inline)
  return new Intake({
    ring,
    encoder,
    counters,
    onFull: buffer.on_full,
    charsMax: buffer.entry_bytes,
    schedule,
    wake,
    writeThrough,
    makeRoom: () => pump.makeRoom(),
    tellClosed: () =>
      tell('an entry came after close() and is lost; stats() counts those that follow'),
    surroundings,
    reported: place.reported?.bind(place),
  })
}

type Ways = Pick<IntakeOptions, 'schedule' | 'wake' | 'writeThrough'>

/** What follows a call, as long as a writer is at work, and afterwards. */
function handed(hand: Hand, inline: Ways): Ways {
  return {
    schedule(template) {
      if (hand.isActive) hand.schedule(template)
      else inline.schedule(template)
    },
    wake() {
      if (hand.isActive) hand.wake()
      else inline.wake()
    },
    writeThrough(route) {
      if (!hand.writeThrough(route.file)) inline.writeThrough(route)
    },
  }
}

function writtenOf(
  place: Place,
  journal: JournalEvents | undefined,
  numbering: Numbering,
): (() => void) | undefined {
  if (place.written !== undefined) return () => place.written!()
  return journal && (() => journal.settled(numbering.settled))
}

function recoveryOf(live: LiveConfig, files: Files): Recovery {
  const { categories, counters, tell, intake, redactor } = files
  const template = categories.get('system')!.templates[WARNING]!
  return new Recovery(live.config, {
    redactor,
    fileOf: new Map([...categories.values()].map(({ name, route }) => [name, route.file])),
    tell,
    fail: (error) => counters.fail(error),
    report: (message, context) => intake.report(template, message, context),
  })
}

/** What is deleted ahead of its time is told in the log itself. */
function deletionsReported(
  live: LiveConfig,
  { categories, intake }: Files,
): Pick<MaintenanceOptions, 'madeRoom' | 'lostUnshipped'> {
  const { templates } = categories.get('system')!
  return {
    madeRoom(deleted, bytes) {
      const message = 'Rotated files deleted, to keep max_total_mb'
      const { max_total_mb } = live.config.rotation
      intake.report(templates[INFO]!, message, { deleted, bytes, max_total_mb })
    },
    lostUnshipped(deleted) {
      const message = 'Rotated files deleted that were not shipped'
      intake.report(templates[WARNING]!, message, { deleted })
    },
  }
}

function maintenanceOf(live: LiveConfig, files: Files, recovery: Recovery): Maintenance {
  const { routes, categories, numbering, counters, pump, tell, journal } = files
  const { config, directory } = live
  return new Maintenance({
    directory,
    bases: [...routes.keys()],
    fileMode: config.file_mode,
    get maxFiles() {
      return live.config.rotation.max_files
    },
    get retentionDays() {
      return live.config.retention_days
    },
    get compress() {
      return live.config.rotation.compress
    },
    get totalBytes() {
      const { max_total_mb: mebibytes } = live.config.rotation
      return mebibytes === null ? undefined : mebibytes * 1024 * 1024
    },
    get keepUnshipped() {
      return live.config.rotation.keep_unshipped
    },
    putAsideOld: () =>
      Math.min(...[...routes.values()].map(({ sink }) => sink.putAsideOld?.() ?? Infinity)),
    ...deletionsReported(live, files),
    numbers: (isEnd) => (isEnd ? numbering.accepted() : numbering.written()),
    takeLate: () => numbering.takeLate(),
    beforeTaking: () => numbering.awaitQuiet(),
    goOn: (checkpoint) => {
      const last = (): FoundNumbers => numbersIn(directory, categories.values(), checkpoint)
      recovery.recover(checkpoint?.log_id, last)
      files.takeover?.recover((entries) => recovery.write(entries, last))
      numbering.goOnBehind(last())
    },
    identified: (logId) => journal?.identify(logId),
    ended: () => journal?.end(),
    changed: () => {
      for (const { sink } of routes.values()) sink.revisit()
      recovery.report()
    },
    waitMs: config.lock_wait_s * 1000,
    waitOver: (error) => pump.endWait(error),
    tell,
    refused: (refusal) => pump.refused(refusal),
    failed: (error, again) => {
      counters.fail(error)
      if (!again) tell(error.message)
    },
  })
}

/** @throws {LockedError} when another logger writes there, and nobody is to wait for it. */
function takeDirectory(live: LiveConfig, files: Files, maintenance: Maintenance): void {
  const { categories, numbering, tell } = files
  const { directory, config } = live
  try {
    maintenance.hold()
    const exposure = exposureOf(directory, fileModes[config.file_mode])
    if (exposure !== undefined) tell(`others may replace files of the log: ${exposure}`)
  } catch (error) {
    // One that may be dead, and has been silent for longer, is waited for in any case: if every
    // start gave up at once, none would ever find out.
    const isRefused = config.lock_wait_s === 0 && files.takeover === undefined
    if (error instanceof LockedError && isRefused && maintenance.holderSeemsAlive) {
      maintenance.exit()
      throw error
    }
    // The files will say so when they are opened, and try again. What can be read is read.
    numbering.goOnBehind(numbersIn(directory, categories.values(), undefined))
  }
}

function openSinks(live: LiveConfig, files: Files, maintenance: Maintenance): void {
  for (const route of files.routes.values()) {
    const sink = sinkOf(live, files, maintenance, route)
    route.sink = sink
    sink.open()
  }
}

function sinkOf(
  live: LiveConfig,
  { categories, pump }: Files,
  maintenance: Maintenance,
  route: Route,
): FileSink {
  const events = pump.eventsOf(route)
  const { directory } = live
  const { file_mode } = live.config
  const own = [...categories.values()].filter((category) => category.route === route)
  return new FileSink(
    {
      directory,
      name: route.file,
      fileMode: fileModes[file_mode],
      get limitBytes() {
        return live.config.rotation.max_size_mb * 1024 * 1024
      },
      get keep() {
        const { keep_unshipped: holds, max_files } = live.config.rotation
        // What is beyond max_files the cleaning behind each rotation deletes, unless it is held.
        return holds ? 2 * heldFilesMax : max_files
      },
      age: {
        get maxMs() {
          return (live.config.rotation.max_age_hours ?? Infinity) * 3_600_000
        },
        now: () => maintenance.now(),
      },
      get synced() {
        return own.some(({ isSynced }) => isSynced)
      },
      claim: maintenance,
    },
    {
      ...events,
      rotated: () => {
        events.rotated()
        maintenance.rotated()
      },
    },
  )
}

function eventLogOf(
  { windows_event_log: { enabled, source, log_critical_only: isCriticalOnly } }: ResolvedConfig,
  counters: Counters,
  tell: (remark: string) => void,
  load: (() => EventApi) | undefined,
): EventLog | undefined {
  if (!enabled || load === undefined) return undefined
  const threshold = isCriticalOnly ? CRITICAL : WARNING
  return new EventLog({ source, threshold, fail: (error) => counters.fail(error), tell, load })
}

function categoriesOf(
  config: ResolvedConfig,
  fileOf: ReadonlyMap<string, string>,
  routes: ReadonlyMap<string, Route>,
): Map<string, Category> {
  return new Map(
    [...fileOf].map(([name, file], index) => {
      const level = config.levels[name]
      const category = new Category({
        name,
        index,
        route: routes.get(file)!,
        threshold: thresholdOf(level ?? config.log_level) ?? INFO,
        own: level !== undefined,
        durability: config.durability[name] ?? 'buffered',
      })
      return [name, category]
    }),
  )
}

/**
 * The numbers of the last entries that are in the files, or that the last run is known to have come
 * to.
 */
function numbersIn(
  directory: string,
  categories: Iterable<Category>,
  checkpoint: Checkpoint | undefined,
): FoundNumbers {
  const names = new Map<string, Set<string>>()
  for (const { name, route } of categories) {
    names.set(route.file, (names.get(route.file) ?? new Set()).add(name))
  }
  return lastNumbers(directory, names, checkpoint)
}

/**
 * The class of this logger and those derived from it: with a member for each configured category.
 */
function boundLoggerOf(config: ResolvedConfig): typeof BoundLogger {
  const names = Object.keys(config.categories).filter((name) => !memberNames.has(name))
  if (names.length === 0) return BoundLogger
  const Extended = class extends BoundLogger {}
  for (const name of names) {
    Object.defineProperty(Extended.prototype, name, {
      get(this: BoundLogger) {
        return this.category(name)
      },
    })
  }
  return Extended
}

/** An entry as the human line, an exception as indented lines below. */
function humanLines(entry: MadeEntry): string {
  const { exception } = entry
  const below = exception === undefined ? '' : `\n${formatException(exception)}`
  return `${formatFields(entry)}${below}\n`
}
