// HOT PATH: call → snapshot → lanes. The untyped capture: a context is walked once and its values
// copied.
//
// What is written is what JSON.stringify would write of the object at this moment, with these
// exceptions: nothing throws, and what JSON cannot say is said in another way (README has the
// table). A value whose reading fails costs that value only. Nothing is allocated for plain data:
// objects, arrays, strings, numbers.

import { types } from 'node:util'
import { captureException } from './error.ts'
import { mapKeyOf } from '../entry/foreign-value.ts'
import { isError, textOf, throwsMark } from '../entry/safe-text.ts'
import {
  ARRAY,
  END,
  FALSE,
  JSON_TEXT,
  type Lanes,
  NULL,
  NUMBER,
  OBJECT,
  STRING,
  TRUE,
} from './lanes.ts'
import { depthMax } from '../entry/entry.ts'
import { LedContext } from './led-context.ts'
import { captureBytes, captureDate, isBytes, replacementOf } from './special.ts'

// oxlint-disable-next-line unbound-method -- always called with a receiver; in a for-in loop V8 makes a map check of it
const hasOwn = Object.prototype.hasOwnProperty
const objectPrototype = Object.prototype

/**
 * Copies the members of a context into the lanes, between OBJECT and END; `account_id` is lifted
 * out. Of a context that is led by others, those stand in front, and its own with equal keys are
 * left out.
 *
 * @returns false when the context needs more places than the capture may use. What is written then
 *   is whole, but not complete, and ends with a mark.
 */
export function captureContext(lanes: Lanes, context: unknown): boolean {
  lanes.pushTag(OBJECT)
  if (isLed(context)) {
    captureLeading(lanes, context)
    captureMembers(lanes, context.rest, context)
  } else captureMembers(lanes, context, undefined)
  const complete = !lanes.exhausted
  if (!complete) captureMember(lanes, '…', '[Truncated]', 1)
  lanes.pushTag(END)
  return complete
}

/** The members of a context; `leading`: what stands in front of them already. */
function captureMembers(lanes: Lanes, context: unknown, leading: LedContext | undefined): void {
  if (typeof context === 'object' && context !== null) {
    const { tagTail, numTail, refTail, chars } = lanes
    lanes.ancestors[1] = context
    try {
      const prototype: unknown = Object.getPrototypeOf(context)
      const isPlain = prototype === objectPrototype || prototype === null
      if (!isPlain || !copyMembers(lanes, context as Record<string, unknown>, 1, leading)) {
        lanes.setTails(tagTail, numTail, refTail)
        lanes.chars = chars
        captureTopWithCare(lanes, context, leading)
      }
    } catch (error) {
      lanes.setTails(tagTail, numTail, refTail)
      lanes.chars = chars
      captureMember(lanes, 'context', throwsMark(error), 1)
    }
    lanes.ancestors[1] = undefined
  } else if (context !== undefined && context !== null) {
    // What JSON has no word for would be lost here.
    const isWordless = typeof context === 'function' || typeof context === 'symbol'
    captureMember(lanes, 'value', isWordless ? textOf(context) : context, 1)
  }
}

/** Whether a context is led by others.. */
function isLed(context: unknown): context is LedContext {
  try {
    return context instanceof LedContext
  } catch {
    // A revoked Proxy, or one whose trap throws.
    return false
  }
}

function captureLeading(lanes: Lanes, leading: LedContext): void {
  const { first, firstValue, second, secondValue, others } = leading
  captureMember(lanes, first, firstValue, 1)
  if (second !== undefined) captureMember(lanes, second, secondValue, 1)
  if (others === undefined) return
  for (const [key, value] of others) {
    captureMember(lanes, key, value, 1)
    if (lanes.exhausted) return
  }
}

/** The members of any context, one by one. */
function captureTopWithCare(lanes: Lanes, context: object, leading: LedContext | undefined): void {
  // It may come again below, as a member of the context made for it.
  lanes.ancestors[1] = undefined
  if (isError(context)) {
    captureMember(lanes, 'error', context, 1)
    return
  }
  if (isBytes(context) || types.isSet(context)) {
    captureMember(lanes, 'value', context, 1)
    return
  }
  const replaced = replacementOf(context, '')
  lanes.ancestors[1] = context
  if (typeof replaced !== 'object' || replaced === null) {
    captureMember(lanes, 'value', replaced, 1)
  } else if (replaced !== context && (isError(replaced) || isBytes(replaced))) {
    captureMember(lanes, 'value', replaced, 1)
  } else if (types.isMap(replaced)) {
    captureMapMembers(lanes, replaced, 1, leading)
  } else {
    for (const key of Object.keys(replaced)) {
      if (leading !== undefined && leading.has(key)) continue
      const value = read(replaced, key)
      if (key === 'account_id' && isAccountId(value)) lanes.accountId = String(value)
      else captureMember(lanes, key, value, 1)
      if (lanes.exhausted) return
    }
  }
}

/**
 * Copies one member, unless JSON has no word for it: undefined, functions and symbols are left out.
 */
function captureMember(lanes: Lanes, key: string, value: unknown, depth: number): void {
  const type = typeof value
  if (type === 'undefined' || type === 'function' || type === 'symbol') return
  lanes.pushRef(key)
  captureValue(lanes, value, key, depth)
}

/** Copies one value into the lanes. `depth` is the nesting of the container it stands in. */
export function captureValue(lanes: Lanes, value: unknown, key: string, depth: number): void {
  switch (typeof value) {
    case 'string':
      lanes.pushString(value)
      return
    case 'number':
      // NaN and the infinities have no word in JSON: x - x is 0 for every finite x only.
      if (value - value === 0) lanes.pushNumber(value)
      else lanes.pushTag(NULL)
      return
    case 'boolean':
      lanes.pushTag(value ? TRUE : FALSE)
      return
    case 'bigint':
      lanes.pushString(String(value))
      return
    case 'object':
      if (value === null) lanes.pushTag(NULL)
      else captureObject(lanes, value, key, depth + 1)
      return
    default:
      lanes.pushTag(NULL)
  }
}

/** `isCareful`: its members are known to throw, or to speak for themselves. */
function captureObject(
  lanes: Lanes,
  object: object,
  key: string,
  depth: number,
  isCareful = false,
): void {
  if (depth > depthMax) {
    lanes.pushString('[Depth]')
    return
  }
  const { ancestors, tagTail, numTail, refTail, chars } = lanes
  if (isAround(ancestors, object, depth - 1)) {
    lanes.pushString('[Circular]')
    return
  }
  ancestors[depth] = object
  try {
    const prototype: unknown = Object.getPrototypeOf(object)
    if (!isCareful && (prototype === objectPrototype || prototype === null)) {
      lanes.pushTag(OBJECT)
      if (copyMembers(lanes, object as Readonly<Record<string, unknown>>, depth)) {
        lanes.pushTag(END)
      } else {
        lanes.setTails(tagTail, numTail, refTail)
        lanes.chars = chars
        captureSpecial(lanes, object, key, depth)
      }
    } else if (Array.isArray(object) && (object as { toJSON?: unknown }).toJSON === undefined) {
      captureElements(lanes, object, depth)
    } else {
      captureSpecial(lanes, object, key, depth)
    }
  } catch (error) {
    lanes.setTails(tagTail, numTail, refTail)
    lanes.pushString(throwsMark(error))
  }
  ancestors[depth] = undefined
}

/**
 * Copies the members of a plain object. Most of what is ever logged is written here, without a call
 * and with the tails in local variables: they go back to the lanes before anything else writes, and
 * at the end.
 *
 * @param leading What stands in front of a context, at depth 1: members with equal keys are left
 *   out.
 * @returns false when a getter throws, or the object speaks for itself by toJSON; what is written
 *   is to be taken back.
 */
function copyMembers(
  lanes: Lanes,
  object: Readonly<Record<string, unknown>>,
  depth: number,
  leading?: LedContext,
): boolean {
  const { tags, nums, refs, mask, refLimit, tagLimit, charsMax, ancestors } = lanes
  let { tagTail: tag, numTail: num, refTail: ref } = lanes
  let { chars } = lanes
  try {
    for (const key in object) {
      if (!hasOwn.call(object, key)) continue
      const value = object[key]
      if (depth === 1 && isElsewhere(lanes, leading, key, value)) continue
      // Keys count as well: they are held as long as the entry is.
      chars += key.length
      if (typeof value === 'number' && value - value === 0) {
        refs[ref & mask] = key
        ref = (ref + 1) | 0
        nums[num & mask] = value
        num = (num + 1) | 0
        tags[tag & mask] = NUMBER
        tag = (tag + 1) | 0
      } else if (typeof value === 'string' && value.length <= charsMax - chars) {
        refs[ref & mask] = key
        refs[(ref + 1) & mask] = value
        ref = (ref + 2) | 0
        chars += value.length
        tags[tag & mask] = STRING
        tag = (tag + 1) | 0
      } else if (typeof value === 'boolean') {
        refs[ref & mask] = key
        ref = (ref + 1) | 0
        tags[tag & mask] = value ? TRUE : FALSE
        tag = (tag + 1) | 0
      } else if (depth < depthMax && isPlainObject(value) && !isAround(ancestors, value, depth)) {
        refs[ref & mask] = key
        tags[tag & mask] = OBJECT
        lanes.setTails((tag + 1) | 0, num, (ref + 1) | 0)
        lanes.chars = chars
        ancestors[depth + 1] = value
        if (copyMembers(lanes, value as Readonly<Record<string, unknown>>, depth + 1)) {
          lanes.pushTag(END)
        } else {
          lanes.setTails(tag, num, (ref + 1) | 0)
          lanes.chars = chars
          captureObject(lanes, value, key, depth + 1, true)
        }
        ancestors[depth + 1] = undefined
        ;({ tagTail: tag, numTail: num, refTail: ref, chars } = lanes)
        if (lanes.exhausted) break
      } else if (typeof value === 'function' && key === 'toJSON') {
        return false
      } else {
        lanes.setTails(tag, num, ref)
        lanes.chars = chars - key.length
        captureMember(lanes, key, value, depth)
        ;({ tagTail: tag, numTail: num, refTail: ref, chars } = lanes)
        if (lanes.exhausted) break
      }
      if (((refLimit - ref) | 0) <= 0 || ((tagLimit - tag) | 0) <= 0) break
    }
  } catch {
    return false
  }
  lanes.setTails(tag, num, ref)
  lanes.chars = chars
  return true
}

/**
 * Whether a member of a context stands elsewhere in the entry: in front of the context, or as its
 * account.
 */
function isElsewhere(
  lanes: Lanes,
  leading: LedContext | undefined,
  key: string,
  value: unknown,
): boolean {
  if (leading !== undefined) {
    // Of these members two are met often; the others come with calls that are made otherwise than
    // meant.
    const { first, second, others } = leading
    if (first !== undefined && (key === first || key === second)) return true
    if (others !== undefined && others.has(key)) return true
  }
  if (key !== 'account_id' || !isAccountId(value)) return false
  lanes.accountId = String(value)
  return true
}

/** Whether it is an object as JSON has them. */
function isPlainObject(value: unknown): value is object {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === objectPrototype
  )
}

/** Whether an object is one of those around a place of that depth: then it would contain itself. */
function isAround(
  ancestors: readonly (object | undefined)[],
  object: object,
  depth: number,
): boolean {
  for (let i = 1; i <= depth; i++) if (ancestors[i] === object) return true
  return false
}

/** Copies the members of an object one by one, so that one that throws costs no other. */
function captureWithCare(lanes: Lanes, object: object, depth: number): void {
  lanes.pushTag(OBJECT)
  for (const key of Object.keys(object)) {
    captureMember(lanes, key, read(object, key), depth)
    if (lanes.exhausted) break
  }
  lanes.pushTag(END)
}

function captureElements(lanes: Lanes, array: readonly unknown[], depth: number): void {
  lanes.pushTag(ARRAY)
  const { length } = array
  for (let i = 0; i < length && !lanes.exhausted; i++) {
    captureValue(lanes, read(array, i), '', depth)
    if (lanes.exhausted && i < length - 1) lanes.pushString(moreMark(length - 1 - i))
  }
  lanes.pushTag(END)
}

/** The mark that stands for elements that are not captured. */
function moreMark(count: number): string {
  return `…[${count} more elements]`
}

/** Whatever is neither a plain object nor a plain array. */
function captureSpecial(lanes: Lanes, object: object, key: string, depth: number): void {
  if (isError(object)) {
    captureException(lanes, object, depth, captureValue)
    return
  }
  if (isBytes(object)) {
    captureBytes(lanes, object)
    return
  }
  const replaced = replacementOf(object, key)
  if (replaced !== object) {
    if (typeof replaced === 'object' && replaced !== null) {
      // As with JSON.stringify, what toJSON gives is not asked for its own toJSON.
      lanes.ancestors[depth] = replaced
      captureOwn(lanes, replaced, depth)
    } else captureValue(lanes, replaced, key, depth)
  } else captureOwn(lanes, object, depth)
}

/** Copies what an object itself holds, whatever it says of itself. */
function captureOwn(lanes: Lanes, object: object, depth: number): void {
  if (isError(object)) captureException(lanes, object, depth, captureValue)
  else if (isBytes(object)) captureBytes(lanes, object)
  else if (types.isDate(object)) captureDate(lanes, object)
  else if (Array.isArray(object)) captureElements(lanes, object, depth)
  else if (types.isMap(object)) {
    lanes.pushTag(OBJECT)
    captureMapMembers(lanes, object, depth)
    lanes.pushTag(END)
  } else if (types.isSet(object)) {
    captureElements(lanes, [...setValues.call(object)], depth)
  } else captureWithCare(lanes, object, depth)
}

// The classes' own: a subclass may iterate for ever.
// oxlint-disable-next-line unbound-method -- always called with a receiver
const setValues = Set.prototype.values
// oxlint-disable-next-line unbound-method -- always called with a receiver
const mapEntries = Map.prototype.entries

function captureMapMembers(
  lanes: Lanes,
  map: ReadonlyMap<unknown, unknown>,
  depth: number,
  leading?: LedContext,
): void {
  // Keys of a Map may be anything. Several may give the same text, and JSON has room for one.
  const taken = new Map<string, number>()
  for (const [key, value] of mapEntries.call(map)) {
    let name = typeof key === 'string' ? key : mapKeyOf(key)
    if (leading !== undefined && leading.has(name)) continue
    const times = (taken.get(name) ?? 0) + 1
    taken.set(name, times)
    if (times > 1) name += ` (${times})`
    captureMember(lanes, name, value, depth)
    if (lanes.exhausted) return
  }
}

/** A member's value, or the mark of what its getter threw. */
function read(object: object, key: string | number): unknown {
  try {
    return (object as { readonly [key: string | number]: unknown })[key]
  } catch (error) {
    return throwsMark(error)
  }
}

/** Whether a value can be an account: then it stands in the entry, not in its context. */
export function isAccountId(value: unknown): value is string | number | bigint {
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'bigint'
}

/** Puts text that already is JSON into the lanes, in place of a value. */
export function pushJsonText(lanes: Lanes, text: string): void {
  lanes.pushTag(JSON_TEXT)
  lanes.pushRef(text)
}
