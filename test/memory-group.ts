// A control group with a limit of memory, for processes that the system is to kill.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where groups with memory are: version 1, version 2. */
const versions = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events' },
] as const

export class MemoryGroup {
  readonly #place: string
  readonly #version: (typeof versions)[number]

  /** @throws when there can be none here. */
  constructor() {
    const version = versions.find(({ root, limit }) => {
      // The file of a limit is in every group but the topmost one of version 2.
      return existsSync(join(root, limit)) || existsSync(join(root, 'cgroup.subtree_control'))
    })
    if (version === undefined) throw new Error('no control groups for memory')
    this.#version = version
    this.#place = join(version.root, `ringlog-test-${randomBytes(6).toString('hex')}`)
    mkdirSync(this.#place)
    if (existsSync(this.limitFile)) return
    this.remove()
    throw new Error('the control groups do not limit memory')
  }

  get limitFile(): string {
    return join(this.#place, this.#version.limit)
  }

  get usedFile(): string {
    return join(
      this.#place,
      this.limitFile.endsWith('max') ? 'memory.current' : 'memory.usage_in_bytes',
    )
  }

  limit(bytes: number): void {
    writeFileSync(this.limitFile, String(bytes))
  }

  /** Words in front of a command that is to run in the group. */
  get before(): readonly string[] {
    const script = `echo $$ >${join(this.#place, 'cgroup.procs')} && exec "$@"`
    return ['sh', '-c', script, 'sh']
  }

  /** Processes that the system has killed. */
  get kills(): number {
    const text = readFileSync(join(this.#place, this.#version.events), 'utf8')
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1])
  }

  remove(): void {
    rmdirSync(this.#place)
  }
}

/** Why no process can be given a limit here; undefined when it can. */
export function whyNoMemoryGroup(): string | undefined {
  try {
    new MemoryGroup().remove()
    return undefined
  } catch (error) {
    return `needs control groups that limit memory (${(error as Error).message})`
  }
}
