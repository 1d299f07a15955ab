// Whether somebody writes to a directory, for whoever reads or cleans there and takes no lock.
//
// Of a holder on this machine the kernel tells: whether its process lives, or, for one in another
// container, when its file was last changed, by the clock that we have as well. One on another
// machine has a clock of its own, and may be minutes ahead or behind: it is watched for as long as
// a contender would watch it.

import { monotonicMs, sleep } from '../entry/clock.ts'
import type { Checkpoint } from './checkpoint.ts'
import { type Lock, seemsAlive, topLockOf } from './lock-files.ts'
import { type LockOwner, lifeOf, self } from './lock-owner.ts'
import { Standstill } from './standstill.ts'

/** Whose sign has stood still for so long is dead: as for a contender. */
const silentMs = 10_000
const lookMs = 500

/** Clocks of a test. */
export interface WatchClocks {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<unknown>
}

/** What is known of the one that writes to a directory. */
export interface Watched {
  readonly holder: LockOwner | undefined
  readonly checkpoint: Checkpoint | undefined
  /** Whether somebody writes there now: he did then, or has come since. */
  readonly isWritten: () => boolean
}

/**
 * Looks who writes to a directory; for as long as it takes to know it. Rejects when it cannot be
 * read.
 */
export async function watchHolder(
  directory: string,
  clocks: WatchClocks = { now: monotonicMs, sleep },
): Promise<Watched> {
  const others = new Standstill(clocks.now)
  for (;;) {
    const lock = topLockOf(directory)
    const name = String(lock?.generation)
    const still = others.look(name, lock?.sight ?? '')
    const isAlive = lock !== undefined && (seemsAlive(lock) || others.hasMoved(name))
    if (lock === undefined || isAlive || still >= silentMs || !isHidden(lock)) {
      const isWritten = (): boolean => isAlive || topLockOf(directory)?.sight !== lock?.sight
      const { record } = lock ?? {}
      const isReleased = record?.released === true
      return {
        holder: isAlive && !isReleased ? record : undefined,
        checkpoint: record?.checkpoint,
        isWritten,
      }
    }
    await clocks.sleep(lookMs)
  }
}

/** Whether nothing but its signs tells of a holder. */
function isHidden({ record, isCopy, changedMs }: Lock): boolean {
  if (record === undefined || record.released || isCopy || lifeOf(record) === 'dead') return false
  return record.boot !== self().boot || record.boot === '' || changedMs < silentMs
}
