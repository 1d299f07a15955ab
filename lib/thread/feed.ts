// Block → ring: entries that another thread has captured come into the ring of this one, with the
// numbers they have.

import type { Ring } from '../capture/ring.ts'
import type { Category, CategoryTemplate } from '../deliver/category.ts'
import type { Counters } from '../deliver/counters.ts'
import type { BlockEntry } from '../journal/read-block.ts'
import { placesMax } from '../journal/layout.ts'
import { placeValues, RestoredTemplates } from '../journal/restore.ts'
import type { Redactor } from '../redact/secret-keys.ts'

export interface FeedParts {
  readonly ring: Ring<CategoryTemplate>
  readonly categories: ReadonlyMap<string, Category>
  readonly redactor: Redactor
  readonly counters: Counters
  /** An entry that finds no room takes that of the oldest. */
  readonly dropOld: boolean
}

/**
 * Entries for which there has to be room for one whose values take other places than before: it
 * may have a key for each of them.
 */
const roomUnlike = 5

/** Puts entries into a ring. */
export class Feed {
  readonly #parts: FeedParts
  #templates: RestoredTemplates<Category>
  /** Entries taken, by severity. */
  readonly taken: number[] = [0, 0, 0, 0, 0]

  constructor(parts: FeedParts) {
    this.#parts = parts
    this.#templates = this.#fresh()
  }

  /** What counts as a secret has changed. */
  forget(): void {
    this.#templates = this.#fresh()
  }

  #fresh(): RestoredTemplates<Category> {
    const { redactor, categories } = this.#parts
    return new RestoredTemplates(redactor, (name) => categories.get(name)!)
  }

  /** Takes an entry; undefined when there is no room for it now. */
  take(entry: BlockEntry): CategoryTemplate | undefined {
    const { ring, counters } = this.#parts
    const { template, isAlike } = this.#templates.of(entry.definition)
    const { owner, severity } = template
    const chars = charsOf(entry)
    for (let entries = isAlike ? 1 : roomUnlike; entries > 0; entries--) {
      while (!ring.hasRoom(chars)) if (!this.#dropOldest()) return undefined
    }
    const { lanes } = ring
    lanes.begin(placesMax)
    const accountId = placeValues(lanes, entry, isAlike)
    lanes.chars = chars
    // Entries of this thread's own may have come meanwhile; numbers in between were dropped.
    const seq = Math.max(entry.seq, owner.accepted + 1)
    const number = Math.max(entry.lsn, ring.lastNumber + 1)
    ring.skipped += number - 1 - ring.lastNumber
    ring.commit(template, entry.time, accountId, entry.message, seq)
    owner.accepted = seq
    counters.levels[severity]!++
    this.taken[severity]!++
    return template
  }

  #dropOldest(): boolean {
    const { ring, counters, dropOld } = this.#parts
    if (!dropOld || ring.size === 0) return false
    counters.drop(ring.template.severity)
    ring.shift()
    return true
  }
}

function charsOf({ refs, message }: BlockEntry): number {
  let chars = message.length
  for (const ref of refs) chars += ref?.length ?? 0
  return chars
}
