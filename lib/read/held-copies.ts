// Copies in `error.log` that wait. Their own files are written side by side with it, so a copy may
// be seen before the entries that stand above its own; given out at once, these would come too
// late.
//
//   error.log   2e               ─► waits
//   system.log        1  2e  3   ─► 1  2e  3       the entry has come
//   system.log        3          ─► 2e  3          it has been rotated away: the copy stands for it

import { builtinCategories, errorFile } from '../entry/builtin-categories.ts'
import { monotonicMs } from '../entry/clock.ts'
import { ERROR } from '../entry/level.ts'
import type { TakenLine } from './line-batch.ts'

/** Bytes of all that wait. Beyond, the oldest go out. */
const heldBytesMax = 1 << 24
/**
 * How long a copy waits whose category has been seen nowhere else and has no file by its name:
 * `error.log` is its own file. Milliseconds.
 */
const ownerlessMs = 3000

interface Held {
  readonly line: TakenLine
  readonly sinceMs: number
}

/** Knows which lines are copies, and keeps those that cannot go out yet. */
export class HeldCopies {
  /** By category, in the order of their numbers. */
  readonly #held = new Map<string, Held[]>()
  /** Categories of which a line was seen elsewhere, or one in `error.log` that is no copy. */
  readonly #elsewhere = new Set<string>()
  readonly #owners = new Set<string>(['error'])
  #bytes = 0

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  /** Whether a line may be the copy of one in another file. */
  isCopy({ category, severity, base }: TakenLine): boolean {
    if (base !== errorFile) {
      this.#elsewhere.add(category)
      return false
    }
    if (this.#owners.has(category)) return false
    // What is no error is not copied.
    if (severity >= ERROR) return true
    this.#owners.add(category)
    return false
  }

  /** Keeps a copy; returns those that have to go out instead. */
  hold(line: TakenLine): TakenLine[] {
    const { category, bytes, from, to } = line
    let held = this.#held.get(category)
    if (held === undefined) this.#held.set(category, (held = []))
    if ((held.at(-1)?.line.seq ?? 0) >= line.seq) return []
    const copy = Buffer.from(bytes.subarray(from, to))
    held.push({
      line: { ...line, bytes: copy, from: 0, to: copy.length },
      sinceMs: monotonicMs(),
    })
    this.#bytes += copy.length
    return this.#bytes > heldBytesMax ? this.#release(category, Infinity) : []
  }

  /** Those of the same category up to this number. */
  upTo({ category, seq }: TakenLine): TakenLine[] {
    return this.#release(category, seq)
  }

  /** Those whose category turns out to have `error.log` as its own file. */
  ownerless(bases: readonly string[]): TakenLine[] {
    if (this.isEmpty) return []
    return [...this.#held].flatMap(([category, held]) => {
      const [first] = held
      const hasFile = Object.hasOwn(builtinCategories, category)
      const isOwned = hasFile || this.#elsewhere.has(category) || bases.includes(`${category}.log`)
      if (first === undefined || isOwned) return []
      if (monotonicMs() - first.sinceMs < ownerlessMs) return []
      this.#owners.add(category)
      return this.#release(category, Infinity)
    })
  }

  all(): TakenLine[] {
    return [...this.#held.keys()].flatMap((category) => this.#release(category, Infinity))
  }

  /** Takes out those up to a number; entries that have come meanwhile may be among them. */
  #release(category: string, last: number): TakenLine[] {
    const held = this.#held.get(category) ?? []
    const count = held.findIndex(({ line }) => line.seq > last)
    const released = held.splice(0, count === -1 ? held.length : count).map(({ line }) => line)
    for (const { to } of released) this.#bytes -= to
    return released
  }
}
