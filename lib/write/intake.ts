// HOT PATH: call → intake → ring. Takes the arguments of one call, copies their values into the lanes and
// commits the entry. It does not serialize, does not write, and never throws.
//
// Two rare cases leave the straight path: a context too large for the lanes is turned into text at once;
// and a call that comes from within another call's capture (a getter that logs) waits, as text, until that
// one is committed.

import { captureException, textOf } from '../entry/exception.ts'
import { cut, Lanes, NULL } from '../entry/lanes.ts'
import type { EventCodec } from '../entry/codec.ts'
import type { Serializer } from '../entry/serializer.ts'
import { captureContext, pushJsonText } from '../entry/snapshot.ts'
import type { CategoryTemplate } from './category.ts'
import { type Ring, entryPlacesMax } from './ring.ts'
import type { Counters } from './stats.ts'

/** Places of the lanes in which a context is captured that is too large for the ring's: the first try, and the last. */
const largePlacesMin = 1 << 14
const largePlacesMax = 1 << 20

/** Calls from within calls that are followed; a getter that logs the object it belongs to would never end. */
const asidesMax = 4

/** What becomes of entries when the ring is full. */
export type OnFull = 'block' | 'drop_new' | 'drop_old'

export interface IntakeOptions {
  readonly ring: Ring<CategoryTemplate>
  readonly serializer: Serializer
  readonly counters: Counters
  readonly onFull: OnFull
  /** Longest string captured whole, in UTF-16 units. */
  readonly charsMax: number
  /** Asks the pump for a slice. */
  readonly schedule: () => void
  /** Writes part of the ring before it returns. */
  readonly makeRoom: () => void
  /** Called once when an entry comes after the end. */
  readonly tellClosed: () => void
}

/** The place where calls arrive. */
export class Intake {
  readonly #options: IntakeOptions
  readonly #ring: Ring<CategoryTemplate>
  readonly #counters: Counters
  readonly #schedule: () => void
  #capturing = false
  /** Entries that came while another was being captured. */
  readonly #nested: (() => void)[] = []
  #asides = 0
  #closed = false
  #told = false
  /** The process is ending: there will be no turn of ours, so every call is written through. */
  #writeThrough: (() => void) | undefined

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#ring = options.ring
    this.#counters = options.counters
    this.#schedule = options.schedule
  }

  /** From now on entries are counted as dropped. */
  close(): void {
    this.#closed = true
  }

  /** From now on every call is followed by `flushSync`. */
  writeThrough(flushSync: () => void): void {
    this.#writeThrough = flushSync
  }

  /**
   * Logs one entry.
   *
   * @param accountId Wins over an `account_id` in the context and over a bound one.
   * @param thrown The error that belongs to the entry; undefined and null are none.
   * @param first A member that stands first in the context, with `firstValue`; likewise `second`. They win over
   *   equal keys in `context`.
   */
  log(
    template: CategoryTemplate,
    message: string,
    accountId: string | undefined,
    thrown: unknown,
    context: unknown,
    first?: string,
    firstValue?: unknown,
    second?: string,
    secondValue?: unknown,
  ): void {
    const counters = this.#counters
    counters.accepted++
    const seq = ++template.owner.accepted
    if (this.#closed || this.#capturing) {
      this.#logAside(template, message, accountId, thrown, context, seq)
      return
    }
    const ring = this.#ring
    const { lanes } = ring
    this.#capturing = true
    try {
      if (typeof message !== 'string') message = textOf(message)
      if (message.length > lanes.charsMax) message = cut(message, lanes.charsMax)
      if (!ring.hasRoom(message.length) && !this.#makeRoom()) {
        counters.drop(template.severity)
      } else {
        const time = Date.now()
        lanes.begin(entryPlacesMax)
        let complete = true
        if (context === undefined && first === undefined) lanes.pushTag(NULL)
        else complete = captureContext(lanes, context, first, firstValue, second, secondValue)
        const isThrown = thrown !== undefined && thrown !== null
        if (isThrown) captureException(lanes, thrown, 1)
        else lanes.pushTag(NULL)
        if (!complete || lanes.exhausted) {
          ring.rollback()
          const large = this.#contextText(context, first, firstValue, second, secondValue)
          this.#pushTexts(large.text, isThrown ? this.#exceptionText(thrown) : undefined)
          lanes.accountId = large.accountId
        }
        const account = accountId === undefined ? lanes.accountId : textOf(accountId)
        ring.commit(template, time, account, message, template.owner.seqBase + seq)
      }
    } catch (error) {
      this.#failed(template, error)
    }
    this.#capturing = false
    if (this.#nested.length > 0) this.#logNested()
    if (this.#writeThrough === undefined) this.#schedule()
    else this.#writeThrough()
  }

  /**
   * Logs one typed event.
   *
   * @param accountId Wins over an `account_id` in the context and over a bound one.
   */
  logEvent(
    template: CategoryTemplate,
    codec: EventCodec,
    context: unknown,
    accountId: string | undefined,
  ): void {
    const counters = this.#counters
    counters.accepted++
    const seq = ++template.owner.accepted
    if (this.#closed || this.#capturing) {
      this.#logAside(template, '', accountId, undefined, context ?? {}, seq)
      return
    }
    const ring = this.#ring
    const { lanes } = ring
    this.#capturing = true
    try {
      if (!ring.hasRoom(0) && !this.#makeRoom()) {
        counters.drop(template.severity)
      } else {
        const time = Date.now()
        lanes.begin(entryPlacesMax)
        let fits = false
        try {
          fits = codec.capture(lanes, context)
        } catch {
          // A getter threw. The untyped capture leaves a mark in its place, and takes the rest.
        }
        if (!fits || lanes.exhausted) this.#captureUnfit(context)
        const account = accountId === undefined ? lanes.accountId : textOf(accountId)
        ring.commit(template, time, account, '', template.owner.seqBase + seq)
      }
    } catch (error) {
      this.#failed(template, error)
    }
    this.#capturing = false
    if (this.#nested.length > 0) this.#logNested()
    if (this.#writeThrough === undefined) this.#schedule()
    else this.#writeThrough()
  }

  /** Captures, untyped, what does not match its schema or is too large for its places. */
  #captureUnfit(context: unknown): void {
    const ring = this.#ring
    if (!ring.lanes.exhausted) this.#counters.mismatched++
    ring.rollback()
    ring.lanes.begin(entryPlacesMax)
    if (captureContext(ring.lanes, context)) return
    ring.rollback()
    const large = this.#contextText(context)
    ring.lanes.begin(entryPlacesMax)
    pushJsonText(ring.lanes, large.text)
    ring.lanes.accountId = large.accountId
  }

  /** A call whose arguments could not be captured: a getter of a typed context threw, or the stack is full. */
  #failed(template: CategoryTemplate, error: unknown): void {
    this.#ring.rollback()
    this.#counters.drop(template.severity)
    this.#counters.lastError = textOf(error)
  }

  /** A context as text, by way of lanes that are large enough for it. */
  #contextText(
    context: unknown,
    first?: string,
    firstValue?: unknown,
    second?: string,
    secondValue?: unknown,
  ): { text: string; accountId: string | undefined } {
    for (let places = largePlacesMin; ; places *= 8) {
      const large = new Lanes(places, this.#options.charsMax)
      large.begin(places)
      const complete = captureContext(large, context, first, firstValue, second, secondValue)
      if (!complete && places < largePlacesMax) continue
      return { text: this.#options.serializer.value(large), accountId: large.accountId }
    }
  }

  #exceptionText(thrown: unknown): string {
    const large = new Lanes(largePlacesMin, this.#options.charsMax)
    large.begin(largePlacesMin)
    captureException(large, thrown, 1)
    return this.#options.serializer.value(large)
  }

  /** Puts texts into the lanes in place of a captured context and exception. */
  #pushTexts(context: string | undefined, exception: string | undefined): void {
    const { lanes } = this.#ring
    lanes.begin(entryPlacesMax)
    if (context === undefined) lanes.pushTag(NULL)
    else pushJsonText(lanes, context)
    if (exception === undefined) lanes.pushTag(NULL)
    else pushJsonText(lanes, exception)
  }

  /** Room for one more entry, by whatever the configuration says; false when this entry must go. */
  #makeRoom(): boolean {
    const ring = this.#ring
    switch (this.#options.onFull) {
      case 'drop_new':
        return false
      case 'drop_old':
        do {
          this.#counters.drop(ring.template.severity)
          ring.shift()
        } while (!ring.hasRoom(0) && ring.size > 0)
        return true
      case 'block':
        this.#options.makeRoom()
        return ring.hasRoom(0)
      default:
        return false
    }
  }

  /** An entry that cannot take the straight path: the logger is closed, or another capture is under way. */
  #logAside(
    template: CategoryTemplate,
    message: string,
    accountId: string | undefined,
    thrown: unknown,
    context: unknown,
    seq: number,
  ): void {
    if (this.#closed && !this.#told) {
      this.#told = true
      this.#options.tellClosed()
    }
    if (this.#closed || this.#asides >= asidesMax) {
      this.#counters.drop(template.severity)
      return
    }
    this.#asides++
    try {
      const time = Date.now()
      const { text, accountId: lifted } = this.#contextText(context)
      const isThrown = thrown !== undefined && thrown !== null
      const exception = isThrown ? this.#exceptionText(thrown) : undefined
      const words = textOf(message)
      this.#nested.push(() => {
        if (!this.#ring.hasRoom(0) && !this.#makeRoom()) {
          this.#counters.drop(template.severity)
          return
        }
        this.#pushTexts(context === undefined ? undefined : text, exception)
        const account = accountId ?? lifted
        this.#ring.commit(template, time, account, words, template.owner.seqBase + seq)
      })
    } catch (error) {
      this.#counters.drop(template.severity)
      this.#counters.lastError = textOf(error)
    }
    this.#asides--
  }

  #logNested(): void {
    for (const commit of this.#nested.splice(0)) commit()
  }
}
