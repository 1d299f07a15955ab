// Loaded before pino's own tests: what they get as pino is the face of one of our loggers, each of
// whose entries is handed to their stream as the line that pino would have written. Stands in as
// well for two packages that only pino's own developers have.

import assert from 'node:assert'
import { Module } from 'node:module'
import { hostname } from 'node:os'
import { Writable } from 'node:stream'
import type { ExceptionInfo, LogEntry } from '../../lib/entry/entry.ts'
import {
  type PinoChildOptions,
  pinoLogger,
  type PinoLogger,
  type PinoLoggerOptions,
} from '../../lib/pino.ts'
import { createTestLogger, type TestLogger } from '../../lib/testing.ts'

interface Stream {
  write(line: string): void
}

/** What is written where, once a call has been made. */
const outputs: {
  readonly log: TestLogger
  readonly stream: Stream
  readonly base: Given['base']
}[] = []

function writeAll(): void {
  for (const { log, stream, base } of outputs) {
    const { entries } = log
    if (entries.length === 0) continue
    log.clear()
    for (const entry of entries) {
      const usual = base === undefined ? { pid: process.pid, hostname: hostname() } : {}
      stream.write(`${JSON.stringify({ ...usual, ...lineOf(entry) })}\n`)
    }
  }
}

const numbers = { DEBUG: 20, INFO: 30, WARNING: 40, ERROR: 50, CRITICAL: 60 }

/** The line that pino has for an entry. */
function lineOf({ level, timestamp, message, context, exception }: LogEntry): object {
  const { pino_level, ...fields } = context ?? {}
  return {
    level: pino_level === 'trace' ? 10 : numbers[level],
    time: Date.parse(timestamp),
    ...fields,
    ...(exception === undefined ? {} : { err: errorOf(exception) }),
    ...(message === '' ? {} : { msg: message }),
  }
}

function errorOf({
  type,
  message,
  stack_trace,
  code,
  details,
  cause,
  errors,
}: ExceptionInfo): object {
  const why = cause as ExceptionInfo | undefined
  return {
    type,
    message: why?.message === undefined ? message : `${message}: ${why.message}`,
    stack: stack_trace,
    ...details,
    ...(code === undefined ? {} : { code }),
    ...(errors === undefined
      ? {}
      : { aggregateErrors: errors.map((error) => errorOf(error as ExceptionInfo)) }),
  }
}

interface Given extends PinoLoggerOptions {
  readonly name?: string
  readonly base?: object | null
  readonly enabled?: boolean
}

function pino(given?: Given | Stream, second?: Stream): PinoLogger {
  const isStream = typeof given === 'object' && given !== null && 'write' in given
  const options: Given = isStream ? {} : (given ?? {})
  const stream = (isStream ? given : second) ?? process.stdout
  const log = createTestLogger({ log_level: 'debug' })
  const { name, base, enabled, level = 'info', serializers, msgPrefix, onChild } = options
  // Of the others, which a test gives by the way, the face says that it has none.
  const chosen = { serializers, msgPrefix, onChild }
  const own = Object.entries(chosen).filter(([, value]) => value !== undefined)
  outputs.push({ log, stream, base })
  const face = pinoLogger(log, {
    level: enabled === false ? 'silent' : level,
    ...Object.fromEntries(own),
  })
  const bound = face.child({ ...(name === undefined ? {} : { name }), ...base })
  return written(bound)
}

/** Has what a logger and its children log written before the call returns. */
function written(face: PinoLogger): PinoLogger {
  const members = face as unknown as Record<string, unknown>
  for (const name of ['trace', 'debug', 'info', 'warn', 'error', 'fatal']) {
    const log = members[name] as (...args: unknown[]) => void
    members[name] = (...args: unknown[]): void => {
      log(...args)
      writeAll()
    }
  }
  const child = face.child.bind(face)
  members['child'] = (fields: object, options?: PinoChildOptions): PinoLogger =>
    written(child(fields, options))
  return face
}

/** `@matteo.collina/tspl`: assertions that are counted. */
function tspl(_test: unknown, { plan }: { plan: number }): unknown {
  let left = plan
  let done: () => void = () => {}
  const completed = new Promise<void>((resolve) => {
    done = resolve
  })
  const counted = Object.entries({ ...assert, same: assert.deepEqual }).map(([key, check]) => [
    key,
    (...args: unknown[]): void => {
      ;(check as (...given: unknown[]) => void)(...args)
      if (--left === 0) done()
    },
  ])
  const ended = Symbol.asyncDispose
  return { ...Object.fromEntries(counted), completed, [ended]: () => completed } as unknown
}

/** `flush-write-stream`. */
const writer = {
  obj: (write: (chunk: unknown, encoding: string, done: () => void) => void) =>
    new Writable({ objectMode: true, write }),
}

/** Tests that are not run: those of what the face does not have. */
const skipped = new Set(JSON.parse(process.env['PINO_TESTS_SKIPPED'] ?? '[]') as string[])

type Run = (name: string, ...rest: unknown[]) => unknown

/** node:test, without the tests that are skipped. */
function withoutSkipped(real: Run & { readonly skip: Run; readonly describe: Run }): unknown {
  const filtered =
    (run: Run): Run =>
    (name, ...rest) =>
      skipped.has(name) ? undefined : run(name, ...rest)
  const test = filtered(real)
  return Object.assign(test, real, { test, describe: filtered(real.describe) })
}

type Load = (
  name: string,
  parent: { readonly filename?: string } | undefined,
  isMain: boolean,
) => unknown
/** What every `require` comes to. */
const hook = '_load'
const loader = Module as unknown as { [hook]: Load }
const load = loader[hook].bind(loader)
loader[hook] = (name, parent, isMain) => {
  if (name === '@matteo.collina/tspl') return tspl
  if (name === 'flush-write-stream') return writer
  const isTest = /[\\/]pino[\\/]test[\\/][\w-]+\.test\.js$/.test(parent?.filename ?? '')
  const real = load(name, parent, isMain) as object
  if (isTest && name === 'node:test') return withoutSkipped(real as never)
  if (!isTest || name !== '../') return real
  return Object.assign(pino, { ...real, default: pino, pino })
}
