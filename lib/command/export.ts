// `ringlog export --otlp`: the log in the data model of OpenTelemetry, for those without a
// collector that reads files: each line of the output is a request as `/v1/logs` takes it.

import { hostname } from 'node:os'
import { wallMs } from '../entry/clock.ts'
import { logIdOf } from '../directory/lock-files.ts'
import { LogFinder } from '../directory/log-finder.ts'
import { readFiles } from '../read/loose-files.ts'
import type { Tell } from '../read/remark.ts'
import { readLogs } from '../read/read-logs.ts'
import type { LogLine } from '../read/time-order.ts'
import { UsageError } from './failure.ts'
import type { Io } from './io.ts'
import { type Origin, type OtlpRecord, recordOf, requestOf } from './otlp.ts'
import { type QueryOptions, queryOf } from './query-options.ts'
import { type DirectoryOptions, placeOf } from './target-directory.ts'

/** The options of `ringlog export`. */
export interface ExportOptions extends DirectoryOptions, QueryOptions {
  /** In place of a directory; `-` is the standard input. */
  readonly files?: readonly string[]
  readonly otlp?: boolean
  readonly host?: string
  readonly service?: string
}

/** Records of a request, and characters of their lines: receivers take some megabytes. */
const recordsMax = 512
const charsMax = 1 << 20

/** OpenTelemetry's name of what has none. */
const serviceDefault = 'unknown_service'

/**
 * Exports.
 *
 * @param version Of ringlog.
 * @returns the exit code: 1 when something could not be read, or there is nothing.
 * @throws {UsageError} when an option has a wrong value. The system's error when the directory
 *   cannot be read.
 */
export async function exportLog(options: ExportOptions, version: string, io: Io): Promise<number> {
  const { files = [], otlp, host = hostname(), service = serviceDefault } = options
  if (otlp !== true) throw new UsageError('expected a format: --otlp')
  const isNamed = options.directory !== undefined || options.config !== undefined
  if (files.length > 0 && isNamed) {
    throw new UsageError('expected a directory with -d or --config, got files')
  }
  const query = { ...queryOf(options, Infinity, wallMs()), signal: io.out.closed }
  let isWhole = true
  const tell: Tell = ({ text }) => {
    isWhole = false
    io.remark(text)
  }
  const { directories } = await placeOf(options)
  const origins =
    files.length > 0
      ? new Map<string, Origin>()
      : originsOf(new LogFinder(directories), { host, service })
  const lines =
    files.length > 0
      ? readFiles(files, query, tell)
      : readLogs({ ...query, log_path: directories }, tell)
  const batches = new Batches({ host, service, logId: undefined, instance: '' }, origins, version)
  let count = 0
  for await (const line of lines) {
    count++
    const request = batches.add(line)
    if (request !== '') await io.out.write(request)
  }
  await io.out.write(batches.take())
  if (count === 0) io.remark('nothing to export')
  return isWhole && count > 0 ? 0 : 1
}

/** The logs by what stands in front of the names of their files. */
function originsOf(
  finder: LogFinder,
  { host, service }: Pick<Origin, 'host' | 'service'>,
): Map<string, Origin> {
  return new Map(
    finder.find().map(({ directory, instance }) => {
      let logId: string | undefined
      try {
        logId = logIdOf(directory)
      } catch {
        // Whoever reads it tells.
      }
      return [instance, { host, service, logId, instance }]
    }),
  )
}

/** Gathers records of one log into requests, in the order of the lines. */
class Batches {
  readonly #stranger: Origin
  readonly #origins: ReadonlyMap<string, Origin>
  readonly #version: string
  #origin: Origin
  #records: OtlpRecord[] = []
  #chars = 0

  constructor(stranger: Origin, origins: ReadonlyMap<string, Origin>, version: string) {
    this.#stranger = stranger
    this.#origin = stranger
    this.#origins = origins
    this.#version = version
  }

  /** @returns the request that is full, if there is one. */
  add(line: LogLine): string {
    const at = line.file.lastIndexOf('/')
    const origin = this.#origins.get(line.file.slice(0, Math.max(0, at))) ?? this.#stranger
    const isFull = this.#records.length >= recordsMax || this.#chars >= charsMax
    const request = isFull || origin !== this.#origin ? this.take() : ''
    this.#origin = origin
    this.#records.push(recordOf(line, origin, wallMs()))
    this.#chars += line.raw.length
    return request
  }

  /** A line of the output. */
  take(): string {
    if (this.#records.length === 0) return ''
    const records = this.#records
    this.#records = []
    this.#chars = 0
    return `${JSON.stringify(requestOf(this.#origin, records, this.#version))}\n`
  }
}
