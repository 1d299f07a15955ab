// A query: the options of reading, checked once, and the question they put to each line.

import { types } from 'node:util'
import { builtinCategories, errorFile } from '../entry/builtin-categories.ts'
import { type Level, levelNames, levelsMeant, severityOf } from '../entry/level.ts'
import { type OptionRules, checkOptions, directoriesToRead, pathsRule } from '../config/options.ts'
import type { Rule } from '../config/validate.ts'
import type { TimedLine } from './time-order.ts'
import { type Cursor, bytesOfCursor, cursorKinds, parseCursor } from './cursor.ts'
import { momentOf } from './moment.ts'
import { type Sieve, sieveBelow } from './sieve.ts'
import { type Where, conditionOf } from './where.ts'

/** Which lines are wanted. All conditions must hold. */
export interface StreamOptions {
  /**
   * The directory, or several, or the parent of those that `{instance}` has made, found as they
   * come and go; `~` is the home. @default '~/.risk_manager/logs/'
   */
  readonly log_path?: string | readonly string[]
  /**
   * In place of a directory, an engine that logs are shipped to: all logs of all hosts, merged by
   * time. `nats://host[,host…]/STREAM`, or `postgres://host/database`.
   */
  readonly from?: string
  /**
   * Goes on exactly behind the line whose `cursor` this is. When its file is gone that is reported,
   * and it goes on from the oldest that is there. With `lines`: the last of those behind it. With
   * `from` it is the cursor of a line of an engine, whichever: the same entries are in both.
   */
  readonly after?: string
  /**
   * At most so many lines of what is there: the last that meet the conditions. They are held in
   * memory. 0 with `follow`: only what is new. @default all; with `follow` and without `since` and
   * `after`: 20 lines
   */
  readonly lines?: number
  /**
   * Go on with what is written from now on, until `signal` is aborted or the iteration is left.
   * @default false
   */
  readonly follow?: boolean
  /** Only entries of these categories. @default all */
  readonly categories?: readonly string[]
  /** Only entries of this level and above. @default all */
  readonly level?: Level
  /** Only entries of this account, or of one of these. @default all */
  readonly account_id?: string | readonly string[]
  /**
   * From this moment on: a Date, ISO 8601, `HH:MM`, `today`, `yesterday`, `now`, `15m`, `1h30m`
   * (ago), `@seconds` since 1970. Without zone: UTC.
   */
  readonly since?: Date | string
  /**
   * Up to and with this moment, written like `since`. With `follow` the iteration ends some seconds
   * after it.
   */
  readonly until?: Date | string
  /**
   * What the message must match; of a line that is no entry, the line. A string is an expression's
   * source.
   */
  readonly grep?: RegExp | string
  /**
   * Only entries that have these fields, by their paths: `{ 'context.rule': 'UnrealizedLoss' }`. Of
   * several values for one field one is enough.
   */
  readonly where?: Where
  /** Ends the iteration at once, without an error. */
  readonly signal?: AbortSignal
}

/** The options, checked. */
export interface Wanted {
  /** Behind which line. */
  readonly after: Cursor | undefined
  /** Infinity: all. */
  readonly lines: number
  /** In milliseconds since 1970. */
  readonly since: number
  /** In milliseconds since 1970. */
  readonly until: number
  /** Every line is wanted, or the last of all. */
  readonly isAll: boolean
  /** Every file may hold such lines. */
  readonly isWhole: boolean
  /** Whether a file with this base can hold such lines. */
  readonly hasBase: (base: string) => boolean
  readonly matches: (timed: TimedLine) => boolean
  /**
   * Knows some of the lines that do not match by their bytes; undefined when it would know none.
   */
  readonly sieve: Sieve | undefined
}

/** A level however it is spelled, which `defineEvent` and `setLevel` take as well. */
const level: Rule = {
  type: 'string',
  description: `one of ${levelNames.join(', ')}`,
  enum: levelNames.map((name) => name.toLowerCase()),
  meant: levelsMeant,
  accepts: (value) => severityOf(value) !== undefined,
}
const names: Rule = { type: 'array', items: { type: 'string' }, description: 'an array of strings' }
/** What it names is looked at by `momentOf`. */
const moment: Rule = {
  description: 'a Date, or a string',
  accepts: (value) => typeof value === 'string' || types.isDate(value),
}

const rules: OptionRules<StreamOptions> = {
  log_path: pathsRule,
  from: { type: 'string', description: 'the URL of an engine' },
  after: { type: 'string', description: 'the cursor of a line' },
  lines: {
    type: 'integer',
    description: 'an integer from 0, or Infinity',
    accepts: (value) =>
      value === Infinity || (Number.isSafeInteger(value) && (value as number) >= 0),
  },
  follow: { type: 'boolean' },
  categories: names,
  level,
  account_id: {
    description: 'a string, or an array of strings',
    accepts: (value) => [value].flat().every((account) => typeof account === 'string'),
  },
  since: moment,
  until: moment,
  grep: {
    description: 'a RegExp, or a string',
    accepts: (value) => typeof value === 'string' || types.isRegExp(value),
  },
  where: {
    description: "an object of fields, as { 'context.rule': 'UnrealizedLoss' }",
    accepts: isWhere,
  },
  signal: {
    description: 'an AbortSignal',
    accepts: isSignal,
  },
}

function isWhere(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const scalars = ['string', 'number', 'boolean']
  return Object.values(value)
    .flat()
    .every((each) => each === null || scalars.includes(typeof each))
}

/** Also that of another realm, or of a test environment. */
function isSignal(value: unknown): boolean {
  const signal = (value ?? {}) as Partial<AbortSignal>
  return typeof signal.aborted === 'boolean' && typeof signal.addEventListener === 'function'
}

/**
 * Checks the options.
 *
 * @returns `directories`: absolute.
 * @throws {TypeError} when one is unknown or of the wrong type; {RangeError} when its value is not
 *   allowed.
 */
export function checkedOptions(given: unknown): {
  readonly directories: readonly string[]
  readonly options: StreamOptions
} {
  const options = checkOptions<StreamOptions>('read lines', rules, given)
  return { directories: directoriesToRead('read lines', options.log_path), options }
}

/**
 * What the options ask for.
 *
 * A line that is no entry has neither category nor level nor account: it is wanted when none of
 * them is asked for.
 *
 * @param options Checked.
 * @param now What `since` and `until` count from, in milliseconds since 1970.
 * @throws {RangeError} when a moment or the cursor cannot be read. {SyntaxError} when `grep` is no
 *   regular expression.
 */
export function wantedOf(options: StreamOptions, now: number): Wanted {
  const { follow = false, lines, since: from, until: to, account_id: account } = options
  const severity = severityOf(options.level) ?? 0
  const levels = new Set<string>(levelNames.slice(severity))
  const accounts =
    account === undefined ? undefined : new Set(typeof account === 'string' ? [account] : account)
  const categories = options.categories === undefined ? undefined : new Set(options.categories)
  const since = from === undefined ? -Infinity : momentOf(from, now)
  const until = to === undefined ? Infinity : momentOf(to, now)
  const grep = options.grep === undefined ? undefined : stateless(options.grep)
  const hasFields = options.where === undefined ? undefined : conditionOf(options.where)
  const onlyEntries =
    severity > 0 || accounts !== undefined || categories !== undefined || hasFields !== undefined

  return {
    after: options.after === undefined ? undefined : parseCursor(options.after),
    lines: lines ?? (follow && from === undefined && options.after === undefined ? 20 : Infinity),
    since,
    until,
    sieve: onlyEntries ? sieveBelow(severity) : undefined,
    isAll: !onlyEntries && grep === undefined && since === -Infinity && until === Infinity,
    isWhole: categories === undefined || basesOf(categories)(''),
    hasBase: categories === undefined ? () => true : basesOf(categories),
    matches: ({ line: { entry, raw }, time, slackMs }) => {
      if (time + slackMs < since || time > until) return false
      if (entry === undefined) return !onlyEntries && (grep?.test(raw) ?? true)
      return (
        levels.has(entry.level) &&
        (categories?.has(entry.category) ?? true) &&
        (accounts === undefined ||
          (entry.account_id !== undefined && accounts.has(entry.account_id))) &&
        (grep?.test(entry.message) ?? true) &&
        (hasFields?.(entry) ?? true)
      )
    },
  }
}

/** Which files must be read for some categories. */
function basesOf(categories: ReadonlySet<string>): (base: string) => boolean {
  const bases = new Set([errorFile])
  for (const category of categories) {
    // A configured category may have any file, also one that is built in.
    if (!Object.hasOwn(builtinCategories, category)) return () => true
    bases.add(builtinCategories[category as keyof typeof builtinCategories])
  }
  return (base) => bases.has(base)
}

/** The same expression without the flags that make one test depend on the one before. */
function stateless(grep: RegExp | string): RegExp {
  return typeof grep === 'string'
    ? new RegExp(grep)
    : new RegExp(grep.source, grep.flags.replaceAll(/[gy]/g, ''))
}

/** What is asked for, and behind which line. */
export interface FleetWanted {
  readonly wanted: Wanted
  /** A cursor, as it was given. */
  readonly after: string | undefined
}

/**
 * What options ask for of an engine.
 *
 * @param options Checked.
 * @param now What `since` and `until` count from, in milliseconds since 1970.
 * @throws as `wantedOf`; {RangeError} when the cursor is none of an engine.
 */
export function wantedOfFleet(options: StreamOptions, now: number): FleetWanted {
  const { after, ...others } = options
  if (after === undefined) return { wanted: wantedOf(options, now), after }
  bytesOfCursor(after, cursorKinds.engine)
  const { lines = Infinity } = options
  return { wanted: wantedOf({ ...others, lines }, now), after }
}
