// HOT PATH: call → intake → ring. Takes the arguments of one call, copies their values into the
// lanes and commits the entry. It does not serialize, does not write, and never throws.
//
// A typed event with fixed places only comes by a way of its own (compile-capture.ts), and by log()
// where that hands it on. Two rare cases leave the straight path: a context too large for the lanes
// is turned into text at once; and a call that comes from within another call's capture (a getter
// that logs) waits, as text, until that one is committed.

import { isoOf, wallMs } from '../entry/clock.ts'
import { captureException } from '../capture/error.ts'
import { textOf } from '../entry/safe-text.ts'
import { JOINED, NULL, TRACE } from '../capture/lanes.ts'
import { cutRoughly } from '../entry/safe-text.ts'
import { CAPTURED, MISMATCHED } from '../capture/typed.ts'
import type { EventEncoder } from '../encode/event-encoder.ts'
import type { LineEncoder } from '../encode/line-encoder.ts'
import { captureContext, captureValue, pushJsonText } from '../capture/context.ts'
import type { CategoryTemplate } from '../deliver/category.ts'
import { Oversize } from './oversize.ts'
import type { Surroundings } from './surroundings.ts'
import { type Ring, entryPlacesMax } from '../capture/ring.ts'
import type { Route } from '../deliver/route.ts'
import type { Counters } from '../deliver/counters.ts'
import { type Clock, systemClock } from '../deliver/pump.ts'
import type { ResolvedConfig } from '../config/resolve.ts'
import { type Fold, Folds } from './folds.ts'

/**
 * Calls from within calls that are followed; a getter that logs the object it belongs to would
 * never end.
 */
const asidesMax = 4

/** Places of the lanes that fields of a request may take; more of them become text. */
const joinedPlacesMax = 256

// What keeps a call from the straight path. All of it is one number, so that a call looks once
// before and once after.
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

/** Of what may wait, the part that may be held of calls that repeat themselves. */
const heldShare = 1 / 8

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
  /** What surrounds each call, if anything is to be asked for. */
  readonly surroundings: Surroundings | undefined
  /** What measures and times how long calls are folded. @default the clock of the system */
  readonly clock?: Clock
  /** Takes an entry of our own that another thread is to log; false: it is logged here. */
  readonly reported?:
    ((template: CategoryTemplate, message: string, context: object) => boolean) | undefined
}

/** The arguments of a call that has to wait. */
interface Aside {
  readonly template: CategoryTemplate
  readonly message: string
  readonly accountId: string | undefined
  readonly thrown: unknown
  readonly context: unknown
}

/** The intake: where calls arrive. */
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
  /** Undefined as well while an entry of our own is logged: it belongs to no request. */
  #surroundings: Surroundings | undefined
  /** Undefined as well while an entry of our own is logged: each of these is written. */
  #folds: Folds | undefined = undefined
  #flushSync: () => void = () => {}

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#ring = options.ring
    this.#counters = options.counters
    this.#oversize = new Oversize(options.encoder, options.charsMax)
    this.#schedule = options.schedule
    this.#surroundings = options.surroundings
  }

  /** From now on entries are counted as dropped. */
  close(): void {
    this.#state |= CLOSED
    this.afterCapture(() => this.#folds?.close())
  }

  /**
   * From now on calls that repeat themselves are folded, or are not. What is held is written first.
   * Not while one is captured.
   */
  fold(rules: ResolvedConfig['repetition']): void {
    this.writeHeld()
    this.#folds?.close()
    this.#folds =
      rules.fold_s === 0
        ? undefined
        : new Folds({
            rules,
            counters: this.#counters,
            charsMax: this.#ring.charsMax * heldShare,
            clock: this.#options.clock ?? systemClock,
            over: () => this.#writeHeld(false),
          })
  }

  /** Whether entries of a template may be folded. */
  folds(template: CategoryTemplate): boolean {
    return this.#folds?.concerns(template) === true
  }

  /** Puts what is held of calls that repeat themselves into the ring. */
  writeHeld(): void {
    this.#writeHeld(true)
  }

  #writeHeld(isAll: boolean): void {
    if (this.#folds === undefined) return
    this.afterCapture(() => {
      this.#folds?.release(isAll, (fold) => this.#release(fold, isAll))
    })
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
   * Logs one entry: enter, capture, commit, leave. A typed event has its capture in the template,
   * and no message.
   *
   * @param accountId Wins over an `account_id` in the context and over a bound one.
   * @param thrown The error that belongs to the entry; undefined and null: no error.
   */
  log(
    template: CategoryTemplate,
    message: string,
    accountId: string | undefined,
    thrown: unknown,
    context: unknown,
  ): void {
    const before = this.#state
    if ((before & (CLOSED | CAPTURING)) !== 0) {
      this.#logAside({ template, message, accountId, thrown, context })
      return
    }
    let isCommitted = false
    let isHeld = false
    this.#state = before | CAPTURING
    try {
      if ((before & ABANDONED) !== 0) this.#recover()
      const { lanes } = this.#ring
      if (typeof message !== 'string') message = textOf(message)
      if (message.length > lanes.charsMax) message = cutRoughly(message, lanes.charsMax)
      if (this.#ring.hasRoom(message.length) || this.#makeRoom(message.length)) {
        const time = wallMs()
        lanes.begin(entryPlacesMax)
        if (this.#surroundings !== undefined) this.#captureSurroundings(this.#surroundings)
        const isWhole =
          template.event === undefined
            ? this.#captureUntyped(context)
            : this.#captureTyped(template.event, context)
        if (thrown !== undefined && thrown !== null) this.#captureThrown(thrown, isWhole)
        const account =
          accountId === undefined || accountId === null ? lanes.accountId : textOf(accountId)
        isHeld = this.#folds !== undefined && this.#hold(template, time, account, message)
        if (!isHeld) this.commit(template, time, account, message)
        isCommitted = true
      }
      // What is held gives the pump nothing to do.
      if (isHeld && this.#state === CAPTURING) this.#state = 0
      else this.#leave(template)
    } catch {
      this.#state = (this.#state | ABANDONED) & ~CAPTURING
    }
    if (!isCommitted) {
      // As #drop(): where the caller's stack is full there is no room for another call.
      template.owner.accepted++
      this.#counters.levels[template.severity]!++
      this.#counters.dropped[template.severity]!++
      this.#ring.skipped++
    }
  }

  /**
   * Logs an entry of our own, past the level: a reader of errors alone has to see that some are
   * missing.
   */
  report(template: CategoryTemplate, message: string, context: object): void {
    if (this.#options.reported?.(template, message, context) === true || this.isClosed) return
    const surroundings = this.#surroundings
    const folds = this.#folds
    this.#surroundings = undefined
    this.#folds = undefined
    try {
      this.log(template, message, undefined, undefined, context)
    } finally {
      this.#surroundings = surroundings
      this.#folds = folds
    }
  }

  /** Whether an entry with so many UTF-16 units can be committed now, with nothing in its way. */
  admits(chars: number): boolean {
    return this.#state === 0 && this.#ring.hasRoom(chars)
  }

  /**
   * The end of a straight call (compile-capture.ts), which has been admitted and has committed its
   * entry.
   */
  leave(template: CategoryTemplate): void {
    try {
      this.#schedule(template)
    } catch {
      // The caller's stack is full. The entry is in the ring, and the next call asks again.
    }
  }

  /**
   * Makes what stands in the lanes an entry, and counts it: both or, where the stack has no room
   * for it, none.
   */
  commit(
    template: CategoryTemplate,
    time: number,
    accountId: string | undefined,
    message: string,
  ): void {
    const { owner, severity } = template
    this.#ring.commit(template, time, accountId, message, owner.accepted + 1)
    owner.accepted++
    this.#counters.levels[severity]!++
  }

  /**
   * Holds what stands in the lanes, where it is one of many of the same call; then it is counted.
   */
  #hold(
    template: CategoryTemplate,
    time: number,
    accountId: string | undefined,
    message: string,
  ): boolean {
    const folds = this.#folds!
    const fold = folds.of(template, message)
    if (fold === undefined) return false
    const { lanes } = this.#ring
    const { tagTail: tagEnd, numTail: numEnd, refTail: refEnd } = lanes
    this.#ring.rollback()
    const entry = { template, message, accountId, time }
    if (folds.hold(fold, entry, lanes, { tagEnd, numEnd, refEnd })) {
      this.#counters.levels[template.severity]!++
      return true
    }
    lanes.setTails(tagEnd, numEnd, refEnd)
    return false
  }

  /**
   * Puts what a fold holds into the ring: how many were folded, and the last.
   *
   * @param isLast There is no later moment: what finds no room is counted as lost.
   * @returns false when there is no room now.
   */
  #release(fold: Fold, isLast: boolean): boolean {
    const { template, message, accountId, time, chars } = fold.held!
    const { owner, severity, event } = template
    const { lanes } = this.#ring
    if (fold.folded > 0) {
      const count = owner.templates[severity]!
      const text = countText(fold.folded, event === undefined ? message : event.origin.message)
      if (this.#hasRoomFor(text.length, isLast)) {
        const from = isoOf(fold.from)
        const to = isoOf(fold.to)
        lanes.begin(entryPlacesMax)
        captureContext(lanes, { folded: fold.folded, from, to, event: event?.origin.name })
        this.commit(count, fold.to, undefined, text)
        this.#schedule(count)
      } else if (isLast) this.#drop(count)
      else return false
      fold.folded = 0
    }
    if (this.#hasRoomFor(chars + message.length, isLast)) {
      lanes.begin(entryPlacesMax)
      fold.held!.give(lanes)
      this.#ring.commit(template, time, accountId, message, owner.accepted + 1)
      owner.accepted++
      this.#schedule(template)
    } else if (isLast) {
      owner.accepted++
      this.#counters.dropped[severity]!++
      this.#ring.skipped++
    } else return false
    return true
  }

  #hasRoomFor(chars: number, isLast: boolean): boolean {
    const ring = this.#ring
    if (ring.hasRoom(chars)) return true
    if (!isLast || this.#options.onFull !== 'drop_new') return this.#makeRoom(chars)
    this.#options.makeRoom()
    return ring.hasRoom(chars)
  }

  /** Counts an entry that does not come into the ring. Its numbers are missing in the file. */
  #drop({ owner, severity }: CategoryTemplate): void {
    owner.accepted++
    this.#counters.levels[severity]!++
    this.#counters.dropped[severity]!++
    this.#ring.skipped++
  }

  /** The end of a call: the pump's turn, or what has waited for it. */
  #leave(template: CategoryTemplate): void {
    if (this.#state === CAPTURING) {
      this.#state = 0
      this.#schedule(template)
    } else this.#end()
    const { isWritten, route } = template.owner
    if (isWritten) this.#options.writeThrough(route)
  }

  /** Whether a call is being captured: then nothing may be read from the ring. */
  get isCapturing(): boolean {
    return (this.#state & CAPTURING) !== 0
  }

  get isClosed(): boolean {
    return (this.#state & CLOSED) !== 0
  }

  /**
   * Runs `work` when the call that is being captured has been committed; at once when there is
   * none.
   */
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

  /**
   * The end of a call that was not alone: what waited for it, then the pump, or the files
   * themselves.
   */
  #end(): void {
    if (this.#nested.length > 0) this.#commitNested()
    this.#state &= ~(CAPTURING | AWAITED)
    for (const work of this.#postponed.splice(0)) work()
    if ((this.#state & WRITING_THROUGH) === 0) this.#options.wake()
    else this.#flushSync()
  }

  /**
   * Takes back what a call has left that was given up. Only the caller's own stack overflow does
   * that, and then there was no room for so much as a call: so it is done by the next one.
   */
  #recover(): void {
    this.#ring.rollback()
    this.#state &= ~ABANDONED
    if (this.#nested.length > 0) this.#commitNested()
  }

  /** Captures what surrounds the call, in front of its context. */
  #captureSurroundings(surroundings: Surroundings): void {
    if (!surroundings.ask()) return
    const { lanes } = this.#ring
    const { fields, traceId, spanId } = surroundings
    if (traceId !== '') this.#pushTrace(traceId, spanId)
    if (fields === undefined) return
    const { refLimit, tagLimit } = lanes
    lanes.pushTag(JOINED)
    const account = lanes.refTail
    lanes.pushRef('')
    lanes.limit(joinedPlacesMax)
    this.#captureUntyped(fields)
    lanes.refs[account & lanes.mask] = lanes.accountId
    lanes.accountId = undefined
    lanes.refLimit = refLimit
    lanes.tagLimit = tagLimit
  }

  #pushTrace(traceId: string, spanId: string): void {
    const { lanes } = this.#ring
    lanes.pushTag(TRACE)
    lanes.pushRef(traceId)
    lanes.pushRef(spanId)
  }

  /** Captures a context; false when it is too large for the lanes: then it stands there as text. */
  #captureUntyped(context: unknown): boolean {
    const { lanes } = this.#ring
    const { tagTail, numTail, refTail, chars } = lanes
    if (context === undefined) {
      lanes.pushTag(NULL)
      return true
    }
    if (captureContext(lanes, context)) return true
    lanes.setTails(tagTail, numTail, refTail)
    lanes.chars = chars
    const { text, accountId } = this.#oversize.context(context)
    pushJsonText(lanes, text)
    lanes.accountId = accountId
    return false
  }

  /**
   * Captures the context of a typed event: untyped, where it does not match its schema or its
   * places.
   */
  #captureTyped(event: EventEncoder, context: unknown): boolean {
    const { lanes } = this.#ring
    const { tagTail, numTail, refTail, chars } = lanes
    let outcome = MISMATCHED
    try {
      outcome = event.capture(lanes, context)
    } catch {
      // A getter threw. The untyped capture leaves a mark in its place, and takes the rest.
    }
    if (outcome === CAPTURED) return true
    if (outcome === MISMATCHED) this.#counters.mismatched++
    lanes.setTails(tagTail, numTail, refTail)
    lanes.chars = chars
    return this.#captureUntyped(context ?? {})
  }

  /**
   * Captures what was thrown, behind the context; as text, where either is too large for the lanes.
   */
  #captureThrown(thrown: unknown, isContextWhole: boolean): void {
    const { lanes } = this.#ring
    const { tagTail, numTail, refTail, chars } = lanes
    if (isContextWhole) {
      captureException(lanes, thrown, 1, captureValue)
      if (!lanes.exhausted) return
      lanes.setTails(tagTail, numTail, refTail)
      lanes.chars = chars
    }
    pushJsonText(lanes, this.#oversize.exception(thrown))
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
          // From within the pump's own work none is made: an entry of ours, of a file that works
          // again, has to go.
          if (ring.head === head) return ring.size === 0
        } while (!ring.hasRoom(chars) && ring.size > 0)
        return true
      default:
        return false
    }
  }

  /**
   * An entry that cannot take the straight path: the logger is closed, or another capture is under
   * way.
   */
  #logAside({ template, message, accountId, thrown, context }: Aside): void {
    if (this.isClosed && !this.#told) {
      this.#told = true
      this.#options.tellClosed()
    }
    if (this.isClosed || this.#asides >= asidesMax) {
      this.#drop(template)
      return
    }
    this.#asides++
    let place = -1
    try {
      // Its place is in front of the calls that come from within its own capture.
      place = this.#nested.push(() => this.#drop(template)) - 1
      const time = wallMs()
      const pushSurroundings = this.#surroundingsAside()
      const { charsMax } = this.#ring.lanes
      const text = textOf(message)
      const words = text.length > charsMax ? cutRoughly(text, charsMax) : text
      const { text: json, accountId: lifted } = this.#oversize.context(context)
      const hasContext = context !== undefined || template.event !== undefined
      const isThrown = thrown !== undefined && thrown !== null
      const exception = isThrown ? this.#oversize.exception(thrown) : undefined
      const account = accountId === undefined || accountId === null ? lifted : textOf(accountId)
      this.#state |= AWAITED
      this.#nested[place] = () => {
        if (!this.#ring.hasRoom(words.length) && !this.#makeRoom(words.length)) {
          this.#drop(template)
          return
        }
        const { lanes } = this.#ring
        lanes.begin(entryPlacesMax)
        pushSurroundings?.()
        if (hasContext) pushJsonText(lanes, json)
        else lanes.pushTag(NULL)
        if (exception !== undefined) pushJsonText(lanes, exception)
        this.commit(template, time, account, words)
        const { isWritten, route } = template.owner
        if (isWritten) this.#postponed.push(() => this.#options.writeThrough(route))
      }
    } catch {
      if (place === -1) this.#drop(template)
      else this.#state |= AWAITED
    } finally {
      this.#asides--
    }
  }

  /**
   * What surrounds a call that has to wait, as a way to put it into the lanes; undefined for
   * nothing.
   */
  #surroundingsAside(): (() => void) | undefined {
    const surroundings = this.#surroundings
    if (surroundings === undefined || !surroundings.ask()) return undefined
    const { fields, traceId, spanId } = surroundings
    const joined = fields === undefined ? undefined : this.#oversize.context(fields)
    return () => {
      const { lanes } = this.#ring
      if (traceId !== '') this.#pushTrace(traceId, spanId)
      if (joined === undefined) return
      lanes.pushTag(JOINED)
      lanes.refs[lanes.refTail & lanes.mask] = joined.accountId
      lanes.refTail = (lanes.refTail + 1) | 0
      pushJsonText(lanes, joined.text)
    }
  }

  #commitNested(): void {
    for (const commit of this.#nested.splice(0)) commit()
  }
}

/** The message of the entry that counts folded calls. */
function countText(folded: number, message: string): string {
  const what =
    folded === 1 ? '1 entry of the same call was' : `${folded} entries of the same call were`
  return `${what} folded: ${message}`
}
