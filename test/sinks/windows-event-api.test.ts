// The marshalling of every argument, by the real ffi-napi and the real koffi: what they call as
// advapi32.dll are native functions made of closures, which see what a DLL would.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import {
  type EventApi,
  errorType,
  loadEventApi,
  viaFfiNapi,
  viaKoffi,
  warningType,
} from '../../lib/sinks/windows-event-api.ts'
import { hasModule } from '../native-module.ts'
import { extension, importInWorker } from '../loader.ts'

/** A call as the DLL sees it: numbers, strings, `handle` for the handle, null for NULL. */
type Call = readonly [name: string, ...args: unknown[]]

/** A DLL of closures. */
interface Dll {
  readonly api: EventApi
  readonly calls: Call[]
  /** What the next calls return: NULL and FALSE, or a handle and TRUE. */
  refuses: boolean
}

const require = createRequire(import.meta.url)

/** The closures, given what reads the interface's pointers. */
function closuresOf<Pointer>(
  dll: Omit<Dll, 'api'>,
  handle: Pointer,
  nothing: Pointer,
  read: {
    handle: (pointer: Pointer) => unknown
    string: (pointer: Pointer) => string | null
    strings: (pointer: Pointer, count: number) => (string | null)[]
  },
) {
  return {
    RegisterEventSourceW(server: Pointer, source: Pointer): Pointer {
      dll.calls.push(['RegisterEventSourceW', read.string(server), read.string(source)])
      return dll.refuses ? nothing : handle
    },
    ReportEventW(
      log: Pointer,
      type: number,
      category: number,
      id: number,
      user: Pointer,
      count: number,
      size: number,
      strings: Pointer,
      data: Pointer,
    ): number {
      dll.calls.push([
        'ReportEventW',
        read.handle(log),
        type,
        category,
        id,
        read.handle(user),
        count,
        size,
        read.strings(strings, count),
        read.handle(data),
      ])
      return dll.refuses ? 0 : 1
    },
    DeregisterEventSource(log: Pointer): number {
      dll.calls.push(['DeregisterEventSource', read.handle(log)])
      return 1
    },
  }
}

function ffiNapiDll(): Dll {
  const ffi = require('ffi-napi')
  const ref = createRequire(require.resolve('ffi-napi'))('ref-napi')
  const handle = Buffer.alloc(16)
  const string = (pointer: Buffer): string | null =>
    ref.isNull(pointer) ? null : ref.reinterpretUntilZeros(pointer, 2, 0).toString('utf16le')
  const dll = { calls: [] as Call[], refuses: false }
  const closures = closuresOf<Buffer>(dll, handle, ref.NULL, {
    handle: (pointer) =>
      ref.isNull(pointer) ? null : ref.address(pointer) === ref.address(handle) ? 'handle' : '?',
    string,
    strings: (pointer, count) =>
      Array.from({ length: count }, (_, i) =>
        string(ref.readPointer(ref.reinterpret(pointer, 8 * count, 0), 8 * i, 2)),
      ),
  })
  const kept: unknown[] = []
  const api = viaFfiNapi((_, signatures) =>
    Object.fromEntries(
      Object.entries(signatures).map(([name, [result, args]]) => {
        const callback = ffi.Callback(result, args, closures[name as keyof typeof closures])
        kept.push(callback)
        return [name, ffi.ForeignFunction(callback, result, args)]
      }),
    ),
  )
  return Object.assign(dll, { api, kept })
}

/** koffi wants each named type made once. */
const types = new Map<string, { readonly name: string }>()

function koffiDll(): Dll {
  const koffi = require('koffi')
  const handle = 0x1234_5678_9abc_def0n
  const string = (pointer: bigint | null): string | null =>
    pointer === null ? null : koffi.decode.string16(pointer)
  const dll = { calls: [] as Call[], refuses: false }
  const closures = closuresOf<bigint | null>(dll, handle, null, {
    handle: (pointer) => (pointer === handle ? 'handle' : pointer),
    string,
    strings: (pointer, count) =>
      (koffi.decode(pointer, 'void *', count) as (bigint | null)[]).map(string),
  })
  const api = viaKoffi(() => ({
    func(prototype: string) {
      const type = types.get(prototype) ?? koffi.proto(prototype)
      types.set(prototype, type)
      const closure = closures[type.name as keyof typeof closures]
      return koffi.decode(koffi.register(closure, koffi.pointer(type)), type)
    },
  }))
  return Object.assign(dll, { api })
}

function wide(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le')
}

function reported(api: EventApi, handle: Buffer | bigint, text: string): Promise<unknown> {
  return new Promise((resolve) => {
    api.report(handle, errorType, wide(text), resolve)
  })
}

const interfaces = [
  ['ffi-napi', ffiNapiDll],
  ['koffi', koffiDll],
] as const

for (const [name, open] of interfaces) {
  describe(
    `through ${name}`,
    { skip: hasModule(name) ? false : `${name} cannot be loaded here` },
    () => {
      const texts = ['disk full — ünïcödé ✓ 😀', '', 'x'.repeat(31_839), '😀'.repeat(15_919)]

      test('open() calls RegisterEventSourceW with no server and the source', () => {
        const { api, calls } = open()
        assert.equal(api.name, name)
        assert.ok(api.open(wide('RiskManagerDaemon ü😀')))
        assert.deepEqual(calls, [['RegisterEventSourceW', null, 'RiskManagerDaemon ü😀']])
      })

      test('open() returns undefined for NULL', () => {
        const dll = open()
        dll.refuses = true
        assert.equal(dll.api.open(wide('x')), undefined)
      })

      test('reportSync() gives every argument of ReportEventW its place', () => {
        const { api, calls } = open()
        const handle = api.open(wide('x'))!
        for (const text of texts) {
          assert.equal(api.reportSync(handle, warningType, wide(text)), undefined)
          const call = ['ReportEventW', 'handle', 2, 0, 1, null, 1, 0, [text], null]
          assert.deepEqual(calls.at(-1), call)
        }
      })

      test('report() does the same in a later turn', async () => {
        const { api, calls } = open()
        const handle = api.open(wide('x'))!
        for (const text of texts) {
          const before = calls.length
          const done = reported(api, handle, text)
          assert.equal(calls.length, before)
          assert.equal(await done, undefined)
          assert.deepEqual(calls.at(-1), [
            'ReportEventW',
            'handle',
            1,
            0,
            1,
            null,
            1,
            0,
            [text],
            null,
          ])
        }
      })

      test('report() keeps its strings while the garbage is collected', async () => {
        setFlagsFromString('--expose-gc')
        const collect = runInNewContext('gc') as () => void
        const { api, calls } = open()
        const handle = api.open(wide('x'))!
        for (let i = 0; i < 10; i++) {
          const done = reported(api, handle, `${i} ${'é'.repeat(5000)}`)
          collect()
          // Fills what would have been freed.
          Array.from({ length: 20 }, () => Buffer.alloc(10_000, 'z'))
          await done
          assert.deepEqual(calls.at(-1)?.[8], [`${i} ${'é'.repeat(5000)}`])
        }
      })

      test('FALSE is an error, both ways', async () => {
        const dll = open()
        const handle = dll.api.open(wide('x'))!
        dll.refuses = true
        assert.match(String(dll.api.reportSync(handle, errorType, wide('x'))), /returned FALSE/)
        assert.match(String(await reported(dll.api, handle, 'x')), /returned FALSE/)
      })

      test('close() calls DeregisterEventSource with the handle', () => {
        const { api, calls } = open()
        api.close(api.open(wide('x'))!)
        assert.deepEqual(calls.at(-1), ['DeregisterEventSource', 'handle'])
      })
    },
  )
}

describe('loadEventApi()', () => {
  const elsewhere = { skip: process.platform === 'win32' ? 'here is an advapi32.dll' : false }

  test('says why neither can be loaded', elsewhere, () => {
    assert.throws(
      loadEventApi,
      /^Error: expected ffi-napi or koffi, got neither \(ffi-napi: .+; koffi: .+\)$/,
    )
  })

  test('leaves ffi-napi alone in a worker', elsewhere, async () => {
    const file = new URL(`../../lib/sinks/windows-event-api${extension}`, import.meta.url)
    const script = `
      const { parentPort } = require('node:worker_threads')
      ${importInWorker(file)}.then((ffi) => {
        try { ffi.loadEventApi() } catch (error) { parentPort.postMessage(error.message) }
        parentPort.postMessage(Object.keys(require.cache).filter((path) => path.includes('ffi-napi')))
      })`
    const worker = new Worker(script, { eval: true })
    const messages: unknown[] = []
    worker.on('message', (message) => messages.push(message))
    await new Promise((resolve) => worker.on('exit', resolve))
    assert.match(String(messages[0]), /ffi-napi: cannot be used in a worker thread; koffi: /)
    assert.deepEqual(messages[1], [])
  })
})
