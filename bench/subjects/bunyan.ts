// bunyan 2: a file stream of Node's own; README "Streams": "stream: A Writable Stream", which a
// `path` stream is inside. Its rotation is by time only, so it never rotates here. `src` stays off:
// README, "slow".

import { createWriteStream } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
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

/** The part of bunyan used here; the package has no types of its own. */
interface Bunyan {
  debug(fields: object, message: string): void
  info(message: string): void
  info(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object, simple: boolean): Bunyan
}
interface BunyanModule {
  createLogger(options: {
    name: string
    streams: { stream: Writable }[]
    serializers: unknown
  }): Bunyan
  readonly stdSerializers: unknown
}

const category = 'enforcement'

export function open({ directory }: SubjectOptions): Subject {
  const bunyan = createRequire(import.meta.url)('bunyan') as BunyanModule
  const stream = createWriteStream(join(directory, 'bench.log'))
  const log = bunyan.createLogger({
    name: 'bench',
    streams: [{ stream }],
    serializers: bunyan.stdSerializers,
  })
  // README on the second argument: "a faster creation and a slight speed-up", for plain fields.
  const bound = log.child({ category, ...bindings }, true)
  return {
    entry: (i) =>
      log.info({ category, account_id: account, context: enforcementContext(i) }, message),
    disabled: (i) => log.debug({ category, context: smallContext(i) }, smallMessage),
    message: () => log.info(message),
    small: (i) => log.info({ category, context: smallContext(i) }, smallMessage),
    bound: (i) => bound.info({ context: enforcementContext(i) }, message),
    error: (i) => log.error({ category, context: smallContext(i), err: failure }, failureMessage),
    request: (i) => {
      const child = log.child({ category, request_id: i, path: '/orders' }, true)
      for (let k = 3 * i; k < 3 * i + 3; k++) child.info({ context: smallContext(k) }, smallMessage)
    },
    end: () =>
      new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.end(resolve)
      }),
  }
}
