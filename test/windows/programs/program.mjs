// What node.exe runs: a program that has the package installed, `program.mjs <way> <log directory> …`. Its last
// line on stdout is JSON.

import { createRequire, syncBuiltinESMExports } from 'node:module'
import threads, { Worker, isMainThread, workerData } from 'node:worker_threads'
import { createLogger } from 'ringlog'

const [way, directory, ...rest] = isMainThread ? process.argv.slice(2) : workerData
const started = new Date().toISOString()
let config = { log_path: directory, console: 'off' }
/** Only the main thread can report to the event log. */
const threaded = {
  ...config,
  windows_event_log: { enabled: false },
  buffer: { writer: 'thread' },
}
let log
let logged = 0

function tell(more = {}) {
  const interfaces = Object.keys(createRequire(import.meta.url).cache)
    .map((path) => /node_modules[\\/](ffi-napi|koffi)[\\/]/.exec(path)?.[1])
    .filter((name) => name !== undefined)
  const { platform, version } = process
  const { failures, last_error, rotations, written, accepted } = log?.stats() ?? {}
  const stats = { failures, last_error, rotations, written, accepted }
  const loaded = [...new Set(interfaces)]
  console.log(JSON.stringify({ platform, version, started, loaded, stats, logged, ...more }))
}

function positions(count) {
  for (let i = 0; i < count; i++) {
    log.enforcement.info('Position closed', { n: ++logged, text: 'x'.repeat(300) })
  }
}

function graves(count) {
  for (let i = 0; i < count; i++) log.system.critical(`grave ${++logged}`)
}

const ways = {
  /** Everything a daemon does. */
  async daemon() {
    config = { ...config, rotation: { max_size_mb: 1, max_files: 3 } }
    log = createLogger(config)
    log.service.info('starting')
    log.system.critical('Disk full — ünïcödé ✓ 😀 at 100%1 of %%5', {
      free: 0,
      password: 'hunter2',
    })
    for (let i = 0; i < 12_000; i++) {
      log.enforcement.info('Position closed', { i, text: 'x'.repeat(100) })
      if (i % 1000 === 0) await new Promise(setImmediate)
    }
    log.error.error('no event', new Error('no event'))
    log.error.critical('broken "quoted" \\ back\nsecond line\0', new TypeError('x'), {
      account_id: 'ABC123',
    })
    log.audit.warning('no event')
    await log.close()
    tell()
  },

  async thousand() {
    log = createLogger(config)
    for (let i = 0; i < 10; i++) {
      graves(100)
      await new Promise(setImmediate)
    }
    await log.close()
    tell()
  },

  async warnings() {
    const source = 'Other Søurce'
    log = createLogger({ ...config, windows_event_log: { log_critical_only: false, source } })
    log.system.info('no event')
    log.system.warning('w')
    log.system.error('e')
    log.system.critical('c')
    await log.close()
    tell()
  },

  async disabled() {
    log = createLogger({ ...config, windows_event_log: { enabled: false } })
    graves(1)
    await log.close()
    tell()
  },

  exit() {
    log = createLogger(config)
    graves(100)
    tell()
    process.exit(3)
  },

  'exit amid reporting'() {
    log = createLogger(config)
    graves(500)
    setTimeout(() => {
      graves(100)
      tell()
      process.exit(4)
    }, 20)
  },

  throw() {
    log = createLogger(config)
    graves(100)
    setTimeout(() => {
      graves(5)
      process.on('exit', () => {
        graves(5)
        tell()
      })
      throw new Error('boom')
    }, 20)
  },

  /** Two loggers of a process. */
  async two() {
    log = createLogger(config)
    const other = createLogger({ ...config, log_path: `${directory}-other` })
    log.system.critical('first')
    other.system.critical('second')
    await Promise.all([log.close(), other.close()])
    tell()
  },

  /** A logger in a worker, and none in the main thread. */
  async worker() {
    if (!isMainThread) {
      log = createLogger(config)
      graves(10)
      await log.close()
      return
    }
    const worker = new Worker(new URL(import.meta.url), { workerData: [way, directory] })
    logged = 10
    await new Promise((resolve) => worker.on('exit', resolve))
    tell()
  },

  /** What a Windows without an interface does. */
  async loud() {
    log = createLogger({ ...config, console: 'fallback' })
    graves(10)
    await log.close()
    tell()
  },

  /** A writer thread, through rotations. */
  async thread() {
    log = createLogger({ ...threaded, rotation: { max_size_mb: 1, max_files: 10 } })
    for (let i = 0; i < 12; i++) {
      positions(1000)
      await new Promise(setImmediate)
    }
    await log.flush()
    const { written } = log.stats()
    positions(10)
    await log.close()
    tell({ flushed: written })
  },

  'thread, exit'() {
    log = createLogger(threaded)
    positions(3000)
    process.on('exit', () => tell())
    process.exit(3)
  },

  'thread, throw'() {
    log = createLogger(threaded)
    positions(3000)
    process.on('exit', () => tell())
    setTimeout(() => {
      positions(10)
      throw new Error('boom')
    }, 20)
  },

  /** Its lock is that of a thread of which Windows does not say that it has ended. */
  async 'thread, terminated'() {
    const { Worker: RealWorker } = threads
    let writer
    threads.Worker = class extends RealWorker {
      constructor(...args) {
        super(...args)
        writer = this
      }
    }
    syncBuiltinESMExports()
    log = createLogger(threaded)
    positions(3000)
    await log.flush()
    await writer.terminate()
    positions(1000)
    await log.close()
    tell()
  },

  /** What it cannot do there. */
  refused() {
    const problems = [
      { ...config, buffer: { writer: 'thread' } },
      { ...config, buffer: { ring: 'shared' } },
    ].map((refused) => {
      try {
        createLogger(refused)
        return 'taken'
      } catch (error) {
        return `${error.name}: ${error.problems?.map(({ path }) => path)}`
      }
    })
    tell({ problems })
  },

  async 'event source'() {
    const url = new URL(
      './node_modules/ringlog/modules/sinks/event-source-registration.js',
      import.meta.url,
    )
    const sources = await import(url)
    const [action, source] = rest
    try {
      sources[`${action}EventSource`](source)
      tell({ message: undefined })
    } catch ({ message }) {
      tell({ message })
    }
  },
}

await ways[way]()
