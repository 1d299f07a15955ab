// Who holds a directory, in words that another process can check: is it still alive?
//
// A pid alone is not enough. Pids repeat, in a container at every start; so the moment counts at which the kernel
// started the process, or rather its thread: a worker that was terminated has let go of its files, though its
// process lives on. On Linux that is exact, as long as both see the same processes. Elsewhere, and for a holder
// in another container or on another machine, it has to give signs of life.

import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'

/** A thread of a process, as it is written into the lock. */
export interface LockOwner {
  readonly pid: number
  /** On Linux the kernel's number of the thread, the pid for the main one; elsewhere Node's, 0 for the main one. */
  readonly thread: number
  /** When it was started, in clock ticks since boot; empty where that is not to be had. */
  readonly started: string
  /** Of the kernel's boot; empty where there is none. */
  readonly boot: string
  /** The namespace of its pids: a container has its own. */
  readonly pids: string
  readonly host: string
}

/** `unsure`: not to be seen from here, but it gave a sign of life not long ago. */
export type Life = 'alive' | 'dead' | 'unsure'

/** Time between two signs of life, in milliseconds. */
export const signMs = 2_000
/** Who has been silent for so long is dead, if nothing better is known: as long as five signs, in milliseconds. */
const silentMs = 10_000

let own: LockOwner | undefined

/** The thread that asks. */
export function self(): LockOwner {
  own ??= { ...identify(), pid: process.pid, host: hostname() }
  return own
}

/**
 * Whether a holder is alive.
 *
 * @param silence Milliseconds since its last sign of life.
 */
export function lifeOf(holder: LockOwner, silence: number): Life {
  const me = self()
  if (holder.boot !== '' && holder.boot === me.boot && holder.pids === me.pids) {
    const started = startOf(`/proc/${holder.pid}/task/${holder.thread}/stat`)?.started
    return started === holder.started ? 'alive' : 'dead'
  }
  const isSilent = Math.abs(silence) >= silentMs
  if (holder.boot === '' && me.boot === '' && holder.host === me.host) {
    // A pid that has been given to another process meanwhile is told by its silence.
    return isSilent || !exists(holder.pid) ? 'dead' : 'alive'
  }
  return isSilent ? 'dead' : 'unsure'
}

function identify(): Omit<LockOwner, 'pid' | 'host'> {
  try {
    // A /proc of other processes than ours is of no use.
    if (readlinkSync('/proc/self') === String(process.pid)) {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
      const pids = readlinkSync('/proc/self/ns/pid')
      // Synchronous, so this is read by the very thread that asks.
      const found = startOf('/proc/thread-self/stat')
      if (found !== undefined && boot !== '') return { ...found, boot, pids }
    }
  } catch {
    // Not Linux, or no /proc.
  }
  return { thread: threadId, started: '', boot: '', pids: '' }
}

/** Reads a `stat` of /proc; `undefined` when there is no such thread, or it has ended and only waits to be buried. */
function startOf(path: string): { readonly thread: number; readonly started: string } | undefined {
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
  if (started === undefined || state === 'Z' || state === 'X') return undefined
  return { thread: Number.parseInt(text, 10), started }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it exists, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
