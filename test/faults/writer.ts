// The two writers that are put under fault: the library, and the known-bad one on which each fault
// must be seen to bite, rotating-file-stream alone.

import { createStream } from 'rotating-file-stream'
import { createLogger } from 'ringlog'
import { type Job, type JobCategory, type Outcome, ringVariable, writerVariable } from './job.ts'

export interface Writer {
  /** Logs entry `n` of the category that stands at this place of the job's. */
  log(category: number, level: 'info' | 'warning' | 'error', n: number, text: string): void
  flush(): Promise<void>
  close(): Promise<void>
  stats(): Outcome['stats']
}

/** The files of the categories. */
export const fileOf: Readonly<Record<JobCategory, string>> = {
  audit: 'audit.log',
  enforcement: 'enforcement.log',
  sdk: 'system.log',
  error: 'error.log',
}

export function openWriter(job: Job): Writer {
  return job.writer === 'bare' ? openBare(job) : openRinglog(job)
}

function openRinglog(job: Job): Writer {
  const ring = process.env[ringVariable] === 'shared' ? 'shared' : 'memory'
  const writer = process.env[writerVariable] === 'thread' ? 'thread' : 'inline'
  const buffer = { ...job.config.buffer, ring, writer } as const
  const logger = createLogger({ ...job.config, buffer, log_path: job.directory })
  const loggers = job.categories.map((name) => logger.category(name))
  return {
    log: (category, level, n, text) =>
      loggers[category]![level]('An entry under fault', { n, text }),
    flush: () => logger.flush(),
    close: () => logger.close(),
    stats: () => logger.stats(),
  }
}

/**
 * A stream per category, a chunk per entry, as its manual shows it; recreated after an error, as
 * its manual says. An entry is acknowledged when its callback comes without an error.
 */
function openBare(job: Job): Writer {
  const { max_size_mb = 50, max_files = 10 } = job.config.rotation ?? {}
  const counts = { accepted: 0, written: 0, failures: 0, rotations: 0 }
  let lastError: string | undefined
  let waiting: (() => void)[] = []
  const settle = (): void => {
    if (counts.accepted > counts.written + counts.failures) return
    for (const resolve of waiting.splice(0)) resolve()
  }
  const open = (name: JobCategory): ReturnType<typeof createStream> => {
    const stream = createStream(fileOf[name], {
      path: job.directory,
      size: `${max_size_mb}M`,
      rotate: max_files,
      mode: 0o600,
    })
    stream.on('error', (error) => {
      lastError = error.message
    })
    stream.on('rotated', () => counts.rotations++)
    return stream
  }
  const streams = job.categories.map(open)
  return {
    log(category, level, n, text) {
      counts.accepted++
      const name = job.categories[category]!
      if (streams[category]!.destroyed) streams[category] = open(name)
      const line = {
        timestamp: new Date().toISOString(),
        level: level.toUpperCase(),
        category: name,
        message: 'An entry under fault',
        context: { n, text },
        seq: n,
      }
      streams[category]!.write(`${JSON.stringify(line)}\n`, (error) => {
        if (error) counts.failures++
        else counts.written++
        settle()
      })
    },
    flush: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
        settle()
      }),
    close: async () => {
      await Promise.all(
        streams.map(
          (stream) =>
            new Promise<void>((resolve) => {
              if (stream.destroyed) resolve()
              else {
                stream.once('close', resolve)
                stream.end()
              }
            }),
        ),
      )
    },
    stats: () => ({
      ...counts,
      diverted: 0,
      queued: 0,
      dropped: { total: 0 },
      last_error: lastError,
    }),
  }
}
