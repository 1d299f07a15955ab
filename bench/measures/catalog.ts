// All measures, in the order in which they are run and shown.

import type { Measure } from '../measure.ts'
import { allocation } from './allocation.ts'
import { burst } from './burst.ts'
import { call } from './call.ts'
import { disk } from './disk.ts'
import { eventLog } from './event-log.ts'
import { following } from './following.ts'
import { growth } from './growth.ts'
import { mixed } from './mixed.ts'
import { original } from './original.ts'
import { rateMeasure } from './rates.ts'
import { reading } from './reading.ts'
import { request } from './request.ts'
import { slow } from './slow.ts'
import { start } from './start.ts'
import { steady } from './steady.ts'
import { tail } from './tail.ts'

/** What an entry costs all in, at the rates people live at: a run without options has these. */
export const headline: readonly Measure[] = [rateMeasure, mixed, request, start]

export const measures: readonly Measure[] = [
  ...headline,
  call,
  tail,
  allocation,
  disk,
  steady,
  burst,
  slow,
  eventLog,
  reading,
  following,
  growth,
  original,
]

/** @throws {RangeError} when there is no such measure. */
export function measureOf(name: string): Measure {
  const measure = measures.find((one) => one.name === name)
  if (measure === undefined) {
    const names = measures.map((one) => one.name).join(', ')
    throw new RangeError(`Cannot measure: expected one of ${names}, got ${name}`)
  }
  return measure
}
