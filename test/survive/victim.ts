// A process that logs with `buffer.ring: "shared"` until it dies. After each call has returned it
// notes how far it has come in a second piece of shared memory, which survives it, too.
//
//   victim DIRECTORY NOTES RUN WAY PIECES WRITER ENTRIES

import { openSync } from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import * as threads from 'node:worker_threads'
import { createLogger, defineEvent, Type } from 'ringlog'

const [directory = '', notes = '', run = '0', way = 'kill', pieces = '1', by, times = '1'] =
  process.argv.slice(2)

interface Koffi {
  load(name: null): { func(prototype: string): (...args: unknown[]) => unknown }
  view(pointer: unknown, bytes: number): ArrayBuffer
}

const koffi = createRequire(import.meta.url)('koffi') as Koffi
const mmap = koffi
  .load(null)
  .func('void *mmap(void *addr, size_t length, int prot, int flags, int fd, int64_t offset)')
const noteBytes = 4096
const accepted = new Float64Array(
  koffi.view(mmap(null, noteBytes, 3, 1, openSync(notes, 'r+'), 0), noteBytes),
)

const typed = defineEvent({
  name: 'filled',
  category: 'enforcement',
  level: 'INFO',
  message: 'Filled {i}',
  context: Type.Object({
    run: Type.Number(),
    i: Type.Number(),
    text: Type.String(),
    password: Type.String(),
    loose: Type.Optional(Type.Unknown()),
  }),
})

/** One whose values all have fixed places: its call writes its record itself. */
const placed = defineEvent({
  name: 'placed',
  category: 'enforcement',
  level: 'INFO',
  message: 'Placed {i}',
  context: Type.Object({
    run: Type.Number(),
    i: Type.Number(),
    text: Type.String(),
    password: Type.String(),
  }),
})

/** The writer thread, where there is one. */
let writerThread: threads.Worker | undefined
class Watched extends threads.Worker {
  constructor(file: string, workerOptions: threads.WorkerOptions) {
    super(file, workerOptions)
    // oxlint-disable-next-line no-this-alias -- the one worker of this process
    writerThread = this
  }
}
Object.defineProperty(process.getBuiltinModule('node:worker_threads'), 'Worker', {
  value: Watched,
})
syncBuiltinESMExports()

const runNumber = Number(run)
const log = createLogger({
  log_path: directory,
  log_level: 'debug',
  console: 'off',
  rotation: { max_size_mb: 1, max_files: 100, compress: runNumber % 2 === 1 },
  buffer: {
    ring: 'shared',
    bytes: 8 * 1024 * 1024,
    writer: by === 'thread' ? 'thread' : 'inline',
  },
})
// That it has started: what it finds has come back by now.
accepted[510] = runNumber
const logTyped = log.event(typed)
const logPlaced = log.event(placed)
const texts = ['', 'short', 'x'.repeat(300), '日本語テキスト'.repeat(9), '\ud800', 'Grüße, später']
let i = 0

function one(): void {
  const text = texts[i % texts.length]! + String(i % 3 === 0 ? i : '')
  const context = { run: runNumber, i: i + 1, text, password: 'CANARY' }
  switch (i % 7) {
    case 0:
    case 1:
      logPlaced(context, i % 2 === 0 ? 'ABC123' : undefined)
      break
    case 2:
      logTyped({ ...context, loose: i % 2 === 0 ? { deep: [text] } : undefined }, 'ABC123')
      break
    case 3:
      log.system.info(`entry ${i}`, context)
      break
    case 4:
      log.error.error('failed', new Error(text), context)
      break
    case 5:
      log.with({ session: `s${i % 5}` }).audit.warning('bound', context)
      break
    default:
      log.enforcement.error('rejected', context)
  }
  accepted[runNumber] = ++i
}

const hoard: unknown[] = []
let left = Number(pieces)
/** Before the process dies its writer thread does, where it is to. */
const orphanedAt = way === 'orphan' ? Math.ceil(left / 2) : -1

function piece(): void {
  const count = (1 + ((i * 7919) % 200)) * Number(times)
  for (let n = 0; n < count; n++) one()
  if (left === orphanedAt) void writerThread?.terminate()
  if (--left === 0) die()
  // Sometimes others have a turn, sometimes the turn goes on.
  if (i % 3 === 0) piece()
  else setTimeout(piece, i % 5 === 0 ? 3 : 0)
}

/** Takes memory outside of the heap, and logs, until the system ends it. */
function fillGroup(): void {
  for (;;) {
    one()
    hoard.push(Buffer.alloc(256 * 1024, 1))
  }
}

function die(): void {
  for (let n = 0; n < 1 + (i % 50); n++) one()
  if (way === 'segv') process.kill(process.pid, 'SIGSEGV')
  else if (way === 'abort') process.abort()
  else if (way === 'self' || way === 'orphan') process.kill(process.pid, 'SIGKILL')
  else if (way === 'oom') for (;;) hoard.push(new Array(10_000).fill(hoard.length))
  else if (way === 'group') fillGroup()
  else if (way === 'exit') process.exit(0)
  // Killed from outside: it goes on.
  else left = Infinity
}

piece()
