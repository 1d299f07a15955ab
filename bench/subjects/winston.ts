// winston 3: one File transport, `json()` format; README "Common Transports" and "Formats".
// `timestamp()` because the entry has one; `errors({ cause })` only for the variant that logs an
// error, since each format costs.

import { once } from 'node:events'
import { join } from 'node:path'
import winston from 'winston'
import { turn } from '../loop.ts'
import {
  account,
  bindings,
  enforcementContext,
  failure,
  failureMessage,
  message,
  smallContext,
  smallMessage,
} from '../workload.ts'
import type { Subject, SubjectOptions } from './subject.ts'

const category = 'enforcement'

export function open({ directory, rotation }: SubjectOptions): Subject {
  const file = new winston.transports.File({
    filename: join(directory, 'bench.log'),
    ...(rotation && { maxsize: 50 * 1024 * 1024, maxFiles: 100 }),
  })
  const { combine, timestamp, json, errors } = winston.format
  const log = winston.createLogger({ format: combine(timestamp(), json()), transports: [file] })
  const failing = winston.createLogger({
    format: combine(errors({ stack: true, cause: true }), timestamp(), json()),
    transports: [file],
  })
  const bound = log.child({ category, ...bindings })
  return {
    entry: (i) =>
      log.info(message, { category, account_id: account, context: enforcementContext(i) }),
    disabled: (i) => log.debug(smallMessage, { category, context: smallContext(i) }),
    message: () => log.info(message),
    small: (i) => log.info(smallMessage, { category, context: smallContext(i) }),
    bound: (i) => bound.info(message, { context: enforcementContext(i) }),
    error: (i) =>
      failing.error(failureMessage, { category, context: smallContext(i), error: failure }),
    request: (i) => {
      const child = log.child({ category, request_id: i, path: '/orders' })
      for (let k = 3 * i; k < 3 * i + 3; k++) child.info(smallMessage, { context: smallContext(k) })
    },
    end: async () => {
      // winston 3.19 ends its transports before a backlog has been piped into them: `write after
      // end`, an exception and lost lines. It is given the chance to empty its streams first.
      while (log.readableLength + log.writableLength + failing.readableLength > 0) await turn()
      const finished = once(file, 'finish')
      failing.unpipe(file)
      log.end()
      await finished
    },
  }
}
