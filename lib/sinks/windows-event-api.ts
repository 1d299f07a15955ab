// The three functions of advapi32.dll that report to the Windows Event Log, through the foreign
// function interface that loads: ffi-napi, or else koffi. Whatever differs between the two stands
// here.
//
// - ffi-napi 4.0.3 only in the main thread: a process in which nothing but a worker has loaded it
//   dies with the worker (SIGSEGV on Linux, 0xC0000005 on Windows; Node 20 to 26, 2026-11). It also
//   adds methods to `Buffer.prototype`. So neither is loaded before it is needed, and never where
//   it is not.
// - Both make an asynchronous call in libuv's thread pool, whose work Node finishes before the
//   process ends, also in `process.exit` and after an uncaught exception (Node 20.20, 2026-11):
//   what has been handed over is reported, once.

import { createRequire } from 'node:module'
import { isMainThread } from 'node:worker_threads'

/**
 * What RegisterEventSourceW has returned: a pointer, in the words of the interface that called it.
 */
export type EventSourceHandle = Buffer | bigint

/** EVENTLOG_ERROR_TYPE and EVENTLOG_WARNING_TYPE of winnt.h. */
export const errorType = 1
export const warningType = 2

/** The calls, whatever makes them. Strings are UTF-16LE and end with a NUL. */
export interface EventApi {
  readonly name: 'ffi-napi' | 'koffi'
  /** @returns undefined when Windows refuses. */
  open(source: Buffer): EventSourceHandle | undefined
  /** Reports one string in a thread of the pool; `done` comes in a later turn. */
  report(
    handle: EventSourceHandle,
    type: number,
    text: Buffer,
    done: (error: Error | undefined) => void,
  ): void
  /** Reports one string before it returns. */
  reportSync(handle: EventSourceHandle, type: number, text: Buffer): Error | undefined
  close(handle: EventSourceHandle): void
}

type Done = (error: Error | null, result: unknown) => void

/** A native function as both interfaces give it. */
interface NativeFunction {
  (...args: unknown[]): unknown
  async(...args: [...unknown[], Done]): void
}

type NativeFunctions = Readonly<Record<keyof typeof signatures, NativeFunction>>

/** What we use of ffi-napi; it comes without types. */
export interface FfiNapi {
  Library(name: string, functions: object): unknown
}

interface Ref {
  readonly NULL: Buffer
  alloc(type: 'pointer'): Buffer
  writePointer(at: Buffer, offset: number, target: Buffer): void
  isNull(pointer: Buffer): boolean
}

/** What we use of koffi. */
export interface Koffi {
  load(name: string): { func(prototype: string): unknown }
}

/** Every event bears this ID. EventCreate.exe, as message file, has a text for it. */
const eventId = 1

/** The functions as ffi-napi wants them declared: result, then arguments. */
const signatures = {
  RegisterEventSourceW: ['pointer', ['pointer', 'pointer']],
  ReportEventW: [
    'int',
    // Handle, type, category, ID, user, number of strings, bytes of data, strings, data.
    ['pointer', 'uint16', 'uint16', 'uint32', 'pointer', 'uint16', 'uint32', 'pointer', 'pointer'],
  ],
  DeregisterEventSource: ['int', ['pointer']],
} as const

/** The same as koffi wants them declared. */
const prototypes = {
  RegisterEventSourceW: 'void *__stdcall RegisterEventSourceW(void *server, void *source)',
  ReportEventW:
    'int __stdcall ReportEventW(void *handle, uint16_t type, uint16_t category, uint32_t id, ' +
    'void *user, uint16_t count, uint32_t size, void **strings, void *data)',
  DeregisterEventSource: 'int __stdcall DeregisterEventSource(void *handle)',
} as const

/**
 * What loads a package of ours. Made when it is needed: in a CommonJS bundle there is no
 * `import.meta.url`, and the bundle's own path stands in for it.
 */
function packageLoader(): NodeJS.Require {
  const { url } = import.meta as { readonly url?: string }
  return createRequire(url ?? __filename)
}

/**
 * Loads the interface that can be loaded, ffi-napi first. Takes 200 ms with ffi-napi, 70 ms with
 * koffi (Wine 8.0, two shared cores, 2026-11).
 *
 * @throws {Error} when neither loads; it says why of each.
 */
export function loadEventApi(): EventApi {
  const reasons: string[] = []
  for (const [name, load] of [
    ['ffi-napi', viaFfiNapi],
    ['koffi', viaKoffi],
  ] as const) {
    try {
      return load()
    } catch (error) {
      reasons.push(`${name}: ${firstLineOf(error)}`)
    }
  }
  throw new Error(`expected ffi-napi or koffi, got neither (${reasons.join('; ')})`)
}

/**
 * The calls through ffi-napi.
 *
 * @param find Where the functions are to be found, for tests. @default advapi32.dll
 * @throws {Error} when it cannot be loaded, or not here.
 */
export function viaFfiNapi(
  find: (ffi: FfiNapi, functions: typeof signatures) => unknown = (ffi, functions) =>
    ffi.Library('advapi32', functions),
): EventApi {
  if (!isMainThread) throw new Error('cannot be used in a worker thread')
  const load = packageLoader()
  const ffi = load('ffi-napi') as FfiNapi
  const ref = createRequire(load.resolve('ffi-napi'))('ref-napi') as Ref
  const functions = find(ffi, signatures) as NativeFunctions
  return eventApi('ffi-napi', functions, {
    nothing: ref.NULL,
    isNothing: (pointer) => ref.isNull(pointer as Buffer),
    stringsOf: (text) => {
      const strings = ref.alloc('pointer')
      ref.writePointer(strings, 0, text)
      return strings
    },
  })
}

/**
 * The calls through koffi.
 *
 * @param find Where a function is to be found, for tests. @default advapi32.dll
 * @throws {Error} when it cannot be loaded.
 */
export function viaKoffi(
  find: (koffi: Koffi) => { func(prototype: string): unknown } = (koffi) =>
    koffi.load('advapi32.dll'),
): EventApi {
  const library = find(packageLoader()('koffi') as Koffi)
  const functions = Object.fromEntries(
    Object.entries(prototypes).map(([name, prototype]) => [name, library.func(prototype)]),
  ) as NativeFunctions
  return eventApi('koffi', functions, {
    nothing: null,
    isNothing: (pointer) => pointer === null,
    stringsOf: (text) => [text],
  })
}

/** How an interface speaks of pointers. */
interface Pointers {
  readonly nothing: Buffer | null
  readonly isNothing: (pointer: unknown) => boolean
  /** An array of one string. */
  readonly stringsOf: (text: Buffer) => unknown
}

function eventApi(
  name: EventApi['name'],
  functions: NativeFunctions,
  { nothing, isNothing, stringsOf }: Pointers,
): EventApi {
  const { RegisterEventSourceW, ReportEventW, DeregisterEventSource } = functions
  const argumentsOf = (handle: EventSourceHandle, type: number, text: Buffer): unknown[] => {
    return [handle, type, 0, eventId, nothing, 1, 0, stringsOf(text), nothing]
  }
  return {
    name,
    open: (source) => {
      const handle = RegisterEventSourceW(nothing, source)
      return isNothing(handle) ? undefined : (handle as EventSourceHandle)
    },
    report: (handle, type, text, done) => {
      const args = argumentsOf(handle, type, text)
      ReportEventW.async(...args, (error, result) => {
        // What they point to has to live until here.
        args.length = 0
        done(error ?? refusal(result))
      })
    },
    reportSync: (handle, type, text) => refusal(ReportEventW(...argumentsOf(handle, type, text))),
    close: (handle) => {
      DeregisterEventSource(handle)
    },
  }
}

/**
 * GetLastError would not be that of our call: it belongs to another thread, or has been overwritten
 * since.
 */
function refusal(result: unknown): Error | undefined {
  return result === 0 ? new Error('ReportEventW returned FALSE') : undefined
}

function firstLineOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
