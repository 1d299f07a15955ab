// An event log that is a file: an event is reported by write() of the C library, called through the
// same interfaces, in the same thread pool. So what happens to calls while a process ends can be
// seen where there is no Windows.

import { closeSync, openSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { EventApi } from '../lib/sinks/windows-event-api.ts'

const require = createRequire(import.meta.url)

/** A native function: descriptor, text, bytes. */
interface Write {
  (fd: number, text: Buffer, bytes: number): number
  async(fd: number, text: Buffer, bytes: number, done: (error: Error | null) => void): void
}

interface Sleep {
  async(microseconds: number, done: () => void): void
}

function libraryOf(name: EventApi['name']): { readonly write: Write; readonly usleep: Sleep } {
  if (name === 'koffi') {
    const library = require('koffi').load(null)
    return {
      write: library.func('long write(int fd, void *text, size_t bytes)'),
      usleep: library.func('int usleep(uint32_t microseconds)'),
    }
  }
  return require('ffi-napi').Library(null, {
    write: ['long', ['int', 'pointer', 'size_t']],
    usleep: ['int', ['uint32']],
  })
}

/** Gives each thread of the pool something that takes as long. */
export function occupyPool(name: EventApi['name'], ms: number): void {
  const { usleep } = libraryOf(name)
  for (let i = 0; i < 4; i++) usleep.async(ms * 1000, () => {})
}

/** Calls that append to the file, in UTF-8, a line each. */
export function appendingApi(name: EventApi['name'], file: string): EventApi {
  const { write } = libraryOf(name)
  const fd = openSync(file, 'a')
  const lineOf = (text: Buffer): Buffer => Buffer.from(text.toString('utf16le').replace('\0', '\n'))
  return {
    name,
    open: () => Buffer.alloc(1),
    report(_handle, _type, text, done) {
      const line = lineOf(text)
      write.async(fd, line, line.length, (error) => done(error ?? undefined))
    },
    reportSync(_handle, _type, text) {
      const line = lineOf(text)
      write(fd, line, line.length)
      return undefined
    },
    close: () => closeSync(fd),
  }
}

/** The strings reported to the file. */
export function eventsIn(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1)
}
