// The Windows Event Log: grave entries, each as one event with its human line. Beside the files,
// and never in their way: whatever happens here is reported once, counted, and otherwise without
// effect.
//
//   take() ──► queue (bounded) ──► one call in the thread pool ──► done ──► the next
//                  └────────────── exit(): one after the other, before it returns
//
// One call at a time: two could end in either order, and each would hold one of the pool's four
// threads.

import { monotonicMs, napSync, clearTimeout, setTimeout, setImmediate } from '../entry/clock.ts'
import { openSync, read } from 'node:fs'
import { formatFields } from '../entry/human-line.ts'
import { cut, textOf } from '../entry/safe-text.ts'
import { WARNING } from '../entry/level.ts'
import type { EntryFields, MadeEntry } from '../entry/made-entry.ts'
import type { EntrySink } from './sink.ts'
import {
  type EventApi,
  type EventSourceHandle,
  errorType,
  warningType,
} from './windows-event-api.ts'

/** What may wait: 4096 events or 8 MiB, whichever is reached first. */
const waitingMax = 4096
const waitingBytesMax = 8 * 1024 * 1024
/**
 * How long one call may take before the event log counts as hung; and all calls at the end of the
 * process.
 */
const patienceMs = 2_000
/**
 * Head start of the call under way before the process's last ones, once its thread has begun with
 * it.
 */
const headStartMs = 20

/** UTF-16 units of one string, by the documentation of ReportEventW. */
const charsMax = 31_839
/** Room for the mark that says how much has been cut. */
const cutMarkChars = 39

const tooSlow = new Error('it is too slow, and too many events wait')
const inTheFiles = 'the log files have the entry all the same'
const askTheService =
  'look whether the service "Windows Event Log" runs, and whether the source is registered ' +
  '("ringlog event-source install", as administrator)'

export interface EventLogOptions {
  /** The name under which events appear. */
  readonly source: string
  /** The lowest severity that is reported. */
  readonly threshold: number
  /** Counts a failure. */
  readonly fail: (error: Error) => void
  /** Prints a remark on the console. */
  readonly tell: (remark: string) => void
  /** Loads what makes the calls; throws when nothing can. */
  readonly load: () => EventApi
  /**
   * The clock that intervals are measured by, in milliseconds; a test sets its own. @default
   * monotonicMs
   */
  readonly now?: () => number
}

/** An event that waits. */
interface Waiting {
  readonly type: number
  readonly text: Buffer
  /** It has been refused once: the next refusal is the last. */
  isSecondTry: boolean
}

/** Reports entries to the Windows Event Log. */
export class EventLog implements EntrySink {
  /** The lowest severity that is reported. */
  readonly threshold: number
  readonly #options: EventLogOptions
  readonly #now: () => number
  readonly #source: Buffer
  #api: EventApi | undefined
  #handle: EventSourceHandle | undefined
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  #inFlight: Waiting | undefined
  /** When the call in flight was made, by `now()`. */
  #inFlightSince = 0
  /** When the process no longer waits, by `now()`; undefined while it is not ending. */
  #exitBy: number | undefined
  #scheduled = false
  /** Reasons that have been reported, each with the error that counts it. */
  readonly #told = new Map<string, Error>()
  /** Called when nothing waits any more, or nothing more is to be hoped for. */
  #drained: (() => void) | undefined
  #patience: NodeJS.Timeout | undefined

  constructor(options: EventLogOptions) {
    this.#options = options
    this.#now = options.now ?? monotonicMs
    this.threshold = options.threshold
    this.#source = wide(options.source)
  }

  /**
   * Loads what makes the calls. Without it nothing is reported, which is one remark, and counts
   * once.
   */
  open(): void {
    try {
      this.#api = this.#options.load()
    } catch (error) {
      const off = 'set logging.windows_event_log.enabled to false'
      this.#failed(error, `run "npm install koffi", or ${off}`)
      return
    }
    try {
      this.#handle = this.#registered(this.#api)
    } catch (error) {
      // It is tried again with every event.
      this.#failed(error, askTheService)
    }
  }

  /** Has an entry reported in a later turn. */
  take(entry: MadeEntry): boolean {
    if (this.#api === undefined) return false
    // Before the text is made: in a flood most entries end here.
    if (this.#waiting.length >= waitingMax) {
      this.#failed(tooSlow, inTheFiles)
      return false
    }
    try {
      const text = wide(eventText(entry))
      const bytes = this.#waitingBytes + text.length
      if (bytes > waitingBytesMax) {
        this.#failed(tooSlow, inTheFiles)
        return false
      }
      const type = entry.severity > WARNING ? errorType : warningType
      this.#waiting.push({ type, text, isSecondTry: false })
      this.#waitingBytes = bytes
      this.#schedule()
      return true
    } catch (error) {
      this.#failed(error, inTheFiles)
      return false
    }
  }

  /**
   * Reports what waits before it returns: the process is ending. What is in the thread pool is
   * reported as well, for Node finishes that.
   */
  exit(): void {
    if (this.#waiting.length === 0) return
    if (this.#exitBy === undefined) {
      const now = this.#now()
      this.#exitBy = now + patienceMs
      if (this.#inFlight !== undefined) {
        if (now - this.#inFlightSince > patienceMs) this.#exitBy = now
        else letBegin(this.#exitBy)
      }
    }
    while (this.#now() < this.#exitBy) {
      const event = this.#shift()
      if (event === undefined) return
      const error = this.#reportSync(event)
      if (error !== undefined) this.#failed(error, askTheService)
    }
    this.#giveUp()
  }

  /** Reports what waits, as long as the event log answers, and releases the source. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = () => {
        clearTimeout(this.#patience)
        this.#patience = undefined
        // A call that hangs still uses the handle.
        if (this.#inFlight === undefined) this.#release()
        resolve()
      }
      if (this.#inFlight === undefined && this.#waiting.length === 0) this.#drained()
      else {
        this.#patience = setTimeout(() => {
          this.#giveUp()
          this.#drained?.()
        }, patienceMs)
      }
    })
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight !== undefined) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#next()
    })
  }

  #next(): void {
    if (this.#inFlight !== undefined) return
    const event = this.#shift()
    if (event === undefined) {
      this.#drained?.()
      return
    }
    const api = this.#api!
    this.#inFlight = event
    this.#inFlightSince = this.#now()
    try {
      this.#handle ??= this.#registered(api)
      api.report(this.#handle, event.type, event.text, (error) => this.#done(event, error))
    } catch (error) {
      this.#done(event, error as Error)
    }
  }

  #done(event: Waiting, error: Error | undefined): void {
    this.#inFlight = undefined
    this.#patience?.refresh()
    if (error !== undefined) {
      // The handle may be of a service that has been started anew.
      this.#release()
      if (event.isSecondTry) this.#failed(error, askTheService)
      else {
        event.isSecondTry = true
        this.#waiting.unshift(event)
        this.#waitingBytes += event.text.length
      }
    }
    this.#schedule()
  }

  #reportSync({ type, text }: Waiting): Error | undefined {
    const api = this.#api!
    try {
      this.#handle ??= this.#registered(api)
      return api.reportSync(this.#handle, type, text)
    } catch (error) {
      return error as Error
    }
  }

  #shift(): Waiting | undefined {
    const event = this.#waiting.shift()
    if (event !== undefined) this.#waitingBytes -= event.text.length
    return event
  }

  #registered(api: EventApi): EventSourceHandle {
    const handle = api.open(this.#source)
    if (handle === undefined) throw new Error('RegisterEventSourceW returned NULL')
    return handle
  }

  #release(): void {
    if (this.#handle !== undefined) this.#api?.close(this.#handle)
    this.#handle = undefined
  }

  /** Counts what waits as failed. */
  #giveUp(): void {
    while (this.#shift() !== undefined) {
      this.#failed(
        new Error(`it is too slow, or hangs: ${patienceMs} ms were not enough`),
        inTheFiles,
      )
    }
  }

  /** Counts a failure, and tells its reason the first time. */
  #failed(error: unknown, remedy: string): void {
    const reason = error instanceof Error ? error.message : String(error)
    let failure = this.#told.get(reason)
    if (failure === undefined) {
      failure = new Error(`Windows Event Log: ${reason}`, { cause: error })
      this.#told.set(reason, failure)
      this.#options.tell(`cannot report to the Windows Event Log: ${reason}; ${remedy}`)
    }
    this.#options.fail(failure)
  }
}

/**
 * Lets the thread pool begin the call that it has, so that the calls which are about to be made
 * here do not overtake it. Whether that call has ended no interface tells before the loop turns,
 * which it never does again; but the pool begins what it is given in order, and a read shows in
 * memory. With a head start of 10 ms alone, two of the first eleven processes that threw with their
 * first call in flight had their first event last (Wine 8.0, on a busy machine, 2026-11).
 *
 * @param by When to stop waiting, milliseconds since the epoch.
 */
function letBegin(by: number): void {
  try {
    const mark = Buffer.alloc(1)
    read(openSync(process.execPath, 'r'), mark, 0, 1, 0, () => {})
    while (mark[0] === 0 && monotonicMs() < by) napSync(1)
  } catch {
    // No descriptor is to be had. The head start alone is what can be done then.
  }
  napSync(headStartMs)
}

/**
 * What is reported for an entry: its human line, as a string of an event may be. It holds no NUL,
 * which would end it, and no lone surrogate: the human line shows them as escapes.
 */
export function eventText({
  timestamp,
  level,
  category,
  account_id,
  message,
}: EntryFields): string {
  // The rest of a long message would be cut all the same, but only after every character has been
  // looked at.
  const short = cut(textOf(message), charsMax)
  const human = formatFields({ timestamp, level, category, account_id, message: short })
  // A viewer would put the event's nth string in place of %n, and a system message in place of %%n.
  const text = human.replace(/%(?=[%\d])/g, '% ')
  return text.length > charsMax ? cut(text, charsMax - cutMarkChars) : text
}

/** UTF-16LE, ended by a NUL. */
function wide(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le')
}
