// HOT PATH: call → intake → ring. Takes the arguments of one call, copies their values into the lanes and
// commits the entry. It does not serialize, does not write, and never throws.
//
// A typed event with fixed places only comes by a way of its own (compile-capture.ts), and by logEvent() where that
// hands it on. Two rare cases leave the straight path: a context too large for the lanes is turned into text at once;
// and a call that comes from within another call's capture (a getter that logs) waits, as text, until that
// one is committed.

import { wallMs } from '../entry/clock.ts'
import { captureException } from '../capture/error.ts'
import { textOf } from '../entry/safe-text.ts'
import { NULL } from '../capture/lanes.ts'
import type { LeadingMembers } from '../capture/leading-members.ts'
import { cutRoughly } from '../entry/safe-text.ts'
import type { EventCodec } from '../event/compile-encoder.ts'
import { CAPTURED, MISMATCHED } from '../event/compile-capture.ts'
import type { LineEncoder } from '../encode/line-encoder.ts'
import { captureContext, captureValue, pushJsonText } from '../capture/context.ts'
import type { CategoryTemplate } from '../deliver/category.ts'
import { Oversize } from './oversize.ts'
import { type Ring, entryPlacesMax } from '../capture/ring.ts'
import type { Route } from '../deliver/file-queue.ts'
import type { Counters } from '../deliver/counters.ts'

/** Calls from within calls that are followed; a getter that logs the object it belongs to would never end. */
const asidesMax = 4

// What keeps a call from the straight path. All of it is one number, so that a call looks once before and once after.
/** A call is being captured. */
const CAPTURING = 1
/** Entries are lost from now on. */
const CLOSED = 2
/** A call was given up midway; the next one takes back what it left. */
const ABANDONED = 4
/** Something waits for the end of the call under way. */
const AWAITED = 8
/** There may be no turn of ours any more: every call is written through. */
const WRITING_THROUGH = 16

/** What becomes of entries when the ring is full. */
export type OnFull = 'block' | 'drop_new' | 'drop_old'

export interface IntakeOptions {
  readonly ring: Ring<CategoryTemplate>
  readonly encoder: LineEncoder
  readonly counters: Counters
  readonly onFull: OnFull
  /** Longest string captured whole, in UTF-16 units. */
  readonly charsMax: number
  /** Tells the pump of an entry that has come into the ring. */
  readonly schedule: (template: CategoryTemplate) => void
  /** Has the pump move what is in the ring as soon as the turn has ended. */
  readonly wake: () => void
  /** Writes all that goes to a file before it returns. */
  readonly writeThrough: (route: Route) => void
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
  readonly #oversize: Oversize
  readonly #schedule: (template: CategoryTemplate) => void
  #state = 0
  /** Entries that came while another was being captured. */
  readonly #nested: (() => void)[] = []
  #asides = 0
  /** What waits for the end of the call under way. */
  readonly #postponed: (() => void)[] = []
  #told = false
  #flushSync: () => void = () => {}

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#ring = options.ring
    this.#counters = options.counters
    this.#oversize = new Oversize(options.encoder, options.charsMax)
    this.#schedule = options.schedule
  }

  /** From now on entries are counted as dropped. */
  close(): void {
    this.#state |= CLOSED
  }

  /** From now on every call is followed by `flushSync`. */
  writeThrough(flushSync: () => void): void {
    this.#flushSync = flushSync
    this.#state |= WRITING_THROUGH
  }

  /** From now on the pump writes, in turns of its own. */
  writeBehind(): void {
    this.#state &= ~WRITING_THROUGH
  }

  /**
   * Logs one entry.
   *
   * @param accountId Wins over an `account_id` in the context and over a bound one.
   * @param thrown The error that belongs to the entry; undefined and null are none.
   * @param leading Members that stand first in the context, and win over equal keys of it.
   */
  log(
    template: CategoryTemplate,
    message: string,
    accountId: string | undefined,
    thrown: unknown,
    context: unknown,
    leading?: LeadingMembers,
  ): void {
    const seq = ++template.owner.accepted
    const before = this.#state
    if ((before & (CLOSED | CAPTURING)) !== 0) {
      this.#logAside(template, message, accountId, thrown, context, leading, seq)
      return
    }
    const counters = this.#counters
    const ring = this.#ring
    const { lanes } = ring
    let isCommitted = false
    this.#state = before | CAPTURING
    try {
      if ((before & ABANDONED) !== 0) this.#recover()
      if (typeof message !== 'string') message = textOf(message)
      if (message.length > lanes.charsMax) message = cutRoughly(message, lanes.charsMax)
      if (ring.hasRoom(message.length) || this.#makeRoom(message.length)) {
        const time = wallMs()
        lanes.begin(entryPlacesMax)
        let complete = true
        if (context === undefined && leading === undefined) lanes.pushTag(NULL)
        else complete = captureContext(lanes, context, leading)
        const isThrown = thrown !== undefined && thrown !== null
        if (isThrown) captureException(lanes, thrown, 1, captureValue)
        else lanes.pushTag(NULL)
        if (!complete || lanes.exhausted) {
          ring.rollback()
          const large = this.#oversize.context(context, leading)
          this.#pushTexts(large.text, isThrown ? this.#oversize.exception(thrown) : undefined)
          lanes.accountId = large.accountId
        }
        const account =
          accountId === undefined || accountId === null ? lanes.accountId : textOf(accountId)
        ring.commit(template, time, account, message, seq)
      } else counters.dropped[template.severity]!++
      counters.accepted++
      isCommitted = true
      if (this.#state === CAPTURING) {
        this.#state = 0
        this.#schedule(template)
      } else this.#end()
      if (template.owner.isWritten) this.#options.writeThrough(template.owner.route)
    } catch {
      this.#state = (this.#state | ABANDONED) & ~CAPTURING
      // Counted together, so that the counters balance even where this fails as well.
      if (!isCommitted) {
        counters.dropped[template.severity]!++
        counters.accepted++
      }
    }
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
    const seq = ++template.owner.accepted
    const before = this.#state
    if ((before & (CLOSED | CAPTURING)) !== 0) {
      this.#logAside(template, '', accountId, undefined, context ?? {}, undefined, seq)
      return
    }
    // The same steps as in log(), written out: a shared function would take a closure per call, or a flag.
    const counters = this.#counters
    const ring = this.#ring
    const { lanes } = ring
    let isCommitted = false
    this.#state = before | CAPTURING
    try {
      if ((before & ABANDONED) !== 0) this.#recover()
      if (ring.hasRoom(0) || this.#makeRoom(0)) {
        const time = wallMs()
        lanes.begin(entryPlacesMax)
        let outcome = MISMATCHED
        try {
          outcome = codec.capture(lanes, context)
        } catch {
          // A getter threw. The untyped capture leaves a mark in its place, and takes the rest.
        }
        if (outcome !== CAPTURED) this.#captureUnfit(context, outcome)
        const account =
          accountId === undefined || accountId === null ? lanes.accountId : textOf(accountId)
        ring.commit(template, time, account, '', seq)
      } else counters.dropped[template.severity]!++
      counters.accepted++
      isCommitted = true
      if (this.#state === CAPTURING) {
        this.#state = 0
        this.#schedule(template)
      } else this.#end()
      if (template.owner.isWritten) this.#options.writeThrough(template.owner.route)
    } catch {
      this.#state = (this.#state | ABANDONED) & ~CAPTURING
      // Counted together, so that the counters balance even where this fails as well.
      if (!isCommitted) {
        counters.dropped[template.severity]!++
        counters.accepted++
      }
    }
  }

  /** Whether an entry with so many UTF-16 units can be committed now, with nothing in its way. */
  admits(chars: number): boolean {
    return this.#state === 0 && this.#ring.hasRoom(chars)
  }

  /** Commits what a straight call (compile-capture.ts) has written to the lanes, once it has been admitted. */
  commit(template: CategoryTemplate, time: number, accountId: string | undefined): void {
    const { owner } = template
    // Should there be no room on the stack for this, nothing has happened.
    this.#ring.commit(template, time, accountId, '', owner.accepted + 1)
    owner.accepted++
    this.#counters.accepted++
    try {
      this.#schedule(template)
    } catch {
      // The caller's stack is full. The entry is in the ring, and the next call asks again.
    }
  }

  /** Whether a call is being captured: then nothing may be read from the ring. */
  get isCapturing(): boolean {
    return (this.#state & CAPTURING) !== 0
  }

  get isClosed(): boolean {
    return (this.#state & CLOSED) !== 0
  }

  /** Runs `work` when the call that is being captured has been committed; at once when there is none. */
  afterCapture(work: () => void): void {
    if (this.isCapturing) {
      this.#postponed.push(work)
      this.#state |= AWAITED
    } else {
      if ((this.#state & ABANDONED) !== 0) this.#recover()
      work()
    }
  }

  /** The process ends from within a capture: that call will never be committed. */
  abandon(): void {
    this.#state &= ~CAPTURING
    this.#recover()
  }

  /** The end of a call that was not alone: what waited for it, then the pump, or the files themselves. */
  #end(): void {
    if (this.#nested.length > 0) this.#commitNested()
    this.#state &= ~(CAPTURING | AWAITED)
    for (const work of this.#postponed.splice(0)) work()
    if ((this.#state & WRITING_THROUGH) === 0) this.#options.wake()
    else this.#flushSync()
  }

  /**
   * Takes back what a call has left that was given up. Only the caller's own stack overflow does that, and
   * then there was no room for so much as a call: so it is done by the next one.
   */
  #recover(): void {
    this.#ring.rollback()
    this.#state &= ~ABANDONED
    if (this.#nested.length > 0) this.#commitNested()
  }

  /** Captures, untyped, what does not match its schema or is too large for its places. */
  #captureUnfit(context: unknown, outcome: number): void {
    const ring = this.#ring
    if (outcome === MISMATCHED) this.#counters.mismatched++
    ring.rollback()
    ring.lanes.begin(entryPlacesMax)
    if (captureContext(ring.lanes, context)) return
    ring.rollback()
    const large = this.#oversize.context(context)
    ring.lanes.begin(entryPlacesMax)
    pushJsonText(ring.lanes, large.text)
    ring.lanes.accountId = large.accountId
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
  #makeRoom(chars: number): boolean {
    const ring = this.#ring
    switch (this.#options.onFull) {
      case 'drop_new':
        return false
      case 'drop_old':
        do {
          this.#counters.drop(ring.template.severity)
          ring.shift()
        } while (!ring.hasRoom(chars) && ring.size > 0)
        return true
      case 'block':
        do {
          const { head } = ring
          this.#options.makeRoom()
          // From within the pump's own work none is made: an entry of ours, of a file that works again, has to go.
          if (ring.head === head) return ring.size === 0
        } while (!ring.hasRoom(chars) && ring.size > 0)
        return true
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
    leading: LeadingMembers | undefined,
    seq: number,
  ): void {
    if (this.isClosed && !this.#told) {
      this.#told = true
      this.#options.tellClosed()
    }
    this.#counters.accepted++
    if (this.isClosed || this.#asides >= asidesMax) {
      this.#counters.drop(template.severity)
      return
    }
    this.#asides++
    try {
      const time = wallMs()
      const { text: json, accountId: lifted } = this.#oversize.context(context, leading)
      const isThrown = thrown !== undefined && thrown !== null
      const exception = isThrown ? this.#oversize.exception(thrown) : undefined
      const text = textOf(message)
      const words =
        text.length > this.#ring.lanes.charsMax ? cutRoughly(text, this.#ring.lanes.charsMax) : text
      const account = accountId === undefined || accountId === null ? lifted : textOf(accountId)
      this.#state |= AWAITED
      this.#nested.push(() => {
        if (!this.#ring.hasRoom(words.length) && !this.#makeRoom(words.length)) {
          this.#counters.drop(template.severity)
          return
        }
        const isEmpty = context === undefined && leading === undefined
        this.#pushTexts(isEmpty ? undefined : json, exception)
        this.#ring.commit(template, time, account, words, seq)
        const { isWritten, route } = template.owner
        if (isWritten) this.#postponed.push(() => this.#options.writeThrough(route))
      })
    } catch {
      this.#counters.dropped[template.severity]!++
    } finally {
      this.#asides--
    }
  }

  #commitNested(): void {
    for (const commit of this.#nested.splice(0)) commit()
  }
}
