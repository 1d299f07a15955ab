// The errors of this library. Set-up throws; once a logger exists, no log call does, and `flush`
// and `close` reject. Their messages may be printed as they are: paths and whatever else others
// have written stand in them as visible escapes. The fields beside the message have the values
// themselves. `EngineRefusal` is beside what throws it, in ship/engine.ts.

import { visible } from './entry/visible-text.ts'

/** The stable codes of the errors, for programs: `error.code`. */
export const errorCodes = [
  'RINGLOG_CONFIG',
  'RINGLOG_NOT_WRITTEN',
  'RINGLOG_LOCKED',
  'RINGLOG_REFUSED',
] as const

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number]

/** One thing that is wrong in a configuration. */
export interface ConfigProblem {
  /** Where, in the words of the file: `logging.rotation.max_size_mb`. */
  readonly path: string
  /** What is allowed there: `an integer from 1 to 500`. */
  readonly expected: string
  /** What was found, as JSON, shortened. */
  readonly actual: string
}

/**
 * A configuration that cannot be used. Names every problem at once.
 *
 * Node prints the enumerable fields of an error below its stack. The message has every problem, a
 * line each, so `problems` is not enumerable, nor is `file` where there is none.
 */
export class ConfigError extends TypeError {
  readonly code: ErrorCode = 'RINGLOG_CONFIG'
  /** Every problem found, in the order of the schema. */
  declare readonly problems: readonly ConfigProblem[]
  /** The file the configuration came from, if it came from one. */
  declare readonly file: string | undefined

  /**
   * @param headline What could not be done, with the file: one line.
   * @param problems Every problem; each becomes a line `path: expected …, got …` below the
   *   headline.
   * @param options `file`: where the configuration came from; `cause`: the error behind this one.
   */
  constructor(
    headline: string,
    problems: readonly ConfigProblem[],
    options: { readonly file?: string | undefined; readonly cause?: unknown } = {},
  ) {
    const lines = problems.map((p) => `${p.path}: expected ${p.expected}, got ${p.actual}`)
    const message = [headline, ...lines].map(visible).join('\n')
    super(message, 'cause' in options ? { cause: options.cause } : {})
    this.name = 'ConfigError'
    const { file } = options
    Object.defineProperties(this, {
      problems: { value: problems },
      file: { value: file, enumerable: file !== undefined },
    })
  }
}

/**
 * Entries that could not be written when they were asked to be. They are kept, and written when the
 * file recovers.
 */
export class NotWrittenError extends Error {
  readonly code: ErrorCode = 'RINGLOG_NOT_WRITTEN'
  /** The file that cannot be written. */
  readonly file: string

  constructor(file: string, reason: string | undefined) {
    super(visible(`Cannot write ${file}: ${reason ?? 'it has failed'}`))
    this.name = 'NotWrittenError'
    this.file = file
  }
}

/** Who writes to a directory. */
export interface Locker {
  readonly pid: number
  /** It is this very process: an earlier logger, which has not been closed, or a worker's. */
  readonly isOurs: boolean
  /** When it began, ISO 8601. */
  readonly since: string
  /** It is known to be alive. */
  readonly isCertain: boolean
  /** It took over from this logger, which had stood still for so many seconds; 0: it did not. */
  readonly absentS: number
}

/**
 * A directory that another logger writes to: of this process, of a worker of it, or of another one.
 */
export class LockedError extends Error {
  readonly code: ErrorCode = 'RINGLOG_LOCKED'
  /** The directory. */
  readonly directory: string
  /** The process that writes to it. */
  readonly pid: number
  /**
   * Whether it is known to be alive. One in another container or on another machine cannot be seen;
   * it is taken for alive as long as it gives signs of life.
   */
  readonly certain: boolean

  constructor(directory: string, { pid, isOurs, since, isCertain, absentS }: Locker) {
    const where = isOurs
      ? ' (this very one)'
      : isCertain
        ? ''
        : ' (in another container or on another machine)'
    const remedy = isOurs ? 'close that logger' : 'end it'
    const how = absentS === 0 ? '' : `; it took over when this one had stood still for ${absentS} s`
    super(
      visible(
        `Cannot write to ${directory}: expected no other writer, got process ${pid}${where}, since ${since}${how}; ${remedy}, or give each process a directory of its own (log_path)`,
      ),
    )
    this.name = 'LockedError'
    this.directory = directory
    this.pid = pid
    this.certain = isCertain
  }
}
