// Outages: what goes wrong with the files, and right again. A person is told at once, one line per
// cause. The files are told as soon as they can be written, so that a reader knows what is missing
// and since when.

import { publish } from './channels.ts'
import { monotonicMs } from '../entry/clock.ts'
import type { Route } from './route.ts'
import type { Refusal } from '../directory/attributes.ts'
import type { Counters } from './counters.ts'

export interface OutagesOptions {
  readonly routes: readonly Route[]
  readonly counters: Counters
  /** Prints a remark on the console: something went wrong, or right again. */
  readonly tell: (remark: string) => void
  /** Logs an entry of our own, level WARNING, category system. */
  readonly report: (message: string, context: object) => void
}

/**
 * What is wrong with one file, and says nothing of the others: what is no file, a link, a
 * directory.
 */
const ofOneFile: ReadonlySet<string> = new Set(['RINGLOG_UNSAFE', 'ELOOP', 'EISDIR', 'ENXIO'])

/** The troubles of all files. */
export class Outages {
  readonly #options: OutagesOptions
  /**
   * Causes reported since all files worked last: a full disk fails all files, with the same cause
   * for each.
   */
  readonly #told = new Set<string>()
  /** Attributes whose refusal has been reported. */
  readonly #refused = new Set<Refusal['attribute']>()
  /** What was lost when it was last reported. */
  #droppedReported: readonly number[] = [0, 0, 0, 0, 0]
  #divertedReported = 0

  constructor(options: OutagesOptions) {
    this.#options = options
  }

  /** A file cannot be written; false when that was known. */
  begin(route: Route, error: Error): boolean {
    this.#options.counters.fail(error)
    route.reason = error.message
    if (route.down) return false
    route.down = true
    route.downSince = monotonicMs()
    this.#tellOnce(
      route,
      error,
      `cannot write ${route.file}: ${error.message}; entries wait in memory`,
    )
    publish('failed', { file: route.file, reason: error.message })
    return true
  }

  /** A file can be written again; false when it could all the time. */
  end(route: Route): boolean {
    if (!route.down) return false
    const { routes, tell, report } = this.#options
    route.down = false
    const seconds = Math.round((monotonicMs() - route.downSince) / 100) / 10
    if (!routes.some((other) => other.down)) {
      this.#told.clear()
      tell(`can write ${route.isFile ? 'all files' : route.file} again, after ${seconds} s`)
    }
    const { file, reason, isFile } = route
    if (route.pending > 0) {
      const what = isFile ? `Log file ${file}` : file
      const context = isFile ? { file, seconds, reason } : { seconds, reason }
      report(`${what} could not be written for ${seconds} s`, context)
    }
    publish('recovered', { file, seconds, reason })
    return true
  }

  /** Something failed that does not keep a file from being written. */
  fault(route: Route, error: Error): void {
    this.#options.counters.fail(error)
    route.reason = error.message
    if (!route.down) this.#tellOnce(route, error, `cannot rotate ${route.file}: ${error.message}`)
  }

  /** The system refuses a file what it can do without: reported once, and the file is written. */
  refused({ attribute, file, message }: Refusal): void {
    if (this.#refused.has(attribute)) return
    this.#refused.add(attribute)
    this.#options.tell(`${message}; writing goes on, and this is told once`)
    this.#options.report(`The system refused a log file its ${attribute}`, {
      file,
      reason: message,
    })
  }

  /** A file was found with a torn last line. */
  torn(route: Route, bytes: number): void {
    this.#options.report(...tornLine(route.file, bytes))
  }

  /** Lines have come to a file after another writer had taken over. */
  late(route: Route, bytes: number, isTakenBack: boolean): void {
    const outcome = isTakenBack
      ? 'they were taken back there, and come anew'
      : 'their numbers may be there twice'
    this.#options.report(
      `Log file ${route.file} got lines when another writer had taken over; ${outcome}`,
      { file: route.file, late_bytes: bytes },
    )
  }

  /**
   * Tells in the files what is missing there, once all of them can be written.
   *
   * @param isLast There is no later moment: a file that could not be written is tried with it.
   */
  reportDropped(isLast: boolean = false): void {
    const { counters, routes, report } = this.#options
    const dropped = counters.droppedSince(this.#droppedReported)
    const diverted = counters.diverted - this.#divertedReported
    const total = Object.values(dropped).reduce((sum, entries) => sum + entries, 0)
    if (total + diverted === 0 || (!isLast && routes.some((route) => route.isStuck))) return
    this.#droppedReported = [...counters.dropped]
    this.#divertedReported = counters.diverted
    if (diverted === 0) report(`${total} entries were lost`, { dropped })
    else {
      report(`${total} entries were lost, and ${diverted} reached the console only`, {
        dropped,
        diverted,
      })
    }
    publish('dropped', { dropped, diverted })
  }

  #tellOnce({ file }: Route, error: Error, remark: string): void {
    const { code, message } = error as NodeJS.ErrnoException
    const cause = code !== undefined && ofOneFile.has(code) ? `${code} ${file}` : (code ?? message)
    if (this.#told.has(cause)) return
    this.#told.add(cause)
    this.#options.tell(remark)
  }
}

/** What is said of a file whose torn last line has been ended. */
export function tornLine(file: string, bytes: number): [message: string, context: object] {
  const message = `Log file ${file} ended in a torn line; it has been ended, nothing was cut`
  return [message, { file, torn_bytes: bytes }]
}
