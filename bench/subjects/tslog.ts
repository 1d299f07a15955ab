// tslog 4, the last line that runs on Node 20: `type: 'hidden'` with a transport. Its README leaves
// the file to the user, with appendFileSync or rotating-file-stream as examples; a plain write
// stream is the fastest there is, so it has that, and no rotation. `hideLogPositionForProduction:
// true` because the README says that the position "can significantly impact performance".

import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Logger } from 'tslog'
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
/** tslog's number for INFO. */
const infoLevel = 3

export function open({ directory }: SubjectOptions): Subject {
  const stream = createWriteStream(join(directory, 'bench.log'))
  const log = new Logger<object>({
    type: 'hidden',
    minLevel: infoLevel,
    hideLogPositionForProduction: true,
  })
  log.attachTransport((entry) => {
    stream.write(`${JSON.stringify(entry)}\n`)
  })
  const bound = log.getSubLogger({ name: 'bound' }, { category, ...bindings })
  return {
    entry: (i) => {
      log.info({ category, account_id: account, message, context: enforcementContext(i) })
    },
    disabled: (i) => {
      log.debug({ category, message: smallMessage, context: smallContext(i) })
    },
    message: () => {
      log.info(message)
    },
    small: (i) => {
      log.info({ category, message: smallMessage, context: smallContext(i) })
    },
    bound: (i) => {
      bound.info({ message, context: enforcementContext(i) })
    },
    error: (i) => {
      log.error({ category, message: failureMessage, context: smallContext(i), error: failure })
    },
    end: () =>
      new Promise((resolve, reject) => {
        stream.once('error', reject)
        stream.end(resolve)
      }),
  }
}
