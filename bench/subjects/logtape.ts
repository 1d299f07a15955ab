// LogTape 2: the file sink with `nonBlocking: true`, which its manual recommends for performance
// (without it, every small record is one writeSync and one fsyncSync), and the JSON Lines
// formatter. Its rotating sink writes synchronously at every flush, so the plain sink is the fast
// one, and there is no rotation.

import { getFileSink } from '@logtape/file'
import { configure, dispose, getJsonLinesFormatter, getLogger } from '@logtape/logtape'
import { join } from 'node:path'
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

export async function open({ directory }: SubjectOptions): Promise<Subject> {
  const file = getFileSink(join(directory, 'bench.log'), {
    formatter: getJsonLinesFormatter(),
    nonBlocking: true,
  })
  await configure({
    sinks: { file },
    loggers: [
      { category: ['enforcement'], sinks: ['file'], lowestLevel: 'info' },
      { category: ['logtape', 'meta'], sinks: [], lowestLevel: 'error' },
    ],
  })
  const log = getLogger(['enforcement'])
  const bound = log.with(bindings)
  return {
    entry: (i) => log.info(message, { account_id: account, context: enforcementContext(i) }),
    disabled: (i) => log.debug(smallMessage, { context: smallContext(i) }),
    message: () => log.info(message),
    small: (i) => log.info(smallMessage, { context: smallContext(i) }),
    bound: (i) => bound.info(message, { context: enforcementContext(i) }),
    error: (i) => log.error(failureMessage, { context: smallContext(i), error: failure }),
    request: (i) => {
      const child = log.with({ request_id: i, path: '/orders' })
      for (let k = 3 * i; k < 3 * i + 3; k++) child.info(smallMessage, { context: smallContext(k) })
    },
    end: () => dispose(),
  }
}
