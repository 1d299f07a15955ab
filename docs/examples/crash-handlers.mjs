// An uncaught exception, and a rejection that nobody handles, as entries. The monitor changes nothing: the process ends as
// it would without, with its usual exit code, and what was logged is in the files.

import { createLogger } from 'ringlog'

const log = createLogger({ log_path: process.env.LOG_PATH ?? './logs' })

process.on('uncaughtExceptionMonitor', (error, origin) => {
  log.error.critical('The process ends', error, { origin })
})
process.on('warning', (warning) => log.system.warning('Node warns', warning))

log.system.info('Started')
if (process.argv.includes('--reject')) {
  void Promise.reject(new RangeError('nobody waits for this'))
} else {
  setTimeout(() => {
    throw new TypeError('nobody catches this')
  })
}
