// A program that logs so many entries at some pace, in four categories, with rotation.

import { createLogger } from '../../lib/index.ts'

const [directory = '', entries = '0', perSecond = '1000'] = process.argv.slice(2)
const log = createLogger({
  log_path: directory,
  log_level: 'DEBUG',
  rotation: { max_size_mb: 1, max_files: 100, compress: true },
})
const count = Number(entries)
const begin = performance.now()
for (let i = 0; i < count;) {
  const due = Math.min(count, ((performance.now() - begin) / 1000) * Number(perSecond))
  for (; i < due; i++) {
    const place = i % 10
    if (place < 6) log.enforcement.info('Closed', { i, note: 'x'.repeat(200 + (i % 150)) })
    else if (place < 8) log.sdk.info('Filled', { i, note: 'y'.repeat(300) })
    else if (place === 8) log.system.warning('Slow', { i, note: 'z\u0000'.repeat(50) })
    else log.audit.error('Changed', { i, note: 'ü'.repeat(100) })
  }
  await new Promise((resolve) => setTimeout(resolve, 5))
}
await log.close()
