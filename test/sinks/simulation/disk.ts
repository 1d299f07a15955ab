// A disk in memory, with what a real one may do: take less than it is given, refuse, answer late,
// forget what was not put on the device, and be written to by others. One directory of log files,
// and what lies above it.

import { constants } from 'node:fs'
import type { Oracle } from './oracle.ts'

export const directory = '/simulated/logs'
const parent = '/simulated'
const ownNames = /^\/(?:proc\/self|dev)\/fd\/(\d+)$/

const lineEnd = 0x0a
const space = 0x20

/** Numbers that no real descriptor has. */
const firstFd = 1_000_000

/**
 * What has become of a byte: written, on the device, or taken for written though the device has
 * refused it.
 */
type Fate = 'dirty' | 'durable' | 'lost'

/** A file, whatever its name. */
export class Inode {
  readonly id: number
  bytes: Buffer = Buffer.alloc(0)
  fates: Fate[] = []
  /** Somebody has taken it away: what is in it is gone. */
  isRemoved = false
  /** Failures of the device, each told once to each descriptor that was open then. */
  failures = 0

  constructor(id: number) {
    this.id = id
  }
}

interface Descriptor {
  /** `undefined`: of a directory. */
  readonly inode: Inode | undefined
  readonly isAppending: boolean
  failuresSeen: number
}

/** Something that the thread pool has been given. */
export interface PoolTask {
  readonly name: string
  readonly inode: Inode | undefined
  readonly bytes: Buffer | undefined
  /** How many ways there are for it to go wrong. */
  readonly faults: number
  /** Does it; what it came to is kept until it is delivered. */
  readonly run: (fault: number) => unknown
  readonly deliver: (error: Error | undefined, value: unknown) => void
  outcome?: { readonly error: Error | undefined; readonly value: unknown }
}

/** What may fail. */
export interface DiskFaults {
  readonly open: boolean
  readonly stat: boolean
  readonly read: boolean
  readonly write: boolean
  readonly sync: boolean
  readonly rename: boolean
}

export function failure(code: string, call: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${call}`), { code })
}

/** The disk. Its methods are the system's calls. */
export class Disk {
  readonly names = new Map<string, Inode | 'link'>()
  /** All files ever made, the oldest first. */
  readonly inodes: Inode[] = []
  /** Where a link leads. */
  readonly victim = new Inode(0)
  readonly pool: PoolTask[] = []
  /** The names that are on the device. */
  #durableNames = new Map<string, Inode | 'link'>()
  readonly #descriptors = new Map<number, Descriptor>()
  readonly #oracle: Oracle
  readonly #may: DiskFaults
  readonly #bytesMax: number
  #nextFd = firstFd
  /** Nothing fails any more. */
  isHealthy = false
  /** Called when a call has changed something: here the process, or the power, could end. */
  changed: (() => void) | undefined
  /** What was written could not be taken back. */
  hasRefusedCut = false
  /** Something could not be put on the device. */
  hasRefusedSync = false
  /** Writes that were begun. */
  begun = 0
  /** It says that it is full, whenever it is asked. */
  isFull = false

  /** @param bytesMax No file grows beyond it. */
  constructor(oracle: Oracle, may: DiskFaults, bytesMax: number) {
    this.#oracle = oracle
    this.#may = may
    this.#bytesMax = bytesMax
  }

  static owns(path: unknown): path is string {
    return typeof path === 'string' && (path.startsWith(parent) || isOwnName(path))
  }

  static ownsFd(fd: unknown): fd is number {
    return typeof fd === 'number' && fd >= firstFd
  }

  // --- the calls ---

  open(path: string, flags: number): number {
    if (path === directory || path === parent) return this.#describe(undefined, false)
    const isAppending = (flags & constants.O_APPEND) !== 0
    const own = ownNames.exec(path)?.[1]
    if (own !== undefined) {
      this.#mayFail('open', 'EMFILE')
      return this.#describe(this.#descriptor(Number(own)).inode, isAppending)
    }
    this.#mayFail('open', 'EMFILE')
    let inode = this.names.get(path)
    if (inode === 'link') {
      if ((flags & constants.O_NOFOLLOW) !== 0) throw failure('ELOOP', 'open')
      return this.#describe(this.victim, isAppending)
    }
    if (inode === undefined) {
      if ((flags & constants.O_CREAT) === 0) throw failure('ENOENT', 'open')
      inode = new Inode(this.inodes.length + 1)
      this.inodes.push(inode)
      this.names.set(path, inode)
      this.changed?.()
    }
    return this.#describe(inode, isAppending)
  }

  close(fd: number): void {
    if (!this.#descriptors.delete(fd)) throw failure('EBADF', 'close')
  }

  /** `undefined` for a name that is not there. */
  lstat(path: string): Inode | 'link' | undefined {
    this.#mayFail('stat', 'EACCES')
    return this.names.get(path)
  }

  fstat(fd: number): Inode | undefined {
    this.#mayFail('stat', 'EIO')
    return this.#descriptor(fd).inode
  }

  inodeOf(fd: number): Inode | undefined {
    return this.#descriptor(fd).inode
  }

  /** What a name below /proc leads to. */
  ownInode(path: string): Inode | undefined {
    return this.#descriptors.get(Number(ownNames.exec(path)?.[1]))?.inode
  }

  read(fd: number, into: Buffer, from: number, length: number, position: number): number {
    this.#mayFail('read', 'EIO')
    return this.#fileOf(fd).bytes.copy(into, from, position, position + length)
  }

  /** Ways for a write to go wrong: none of it, half of it. */
  get writeFaults(): number {
    return this.#may.write && !this.isHealthy ? 2 : 0
  }

  write(fd: number, bytes: Buffer, position: number | null): number {
    // What stands in the place of lines that came too late is written wherever they are.
    if (bytes.some((byte) => byte !== space && byte !== lineEnd)) this.begun++
    return this.writeAs(fd, bytes, position, this.#oracle.fault('write', this.writeFaults))
  }

  writeAs(fd: number, bytes: Buffer, position: number | null, fault: number): number {
    const { inode, isAppending } = this.#descriptor(fd)
    if (inode === undefined) throw failure('EBADF', 'write')
    if (fault === 1) throw failure('ENOSPC', 'write')
    const at = isAppending || position === null ? inode.bytes.length : position
    const room = this.#bytesMax - at
    if (room <= 0) throw failure('EFBIG', 'write')
    const wanted = fault === 2 ? bytes.length >> 1 : bytes.length
    const count = Math.min(wanted, room)
    const before = inode.bytes
    const after = before.subarray(at + count)
    inode.bytes = Buffer.concat([inode.bytes.subarray(0, at), bytes.subarray(0, count), after])
    for (let i = 0; i < count; i++) {
      // The same bytes once more cannot make them worse.
      const isThere = inode.fates[at + i] === 'durable' && before[at + i] === bytes[i]
      if (!isThere) inode.fates[at + i] = 'dirty'
    }
    this.changed?.()
    return count
  }

  truncate(fd: number, length: number): void {
    if (this.writeFaults > 0 && this.#oracle.fault('truncate', 1) > 0) {
      this.hasRefusedCut = true
      throw failure('EIO', 'ftruncate')
    }
    cut(this.#fileOf(fd), length)
    this.changed?.()
  }

  get syncFaults(): number {
    return this.#may.sync && !this.isHealthy ? 1 : 0
  }

  sync(fd: number): void {
    this.syncAs(fd, this.#oracle.fault('sync', this.syncFaults))
  }

  syncAs(fd: number, fault: number): void {
    const descriptor = this.#descriptor(fd)
    const { inode } = descriptor
    if (fault > 0) this.hasRefusedSync = true
    if (inode === undefined) {
      if (fault > 0) throw failure('EIO', 'fsync')
      this.#durableNames = new Map(this.names)
      return
    }
    if (fault > 0) inode.failures++
    const fate = fault > 0 ? 'lost' : 'durable'
    inode.fates = inode.fates.map((before) => (before === 'dirty' ? fate : before))
    this.changed?.()
    if (descriptor.failuresSeen === inode.failures) return
    descriptor.failuresSeen = inode.failures
    throw failure('EIO', 'fdatasync')
  }

  rename(from: string, to: string): void {
    this.#mayFail('rename', 'EBUSY')
    const inode = this.names.get(from)
    if (inode === undefined) throw failure('ENOENT', 'rename')
    this.names.delete(from)
    this.names.set(to, inode)
    this.changed?.()
  }

  unlink(path: string): void {
    const inode = this.names.get(path)
    if (inode !== undefined && inode !== 'link') inode.isRemoved = true
    this.names.delete(path)
  }

  // --- what happens beside them ---

  /** Whether a file with these names would be there after the power was cut. */
  isDurable(inode: Inode): boolean {
    return [...this.#durableNames.values()].includes(inode)
  }

  /** For each descriptor of a file, whether it has a failure of the device still to be told. */
  openingsOf(inode: Inode): readonly boolean[] {
    return [...this.#descriptors.values()].flatMap((descriptor) =>
      descriptor.inode === inode ? [descriptor.failuresSeen < inode.failures] : [],
    )
  }

  /**
   * The process is killed: its descriptors are closed, and what the thread pool has not begun is
   * never done.
   */
  kill(): void {
    this.#descriptors.clear()
    this.pool.length = 0
  }

  /** Has the thread pool do something. */
  run(task: PoolTask, fault: number): void {
    try {
      task.outcome = { error: undefined, value: task.run(fault) }
    } catch (error) {
      task.outcome = { error: error as Error, value: undefined }
    }
  }

  #mayFail(what: keyof DiskFaults, code: string): void {
    if (!this.isHealthy && this.#may[what] && this.#oracle.fault(what, 1) > 0)
      throw failure(code, what)
  }

  #describe(inode: Inode | undefined, isAppending: boolean): number {
    const fd = this.#nextFd++
    this.#descriptors.set(fd, { inode, isAppending, failuresSeen: inode?.failures ?? 0 })
    return fd
  }

  #descriptor(fd: number): Descriptor {
    const descriptor = this.#descriptors.get(fd)
    if (descriptor === undefined) throw failure('EBADF', 'descriptor')
    return descriptor
  }

  #fileOf(fd: number): Inode {
    const { inode } = this.#descriptor(fd)
    if (inode === undefined) throw failure('EISDIR', 'read')
    return inode
  }
}

/** Beyond the end, a file is filled with zeros. */
export function cut(inode: Inode, length: number): void {
  const zeros = Buffer.alloc(Math.max(0, length - inode.bytes.length))
  inode.bytes = Buffer.concat([inode.bytes.subarray(0, length), zeros])
  inode.fates = [...inode.bytes].map((_, i) => inode.fates[i] ?? 'dirty')
}

function isOwnName(path: string): boolean {
  const fd = ownNames.exec(path)?.[1]
  return fd !== undefined && Number(fd) >= firstFd
}
