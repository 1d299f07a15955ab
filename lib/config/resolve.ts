// Resolves a configuration: reads the `logging` section, checks all of it, fills in the defaults.
//
// Every problem is found before any is reported, and nothing but a ConfigError is ever thrown,
// whatever comes in. What no schema can say stands here: names that refer to each other, limits
// that depend on each other.

import { endianness } from 'node:os'
import { dirname } from 'node:path'
import { builtinCategories, namePattern } from '../entry/builtin-categories.ts'
import { normalized } from '../redact/secret-keys.ts'
import { ConfigError, type ConfigProblem } from '../errors.ts'
import { absolutePathOf, defaultLogPath, pathExpected, pathFaultOf } from './log-path.ts'
import { checkValue } from './validate.ts'
import { readConfigFile } from './load-file.ts'
import { misplacedSectionOf } from './misplaced-section.ts'
import { pathOf, shown } from '../entry/foreign-value.ts'
import { type LoggingConfig, type ResolvedConfig, loggingSchema } from './schema.ts'
import { questionOf } from '../entry/closest-word.ts'

export type { LoggingConfig, ResolvedConfig } from './schema.ts'

const sectionKeys = Object.keys(loggingSchema.properties ?? {})

/**
 * Checks a `logging` section and fills in the defaults.
 *
 * @param section What the section holds; `undefined` is an empty one. It is copied, never kept or
 *   changed.
 * @param options `file`: where the section came from: a relative `log_path` starts at its
 *   directory. `problems`: those that are known already.
 * @throws {ConfigError} when anything is wrong, naming every problem by path; never anything else.
 */
export function resolveConfig(
  section: unknown,
  options: { readonly file?: string; readonly problems?: readonly ConfigProblem[] } = {},
): ResolvedConfig {
  const problems: ConfigProblem[] = [...(options.problems ?? [])]
  const given = section === undefined ? {} : section
  // What is wrong is missing from the copy, so the rest can be looked at, and its problems told as
  // well.
  const config = (checkValue(loggingSchema, given, 'logging', problems) ?? {}) as LoggingConfig
  checkCategories(config, problems)
  checkRedact(config, problems)
  checkWithoutFiles(config, problems)
  if (config.watch === true && options.file === undefined) {
    const expected = 'false in an object, of which there is no file to watch'
    problems.push({ path: 'logging.watch', expected, actual: 'true' })
  }
  const { file } = options
  const resolved = withDefaults(config, file === undefined ? undefined : dirname(file), problems)
  if (problems.length === 0) return resolved

  const from = file === undefined ? '' : ` in ${file}`
  throw new ConfigError(
    `Cannot use the logging configuration${from}`,
    inOrder(problems, Object.keys(resolved)),
    { file },
  )
}

/**
 * Reads the `logging` section of a `system.json`, checks it and fills in the defaults. The other
 * sections are not looked at; without a `logging` section all defaults hold, unless something in
 * the file is meant to be one.
 *
 * @param file The path of the file, or its `file:` URL. UTF-8, with or without a byte order mark.
 * @throws {ConfigError} when the file cannot be read or is not JSON, with the line and column; or
 *   when anything in the section is wrong, naming every problem by path.
 *
 * @example
 * ```ts
 * const { log_path, retention_days } = loadConfig('/etc/risk-manager/system.json')
 * ```
 */
export function loadConfig(file: string | URL): ResolvedConfig {
  const { path, document, problems } = readConfigFile(file)
  const { logging } = document
  // A key `logging` whose value is undefined counts as absent; JSON has no such value.
  const misplaced = logging === undefined ? misplacedSectionOf(document, sectionKeys) : undefined
  if (misplaced !== undefined) {
    const headline = `Cannot use the logging configuration in ${path}`
    throw new ConfigError(headline, [misplaced], { file: path })
  }
  return resolveConfig(logging, { file: path, problems })
}

function withDefaults(
  config: LoggingConfig,
  directory: string | undefined,
  problems: ConfigProblem[],
): ResolvedConfig {
  const { windows_event_log, redact } = config
  checkBuffer(config, problems)
  const categories = config.categories ?? {}
  // A category may be called `constructor`, and whoever looks up its level must not find Object's
  // own.
  const prototype = Object.hasOwn(categories, 'constructor') ? null : Object.prototype
  return {
    log_level: lowerCase(config.log_level ?? 'info'),
    levels: mapValues(config.levels ?? {}, prototype, lowerCase),
    log_path:
      config.log_path === null
        ? null
        : directoryOf(config.log_path ?? defaultLogPath, directory, problems),
    rotation: rotationOf(config),
    retention_days: config.retention_days ?? 90,
    file_mode: config.file_mode ?? '0600',
    lock_wait_s: config.lock_wait_s ?? 30,
    watch: config.watch ?? false,
    structured_format: config.structured_format ?? true,
    console: config.console ?? 'fallback',
    console_level: lowerCase(config.console_level ?? 'warning'),
    stdout: config.stdout ?? 'off',
    stdout_level: lowerCase(config.stdout_level ?? 'debug'),
    repetition: repetitionOf(config),
    windows_event_log: {
      enabled: windows_event_log?.enabled ?? true,
      log_critical_only: windows_event_log?.log_critical_only ?? true,
      source: windows_event_log?.source ?? 'RiskManagerDaemon',
    },
    redact: { keys: redact?.keys ?? [], allow: redact?.allow ?? [] },
    categories: mapValues(categories, prototype, ({ file }, name) => ({
      file: file ?? `${name}.log`,
    })),
    durability: mapValues(config.durability ?? {}, prototype, (durability) => durability),
    buffer: bufferOf(config),
  }
}

function rotationOf({ rotation }: LoggingConfig): ResolvedConfig['rotation'] {
  return {
    max_size_mb: rotation?.max_size_mb ?? 50,
    max_files: rotation?.max_files ?? 10,
    compress: rotation?.compress ?? false,
    max_age_hours: rotation?.max_age_hours ?? null,
    max_total_mb: rotation?.max_total_mb ?? null,
    keep_unshipped: rotation?.keep_unshipped ?? false,
  }
}

function repetitionOf({ repetition }: LoggingConfig): ResolvedConfig['repetition'] {
  return {
    fold_s: repetition?.fold_s ?? 0,
    burst: repetition?.burst ?? 1,
    max_level: lowerCase(repetition?.max_level ?? 'warning'),
    except: repetition?.except ?? ['audit'],
  }
}

function bufferOf({ buffer }: LoggingConfig): ResolvedConfig['buffer'] {
  const bytes = buffer?.bytes ?? 67_108_864
  return {
    entries: buffer?.entries ?? 65_536,
    bytes,
    entry_bytes: buffer?.entry_bytes ?? Math.min(16_777_216, bytes),
    on_full: buffer?.on_full ?? 'block',
    flush_ms: buffer?.flush_ms ?? 50,
    ring: buffer?.ring ?? 'memory',
    writer: buffer?.writer ?? 'inline',
  }
}

function checkBuffer(config: LoggingConfig, problems: ConfigProblem[]): void {
  const { bytes, entry_bytes: entryBytes } = bufferOf(config)
  if (entryBytes > bytes) {
    problems.push({
      path: 'logging.buffer.entry_bytes',
      expected: `at most what logging.buffer.bytes holds, ${bytes}`,
      actual: String(entryBytes),
    })
  }
  checkRing(config, problems)
  checkWriter(config, problems)
}

/** Text stands in a block byte by byte, and is written in words. */
const onThisProcessor =
  'on this processor: entries are laid out as bytes for those that have the low byte first'

/** Shared memory is for files, whose lines have numbers to go on from. */
function checkRing(config: LoggingConfig, problems: ConfigProblem[]): void {
  if (config.buffer?.ring !== 'shared') return
  const say = (expected: string): void => {
    problems.push({ path: 'logging.buffer.ring', expected, actual: shown('shared') })
  }
  if (endianness() !== 'LE') say(`"memory" ${onThisProcessor}`)
  if (config.log_path === null) {
    say('"memory" without files: there is nothing that the next start could write')
  }
  if (config.structured_format === false) {
    say('"memory" with structured_format false: human lines have no numbers to go on from')
  }
  if ((config.repetition?.fold_s ?? 0) > 0) {
    say('"memory" with repetition.fold_s: what is held there does not survive the process')
  }
}

/** What a writer thread needs, and cannot do. */
function checkWriter(config: LoggingConfig, problems: ConfigProblem[]): void {
  const { buffer, windows_event_log: eventLog } = config
  if (buffer?.writer !== 'thread') return
  const say = (expected: string): void => {
    problems.push({ path: 'logging.buffer.writer', expected, actual: shown('thread') })
  }
  if (endianness() !== 'LE') say(`"inline" ${onThisProcessor}`)
  if (config.log_path === null) {
    say(
      '"inline" where logging.log_path is null: what stdout has cannot be looked up when the ' +
        'thread has ended',
    )
  }
  if (config.structured_format === false) {
    say('"inline" with logging.structured_format false: human lines have no numbers to go on from')
  }
  if (process.platform === 'win32' && eventLog?.enabled !== false) {
    say(
      '"inline", or logging.windows_event_log.enabled false: only the main thread reports to the event log',
    )
  }
}

/** Checks the names of categories and of their files, and references to categories. */
function checkCategories(config: LoggingConfig, problems: ConfigProblem[]): void {
  const builtin = Object.keys(builtinCategories)
  const configured = Object.entries(config.categories ?? {})
  for (const [name, category] of configured) {
    const path = pathOf('logging.categories', name)
    if (builtin.includes(name)) {
      problems.push({ path, expected: 'a name that is not built in', actual: shown(name) })
    } else if (!namePattern.test(name)) {
      const expected = `a name that matches ${namePattern.source}`
      problems.push({ path, expected, actual: shown(name) })
    } else if (category !== undefined) {
      checkFile(`${path}.file`, category.file ?? `${name}.log`, problems)
    }
  }

  // A category whose own name is wrong has its error already: a reference to it needs no other.
  const known = new Set([...builtin, ...configured.map(([name]) => name)])
  const right = [...known].filter((name) => namePattern.test(name))
  const check = (path: string, name: string): void => {
    if (known.has(name)) return
    const actual = `an unknown category${questionOf(name, right)}`
    problems.push({ path, expected: `one of ${right.join(', ')}`, actual })
  }
  for (const section of ['levels', 'durability'] as const) {
    for (const name of Object.keys(config[section] ?? {})) {
      check(pathOf(`logging.${section}`, name), name)
    }
  }
  config.repetition?.except?.forEach((name, at) => {
    if (typeof name === 'string') check(`logging.repetition.except[${at}]`, name)
  })
}

/** Names of keys of which nothing is left to compare: no letter of any script, no digit. */
function checkRedact({ redact }: LoggingConfig, problems: ConfigProblem[]): void {
  for (const list of ['keys', 'allow'] as const) {
    redact?.[list]?.forEach((name, at) => {
      if (typeof name !== 'string' || normalized(name) !== '') return
      const expected = 'a name with a letter or digit'
      problems.push({ path: `logging.redact.${list}[${at}]`, expected, actual: shown(name) })
    })
  }
}

/** What cannot be kept where there are no files. */
function checkWithoutFiles(config: LoggingConfig, problems: ConfigProblem[]): void {
  if (config.log_path !== null) return
  const without = 'where logging.log_path is null'
  if (config.stdout === undefined || config.stdout === 'off') {
    problems.push({ path: 'logging.stdout', expected: `json or human ${without}`, actual: 'off' })
  }
  // What a configuration that was resolved before says.
  if (lowerCase(config.stdout_level ?? 'debug') !== 'debug') {
    const expected = `no level of its own ${without} (log_level is that of all entries)`
    problems.push({ path: 'logging.stdout_level', expected, actual: shown(config.stdout_level) })
  }
  for (const [name, durability] of Object.entries(config.durability ?? {})) {
    if (durability !== 'synced') continue
    const path = pathOf('logging.durability', name)
    problems.push({ path, expected: `buffered or written ${without}`, actual: shown(durability) })
  }
}

/**
 * Names that the directory itself gives, or that Windows does not keep as they are: it takes
 * `nul.log` for a device, and `system.log.` for `system.log`.
 */
const reservedFile = /\.(?:\d+|gz|tmp|lock|)$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/

function checkFile(path: string, file: string, problems: ConfigProblem[]): void {
  if (!namePattern.test(file)) {
    const expected = `a file name that matches ${namePattern.source}`
    problems.push({ path, expected, actual: shown(file) })
  } else if (reservedFile.test(file)) {
    const expected =
      'a file name that does not end in a dot, .<number>, .gz, .tmp or .lock and is no device of Windows'
    problems.push({ path, expected, actual: shown(file) })
  }
}

/** @param from Where a relative path starts; `undefined`: at the working directory. */
function directoryOf(path: string, from: string | undefined, problems: ConfigProblem[]): string {
  const fault = pathFaultOf(path)
  if (fault !== undefined) {
    const what = fault === ' ' ? '' : ` (nothing fills in ${shown(fault)})`
    problems.push({
      path: 'logging.log_path',
      expected: pathExpected,
      actual: `${shown(path)}${what}`,
    })
    return path
  }
  try {
    return absolutePathOf(path, from)
  } catch {
    // No home or no working directory: as unusable as one without permissions, which is no error of
    // the configuration. The step that makes the directory refuses, and says why.
    return path
  }
}

/** The problems in the order of the sections; unknown sections last. */
function inOrder(problems: readonly ConfigProblem[], sections: readonly string[]): ConfigProblem[] {
  const rankOf = ({ path }: ConfigProblem): number => {
    const at = sections.indexOf(/^logging\.([\w-]+)/.exec(path)?.[1] ?? '')
    return at === -1 ? sections.length : at
  }
  return problems.toSorted((a, b) => rankOf(a) - rankOf(b))
}

function lowerCase<Word extends string>(word: Word): Lowercase<Word> {
  return word.toLowerCase() as Lowercase<Word>
}

/** A record with other values; without those that are wrong. */
function mapValues<V, W>(
  record: { readonly [key: string]: V },
  prototype: object | null,
  map: (value: V, key: string) => W,
): { readonly [key: string]: W } {
  const mapped = Object.create(prototype) as { [key: string]: W }
  for (const [key, value] of Object.entries(record)) {
    if (value !== undefined) mapped[key] = map(value, key)
  }
  return mapped
}
