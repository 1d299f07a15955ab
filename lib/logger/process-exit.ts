// The end of the process: one `exit` and one `uncaughtExceptionMonitor` listener per process, however many
// loggers there are. No signal listener: any would change what the signal does to the application.
//
// The monitor is there for the case in which an `exit` listener registered before ours throws: then ours
// never runs. A monitor that throws would end the process at once with code 7, so ours cannot.

import { Patience } from '../sinks/disk-timeout.ts'

/** What has something to write before the process ends. */
export interface Exiting {
  /** Writes what it has. The process goes on. */
  flushSync(): void
  /**
   * Writes what it has; there will be no later turn, but entries may still come.
   *
   * @param patience For all that is written until the end.
   */
  exit(patience: Patience): void
}

// Strong references on purpose: a logger that nobody holds any more still has entries to write.
const watched = new Set<Exiting>()

// Made when the end begins: all loggers have it together.
let patience: Patience | undefined

function onExit(): void {
  for (const exiting of watched) attempt(() => endOf(exiting))
}

function endOf(exiting: Exiting): void {
  patience ??= new Patience(true)
  exiting.exit(patience)
}

function onUncaughtException(): void {
  const survives =
    process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback()
  for (const exiting of watched) {
    attempt(() => (survives ? exiting.flushSync() : endOf(exiting)))
  }
}

function attempt(write: () => void): void {
  try {
    write()
  } catch {
    // Nobody is left to tell, and the exit code belongs to the application.
  }
}

/** Has `exiting` write what it has before the process ends. */
export function watchExit(exiting: Exiting): void {
  if (watched.size === 0) {
    process.on('exit', onExit)
    process.on('uncaughtExceptionMonitor', onUncaughtException)
  }
  watched.add(exiting)
}

/** `exiting` has nothing to write any more. */
export function unwatchExit(exiting: Exiting): void {
  if (!watched.delete(exiting) || watched.size > 0) return
  process.off('exit', onExit)
  process.off('uncaughtExceptionMonitor', onUncaughtException)
}
