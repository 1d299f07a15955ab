// A thread that sends the times at which events were meant to happen, one message per event, at an
// even rate, whether or not anybody keeps up: an open loop. A thread and not a timer, because a
// timer of the loop under test would be late together with it, and only to the millisecond.

import { parentPort, workerData } from 'node:worker_threads'

/** What the thread is started with. */
export interface EventSchedule {
  /** When the first event is meant to happen, `process.hrtime.bigint()` as a number. */
  readonly startNs: number
  readonly intervalNs: number
  readonly count: number
}

const { startNs, intervalNs, count } = workerData as EventSchedule
const sleeper = new Int32Array(new SharedArrayBuffer(4))

for (let k = 0; k < count; k++) {
  const intendedNs = startNs + k * intervalNs
  const waitNs = intendedNs - Number(process.hrtime.bigint())
  if (waitNs > 0) Atomics.wait(sleeper, 0, 0, waitNs / 1e6)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of Node, not a window.
  parentPort?.postMessage(intendedNs)
}
