// The lock: one live writer per directory. It is a file `ringlog.<generation>.lock`, with the mode
// of the log's files, that says who holds the directory; the highest generation counts. It stays
// when it is released, and keeps the checkpoint for the next start.
//
// Taking over, with nothing but files to go by:
//
//   read the highest ── alive? ──► LockedError
//        │ dead, or released
//   create the next generation, exclusively ── somebody else did ──► begin again
//        │
//   look again: a higher one, or a lower one that is alive? ── yes ──► remove ours, begin again
//        │ no
//   the lower ones are removed; it is ours
//
// Of two starters only one creates a generation. One that judged an old state finds that out in the
// second look: a generation is made before its maker looks, so of any two at least one sees the
// other. And who sees one alive has removed its own before, so not all of them give up. (Removing
// "the" lock file when it looks stale, as is usually done, may hit the one that another starter has
// just made.)
//
// It is a lease. A holder that cannot be seen from here is dead when its sign of life, given every
// 2 s, has stood still for 10 s of our own clock (standstill.ts); it may as well be paused, or
// busy, or its lock may have been deleted. So a holder looks before each write whether the file
// that bears the name is still its own, and no higher one is there; if not, it stops, and takes its
// turn like any other.
//
// A piece may be on its way from the look to the file when its holder is paused: nothing can call
// it back, and it lands when the holder goes on. So whoever takes over from one that may be paused
// waits until the files stand still, has its numbers go on there, and notes in its lock where that
// was. What lands behind is void, and its writer takes it back (write-progress.ts), and writes it
// anew in its own turn:
//
//   paused, with 300 bytes under way    system.log: 9000 bytes
//   taken over, noted: ends at 9000     numbers go on behind what is there, 400 bytes are written
//   goes on: 300 bytes land at 9400     not where the note says that the files ended: taken back
//
// The writer looks for such a note only when so much time has passed since its look that somebody
// can have taken over meanwhile: a batch costs no system call for it.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  futimes,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { clearInterval, isoOf, monotonicMs, napSync, setInterval, wallMs } from '../entry/clock.ts'
import { LockedError } from '../errors.ts'
import { type OnRefusal, fileModeDefault, setMode } from './attributes.ts'
import type { Checkpoint } from './checkpoint.ts'
import {
  type Lock,
  type LockRecord,
  type Locks,
  type Takeover,
  lastWhole,
  lockNameOf,
  readLocks,
  seemsAlive,
} from './lock-files.ts'
import { lifeOf, self } from './lock-owner.ts'
import { parseName } from './names.ts'
import { type FileIdentity, identityOf, isSameFile, makeDirectory } from './open.ts'
import { Standstill } from './standstill.ts'

/** Time between two signs of life, in milliseconds. */
const signMs = 2_000
/**
 * Whose sign has stood still for so long is dead, if nothing better is known: as long as five
 * signs.
 */
export const silentMs = 10_000
/** A lock that is not written whole after so long never will be, in milliseconds. */
const unfinishedMs = 200
/**
 * How often taking is begun again, after 1 to 3 ms each time: longer than an unfinished lock is
 * waited for.
 */
const attemptsMax = 300
/** Files that have not grown for so long have got what was on its way to them, in milliseconds. */
const quietMs = 50
/** How often that is waited for: somebody who knows no lock may write on for ever. */
const quietTriesMax = 20
/**
 * What has come to a file so soon after a look was there before anybody who took over noted its
 * end: see quietMs.
 */
const certainMs = 20
/**
 * How long a holder that has just taken over is waited for, until it has noted where the files end,
 * in ms.
 */
const noteMsMax = 2_000
/** Notes that are kept: of some ten holders. */
const takeoversMax = 64
/** How the file that bears our name is looked at. */
const lookOptions = { bigint: true, throwIfNoEntry: false } as const

/** The right to write to a directory, which may be lost at any time. */
export interface Claim {
  /** Makes the directory, and takes it. @throws {LockedError} when another writer has it. */
  hold(): void
  /**
   * Counts how often it has been taken; 0 while it is not held, as far as is known without a look.
   */
  readonly tenure: number
  /** Looks whether it is held: right before each write. */
  check(): boolean
  /**
   * The same for what has come to a file since: looks only if somebody can have taken over before
   * it came.
   */
  checkAfter(): boolean
  /**
   * How many bytes count of a file that was opened in an earlier tenure: what is behind came too
   * late.
   */
  boundOf(inode: bigint): number
}

export interface LockOptions {
  readonly directory: string
  /**
   * Throws when the lock must not be taken now: something written under an earlier one may be on
   * its way.
   */
  readonly beforeTaking?: () => void
  /**
   * Has the numbers go on where the files end, with what the last holder has left. Called once more
   * when something of the last holder has come to them meanwhile.
   */
  readonly goOn?: (checkpoint: Checkpoint | undefined) => void
  /** The directory is ours now, and this is what the last holder has left. */
  readonly taken: (checkpoint: Checkpoint | undefined) => void
  /** A sign of life has found out that it is no longer ours. `hold` says more. */
  readonly lost?: () => void
  /** Mode of the lock and of the other files. @default 0o600 */
  readonly fileMode?: number
  /** Called once for each thing that has the name of a lock and is not one. */
  readonly remark?: (text: string) => void
  /** Called with what the system refuses the lock or its directory. */
  readonly refused?: OnRefusal
  /** @default the monotonic clock */
  readonly now?: () => number
  /** @default the wall clock */
  readonly wall?: () => number
  /** @default napSync */
  readonly nap?: (ms: number) => void
}

/** How far a file has come. */
type FileEnd = Omit<Takeover, 'by'>

/** The lock of one directory. */
export class DirectoryLock implements Claim {
  readonly #options: LockOptions
  readonly #directory: string
  readonly #now: () => number
  readonly #wall: () => number
  readonly #nap: (ms: number) => void
  /** Of this logger: its own earlier locks are not those of somebody else. */
  readonly #mark = randomBytes(8).toString('hex')
  readonly #others: Standstill
  readonly #remarked = new Set<string>()
  #generation = 0
  /**
   * Of our generation. Made once: a look after a pause of 50 ms took 75 µs when it made the name
   * and read the clock three times, and takes 50 (Node 20.20, 2026-11).
   */
  #path = ''
  #fd = -1
  #identity: FileIdentity = { device: 0n, inode: 0n }
  /** The file is written whole, nobody else was there, and it is not known to have been lost. */
  #isTaken = false
  #tenures = 0
  /** Nothing was seen of the holder that keeps us out which shows that he lives. */
  #mayBeDead = false
  #holderSeemsAlive = false
  #isHolderOurs = false
  /** How long this process had not looked when it found the lock lost, in milliseconds. */
  #absentMs = 0
  #since = ''
  #signCount = 0
  #isSigning = false
  /** A descriptor that the thread pool gives a sign by, and that is to be closed then. */
  #leftFd = -1
  /**
   * When it was last made sure that no higher generation is there, and when a sign was last given.
   */
  #searchedAt = 0
  #signedAt = 0
  /**
   * When it was last begun to look, by both clocks: the monotonic one may stand still while the
   * machine sleeps.
   */
  #lookedAt = 0
  #lookedAtWall = 0
  /** Bytes written: a shorter text is filled up. */
  #length = 0
  #checkpoint: Checkpoint | undefined
  /** As they are in our lock: at the beginning of the tenure, those that concern us not. */
  #takeovers: readonly Takeover[] = []
  #isSettled = false
  #signs: NodeJS.Timeout | undefined

  constructor(options: LockOptions) {
    this.#options = options
    this.#directory = options.directory
    this.#now = options.now ?? monotonicMs
    this.#wall = options.wall ?? wallMs
    this.#nap = options.nap ?? napSync
    this.#others = new Standstill(this.#now)
  }

  /** What was saved last, by us or by the holder before. */
  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint
  }

  /** Whether the holder that has kept us out last may turn out to be dead, when it stays silent. */
  get mayBeDead(): boolean {
    return this.#mayBeDead
  }

  /** Whether that holder has given a sign not long ago, by two wall clocks. */
  get holderSeemsAlive(): boolean {
    return this.#holderSeemsAlive
  }

  /** Whether that holder is of this process. */
  get isHolderOurs(): boolean {
    return this.#isHolderOurs
  }

  /** Whether it has ever been taken. */
  get wasHeld(): boolean {
    return this.#tenures > 0
  }

  get tenure(): number {
    return this.#isTaken ? this.#tenures : 0
  }

  hold(): void {
    makeDirectory(this.#directory, this.#options.refused, this.#options.fileMode)
    if (this.check()) return
    this.#withdraw()
    const isQuiet = this.#take()
    this.#isTaken = true
    this.#tenures++
    this.#absentMs = 0
    this.#signedAt = this.#searchedAt = this.#now()
    this.#settle(isQuiet)
    this.#signs = setInterval(() => this.#sign(), signMs).unref()
    this.#options.taken(this.#checkpoint)
  }

  /** When it cannot be known whether the lock is held, it is: nobody else can know more. */
  check(): boolean {
    if (!this.#isTaken) return false
    const now = this.#now()
    this.#lookedAt = now
    this.#lookedAtWall = this.#wall()
    if (!this.#isOurs(now)) {
      this.#absentMs = this.#now() - this.#searchedAt
      this.#isTaken = false
      clearInterval(this.#signs)
      return false
    }
    // An event loop that is busy for long, and writes all the same, runs no timers.
    if (now - this.#signedAt > signMs) this.#giveSign()
    return true
  }

  checkAfter(): boolean {
    if (!this.#isTaken) return false
    const passedMs = this.#now() - this.#lookedAt
    const isCertain =
      passedMs < certainMs && Math.abs(this.#wall() - this.#lookedAtWall) < certainMs
    return isCertain || this.check()
  }

  boundOf(inode: bigint): number {
    const known = new Set(this.#takeovers.map(({ by }) => by))
    for (let waitedMs = 0; waitedMs < noteMsMax; waitedMs += 10) {
      const top = this.#topNow()
      if (top === undefined || top.record?.mark === this.#mark) return Infinity
      if (top.record?.settled === true) {
        const later = top.record.takeovers.filter(
          (each) => each.inode === String(inode) && !known.has(each.by),
        )
        return Math.min(...later.map(({ bytes }) => bytes))
      }
      this.#nap(10)
    }
    return Infinity
  }

  /** Writes down what the next start should know. Without effect while the lock is not held. */
  save(checkpoint: Checkpoint): void {
    if (!this.check()) return
    this.#checkpoint = checkpoint
    this.#write(false)
  }

  /**
   * Lets another writer have the directory. The file stays; one that is another's by now is left
   * alone.
   */
  release(checkpoint: Checkpoint): void {
    if (this.check()) this.#checkpoint = checkpoint
    try {
      // Into our own inode: whatever bears the name by now.
      if (this.#fd !== -1) this.#write(true)
    } catch {
      this.#removeAtEnd()
    }
    this.#letGo()
  }

  /**
   * Whether the file that bears our name is ours, and, looked for every other second, no higher one
   * is there.
   */
  #isOurs(now: number): boolean {
    try {
      if (!this.#isInPlace()) return false
      if (now - this.#searchedAt < signMs) return true
      const top = this.#look().locks.at(-1)
      if (top !== undefined && top.generation > this.#generation) return false
    } catch {
      if (!this.#isThere()) return false
    }
    this.#searchedAt = now
    return true
  }

  /** Whether the file we have made bears its name. Throws when that cannot be known. */
  #isInPlace(): boolean {
    if (this.#fd === -1) return false
    const stat = lstatSync(this.#path, lookOptions)
    if (stat === undefined) return false
    return isSameFile({ device: stat.dev, inode: stat.ino }, this.#identity)
  }

  /** Whether it is anywhere, as far as the file itself tells. */
  #isThere(): boolean {
    try {
      return fstatSync(this.#fd).nlink > 0
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ESTALE'
    }
  }

  /** The highest lock; `undefined` when there is none, or none to be seen. */
  #topNow(): Lock | undefined {
    try {
      return readLocks(this.#directory).locks.at(-1)
    } catch {
      return undefined
    }
  }

  /** Returns whether nothing of the last holder can be on its way to the files. */
  #take(): boolean {
    for (let attempt = 1; attempt <= attemptsMax; attempt++) {
      const { locks, highest } = this.#look()
      const top = locks.at(-1)
      if (top !== undefined && !this.#isDead(top)) {
        if (top.record !== undefined) throw this.#lockedBy(top, top.record)
        this.#nap(1)
        continue
      }
      this.#options.beforeTaking?.()
      this.#generation = highest + 1
      const last = lastWhole(locks)
      this.#takeovers = last?.record?.takeovers ?? []
      if (this.#create(inheritanceOf(last)) && this.#isAlone()) {
        const isQuiet = this.#isCertainlyDead(top)
        if (!isQuiet) this.#awaitQuiet()
        return isQuiet
      }
      this.#nap(1 + Math.random() * 2)
    }
    throw new Error(
      `Cannot lock ${this.#directory}: expected to be the only one that begins, got others at each attempt`,
    )
  }

  /** Reads the locks, and names what is not one. */
  #look(): Locks {
    const found = readLocks(this.#directory)
    for (const { name, what } of found.oddities) {
      if (this.#remarked.has(name)) continue
      this.#remarked.add(name)
      const path = join(this.#directory, name)
      this.#options.remark?.(
        `${path} is ${what}, and so no lock; it is passed over, and may be removed`,
      )
    }
    return found
  }

  #isDead(lock: Lock): boolean {
    if (this.#isCertainlyDead(lock)) return true
    const { generation, record, isCopy, sight } = lock
    const life = record === undefined || isCopy ? 'unsure' : lifeOf(record)
    const limitMs = record === undefined ? unfinishedMs : silentMs
    return life !== 'alive' && this.#others.look(String(generation), sight) >= limitMs
  }

  /** Nothing of it can be on its way to the files. */
  #isCertainlyDead(lock: Lock | undefined): boolean {
    const record = lock?.record
    if (record === undefined) return false
    if (record.released || record.mark === this.#mark) return true
    return lock?.isCopy === false && lifeOf(record) === 'dead'
  }

  /** Makes our generation; false when it is there already. */
  #create(checkpoint: Checkpoint | undefined): boolean {
    const path = this.#pathOf(this.#generation)
    this.#path = path
    const { fileMode = fileModeDefault } = this.#options
    try {
      this.#fd = openSync(path, 'wx', fileMode)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
    try {
      this.#identity = identityOf(this.#fd)
      const refusal = setMode(this.#fd, path, fileMode)
      if (refusal !== undefined) this.#options.refused?.(refusal)
      this.#since = isoOf(wallMs())
      this.#length = 0
      this.#isSettled = false
      // Without one of the last holder our own is better than none: it is a floor.
      this.#checkpoint = checkpoint ?? this.#checkpoint
      this.#write(false)
    } catch (error) {
      this.#withdraw()
      throw error
    }
    return true
  }

  /** The second look. When nobody else is there, those that came before are removed. */
  #isAlone(): boolean {
    const others = this.#look().locks.filter(({ generation }) => generation !== this.#generation)
    const isOver =
      others.some((other) => other.generation > this.#generation || this.#isInTheWay(other)) ||
      // Who made a higher one before ours was whole has removed it.
      !this.#isInPlace()
    if (isOver) {
      this.#withdraw()
      return false
    }
    for (const other of others) this.#remove(other)
    return true
  }

  #remove(lock: Lock): void {
    try {
      rmSync(this.#pathOf(lock.generation), { force: true })
    } catch (error) {
      // Another user's, in a directory where each may only remove his own. While its holder may
      // live, it has to go.
      if (!this.#isCertainlyDead(lock)) throw error
    }
  }

  #isInTheWay(lock: Lock): boolean {
    return lock.record !== undefined && !this.#isDead(lock)
  }

  /**
   * Waits for what may be on its way to the files, of a holder whose lock was deleted, or which was
   * judged by its silence: it looks before each write, and so writes no more than that.
   */
  #awaitQuiet(): void {
    let last = this.#filesNow()
    for (let attempt = 1; last.length > 0 && attempt <= quietTriesMax; attempt++) {
      this.#nap(quietMs)
      const now = this.#filesNow()
      if (isAlike(now, last)) return
      last = now
    }
  }

  /**
   * Has the numbers go on where the files end, and notes where that was when something may yet
   * come. What comes before the note is written was either seen, and its numbers are used up, or is
   * behind it.
   */
  #settle(isQuiet: boolean): void {
    try {
      let ends = isQuiet ? [] : this.#filesNow()
      for (let attempt = 1; ; attempt++) {
        this.#options.goOn?.(this.#checkpoint)
        const now = isQuiet ? [] : this.#filesNow()
        if (isAlike(now, ends) || attempt === quietTriesMax) break
        ends = now
      }
      const by = `${this.#mark} ${this.#tenures}`
      const noted = ends.slice(0, takeoversMax).map((end) => ({ by, ...end }))
      this.#takeovers = [...this.#takeovers, ...noted].slice(-takeoversMax)
      this.#isSettled = true
      this.#write(false)
    } catch (error) {
      this.#withdraw()
      throw error
    }
  }

  /** The live files and their sizes, the last written first. */
  #filesNow(): readonly FileEnd[] {
    return readdirSync(this.#directory)
      .filter((name) => parseName(name)?.index === 0)
      .flatMap((name) => {
        const stat = lstatSync(join(this.#directory, name), { bigint: true, throwIfNoEntry: false })
        return stat?.isFile() === true ? stat : []
      })
      .toSorted((a, b) => Number(b.mtimeNs - a.mtimeNs))
      .map(({ ino, size }) => ({ inode: String(ino), bytes: Number(size) }))
  }

  /**
   * Takes back what we have made: where it bears its name it is removed, elsewhere it says that it
   * is released. Where that fails, the descriptor stays open, and the next one to take the lock
   * tries again.
   */
  #withdraw(): void {
    this.#isTaken = false
    if (this.#fd === -1) return
    if (this.#isInPlace()) rmSync(this.#path, { force: true })
    else this.#releaseElsewhere()
    this.#letGo()
  }

  /** The directory may be moved back. */
  #releaseElsewhere(): void {
    try {
      this.#write(true)
    } catch {
      // Then we know it by its mark, and others by its silence.
    }
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
    const fd = this.#fd
    this.#fd = -1
    if (fd === -1) return
    if (this.#isSigning && this.#leftFd === -1) this.#leftFd = fd
    else closeSync(fd)
  }

  /**
   * In one piece and in place, so that the file never needs more room and no reader finds half of
   * it.
   */
  #write(released: boolean): void {
    const record: LockRecord = {
      ...self(),
      mark: this.#mark,
      inode: String(this.#identity.inode),
      signs: this.#signCount,
      since: this.#since,
      released,
      settled: this.#isSettled,
      takeovers: this.#takeovers,
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
    if (this.check()) this.#giveSign()
    else this.#options.lost?.()
  }

  /** In the thread pool: a disk that does not answer must not hold up the caller. */
  #giveSign(): void {
    this.#signedAt = this.#now()
    if (this.#isSigning) return
    this.#isSigning = true
    this.#signCount++
    // The fraction changes even where the clock stands still.
    const time = (wallMs() + (this.#signCount % 1000) / 1000) / 1000
    futimes(this.#fd, time, time, (error) => {
      this.#isSigning = false
      if (this.#leftFd !== -1) {
        closeSync(this.#leftFd)
        this.#leftFd = -1
      } else if (error !== null) this.#signByContent()
    })
  }

  /** Where the times of a file cannot be set. */
  #signByContent(): void {
    try {
      if (this.#isTaken) this.#write(false)
    } catch {
      // The disk has gone: then nobody else can read there that we live.
    }
  }

  #lockedBy(lock: Lock, holder: LockRecord): LockedError {
    const me = self()
    const life = lock.isCopy ? 'unsure' : lifeOf(holder)
    this.#mayBeDead = life !== 'alive' && !this.#others.hasMoved(String(lock.generation))
    this.#holderSeemsAlive = seemsAlive(lock)
    const isOurs = holder.pid === me.pid && holder.pids === me.pids && holder.host === me.host
    this.#isHolderOurs = isOurs
    return new LockedError(this.#directory, {
      pid: holder.pid,
      isOurs,
      since: holder.since,
      isCertain: life !== 'unsure' && this.#holderSeemsAlive,
      absentS: this.#absentMs > silentMs ? Math.round(this.#absentMs / 1000) : 0,
    })
  }

  #pathOf(generation: number): string {
    return join(this.#directory, lockNameOf(generation))
  }
}

function isAlike(some: readonly FileEnd[], others: readonly FileEnd[]): boolean {
  return JSON.stringify(some) === JSON.stringify(others)
}

/**
 * What the last holder has left. In a copy of a directory all of it holds but the identity:
 * original and copy may both go on, and then have different entries of the same numbers. One that
 * is moved on its device, or into another container, is the same; one that was restored from a
 * backup is a copy.
 */
function inheritanceOf(last: Lock | undefined): Checkpoint | undefined {
  const checkpoint = last?.record?.checkpoint
  if (checkpoint === undefined || last?.isCopy !== true) return checkpoint
  return { ...checkpoint, log_id: undefined }
}
