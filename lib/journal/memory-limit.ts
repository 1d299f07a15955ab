// The memory that the system has left for this process. What is in /dev/shm counts to the control
// group of the process that writes it first, and a group that has come to its limit is answered by
// SIGKILL, not by an error: so whoever is about to write much there asks before.
//
// What the system can take back is left: files that were read, swap. All doubt goes that way, since
// a refusal that was not needed is worse than what happens without a question.

import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'

/** Memory of a control group, or of the machine, in bytes. */
export interface MemoryLeft {
  /** What it may have. */
  readonly limit: number
  /** What it can still take. */
  readonly left: number
  /** False for the machine itself. */
  readonly isGroup: boolean
}

/** The system takes memory for a group in pieces, for each processor, of so many bytes. */
const stockBytes = 64 * 4096
/** A version 1 group without a limit has one that nobody comes to. */
const noLimit = 2 ** 62

/** How the two versions of control groups call things. */
interface Names {
  readonly limit: string
  readonly used: string
  /** Of memory.stat, what can be taken back. */
  readonly reclaimable: readonly string[]
  /** A file that has such a number as well. */
  readonly kernel: string | undefined
}

const versionOne: Names = {
  limit: 'memory.limit_in_bytes',
  used: 'memory.usage_in_bytes',
  reclaimable: ['total_inactive_file', 'total_active_file'],
  kernel: 'memory.kmem.usage_in_bytes',
}
const versionTwo: Names = {
  limit: 'memory.max',
  used: 'memory.current',
  reclaimable: ['inactive_file', 'active_file', 'slab_reclaimable'],
  kernel: undefined,
}

/**
 * The group, among those that this process belongs to, which has least left; or the machine.
 *
 * @param root Where proc and sys are. @default "/"
 * @returns undefined where the system does not say.
 */
export function memoryLeft(root: string = '/'): MemoryLeft | undefined {
  const machine = membersOf(textOf(join(root, 'proc/meminfo')), 1024)
  const swap = machine.get('SwapFree:') ?? Infinity
  const [total, available] = [machine.get('MemTotal:'), machine.get('MemAvailable:')]
  const all: MemoryLeft[] = []
  if (total !== undefined && available !== undefined) {
    all.push({ limit: total, left: available + swap, isGroup: false })
  }
  for (const { names, mount, own } of hierarchiesOf(root)) {
    // A group may have no more than those above it.
    for (let place = own; place.length >= mount.length; place = dirname(place)) {
      const group = groupAt(place, names, swap)
      if (group !== undefined) all.push(group)
      if (place === mount) break
    }
  }
  all.sort((one, other) => one.left - other.left)
  return all[0]
}

function groupAt(place: string, names: Names, swap: number): MemoryLeft | undefined {
  const limit = numberIn(place, names.limit)
  const used = numberIn(place, names.used)
  if (limit === undefined || limit >= noLimit || used === undefined) return undefined
  const stat = membersOf(textOf(join(place, 'memory.stat')), 1)
  let reclaimable = availableParallelism() * stockBytes + swap
  for (const name of names.reclaimable) reclaimable += stat.get(name) ?? 0
  if (names.kernel !== undefined) reclaimable += numberIn(place, names.kernel) ?? 0
  return { limit, left: Math.max(0, Math.min(limit, limit - used + reclaimable)), isGroup: true }
}

/** A hierarchy of groups that limits memory: where it is mounted, and where our group is in it. */
interface Hierarchy {
  readonly names: Names
  readonly mount: string
  readonly own: string
}

function hierarchiesOf(root: string): Hierarchy[] {
  const groups = textOf(join(root, 'proc/self/cgroup')).split('\n')
  const found: Hierarchy[] = []
  for (const line of textOf(join(root, 'proc/self/mountinfo')).split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , from = '', at = ''] = before.split(' ')
    const [type, , options = ''] = after.split(' ')
    const isOne = type === 'cgroup' && options.split(',').includes('memory')
    if (!isOne && type !== 'cgroup2') continue
    const group = groups.map((text) => groupIn(text, isOne)).find((path) => path !== undefined)
    if (group === undefined) continue
    const mount = join(root, at)
    // In a container the mount may begin at our own group, whose path says where it is outside.
    const isBelow = from === '/' || group === from || group.startsWith(`${from}/`)
    const own = isBelow ? join(mount, from === '/' ? group : group.slice(from.length)) : mount
    // A path that leads out of the mount is one of another namespace.
    const isWithin = own === mount || own.startsWith(`${mount}/`)
    found.push({ names: isOne ? versionOne : versionTwo, mount, own: isWithin ? own : mount })
  }
  return found
}

/** The path in a line of /proc/self/cgroup, if it is that of the hierarchy. */
function groupIn(line: string, isOne: boolean): string | undefined {
  const match = /^\d+:([^:]*):(.*)$/.exec(line)
  if (match === null) return undefined
  const [, controllers = '', path = ''] = match
  const isThat = isOne ? controllers.split(',').includes('memory') : controllers === ''
  return isThat ? path.replace(/\/$/, '') || '/' : undefined
}

function numberIn(place: string, name: string): number | undefined {
  const text = textOf(join(place, name)).trim()
  return /^\d+$/.test(text) ? Number(text) : undefined
}

/** Lines of a name and a number. */
function membersOf(text: string, unit: number): ReadonlyMap<string, number> {
  const members = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [name = '', number = ''] = line.split(/\s+/)
    if (/^\d+$/.test(number)) members.set(name, Number(number) * unit)
  }
  return members
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // This system has no such file: it does not limit memory so.
    return ''
  }
}
