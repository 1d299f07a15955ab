// log4js 6: the `file` appender, which rotates by size, with a layout of one's own that writes JSON
// as its docs/layouts.md shows. It has no JSON layout in core.

import { join } from 'node:path'
import log4js from 'log4js'
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

export function open({ directory, rotation }: SubjectOptions): Subject {
  log4js.addLayout('json-line', () => (event) => {
    const [text, fields] = event.data as [string, (object & { err?: Error }) | undefined]
    return JSON.stringify({
      timestamp: event.startTime,
      level: event.level.levelStr,
      category: event.categoryName,
      message: text,
      ...event.context,
      ...fields,
      ...(fields?.err !== undefined && { err: exceptionOf(fields.err) }),
    })
  })
  log4js.configure({
    appenders: {
      file: {
        type: 'file',
        filename: join(directory, 'bench.log'),
        layout: { type: 'json-line' },
        ...(rotation && { maxLogSize: 50 * 1024 * 1024, backups: 100 }),
      },
    },
    categories: {
      default: { appenders: ['file'], level: 'info' },
      bound: { appenders: ['file'], level: 'info' },
    },
  })
  const log = log4js.getLogger('enforcement')
  const bound = log4js.getLogger('bound')
  for (const [key, value] of Object.entries(bindings)) bound.addContext(key, value)
  return {
    entry: (i) => log.info(message, { account_id: account, context: enforcementContext(i) }),
    disabled: (i) => log.debug(smallMessage, { context: smallContext(i) }),
    message: () => log.info(message),
    small: (i) => log.info(smallMessage, { context: smallContext(i) }),
    bound: (i) => bound.info(message, { context: enforcementContext(i) }),
    error: (i) => log.error(failureMessage, { context: smallContext(i), err: failure }),
    end: () =>
      new Promise((resolve, reject) => {
        // It passes null, whatever its types say, when all is well.
        log4js.shutdown((error) => (error ? reject(error) : resolve()))
      }),
  }
}

function exceptionOf(error: Error): object {
  const cause = error.cause instanceof Error ? exceptionOf(error.cause) : undefined
  return { type: error.name, message: error.message, stack: error.stack, cause }
}
