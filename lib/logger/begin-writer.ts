// The logger of a writer thread: like any other, but its entries are captured by another thread,
// and what it has to say itself is logged there, where the numbers are given.

import { setImmediate } from '../entry/clock.ts'
import { self } from '../directory/lock-owner.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import type { CategoryTemplate } from '../deliver/category.ts'
import { LockedError } from '../errors.ts'
import { Control, OPEN, OPENED, REFUSED } from '../thread/control.ts'
import { RingUnavailable } from '../journal/ring-file.ts'
import { Feed } from '../thread/feed.ts'
import { Taking } from '../thread/handed-journal.ts'
import { answer, type ToldError, toldOf, type WriterData } from '../thread/messages.ts'
import { Writer } from '../thread/writer.ts'
import type { Core } from './core.ts'
import { assemble, inDirectory } from './create-logger.ts'
import type { LiveConfig } from './live-config.ts'
import type { Files, Place } from './place.ts'

/** Opens the directory, says whether that went well, and writes what comes. */
export function beginWriter(data: WriterData): void {
  const { config, port } = data
  const control = new Control(data.control)
  control.thread = self()
  let place: WriterPlace
  try {
    place = new WriterPlace(data)
    assemble(withoutRest(config), undefined, place)
  } catch (error) {
    const told = toldOf(error)
    const locked = error instanceof LockedError ? lockedOf(error) : undefined
    const isUnavailable = error instanceof RingUnavailable
    answer(port, { tell: 'refused', error: { ...told, locked, isUnavailable } })
    say(control, REFUSED)
    return
  }
  place.begin(control)
  say(control, OPEN)
}

function lockedOf({ directory, pid, certain }: LockedError): ToldError['locked'] {
  return { directory, pid, certain }
}

function say(control: Control, outcome: number): void {
  Atomics.store(control.words, OPENED, outcome)
  Atomics.notify(control.words, OPENED)
}

/** The writer itself knows when entries have waited long enough. */
function withoutRest(config: ResolvedConfig): ResolvedConfig {
  return { ...config, buffer: { ...config.buffer, flush_ms: 0 } }
}

/** A directory whose logger belongs to another thread. */
class WriterPlace implements Place {
  readonly isLasting = false
  readonly filesOf: Place['filesOf'] = (config) => inDirectory.filesOf(config)
  readonly journal: Taking
  readonly #data: WriterData
  #files: Files | undefined
  #core: Core | undefined
  #writer: Writer | undefined
  #isConfiguring = false

  constructor(data: WriterData) {
    this.#data = data
    this.journal = new Taking(data.handed)
  }

  careOf(live: LiveConfig, files: Files): ReturnType<Place['careOf']> {
    this.#files = files
    return inDirectory.careOf(live, files)
  }

  begun(core: Core): void {
    this.#core = core
  }

  written(): void {
    this.#writer?.written()
  }

  /** A report is logged by the other thread, as long as that gives the numbers. */
  reported({ owner, severity }: CategoryTemplate, message: string, context: object): boolean {
    // What a configuration changes is reported where it was given.
    if (this.#isConfiguring) return true
    if (this.#writer?.isLast === true) return false
    const { port } = this.#data
    answer(port, { tell: 'report', category: owner.name, severity, message, context })
    return true
  }

  begin(control: Control): void {
    const { port, config } = this.#data
    const { ring, pump, numbering, counters, categories, routes, redactor } = this.#files!
    const core = this.#core!
    const dropOld = config.buffer.on_full === 'drop_old'
    const writer = new Writer({
      port,
      control,
      taking: this.journal,
      ring,
      pump,
      numbering,
      counters,
      categories,
      routes,
      feed: new Feed({ ring, categories, redactor, counters, dropOld }),
      flushMs: config.buffer.flush_ms,
      dropOld,
      logger: {
        close: () => core.close(),
        exit: (patience) => core.exit(patience),
        configure: (next) => this.#configure(core, next),
      },
    })
    this.#writer = writer
    counters.failed = () => {
      setImmediate(() => writer.look())
    }
  }

  #configure(core: Core, config: ResolvedConfig): void {
    this.#isConfiguring = true
    try {
      core.reload(withoutRest(config))
    } finally {
      this.#isConfiguring = false
    }
  }
}
