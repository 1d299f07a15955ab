// What node.exe runs to see whether an interface ever brings it down: `starts.mjs <end>`. The event log alone,
// without the rest of the package, whose loading takes ten times as long under Wine.

import { EventLog } from './node_modules/ringlog/modules/sinks/event-log-sink.js'
import { loadEventApi } from './node_modules/ringlog/modules/sinks/windows-event-api.js'

const [end] = process.argv.slice(2)
const fail = (error) => {
  throw error
}
const eventLog = new EventLog({
  source: 'RiskManagerDaemon',
  threshold: 4,
  fail,
  tell: fail,
  load: loadEventApi,
})
const entry = { timestamp: '2026-07-01T12:00:00.000+00:00', level: 'CRITICAL', category: 'system' }
let reported = 0

function report(count) {
  for (let i = 0; i < count; i++) {
    eventLog.take({ ...entry, severity: 4, message: `grave ${++reported}` })
  }
}

process.on('exit', () => eventLog.exit())
eventLog.open()
report(10)
const ends = {
  'natural end'() {},
  close: () => eventLog.close(),
  exit: () => process.exit(3),
  'exit amid reporting'() {
    setTimeout(() => {
      report(10)
      process.exit(4)
    }, 1)
  },
  throw() {
    setTimeout(() => {
      report(10)
      throw new Error('boom')
    }, 1)
  },
}
await ends[end]()
