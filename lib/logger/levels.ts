// The levels of all categories while a logger runs: the general one, those that categories have of
// their own, and those that hold for a time. What counts for a category is the first that there is
// of
//
//   its own for a time ── its own ── the general one for a time ── the general one
//
// so that a level that was set for a time leaves, when it ends, what was set meanwhile.

import { clearTimeout, setTimeout } from '../entry/clock.ts'
import { thresholdName, type ThresholdName } from '../entry/level.ts'

/** A change of a level, as it is reported. */
export interface LevelChange {
  /** Undefined: of all categories that have none of their own. */
  readonly category: string | undefined
  readonly from: ThresholdName
  readonly to: ThresholdName
  /** For so many seconds; undefined: until it is changed again. */
  readonly forS: number | undefined
  /** It has come to its end. */
  readonly isEnd: boolean
}

/** What is known of a category here. */
interface Levelled {
  readonly name: string
  threshold: number
  /** The level is its own. */
  readonly own: boolean
}

/** One place where a level is set. Undefined: none is. */
interface Setting {
  lasting: number | undefined
  temporary: number | undefined
  timer: NodeJS.Timeout | undefined
}

/** The levels of a logger. */
export class Levels<Category extends Levelled> {
  readonly #general: Setting
  readonly #settings = new Map<Category, Setting>()
  readonly #changed: (change: LevelChange) => void

  /**
   * @param general The level of categories that have none of their own.
   * @param changed Called after each change.
   */
  constructor(
    categories: Iterable<Category>,
    general: number,
    changed: (change: LevelChange) => void,
  ) {
    this.#general = settingOf(general)
    for (const category of categories) {
      this.#settings.set(category, settingOf(category.own ? category.threshold : undefined))
    }
    this.#changed = changed
  }

  /** The level of a category, or that of all that have none of their own. */
  of(category: Category | undefined): ThresholdName {
    return thresholdName(category?.threshold ?? valueOf(this.#general)!)
  }

  /**
   * Sets a level.
   *
   * @param category Undefined: of all that have none of their own.
   * @param forS For so many seconds. Undefined: until it is set again, also where one was set for a
   *   time.
   */
  set(threshold: number, category: Category | undefined, forS?: number): void {
    const setting = category === undefined ? this.#general : this.#settings.get(category)!
    const from = this.of(category)
    clearTimeout(setting.timer)
    setting.timer = undefined
    setting.temporary = undefined
    if (forS === undefined) setting.lasting = threshold
    else {
      setting.temporary = threshold
      setting.timer = setTimeout(() => this.#end(setting, category), forS * 1000).unref()
    }
    this.#apply()
    this.#tell(from, category, forS, false)
  }

  /**
   * Sets all levels that last, as a configuration has them. One that was set for a time holds until
   * its end, and it is then what the configuration says.
   *
   * @param own Those of categories that have one of their own.
   */
  configure(general: number, own: ReadonlyMap<string, number>): void {
    const before = this.of(undefined)
    const changed: (readonly [Category, ThresholdName])[] = []
    for (const [category, setting] of this.#settings) {
      const lasting = own.get(category.name)
      if (lasting === setting.lasting) continue
      changed.push([category, this.of(category)])
      setting.lasting = lasting
    }
    this.#general.lasting = general
    this.#apply()
    this.#tell(before, undefined, undefined, false)
    for (const [category, from] of changed) this.#tell(from, category, undefined, false)
  }

  /** Ends what runs: levels that hold for a time stay. */
  close(): void {
    for (const { timer } of [this.#general, ...this.#settings.values()]) clearTimeout(timer)
  }

  #end(setting: Setting, category: Category | undefined): void {
    const from = this.of(category)
    setting.timer = undefined
    setting.temporary = undefined
    this.#apply()
    this.#tell(from, category, undefined, true)
  }

  #apply(): void {
    const general = valueOf(this.#general)!
    for (const [category, setting] of this.#settings) {
      category.threshold = valueOf(setting) ?? general
    }
  }

  #tell(
    from: ThresholdName,
    category: Category | undefined,
    forS: number | undefined,
    isEnd: boolean,
  ): void {
    const to = this.of(category)
    if (from !== to) this.#changed({ category: category?.name, from, to, forS, isEnd })
  }
}

function settingOf(lasting: number | undefined): Setting {
  return { lasting, temporary: undefined, timer: undefined }
}

function valueOf({ lasting, temporary }: Setting): number | undefined {
  return temporary ?? lasting
}
