// The configuration of a logger that runs. Parts that can take another one look here each time; the
// rest stays as it was when the logger was made, and is named.

import { ownPath } from '../config/instance.ts'
import type { ResolvedConfig } from '../config/resolve.ts'

/** A key whose value is another. */
export interface ConfigChange {
  /** Its path: `rotation.max_files`. */
  readonly what: string
  /** Undefined: it was not there. */
  readonly from: unknown
  readonly to: unknown
}

/** What a new configuration comes to. */
export interface Taken {
  /** What holds now. */
  readonly changed: readonly ConfigChange[]
  /** What was asked for, and cannot be had while the logger runs. */
  readonly stays: readonly ConfigChange[]
}

/** What holds now. */
export class LiveConfig {
  config: ResolvedConfig
  /** Where the files are, of this instance; empty where there are none. */
  readonly directory: string
  readonly #categories: ReadonlySet<string>

  /** @param categories The names of all categories that there are. */
  constructor(config: ResolvedConfig, categories: Iterable<string>) {
    this.config = config
    this.directory = config.log_path === null ? '' : ownPath(config.log_path)
    this.#categories = new Set(categories)
  }

  /** Takes a configuration as a whole, as far as it can change. */
  take(next: ResolvedConfig): Taken {
    const before = this.config
    const hasFiles = before.log_path !== null
    const isKnown = ([name]: readonly [string, unknown]): boolean => this.#categories.has(name)
    const durability = Object.entries(next.durability).filter(isKnown)
    const now: ResolvedConfig = {
      ...before,
      log_level: next.log_level,
      levels: Object.fromEntries(Object.entries(next.levels).filter(isKnown)),
      rotation: next.rotation,
      retention_days: next.retention_days,
      console: next.console,
      console_level: next.console_level,
      stdout: !hasFiles && next.stdout === 'off' ? before.stdout : next.stdout,
      stdout_level: next.stdout_level,
      redact: next.redact,
      // What is held would not survive the process.
      repetition: before.buffer.ring === 'shared' ? before.repetition : next.repetition,
      // Nothing is ever on a device that has no files.
      durability: Object.fromEntries(
        durability.filter(([, durable]) => hasFiles || durable !== 'synced'),
      ),
      buffer: { ...before.buffer, flush_ms: next.buffer.flush_ms },
    }
    this.config = now
    return { changed: differences(before, now), stays: differences(now, next) }
  }
}

/** The keys whose values are others, in the order of their paths. */
function differences(before: object, after: object): ConfigChange[] {
  const from = new Map(leavesOf(before))
  const to = new Map(leavesOf(after))
  return [...new Set([...from.keys(), ...to.keys()])]
    .toSorted()
    .filter((what) => JSON.stringify(from.get(what)) !== JSON.stringify(to.get(what)))
    .map((what) => ({ what, from: from.get(what), to: to.get(what) }))
}

/** The values that are no objects, lists as a whole, each with its path. */
function leavesOf(value: object, path = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) => {
    const at = path === '' ? key : `${path}.${key}`
    const isObject = typeof member === 'object' && member !== null && !Array.isArray(member)
    return isObject ? leavesOf(member, at) : [[at, member] as [string, unknown]]
  })
}
