// ringlog, in its ways: typed events, untyped contexts, through `with`, with the fields of a
// request; written by a thread, or kept in a ring that survives the process. README "Conventions":
// in a hot path, define an event, keep what `log.event()` returns. Everything else as by default,
// rotation included.

import { AsyncLocalStorage } from 'node:async_hooks'
import { createLogger, defineEvent, type Logger, type LoggingConfig, Type } from 'ringlog'
import {
  account,
  accountContext,
  bindings,
  enforcementContext,
  failure,
  failureMessage,
  message,
  smallContext,
  smallMessage,
} from '../workload.ts'
import type { Subject, SubjectOptions } from './subject.ts'

const enforcementSchema = Type.Object({
  rule: Type.String(),
  violation: Type.Object({
    current_value: Type.Number(),
    limit: Type.Number(),
    threshold_exceeded_by: Type.Number(),
  }),
  position: Type.Object({
    symbol: Type.String(),
    side: Type.String(),
    quantity: Type.Number(),
    entry_price: Type.Number(),
    exit_price: Type.Number(),
    unrealized_pnl: Type.Number(),
  }),
  action: Type.Object({
    type: Type.String(),
    result: Type.String(),
    order_id: Type.String(),
    fill_price: Type.Number(),
  }),
  state_after: Type.Object({
    realized_pnl_today: Type.Number(),
    open_positions: Type.Number(),
    lockout: Type.Boolean(),
  }),
})
const smallSchema = Type.Object({
  order_id: Type.Number(),
  symbol: Type.String(),
  price: Type.Number(),
})

/** The definition of the enforcement entry as a typed event, for any category. */
export function positionClosed(category: string) {
  return defineEvent({ category, level: 'INFO', message, context: enforcementSchema })
}
const orderFilled = defineEvent({
  category: 'enforcement',
  level: 'INFO',
  message: smallMessage,
  context: smallSchema,
})
const orderChecked = defineEvent({
  category: 'enforcement',
  level: 'DEBUG',
  message: smallMessage,
  context: smallSchema,
})

/** The configuration all three have. */
export function configOf({
  directory,
  rotation,
  rotationMb = 50,
  entriesMax,
}: SubjectOptions): LoggingConfig {
  return {
    log_path: directory,
    rotation: { max_size_mb: rotation ? rotationMb : 500, max_files: 100 },
    ...(entriesMax !== undefined && {
      buffer: { entries: entriesMax, bytes: entriesMax * 1024 },
    }),
  }
}

export function openTyped(options: SubjectOptions): Subject {
  const log = createLogger(configOf(options))
  const closed = log.event(positionClosed('enforcement'))
  const filled = log.event(orderFilled)
  const checked = log.event(orderChecked)
  const context = enforcementContext(0)
  return {
    entry: (i) => closed(enforcementContext(i), account),
    disabled: (i) => checked(smallContext(i), account),
    small: (i) => filled(smallContext(i), account),
    repeated: () => closed(context, account),
    flush: () => log.flush(),
    end: () => closeOf(log),
  }
}

/** A worker thread makes the lines and writes them. */
export function openThread(options: SubjectOptions): Subject {
  return openTypedWith(options, { writer: 'thread' })
}

/** The ring lies in memory that the system keeps when the process is killed. */
export function openShared(options: SubjectOptions): Subject {
  return openTypedWith(options, { ring: 'shared' })
}

function openTypedWith(options: SubjectOptions, buffer: LoggingConfig['buffer']): Subject {
  const config = configOf(options)
  const log = createLogger({ ...config, buffer: { ...config.buffer, ...buffer } })
  const closed = log.event(positionClosed('enforcement'))
  return {
    entry: (i) => closed(enforcementContext(i), account),
    flush: () => log.flush(),
    end: () => closeOf(log),
  }
}

/** Each call is made in a request, whose three fields reach the entry by `options.context`. */
export function openContext(options: SubjectOptions): Subject {
  const requests = new AsyncLocalStorage<object>()
  const log = createLogger(configOf(options), { context: () => requests.getStore() })
  const closed = log.event(positionClosed('enforcement'))
  requests.enterWith(bindings)
  return {
    entry: (i) => closed(enforcementContext(i)),
    bound: (i) => log.enforcement.info(message, enforcementContext(i)),
    end: () => closeOf(log),
  }
}

export function openUntyped(options: SubjectOptions): Subject {
  const log = createLogger(configOf(options))
  const { enforcement } = log
  const context = accountContext(0)
  return {
    entry: (i) => enforcement.info(message, accountContext(i)),
    disabled: (i) => enforcement.debug(smallMessage, smallContext(i)),
    message: () => enforcement.info(message),
    small: (i) => enforcement.info(smallMessage, smallContext(i)),
    error: (i) => enforcement.error(failureMessage, failure, smallContext(i)),
    request: (i) => {
      const child = log.with({ request_id: i, path: '/orders' }).enforcement
      for (let k = 3 * i; k < 3 * i + 3; k++) child.info(smallMessage, smallContext(k))
    },
    repeated: () => enforcement.info(message, context),
    end: () => closeOf(log),
  }
}

export function openBound(options: SubjectOptions): Subject {
  const log = createLogger(configOf(options))
  const bound = log.with(bindings)
  const closed = bound.event(positionClosed('enforcement'))
  return {
    entry: (i) => closed(enforcementContext(i)),
    bound: (i) => bound.enforcement.info(message, enforcementContext(i)),
    end: () => closeOf(log),
  }
}

/** Closes, and fails when the logger itself says that something did not arrive. */
async function closeOf(log: Logger): Promise<void> {
  await log.close()
  const { accepted, written, mismatched } = log.stats()
  if (written !== accepted || mismatched !== 0) {
    throw new Error(
      `Expected all ${accepted} entries written and none mismatched, got ${JSON.stringify(log.stats())}`,
    )
  }
}
