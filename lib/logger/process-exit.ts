// The end of the process: one `exit` and one `uncaughtExceptionMonitor` listener per process,
// however many loggers there are. No signal listener: any would change what the signal does to the
// application.
//
// Both stand first in line. A listener before them that calls process.exit(), or a monitor before
// ours that throws, would end the process with everything that waits. What is logged by those
// behind ours is written at once. So is what the handlers of an exception log: when one of them
// throws, the process ends with code 7, without `exit`. (Node 20 to 24, 2026-11.) A monitor that
// throws would do the same, so ours cannot.

import type { EventEmitter } from 'node:events'
import { Patience } from '../sinks/disk-timeout.ts'

/** What has something to write before the process ends. */
export interface Exiting {
  /**
   * Writes what it has, and until this turn has ended whatever comes, before the call returns. The
   * process goes on.
   */
  exception(): void
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
    // Thrown by a listener behind ours, it changes nothing any more.
    attempt(() => (survives && patience === undefined ? exiting.exception() : endOf(exiting)))
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
    for (const [event, listener] of ours) events.prependListener(event, listener)
    watchLine()
  }
  watched.add(exiting)
}

/** `exiting` has nothing to write any more. */
export function unwatchExit(exiting: Exiting): void {
  if (!watched.delete(exiting) || watched.size > 0) return
  process.off('removeListener', onRemoveListener)
  process.off('newListener', onNewListener)
  for (const [event, listener] of ours) events.off(event, listener)
}

// --- first in line, also when others are put in front of us ---

/** Our listeners, and those of another copy of this library: neither ends the process. */
const mark = Symbol.for('ringlog.exit')
const ours: ReadonlyMap<string, () => void> = new Map([
  ['exit', Object.assign(onExit, { [mark]: true })],
  ['uncaughtExceptionMonitor', Object.assign(onUncaughtException, { [mark]: true })],
])
/** Somebody else may insist on being first, and never come to an end. */
const movesMax = 100
let moves = 0

const events: EventEmitter = process
const endOfTurn = Promise.resolve()

function watchLine(): void {
  process.on('newListener', onNewListener)
  process.on('removeListener', onRemoveListener)
}

function onNewListener(event: string | symbol, listener: object): void {
  if (typeof event !== 'string' || !ours.has(event) || mark in listener) return
  // It is told before it stands in line.
  void endOfTurn.then(standFirst)
}

/**
 * `process.removeAllListeners('exit')` of a test, or of somebody who means his own: back at once,
 * since the process may end in this turn. Without an event it takes all of them, then these.
 */
function onRemoveListener(event: string | symbol, listener: unknown): void {
  if (watched.size === 0 || isMoving || typeof event !== 'string') return
  if (ours.get(event) !== listener && listener !== onNewListener) return
  if (++moves > movesMax) return
  if (listener !== onNewListener) events.prependListener(event, ours.get(event)!)
  void endOfTurn.then(standFirst)
}

let isMoving = false

function standFirst(): void {
  if (watched.size === 0) return
  isMoving = true
  try {
    if (!events.listeners('newListener').includes(onNewListener)) watchLine()
    for (const [event, listener] of ours) {
      const line = events.rawListeners(event)
      const place = line.indexOf(listener)
      const isFirst = !line.slice(0, Math.max(0, place)).some((other) => !(mark in other))
      if (place !== -1 && isFirst) continue
      if (++moves > movesMax) return
      events.off(event, listener)
      events.prependListener(event, listener)
    }
  } finally {
    isMoving = false
  }
}
