// The sinks beside the files: the console, standard output, the event log. They change when the
// configuration does.

import type { ResolvedConfig } from '../config/resolve.ts'
import type { Counters } from '../deliver/counters.ts'
import type { LivePumpOptions } from '../deliver/pump.ts'
import { DEBUG, thresholdOf } from '../entry/level.ts'
import { type Console, ConsoleSink } from '../sinks/console.ts'
import type { Patience } from '../sinks/disk-timeout.ts'
import type { EventLog } from '../sinks/event-log-sink.ts'
import { StdoutCopies } from '../sinks/stdout-copies.ts'
import { stdoutFormOf, stdoutReader } from '../sinks/stdout-form.ts'
import { Stdout } from '../sinks/stdout-target.ts'

export interface ShownParts {
  readonly stderr: Console
  readonly eventLog: EventLog | undefined
  readonly counters: Counters
  readonly tell: (remark: string) => void
  /** Logs an entry of our own. */
  readonly report: (message: string, context: object) => void
}

/** Where entries are shown. */
export class Shown {
  readonly #parts: ShownParts
  /** Made when it is first wanted; what waits there is written also when it no longer is. */
  #stdout: StdoutCopies | undefined

  constructor(parts: ShownParts) {
    this.#parts = parts
  }

  /** What a pump is to give entries to. */
  of(config: ResolvedConfig): LivePumpOptions {
    const { stderr, eventLog } = this.#parts
    const level = thresholdOf(config.console_level)
    return {
      lastResort: config.console === 'off' ? undefined : new ConsoleSink(stderr, level),
      showAlways: config.console === 'always',
      beside: [eventLog, this.#stdoutOf(config)].filter((sink) => sink !== undefined),
      flushMs: config.buffer.flush_ms,
    }
  }

  /** @param isLast No entry is taken after this. */
  tellLost(isLast = false): void {
    this.#stdout?.tellLost(isLast)
  }

  exit(patience: Patience): void {
    this.#stdout?.exit(patience)
  }

  async close(): Promise<void> {
    await this.#stdout?.close()
  }

  /** Standard output beside the files; where it is in their place, it is none of ours. */
  #stdoutOf(config: ResolvedConfig): StdoutCopies | undefined {
    const { log_path: directory, stdout: format, stdout_level: level, buffer } = config
    if (format === 'off' || directory === null) return undefined
    const { counters, tell, report } = this.#parts
    const threshold = thresholdOf(level) ?? DEBUG
    const form = stdoutFormOf(format, stdoutReader())
    this.#stdout ??= new StdoutCopies({
      target: new Stdout(),
      threshold,
      form,
      bytesMax: buffer.bytes,
      tell,
      fail: (error) => counters.fail(error),
      lose: () => {
        counters.stdoutLost++
      },
      report: (lost) => report(`${lost} entries did not reach stdout`, { stdout_lost: lost }),
    })
    this.#stdout.threshold = threshold
    this.#stdout.form = form
    return this.#stdout
  }
}
