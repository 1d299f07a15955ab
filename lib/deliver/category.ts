// A category as the write side knows it: its level, its numbering and the file it goes to.

import type { Template } from '../encode/line-template.ts'
import type { Route } from './file-queue.ts'

/** What a category's entries survive; `logging.durability` says what each means. */
export type Durability = 'buffered' | 'written' | 'synced'

/** A category of one logger. */
export class Category {
  readonly name: string
  readonly route: Route
  /** The lowest severity that is logged. */
  threshold: number
  /** The level was set for this category, so that the general one does not change it. */
  own: boolean
  /** Entries are in the operating system before the call returns. */
  readonly isWritten: boolean
  /** Entries are on the device before `flush()` resolves: they do not wait for company. */
  readonly isSynced: boolean
  /**
   * What is added to an entry's number among those of this run when its line is made; not earlier, since others may
   * write to the directory until it is ours.
   */
  seqBase = 0
  /** Entries accepted in this run: the number of the last one. */
  accepted = 0
  /** The number of the last one that is in the file. */
  written = 0
  /** Its place among the categories of the file. */
  readonly place: number

  constructor(name: string, route: Route, threshold: number, own: boolean, durability: Durability) {
    this.name = name
    this.route = route
    this.place = route.categories.size
    route.categories.set(name, this)
    this.threshold = threshold
    this.own = own
    this.isWritten = durability === 'written'
    this.isSynced = durability === 'synced'
  }
}

/** A template that knows its category. */
export interface CategoryTemplate extends Template {
  readonly owner: Category
}
