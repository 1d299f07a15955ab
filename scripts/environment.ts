// What the built package uses of its environment, taken once, when it is loaded. A polyfill, a
// simulated browser or a test replaces it later: `globalThis.Buffer = undefined`, a JSON.stringify
// that throws. The build puts these in the place of each use (build.ts). Clocks and timers are in
// lib/entry/clock.ts, as tests of the source need them, too.

import { Buffer } from 'node:buffer'
import process from 'node:process'

// oxlint-disable typescript/unbound-method -- functions of JSON and Buffer do not use their receiver

const { AbortController, AbortSignal, Map, Promise, Set, URL, WeakMap } = globalThis
const { stringify: JSON_stringify, parse: JSON_parse } = JSON
const {
  alloc: Buffer_alloc,
  allocUnsafe: Buffer_allocUnsafe,
  allocUnsafeSlow: Buffer_allocUnsafeSlow,
  byteLength: Buffer_byteLength,
  concat: Buffer_concat,
  from: Buffer_from,
  isBuffer: Buffer_isBuffer,
} = Buffer

export {
  AbortController,
  AbortSignal,
  Buffer,
  Buffer_alloc,
  Buffer_allocUnsafe,
  Buffer_allocUnsafeSlow,
  Buffer_byteLength,
  Buffer_concat,
  Buffer_from,
  Buffer_isBuffer,
  JSON_parse,
  JSON_stringify,
  Map,
  Promise,
  Set,
  URL,
  WeakMap,
  process,
}
