// The clocks and timers of the environment, taken once, when the library is loaded.
//
// A test that fakes timers, a simulated browser or a hot reload replaces them on the global object,
// and so takes away what is looked up there later: a logger would wait for a timer that never
// fires. Import them from here, never from the global object.
//
// The wall clock says when something happened. Every interval is measured by the monotonic one: the
// wall clock is set back and forth by people and by NTP.

import { performance } from 'node:perf_hooks'
import * as timers from 'node:timers'
import * as promises from 'node:timers/promises'

// As constants of this module: an import from node:timers follows what a test puts there.
export const setTimeout: typeof timers.setTimeout = timers.setTimeout
export const setInterval: typeof timers.setInterval = timers.setInterval
export const setImmediate: typeof timers.setImmediate = timers.setImmediate
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout
export const clearInterval: typeof timers.clearInterval = timers.clearInterval
/** Resolves after so many milliseconds. */
export const sleep: typeof promises.setTimeout = promises.setTimeout

/** Milliseconds since 1970, by the wall clock. */
export const wallMs: () => number = Date.now

/** Milliseconds since some moment, by a clock that nobody sets. Fractions count. */
export const monotonicMs: () => number = performance.now.bind(performance)

const SystemDate = Date

/**
 * A moment of the wall clock as ISO 8601 in UTC, with milliseconds and `Z`. Throws for what is no
 * moment.
 */
export function isoOf(ms: number): string {
  return new SystemDate(ms).toISOString()
}

let napCell: Int32Array | undefined

/**
 * Blocks the thread for so many milliseconds, without using the processor where the environment
 * allows it.
 */
export function napSync(ms: number): void {
  // Node can be started without shared memory, and a simulated browser has none.
  if (typeof SharedArrayBuffer === 'undefined') {
    const by = monotonicMs() + ms
    while (monotonicMs() < by);
    return
  }
  napCell ??= new Int32Array(new SharedArrayBuffer(4))
  Atomics.wait(napCell, 0, 0, ms)
}
