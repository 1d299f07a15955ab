// The owner of a lock, in words that another process can check: is it still alive?
//
// A pid alone is not enough. Pids repeat, in a container at every start; so the moment counts at
// which the kernel started the process, or rather its thread: a worker that was terminated has let
// go of its files, though its process lives on. On Linux that is exact, as long as both see the
// same processes. Elsewhere, and for a holder in another container or on another machine, it has to
// give signs of life (standstill.ts).

import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'

/** A thread of a process, as it is written into the lock. */
export interface LockOwner {
  readonly pid: number
  /**
   * On Linux the kernel's number of the thread, the pid for the main one; elsewhere Node's, 0 for
   * the main one.
   */
  readonly thread: number
  /** When it was started, in clock ticks since boot; empty where that is not to be had. */
  readonly started: string
  /** Of the kernel's boot; empty where there is none. */
  readonly boot: string
  /** The namespace of its pids: a container has its own. Empty where there is none. */
  readonly pids: string
  readonly host: string
}

/**
 * `there`: a process bears its pid, which may be another one by now. `unsure`: it is not to be seen
 * from here. Of both its signs of life tell more.
 */
export type Life = 'alive' | 'there' | 'unsure' | 'dead'

let own: LockOwner | undefined

/** The thread that asks. */
export function self(): LockOwner {
  own ??= identify()
  return own
}

/** Whether a holder is alive, as far as that can be seen without its signs of life. */
export function lifeOf(holder: LockOwner): Life {
  const me = self()
  if (holder.boot !== me.boot || holder.pids !== me.pids) return 'unsure'
  if (me.boot === '' && holder.host !== me.host) return 'unsure'
  if (!exists(holder.pid)) return 'dead'
  if (holder.pid === me.pid && holder.thread === me.thread) {
    return holder.started === me.started ? 'alive' : 'dead'
  }
  if (holder.started === '' || me.started === '') return 'there'
  return lifeOfThread(holder)
}

/** Whether the process that a holder names belongs to this user, as far as that is to be seen. */
export function isProcessOf(user: number, { pid }: LockOwner): boolean {
  return userOf(pid) === user
}

/**
 * The user of a process; `undefined` when there is none, or when it is hidden from us (hidepid).
 */
function userOf(pid: number): number | undefined {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return undefined
  }
}

/** Of a thread whose process there is. */
function lifeOfThread({ pid, thread, started }: LockOwner): Life {
  const found = statOf(`/proc/${pid}/task/${thread}/stat`)
  if (found === undefined) return userOf(pid) === undefined ? 'there' : 'dead'
  if (found.started !== started) return 'dead'
  if (!found.hasEnded) return 'alive'
  // The main thread is dead, but until the last one is, a write of the thread pool may be under
  // way.
  const isOver = pid !== thread || !threadsOf(pid).some((other) => isRunning(pid, other))
  return isOver ? 'dead' : 'alive'
}

function isRunning(pid: number, thread: number): boolean {
  return statOf(`/proc/${pid}/task/${thread}/stat`)?.hasEnded === false
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    return []
  }
}

function identify(): LockOwner {
  const system = { pid: process.pid, host: hostname() }
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    const pids = readlinkSync('/proc/self/ns/pid')
    // A /proc of other processes than ours names none of them.
    const isOurs = readlinkSync('/proc/self') === String(process.pid)
    // Synchronous, so this is read by the very thread that asks.
    const found = isOurs ? statOf('/proc/thread-self/stat') : undefined
    const { thread, started } = found ?? { thread: threadId, started: '' }
    return { ...system, thread, started, boot, pids }
  } catch {
    // Not Linux, or no /proc.
    return { ...system, thread: threadId, started: '', boot: '', pids: '' }
  }
}

interface ThreadStat {
  readonly thread: number
  readonly started: string
  /** It has ended, and only waits to be buried. */
  readonly hasEnded: boolean
}

/** Reads a `stat` of /proc; `undefined` when there is no such thread. */
function statOf(path: string): ThreadStat | undefined {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
  // `pid (name) state ppid …`: the name may hold anything, the 22nd field is the start.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state] = fields
  const started = fields[19]
  if (started === undefined) return undefined
  return { thread: Number.parseInt(text, 10), started, hasEnded: state === 'Z' || state === 'X' }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it exists, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
