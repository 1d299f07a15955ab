// Puts the simulated disk, clock and timers in the place of Node's, for paths and descriptors that
// are simulated. It has to be done before the library is loaded. The library and its stream are the
// real ones, and so are promises: `settled` waits until nothing more follows from what has
// happened.

import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { performance } from 'node:perf_hooks'
import timers from 'node:timers'
import { Disk, type Inode, type PoolTask, failure } from './disk.ts'

const realImmediate = setImmediate
const user = process.geteuid?.() ?? 0
const bigUser = BigInt(user)

/** A timer that has been set. */
export interface Timer {
  readonly callback: () => void
  readonly delayMs: number
  isArmed: boolean
  refresh(): Timer
  unref(): Timer
}

/** What the run that is under way happens on. */
export interface Environment {
  disk: Disk
  nowMs: number
  timers: Timer[]
  immediates: (() => void)[]
  /** Called instead of blocking for a while. */
  nap: () => void
}

/** The one that is in use. */
export const environment: { current: Environment | undefined } = { current: undefined }

/** Resolves when all promises and ticks that follow from what has happened have run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    realImmediate(resolve)
  })
}

function disk(): Disk {
  if (environment.current === undefined) throw new Error('expected a simulation, got none')
  return environment.current.disk
}

type Call = (...words: never[]) => unknown

/** Has a call of Node's go to the simulation where its first word is simulated. */
function route(
  of: object,
  name: string,
  owns: (word: unknown) => boolean,
  simulated: (...words: never[]) => unknown,
): void {
  const real = Reflect.get(of, name) as Call
  Reflect.set(of, name, (...words: never[]): unknown =>
    owns(words[0]) ? simulated(...words) : real(...words),
  )
}

/** Numbers as a look at a file gives them; small ones are made once. */
const bigs = Array.from({ length: 4096 }, (_, i) => BigInt(i))
const mode = 0o100600
const isTrue = (): boolean => true
const isFalse = (): boolean => false

function statOf(inode: Inode | 'link', isBig: boolean): unknown {
  const isLink = inode === 'link'
  const id = isLink ? 4095 : inode.id
  const bytes = isLink ? 0 : inode.bytes.length
  const links = isLink || !inode.isRemoved ? 1 : 0
  const isFile = isLink ? isFalse : isTrue
  return isBig
    ? {
        dev: 1n,
        ino: bigs[id],
        size: bigs[bytes],
        nlink: bigs[links],
        mode: 33_152n,
        uid: bigUser,
        isFile,
        isDirectory: isFalse,
      }
    : { dev: 1, ino: id, size: bytes, nlink: links, mode, uid: user, isFile, isDirectory: isFalse }
}

interface StatOptions {
  readonly bigint?: boolean
  readonly throwIfNoEntry?: boolean
}

function statOfName(
  inode: Inode | 'link' | undefined,
  { bigint = false, throwIfNoEntry = true }: StatOptions = {},
): unknown {
  if (inode !== undefined) return statOf(inode, bigint)
  if (throwIfNoEntry) throw failure('ENOENT', 'stat')
  return undefined
}

/** Gives the thread pool a task, as a promise. */
function pooled<T>(task: Omit<PoolTask, 'deliver'>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    disk().pool.push({
      ...task,
      deliver: (error, value) => (error === undefined ? resolve(value as T) : reject(error)),
    })
  })
}

function flagsOf(flags: string | number): number {
  const { O_WRONLY, O_APPEND, O_CREAT } = fs.constants
  return flags === 'a' ? O_WRONLY | O_APPEND | O_CREAT : Number(flags)
}

/** What Node's FileHandle does, as far as it is used. */
class Handle {
  readonly fd: number
  readonly #inode: Inode | undefined

  constructor(fd: number, inode: Inode | undefined) {
    this.fd = fd
    this.#inode = inode
  }

  async stat(): Promise<unknown> {
    return statOf(disk().fstat(this.fd)!, true)
  }

  async write(bytes: Buffer, from = 0, length?: number, at?: number): Promise<object> {
    const piece = bytes.subarray(from, from + (length ?? bytes.length))
    disk().begun++
    const bytesWritten = await pooled<number>({
      name: at === undefined ? 'write' : 'rewrite',
      inode: this.#inode,
      bytes: piece,
      faults: disk().writeFaults,
      run: (fault) => disk().writeAs(this.fd, piece, at ?? null, fault),
    })
    return { bytesWritten }
  }

  async datasync(): Promise<void> {
    await pooled(syncing('fdatasync', this.fd, this.#inode))
  }

  /** Of a directory. */
  async sync(): Promise<void> {
    disk().sync(this.fd)
  }

  async close(): Promise<void> {
    if (this.#inode === undefined) return disk().close(this.fd)
    await pooled({
      name: 'close',
      inode: this.#inode,
      bytes: undefined,
      faults: 0,
      run: () => disk().close(this.fd),
    })
  }
}

function syncing(name: string, fd: number, inode: Inode | undefined): Omit<PoolTask, 'deliver'> {
  return {
    name,
    inode,
    bytes: undefined,
    faults: disk().syncFaults,
    run: (fault) => disk().syncAs(fd, fault),
  }
}

/** Calls that return when they are done. */
const blocking: readonly (readonly [name: string, simulated: Call])[] = [
  ['openSync', (path: string, flags: number) => disk().open(path, flags)],
  ['closeSync', (fd: number) => disk().close(fd)],
  ['lstatSync', (path: string, options: StatOptions) => statOfName(disk().lstat(path), options)],
  ['statSync', (path: string, options: StatOptions) => statOfName(disk().ownInode(path), options)],
  [
    'fstatSync',
    (fd: number, { bigint = false }: StatOptions = {}) => statOf(disk().fstat(fd)!, bigint),
  ],
  ['fchmodSync', () => {}],
  [
    'readSync',
    (fd: number, into: Buffer, from: number, length: number, at: number) =>
      disk().read(fd, into, from, length, at),
  ],
  [
    'writeSync',
    (fd: number, bytes: Buffer | string, from = 0, length?: number, at?: number) => {
      const all = Buffer.from(bytes)
      return disk().write(fd, all.subarray(from, from + (length ?? all.length)), at ?? null)
    },
  ],
  ['ftruncateSync', (fd: number, length: number) => disk().truncate(fd, length)],
  ['fdatasyncSync', (fd: number) => disk().sync(fd)],
  ['fsyncSync', (fd: number) => disk().sync(fd)],
  ['renameSync', (from: string, to: string) => disk().rename(from, to)],
  [
    'statfsSync',
    () => {
      const free = disk().isFull ? 0 : 1e6
      return { bavail: free, bfree: free, blocks: 1e6, bsize: 4096 }
    },
  ],
]

/** Replaces what the library takes from Node. Once, before it is loaded. */
export function simulate(): void {
  const owns = (word: unknown): boolean => Disk.owns(word) || Disk.ownsFd(word)
  for (const [name, simulated] of blocking) route(fs, name, owns, simulated)
  route(fs, 'fdatasync', owns, (fd: number, done: (error: Error | null) => void) => {
    const inode = disk().inodeOf(fd)
    const deliver = (error: Error | undefined): void => done(error ?? null)
    disk().pool.push({ ...syncing('fdatasync', fd, inode), deliver })
  })
  route(fs, 'unlink', owns, (path: string, done: () => void) => {
    disk().unlink(path)
    done()
  })
  // What the system says of limits is not what is simulated.
  route(
    fs,
    'readFileSync',
    (path) => path === '/proc/self/limits' && environment.current !== undefined,
    () => '',
  )
  route(fs.promises, 'open', owns, async (path: string, flags: string | number) => {
    const isFile = path !== '/simulated' && path !== '/simulated/logs'
    const open = (): number => disk().open(path, flagsOf(flags))
    const fd = isFile
      ? await pooled<number>({
          name: 'open',
          inode: disk().ownInode(path),
          bytes: undefined,
          faults: 0,
          run: open,
        })
      : open()
    return new Handle(fd, isFile ? disk().inodeOf(fd) : undefined)
  })
  route(fs.promises, 'stat', owns, async (path: string) => statOfName(disk().ownInode(path)))
  replaceClock()
  syncBuiltinESMExports()
}

function replaceClock(): void {
  const real = {
    setTimeout: timers.setTimeout,
    clearTimeout: timers.clearTimeout,
    setImmediate: timers.setImmediate,
    now: performance.now.bind(performance),
    wait: Atomics.wait.bind(Atomics),
  }
  const setTimer = (callback: () => void, delayMs: number): unknown => {
    const { current } = environment
    if (current === undefined) return real.setTimeout(callback, delayMs)
    const timer: Timer = {
      callback,
      delayMs,
      isArmed: true,
      refresh: () => Object.assign(timer, { isArmed: true }),
      unref: () => timer,
    }
    current.timers.push(timer)
    return timer
  }
  const clearTimer = (timer: unknown): void => {
    if (typeof timer === 'object' && timer !== null && 'isArmed' in timer) timer.isArmed = false
    else real.clearTimeout(timer as NodeJS.Timeout)
  }
  const immediate = (callback: () => void): unknown =>
    environment.current === undefined
      ? real.setImmediate(callback)
      : environment.current.immediates.push(callback)
  Object.assign(timers, {
    setTimeout: setTimer,
    clearTimeout: clearTimer,
    setImmediate: immediate,
  })
  Object.assign(performance, { now: () => environment.current?.nowMs ?? real.now() })
  Object.assign(Atomics, {
    wait: (...words: Parameters<typeof Atomics.wait>) => {
      if (environment.current === undefined) return real.wait(...words)
      environment.current.nap()
      return 'timed-out'
    },
  })
}
