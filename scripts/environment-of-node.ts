// What the built package uses of Node's own globals, taken when it is loaded, as environment.ts has
// it. Apart from that: a late module is CommonJS, and a bundler that makes an ES module of it can
// have no module of Node required there.

import { Buffer } from 'node:buffer'
import process from 'node:process'

// oxlint-disable typescript/unbound-method -- functions of Buffer do not use their receiver

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
  Buffer,
  Buffer_alloc,
  Buffer_allocUnsafe,
  Buffer_allocUnsafeSlow,
  Buffer_byteLength,
  Buffer_concat,
  Buffer_from,
  Buffer_isBuffer,
  process,
}
