// Worker threads: one writer per directory, so each thread has its own, and whoever reads merges them.

import { once } from 'node:events'
import { join } from 'node:path'
import { Worker, isMainThread, threadId } from 'node:worker_threads'
import { createLogger, streamLogs } from 'ringlog'

const root = process.env.LOG_PATH ?? './logs'
const log = createLogger({ log_path: join(root, String(threadId)) })

if (isMainThread) {
  log.system.info('Started')
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url)))
  await Promise.all(workers.map((worker) => once(worker, 'exit')))
  log.system.info('All have ended')
  await log.close()
  for await (const { entry } of streamLogs({ log_path: root })) console.log(entry?.message)
} else {
  log.system.info(`Work is done in thread ${threadId}`)
  await log.close()
}
