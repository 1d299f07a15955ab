// The locks of a directory as they lie there, read with suspicion: what is no regular file of ours
// below 1 MB is no lock, whatever it is called. It is passed over, and named, so that a person can
// remove it.

import {
  type BigIntStats,
  closeSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { wallMs } from '../entry/clock.ts'
import { type Checkpoint, asCheckpoint } from './checkpoint.ts'
import { type LockOwner, isProcessOf, lifeOf } from './lock-owner.ts'
import { parseName } from './names.ts'
import { readOurs } from './open-flags.ts'

/** What stands in the file. */
export interface LockRecord extends LockOwner {
  /**
   * Of the logger; a later one of the same thread has another. Empty in a lock of an earlier
   * version, as `inode`.
   */
  readonly mark: string
  /** Of the file it was written to: a copy tells itself from the original. */
  readonly inode: string
  /** Signs of life that could not be given by the file's time of change. */
  readonly signs: number
  readonly since: string
  readonly released: boolean
  /** The holder has noted where the files end, and may write. */
  readonly settled: boolean
  /** Also those of earlier holders, oldest first. */
  readonly takeovers: readonly Takeover[]
  readonly checkpoint: Checkpoint | undefined
}

/**
 * Where a file ended when a holder took over from one that may go on writing: what comes behind is
 * void.
 */
export interface Takeover {
  /** Of one tenure. */
  readonly by: string
  readonly inode: string
  readonly bytes: number
}

/** A lock as it lies in the directory. */
export interface Lock {
  readonly generation: number
  /** `undefined` while it is not written whole. */
  readonly record: LockRecord | undefined
  /** Changes with each sign of life. */
  readonly sight: string
  /** Since the last sign, by two wall clocks, in milliseconds: not to be relied on. */
  readonly silentMs: number
  /** Since the file was last changed, by the clock of its system, which nobody sets for it. */
  readonly changedMs: number
  /** It was written to another file, and copied. */
  readonly isCopy: boolean
}

/** Something with the name of a lock that is not one. */
export interface Oddity {
  readonly name: string
  /** `a directory`, `a link`, … */
  readonly what: string
}

/** What a directory holds of locks. */
export interface Locks {
  /** The highest generation last. */
  readonly locks: readonly Lock[]
  readonly oddities: readonly Oddity[]
  /** The highest generation that is in use, by whatever it is. */
  readonly highest: number
}

const namePattern = /^ringlog\.([1-9]\d*)\.lock$/
/** A higher number is not ours: each start takes one. */
const generationMax = 1e12
const bytesMax = 1 << 20
/** What the system says of a file that is another user's. */
const refusals: ReadonlySet<string> = new Set(['EACCES', 'EPERM'])
/** By wall clocks, a holder that was silent for longer has perhaps gone. */
const silentMsMax = 10_000

/** The name of the lock of a generation. */
export function lockNameOf(generation: number): string {
  if (generation > generationMax) {
    const name = `ringlog.${generationMax}.lock`
    throw new Error(`no number is left for a lock; remove ${name}, which is none of ringlog's`)
  }
  return `ringlog.${generation}.lock`
}

/**
 * Reads the locks of a directory, as a writer believes them. Throws when the directory cannot be
 * read.
 */
export function readLocks(directory: string): Locks {
  return readLocksOf(directory, usersOf)
}

/**
 * The last lock that is written whole: what it says of the log holds until another one says more. A
 * process that is killed when it has made its lock, and has not written it, leaves one that says
 * nothing.
 */
export function lastWhole(locks: readonly Lock[]): Lock | undefined {
  return locks.findLast(({ record }) => record !== undefined)
}

/**
 * The lock that counts, as a reader believes it: also that of the user whom the log belongs to, in
 * a directory which belongs to somebody else. Throws when the directory cannot be read.
 */
export function topLockOf(directory: string): Lock | undefined {
  const { locks } = readLocksOf(directory, readersTrust)
  return lastWhole(locks) ?? locks.at(-1)
}

/** Users whose files are believed; `undefined`: all. */
type Trust = ReadonlySet<number> | undefined

function readLocksOf(
  directory: string,
  trustIn: (directory: string, names: readonly string[]) => Trust,
): Locks {
  const locks: Lock[] = []
  const oddities: Oddity[] = []
  let highest = 0
  const all = readdirSync(directory)
  const names = all.filter((name) => namePattern.test(name))
  const users = names.length === 0 ? undefined : trustIn(directory, all)
  for (const name of names) {
    const generation = Number(namePattern.exec(name)![1])
    if (generation > generationMax) {
      oddities.push({ name, what: 'a number that no lock has come to' })
      continue
    }
    const found = readLock(join(directory, name), generation, users)
    if (found === undefined) continue
    highest = Math.max(highest, generation)
    if (typeof found === 'string') oddities.push({ name, what: found })
    else locks.push(found)
  }
  locks.sort((a, b) => a.generation - b.generation)
  return { locks, oddities, highest }
}

/**
 * Who writes to a directory now, and what is known of its files: at a single look, so that a holder
 * in another container or on another machine is judged by two clocks. Good for a reader; a writer
 * has to watch.
 */
export function stateOf(directory: string): {
  readonly holder: LockOwner | undefined
  readonly checkpoint: Checkpoint | undefined
} {
  const top = topLockOf(directory)
  return {
    holder: top === undefined || !seemsAlive(top) ? undefined : top.record,
    checkpoint: top?.record?.checkpoint,
  }
}

/**
 * The identity of a log, which its entries are told by among those of others; undefined when it has
 * none: nobody has logged there since versions that have one, or it is a copy into which nobody has
 * logged.
 */
export function logIdOf(directory: string): string | undefined {
  const top = topLockOf(directory)
  return top === undefined || top.isCopy ? undefined : top.record?.checkpoint?.log_id
}

/** Whether a holder is alive, at a single look. */
export function seemsAlive({ record, isCopy, silentMs }: Lock): boolean {
  if (record === undefined || record.released) return false
  const life = isCopy ? 'unsure' : lifeOf(record)
  return life === 'alive' || (life !== 'dead' && Math.abs(silentMs) < silentMsMax)
}

/** Whose files are believed, beside root's; `undefined` where files belong to nobody. */
function usersOf(directory: string): Trust {
  const user = process.geteuid?.()
  if (user === undefined) return undefined
  // On a network share all files belong to the user of the mount, ours as well.
  return new Set([user, 0, statSync(directory).uid])
}

/**
 * The same for a reader. Whose the live files of the log are, all of them, may also say of them
 * what there is to say: a directory of root's that a group may write to holds the log of one of the
 * group. A lock of the reader's own does not count there: in the log of another user he has not
 * written.
 */
function readersTrust(directory: string, names: readonly string[]): Trust {
  const users = usersOf(directory)
  const owner = users === undefined ? undefined : ownerOfLive(directory, names)
  if (users === undefined || owner === undefined || users.has(owner)) return users
  return new Set([owner, 0, statSync(directory).uid])
}

/** Whom all live files belong to; `undefined` when there are none, or it is not one user. */
function ownerOfLive(directory: string, names: readonly string[]): number | undefined {
  const owners = new Set<number>()
  for (const name of names) {
    const file = parseName(name)
    if (file?.index !== 0 || !file.base.endsWith('.log')) continue
    const stat = lstatSync(join(directory, name), { bigint: false, throwIfNoEntry: false })
    if (stat?.isFile() === true) owners.add(stat.uid)
  }
  const [owner, ...others] = owners
  return others.length === 0 ? owner : undefined
}

/** A lock; or what it is instead; or nothing, when it is not there any more. */
function readLock(path: string, generation: number, users: Trust): Lock | string | undefined {
  // Looked at first: to open a device may have consequences.
  const before = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (before === undefined) return undefined
  const what = oddityOf(before)
  if (what !== undefined) return what
  let fd: number
  try {
    fd = openSync(path, readOurs)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    // Any other refusal may be over soon, and leaves open whether somebody is there.
    const isAnothers = users !== undefined && Number(before.uid) !== process.geteuid?.()
    if (isAnothers && refusals.has(code)) return 'not to be read by us'
    throw error
  }
  try {
    const stat = fstatSync(fd, { bigint: true })
    const odd = oddityOf(stat)
    if (odd !== undefined) return odd
    const text = textOf(fd, Number(stat.size))
    const record = asRecord(text)
    const user = Number(stat.uid)
    // Root also believes a user of whom there is such a process.
    if (users !== undefined && !users.has(user)) {
      const isKnown = process.geteuid?.() === 0 && record !== undefined && isProcessOf(user, record)
      if (!isKnown) return `a file of user ${user}`
    }
    const { inode = '' } = record ?? {}
    return {
      generation,
      record,
      sight: `${stat.ino} ${stat.mtimeNs} ${text}`,
      silentMs: wallMs() - Number(stat.mtimeNs / 1_000_000n),
      changedMs: wallMs() - Number(stat.ctimeNs / 1_000_000n),
      isCopy: inode !== '' && inode !== String(stat.ino),
    }
  } finally {
    closeSync(fd)
  }
}

function oddityOf(stat: BigIntStats): string | undefined {
  if (stat.isDirectory()) return 'a directory'
  if (stat.isSymbolicLink()) return 'a link'
  if (!stat.isFile()) return 'no regular file'
  if (stat.size >= bytesMax) return `a file of ${stat.size} bytes`
  return undefined
}

function textOf(fd: number, size: number): string {
  // Whoever writes it may make it longer meanwhile.
  const bytes = Buffer.alloc(Math.min(size + 4096, bytesMax))
  let length = 0
  for (;;) {
    const read = readSync(fd, bytes, length, bytes.length - length, length)
    length += read
    if (read === 0 || length === bytes.length) return bytes.toString('utf8', 0, length)
  }
}

function isTakeover(value: unknown): value is Takeover {
  if (typeof value !== 'object' || value === null) return false
  const { by, inode, bytes } = value as { readonly [key: string]: unknown }
  return typeof by === 'string' && typeof inode === 'string' && Number.isSafeInteger(bytes)
}

/** What a lock says; `undefined` when it is not whole. */
function asRecord(text: string): LockRecord | undefined {
  try {
    const { pid, thread, started, boot, pids, host, since, released, ...more } = JSON.parse(
      text,
    ) as Record<keyof LockRecord, unknown>
    const { mark = '', inode = '', signs = 0, checkpoint, settled = true, takeovers } = more
    const owner = { started, boot, pids, host, since, mark, inode }
    if (!Object.values(owner).every((word) => typeof word === 'string')) return undefined
    if (![pid, thread, signs].every((number) => Number.isSafeInteger(number))) return undefined
    if (typeof released !== 'boolean' || typeof settled !== 'boolean') return undefined
    return {
      ...(owner as Pick<LockRecord, keyof typeof owner>),
      ...({ pid, thread, signs } as Pick<LockRecord, 'pid' | 'thread' | 'signs'>),
      released,
      settled,
      takeovers: Array.isArray(takeovers) ? takeovers.filter(isTakeover) : [],
      checkpoint: asCheckpoint(checkpoint),
    }
  } catch {
    return undefined
  }
}
