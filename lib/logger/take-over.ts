// A writer thread has ended: what it left is written by this one. Numbers go on where they were.
//
// With the directory in hand, what the files do not have is appended to them, as after a process
// that was killed. Where that fails, the entries come into the ring of this thread, and wait for
// their files like any others.

import { builtinCategories } from '../entry/builtin-categories.ts'
import type { CategoryTemplate } from '../deliver/category.ts'
import { type BlockEntry, inLog } from '../journal/read-block.ts'
import { entriesFrom, wordOf } from '../journal/entries-in-files.ts'
import { lastBaseOf } from '../journal/handed-progress.ts'
import { Feed } from '../thread/feed.ts'
import type { Hand, Left } from '../thread/hand.ts'
import type { Files } from './place.ts'

/** What was left, as long as it is not written. */
export class Takeover {
  readonly #files: Files
  readonly #directory: string
  #entries: readonly BlockEntry[]
  /** The same, by place, with the numbers that they bear in the files. */
  #numbered: readonly BlockEntry[]
  readonly #hand: Hand
  /** Where they end in the block. */
  readonly #end: number

  constructor(files: Files, directory: string, { entries, bases }: Left) {
    const { numbering, categories, routes, ring, hand } = files
    this.#files = files
    this.#directory = directory
    this.#entries = entries
    this.#hand = hand!
    this.#end = this.#hand.ring.block.tail
    this.#hand.ring.isLeft = true
    numbering.lsnBase = lastBaseOf(bases.lsn)
    for (const category of categories.values()) {
      category.seqBase = lastBaseOf(bases.seqs[category.name])
      category.written = category.accepted
    }
    for (const route of routes.values()) route.lastNumber = ring.lastNumber
    this.#numbered = entries.map((entry) => inLog(entry, bases))
  }

  /** The directory has become ours. `write`: what writes the entries that the files do not have. */
  recover(write: (entries: readonly BlockEntry[]) => void): void {
    if (this.#entries.length === 0) return
    try {
      write(this.#numbered)
    } catch (error) {
      this.#files.counters.fail(error as Error)
      return
    }
    this.#files.counters.written += this.#entries.length
    this.#entries = this.#numbered = []
    this.#hand.ring.block.releaseTo(this.#end)
  }

  /** Everything is open: what has not been written waits for its file. */
  keep(): void {
    this.#keep()
    this.#hand.ring.isLeft = false
  }

  #keep(): void {
    const { ring, pump, categories, routes, counters, redactor } = this.#files
    const kept = this.#missing()
    const [first] = kept
    this.#entries = this.#numbered = []
    const { ring: handed } = this.#hand
    if (first === undefined) {
      handed.block.releaseTo(this.#end)
      return
    }
    // They stand in the block.
    const { isJournaling } = handed
    handed.isJournaling = false
    const last = ring.lastNumber
    const accepted = new Map([...categories].map(([name, category]) => [name, category.accepted]))
    const levels = [...counters.levels]
    ring.skipped += first.lsn - 1 - ring.lastNumber
    for (const route of routes.values()) route.lastNumber = first.lsn - 1
    for (const entry of kept.toReversed()) {
      const category = categories.get(entry.definition.category)!
      category.accepted = category.written = entry.seq - 1
    }
    const feed = new Feed({ ring, categories, redactor, counters, dropOld: false })
    for (const entry of kept) {
      let template: CategoryTemplate | undefined
      for (let tries = 0; tries < 4 && template === undefined; tries++) {
        template = feed.take(entry)
        if (template === undefined) pump.makeRoom()
      }
      if (template === undefined) counters.drop(entry.definition.severity)
      else pump.schedule(template)
    }
    handed.isJournaling = isJournaling
    // They were counted when they were accepted.
    levels.forEach((entries, severity) => {
      counters.levels[severity] = entries
    })
    for (const [name, category] of categories) category.accepted = accepted.get(name)!
    ring.skipped += last - ring.lastNumber
  }

  /** The entries that their files do not have; those that they have are counted. */
  #missing(): readonly BlockEntry[] {
    const first = this.#numbered[0]?.lsn ?? 0
    const held = new Map<string, ReadonlySet<string>>()
    const heldIn = (file: string): ReadonlySet<string> => {
      let words = held.get(file)
      if (words === undefined) {
        try {
          words = entriesFrom(this.#directory, file, first)
        } catch {
          // It cannot be read: better twice than not at all.
          words = new Set<string>()
        }
        held.set(file, words)
      }
      return words
    }
    const { categories, counters } = this.#files
    return this.#entries.filter((_, at) => {
      const { definition, seq, lsn, time } = this.#numbered[at]!
      const { category } = definition
      const file = categories.get(category)?.route.file ?? builtinCategories.system
      const isHeld = heldIn(file).has(wordOf({ category, seq, lsn, time }))
      if (isHeld) counters.written++
      return !isHeld
    })
  }
}
