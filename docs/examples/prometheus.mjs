// The counters of a logger for Prometheus. They are read when they are asked for: logging pays nothing for it.

import { createServer } from 'node:http'
import { Counter, Gauge, register } from 'prom-client'
import { createLogger } from 'ringlog'

const log = createLogger({ log_path: process.env.LOG_PATH ?? './logs' })

/** A counter that has the value of another one. */
function counter(name, help, valueOf, labelNames = []) {
  new Counter({
    name,
    help,
    labelNames,
    collect() {
      this.reset()
      valueOf(this)
    },
  })
}

counter('log_entries_accepted_total', 'Entries that passed their level', (metric) =>
  metric.inc(log.stats().accepted),
)
counter('log_entries_written_total', 'Entries in their file', (metric) =>
  metric.inc(log.stats().written),
)
counter(
  'log_entries_dropped_total',
  'Entries lost, by level',
  (metric) => {
    const { total, ...levels } = log.stats().dropped
    for (const [level, entries] of Object.entries(levels)) metric.inc({ level }, entries)
  },
  ['level'],
)
counter('log_failures_total', 'Times an open, a write or a rotation failed', (metric) =>
  metric.inc(log.stats().failures),
)
new Gauge({
  name: 'log_entries_queued',
  help: 'Entries on their way',
  collect() {
    this.set(log.stats().queued)
  },
})

const server = createServer(async (_request, response) => {
  response.setHeader('content-type', register.contentType)
  response.end(await register.metrics())
})
server.listen(Number(process.env.PORT ?? 9464), () => {
  log.system.info('Started')
  console.log('Listens')
})
process.once('SIGTERM', async () => {
  await new Promise((resolve) => server.close(resolve))
  await log.close()
})
