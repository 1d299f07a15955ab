// All measures, in the order in which they are run and shown.

import type { Measure } from '../measure.ts'
import { allocation } from './allocation.ts'
import { burst } from './burst.ts'
import { call } from './call.ts'
import { disk } from './disk.ts'
import { eventLog } from './event-log.ts'
import { following } from './following.ts'
import { growth } from './growth.ts'
import { original } from './original.ts'
import { reading } from './reading.ts'
import { slow } from './slow.ts'
import { steady } from './steady.ts'
import { tail } from './tail.ts'

export const measures: readonly Measure[] = [
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
