// The file behind a block: memory of the system that outlives the process, in /dev/shm, where no
// disk is ever waited for. It is made, mapped, found again by whoever comes next, and removed.
//
// - Its pages are written before they are mapped: at the first touch of one that the system could
//   not give, it would end the process (SIGBUS). Where even the writing would do so, since the
//   control group has come to its limit, it is refused before.
// - It is never unmapped: the memory stays reachable as long as a view of it does, and a touch
//   after that would end the process as well. The end of the process unmaps it.
// - Beside it is a named pipe, which its owner keeps open. The system closes it when the owner's
//   thread ends, however it ends; so anybody can tell whether he lives, also where his pid says
//   nothing, in another container. Paused he lives: a ring that was taken from him then would be
//   written twice.
// - Nobody but the user may open it, and it is opened by nobody else's name: the name is new, and
//   no link is followed.

import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { setMode } from '../directory/attributes.ts'
import { type Life, lifeOf, type LockOwner, self } from '../directory/lock-owner.ts'
import { guards, readOurs } from '../directory/open-flags.ts'
import { wallMs } from '../entry/clock.ts'
import { memoryLeft } from './memory-limit.ts'

/** Where memory has names. */
const shared = '/dev/shm'
const mode = 0o600
/** A larger file is none of ours, in bytes. */
const fileBytesMax = 1 << 30
/** What a ring that is not believed is called from then on. */
const asideEnding = '.aside'
/**
 * What the pipe beside a ring is called; and until it is open, when it would say that nobody lives.
 */
const pipeEnding = '.pipe'
const newPipeEnding = '.pipe-new'

/** What nobody knows the maker of, and has no head for so long, is removed, in milliseconds. */
const unmadeMsMax = 3_600_000

/** Why there is no file: what is needed, in words that complete "expected …". */
export class RingUnavailable extends Error {}

/** What we use of koffi. */
interface Koffi {
  load(name: string | null): { func(prototype: string): (...args: unknown[]) => unknown }
  address(pointer: unknown): bigint
  view(pointer: unknown, bytes: number): ArrayBuffer
  errno(): number
}

/** A file that is mapped. */
export interface RingFile {
  readonly path: string
  readonly memory: ArrayBuffer
}

/** The files of this thread that are in use, each with the descriptor of its pipe. */
const inUse = new Map<string, number | undefined>()

/** What all rings of one log directory are called, up to who has made them. */
function prefixOf(directory: string): string {
  const name = createHash('sha256').update(realPathOf(directory)).digest('hex').slice(0, 24)
  return `ringlog-${process.geteuid?.() ?? 0}-${name}-`
}

/**
 * A new name: it says who makes the ring, since the file does not do so from the beginning. What
 * memory of the system holds is of this boot.
 */
function newName(directory: string): string {
  const { pid, thread, started, pids } = self()
  const space = /\d+/.exec(pids)?.[0] ?? ''
  const random = randomBytes(8).toString('hex')
  return `${prefixOf(directory)}${pid}.${thread}.${started}.${space}-${random}`
}

const makerPattern = /-(\d+)\.(\d+)\.(\d*)\.(\d*)-[0-9a-f]+$/

/** Who has made a ring, by its name; undefined where it does not say so. */
function makerOf(path: string): LockOwner | undefined {
  const found = makerPattern.exec(path)
  if (found === null) return undefined
  const [, pid, thread, started = '', space = ''] = found
  const pids = space === '' ? '' : `pid:[${space}]`
  const { boot, host } = self()
  return { pid: Number(pid), thread: Number(thread), started, boot, pids, host }
}

function lifeOfMaker(path: string): Life {
  const maker = makerOf(path)
  return lifeOfOwner(path, maker === undefined ? 'unsure' : lifeOf(maker))
}

/** Whether somebody else is at work with a ring, as far as its name and its pipe tell. */
export function isInUse(path: string): boolean {
  const maker = makerOf(path)
  const life = lifeOfMaker(path)
  return (maker === undefined || !isThisThread(maker)) && (life === 'alive' || life === 'there')
}

/** Whether an owner is the thread that asks. Its rings that are in use are not found. */
export function isThisThread({ pid, thread, started }: LockOwner): boolean {
  const me = self()
  return pid === me.pid && thread === me.thread && started === me.started
}

/** Whether the owner of a ring lives: by its pipe, where nothing else is certain. */
export function lifeOfOwner(path: string, seen: Life): Life {
  if (seen === 'alive' || seen === 'dead') return seen
  let fd: number
  try {
    // Without waiting: that fails when nobody has the other end open.
    fd = openSync(path + pipeEnding, constants.O_WRONLY | guards)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENXIO' ? 'dead' : seen
  }
  try {
    const stat = fstatSync(fd)
    return stat.isFIFO() && stat.uid === process.geteuid?.() ? 'alive' : seen
  } finally {
    closeSync(fd)
  }
}

/** A directory by its own name, also while it is not there. */
export function realPathOf(directory: string): string {
  try {
    return realpathSync(directory)
  } catch {
    const above = dirname(directory)
    return above === directory ? directory : join(realPathOf(above), basename(directory))
  }
}

/**
 * Makes a file of zeros, and maps it.
 *
 * @throws {RingUnavailable} when that cannot be done here.
 */
export function makeRingFile(directory: string, bytes: number): RingFile {
  if (process.platform !== 'linux') {
    throw new RingUnavailable('"memory" on this system: shared memory is used on Linux only')
  }
  const { map, makePipe } = system()
  requireMemory(directory, bytes)
  const path = join(shared, newName(directory))
  // First: from the beginning it is to be seen that the owner lives.
  const pipe = openPipe(path, makePipe)
  let fd = -1
  try {
    fd = openNew(path)
    // Beyond what it was opened with, it only gives back what the umask has taken.
    setMode(fd, path, mode)
    fill(fd, bytes)
    const memory = map(fd, bytes)
    inUse.set(path, pipe)
    return { path, memory }
  } catch (error) {
    closeSync(pipe)
    removeBoth(path)
    throw error
  } finally {
    if (fd !== -1) closeSync(fd)
  }
}

/**
 * Maps a file that another thread of the process has made.
 *
 * @throws {RingUnavailable} when that cannot be done here.
 */
export function mapRingFile(path: string): ArrayBuffer {
  const { map } = system()
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW)
  try {
    const memory = map(fd, fstatSync(fd).size)
    inUse.set(path, undefined)
    return memory
  } finally {
    closeSync(fd)
  }
}

/** Makes the pipe of a ring, and opens the end by which its owner is known. */
function openPipe(ring: string, make: (path: string) => number): number {
  const path = ring + newPipeEnding
  const problem = make(path)
  if (problem !== 0) {
    throw new RingUnavailable(`a ${shared} in which pipes can be made (mkfifo: error ${problem})`)
  }
  const fd = openSync(path, readOurs)
  renameSync(path, ring + pipeEnding)
  return fd
}

function openNew(path: string): number {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  try {
    return openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
  } catch (error) {
    throw new RingUnavailable(`a writable ${shared} (${(error as Error).message})`)
  }
}

/**
 * Whether a file is no ring yet: its head is written last. Whoever makes it may be about to; if he
 * is not to be seen from here, an hour is enough for that.
 *
 * @returns undefined for a ring.
 */
export function unmade(path: string): 'abandoned' | 'begun' | undefined {
  const fd = openSync(path, readOurs)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return undefined
    const head = Buffer.alloc(8)
    const read = head.subarray(0, readSync(fd, head, 0, head.length, 0))
    if (!read.every((byte) => byte === 0)) return undefined
    return isAbandoned(path, stat.mtimeMs) ? 'abandoned' : 'begun'
  } finally {
    closeSync(fd)
  }
}

function isAbandoned(path: string, mtimeMs: number): boolean {
  const life = lifeOfMaker(path)
  return life === 'dead' || (life === 'unsure' && wallMs() - mtimeMs > unmadeMsMax)
}

/** @throws {RingUnavailable} where the system would answer the writing of so much by SIGKILL. */
function requireMemory(directory: string, bytes: number): void {
  removeAbandoned(directory)
  const memory = memoryLeft()
  const { sum, most } = bytesLeftBehind(directory)
  // Whoever recovers a ring reads it as a whole.
  const needed = bytes + most
  if (memory === undefined || memory.left >= needed) return
  const { left, limit, isGroup } = memory
  const whose = isGroup ? 'the control group of the process' : 'the machine'
  const how = isGroup ? ' (docker run --memory; in Kubernetes resources.limits.memory)' : ''
  const also =
    sum === 0
      ? ''
      : `; killed processes have left ${mib(sum)} MiB, which ring "memory" writes as well`
  throw new RingUnavailable(
    `${mib(needed)} MiB of memory, of which ${whose} has ${mib(left)} left of ${mib(limit)}${how}, ` +
      `or a smaller buffer.bytes${also}`,
  )
}

/** Removes what was killed in the middle of being made: its memory counts until then. */
function removeAbandoned(directory: string): void {
  for (const path of findRingFiles(directory)) {
    try {
      if (unmade(path) === 'abandoned') removeRingFile(path)
    } catch {
      // It is gone, or somebody else's.
    }
  }
}

/** Bytes of the rings that the next start will write: of all, and of the largest. */
function bytesLeftBehind(directory: string): { sum: number; most: number } {
  let [sum, most] = [0, 0]
  for (const path of findRingFiles(directory)) {
    try {
      if (isInUse(path)) continue
      const { size } = lstatSync(path)
      sum += size
      most = Math.max(most, size)
    } catch {
      // It is gone.
    }
  }
  return { sum, most }
}

/** Has the system give all pages now. */
function fill(fd: number, bytes: number): void {
  const zeros = Buffer.alloc(Math.min(bytes, 1 << 20))
  try {
    for (let at = 0; at < bytes;) at += writeSync(fd, zeros, 0, Math.min(zeros.length, bytes - at))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EFBIG') {
      throw new RingUnavailable(`a limit on the size of files (ulimit -f) above ${mib(bytes)} MiB`)
    }
    if (code !== 'ENOSPC') throw error
    const { blocks, bavail, bsize } = statfsSync(shared)
    const [free, all] = [mib(bavail * bsize), mib(blocks * bsize)]
    throw new RingUnavailable(
      `${mib(bytes)} MiB free in ${shared}, which has ${free} of ${all} (docker run --shm-size; ` +
        'in Kubernetes an emptyDir with medium Memory at /dev/shm), or a smaller buffer.bytes',
    )
  }
}

function mib(bytes: number): number {
  return Math.round((bytes / (1 << 20)) * 10) / 10
}

/** What the system is asked through koffi. */
interface System {
  /** Maps a descriptor. */
  readonly map: (fd: number, bytes: number) => ArrayBuffer
  /** Makes a named pipe; returns the number of the error, 0 for none. */
  readonly makePipe: (path: string) => number
}

function system(): System {
  let koffi: Koffi
  try {
    koffi = packageLoader()('koffi') as Koffi
  } catch (error) {
    const [reason] = (error as Error).message.split('\n')
    throw new RingUnavailable(`the package koffi (npm install koffi): ${reason ?? ''}`)
  }
  const libc = koffi.load(null)
  const mmap = libc.func(
    'void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)',
  )
  const mkfifo = libc.func('int mkfifo(const char *path, unsigned int mode)')
  return {
    map(fd, bytes) {
      // PROT_READ | PROT_WRITE; MAP_SHARED | MAP_POPULATE.
      const pointer = mmap(null, bytes, 3, 0x8001, fd, 0)
      const address = pointer === null ? -1n : koffi.address(pointer)
      if (address === -1n || address === 0xffff_ffff_ffff_ffffn) {
        throw new RingUnavailable(`memory to be mapped (mmap: error ${koffi.errno()})`)
      }
      return koffi.view(pointer, bytes)
    },
    makePipe: (path) => (mkfifo(path, mode) === 0 ? 0 : koffi.errno()),
  }
}

/**
 * What loads a package of ours. Made when it is needed: in a CommonJS bundle there is no
 * `import.meta.url`, and the bundle's own path stands in for it.
 */
function packageLoader(): NodeJS.Require {
  const { url } = import.meta as { readonly url?: string }
  return createRequire(url ?? __filename)
}

/** The rings that others have left of a directory, by path. Those of this thread are in use. */
export function findRingFiles(directory: string): string[] {
  if (process.platform !== 'linux') return []
  const prefix = prefixOf(directory)
  let names: string[]
  try {
    names = readdirSync(shared).filter((name) => name.startsWith(prefix))
  } catch {
    return []
  }
  const paths = names.map((name) => join(shared, name))
  for (const path of paths) removeLonely(path)
  const others = [asideEnding, pipeEnding, newPipeEnding]
  return paths.filter((path) => !others.some((end) => path.endsWith(end)) && !inUse.has(path))
}

/** Removes a pipe beside which no ring was made, or is any more. */
function removeLonely(path: string): void {
  const ending = [pipeEnding, newPipeEnding].find((end) => path.endsWith(end))
  if (ending === undefined) return
  const ring = path.slice(0, -ending.length)
  try {
    if (!existsSync(ring) && isAbandoned(ring, lstatSync(path).mtimeMs)) {
      rmSync(path, { force: true })
    }
  } catch {
    // It is gone, or somebody else's.
  }
}

/**
 * Reads such a file. It is not mapped: one that somebody cuts meanwhile is only short.
 *
 * @returns in one sentence why it is not to be believed, where it is not.
 */
export function readRingFile(path: string): Buffer | string {
  const fd = openSync(path, readOurs)
  try {
    const { uid, mode: found, nlink, size } = fstatSync(fd)
    const stat = fstatSync(fd)
    if (!stat.isFile()) return 'it is no regular file'
    if (uid !== process.geteuid?.()) return `it belongs to user ${uid}`
    if ((found & 0o077) !== 0) return 'others may open it'
    if (nlink !== 1) return 'it has another name as well'
    if (size > fileBytesMax) return `it has ${size} bytes`
    const bytes = Buffer.alloc(size)
    let read = 0
    while (read < size) {
      const count = readSync(fd, bytes, read, size - read, read)
      if (count === 0) return 'it was cut while it was read'
      read += count
    }
    return bytes
  } finally {
    closeSync(fd)
  }
}

/** Changes a ring that somebody has left: `store` puts a few bytes at a place, at once. */
export function changeRingFile(
  path: string,
  change: (store: (bytes: Uint8Array, at: number) => void) => void,
): void {
  const fd = openSync(path, constants.O_WRONLY | guards)
  try {
    change((bytes, at) => {
      if (writeSync(fd, bytes, 0, bytes.length, at) < bytes.length) throw new Error('short write')
    })
  } finally {
    closeSync(fd)
  }
}

/** Gives a ring that is not believed a name under which nobody looks for it; returns that. */
export function putAside(path: string): string {
  const aside = path + asideEnding
  try {
    renameSync(path, aside)
    rmSync(path + pipeEnding, { force: true })
    return aside
  } catch {
    // Another user's: it stays, and is told at each start.
    return path
  }
}

export function removeRingFile(path: string): void {
  letGo(path)
  removeBoth(path)
}

/** A file of this thread is no longer written to, and holds what the next start is to have. */
export function leaveRingFile(path: string): void {
  letGo(path)
}

function letGo(path: string): void {
  const pipe = inUse.get(path)
  inUse.delete(path)
  if (pipe !== undefined) closeSync(pipe)
}

/** The ring first: a pipe without one is removed by whoever finds it. */
function removeBoth(path: string): void {
  rmSync(path, { force: true })
  rmSync(path + pipeEnding, { force: true })
}
