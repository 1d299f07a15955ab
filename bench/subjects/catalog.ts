// All subjects by name. A library is loaded only in the process that measures it.

import { contextOf, type Line } from '../lines.ts'
import type { Open, Subject, SubjectOptions } from './subject.ts'

export interface SubjectInfo {
  /** As the tables show it. */
  readonly title: string
  /** The npm package whose version belongs to the row; absent for Node's own parts. */
  readonly module?: string
  /** `limit`: no logger but a bound for one; its lines are not checked. */
  readonly kind: 'ours' | 'rival' | 'limit'
  /** The file written first; the slow disk is slow for it. */
  readonly file: string
  readonly rotates: boolean
  /** Where its lines have the context. @default the member `context` */
  readonly contextOf?: (line: Line) => unknown
  readonly load: () => Promise<Open>
  /**
   * How a program has it: statements that import it, and an expression that makes logger number `i`
   * below `directory`.
   */
  readonly start?: { readonly load: string; readonly create: string }
}

const ours = { module: 'ringlog', kind: 'ours', file: 'enforcement.log', rotates: true } as const
const rival = { kind: 'rival', file: 'bench.log', rotates: false } as const
const limit = { kind: 'limit', file: 'bench.log', rotates: false } as const

export const subjects = {
  'ringlog-typed': {
    ...ours,
    title: 'ringlog, typed event',
    start: {
      load: "import { createLogger } from 'ringlog'",
      create: 'createLogger({ log_path: `${directory}/${i}` })',
    },
    load: async () => (await import('./ringlog.ts')).openTyped,
  },
  'ringlog-untyped': {
    ...ours,
    title: 'ringlog, untyped',
    load: async () => (await import('./ringlog.ts')).openUntyped,
  },
  'ringlog-bound': {
    ...ours,
    title: 'ringlog, typed event, `with`',
    load: async () => (await import('./ringlog.ts')).openBound,
  },
  'ringlog-thread': {
    ...ours,
    title: 'ringlog, typed event, `writer: thread`',
    load: async () => (await import('./ringlog.ts')).openThread,
  },
  'ringlog-shared': {
    ...ours,
    title: 'ringlog, typed event, `ring: shared`',
    load: async () => (await import('./ringlog.ts')).openShared,
  },
  'ringlog-context': {
    ...ours,
    title: 'ringlog, typed event, request fields by `options.context`',
    load: async () => (await import('./ringlog.ts')).openContext,
  },
  'pino-async': {
    ...rival,
    module: 'pino',
    title: 'pino, asynchronous',
    start: {
      load: "import { pino } from 'pino'",
      create:
        'pino(pino.destination({ dest: `${directory}/${i}.log`, sync: false, minLength: 4096 }))',
    },
    load: async () => (await import('./pino.ts')).openAsync,
  },
  'pino-sync': {
    ...rival,
    module: 'pino',
    title: 'pino, synchronous',
    load: async () => (await import('./pino.ts')).openSync,
  },
  'pino-worker': {
    ...rival,
    module: 'pino',
    title: 'pino, worker transport',
    load: async () => (await import('./pino.ts')).openWorker,
  },
  winston: {
    ...rival,
    module: 'winston',
    title: 'winston',
    start: {
      load: "import winston from 'winston'",
      create:
        'winston.createLogger({ transports: [new winston.transports.File({ filename: `${directory}/${i}.log` })] })',
    },
    rotates: true,
    load: async () => (await import('./winston.ts')).open,
  },
  bunyan: {
    ...rival,
    module: 'bunyan',
    title: 'bunyan',
    start: {
      load: "import bunyan from 'bunyan'",
      create:
        "bunyan.createLogger({ name: 'bench', streams: [{ path: `${directory}/${i}.log` }] })",
    },
    load: async () => (await import('./bunyan.ts')).open,
  },
  log4js: {
    ...rival,
    module: 'log4js',
    title: 'log4js',
    start: {
      load: "import log4js from 'log4js'",
      create:
        "log4js.configure({ appenders: { file: { type: 'file', filename: `${directory}/${i}.log` } }, categories: { default: { appenders: ['file'], level: 'info' } } })",
    },
    rotates: true,
    load: async () => (await import('./log4js.ts')).open,
  },
  logtape: {
    ...rival,
    module: '@logtape/logtape',
    title: 'LogTape, non-blocking',
    contextOf: (line: Line) => contextOf((line['properties'] ?? {}) as Line),
    load: async () => (await import('./logtape.ts')).open,
  },
  tslog: {
    ...rival,
    module: 'tslog',
    title: 'tslog',
    start: {
      load: "import { Logger } from 'tslog'",
      create: "new Logger({ type: 'hidden' })",
    },
    load: async () => (await import('./tslog.ts')).open,
  },
  'rotating-file-stream': {
    ...rival,
    module: 'rotating-file-stream',
    title: 'rotating-file-stream + JSON.stringify',
    rotates: true,
    load: async () => (await import('./bare.ts')).openRotatingFileStream,
  },
  'write-sync': {
    ...rival,
    title: 'fs.writeSync + JSON.stringify',
    load: async () => (await import('./bare.ts')).openWriteSync,
  },
  'pino-periodic': {
    ...rival,
    module: 'pino',
    title: 'pino, asynchronous, `periodicFlush` 50 ms',
    load: async () => (await import('./pino.ts')).openPeriodic,
  },
  nothing: {
    ...limit,
    title: '_limit: make the context, do nothing_',
    load: async () => (await import('./limits.ts')).openNothing,
  },
  lanes: {
    ...limit,
    title: '_limit: copy into lanes + Date.now()_',
    load: async () => (await import('./limits.ts')).openLanes,
  },
  'ready-wakes': {
    ...limit,
    title: '_limit: write ready bytes after 50 ms, or 64 KiB_',
    load: async () => (await import('./limits.ts')).openReadyWakes,
  },
  'ready-bytes': {
    ...limit,
    title: '_limit: write ready bytes, 256 KiB each_',
    load: async () => (await import('./limits.ts')).openReadyBytes,
  },
} as const satisfies Record<string, SubjectInfo>

export type SubjectName = keyof typeof subjects

/** All names, in the order of the tables. */
export const subjectNames = Object.keys(subjects) as SubjectName[]

/** The loggers: everything that is no limit, but one that differs in when it writes (`rates`). */
export const loggerNames: readonly SubjectName[] = subjectNames.filter(
  (name) => subjects[name].kind !== 'limit' && name !== 'pino-periodic',
)

/** Those that differ in more than the call. */
export const pathNames: readonly SubjectName[] = loggerNames.filter(
  (name) => name !== 'ringlog-bound' && name !== 'ringlog-context',
)

/**
 * Where rotation is not what is measured, rivals are spared it, and what some of them lose in it;
 * we are not.
 */
export function rotatesFor(name: SubjectName): boolean {
  return subjects[name].kind === 'ours'
}

export async function openSubject(name: SubjectName, options: SubjectOptions): Promise<Subject> {
  const info: SubjectInfo = subjects[name]
  const open = await info.load()
  return open(options)
}
