// The process under fault: `node child.js <job as JSON>`. It logs through the built library, or
// through the known-bad writer, notes what has been acknowledged, and tells at its end what it
// counted itself.

import fs, { chmodSync, closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { type Job, type Outcome, paddingOf } from './job.ts'
import { openWriter } from './writer.ts'

const job = JSON.parse(process.argv[2] ?? '{}') as Job

// --- notes, on a healthy disk ---

const logged = job.categories.map(() => 0)
const acknowledged = new Float64Array(job.categories.length)
const acknowledgedFd =
  job.acknowledge === 'never' ? -1 : openSync(`${job.noteFile}.acknowledged`, 'w')

/** In the operating system when it returns: it outlives a SIGKILL, as what it speaks of has to. */
function noteAcknowledged(counts: readonly number[]): void {
  counts.forEach((count, i) => {
    acknowledged[i] = Math.max(acknowledged[i]!, count)
  })
  writeSync(acknowledgedFd, new Uint8Array(acknowledged.buffer), 0, acknowledged.byteLength, 0)
}

if (job.killAtRename > 0) killAtRename(job.killAtRename, job.killAfterRename)

const descriptors: number[] = []
let isFlushing = false
let flushedAt = 0
let endStarted = 0
let closeFailure: string | undefined
let failedAt: number | undefined
let recoveredMs: number | undefined
let isSettled = false
let longestCallMs = 0
let longestTurnMs = 0
let peakBytes = 0
let clockLeapMs = 0
const callNs: number[] = []

const log = openWriter(job)
process.on('exit', tell)
process.channel?.unref()
process.send?.({ pid: process.pid })

const firstBytes = process.memoryUsage.rss()
const clockOffset = Date.now() - performance.now()
let turnStarted = performance.now()
const looking = setInterval(look, 5).unref()

if (job.endAfterMs > 0) setTimeout(end, job.endAfterMs)

async function run(): Promise<void> {
  const stops = [...job.stops]
  for (let i = 0; i < job.entries;) {
    const turnEnd = Math.min(i + job.perTurn, job.entries, stops[0] ?? Infinity)
    for (; i < turnEnd; i++) logOne(i)
    if (job.acknowledge === 'flush') void acknowledgeByFlush()
    if (i === stops[0]) {
      stops.shift()
      await stop(i)
    }
    if (job.pauseMs > 0) await pause(job.pauseMs)
    else await new Promise(setImmediate)
  }
  if (job.endAfterMs === 0) end()
}

function logOne(i: number): void {
  const usual = job.categories.length - (job.parting > 0 ? 1 : 0)
  logTo(i % usual, i)
}

function logTo(at: number, i: number): void {
  const n = ++logged[at]!
  const every = job.errorEvery
  const level =
    every > 0 && i % every === 0 ? 'error' : every > 0 && (i * 5) % every === 0 ? 'warning' : 'info'
  const started = job.timed ? process.hrtime.bigint() : 0n
  const from = performance.now()
  log.log(at, level, n, paddingOf(n, job.padding))
  if (job.timed) callNs.push(Number(process.hrtime.bigint() - started))
  longestCallMs = Math.max(longestCallMs, performance.now() - from)
  if (job.acknowledge === 'return') noteAcknowledged(logged)
  if (job.shout) console.error(`entry ${n} ${'x'.repeat(200)}`)
}

/** One flush at a time, as a group commit would be used. */
async function acknowledgeByFlush(): Promise<void> {
  const total = logged.reduce((sum, count) => sum + count, 0)
  if (isFlushing || total - flushedAt < job.flushEvery) return
  isFlushing = true
  flushedAt = total
  const counts = [...logged]
  try {
    await log.flush()
    noteAcknowledged(counts)
  } catch {
    // A file cannot be written now: nothing is acknowledged.
  }
  isFlushing = false
}

/** Tells the parent where we are, and waits for its word. */
async function stop(at: number): Promise<void> {
  if (job.useUpDescriptors) {
    if (descriptors.length === 0) useUpDescriptors()
    else for (const fd of descriptors.splice(0)) closeSync(fd)
  }
  process.channel?.ref()
  const word = new Promise((resolve) => process.once('message', resolve))
  process.send?.({ at })
  await word
  process.channel?.unref()
  turnStarted = performance.now()
}

function useUpDescriptors(): void {
  try {
    for (;;) descriptors.push(openSync('/dev/null', 'r'))
  } catch {
    // That was the last one.
  }
}

function look(): void {
  const now = performance.now()
  longestTurnMs = Math.max(longestTurnMs, now - turnStarted - 5)
  turnStarted = now
  // It takes a descriptor to look.
  if (descriptors.length === 0) peakBytes = Math.max(peakBytes, process.memoryUsage.rss())
  clockLeapMs = Math.max(clockLeapMs, Math.abs(Date.now() - now - clockOffset))
  const { failures, queued } = log.stats()
  if (failures > 0 && failedAt === undefined) failedAt = now
  if (failedAt !== undefined && recoveredMs === undefined && queued === 0)
    recoveredMs = now - failedAt
}

function end(): void {
  endStarted = performance.now()
  for (let i = 1; i <= job.parting; i++) logTo(job.categories.length - 1, i)
  switch (job.end) {
    case 'exit':
      process.exit(0)
    // eslint-disable-next-line no-fallthrough -- process.exit() does not return.
    case 'throw':
      setImmediate(() => {
        throw new Error('thrown on purpose')
      })
      return
    case 'reject':
      void Promise.reject(new Error('rejected on purpose'))
      return
    case 'natural':
      return
    case 'kill':
      // In one turn: what is counted as queued is what is lost.
      tell()
      process.kill(process.pid, 'SIGKILL')
      return
    case 'close':
      void close()
      return
    default:
  }
}

async function close(): Promise<void> {
  const deadline = performance.now() + job.settleMs
  // Copies in error.log are not counted as queued; a flush waits for them. strace counts the calls
  // of each thread, so the last try of close() may be the first write of its thread, and fail.
  for (let isWritten = false; performance.now() < deadline && !isWritten;) {
    const flushed = log.flush().then(
      () => true,
      () => false,
    )
    isWritten = (await flushed) && log.stats().queued === 0
    if (!isWritten) await pause(5)
  }
  look()
  isSettled = log.stats().queued === 0
  clearInterval(looking)
  endStarted = performance.now()
  await log.close().catch((error: unknown) => {
    closeFailure = (error as Error).message
  })
}

/** The last listener: ours was registered after the library's. */
function tell(): void {
  const { accepted, written, diverted, queued, failures, rotations, last_error, dropped } =
    log.stats()
  const outcome: Outcome = {
    pid: process.pid,
    logged,
    stats: { accepted, written, diverted, queued, failures, rotations, last_error, dropped },
    closeFailure,
    isSettled,
    recoveredMs,
    endMs: performance.now() - endStarted,
    longestCallMs,
    longestTurnMs,
    p999Ns: callNs.toSorted((a, b) => a - b)[Math.floor(callNs.length * 0.999)],
    grownBytes: Math.max(0, peakBytes - firstBytes),
    clockLeapMs,
  }
  for (const fd of descriptors.splice(0)) closeSync(fd)
  writeFileSync(job.noteFile, JSON.stringify(outcome))
  // Whatever the umask: the parent may be another user.
  chmodSync(job.noteFile, 0o644)
}

/**
 * A real SIGKILL, at a moment that no timer hits: when a file is about to be renamed, or has just
 * been.
 */
function killAtRename(nth: number, after: boolean): void {
  let renames = 0
  const { renameSync } = fs
  const { rename } = fs.promises
  const isIt = (): boolean => ++renames === nth
  const kill = (): void => {
    process.kill(process.pid, 'SIGKILL')
  }
  fs.renameSync = (from, to) => {
    const now = isIt()
    if (now && !after) kill()
    renameSync(from, to)
    if (now) kill()
  }
  fs.promises.rename = async (from, to) => {
    const now = isIt()
    if (now && !after) kill()
    await rename(from, to)
    if (now) kill()
  }
  syncBuiltinESMExports()
}

await run()
