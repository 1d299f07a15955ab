// The shipper of one log. It makes pass after pass over the files, and goes on when the directory
// gets another identity.

import { readdirSync } from 'node:fs'
import { monotonicMs, sleep } from '../entry/clock.ts'
import { visible } from '../entry/visible-text.ts'
import { logIdOf } from '../directory/lock-files.ts'
import { isLog } from '../directory/log-finder.ts'
import { type Engine, type EnginePlace, EngineRefusal } from './engine.ts'
import type { ShipEvent, ShipReport } from './events.ts'
import { Outbox, type OutboxEvents } from './outbox.ts'
import { Pass, numbers } from './pass.ts'
import { ShippedNote } from './shipped-note.ts'

/** Between two looks for a log that has not begun. Milliseconds. */
const lookMs = 500
/** A log whose identity is just being made has one after so long. Milliseconds. */
const identityMs = 10_000

/** What a log is shipped with. */
export interface LogShipperSettings {
  readonly place: EnginePlace
  readonly host: string
  /** Go on with what comes. */
  readonly follow: boolean
  /** So long the engine may be away. Milliseconds. */
  readonly patienceMs: number
  readonly report: ShipReport
  readonly tell: (event: ShipEvent) => void
  readonly signal: AbortSignal
  /** Nothing is sent, and so nothing noted. */
  readonly isDry: boolean
}

/** Ships one directory. */
export class LogShipper {
  readonly #directory: string
  /** The directory was found, not named: when it has gone, that is the end. */
  readonly #mayGo: boolean
  readonly #settings: LogShipperSettings
  #id: string | undefined

  constructor(directory: string, mayGo: boolean, settings: LogShipperSettings) {
    this.#directory = directory
    this.#mayGo = mayGo
    this.#settings = settings
  }

  /**
   * Resolves when all is sent, or the signal has come. @throws what cannot be mended by going on.
   */
  async run(): Promise<void> {
    const { place, host, signal } = this.#settings
    for (;;) {
      const id = await this.#identity()
      if (id === undefined) return
      if (this.#id !== undefined && id !== this.#id) {
        this.#tell('renewed', 'begun anew: from here on it is another log')
      }
      this.#id = id
      const engine = place.log({ host, log_id: id })
      try {
        if ((await this.#ship(engine, id)) === 'done') return
      } finally {
        await engine.close()
      }
      if (signal.aborted) return
    }
  }

  async #ship(engine: Engine, logId: string): Promise<'done' | 'renewed'> {
    const { follow, report, tell, signal, patienceMs } = this.#settings
    const note = this.#noteOf(logId)
    const outbox = new Outbox(engine, { events: this.#events(), report, patienceMs, signal })
    let pass: Pass | undefined
    try {
      for (let isWhole = false; ;) {
        const last = await outbox.begin(() => pass?.leave())
        if (outbox.ending?.kind === 'failed') throw outbox.ending.error
        if (last === undefined) return 'done'
        const directory = this.#directory
        pass = new Pass({
          directory,
          logId,
          outbox,
          last,
          isWhole,
          follow,
          report,
          tell,
          signal,
          note,
        })
        const end = await pass.run()
        if (end === 'done' || end === 'renewed') return end
        isWhole = end === 'gap'
      }
    } finally {
      await outbox.close()
    }
  }

  #noteOf(logId: string): ShippedNote | undefined {
    const { place, host, isDry } = this.#settings
    if (isDry) return undefined
    const warn = (message: string): void => this.#settings.tell({ kind: 'warning', message })
    const engine = `${place.name} ${host}`
    return new ShippedNote({ directory: this.#directory, logId, engine, warn })
  }

  /** The identity of the log; undefined when the signal has come, or the directory has gone. */
  async #identity(): Promise<string | undefined> {
    const { follow, signal } = this.#settings
    const directory = visible(this.#directory)
    let sinceMs: number | undefined
    let isTold = false
    while (!signal.aborted) {
      const found = identityIn(this.#directory)
      if (typeof found === 'string') return found
      if (found === undefined && this.#mayGo) return undefined
      if (found?.isLog === true) {
        sinceMs ??= monotonicMs()
        // A single look is enough where nobody writes; a writer that has just begun needs a moment.
        if (monotonicMs() - sinceMs >= (follow ? identityMs : lookMs)) {
          throw new EngineRefusal(
            `Cannot ship ${directory}: expected a log with an identity, got none; it gets one as soon as a logger of this version writes to it`,
          )
        }
      } else if (!follow) {
        throw new EngineRefusal(`Cannot ship ${directory}: expected a log, got none`)
      } else if (!isTold) {
        isTold = true
        this.#tellWaiting(found !== undefined)
      }
      await sleep(lookMs, undefined, { signal }).catch(() => {})
    }
    return undefined
  }

  #tellWaiting(isThere: boolean): void {
    const directory = this.#directory
    const name = visible(directory)
    const message = isThere
      ? `waiting for a log in ${name}`
      : `waiting for ${name}, which is not there yet`
    this.#settings.tell({ kind: 'waiting', message, directory })
  }

  #tell(kind: ShipEvent['kind'], text: string, more: Partial<ShipEvent> = {}): void {
    const directory = this.#directory
    const id = this.#id === undefined ? {} : { log_id: this.#id }
    this.#settings.tell({
      kind,
      message: `${visible(directory)}: ${text}`,
      directory,
      ...id,
      ...more,
    })
  }

  #events(): OutboxEvents {
    return {
      away: (error) =>
        this.#tell(
          'away',
          `the engine is away, and asked until it answers: ${visible(error.message)}`,
        ),
      back: (seconds) => this.#tell('back', `the engine is back after ${seconds} s`),
      lost: (category, from, to) =>
        this.#tell(
          'lost',
          `the engine has lost ${category} ${numbers(from, to)}: they are sent again`,
          { category, from, to },
        ),
      other: (category, from, to) =>
        this.#tell(
          'other',
          `${category} ${numbers(from, to)} came to the engine from another shipper, or late from an earlier one`,
          { category, from, to },
        ),
    }
  }
}

/** What is known of a directory's identity. */
function identityIn(directory: string): string | { readonly isLog: boolean } | undefined {
  try {
    return logIdOf(directory) ?? { isLog: isLog(directory, readdirSync(directory)) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
