// `buffer.ring: "shared"`: the journal of a logger, and what the one before has left in its own.

import { ConfigError } from '../errors.ts'
import { builtinCategories } from '../entry/builtin-categories.ts'
import { isoOf } from '../entry/clock.ts'
import { ownPath } from '../config/instance.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import type { CategoryTemplate } from '../deliver/category.ts'
import { fileModes } from '../directory/attributes.ts'
import { tornLine } from '../deliver/outages.ts'
import type { FoundNumbers } from '../directory/last-numbers.ts'
import { Journal } from '../journal/journal.ts'
import type { BlockEntry } from '../journal/read-block.ts'
import {
  type Recovered,
  recoverEntries,
  recoverRings,
  type RecoveryOptions,
} from '../journal/recover.ts'
import { RingUnavailable } from '../journal/ring-file.ts'
import type { Redactor } from '../redact/secret-keys.ts'

/**
 * The journal of a logger.
 *
 * @throws {ConfigError} where there is no shared memory; it says what is missing.
 */
export function journalOf(config: ResolvedConfig): Journal<CategoryTemplate> | undefined {
  const { buffer, log_path: directory } = config
  if (buffer.ring !== 'shared' || directory === null) return undefined
  return sharing(
    config,
    () =>
      new Journal({
        directory: ownPath(directory),
        entriesMax: buffer.entries,
        bytesMax: buffer.bytes,
        entryCharsMax: buffer.entry_bytes,
      }),
  )
}

/**
 * Does what may need shared memory.
 *
 * @throws {ConfigError} where there is none; it says what is missing.
 */
export function sharing<T>({ buffer }: ResolvedConfig, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof RingUnavailable)) throw error
    const problem = {
      path: 'logging.buffer.ring',
      expected: error.message,
      actual: JSON.stringify(buffer.ring),
    }
    throw new ConfigError('Cannot use the logging configuration', [problem], { cause: error })
  }
}

/** What recovery needs of a logger. */
export interface RecoveryParts {
  readonly redactor: Redactor
  /** The files of its categories. */
  readonly fileOf: ReadonlyMap<string, string>
  readonly tell: (remark: string) => void
  readonly fail: (error: Error) => void
  /** Logs an entry of our own. */
  readonly report: (message: string, context: object) => void
}

/** Writes what a killed process has left, and says so once the files are open. */
export class Recovery {
  readonly #config: ResolvedConfig
  readonly #parts: RecoveryParts
  readonly #untold: Recovered[] = []
  /** Files that had a torn last line, each with its bytes. */
  readonly #torn: [file: string, bytes: number][] = []

  constructor(config: ResolvedConfig, parts: RecoveryParts) {
    this.#config = config
    this.#parts = parts
  }

  /** The directory has become ours. `last`: the numbers that its files have come to. */
  recover(logId: string | undefined, last: () => FoundNumbers): void {
    const { tell, fail } = this.#parts
    if (this.#config.log_path === null) return
    try {
      const recovered = recoverRings(this.#options(this.#config.log_path, logId, last))
      if (recovered !== undefined) this.#untold.push(recovered)
    } catch (error) {
      fail(error as Error)
      tell(`entries of a killed process wait for the next start: ${(error as Error).message}`)
    }
  }

  /**
   * Writes those of the entries of a writer of one's own that has ended, which the files do not
   * have.
   *
   * @throws when they cannot be written.
   */
  write(entries: readonly BlockEntry[], last: () => FoundNumbers): void {
    const { log_path: directory } = this.#config
    if (directory !== null) recoverEntries(this.#options(directory, undefined, last), entries)
  }

  #options(
    directory: string,
    logId: string | undefined,
    last: () => FoundNumbers,
  ): RecoveryOptions {
    const { rotation, file_mode, buffer } = this.#config
    const { redactor, fileOf, tell } = this.#parts
    return {
      directory: ownPath(directory),
      logId,
      redactor,
      lineBytesMax: buffer.entry_bytes,
      // A category that is not configured any more.
      fileOf: (category) => fileOf.get(category) ?? builtinCategories.system,
      errorFile: fileOf.get('error')!,
      fileMode: fileModes[file_mode],
      limitBytes: rotation.max_size_mb * 1024 * 1024,
      keep: rotation.max_files,
      last,
      torn: (file, bytes) => {
        this.#torn.push([file, bytes])
      },
      tell,
    }
  }

  /** The files are open. */
  report(): void {
    for (const [file, bytes] of this.#torn.splice(0)) {
      this.#parts.report(...tornLine(file, bytes))
    }
    for (const { entries, from, to } of this.#untold.splice(0)) {
      const what = entries === 1 ? '1 entry' : `${entries} entries`
      this.#parts.report(`Recovered ${what} of a process that was killed`, {
        recovered: entries,
        from: isoOf(from),
        to: isoOf(to),
      })
    }
  }
}
