// pino 10, four ways. docs/asynchronous.md: "Asynchronous logging enables the minimum overhead of
// Pino", with `sync: false, minLength: 4096`; docs/transports.md: a worker transport. `base: null`
// leaves out pid and hostname (docs/api.md), as the others do; `isoTime` since the entry's
// timestamp is ISO 8601.

import { once } from 'node:events'
import { join } from 'node:path'
import { pino, type DestinationStream } from 'pino'
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

export function openAsync({ directory }: SubjectOptions): Subject {
  return asynchronous(directory, 0)
}

/**
 * The same, with what has come written after 50 ms at most, as by ringlog: sonic-boom, README,
 * `periodicFlush`.
 */
export function openPeriodic({ directory }: SubjectOptions): Subject {
  return asynchronous(directory, 50)
}

function asynchronous(directory: string, periodicFlush: number): Subject {
  const dest = join(directory, 'bench.log')
  const destination = pino.destination({ dest, sync: false, minLength: 4096, periodicFlush })
  return subjectOf(destination, async () => {
    // end() writes what is buffered, whatever minLength says, and closes after it.
    destination.end()
    await once(destination, 'close')
  })
}

export function openSync({ directory }: SubjectOptions): Subject {
  const destination = pino.destination({ dest: join(directory, 'bench.log'), sync: true })
  return subjectOf(destination, async () => {
    destination.flushSync()
  })
}

export function openWorker({ directory }: SubjectOptions): Subject {
  const transport = pino.transport({
    target: 'pino/file',
    options: { destination: join(directory, 'bench.log') },
  })
  return subjectOf(transport, async () => {
    // The worker does not keep the process alive, and would be left alone with what it still has to
    // write.
    const alive = setInterval(() => {}, 1000)
    transport.end()
    await once(transport, 'close')
    clearInterval(alive)
  })
}

function subjectOf(destination: DestinationStream, end: () => Promise<void>): Subject {
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const bound = log.child({ category, ...bindings })
  const context = enforcementContext(0)
  return {
    entry: (i) =>
      log.info({ category, account_id: account, context: enforcementContext(i) }, message),
    disabled: (i) => log.debug({ category, context: smallContext(i) }, smallMessage),
    message: () => log.info(message),
    small: (i) => log.info({ category, context: smallContext(i) }, smallMessage),
    bound: (i) => bound.info({ context: enforcementContext(i) }, message),
    error: (i) => log.error({ category, context: smallContext(i), err: failure }, failureMessage),
    request: (i) => {
      const child = log.child({ category, request_id: i, path: '/orders' })
      for (let k = 3 * i; k < 3 * i + 3; k++) child.info({ context: smallContext(k) }, smallMessage)
    },
    repeated: () => log.info({ category, account_id: account, context }, message),
    end,
  }
}
