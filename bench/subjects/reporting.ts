// ringlog with a Windows Event Log that takes 50 ms for each event. The real one is to be had on
// Windows only, so that its place is taken by a timer: one call at a time, off the caller's path,
// as through the real interfaces.

import { resolveConfig } from '../../lib/config/resolve.ts'
import { assemble } from '../../lib/logger/create-logger.ts'
import type { EventApi } from '../../lib/sinks/windows-event-api.ts'
import { accountContext, message } from '../workload.ts'
import { configOf } from './ringlog.ts'
import type { Subject } from './subject.ts'

const eventMs = 50

export function withSlowEventLog(level: 'info' | 'critical', directory: string): Subject {
  let isSlow = true
  const api: EventApi = {
    name: 'koffi',
    open: () => 1n,
    report: (_handle, _type, _text, done) => {
      setTimeout(done, isSlow ? eventMs : 0, undefined)
    },
    reportSync: () => undefined,
    close: () => {},
  }
  const log = assemble(resolveConfig(configOf({ directory, rotation: true })), () => api)
  const { enforcement } = log
  return {
    entry: (i) => enforcement[level](message, accountContext(i)),
    end: () => {
      // What waits is not what is measured.
      isSlow = false
      return log.close()
    },
  }
}
