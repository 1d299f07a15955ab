// A whole logger whose lines stay in memory: for the tests of a program that logs.
//
// It is the real path from the call to the line, only the place at its end is another: no
// directory, no lock, no timers, no listeners. All categories share one route, so that the lines
// stand in the order of the calls, and each once. The pump works in microtasks, which no test
// runner fakes; the getter `entries` has it write what waits, before it returns.

import type { LogEntry } from '../entry/entry.ts'
import { builtinCategories } from '../entry/builtin-categories.ts'
import { parseLine } from '../entry/line.ts'
import { MemorySink } from '../sinks/memory-sink.ts'
import {
  type LoggingConfig,
  type ResolvedConfig,
  loadConfig,
  resolveConfig,
} from '../config/resolve.ts'
import { type ConfigWithCategories, type ConfiguredLogger, assemble } from './create-logger.ts'
import { carefree } from './core.ts'
import type { Logger } from './logger.ts'
import type { LiveConfig } from './live-config.ts'
import type { Place } from './place.ts'
import type { LoggerOptions } from './surroundings.ts'

/** A logger that keeps its entries, and gives them back. */
export interface TestLogger extends Logger {
  /**
   * What has been logged, in the order of the calls: the entries as a reader of the files gets
   * them, with secrets masked, and each once, whatever its level. All that was logged before is
   * there, without a flush and whatever timers are faked. The array does not change afterwards.
   */
  readonly entries: readonly LogEntry[]
  /** Forgets the entries. The numbers go on. */
  clear(this: void): void
}

/** Entries that wait at most where the caller makes room for more: a test has many loggers. */
const entriesMax = 1024

/**
 * Creates a logger without files, for a test: levels, masking, bound fields, typed events, numbers
 * and counters are those of {@link createLogger}. There is nothing to clean up: it needs no
 * `close()`.
 *
 * @param config As for {@link createLogger}. What belongs to files does nothing, also
 *   `structured_format`.
 * @param options As for {@link createLogger}: what is asked of the application at each call.
 * @throws {ConfigError} when the configuration cannot be used; it names every problem.
 *
 * @example
 * ```ts
 * const log = createTestLogger({ log_level: 'debug' })
 * lockAccount(log, 'ABC123')
 * assert.equal(log.entries.at(-1)?.account_id, 'ABC123')
 * ```
 */
export function createTestLogger<Name extends string>(
  config: ConfigWithCategories<Name>,
  options?: LoggerOptions,
): ConfiguredLogger<Exclude<Name, 'entries' | 'clear'>> & TestLogger
export function createTestLogger(config?: LoggingConfig, options?: LoggerOptions): TestLogger
export function createTestLogger(
  config?: string | URL | LoggingConfig,
  options?: LoggerOptions,
): TestLogger
export function createTestLogger(
  config?: string | URL | LoggingConfig,
  options: LoggerOptions = {},
): TestLogger {
  const isFile = typeof config === 'string' || config instanceof URL
  const memory = new Memory()
  const resolved = inMemory(isFile ? loadConfig(config) : resolveConfig(config))
  const logger = assemble(resolved, undefined, memory, options)
  const entries = (): readonly LogEntry[] => memory.entries(logger)
  const clear = (): void => memory.clear(logger)
  return Object.defineProperties(logger as TestLogger, {
    entries: { get: entries, enumerable: true },
    clear: { value: clear, enumerable: true },
  })
}

/** The same configuration for lines that stay in memory. */
function inMemory(config: ResolvedConfig): ResolvedConfig {
  const { buffer } = config
  // Nothing is dropped for it: a full buffer is written before the call returns.
  const entries = buffer.on_full === 'block' ? Math.min(buffer.entries, entriesMax) : buffer.entries
  return {
    ...config,
    structured_format: true,
    stdout: 'off',
    buffer: { ...buffer, entries, flush_ms: 0 },
  }
}

/** The place of one logger: a single route, and nothing that has to be taken care of. */
class Memory implements Place {
  readonly isLasting = false
  readonly adapted = inMemory
  #sink: MemorySink | undefined
  #entries: readonly LogEntry[] = []

  filesOf({ categories }: ResolvedConfig): ReadonlyMap<string, string> {
    const names = [...Object.keys(builtinCategories), ...Object.keys(categories)]
    return new Map(names.map((name) => [name, 'memory']))
  }

  careOf(
    _live: LiveConfig,
    { routes, pump }: Parameters<Place['careOf']>[1],
  ): ReturnType<Place['careOf']> {
    return {
      ...carefree,
      open: () => {
        for (const route of routes.values()) {
          this.#sink = new MemorySink(pump.eventsOf(route))
          route.sink = this.#sink
        }
      },
    }
  }

  /** In a microtask: the pump has waited for the end of the turn already. */
  later(work: () => void): void {
    work()
  }

  entries(logger: Logger): readonly LogEntry[] {
    logger.flushSync()
    const lines = this.#sink?.take() ?? []
    if (lines.length > 0) {
      const entries = lines.map(parseLine).filter((entry) => entry !== undefined)
      this.#entries = [...this.#entries, ...entries]
    }
    return this.#entries
  }

  clear(logger: Logger): void {
    logger.flushSync()
    this.#sink?.take()
    this.#entries = []
  }
}
