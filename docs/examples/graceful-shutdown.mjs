// The end by a signal: the work under way is finished, then the log is closed, then the process
// ends. Without a handler Node ends at once, and with it what was logged within the last `flush_ms`.

import { createServer } from 'node:http'
import { createLogger } from 'ringlog'

const log = createLogger({ log_path: process.env.LOG_PATH ?? './logs' })
const server = createServer((request, response) => {
  log.system.info('Request', { url: request.url })
  response.end('ok')
})
server.listen(Number(process.env.PORT ?? 3000), () => {
  log.service.info('Started')
  console.log('Listens')
})

let isEnding = false
async function end(signal) {
  if (isEnding) return
  isEnding = true
  log.service.info('Stopping', { signal })
  server.closeIdleConnections()
  await new Promise((resolve) => server.close(resolve))
  log.service.info('Stopped')
  try {
    await log.close()
  } catch (error) {
    // Some entries could not be written: the disk is full, say. They are counted in log.stats().
    console.error(error.message)
    process.exitCode = 1
  }
  // Whatever else would keep the process alive: PM2's channel to it, a timer.
  process.exit()
}
process.on('SIGTERM', end)
process.on('SIGINT', end)
