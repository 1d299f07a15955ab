// ringlog with contexts and categories of any number, for the measure of growth.

import { createLogger, type Logger } from 'ringlog'
import { account, enforcementContext, message } from '../workload.ts'
import { configOf, positionClosed } from './ringlog.ts'
import type { Subject } from './subject.ts'

/**
 * One object for all calls, since making 1 000 fields would outweigh logging them; its number
 * changes.
 */
export function withFields(count: number, directory: string): Subject {
  const log = createLogger(configOf({ directory, rotation: true }))
  const others = Array.from({ length: count - 1 }, (_, k): [string, number | string] => [
    `field_${k}`,
    k % 3 === 0 ? `value ${k}` : k * 1.5,
  ])
  const context: { order_id: number } = { order_id: 0, ...Object.fromEntries(others) }
  return {
    entry: (i) => {
      context.order_id = i
      log.enforcement.info(message, context)
    },
    end: () => log.close(),
  }
}

export function withCategories(count: number, directory: string): Subject {
  // Letters, since the check tells a file's rotated parts by the digits in their names.
  const names = Array.from({ length: count }, (_, k) => `desk-${String.fromCharCode(97 + k)}`)
  const log: Logger = createLogger({
    ...configOf({ directory, rotation: true }),
    categories: Object.fromEntries(names.map((name) => [name, { file: `${name}.log` }])),
  })
  const events = names.map((name) => log.event(positionClosed(name)))
  return {
    entry: (i) => events[i % count]?.(enforcementContext(i), account),
    end: () => log.close(),
  }
}
