// One live writer per directory. The lock is a file `ringlog.<generation>.lock`, mode 0600, that says who holds the
// directory; the highest generation counts. It stays when it is released, and keeps the checkpoint for the next start.
//
// Taking over, with nothing but files to go by:
//
//   read the highest ── alive? ──► LockedError
//        │ dead, or released
//   create the next generation, exclusively ── somebody else did ──► begin again
//        │
//   look again: a higher one, or a lower one that is alive? ── yes ──► remove ours, begin again
//        │ no
//   it is ours; the lower ones are removed
//
// Of two starters only one creates a generation. One that judged an old state finds that out in the second look: a
// generation is made before its maker looks, so of any two at least one sees the other. And who sees one alive
// has removed its own before, so not all of them give up. (Removing "the" lock file when it looks stale, as is
// usually done, may hit the one that another starter has just made.)
//
// The file may be lost with the directory; so it is looked for whenever a file of the log is opened.

import { setInterval, isoOf, clearInterval, napSync, wallMs } from '../entry/clock.ts'
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { LockedError } from '../errors.ts'
import { type LockOwner, type Life, lifeOf, self, signMs } from './lock-owner.ts'
import { type Checkpoint, asCheckpoint } from './checkpoint.ts'
import { type OnRefusal, fileMode, setMode } from './attributes.ts'
import { makeDirectory } from './open.ts'

const lockPattern = /^ringlog\.([1-9]\d{0,14})\.lock$/

/** A lock that is not written whole after so long never will be, in milliseconds. */
const unfinishedMs = 200
/** How often taking is begun again, after 1 to 3 ms each time: longer than an unfinished lock is waited for. */
const attemptsMax = 300

/** What stands in the file. */
interface LockRecord extends LockOwner {
  readonly since: string
  readonly released: boolean
  readonly checkpoint: unknown
}

/** A lock as it lies in the directory. */
interface Lock {
  readonly generation: number
  /** Who made it; `undefined` while it is not written whole. */
  readonly holder: LockOwner | undefined
  readonly life: Life
  readonly since: string
  readonly checkpoint: Checkpoint | undefined
}

/** The lock of one directory. */
export class DirectoryLock {
  readonly #directory: string
  readonly #taken: (checkpoint: Checkpoint | undefined) => void
  readonly #refused: OnRefusal | undefined
  #generation = 0
  #fd = -1
  #inode = 0n
  /** The file is written whole, and nobody else was there. */
  #isTaken = false
  #since = ''
  /** Bytes written: a shorter text is filled up. */
  #length = 0
  #checkpoint: Checkpoint | undefined
  #signs: NodeJS.Timeout | undefined

  /**
   * @param taken Told each time the lock has been taken, with what the last holder left.
   * @param refused Told what the system refuses the lock or its directory.
   */
  constructor(
    directory: string,
    taken: (checkpoint: Checkpoint | undefined) => void,
    refused?: OnRefusal,
  ) {
    this.#directory = directory
    this.#taken = taken
    this.#refused = refused
  }

  /** What was saved last, by us or by the holder before. */
  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint
  }

  /**
   * Makes the directory if it is not there, and takes the lock unless it is held already.
   *
   * @throws {LockedError} when another thread or process holds it. The system's error when that cannot be known.
   */
  hold(): void {
    makeDirectory(this.#directory, this.#refused)
    if (this.#isTaken && this.#isInPlace()) return
    this.#withdraw()
    this.#take()
    this.#isTaken = true
    this.#signs = setInterval(() => this.#sign(), signMs).unref()
    this.#taken(this.#checkpoint)
  }

  /** Writes down what the next start should know. Without effect while the lock is not held. */
  save(checkpoint: Checkpoint): void {
    if (!this.isHeld) return
    this.#checkpoint = checkpoint
    this.#write(false)
  }

  /** Lets another writer have the directory. The file stays; one that is another's by now is left alone. */
  release(checkpoint: Checkpoint): void {
    if (this.#isTaken) this.#checkpoint = checkpoint
    try {
      // Into our own inode: whatever bears the name by now.
      if (this.#fd !== -1) this.#write(true)
    } catch {
      this.#removeAtEnd()
    }
    this.#letGo()
  }

  /** Whether the lock is ours, and still lies in the directory; false also when that cannot be known now. */
  get isHeld(): boolean {
    try {
      return this.#isTaken && this.#isInPlace()
    } catch {
      return false
    }
  }

  /** Whether the file we have made bears its name. Throws when that cannot be known: we may still be its owner. */
  #isInPlace(): boolean {
    if (this.#fd === -1) return false
    const path = this.#pathOf(this.#generation)
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode
  }

  #take(): void {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const top = locksIn(this.#directory).at(-1)
      if (top !== undefined && top.life !== 'dead') {
        if (top.holder !== undefined) throw lockedBy(this.#directory, top, top.holder)
        napSync(1)
        continue
      }
      this.#checkpoint = top?.checkpoint
      this.#generation = (top?.generation ?? 0) + 1
      if (this.#create() && this.#isAlone()) return
      napSync(1 + Math.random() * 2)
    }
    throw new Error(`Cannot lock ${this.#directory}: others are trying as well`)
  }

  /** Makes our generation; false when it is there already. */
  #create(): boolean {
    const path = this.#pathOf(this.#generation)
    try {
      this.#fd = openSync(path, 'wx', fileMode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
    try {
      this.#inode = fstatSync(this.#fd, { bigint: true }).ino
      const refusal = setMode(this.#fd, path, fileMode)
      if (refusal !== undefined) this.#refused?.(refusal)
      this.#since = isoOf(wallMs())
      this.#length = 0
      this.#write(false)
    } catch (error) {
      this.#withdraw()
      throw error
    }
    return true
  }

  /** The second look. When nobody else is there, those that came before are removed. */
  #isAlone(): boolean {
    const others = locksIn(this.#directory).filter(
      ({ generation }) => generation !== this.#generation,
    )
    if (
      others.some(
        ({ generation, life, holder }) =>
          generation > this.#generation || (holder !== undefined && life !== 'dead'),
      )
    ) {
      this.#withdraw()
      return false
    }
    for (const { generation } of others) rmSync(this.#pathOf(generation), { force: true })
    return true
  }

  /**
   * Removes what we have made. Where that fails, the descriptor stays open, and the next one to take the lock tries
   * again: closed, the file would be that of a holder who lives, and keep us out ourselves.
   */
  #withdraw(): void {
    this.#isTaken = false
    if (this.#isInPlace()) rmSync(this.#pathOf(this.#generation), { force: true })
    this.#letGo()
  }

  /** Without a lock there is no checkpoint, but nobody is kept out either. */
  #removeAtEnd(): void {
    try {
      this.#withdraw()
    } catch {
      // It stays as that of a process which will soon have ended.
    }
  }

  #letGo(): void {
    this.#isTaken = false
    clearInterval(this.#signs)
    if (this.#fd !== -1) closeSync(this.#fd)
    this.#fd = -1
  }

  /** In one piece and in place, so that the file never needs more room and no reader finds half of it. */
  #write(released: boolean): void {
    const record: LockRecord = {
      ...self(),
      since: this.#since,
      released,
      checkpoint: this.#checkpoint,
    }
    const text = Buffer.from(JSON.stringify(record))
    const length = Math.max(this.#length, Math.ceil((text.length + 1) / 512) * 512)
    const bytes = Buffer.alloc(length, ' ')
    text.copy(bytes)
    bytes[length - 1] = 0x0a
    if (writeSync(this.#fd, bytes, 0, length, 0) < length) throw new Error('short write')
    this.#length = length
  }

  #sign(): void {
    try {
      const now = new Date()
      futimesSync(this.#fd, now, now)
    } catch {
      // The disk has gone: then nobody else can read there that we live.
    }
  }

  #pathOf(generation: number): string {
    return join(this.#directory, `ringlog.${generation}.lock`)
  }
}

/** Who writes to a directory now, and what is known of its files. */
export function stateOf(directory: string): {
  readonly holder: LockOwner | undefined
  readonly checkpoint: Checkpoint | undefined
} {
  const top = locksIn(directory).at(-1)
  return { holder: top?.life === 'dead' ? undefined : top?.holder, checkpoint: top?.checkpoint }
}

/** The locks of a directory, the highest generation last. */
function locksIn(directory: string): Lock[] {
  return readdirSync(directory)
    .flatMap((name) => {
      const generation = Number(lockPattern.exec(name)?.[1] ?? 0)
      const lock = generation === 0 ? undefined : readLock(join(directory, name), generation)
      return lock ?? []
    })
    .toSorted((a, b) => a.generation - b.generation)
}

/** `undefined` when it is not there any more. */
function readLock(path: string, generation: number): Lock | undefined {
  // Without O_NONBLOCK a named pipe would hang the process here.
  const guards = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | guards)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const silence = wallMs() - fstatSync(fd).mtimeMs
    const record = asRecord(readFileSync(fd, 'utf8'))
    if (record === undefined) {
      // Its maker is between two system calls, or was ended there.
      const life = Math.abs(silence) > unfinishedMs ? 'dead' : 'unsure'
      return { generation, holder: undefined, life, since: '', checkpoint: undefined }
    }
    const { since, released, checkpoint, ...holder } = record
    const life = released ? 'dead' : lifeOf(holder, silence)
    return { generation, holder, life, since, checkpoint: asCheckpoint(checkpoint) }
  } finally {
    closeSync(fd)
  }
}

/** What a lock says; `undefined` when it is not whole. */
function asRecord(text: string): LockRecord | undefined {
  try {
    const record = JSON.parse(text) as LockRecord
    const { pid, thread, started, boot, pids, host, since, released } = record
    const isWhole =
      Number.isSafeInteger(pid) &&
      Number.isSafeInteger(thread) &&
      [started, boot, pids, host, since].every((word) => typeof word === 'string') &&
      typeof released === 'boolean'
    return isWhole ? record : undefined
  } catch {
    return undefined
  }
}

function lockedBy(directory: string, { life, since }: Lock, holder: LockOwner): LockedError {
  const me = self()
  const isOurs = holder.pid === me.pid && holder.pids === me.pids && holder.host === me.host
  return new LockedError(directory, holder.pid, isOurs, since, life === 'alive')
}
