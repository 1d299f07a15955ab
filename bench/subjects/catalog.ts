// All subjects by name. A library is loaded only in the process that measures it.

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
  readonly load: () => Promise<Open>
}

const ours = { module: 'ringlog', kind: 'ours', file: 'enforcement.log', rotates: true } as const
const rival = { kind: 'rival', file: 'bench.log', rotates: false } as const
const limit = { kind: 'limit', file: 'bench.log', rotates: false } as const

export const subjects = {
  'ringlog-typed': {
    ...ours,
    title: 'ringlog, typed event',
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
  'pino-async': {
    ...rival,
    module: 'pino',
    title: 'pino, asynchronous',
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
    rotates: true,
    load: async () => (await import('./winston.ts')).open,
  },
  bunyan: {
    ...rival,
    module: 'bunyan',
    title: 'bunyan',
    load: async () => (await import('./bunyan.ts')).open,
  },
  log4js: {
    ...rival,
    module: 'log4js',
    title: 'log4js',
    rotates: true,
    load: async () => (await import('./log4js.ts')).open,
  },
  logtape: {
    ...rival,
    module: '@logtape/logtape',
    title: 'LogTape, non-blocking',
    load: async () => (await import('./logtape.ts')).open,
  },
  tslog: {
    ...rival,
    module: 'tslog',
    title: 'tslog',
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
  'ready-bytes': {
    ...limit,
    title: '_limit: write ready bytes, 256 KiB each_',
    load: async () => (await import('./limits.ts')).openReadyBytes,
  },
} as const satisfies Record<string, SubjectInfo>

export type SubjectName = keyof typeof subjects

/** All names, in the order of the tables. */
export const subjectNames = Object.keys(subjects) as SubjectName[]

/** The loggers: everything that is no limit. */
export const loggerNames: readonly SubjectName[] = subjectNames.filter(
  (name) => subjects[name].kind !== 'limit',
)

/** Those that differ in more than the call. */
export const pathNames: readonly SubjectName[] = loggerNames.filter(
  (name) => name !== 'ringlog-bound',
)

/** Where rotation is not what is measured, rivals are spared it, and what some of them lose in it; we are not. */
export function rotatesFor(name: SubjectName): boolean {
  return subjects[name].kind === 'ours'
}

export async function openSubject(name: SubjectName, options: SubjectOptions): Promise<Subject> {
  const info: SubjectInfo = subjects[name]
  const open = await info.load()
  return open(options)
}
