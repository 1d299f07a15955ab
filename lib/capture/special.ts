// Objects that speak for themselves in JSON, or that JSON has no word for: dates, boxes, bytes.
// What stands for them is found here; nothing here goes into what they hold.

import { isoOf } from '../entry/clock.ts'
import { types } from 'node:util'
import { END, type Lanes, NULL, OBJECT } from './lanes.ts'

/** Bytes of a buffer that are shown. */
const hexBytesMax = 32

// oxlint-disable-next-line unbound-method -- always called with a receiver
const { toString } = Object.prototype
// oxlint-disable-next-line unbound-method -- always called with a receiver
const dateValue = Date.prototype.getTime

/**
 * What stands for an object in JSON: the result of its toJSON, or the primitive in its box; else
 * itself.
 */
export function replacementOf(object: object, key: string): unknown {
  const { toJSON } = object as { toJSON?: unknown }
  if (typeof toJSON === 'function' && !isOfAllObjects(toJSON)) {
    // Date.prototype.toJSON gives null for an invalid date, as JSON.stringify does.
    return Reflect.apply(toJSON, object, [key])
  }
  return types.isBoxedPrimitive(object) ? object.valueOf() : object
}

/** A toJSON that someone has given to all objects or arrays: it would speak for everything. */
function isOfAllObjects(toJSON: unknown): boolean {
  return (
    toJSON === (Object.prototype as { toJSON?: unknown }).toJSON ||
    toJSON === (Array.prototype as { toJSON?: unknown }).toJSON
  )
}

/** A Date that has lost its toJSON. */
export function captureDate(lanes: Lanes, date: Date): void {
  const time = dateValue.call(date)
  if (Number.isNaN(time)) lanes.pushTag(NULL)
  else lanes.pushString(isoOf(time))
}

/** Whether an object is a buffer or a view of one. */
export function isBytes(object: object): object is ArrayBufferView | ArrayBufferLike {
  return ArrayBuffer.isView(object) || types.isAnyArrayBuffer(object)
}

/** Copies the length and the first bytes. */
export function captureBytes(lanes: Lanes, object: ArrayBufferView | ArrayBufferLike): void {
  const bytes = ArrayBuffer.isView(object)
    ? Buffer.from(object.buffer, object.byteOffset, object.byteLength)
    : Buffer.from(object)
  lanes.pushTag(OBJECT)
  lanes.pushRef('type')
  lanes.pushString(Buffer.isBuffer(object) ? 'Buffer' : toString.call(object).slice(8, -1))
  lanes.pushRef('bytes')
  lanes.pushNumber(bytes.length)
  lanes.pushRef('hex')
  const shown = bytes.subarray(0, hexBytesMax).toString('hex')
  lanes.pushString(bytes.length > hexBytesMax ? `${shown}…` : shown)
  lanes.pushTag(END)
}
