// The number of this process, worker or thread among several that run the same program. Each has a
// log of its own.

import { hostname } from 'node:os'
import { getEnvironmentData, isMainThread, setEnvironmentData, threadId } from 'node:worker_threads'
import { type WhoLogs, filledPath, hasPlaces } from './log-path.ts'

/**
 * What the main thread leaves for threads that it starts later: they do not see whether it is a
 * cluster's worker.
 */
const inherited = 'ringlog.instance'

/** The directory of this instance: with what stands for it filled in. */
export function ownPath(path: string): string {
  return hasPlaces(path) ? filledPath(path, whoLogs()) : path
}

function whoLogs(): WhoLogs {
  return { instance: instanceOf(), host: hostname() || 'localhost', pid: process.pid }
}

/**
 * That of the process, NODE_APP_INSTANCE (PM2's) or a cluster worker's number; of a thread its own,
 * behind it.
 */
function instanceOf(): string {
  if (isMainThread) {
    const instance = ofProcess()
    setEnvironmentData(inherited, instance)
    return instance ?? '0'
  }
  const instance = getEnvironmentData(inherited) ?? ofProcess()
  return typeof instance === 'string' ? `${instance}-${threadId}` : `${threadId}`
}

function ofProcess(): string | undefined {
  const { NODE_APP_INSTANCE: given } = process.env
  if (given !== undefined && given !== '') return given
  // Not imported: it takes 3 ms, and who has no place for it in the path does without.
  const cluster: unknown = process.getBuiltinModule('node:cluster')
  const { worker } = cluster as { readonly worker?: { readonly id: number } }
  const id = worker?.id
  return id === undefined ? undefined : String(id)
}
