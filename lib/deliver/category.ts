// A category as the write side knows it: its level, its numbering and the file it goes to.

import { type Template, templateOf } from '../encode/line-template.ts'
import { levelNames } from '../entry/level.ts'
import type { Route } from './route.ts'

/** What a category's entries survive; `logging.durability` says what each means. */
export type Durability = 'buffered' | 'written' | 'synced'

export interface CategoryOptions {
  readonly name: string
  /** Its place among the categories of the logger. */
  readonly index: number
  readonly route: Route
  /** The lowest severity that is logged. */
  readonly threshold: number
  /** It has a level of its own: `setLevel()` without a category leaves it alone. */
  readonly own: boolean
  readonly durability: Durability
}

/** A category of one logger. */
export class Category {
  readonly name: string
  readonly index: number
  readonly route: Route
  threshold: number
  /** The level was configured for this category. */
  readonly own: boolean
  /** Entries are in the operating system before the call returns. */
  isWritten: boolean
  /** Entries are on the device before `flush()` resolves: they do not wait for company. */
  isSynced: boolean
  /**
   * What is added to an entry's number among those of this run when its line is made; not earlier,
   * since others may write to the directory until it is ours.
   */
  seqBase = 0
  /** Entries accepted in this run: the number of the last one. */
  accepted = 0
  /** The number of the last one that is in the file. */
  written = 0
  /** Its place among the categories of the file. */
  readonly place: number
  /** By severity: what its entries have in common, whatever is bound. */
  readonly templates: readonly CategoryTemplate[]

  constructor({ name, index, route, threshold, own, durability }: CategoryOptions) {
    this.name = name
    this.index = index
    this.route = route
    this.place = route.categories.size
    route.categories.set(name, this)
    this.threshold = threshold
    this.own = own
    this.isWritten = durability === 'written'
    this.isSynced = durability === 'synced'
    this.templates = levelNames.map((_, severity) => templateOf<Category>(this, severity))
  }
}

/** A template that knows its category. */
export type CategoryTemplate = Template<Category>
