// Whether anybody still reads what a command writes: `ringlog tail -f | head -1` is to end when
// head has ended, also when no further line is found that could be written.
//
// Node hears of it by a write alone: libuv does not poll a stream that is only written to. WASI,
// which Node brings along, has a poll: its `poll_oneoff` gives EIO for a pipe without a reader.
// Tried and of no use: an empty write (no error), opening /proc/self/fd/1 once more (no error; for
// reading, we would be the reader), fs.watch of it (no event), a read of the write end (EBADF).
// koffi's poll(2) sees the same, but may not be installed.
//
// A look costs 0.1 to 0.4 ms, loading 1.5 ms (Node 20.20, 22.23, 24.21 and 26.10, Linux 6.18,
// 2026-11).

import { fstatSync } from 'node:fs'
import { clearInterval, setInterval } from '../entry/clock.ts'

/** The part of it that is needed: TypeScript has its types with those of the browser. */
declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number }) => Memory
}
interface Memory {
  readonly buffer: ArrayBuffer
}

const lookMs = 250

/**
 * The most that a look waits, in ns: without a moment of patience the clock is first, and the
 * output not asked.
 */
const patienceNs = 1_000_000n

/** Of WASI preview 1: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md. */
const subscriptionBytes = 48
const eventsAt = 256
const countAt = 512
const clockEvent = 0
const writeEvent = 2
const monotonicClock = 1
const hangUpFlag = 1

/** What a look at an output finds; `unwatchable`: a file, or there is no poll here. */
type Found = 'alive' | 'gone' | 'unwatchable'

/**
 * Calls back once when the reader of a pipe has gone. A socket's other side may have ended its own
 * writing and still read: then it counts as gone when the process that has started us has gone,
 * too. Other outputs are not watched: a terminal sends a signal.
 *
 * @param fd The output.
 * @param gone Called at most once. The watch does not keep the process alive.
 */
export function watchHangUp(fd: number, gone: () => void): void {
  const look = process.platform === 'win32' ? undefined : lookAt(fd)
  if (look === undefined) return
  const timer = setInterval(() => {
    const found = look()
    if (found === 'alive') return
    clearInterval(timer)
    if (found === 'gone') gone()
  }, lookMs).unref()
}

/** What looks at an output; `undefined` when it is neither pipe nor socket, or there is no poll. */
function lookAt(fd: number): (() => Found) | undefined {
  try {
    const stat = fstatSync(fd)
    if (!stat.isFIFO() && !stat.isSocket()) return undefined
    const parent = process.ppid
    const memory = new WebAssembly.Memory({ initial: 1 })
    const poll = pollOf(memory)
    return () => {
      const { error, hangUp } = poll(fd)
      if (error === undefined) return 'unwatchable'
      if (error !== 0 || (hangUp && stat.isFIFO())) return 'gone'
      return hangUp && process.ppid !== parent ? 'gone' : 'alive'
    }
  } catch {
    // The permission model forbids WASI, or a later Node has none: then only a write shows it.
    return undefined
  }
}

interface Polled {
  /** `undefined` when this output cannot be polled. */
  readonly error: number | undefined
  readonly hangUp: boolean
}

function pollOf(memory: Memory): (fd: number) => Polled {
  const { WASI } = quietly(() => process.getBuiltinModule('node:wasi'))
  const wasi = new WASI({ version: 'preview1' })
  wasi.initialize({ exports: { memory } })
  const { poll_oneoff: pollOneOff } = wasi.wasiImport as {
    poll_oneoff: (subscriptions: number, events: number, count: number, found: number) => number
  }
  const view = new DataView(memory.buffer)
  return (fd) => {
    view.setUint8(8, writeEvent)
    view.setUint32(16, fd, true)
    view.setUint8(subscriptionBytes + 8, clockEvent)
    view.setUint32(subscriptionBytes + 16, monotonicClock, true)
    view.setBigUint64(subscriptionBytes + 24, patienceNs, true)
    if (pollOneOff(0, eventsAt, 2, countAt) !== 0) return { error: undefined, hangUp: false }
    const isOutput =
      view.getUint32(countAt, true) > 0 && view.getUint8(eventsAt + 10) !== clockEvent
    if (!isOutput) return { error: 0, hangUp: false }
    const flags = view.getUint16(eventsAt + 24, true)
    return { error: view.getUint16(eventsAt + 8, true), hangUp: (flags & hangUpFlag) !== 0 }
  }
}

/** Node warns that WASI is experimental, which does not concern the reader of a log. */
function quietly<T>(load: () => T): T {
  const before = Object.getOwnPropertyDescriptor(process, 'emitWarning') ?? {}
  process.emitWarning = () => {}
  try {
    return load()
  } finally {
    Object.defineProperty(process, 'emitWarning', before)
  }
}
