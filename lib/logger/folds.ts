// Folds, `logging.repetition`: a storm of one and the same call. The first one is written. The
// later ones are held, each in the place of the one before. When the time is over, two entries are
// written: how many they were, and the last.
//
//   calls   1   2   3   4   …   4711        the time is over, flush(), close(), an exit
//           │   └───┴───┴─ held, one ─┐      │
//   files   1                         └─► "4709 entries of the same call were folded", 4711
//
// What is folded takes no numbers, so that seq and lsn go on without a gap. The last one takes its
// own when it is written: it stands behind what was logged in the meantime, with the time of its
// call. A minute at most lies between the two, as much as the reading side allows a clock to be set
// back within a file.
//
// Only calls that are captured straight away are folded: one from within another's capture (a
// getter that logs) is written. So is what would make the table, or what it holds, too large.

import type { CategoryTemplate } from '../deliver/category.ts'
import type { Counters } from '../deliver/counters.ts'
import type { Clock } from '../deliver/pump.ts'
import { HeldEntry } from '../capture/held-entry.ts'
import type { Lanes } from '../capture/lanes.ts'
import { levelNames, severityOf, WARNING } from '../entry/level.ts'
import type { ResolvedConfig } from '../config/resolve.ts'

/** Calls that are known at a time. */
const foldsMax = 1024
/** A longer message is no text of the program's own, and would be kept as a key. UTF-16 units. */
const messageCharsMax = 1024
/** How long to wait where there was no room for what is held, in milliseconds. */
const againMs = 50

/** An entry but for its values. */
export type HeldParts = Pick<
  HeldEntry<CategoryTemplate>,
  'template' | 'message' | 'accountId' | 'time'
>

/** Where the values of an entry end in the lanes. */
export interface LaneEnds {
  readonly tagEnd: number
  readonly numEnd: number
  readonly refEnd: number
}

/** One and the same call, from the first of its kind until the time is over. */
export class Fold {
  readonly key: string | object
  /** Those of its category and level. */
  readonly siblings: Map<string | object, Fold>
  readonly endsAt: number
  calls = 1
  /** Entries folded since something of it was written. */
  folded = 0
  /** The moments of the first and the last of these. */
  from = 0
  to = 0
  held: HeldEntry<CategoryTemplate> | undefined = undefined

  constructor(key: string | object, siblings: Map<string | object, Fold>, endsAt: number) {
    this.key = key
    this.siblings = siblings
    this.endsAt = endsAt
  }

  /** Holds what stands in the lanes up to the given places; true when another one was held. */
  hold(
    { template, message, accountId, time }: HeldParts,
    lanes: Lanes,
    { tagEnd, numEnd, refEnd }: LaneEnds,
  ): boolean {
    const { held } = this
    if (held === undefined) {
      const first = new HeldEntry(template, message, accountId, time)
      first.take(lanes, tagEnd, numEnd, refEnd)
      this.held = first
      return false
    }
    held.take(lanes, tagEnd, numEnd, refEnd)
    if (this.folded === 0) this.from = held.time
    this.to = held.time
    this.folded++
    held.template = template
    held.message = message
    held.accountId = accountId
    held.time = time
    return true
  }
}

export interface FoldsOptions {
  readonly rules: ResolvedConfig['repetition']
  readonly counters: Pick<Counters, 'folded'>
  /** What may be held, in UTF-16 units. */
  readonly charsMax: number
  readonly clock: Clock
  /** Called when the time of some folds is over. */
  readonly over: () => void
}

/** All calls that are known. */
export class Folds {
  readonly #foldMs: number
  readonly #burst: number
  readonly #severityMax: number
  readonly #except: ReadonlySet<string>
  readonly #counters: Pick<Counters, 'folded'>
  readonly #charsMax: number
  readonly #clock: Clock
  readonly #over: () => void
  /** By category and level. */
  readonly #calls: (Map<string | object, Fold> | undefined)[] = []
  /** In the order in which they began, which is that of their ends. */
  readonly #folds = new Set<Fold>()
  #chars = 0
  #timer: ReturnType<Clock['setTimeout']> | undefined

  constructor({ rules, counters, charsMax, clock, over }: FoldsOptions) {
    this.#foldMs = rules.fold_s * 1000
    this.#burst = rules.burst
    this.#severityMax = severityOf(rules.max_level) ?? WARNING
    this.#except = new Set(rules.except)
    this.#counters = counters
    this.#charsMax = charsMax
    this.#clock = clock
    this.#over = over
  }

  /** Whether entries of a template may be folded. */
  concerns({ owner, severity }: CategoryTemplate): boolean {
    return severity <= this.#severityMax && !owner.isWritten && !this.#except.has(owner.name)
  }

  /** Takes note of a call; the fold to which it belongs when it is not to be written. */
  of(template: CategoryTemplate, message: string): Fold | undefined {
    if (!this.concerns(template)) return undefined
    const { owner, severity, event } = template
    if (event === undefined && message.length > messageCharsMax) return undefined
    const key = event ?? message
    const place = owner.index * levelNames.length + severity
    const siblings = (this.#calls[place] ??= new Map<string | object, Fold>())
    const fold = siblings.get(key)
    if (fold === undefined) {
      this.#begin(key, siblings)
      return undefined
    }
    return fold.calls++ < this.#burst ? undefined : fold
  }

  /**
   * Holds an entry whose values stand in the lanes behind their tails, up to the given places, in
   * the place of the one that its fold holds, which is counted.
   *
   * @returns false when that would be too much: then it is to be written.
   */
  hold(fold: Fold, entry: HeldParts, lanes: Lanes, ends: LaneEnds): boolean {
    const { held } = fold
    const before = sizeOf(held)
    const { message, accountId } = entry
    const size = lanes.chars + message.length + (accountId?.length ?? 0)
    if (this.#chars - before + size > this.#charsMax) return false
    if (fold.hold(entry, lanes, ends)) this.#counters.folded++
    this.#chars += size - before
    return true
  }

  /**
   * Has what is held written, and forgets those whose time is over.
   *
   * @param isAll Also of those whose time is not over.
   * @param write Writes what a fold holds; false when there is no room for it now.
   */
  release(isAll: boolean, write: (fold: Fold) => boolean): void {
    const now = this.#clock.monotonicMs()
    let isFull = false
    for (const fold of this.#folds) {
      const isOver = fold.endsAt <= now
      if (!isOver && !isAll) break
      const { held } = fold
      if (held !== undefined) {
        if (!write(fold)) {
          isFull = true
          break
        }
        this.#chars -= sizeOf(held)
        fold.held = undefined
        fold.folded = 0
      }
      if (isOver) this.#forget(fold)
    }
    this.#arm(isFull)
  }

  /** Forgets all of it. */
  close(): void {
    this.#clock.clearTimeout(this.#timer)
    this.#folds.clear()
  }

  #begin(key: string | object, siblings: Map<string | object, Fold>): void {
    if (this.#folds.size >= foldsMax && !this.#makePlace()) return
    const fold = new Fold(key, siblings, this.#clock.monotonicMs() + this.#foldMs)
    siblings.set(key, fold)
    this.#folds.add(fold)
    if (this.#timer === undefined) this.#arm(false)
  }

  /** Forgets the oldest that holds nothing: a message that is another each time. */
  #makePlace(): boolean {
    for (const fold of this.#folds) {
      if (fold.held !== undefined) continue
      this.#forget(fold)
      return true
    }
    return false
  }

  #forget(fold: Fold): void {
    fold.siblings.delete(fold.key)
    this.#folds.delete(fold)
  }

  /** Sets the timer for the first end; it does not keep the process alive: the exit writes. */
  #arm(isFull: boolean): void {
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    for (const { endsAt } of this.#folds) {
      const waitMs = isFull ? againMs : Math.max(1, endsAt - this.#clock.monotonicMs())
      this.#timer = this.#clock.setTimeout(this.#over, Math.ceil(waitMs))
      this.#timer.unref()
      return
    }
  }
}

function sizeOf(held: HeldEntry<CategoryTemplate> | undefined): number {
  return held === undefined ? 0 : held.chars + held.message.length + (held.accountId?.length ?? 0)
}
