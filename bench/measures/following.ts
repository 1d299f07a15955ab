// What it costs to follow a file that gets a line each millisecond, and how long after its writing
// a line is given out. ringlog alone.

import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Job, Measure, Outcome, Scale } from '../measure.ts'
import { smallContext, smallMessage } from '../workload.ts'

const counts: Readonly<Record<Scale, number>> = { quick: 2000, full: 10_000 }

/** Appends a line each millisecond, more at once when its timer is late. */
const writer = `
  const { appendFileSync } = require('node:fs')
  const [path, entry, count] = process.argv.slice(1)
  const start = performance.now()
  let written = 0
  setInterval(() => {
    for (; written < Math.min(count, performance.now() - start); written++) {
      const timestamp = new Date().toISOString().replace('Z', '+00:00')
      appendFileSync(path, JSON.stringify({ timestamp, ...JSON.parse(entry) }) + '\\n')
    }
    if (written >= count) process.exit()
  }, 1)
`

export const following: Measure = {
  name: 'following',
  title: 'Following',
  about:
    'Another process appends 1000 lines a second, one at a time, and `streamLogs({ follow: true })` gives them out: ' +
    'processor time of the process that follows, in % of one core, and the time from the writing of a line until it ' +
    'is given out, ms.',
  metrics: [
    { name: 'cpu_percent', title: 'processor, %', better: 'lower' },
    { name: 'delay_p50_ms', title: 'delay p50, ms', better: 'lower' },
    { name: 'delay_p99_ms', title: 'delay p99, ms', better: 'lower' },
  ],

  variantTitle: () => '1000 lines a second',

  plan: (scale: Scale) => [
    { measure: 'following', variant: 'lines', subject: 'ringlog-typed', count: counts[scale] },
  ],

  async run({ count }: Job, directory: string): Promise<Outcome> {
    const { streamLogs } = await import('../../lib/index.ts')
    mkdirSync(directory, { recursive: true })
    const path = join(directory, 'system.log')
    // Without a number: one line is as good as another.
    const entry = {
      level: 'INFO',
      category: 'system',
      message: smallMessage,
      context: smallContext(0),
    }
    writeFileSync(path, '')
    const delays: number[] = []
    let startMs = 0
    let cpuStart = process.cpuUsage()
    const lines = streamLogs({ log_path: directory, follow: true })[Symbol.asyncIterator]()
    const first = lines.next()
    const args = ['-e', writer, path, JSON.stringify(entry), String(count)]
    const child = spawn(process.execPath, args, { stdio: 'inherit' })
    for (let next = first; delays.length < count; next = lines.next()) {
      const line = (await next).value
      if (line?.entry?.message !== smallMessage) {
        child.kill()
        return { metrics: {}, logged: undefined, fault: `line ${delays.length} is another` }
      }
      if (delays.push(Date.now() - Date.parse(line.entry.timestamp)) > 1) continue
      startMs = performance.now()
      cpuStart = process.cpuUsage()
    }
    const { user, system } = process.cpuUsage(cpuStart)
    const ms = performance.now() - startMs
    await lines.return?.()
    delays.sort((a, b) => a - b)
    return {
      metrics: {
        cpu_percent: (user + system) / 10 / ms,
        delay_p50_ms: delays[count >> 1] ?? Number.NaN,
        delay_p99_ms: delays[Math.floor(count * 0.99)] ?? Number.NaN,
      },
      logged: undefined,
    }
  },
}
